//! Assigns ids to the issues of a first run before anything is written. Rows and issues can then be written by
//! COPY, and nothing has to be read back.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;

use super::super::RunError;
use super::check::Share;
use crate::domain::ids::IssueId;
use crate::domain::job::JobId;
use crate::domain::rules::IssueType;
use crate::store::issue_items::Links;
use crate::store::issues;

/// The issues that several rows of the file share, remembered from a group's first row to its last.
#[derive(Default)]
pub(crate) struct Numbering {
    open: HashMap<(IssueType, u128), IssueId>,
    counts: BTreeMap<IssueType, u64>,
}

impl Numbering {
    /// Assigns an issue to each share. Returns the new issues, encoded, and adds one link per share to `links`.
    pub(crate) async fn open(
        &mut self,
        connection: &mut PgConnection,
        job: JobId,
        shares: Vec<Share>,
        links: &mut Links,
    ) -> Result<issues::Batch, RunError> {
        // Several shares may belong to one issue; unused ids are lost.
        let ids = issues::reserve(connection, shares.len()).await?;
        self.assign(ids.into_iter(), job, shares, links)
    }

    fn assign(
        &mut self,
        mut ids: impl Iterator<Item = IssueId>,
        job: JobId,
        shares: Vec<Share>,
        links: &mut Links,
    ) -> Result<issues::Batch, RunError> {
        let mut batch = issues::Batch::default();
        for Share { raised, group } in shares {
            let of_group = group.map(|(group, last)| ((raised.issue_type, group), last));
            let known = of_group.and_then(|(group, _)| self.open.get(&group).copied());
            let id = match known {
                Some(id) => id,
                None => {
                    let Some(id) = ids.next() else { break };
                    batch.push(id, job, &raised);
                    *self.counts.entry(raised.issue_type).or_default() += 1;
                    id
                }
            };
            match of_group {
                Some((group, true)) => drop(self.open.remove(&group)),
                Some((group, false)) => drop(self.open.insert(group, id)),
                None => {}
            }
            links.push(id, raised.staging_id)?;
        }
        Ok(batch)
    }

    /// Returns the number of issues so far, by rule.
    pub(crate) fn counts(&self) -> Vec<(IssueType, u64)> {
        self.counts.iter().map(|(kind, count)| (*kind, *count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::RowId;
    use crate::store::issues::Raised;

    const GROUP: u128 = 7;

    fn share(row: i64, issue_type: IssueType, group: Option<(u128, bool)>) -> Share {
        let (key, description) = (String::new(), String::new());
        Share { raised: Raised { issue_type, key, description, staging_id: RowId(row) }, group }
    }

    /// Returns the first unused id after assigning ids to the shares from `first` on.
    fn next_id(numbering: &mut Numbering, first: i64, shares: Vec<Share>) -> i64 {
        let mut ids = (first..).map(IssueId);
        numbering.assign(&mut ids, JobId(1), shares, &mut Links::default()).unwrap();
        ids.next().unwrap().0
    }

    #[test]
    fn rows_of_a_group_share_one_issue_across_chunks() {
        let mut numbering = Numbering::default();
        let duplicate = |row, last| share(row, IssueType::DuplicateEmail, Some((GROUP, last)));
        let next = next_id(&mut numbering, 10, vec![duplicate(1, false), duplicate(2, false)]);
        assert_eq!(next, 11, "two rows, one issue");
        assert_eq!(
            next_id(&mut numbering, next, vec![duplicate(3, true)]),
            11,
            "the issue of the previous chunk"
        );
        assert_eq!(numbering.counts(), [(IssueType::DuplicateEmail, 1)]);
        assert!(numbering.open.is_empty(), "the group ended with its last row");
    }

    #[test]
    fn single_rows_and_other_rules_get_their_own_issues() {
        let mut numbering = Numbering::default();
        let shares = vec![
            share(1, IssueType::InvalidEmail, None),
            share(2, IssueType::InvalidEmail, None),
            share(3, IssueType::DuplicateEmail, Some((GROUP, false))),
            share(3, IssueType::ExistingEmail, Some((GROUP, false))),
        ];
        assert_eq!(next_id(&mut numbering, 10, shares), 14);
        let counts = numbering.counts();
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 4);
        assert_eq!(counts.len(), 3);
    }
}
