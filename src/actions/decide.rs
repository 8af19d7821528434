//! Decisions about rows: one row, a list, or all that match a filter. Each kind can be previewed, applied and
//! undone.

use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use super::effect::Effect;
use super::other_columns::{known_columns, with_known_columns};
use super::validate::{self, Validated, Warning};
use super::{ActionError, Request, Seen};
use crate::domain::decision::{ActionKind, Decision, Edits, Field, Filter};
use crate::domain::field::PerField;
use crate::domain::ids::{IssueId, RowId};
use crate::domain::job::{JobId, JobStatus, Owner};
use crate::domain::merge::Merge;
use crate::domain::note::Note;
use crate::domain::refusal::Refusal;
use crate::domain::replacement::Replacement;
use crate::domain::row::RowStatus;
use crate::domain::suggest;
use crate::store::decided::{self, Corrections, Counts, Example, Settled};
use crate::store::jobs::Job;
use crate::store::{JobTables, OwnerPool, extra_columns, issue_notes, issues, jobs, staging};

/// Example rows in a preview.
const EXAMPLES: i64 = 20;

/// What a decision would do.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Preview {
    /// The rows that would change, by kind of change.
    pub changed: Counts,
    /// The issues that the decision would resolve, reopen and raise.
    pub issues: Settled,
    /// Like those of an [`Effect`].
    pub warnings: Vec<Warning>,
    /// The first of these rows, before and after.
    pub examples: Vec<Example>,
}

/// Applies a decision to the rows of a job that match the filter.
pub async fn decide(
    owners: &OwnerPool,
    request: &Request,
    job: JobId,
    which: &Filter,
    decision: &Decision,
) -> Result<Effect, ActionError> {
    carry_out(owners, request, job, which, decision, &[], None).await
}

/// Like [`decide`], and sets the note on the issues that the decision resolves and on those that the filter names, or removes
/// it if it is empty. A decision that changes no row leaves all notes as they are.
pub async fn decide_with_note(
    owners: &OwnerPool,
    request: &Request,
    job: JobId,
    which: &Filter,
    decision: &Decision,
    note: Option<&Note>,
) -> Result<Effect, ActionError> {
    carry_out(owners, request, job, which, decision, &[], note).await
}

/// Applies a decision to one issue of a job. `seen` is the [`staging::RowView::tag`] of each row as the person saw
/// it; if one of the rows has changed since, the decision is refused as stale. The note is set as by [`decide_with_note`].
pub async fn decide_issue(
    owners: &OwnerPool,
    request: &Request,
    job: JobId,
    issue: IssueId,
    decision: &Decision,
    seen: &[(RowId, &str)],
    note: Option<&Note>,
) -> Result<Effect, ActionError> {
    carry_out(owners, request, job, &Filter::issue(issue), decision, seen, note).await
}

/// Edits one row of a job. `seen` is the [`staging::RowView::tag`] of the row as the person saw it; if the row has
/// changed since, the edit is refused as stale.
pub async fn edit_row(
    owners: &OwnerPool,
    request: &Request,
    job: JobId,
    row: RowId,
    edits: &Edits,
    seen: Option<&str>,
) -> Result<Effect, ActionError> {
    let decision = Decision::Edit(edits.clone());
    let seen: Vec<_> = seen.map(|seen| (row, seen)).into_iter().collect();
    carry_out(owners, request, job, &Filter::rows([row]), &decision, &seen, None).await
}

async fn carry_out(
    owners: &OwnerPool,
    request: &Request,
    job: JobId,
    which: &Filter,
    decision: &Decision,
    seen: &[(RowId, &str)],
    note: Option<&Note>,
) -> Result<Effect, ActionError> {
    let decision = checked(which, decision)?;
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(earlier);
    }
    let job = in_review(&mut transaction, &request.owner, job).await?;
    as_seen(&mut transaction, &request.owner, job.tables(), seen).await?;
    named(&mut transaction, &request.owner, &job, which, &decision).await?;
    let decision = with_columns(&mut transaction, job.id, decision).await?;
    choose(&mut transaction, job.tables(), which, &decision).await?;
    // The values that a person typed are recorded with the rows that they changed.
    let mut parameters = json!({ "filter": which, "decision": decision.without_texts() });
    if let Some(note) = note {
        parameters["note"] = json!(note);
    }
    let (kind, same) = (decision.kind(), |effect| effect);
    let effect = write(&mut transaction, request, &job, kind, &parameters, Vec::new(), same).await?;
    if let (Some(note), Some(_)) = (note, effect.action) {
        let named = which.issues.as_deref().unwrap_or_default();
        issue_notes::set_decided(&mut transaction, job.tables(), named, note).await?;
    }
    transaction.commit().await?;
    Ok(effect)
}

