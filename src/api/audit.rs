//! The audit trail, and actions taken back.

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
    /// Only what was done to this job.
    #[param(value_type = Option<i32>)]
    job: Option<JobId>,
    /// Only actions that changed this row.
    #[param(value_type = Option<i64>)]
    row: Option<RowId>,
    /// Only what people did whose names hold this.
    #[param(max_length = 200, pattern = "^[^\\x00]*$")]
    actor: Option<String>,
    /// The number of the last action of the page before.
    #[param(value_type = Option<i64>)]
    after: Option<ActionId>,
    /// The most actions to give; 100 where nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// What was done to the caller's data, by whom and when; newest first.
#[utoipa::path(get, path = "/actions", tag = "audit", params(ListActionsQuery),
    responses((status = 200, description = "A page of actions", body = Page<Action>)))]
pub(super) async fn list_actions(
    Reader(principal): Reader,
    State(app): State<App>,
    Query(asked): Query<ListActionsQuery>,
) -> Result<axum::Json<Page<Action>>, Problem> {
    let limit = limit(asked.limit)?;
    let actor = text("actor", &asked.actor)?.map(str::to_owned);
    let which = ActionFilter { job: asked.job, row: asked.row, actor };
    let mut db = app.owners.read(&principal.owner).await?;
    let found = trail::page(&mut db, &principal.owner, &which, asked.after, limit).await?;
    let next = found.next(|action| action.id);
    Ok(axum::Json(Page::found(found.items, next)))
}

/// Takes an action back: its rows are what they were before it, less those that were changed since. An undo can be
/// taken back as well.
#[utoipa::path(post, path = "/actions/{action}/undo", tag = "audit",
    params(("action" = i64, Path, description = "The action"), IdempotencyKey),
    responses((status = 200, description = "What was done", body = Effect),
        (status = 404, description = "There is no such action", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It cannot be taken back", body = ProblemBody, content_type = "application/problem+json"),
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
