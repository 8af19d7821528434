//! `issue_rank`: the number of an issue type. Under row-level security, PostgreSQL uses no index for conditions on an enum.

use super::StoreError;
use crate::domain::rules::IssueType;

/// Returns the `issue_rank` of a type.
pub(crate) fn of(issue_type: IssueType) -> i16 {
    issue_type as i16 + 1
}

/// Returns the type of a rank.
pub(crate) fn type_of(rank: i16) -> Result<IssueType, StoreError> {
    IssueType::ALL.iter().copied().find(|kind| of(*kind) == rank).ok_or(StoreError::Unreadable)
}

/// Returns an SQL expression for the set of all ranks.
pub(crate) fn all() -> String {
    let ranks: Vec<String> = IssueType::ALL.iter().map(|kind| of(*kind).to_string()).collect();
    format!("unnest('{{{}}}'::smallint[])", ranks.join(","))
}
