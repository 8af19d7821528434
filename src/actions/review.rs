//! Decisions about rows.

use std::borrow::Cow;

use sqlx::{PgConnection, PgPool};

use super::ActionError;
use crate::domain::job::{JobId, JobStatus, Owner};
use crate::domain::row::{RowStatus, normalise};
use crate::store::staging::StagedRow;
use crate::store::{jobs, staging};

/// New values for a row; `None` leaves a value as it is.
#[derive(Debug, Clone, Default)]
pub struct Edits {
    /// The e-mail.
    pub email: Option<String>,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// The company.
    pub company: Option<String>,
}

/// Edits a row of the owner; gives its job. The next run of the job judges the new values.
pub async fn edit(pool: &PgPool, owner: &Owner, row: i64, edits: &Edits) -> Result<JobId, ActionError> {
    let mut transaction = pool.begin().await?;
    let (job, staged) = changeable(&mut transaction, owner, row).await?;
    let mut fields = staged.fields();
    let targets = [
        (&mut fields.email, &edits.email),
        (&mut fields.first_name, &edits.first_name),
        (&mut fields.last_name, &edits.last_name),
        (&mut fields.company, &edits.company),
    ];
    for (value, edit) in targets {
        if let Some(edit) = edit {
            *value = Cow::Owned(normalise(edit).into_owned());
        }
    }
    staging::edit(&mut transaction, row, &fields).await?;
    if staged.status == Some(RowStatus::Discard) {
        // Who edits a row wants it: it is judged again.
        staging::set_status(&mut transaction, job, row, RowStatus::Issue).await?;
    }
    transaction.commit().await?;
    Ok(job)
}

/// Discards rows of the owner, all or none; gives their jobs.
pub async fn discard(pool: &PgPool, owner: &Owner, rows: &[i64]) -> Result<Vec<JobId>, ActionError> {
    let mut transaction = pool.begin().await?;
    let mut of = Vec::new();
    for row in rows {
        let (job, _) = changeable(&mut transaction, owner, *row).await?;
        staging::set_status(&mut transaction, job, *row, RowStatus::Discard).await?;
        of.push(job);
    }
    transaction.commit().await?;
    of.sort_unstable();
    of.dedup();
    Ok(of)
}

/// The row, if the owner has it and it may be changed. Its job cannot be claimed by a run before the
/// transaction ends.
async fn changeable(
    connection: &mut PgConnection,
    owner: &Owner,
    row: i64,
) -> Result<(JobId, StagedRow<'static>), ActionError> {
    let (job, staged) = staging::get(connection, owner, row).await?.ok_or(ActionError::NoRow(row))?;
    let status = jobs::lock(connection, job).await?;
    if !matches!(status, JobStatus::NeedsReview | JobStatus::Failed) {
        return Err(ActionError::NotInReview { row, job, status });
    }
    match staged.status {
        Some(RowStatus::Success) => Err(ActionError::Consolidated(row)),
        _ => Ok((job, staged)),
    }
}
