//! Filters of the rows of a job.

use super::assigned::AssignedTo;
use super::field::Field;
use super::ids::{IssueId, RowId};
use super::row::RowStatus;
use super::rules::IssueType;
use super::search::{self, TextFlaw};

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
    /// The row has an open issue that is assigned to this person, or to nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned: Option<AssignedTo>,
    /// The row has an open issue that contains this text in its key, its description, or a value of one of its first hundred
    /// rows. Case does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_text: Option<String>,
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

    /// Returns the filter with the name of who asks instead of `me`.
    #[must_use]
    pub fn of_person(self, me: &str) -> Filter {
        Filter { assigned: self.assigned.map(|to| to.of(me)), ..self }
    }

    /// Returns what is wrong with the texts of the filter, or `None` if they are valid.
    pub fn refusal(&self) -> Option<TextFlaw> {
        let column = self.column.as_ref();
        let equals = column.and_then(|column| column.equals.as_deref());
        let person = self.assigned.as_ref().and_then(AssignedTo::person);
        let contained = column.and_then(|column| column.contains.as_deref());
        let searched = [self.text.as_deref(), self.issue_text.as_deref(), contained, person];
        // For `equals`, a text may be as long as a cell.
        let in_equals = equals.filter(|text| text.contains('\0')).and_then(search::refusal);
        in_equals.or_else(|| searched.into_iter().flatten().find_map(search::refusal))
    }
}
