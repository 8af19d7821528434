//! Look-ups that many handlers share.

use sqlx::PgConnection;

use super::problem::Problem;
use crate::actions::ActionError;
use crate::domain::job::{JobId, Owner};
use crate::store::jobs::{self, Job};

/// Returns the owner's job, or a problem.
pub(crate) async fn find_job(db: &mut PgConnection, owner: &Owner, job: JobId) -> Result<Job, Problem> {
    let found = jobs::get(db, owner, job).await?;
    found.ok_or_else(|| ActionError::NoJob(job).into())
}
