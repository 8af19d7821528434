//! A person's decisions: the rows that they apply to and their effects.

pub use super::edits::Edits;
pub use super::field::Field;
use super::ids::RowId;
use super::merge::Merge;
use super::replacement::Replacement;
pub use super::row_filter::{ColumnFilter, Filter};
use super::words::words;

words! {
    /// The kind of an action in the audit trail.
    ActionKind, "action" {
        /// A file was uploaded.
        Upload = "UPLOAD",
        /// Values of rows were changed.
        Edit = "EDIT",
        /// Rows were discarded.
        Discard = "DISCARD",
        /// Discarded rows were restored.
        Restore = "RESTORE",
        /// Malformed rows were accepted unchanged.
        Accept = "ACCEPT",
        /// Existing contacts were kept and the rows discarded.
        KeepContact = "KEEP_CONTACT",
        /// Existing contacts are to be overwritten.
        Overwrite = "OVERWRITE",
        /// Empty fields of existing contacts are to be filled.
        Fill = "FILL",
        /// Suggested corrections of addresses were applied.
        Correct = "CORRECT",
        /// A text was replaced in values of rows.
        Replace = "REPLACE",
        /// One of several rows with the same e-mail was kept.
        KeepRow = "KEEP_ROW",
        /// Rows with the same e-mail were merged.
        Merge = "MERGE",
        /// A note was left on an issue, or removed.
        Note = "NOTE",
        /// Issues were assigned to a person, or to nobody.
        Assign = "ASSIGN",
        /// A file of corrections was applied.
        Corrections = "CORRECTIONS",
        /// An action was undone.
        Undo = "UNDO",
        /// An import was undone.
        UndoImport = "UNDO_IMPORT",
        /// A run was requested.
        Reprocess = "REPROCESS",
        /// A file is to be read again, with other settings.
        Reread = "REREAD",
        /// A remembered mapping of columns was changed or forgotten.
        Mapping = "MAPPING",
        /// A job was cancelled.
        Cancel = "CANCEL",
        /// A job was deleted with all its data except its contacts.
        Delete = "DELETE",
        /// The import policy was changed.
        Policy = "POLICY",
        /// A contact was changed.
        EditContact = "EDIT_CONTACT",
        /// Contacts were deleted.
        DeleteContacts = "DELETE_CONTACTS",
    }
}

/// A decision about rows. Rows whose contacts exist are never changed.
///
/// ```
/// use ingest::domain::decision::Decision;
/// use ingest::domain::ids::RowId;
///
/// let decision: Decision = serde_json::from_str(r#"{"decision": "keep_row", "row": 7}"#).unwrap();
/// assert_eq!(decision, Decision::KeepRow { row: RowId(7) });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Sets new values. Restores the row if it was discarded.
    Edit(Edits),
    /// Discards the rows.
    Discard,
    /// Restores discarded rows.
    Restore,
    /// Accepts malformed rows unchanged.
    Accept,
    /// Keeps the existing contact with the row's e-mail and discards the row.
    KeepContact,
    /// Overwrites the existing contact with the row's values.
    Overwrite,
    /// Fills empty fields of the existing contact with the row's values.
    Fill,
    /// Applies the suggested correction to each address that has one.
    Correct,
    /// Replaces a text in the values of one field. Skips discarded rows.
    Replace(Replacement),
    /// Keeps one row and discards the others with the same e-mail.
    KeepRow {
        /// The row to keep.
        row: RowId,
    },
    /// Keeps the first of the rows with the same e-mail and discards the others.
    KeepFirst,
    /// Keeps the last of the rows with the same e-mail and discards the others.
    KeepLast,
    /// Merges the rows with the same e-mail into the first, which gets the values of [`Merge`]. Discards the others.
    Merge(Merge),
}

/// The new values of a decision, shared or exclusive as the decision is.
macro_rules! edits_of {
    ($decision:expr) => {
        match $decision {
            Decision::Edit(edits) | Decision::Merge(Merge { edits, .. }) => Some(edits),
            Decision::Discard
            | Decision::Restore
            | Decision::Accept
            | Decision::KeepContact
            | Decision::Overwrite
            | Decision::Fill
            | Decision::Correct
            | Decision::Replace(_)
            | Decision::KeepRow { .. }
            | Decision::KeepFirst
            | Decision::KeepLast => None,
        }
    };
}

