//! What a person decides: about which rows, and what is to become of them.

pub use super::field::Field;
use super::field::PerField;
use super::ids::{IssueId, RowId};
use super::issue::IssueType;
use super::row::{Fields, RowStatus, normalise};
use super::search;
use super::words::words;

words! {
    /// What was done, as the audit trail has it.
    ActionKind, "action" {
        /// A file was uploaded.
        Upload = "UPLOAD",
        /// Values of rows were changed.
        Edit = "EDIT",
        /// Rows were left out.
        Discard = "DISCARD",
        /// Rows that were left out were taken in again.
        Restore = "RESTORE",
        /// Malformed rows were said to be good as they are.
        Accept = "ACCEPT",
        /// Existing contacts were kept, the rows left out.
        KeepContact = "KEEP_CONTACT",
        /// Existing contacts are to be overwritten.
        Overwrite = "OVERWRITE",
        /// Blanks of existing contacts are to be filled.
        Fill = "FILL",
        /// Suggested corrections of addresses were taken.
        Correct = "CORRECT",
        /// Of rows that share an e-mail one was kept.
        KeepRow = "KEEP_ROW",
        /// Rows that share an e-mail were made one.
        Merge = "MERGE",
        /// A file of corrections was taken in.
        Corrections = "CORRECTIONS",
        /// An action was taken back.
        Undo = "UNDO",
        /// An import was taken back.
        UndoImport = "UNDO_IMPORT",
        /// A run was asked for.
        Reprocess = "REPROCESS",
        /// A job was called off.
        Cancel = "CANCEL",
        /// A job was deleted with all that it held but its contacts.
        Delete = "DELETE",
        /// The import policy was changed.
        Policy = "POLICY",
        /// A contact was changed.
        EditContact = "EDIT_CONTACT",
    }
}

words! {
    /// A decision about many issues of one rule, as the buttons of a review send it.
    BulkDecision, "decision" {
        /// [`Decision::KeepFirst`].
        KeepFirst = "keep_first",
        /// [`Decision::KeepLast`].
        KeepLast = "keep_last",
        /// [`Decision::Merge`] without values of its own.
        Merge = "merge",
        /// [`Decision::Correct`].
        Correct = "correct",
        /// [`Decision::KeepContact`].
        KeepContact = "keep_contact",
        /// [`Decision::Overwrite`].
        Overwrite = "overwrite",
        /// [`Decision::Fill`].
        Fill = "fill",
        /// [`Decision::Accept`].
        Accept = "accept",
        /// [`Decision::Discard`].
        Discard = "discard",
        /// [`Decision::Edit`]: one value in place of all that are empty.
        FillIn = "fill_in",
    }
}

/// New values; what is not given stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Edits {
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
}

impl Edits {
    /// The new values; `None` for what stays.
    pub(crate) fn values(&self) -> PerField<Option<&str>> {
        let Edits { email, first_name, last_name, company } = self;
        PerField { email, first_name, last_name, company }.map(Option::as_deref)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.values().into_iter().all(|value| value.is_none())
    }

    /// The same, normalised as values of a file are ([`normalise`]).
    pub fn normalised(&self) -> Edits {
        self.values().map(|value| value.map(|value| normalise(value).into_owned())).into()
    }

    /// The values of `fields` with these in their places.
    pub(crate) fn applied_to<'a>(&'a self, fields: &Fields<'a>) -> Fields<'a> {
        let new = self.values();
        Fields::from_fn(|field| match *new.get(field) {
            Some(new) => normalise(new),
            None => fields.get(field).clone(),
        })
    }
}

impl From<PerField<Option<String>>> for Edits {
    fn from(PerField { email, first_name, last_name, company }: PerField<Option<String>>) -> Self {
        Edits { email, first_name, last_name, company }
    }
}

/// Which rows of a job: those that meet all that is given; with nothing given, all of them.
///
/// ```
/// use ingest::domain::decision::Filter;
///
/// let filter: Filter = serde_json::from_str(r#"{"status": "ISSUE", "text": "acme"}"#).unwrap();
/// assert_eq!(filter.text.as_deref(), Some("acme"));
/// assert!(serde_json::from_str::<Filter>(r#"{"colour": "red"}"#).is_err());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// These rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<i64>>)]
    pub rows: Option<Vec<RowId>>,
    /// Rows that one of these issues is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<i32>>)]
    pub issues: Option<Vec<IssueId>>,
    /// Rows with an open issue of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_type: Option<IssueType>,
    /// Rows in this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<RowStatus>,
    /// Rows with this text in the first 500 characters of a value, in any case of letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub text: Option<String>,
    /// Rows of which one value is as said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<ColumnFilter>,
}