/// Returns what a decision would do, exact to the row.
pub async fn preview(
    owners: &OwnerPool,
    owner: &Owner,
    job: JobId,
    which: &Filter,
    decision: &Decision,
) -> Result<Preview, ActionError> {
    let decision = checked(which, decision)?;
    let mut transaction = owners.begin(owner).await?;
    let job = in_review(&mut transaction, owner, job).await?;
    named(&mut transaction, owner, &job, which, &decision).await?;
    let decision = with_columns(&mut transaction, job.id, decision).await?;
    choose(&mut transaction, job.tables(), which, &decision).await?;
    let preview = preview_of_chosen(&mut transaction, &job).await?;
    transaction.rollback().await?;
    Ok(preview)
}

/// Returns what the chosen changes would do.
pub(super) async fn preview_of_chosen(
    connection: &mut PgConnection,
    job: &Job,
) -> Result<Preview, ActionError> {
    let changed = decided::counts(connection, job.tables()).await?;
    let Validated { opened, warnings } = validated(connection, job, changed).await?;
    let settled = decided::would_resolve(connection, job.tables(), job.required).await?;
    let examples = decided::examples(connection, job.tables(), EXAMPLES).await?;
    Ok(Preview { changed, issues: settled.with(opened), warnings, examples })
}

/// Locks the job for the rest of the transaction and returns it, if its rows may be changed.
pub(super) async fn in_review(
    connection: &mut PgConnection,
    owner: &Owner,
    id: JobId,
) -> Result<Job, ActionError> {
    let job = jobs::lock(connection, owner, id).await?.ok_or(ActionError::NoJob(id))?;
    if job.rows_removed_at.is_some() {
        return Err(ActionError::RowsRemoved(id));
    }
    match job.status {
        JobStatus::NeedsReview | JobStatus::Failed => Ok(job),
        status => Err(ActionError::NotInReview { job: id, status }),
    }
}

/// Returns the decision with its values normalised, or an error if it cannot be applied to these rows.
fn checked(which: &Filter, decision: &Decision) -> Result<Decision, ActionError> {
    let invalid = |field, reason| Err(ActionError::Invalid { field, reason });
    let decision = decision.normalised();
    if let Some(refusal) = which.refusal() {
        return invalid("filter", Refusal::SearchText(refusal));
    }
    if decision.edits().is_some_and(|edits| edits.texts().any(|value| value.contains('\0'))) {
        return invalid("decision", Refusal::Nul);
    }
    if matches!(&decision, Decision::Edit(edits) if edits.is_empty()) {
        return invalid("decision", Refusal::NoNewValue);
    }
    if let Decision::Replace(replacement) = &decision
        && let Some(refusal) = replacement.refusal()
    {
        return invalid("decision", refusal);
    }
    Ok(decision)
}

/// Returns the decision with the names of columns as they are in the job's file.
///
/// Fails if the file has no such column, or if it belongs to a field.
async fn with_columns(
    connection: &mut PgConnection,
    job: JobId,
    mut decision: Decision,
) -> Result<Decision, ActionError> {
    if let Some(edits) = decision.edits_mut()
        && !edits.extra.is_empty()
    {
        let known = extra_columns::of_job(connection, job).await?;
        *edits = with_known_columns(edits, &known, Some(job))?;
    }
    if let Decision::Merge(Merge { from, .. }) = &mut decision
        && !from.extra.is_empty()
    {
        let known = extra_columns::of_job(connection, job).await?;
        from.extra = known_columns(&from.extra, &known, Some(job))?;
    }
    Ok(decision)
}

