//! Edits several rows at once, each with values of its own, as one action.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::json;
use sqlx::PgConnection;

use super::corrections_content::object;
use super::decide::{in_review, preview_of_chosen, write};
use super::other_columns::with_known_columns;
use super::{ActionError, Effect, Preview, Request, Seen};
use crate::domain::decision::{ActionKind, Decision, Edits, Filter};
use crate::domain::extra::Extra;
use crate::domain::ids::RowId;
use crate::domain::job::{JobId, Owner};
use crate::domain::refusal::Refusal;
use crate::domain::row::RowStatus;
use crate::store::decided::{self, Corrections};
use crate::store::jobs::Job;
use crate::store::staging::{self, RowView};
use crate::store::{OwnerPool, extra_columns};

/// Maximum number of rows of one request.
const MOST_ROWS: usize = 1_000;

/// New values of one row.
#[derive(Debug, Clone)]
pub struct RowEdit {
    /// The row.
    pub row: RowId,
    /// The [`RowView::tag`] of the row as the person saw it; `None` to edit it whatever it contains now.
    pub seen: Option<String>,
    /// The new values.
    pub edits: Edits,
}

/// Edits rows of a job, all or none of them. Discarded rows are restored.
///
/// Fails as stale if a row has changed since the person saw it, and as invalid if there are no rows or more than a
/// thousand, or if a row is named twice.
pub async fn edit_rows(
    owners: &OwnerPool,
    request: &Request,
    job: JobId,
    rows: &[RowEdit],
) -> Result<Effect, ActionError> {
    let rows = checked(rows)?;
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(earlier);
    }
    let job = choose(&mut transaction, &request.owner, job, &rows).await?;
    // The values that a person typed are recorded with the rows that they changed.
    let blank = |edit: &RowEdit| json!({ "row": edit.row, "values": edit.edits.without_texts() });
    let parameters = json!({ "rows": rows.iter().map(blank).collect::<Vec<_>>() });
    let (kind, same) = (ActionKind::Edit, |effect| effect);
    let effect = write(&mut transaction, request, &job, kind, &parameters, Vec::new(), same).await?;
    transaction.commit().await?;
    Ok(effect)
}

/// Returns what [`edit_rows`] would do. Fails as it does.
pub async fn preview_rows(
    owners: &OwnerPool,
    owner: &Owner,
    job: JobId,
    rows: &[RowEdit],
) -> Result<Preview, ActionError> {
    let rows = checked(rows)?;
    let mut transaction = owners.begin(owner).await?;
    let job = choose(&mut transaction, owner, job, &rows).await?;
    let preview = preview_of_chosen(&mut transaction, &job).await?;
    transaction.rollback().await?;
    Ok(preview)
}

/// Returns the edits with their values normalised, or an error if they cannot be applied.
fn checked(rows: &[RowEdit]) -> Result<Vec<RowEdit>, ActionError> {
    let invalid = |reason| Err(ActionError::Invalid { field: "rows", reason });
    if rows.is_empty() || rows.len() > MOST_ROWS {
        return invalid(Refusal::RowCount { limit: MOST_ROWS });
    }
    let mut named = HashSet::new();
    if let Some(twice) = rows.iter().find(|edit| !named.insert(edit.row)) {
        return invalid(Refusal::RowTwice { row: twice.row });
    }
    if rows.iter().any(|edit| edit.edits.is_empty()) {
        return invalid(Refusal::NoNewValue);
    }
    if rows.iter().any(|edit| edit.edits.texts().any(|value| value.contains('\0'))) {
        return invalid(Refusal::Nul);
    }
    let normalised = |edit: &RowEdit| RowEdit { edits: edit.edits.normalised(), ..edit.clone() };
    Ok(rows.iter().map(normalised).collect())
}

/// Decides which rows change, and to which values. Returns the job, locked.
async fn choose(
    connection: &mut PgConnection,
    owner: &Owner,
    job: JobId,
    rows: &[RowEdit],
) -> Result<Job, ActionError> {
    let job = in_review(connection, owner, job).await?;
    let found = as_seen(connection, owner, &job, rows).await?;
    let has_others = rows.iter().any(|edit| !edit.edits.extra.is_empty());
    let others = match has_others {
        true => extra_columns::of_job(connection, job.id).await?,
        false => Vec::new(),
    };
    decided::create(connection).await?;
    let mut changes = Corrections::default();
    for edit in rows {
        let edits = with_known_columns(&edit.edits, &others, Some(job.id))?;
        let extra = found.get(&edit.row).and_then(|row| changed_extra(&row.extra, &edits));
        changes.push(edit.row, edits.values(), extra.as_deref())?;
    }
    decided::correct(connection, job.tables(), changes).await?;
    decided::fill(connection, job.tables(), &Filter::default(), &Decision::Correct).await?;
    Ok(job)
}

/// Locks the rows until they are changed and returns them. Fails if one of them does not exist, is imported, or has changed
/// since the person saw it.
async fn as_seen(
    connection: &mut PgConnection,
    owner: &Owner,
    job: &Job,
    rows: &[RowEdit],
) -> Result<HashMap<RowId, RowView>, ActionError> {
    let ids: Vec<RowId> = rows.iter().map(|edit| edit.row).collect();
    let found = staging::hold(connection, owner, job.tables(), &ids).await?;
    let found: HashMap<RowId, RowView> = found.into_iter().map(|row| (row.row, row)).collect();
    for edit in rows {
        let row = found.get(&edit.row).ok_or(ActionError::NoRow(edit.row))?;
        if row.status == Some(RowStatus::Success) {
            return Err(ActionError::Consolidated(edit.row));
        }
        if edit.seen.as_ref().is_some_and(|seen| *seen != row.tag()) {
            return Err(ActionError::Stale(Seen::Row(edit.row)));
        }
    }
    Ok(found)
}

/// Returns all values of a row in columns that belong to no field, as a JSON object, with the new ones; `None` if none
/// changes.
fn changed_extra(stored: &Extra, edits: &Edits) -> Option<String> {
    let new = stored.differing(&edits.extra);
    if new.is_empty() {
        return None;
    }
    let mut all: BTreeMap<&str, &str> = stored.iter().collect();
    all.extend(new.iter().map(|(column, value)| (column.as_str(), value.as_str())));
    all.retain(|_, value| !value.is_empty());
    Some(object(all))
}
