//! The decisions that people make about many issues at once.

use super::words::words;

words! {
    /// A decision about many issues of one rule, as sent by the buttons of a review.
    BulkDecision, "decision" {
        /// [`Decision::KeepFirst`](super::decision::Decision::KeepFirst).
        KeepFirst = "keep_first",
        /// [`Decision::KeepLast`](super::decision::Decision::KeepLast).
        KeepLast = "keep_last",
        /// [`Decision::Merge`](super::decision::Decision::Merge) without new values.
        Merge = "merge",
        /// [`Decision::Correct`](super::decision::Decision::Correct).
        Correct = "correct",
        /// [`Decision::KeepContact`](super::decision::Decision::KeepContact).
        KeepContact = "keep_contact",
        /// [`Decision::Overwrite`](super::decision::Decision::Overwrite).
        Overwrite = "overwrite",
        /// [`Decision::Fill`](super::decision::Decision::Fill).
        Fill = "fill",
        /// [`Decision::Accept`](super::decision::Decision::Accept).
        Accept = "accept",
        /// [`Decision::Discard`](super::decision::Decision::Discard).
        Discard = "discard",
        /// [`Decision::Edit`](super::decision::Decision::Edit): one value for all rows in which a field is empty.
        FillIn = "fill_in",
        /// [`Decision::Replace`](super::decision::Decision::Replace): a text in one field.
        Replace = "replace",
    }
}

impl BulkDecision {
    /// Returns whether it drops values: those of all of its rows, or those of contacts.
    pub(crate) fn drops_values(self) -> bool {
        match self {
            BulkDecision::Discard | BulkDecision::Overwrite => true,
            BulkDecision::KeepFirst
            | BulkDecision::KeepLast
            | BulkDecision::Merge
            | BulkDecision::Correct
            | BulkDecision::KeepContact
            | BulkDecision::Fill
            | BulkDecision::Accept
            | BulkDecision::FillIn
            | BulkDecision::Replace => false,
        }
    }
}
