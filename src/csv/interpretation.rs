//! Describes how a file was read, for people to check.

use super::rejection::shown;
use super::rows::Summary;
use crate::domain::field::Field;
use crate::domain::interpretation::{Certainty, ColumnsBy, Interpretation, ReadColumn};

/// Maximum number of listed columns that are not imported.
const UNUSED: usize = 20;

impl Summary {
    /// Returns how the file was read. `is_set`: whether a person has set the encoding.
    pub(crate) fn interpretation(&self, is_set: bool) -> Interpretation {
        let header = &self.header;
        let column = |field: Field| header.source(field).column();
        let name = |field: Field| header.names.get(column(field)).map(|name| shown(name)).unwrap_or_default();
        let is_unused = |at: usize| Field::ALL.iter().all(|field| column(*field) != at);
        let named = header.names.iter().enumerate().filter(|(_, name)| !name.trim().is_empty());
        let unused = || named.clone().filter(|(at, _)| is_unused(*at));
        Interpretation {
            containers: Vec::new(),
            encoding: self.encoding.as_str().to_owned(),
            certainty: certainty(is_set, self.rival.is_some()),
            readings: self.readings.clone(),
            delimiter: char::from(header.delimiter).to_string(),
            header_line: header.line,
            has_header: header.is_named,
            columns: Field::ALL
                .iter()
                .filter(|field| column(**field) < header.names.len())
                .map(|field| ReadColumn { field: *field, name: name(*field) })
                .collect(),
            columns_by: ColumnsBy::Names,
            values: header.values.clone(),
            unused: unused().take(UNUSED).map(|(_, name)| shown(name)).collect(),
            unused_count: unused().count() as u64,
            skipped: self.skipped.clone(),
        }
    }
}

/// Returns how sure an encoding is.
pub(super) fn certainty(is_set: bool, has_rival: bool) -> Certainty {
    match (is_set, has_rival) {
        (true, _) => Certainty::Set,
        (false, true) => Certainty::Doubtful,
        (false, false) => Certainty::Sure,
    }
}