/// Checks the tags of rows against what somebody saw, and locks the rows until they are changed.
async fn as_seen(
    connection: &mut PgConnection,
    owner: &Owner,
    tables: JobTables,
    seen: &[(RowId, &str)],
) -> Result<(), ActionError> {
    let rows: Vec<RowId> = seen.iter().map(|(row, _)| *row).collect();
    let found = staging::hold(connection, owner, tables, &rows).await?;
    for (row, tag) in seen {
        match found.iter().find(|found| found.row == *row) {
            None => return Err(ActionError::NoRow(*row)),
            Some(found) if found.tag() != *tag => return Err(ActionError::Stale(Seen::Row(*row))),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Checks that the listed rows and issues exist, and that a row listed alone is not imported yet.
async fn named(
    connection: &mut PgConnection,
    owner: &Owner,
    job: &Job,
    which: &Filter,
    decision: &Decision,
) -> Result<(), ActionError> {
    let rows: Vec<RowId> = which.rows.iter().flatten().copied().chain(decision.named_rows()).collect();
    if let Some(row) = staging::first_missing(connection, job.tables(), &rows).await? {
        return Err(ActionError::NoRow(row));
    }
    if let [row] = rows[..] {
        let found = staging::get(connection, owner, job.tables(), row).await?;
        if found.is_some_and(|found| found.status == Some(RowStatus::Success)) {
            return Err(ActionError::Consolidated(row));
        }
    }
    let issues: Vec<IssueId> = which.issues.iter().flatten().copied().collect();
    match issues::first_missing(connection, job.tables(), &issues).await? {
        Some(issue) => Err(ActionError::NoIssue(issue)),
        None => Ok(()),
    }
}

/// Decides which rows change, and to which values.
async fn choose(
    connection: &mut PgConnection,
    tables: JobTables,
    which: &Filter,
    decision: &Decision,
) -> Result<(), ActionError> {
    decided::create(connection).await?;
    match decision {
        Decision::Correct => suggested(connection, tables, which).await?,
        Decision::Replace(replacement) => replaced(connection, tables, which, replacement).await?,
        Decision::Edit(_)
        | Decision::Discard
        | Decision::Restore
        | Decision::Accept
        | Decision::KeepContact
        | Decision::Overwrite
        | Decision::Fill
        | Decision::KeepRow { .. }
        | Decision::KeepFirst
        | Decision::KeepLast
        | Decision::Merge(_) => {}
    }
    Ok(decided::fill(connection, tables, which, decision).await?)
}

/// Computes the new addresses for [`Decision::Correct`].
async fn suggested(
    connection: &mut PgConnection,
    tables: JobTables,
    which: &Filter,
) -> Result<(), ActionError> {
    let mut corrections = Corrections::default();
    decided::each_invalid(connection, tables, which, |row, email| match suggest::correction(email) {
        Some(correction) => corrections.push(row, one(Field::Email, &correction), None),
        None => Ok(()),
    })
    .await?;
    Ok(decided::correct(connection, tables, corrections).await?)
}

/// Computes the new values for [`Decision::Replace`].
async fn replaced(
    connection: &mut PgConnection,
    tables: JobTables,
    which: &Filter,
    replacement: &Replacement,
) -> Result<(), ActionError> {
    let (mut corrections, mut refusal) = (Corrections::default(), None);
    decided::each_containing(connection, tables, which, replacement, |row, value| {
        match replacement.applied_to(value) {
            Ok(Some(new)) => corrections.push(row, one(replacement.field, &new), None)?,
            Ok(None) => {}
            Err(reason) => refusal = Some(reason),
        }
        Ok(())
    })
    .await?;
    if let Some(reason) = refusal {
        return Err(ActionError::Invalid { field: "decision", reason });
    }
    Ok(decided::correct(connection, tables, corrections).await?)
}

fn one(field: Field, value: &str) -> PerField<Option<&str>> {
    PerField::from_fn(|other| (other == field).then_some(value))
}

/// Writes the chosen changes, and records them with the value of `result`.
pub(super) async fn write<T: Serialize>(
    connection: &mut PgConnection,
    request: &Request,
    job: &Job,
    kind: ActionKind,
    parameters: &serde_json::Value,
    left: Vec<RowId>,
    result: impl FnOnce(Effect) -> T,
) -> Result<T, ActionError> {
    let (id, tables) = (job.id, job.tables());
    let changed = decided::counts(connection, tables).await?;
    let mut effect = Effect {
        action: None,
        changed,
        issues: Settled::default(),
        warnings: Vec::new(),
        open_issues: job.open_issues.into(),
        left,
        contacts: None,
    };
    if changed.rows == 0 && request.idempotency.is_none() {
        return Ok(result(effect));
    }
    let action = request.record(connection, kind, Some(id), parameters).await?;
    if changed.rows > 0 {
        effect.action = Some(action);
        let Validated { opened, warnings } = validated(connection, job, changed).await?;
        effect.warnings = warnings;
        let moves = decided::moves(connection, tables).await?;
        decided::apply(connection, tables, action).await?;
        jobs::move_rows(connection, id, &moves).await?;
        if opened.raised > 0 {
            decided::open(connection, tables).await?;
        }
        let settled = decided::resolve(connection, tables, job.required, &request.actor).await?;
        effect.issues = settled.with(opened);
        let more = effect.issues.reopened + effect.issues.raised - effect.issues.settled;
        effect.open_issues = jobs::add_issues(connection, id, more).await?.into();
    }
    let result = result(effect);
    request.finish(connection, action, Some(id), &result).await?;
    Ok(result)
}

/// Validates new values, if any row gets some.
pub(super) async fn validated(
    connection: &mut PgConnection,
    job: &Job,
    changed: Counts,
) -> Result<Validated, ActionError> {
    match changed.edited {
        0 => Ok(Validated::default()),
        _ => validate::validate(connection, job).await,
    }
}
