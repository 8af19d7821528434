//! `issue_rank`: the number of an issue type. Under row-level security no index answers conditions on an enum.

use super::StoreError;
use crate::domain::issue::IssueType;

/// Returns the type as `issue_rank` has it.
pub(crate) fn of(issue_type: IssueType) -> i16 {
    issue_type as i16 + 1
}

/// Returns the type of a rank.
pub(crate) fn type_of(rank: i16) -> Result<IssueType, StoreError> {
    IssueType::ALL.iter().copied().find(|kind| of(*kind) == rank).ok_or(StoreError::Unreadable)
}

/// The ranks of all types, as a set of a query.
pub(crate) fn all() -> String {
    let ranks: Vec<String> = IssueType::ALL.iter().map(|kind| of(*kind).to_string()).collect();
    format!("unnest('{{{}}}'::smallint[])", ranks.join(","))
}
