//! What a decision, its undo or a note changed.

use super::validate::Warning;
use crate::domain::ids::{ActionId, ContactId, RowId};
use crate::store::decided::{Counts, Settled};

/// The result of a decision.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Effect {
    /// The recorded action, by which the decision can be undone; `None` if nothing had to change.
    pub action: Option<ActionId>,
    /// The changed rows, by kind of change.
    pub changed: Counts,
    /// The issues that the decision resolved, reopened and raised. The next run checks all rules again.
    pub issues: Settled,
    /// Conflicts of new e-mails with other rows and contacts, about which the next run will ask: the first hundred; none if
    /// more than a thousand rows have a new e-mail.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// Issues of the job that are still open.
    pub open_issues: i64,
    /// Rows skipped because others had changed them, at most a hundred.
    pub left: Vec<RowId>,
    /// The contacts of an undone deletion; `None` for decisions about rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts: Option<RestoredContacts>,
}

/// What the undo of a deletion did with the contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RestoredContacts {
    /// Contacts that exist again.
    pub restored: i64,
    /// Contacts that were skipped, since another contact has the e-mail now.
    pub email_taken: i64,
    /// The first hundred of these contacts.
    pub first_taken: Vec<ContactId>,
    /// Contacts whose values were removed by retention or an erasure.
    pub values_removed: i64,
}

/// What was changed about issues beside their rows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MarkedIssues {
    /// The recorded action; `None` if nothing had to change.
    pub action: Option<ActionId>,
    /// The number of issues that have changed.
    pub issues: i64,
}