/// What one value of a row is to be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnFilter {
    /// Which value.
    pub name: Field,
    /// Exactly this; empty: no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// This text in its first 500 characters, in any case of letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub contains: Option<String>,
}

impl Filter {
    /// Exactly these rows.
    pub fn rows(rows: impl Into<Vec<RowId>>) -> Filter {
        Filter { rows: Some(rows.into()), ..Filter::default() }
    }

    /// The rows of one issue.
    pub(crate) fn issue(issue: IssueId) -> Filter {
        Filter { issues: Some(vec![issue]), ..Filter::default() }
    }

    /// Returns what is wrong with its texts; `None` if the database can search for all of them.
    pub fn refusal(&self) -> Option<&'static str> {
        let column = self.column.as_ref();
        let equals = column.and_then(|column| column.equals.as_deref());
        let searched = [self.text.as_deref(), column.and_then(|column| column.contains.as_deref())];
        // A value that is compared as a whole may be as long as a cell.
        let whole = equals.filter(|text| text.contains('\0')).and_then(search::refusal);
        whole.or_else(|| searched.into_iter().flatten().find_map(search::refusal))
    }
}

/// What is to become of rows. Rows that are contacts already are never touched.
///
/// ```
/// use ingest::domain::decision::Decision;
/// use ingest::domain::ids::RowId;
///
/// let decision: Decision = serde_json::from_str(r#"{"decision": "keep_row", "row": 7}"#).unwrap();
/// assert_eq!(decision, Decision::KeepRow { row: RowId(7) });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// They get new values. A row that was left out is taken in again.
    Edit(Edits),
    /// They are left out.
    Discard,
    /// Rows that were left out are taken in again.
    Restore,
    /// Accept malformed rows as they are.
    Accept,
    /// The contact that has the e-mail already stays as it is; the row is left out.
    KeepContact,
    /// The contact that has the e-mail already gets the row's values.
    Overwrite,
    /// The contact that has the e-mail already gets the row's values where it has none.
    Fill,
    /// Addresses are corrected as is suggested, where there is a suggestion.
    Correct,
    /// Of the rows that share an e-mail with it this one is kept, the others are left out.
    KeepRow {
        /// The row to keep.
        #[schema(value_type = i64)]
        row: RowId,
    },
    /// Of rows that share an e-mail the first is kept.
    KeepFirst,
    /// Of rows that share an e-mail the last is kept.
    KeepLast,
    /// Rows that share an e-mail become one: the first, with the first value in each place that is not
    /// empty, and these values in place of its own.
    Merge(Edits),
}

impl Decision {
    /// What the audit trail calls it.
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
            Decision::KeepRow { .. } | Decision::KeepFirst | Decision::KeepLast => ActionKind::KeepRow,
            Decision::Merge(_) => ActionKind::Merge,
        }
    }

    /// The row that it names.
    pub(crate) fn named_row(&self) -> Option<RowId> {
        if let Decision::KeepRow { row } = self { Some(*row) } else { None }
    }

    /// The values that it brings.
    pub fn edits(&self) -> Option<&Edits> {
        match self {
            Decision::Edit(edits) | Decision::Merge(edits) => Some(edits),
            Decision::Discard
            | Decision::Restore
            | Decision::Accept
            | Decision::KeepContact
            | Decision::Overwrite
            | Decision::Fill
            | Decision::Correct
            | Decision::KeepRow { .. }
            | Decision::KeepFirst
            | Decision::KeepLast => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_written_as_people_write_them() {
        let cases = [
            (r#"{"decision":"discard"}"#, Decision::Discard),
            (r#"{"decision":"keep_row","row":7}"#, Decision::KeepRow { row: RowId(7) }),
            (
                r#"{"decision":"edit","company":"Acme"}"#,
                Decision::Edit(Edits { company: Some("Acme".to_owned()), ..Edits::default() }),
            ),
            (r#"{"decision":"merge"}"#, Decision::Merge(Edits::default())),
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
        let edits = Edits { email: Some(" a@b.co\u{a0}".to_owned()), ..Edits::default() };
        assert_eq!(edits.normalised().email.as_deref(), Some("a@b.co"));
        let fields = Fields::new("x", "Ann", "Lee", "Acme");
        assert_eq!(edits.applied_to(&fields), Fields::new("a@b.co", "Ann", "Lee", "Acme"));
    }
}
