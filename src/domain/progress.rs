//! How far a run has come.

use super::words::words;

words! {
    /// The phases of a run.
    #[derive(Default)]
    Phase, "phase" {
        /// Reads the file, and counts and examines its rows.
        #[default]
        Reading = "READING",
        /// Waits for another import of the same owner to end.
        Waiting = "WAITING",
        /// Compares rows with each other and with the owner's contacts.
        Comparing = "COMPARING",
        /// Saves rows and their issues.
        Saving = "SAVING",
        /// Builds the indexes of a large job.
        Indexing = "INDEXING",
        /// Checks staged rows again.
        Checking = "CHECKING",
        /// Creates and changes contacts.
        Importing = "IMPORTING",
        /// Commits the result.
        Finishing = "FINISHING",
    }
}

/// The progress of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Progress {
    /// The current phase.
    pub phase: Phase,
    /// Rows done in this phase.
    pub rows: u64,
    /// Rows of this phase, if known.
    pub total_rows: Option<u64>,
}

impl Progress {
    /// Returns whether rows remain to be saved.
    pub(crate) fn is_saving(self) -> bool {
        self.phase == Phase::Saving && self.total_rows.is_none_or(|total| self.rows < total)
    }
}
