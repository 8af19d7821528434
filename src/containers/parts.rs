//! The names of the sheets of a workbook or the files of an archive, and the choice of the one to unpack.

use crate::domain::interpretation::Container;

/// The part of a container that is unpacked.
pub(super) struct Chosen<'p> {
    pub(super) container: Container,
    /// The names of the parts from which a person can choose.
    pub(super) names: Vec<String>,
    /// Whether no part was named, so that it is the first of several.
    pub(super) is_first: bool,
    /// What of the wanted name is left for a container in this one.
    pub(super) rest: Option<&'p str>,
}

/// The parts of nested containers.
#[derive(Default)]
pub(super) struct Parts<'p> {
    pub(super) names: Vec<String>,
    pub(super) is_first: bool,
    pub(super) rest: Option<&'p str>,
}

impl<'p> Parts<'p> {
    /// Adds the parts of a container within the part that was unpacked last.
    pub(super) fn enter(&mut self, chosen: Chosen<'p>) -> Container {
        let outer = std::mem::take(&mut self.names);
        self.names = match outer.len() {
            // The only file of an archive need not be named.
            0 | 1 if !chosen.names.is_empty() => chosen.names,
            _ => outer,
        };
        (self.rest, self.is_first) = (chosen.rest, self.is_first || chosen.is_first);
        chosen.container
    }
}