impl Decision {
    /// Returns its kind in the audit trail.
    pub(crate) fn kind(&self) -> ActionKind {
        match self {
            Decision::Edit(_) => ActionKind::Edit,
            Decision::Discard => ActionKind::Discard,
            Decision::Restore => ActionKind::Restore,
            Decision::Accept => ActionKind::Accept,
            Decision::KeepContact => ActionKind::KeepContact,
            Decision::Overwrite => ActionKind::Overwrite,
            Decision::Fill => ActionKind::Fill,
            Decision::Correct => ActionKind::Correct,
            Decision::Replace(_) => ActionKind::Replace,
            Decision::KeepRow { .. } | Decision::KeepFirst | Decision::KeepLast => ActionKind::KeepRow,
            Decision::Merge(_) => ActionKind::Merge,
        }
    }

    /// Returns the rows that the decision names: the one to keep, or those whose values a merge takes.
    pub(crate) fn named_rows(&self) -> Vec<RowId> {
        match self {
            Decision::KeepRow { row } => vec![*row],
            Decision::Merge(merge) => merge.from.rows(),
            Decision::Edit(_)
            | Decision::Discard
            | Decision::Restore
            | Decision::Accept
            | Decision::KeepContact
            | Decision::Overwrite
            | Decision::Fill
            | Decision::Correct
            | Decision::Replace(_)
            | Decision::KeepFirst
            | Decision::KeepLast => Vec::new(),
        }
    }

    /// Returns the same decision with its texts normalised like the values of rows.
    pub(crate) fn normalised(&self) -> Decision {
        self.with_texts(Edits::normalised, Replacement::normalised)
    }

    /// Returns the same decision with empty texts instead of those that a person typed.
    pub(crate) fn without_texts(&self) -> Decision {
        self.with_texts(Edits::without_texts, Replacement::without_texts)
    }

    fn with_texts(
        &self,
        edits: impl FnOnce(&Edits) -> Edits,
        replacement: impl FnOnce(&Replacement) -> Replacement,
    ) -> Decision {
        let mut decision = self.clone();
        if let Some(given) = decision.edits_mut() {
            *given = edits(given);
        } else if let Decision::Replace(given) = &mut decision {
            *given = replacement(given);
        }
        decision
    }

    /// Returns the new values, if the decision has any.
    pub fn edits(&self) -> Option<&Edits> {
        edits_of!(self)
    }

    /// Returns the new values for a change, if the decision has any.
    pub(crate) fn edits_mut(&mut self) -> Option<&mut Edits> {
        edits_of!(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::merge::ChosenRows;

    #[test]
    fn decisions_have_their_json_form() {
        let cases = [
            (r#"{"decision":"discard"}"#, Decision::Discard),
            (r#"{"decision":"keep_row","row":7}"#, Decision::KeepRow { row: RowId(7) }),
            (r#"{"decision":"edit","company":"Acme"}"#, Decision::Edit(Edits::of(Field::Company, "Acme"))),
            (r#"{"decision":"merge"}"#, Decision::Merge(Merge::default())),
            (
                r#"{"decision":"merge","company":"Acme","from":{"email":7}}"#,
                Decision::Merge(Merge {
                    edits: Edits::of(Field::Company, "Acme"),
                    from: ChosenRows::default().with(Field::Email, RowId(7)),
                }),
            ),
            (
                r#"{"decision":"replace","field":"company","find":"Inc","with":"Ltd","match_case":true}"#,
                Decision::Replace(Replacement {
                    field: Field::Company,
                    find: "Inc".to_owned(),
                    with: "Ltd".to_owned(),
                    match_case: true,
                }),
            ),
            (
                r#"{"decision":"edit","company":"Acme","extra":{"Phone":"555"}}"#,
                Decision::Edit(Edits::of(Field::Company, "Acme").with_other("Phone", "555")),
            ),
        ];
        for (text, decision) in cases {
            assert_eq!(serde_json::from_str::<Decision>(text).unwrap(), decision);
            assert_eq!(serde_json::to_string(&decision).unwrap(), text);
        }
        assert!(serde_json::from_str::<Decision>(r#"{"decision":"guess"}"#).is_err());
        assert!(serde_json::from_str::<Filter>(r#"{"colour":"red"}"#).is_err());
    }
}
