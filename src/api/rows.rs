//! Rows of a job, and decisions about one row or all that match a filter.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::request::{IdempotencyKey, Keyed, Page, assigned, etag, if_match, limit, object, text};
use crate::actions::{self, ActionError, Effect, Preview, RowEdit};
use crate::domain::decision::{Decision, Edits, Filter};
use crate::domain::ids::{JobId, RowId};
use crate::domain::note::Note;
use crate::domain::row::RowStatus;
use crate::domain::rules::IssueType;
use crate::http::{App, Editor, Json, Path, Problem, ProblemBody, Query, Reader, find_job};
use crate::store::staging::{self, RowView};

/// A row and the tag of its values.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RowTagged {
    #[serde(flatten)]
    row: RowView,
    /// The value of `If-Match` for an edit of the row.
    etag: String,
}

impl From<RowView> for RowTagged {
    fn from(row: RowView) -> Self {
        RowTagged { etag: format!("\"{}\"", row.tag()), row }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListRowsQuery {
    /// Only rows with this status.
    status: Option<RowStatus>,
    /// Only rows with an open issue of this type.
    issue_type: Option<IssueType>,
    /// Only rows with an open issue that is assigned to this person: `me`, `nobody` or the name of a person.
    #[param(max_length = 200, pattern = "^[^\\x00]*$")]
    assigned: Option<String>,
    /// Whether only rows that are still to be decided: with an open issue, and neither discarded nor imported.
    open: Option<bool>,
    /// Only rows with a value that contains this text.
    #[param(max_length = 200, pattern = "^[^\\x00]*$")]
    text: Option<String>,
    /// The `next` of the previous page.
    #[param(value_type = Option<i64>)]
    after: Option<RowId>,
    /// Maximum number of rows in the page, 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// Lists the rows of a job, in the order of the file.
#[utoipa::path(get, path = "/jobs/{job}/rows", tag = "rows", params(("job" = i64, Path, description = "The job"), ListRowsQuery),
    responses((status = 200, description = "A page of rows", body = Page<RowTagged>),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list_rows(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Query(query): Query<ListRowsQuery>,
) -> Result<axum::Json<Page<RowTagged>>, Problem> {
    let limit = limit(query.limit)?;
    let text = text("text", &query.text)?.map(str::to_owned);
    let (status, issue_type, open) = (query.status, query.issue_type, query.open.unwrap_or_default());
    let assigned = assigned(&query.assigned, &principal)?;
    let filter = Filter { issue_type, assigned, open, status, text, ..Filter::default() };
    let mut db = app.owners.read(&principal.owner).await?;
    let job = find_job(&mut db, &principal.owner, job).await?;
    let page = staging::scan(&mut db, &principal.owner, &job, &filter, query.after, limit).await?;
    Ok(axum::Json(Page::with_next(page.rows.into_iter().map(RowTagged::from).collect(), page.next)))
}

/// Returns a row.
#[utoipa::path(get, path = "/jobs/{job}/rows/{row}", tag = "rows",
    params(("job" = i64, Path, description = "The job"), ("row" = i64, Path, description = "The row")),
    responses((status = 200, description = "The row", body = RowTagged, headers(("ETag" = String, description = "Its tag"))),
        (status = 404, description = "No such row", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn get_row(
    Reader(principal): Reader,
    State(app): State<App>,
    Path((job, row)): Path<(JobId, RowId)>,
) -> Result<impl IntoResponse, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let tables = find_job(&mut db, &principal.owner, job).await?.tables();
    let view = staging::get(&mut db, &principal.owner, tables, row).await?;
    let view = view.ok_or(ActionError::NoRow(row))?;
    Ok((etag(&view.tag()), axum::Json(RowTagged::from(view))))
}

/// Edits a row unless it has changed since the caller read it.
#[utoipa::path(patch, path = "/jobs/{job}/rows/{row}", tag = "rows", request_body = Edits,
    params(("job" = i64, Path, description = "The job"), ("row" = i64, Path, description = "The row"),
        ("If-Match" = Option<String>, Header, description = "The row's ETag, or `*`"), IdempotencyKey),
    responses((status = 200, description = "What was done", body = Effect),
        (status = 404, description = "No such row", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is not under review, or the row's contact exists", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "The row has changed since it was read", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit_row(
    Editor(principal): Editor,
    State(app): State<App>,
    Path((job, row)): Path<(JobId, RowId)>,
    keyed: Keyed,
    headers: HeaderMap,
    Json(edits): Json<Edits>,
) -> Result<axum::Json<Effect>, Problem> {
    let seen = if_match(&headers)?;
    let request = keyed.request(principal, &edits)?;
    let effect = actions::edit_row(&app.owners, &request, job, row, &edits, seen.as_deref()).await;
    Ok(axum::Json(effect.map_err(|error| Problem::from(error).row(row))?))
}

/// New values of several rows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditedRows {
    /// The rows, each once.
    #[schema(min_items = 1, max_items = 1000)]
    rows: Vec<EditedRow>,
}

/// New values of one row.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditedRow {
    /// The row.
    #[schema(value_type = i64)]
    row: RowId,
    /// The row's `etag` as it was read; absent to edit it whatever it contains now.
    #[serde(default)]
    #[schema(required = false)]
    etag: Option<String>,
    /// The new values.
    values: Edits,
}

/// Edits several rows, each with values of its own, as one action that can be undone: all of them, or none if one has
/// changed since it was read.
#[utoipa::path(patch, path = "/jobs/{job}/rows", tag = "rows", request_body = EditedRows,
    params(("job" = i64, Path, description = "The job"), IdempotencyKey),
    responses((status = 200, description = "What was done", body = Effect),
        (status = 404, description = "No such job or row", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is not under review, or the contact of a row exists", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "A row has changed since it was read", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit_rows(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    keyed: Keyed,
    Json(edited): Json<EditedRows>,
) -> Result<axum::Json<Effect>, Problem> {
    let request = keyed.request(principal, &edited)?;
    let rows: Vec<RowEdit> = edited.rows.into_iter().map(RowEdit::from).collect();
    Ok(axum::Json(actions::edit_rows(&app.owners, &request, job, &rows).await?))
}

impl From<EditedRow> for RowEdit {
    fn from(EditedRow { row, etag, values }: EditedRow) -> Self {
        RowEdit { row, seen: etag.map(|etag| etag.trim_matches('"').to_owned()), edits: values }
    }
}

/// A decision about all rows that match a filter.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Bulk {
    /// The rows; by default all rows of the job without a contact so far.
    #[serde(default, deserialize_with = "object")]
    #[schema(required = false)]
    filter: Filter,
    /// The decision.
    decision: Decision,
    /// A note on the issues that the decision resolves and on those in `filter`; an empty one removes their notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false, max_length = 2000, pattern = "^[^\\x00]*$")]
    note: Option<Note>,
}

/// Applies a decision to all rows of a job that match a filter, as one action that can be undone.
#[utoipa::path(post, path = "/jobs/{job}/bulk", tag = "rows", request_body = Bulk,
    params(("job" = i64, Path, description = "The job"), IdempotencyKey),
    responses((status = 200, description = "What was done", body = Effect),
        (status = 404, description = "No such job, row or issue", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is not under review", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn decide_rows(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    keyed: Keyed,
    Json(bulk): Json<Bulk>,
) -> Result<axum::Json<Effect>, Problem> {
    let me = principal.person().to_owned();
    let request = keyed.request(principal, &bulk)?;
    let Bulk { filter, decision, note } = bulk;
    let (filter, note) = (filter.of_person(&me), note.as_ref());
    let effect = actions::decide_with_note(&app.owners, &request, job, &filter, &decision, note).await?;
    Ok(axum::Json(effect))
}

/// Returns what a decision would change, without changing anything.
#[utoipa::path(post, path = "/jobs/{job}/bulk/preview", tag = "rows", request_body = Bulk,
    params(("job" = i64, Path, description = "The job")),
    responses((status = 200, description = "What would be done", body = Preview),
        (status = 404, description = "No such job, row or issue", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is not under review", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn preview_decision(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Json(bulk): Json<Bulk>,
) -> Result<axum::Json<Preview>, Problem> {
    let Bulk { filter, decision, note: _ } = bulk;
    let filter = filter.of_person(principal.person());
    Ok(axum::Json(actions::preview(&app.owners, &principal.owner, job, &filter, &decision).await?))
}
