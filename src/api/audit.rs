//! The audit trail, and undoing actions.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::request::{IdempotencyKey, Keyed, Page, limit, text};
use crate::actions::{self, Effect};
use crate::domain::ids::{ActionId, JobId, RowId};
use crate::http::{App, Editor, Path, Problem, ProblemBody, Query, Reader};
use crate::store::actions::{self as trail, Action, ActionFilter};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListActionsQuery {
    /// Only actions on this job.
    #[param(value_type = Option<i64>)]
    job: Option<JobId>,
    /// Only actions that changed this row.
    #[param(value_type = Option<i64>)]
    row: Option<RowId>,
    /// Only actions of people whose name contains this text.
    #[param(max_length = 200, pattern = "^[^\\x00]*$")]
    actor: Option<String>,
    /// The `next` of the previous page.
    #[param(value_type = Option<i64>)]
    after: Option<ActionId>,
    /// Maximum number of actions in the page, 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// Lists the actions on the caller's data, newest first.
#[utoipa::path(get, path = "/actions", tag = "audit", params(ListActionsQuery),
    responses((status = 200, description = "A page of actions", body = Page<Action>)))]
pub(super) async fn list_actions(
    Reader(principal): Reader,
    State(app): State<App>,
    Query(query): Query<ListActionsQuery>,
) -> Result<axum::Json<Page<Action>>, Problem> {
    let limit = limit(query.limit)?;
    let actor = text("actor", &query.actor)?.map(str::to_owned);
    let filter = ActionFilter { job: query.job, row: query.row, actor, ..ActionFilter::default() };
    let mut db = app.owners.read(&principal.owner).await?;
    let page = trail::page(&mut db, &principal.owner, &filter, query.after, limit).await?;
    let next = page.next(|action| action.id);
    Ok(axum::Json(Page::with_next(page.items, next)))
}

/// Undoes an action: restores its rows except those changed since, or the contacts that it deleted. An undo can be undone
/// itself, unless it has restored contacts.
#[utoipa::path(post, path = "/actions/{action}/undo", tag = "audit",
    params(("action" = i64, Path, description = "The action"), IdempotencyKey),
    responses((status = 200, description = "What was done", body = Effect),
        (status = 404, description = "No such action", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The action cannot be undone", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The key was used for another request", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn undo_action(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(action): Path<ActionId>,
    keyed: Keyed,
) -> Result<axum::Json<Effect>, Problem> {
    let request = keyed.request(principal, &())?;
    Ok(axum::Json(actions::undo(&app.owners, &request, action).await?))
}
