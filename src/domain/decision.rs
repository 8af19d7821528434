//! A person's decisions: the rows that they apply to and their effects.

use std::collections::BTreeMap;

pub use super::field::Field;
use super::field::{PerField, by_name};
use super::ids::{IssueId, RowId};
use super::replacement::Replacement;
use super::row::{Fields, RowStatus, normalise};
use super::rules::IssueType;
use super::search::{self, TextFlaw};
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

/// New values. Omitted fields and columns do not change.
///
/// ```
/// use ingest::domain::decision::{Edits, Field};
///
/// let edits: Edits = serde_json::from_str(r#"{"company": "Acme"}"#).unwrap();
/// assert_eq!(edits, Edits::of(Field::Company, "Acme"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Edits {
    #[serde(flatten, serialize_with = "by_name::serialize_given")]
    pub(crate) values: PerField<Option<String>>,
    /// New values in columns that belong to no field, by the names of the columns. An empty one removes the old value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) extra: BTreeMap<String, String>,
}

impl Edits {
    /// Returns a new value for one field.
    pub fn of(field: Field, value: impl Into<String>) -> Edits {
        Edits::default().with(field, value)
    }

    /// Adds a new value.
    #[must_use]
    pub fn with(mut self, field: Field, value: impl Into<String>) -> Edits {
        *self.values.get_mut(field) = Some(value.into());
        self
    }

    /// Adds a new value in a column that belongs to no field.
    #[must_use]
    pub fn with_other(mut self, column: impl Into<String>, value: impl Into<String>) -> Edits {
        self.extra.insert(column.into(), value.into());
        self
    }

    /// Returns the new value of a field.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.values.get(field).as_deref()
    }

    /// Returns the new values, `None` for fields that do not change.
    pub(crate) fn values(&self) -> PerField<Option<&str>> {
        self.values.each_ref().map(Option::as_deref)
    }

    /// Returns whether there are no new values.
    pub(crate) fn is_empty(&self) -> bool {
        self.extra.is_empty() && self.values().into_iter().all(|value| value.is_none())
    }

    /// Returns all new values.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let of_fields = self.values.values().into_iter().flatten();
        of_fields.chain(self.extra.values()).map(String::as_str)
    }

    /// Returns the same edits with an empty text instead of each value.
    pub(crate) fn without_texts(&self) -> Edits {
        Edits {
            values: self.values().map(|value| value.map(|_| String::new())),
            extra: self.extra.keys().map(|column| (column.clone(), String::new())).collect(),
        }
    }

    /// Returns the new values, normalised like values of a file ([`normalise`]).
    pub fn normalised(&self) -> Edits {
        let other = |(column, value): (&String, &String)| (column.clone(), normalise(value).into_owned());
        Edits {
            values: self.values().map(|value| value.map(|value| normalise(value).into_owned())),
            extra: self.extra.iter().map(other).collect(),
        }
    }

    /// Returns `fields` with the new values applied.
    pub(crate) fn applied_to<'a>(&'a self, fields: &Fields<'a>) -> Fields<'a> {
        let new = self.values();
        Fields::from_fn(|field| match *new.get(field) {
            Some(new) => normalise(new),
            None => fields.get(field).clone(),
        })
    }
}

// Derived, the error for a value of another type would not name its field.
impl<'de> serde::Deserialize<'de> for Edits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Edits, D::Error> {
        let (values, extra) = by_name::deserialize_beside("extra", deserializer)?;
        Ok(Edits { values, extra: extra.unwrap_or_default() })
    }
}

impl From<PerField<Option<String>>> for Edits {
    fn from(values: PerField<Option<String>>) -> Self {
        Edits { values, extra: BTreeMap::new() }
    }
}

/// Selects rows of a job: those that meet every condition, or all rows if there is none.
///
/// ```
/// use ingest::domain::decision::Filter;
///
/// let filter: Filter = serde_json::from_str(r#"{"status": "ISSUE", "text": "acme"}"#).unwrap();
/// assert_eq!(filter.text.as_deref(), Some("acme"));
/// assert!(serde_json::from_str::<Filter>(r#"{"colour": "red"}"#).is_err());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// The row is one of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<Vec<RowId>>,
    /// The row belongs to one of these issues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issues: Option<Vec<IssueId>>,
    /// The row has an open issue of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_type: Option<IssueType>,
    /// The row is still to be decided: it has an open issue, and is neither discarded nor imported.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
    /// The row has this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<RowStatus>,
    /// The first 500 characters of a value contain this text. Case does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// One value of the row meets this condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<ColumnFilter>,
}

/// A condition for one value of a row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnFilter {
    /// The field.
    pub name: Field,
    /// The value equals this text. An empty text means no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// The first 500 characters of the value contain this text. Case does not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
}

impl Filter {
    /// Returns a filter for exactly these rows.
    pub fn rows(rows: impl Into<Vec<RowId>>) -> Filter {
        Filter { rows: Some(rows.into()), ..Filter::default() }
    }

    /// Returns a filter for the rows of one issue.
    pub(crate) fn issue(issue: IssueId) -> Filter {
        Filter { issues: Some(vec![issue]), ..Filter::default() }
    }

    /// Returns what is wrong with the texts of the filter, or `None` if they are valid.
    pub fn refusal(&self) -> Option<TextFlaw> {
        let column = self.column.as_ref();
        let equals = column.and_then(|column| column.equals.as_deref());
        let searched = [self.text.as_deref(), column.and_then(|column| column.contains.as_deref())];
        // For `equals`, a text may be as long as a cell.
        let in_equals = equals.filter(|text| text.contains('\0')).and_then(search::refusal);
        in_equals.or_else(|| searched.into_iter().flatten().find_map(search::refusal))
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
    /// Merges the rows with the same e-mail into the first: each field gets the new value, or else the first value of the
    /// rows that is not empty. Discards the others.
    Merge(Edits),
}

/// The new values of a decision, shared or exclusive as the decision is.
macro_rules! edits_of {
    ($decision:expr) => {
        match $decision {
            Decision::Edit(edits) | Decision::Merge(edits) => Some(edits),
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

    /// Returns the row to keep, if the decision names one.
    pub(crate) fn named_row(&self) -> Option<RowId> {
        if let Decision::KeepRow { row } = self { Some(*row) } else { None }
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

    #[test]
    fn decisions_have_their_json_form() {
        let cases = [
            (r#"{"decision":"discard"}"#, Decision::Discard),
            (r#"{"decision":"keep_row","row":7}"#, Decision::KeepRow { row: RowId(7) }),
            (r#"{"decision":"edit","company":"Acme"}"#, Decision::Edit(Edits::of(Field::Company, "Acme"))),
            (r#"{"decision":"merge"}"#, Decision::Merge(Edits::default())),
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

    #[test]
    fn edits_are_normalised() {
        let edits = Edits::of(Field::Email, " a@b.co\u{a0}").with_other("Phone", " 5 ");
        assert_eq!(edits.normalised(), Edits::of(Field::Email, "a@b.co").with_other("Phone", "5"));
        let fields = Fields::new("x", "Ann", "Lee", "Acme");
        assert_eq!(edits.applied_to(&fields), Fields::new("a@b.co", "Ann", "Lee", "Acme"));
    }
}
