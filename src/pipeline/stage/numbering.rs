//! Ids for the issues of a first run, given before anything is written: rows and issues then go in by
//! COPY, and nothing has to be read back.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;

use super::super::RunError;
use super::judge::Share;
use crate::domain::ids::IssueId;
use crate::domain::issue::IssueType;
use crate::domain::job::JobId;
use crate::store::issue_items::Links;
use crate::store::issues;

/// The issues that more rows of the file have a share in: held from a group's first row to its last.
#[derive(Default)]
pub(crate) struct Numbering {
    open: HashMap<(IssueType, u128), IssueId>,
    counts: BTreeMap<IssueType, u64>,
}

impl Numbering {
    /// Gives each share its issue: the issues that are new, encoded; a link a share is added to `links`.
    pub(crate) async fn open(
        &mut self,
        connection: &mut PgConnection,
        job: JobId,
        shares: Vec<Share>,
        links: &mut Links,
    ) -> Result<issues::Batch, RunError> {
        // Some of the shares may turn out to be of one issue; ids that are left over are lost.
        let mut ids = issues::reserve(connection, shares.len()).await?.into_iter();
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

    /// The issues so far, by rule.
    pub(crate) fn counts(&self) -> Vec<(IssueType, u64)> {
        self.counts.iter().map(|(kind, count)| (*kind, *count)).collect()
    }
}
