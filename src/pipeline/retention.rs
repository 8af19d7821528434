//! Removes what is older than its time of retention, in small transactions, one program at a time.

use std::time::Duration;

use sqlx::{Postgres, Transaction};
use tokio_util::sync::CancellationToken;

use super::{Context, RunError};
use crate::domain::failure::Failure;
use crate::domain::job::JobId;
use crate::store::retention::{self, Cutoff, Removed};
use crate::store::{StoreError, sql};
use crate::texts::failure_for_job;

/// Jobs that are looked up at a time.
const JOBS: i64 = 100;

/// How long things are kept; `None` means forever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Rows and issues of jobs, after the last end of the job.
    pub staging: Option<Duration>,
    /// Actions and changes of contacts.
    pub audit: Option<Duration>,
    /// Stored files, after the last end of the job.
    pub files: Option<Duration>,
}

impl Retention {
    /// Returns whether everything is kept.
    pub(crate) fn keeps_all(self) -> bool {
        self == Retention::default()
    }
}

/// Counts what would be removed.
pub(crate) async fn count(context: &Context, keep: Retention) -> Result<Removed, RunError> {
    let mut db = sql::begin(&context.pool).await?;
    let mut removed = Removed::default();
    if let Some(age) = keep.staging {
        let before = retention::cutoff(&mut db, age).await?;
        (removed.jobs, removed.rows) = retention::count_old_rows(&mut db, before).await?;
    }
    if let Some(age) = keep.audit {
        let before = retention::cutoff(&mut db, age).await?;
        (removed.changes, removed.actions, removed.deleted_contacts) =
            retention::count_old_records(&mut db, before).await?;
    }
    if let Some(age) = keep.files {
        let before = retention::cutoff(&mut db, age).await?;
        removed.files = retention::count_old_files(&mut db, before).await?;
    }
    db.rollback().await?;
    Ok(removed)
}

/// Removes what is too old, until nothing is left or `stop` is cancelled. If another program is doing it, leaves it to that
/// program.
pub(crate) async fn remove(
    context: &Context,
    keep: Retention,
    stop: &CancellationToken,
) -> Result<Removed, RunError> {
    let mut removing = Removing { context, stop, removed: Removed::default() };
    if let Some(age) = keep.files {
        removing.files(age).await?;
    }
    if let Some(age) = keep.staging {
        removing.jobs(age).await?;
    }
    // Also those that another program has left.
    removing.marked().await?;
    if let Some(age) = keep.audit {
        removing.records(age).await?;
    }
    Ok(removing.removed)
}

struct Removing<'a> {
    context: &'a Context,
    stop: &'a CancellationToken,
    removed: Removed,
}

impl Removing<'_> {
    /// Begins a step; `None` if another program removes, or if this one is to stop.
    async fn step(&self) -> Result<Option<Transaction<'static, Postgres>>, StoreError> {
        if self.stop.is_cancelled() {
            return Ok(None);
        }
        let mut transaction = sql::begin(&self.context.pool).await?;
        Ok(retention::try_turn(&mut transaction).await?.then_some(transaction))
    }

    /// Marks the jobs whose rows are too old.
    async fn jobs(&mut self, age: Duration) -> Result<(), RunError> {
        loop {
            let Some(mut step) = self.step().await? else { return Ok(()) };
            let before = retention::cutoff(&mut step, age).await?;
            let jobs = retention::jobs_with_old_rows(&mut step, before, JOBS).await?;
            let mut marked = 0;
            for job in jobs {
                let (reason, words) = (Failure::RowsRemoved, failure_for_job(&Failure::RowsRemoved, job));
                if let Some(rows) = retention::mark(&mut step, job, before, &reason, &words).await? {
                    marked += 1;
                    self.removed.rows += rows;
                }
            }
            step.commit().await?;
            self.removed.jobs += marked;
            if marked == 0 {
                return Ok(());
            }
        }
    }

    /// Removes the rows of marked jobs.
    async fn marked(&mut self) -> Result<(), RunError> {
        let Some(mut step) = self.step().await? else { return Ok(()) };
        let jobs = retention::marked(&mut step, i64::MAX).await?;
        step.rollback().await?;
        for (job, has_tables) in jobs {
            if has_tables && !self.drop_tables(job).await? {
                continue;
            }
            loop {
                let Some(mut step) = self.step().await? else { return Ok(()) };
                let is_more = retention::delete_some_rows(&mut step, job).await?;
                step.commit().await?;
                if !is_more {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Drops the own tables of a job. Returns whether they are gone: nobody may be made to wait for a lock on them, so a
    /// later attempt drops tables that are in use.
    async fn drop_tables(&mut self, job: JobId) -> Result<bool, RunError> {
        for _ in 0..20 {
            let Some(mut step) = self.step().await? else { return Ok(false) };
            match retention::drop_tables(&mut step, job).await {
                Ok(()) => {
                    step.commit().await?;
                    return Ok(true);
                }
                Err(error) if error.is_lock_timeout() => step.rollback().await?,
                Err(error) => {
                    step.rollback().await?;
                    tracing::warn!(job_id = job.0, %error, "cannot drop the tables of the job; only their owner can");
                    return Ok(false);
                }
            }
        }
        tracing::warn!(job_id = job.0, "the tables of the job are in use; its rows are removed later");
        Ok(false)
    }

    /// Deletes actions and changes of contacts that are too old, and removes the values of contacts that such actions have
    /// deleted.
    async fn records(&mut self, age: Duration) -> Result<(), RunError> {
        loop {
            let Some(mut step) = self.step().await? else { return Ok(()) };
            let before: Cutoff = retention::cutoff(&mut step, age).await?;
            let changes = retention::delete_some_changes(&mut step, before).await?;
            let (entries, emptied) = match changes {
                0 => retention::empty_some_deleted_contacts(&mut step, before).await?,
                _ => (0, 0),
            };
            let (actions, is_more) = match changes + entries {
                0 => retention::delete_some_actions(&mut step, before).await?,
                _ => (0, true),
            };
            step.commit().await?;
            self.removed.changes += changes;
            self.removed.deleted_contacts += emptied;
            self.removed.actions += actions;
            if !is_more {
                return Ok(());
            }
        }
    }

    /// Deletes stored files that are too old.
    async fn files(&mut self, age: Duration) -> Result<(), RunError> {
        loop {
            let Some(mut step) = self.step().await? else { return Ok(()) };
            let before = retention::cutoff(&mut step, age).await?;
            let jobs = retention::jobs_with_old_files(&mut step, before, JOBS).await?;
            step.rollback().await?;
            let mut deleted = 0;
            for job in jobs {
                let Some(mut step) = self.step().await? else { return Ok(()) };
                if let Some(key) = retention::release_file(&mut step, job, before).await? {
                    self.context.objects.delete(&key).await?;
                    step.commit().await?;
                    deleted += 1;
                }
            }
            self.removed.files += deleted;
            if deleted == 0 {
                return Ok(());
            }
        }
    }
}
