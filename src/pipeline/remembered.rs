//! Columns that the owner has assigned in an earlier file with the same header.

use std::borrow::Cow;

use super::file::File;
use super::{Context, RunError};
use crate::domain::job::header_shape;
use crate::store::jobs::{self, Claim};
use crate::store::{column_mappings, sql};

/// Returns the claim with the columns that the owner has remembered for the file's header. They are stored with the job
/// before its first row: a mapping that is changed or forgotten later does not change a job half-way.
///
/// Returns the claim itself if a person has assigned the columns of this file, or if there is no such mapping.
pub(crate) async fn apply<'a>(
    context: &Context,
    claim: &'a Claim,
    file: &File,
) -> Result<Cow<'a, Claim>, RunError> {
    let is_open = claim.columns.is_none() && claim.checkpoint == 0;
    if !is_open || !claim.has_mappings {
        return Ok(Cow::Borrowed(claim));
    }
    // Made-up names of columns are the same in all files without a header. The survey reports a file that cannot be read.
    let Some(header) = file.preview(context, claim).await?.filter(|preview| preview.is_named) else {
        return Ok(Cow::Borrowed(claim));
    };
    let mut transaction = sql::begin(&context.pool).await?;
    let found = column_mappings::find(&mut transaction, &claim.owner, &header_shape(&header.names)).await?;
    let Some(found) = found.filter(|found| usize::from(found.columns.columns) == header.names.len()) else {
        transaction.rollback().await?;
        return Ok(Cow::Borrowed(claim));
    };
    let mut claim = claim.clone();
    claim.settings.values = found.completed(&claim.settings.values);
    claim.columns = Some(found.columns);
    jobs::set_columns(&mut transaction, &claim).await?;
    transaction.commit().await?;
    tracing::debug!(job_id = claim.job.0, mapping = found.id.0, "columns are as remembered");
    Ok(Cow::Owned(claim))
}
