//! Webhooks: the list with a form for a new one, and one webhook with what was sent to it.

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use serde::Deserialize;

use super::form::Form;
use super::language::Viewer;
use super::shell::{Section, Shell, show};
use super::times::Time;
use crate::actions;
use crate::auth::Principal;
use crate::domain::ids::{DeliveryId, WebhookId};
use crate::domain::job::JobId;
use crate::domain::webhook::{WebhookEvent, WebhookUrl};
use crate::http::{App, Editor, Path, Problem, Query, Reader};
use crate::store::webhooks::{self, MOST_WEBHOOKS, Progress, Webhook};
use crate::texts::Text;

/// Deliveries on a page.
const LISTED: i64 = 50;

/// A webhook as a line.
struct Line {
    id: WebhookId,
    url: WebhookUrl,
    events: Vec<String>,
    created: Time,
    is_disabled: bool,
}

impl Line {
    fn of(text: &Text, webhook: Webhook) -> Line {
        Line {
            id: webhook.id,
            url: webhook.url,
            events: webhook.events.into_iter().map(|event| words(text, event)).collect(),
            created: Time::ago(text, webhook.created_at),
            is_disabled: webhook.disabled_at.is_some(),
        }
    }
}

#[derive(Template)]
#[template(path = "webhooks.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<Line>,
    /// The secret of a webhook just created.
    secret: Option<String>,
    /// Why no webhook was created.
    refusal: Option<String>,
    /// The URL in the form.
    url: String,
    /// The events to choose from, their descriptions, and whether each is chosen.
    choices: Vec<(WebhookEvent, String, bool)>,
}

/// The form for a new webhook.
#[derive(Debug, Deserialize)]
pub(super) struct NewForm {
    url: String,
    #[serde(default)]
    events: Vec<WebhookEvent>,
}

impl NewForm {
    fn empty() -> NewForm {
        NewForm { url: String::new(), events: WebhookEvent::DEFAULT.to_vec() }
    }
}

/// Shows the webhooks.
pub(super) async fn list(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
) -> Result<Response, Problem> {
    listed(&app, viewer, &principal, NewForm::empty(), None, None).await
}

/// Creates a webhook, and shows its secret.
pub(super) async fn create(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Form(form): Form<NewForm>,
) -> Result<Response, Problem> {
    let refused = match form.url.parse::<WebhookUrl>() {
        Err(_) => viewer.text.webhooks_bad_url(),
        Ok(_) if form.events.is_empty() => viewer.text.webhooks_no_event(),
        Ok(url) => match actions::create_webhook(&app.owners, &principal.owner, &url, &form.events).await? {
            Some(made) => {
                tracing::info!(owner = %principal.owner, webhook_id = made.webhook.id.0, "webhook created");
                return listed(&app, viewer, &principal, NewForm::empty(), Some(made.secret), None).await;
            }
            None => viewer.text.webhooks_too_many(MOST_WEBHOOKS.to_string()),
        },
    };
    listed(&app, viewer, &principal, form, None, Some(refused)).await
}

async fn listed(
    app: &App,
    viewer: Viewer,
    principal: &Principal,
    form: NewForm,
    secret: Option<String>,
    refusal: Option<String>,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let known = webhooks::list(&mut db, &principal.owner).await?;
    db.rollback().await?;
    let text = &viewer.text;
    let lines = known.into_iter().map(|webhook| Line::of(text, webhook)).collect();
    let choice = |event: &WebhookEvent| (*event, words(text, *event), form.events.contains(event));
    let choices =
        WebhookEvent::ALL.iter().filter(|event| **event != WebhookEvent::Test).map(choice).collect();
    let title = text.webhooks_title();
    let shell = Shell::new(viewer, principal, Section::None, title);
    show(&ListPage { shell, lines, secret, refusal, url: form.url, choices })
}

/// An event for a webhook as a line.
struct DeliveryLine {
    id: DeliveryId,
    event: String,
    job: Option<JobId>,
    when: Time,
    state: String,
    error: Option<String>,
}

impl DeliveryLine {
    fn of(text: &Text, delivery: webhooks::Delivery) -> DeliveryLine {
        DeliveryLine {
            id: delivery.id,
            event: words(text, delivery.event),
            job: delivery.job,
            when: Time::ago(text, delivery.created_at),
            state: match delivery.progress {
                Progress::Delivered(_) => text.webhooks_delivered(),
                Progress::Due(_) => text.webhooks_waiting(delivery.attempts.to_string()),
                Progress::Failed => text.webhooks_given_up(),
            },
            error: delivery.error,
        }
    }
}

#[derive(Template)]
#[template(path = "webhook.html")]
struct OnePage {
    shell: Shell,
    webhook: Line,
    deliveries: Vec<DeliveryLine>,
    /// The delivery before which the next page begins.
    before: Option<DeliveryId>,
    notice: Option<String>,
}

/// What a form on the page has just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Done {
    /// A test is on its way.
    Tested,
    /// An event is on its way again.
    Resent,
}

/// The query of the page of a webhook.
#[derive(Debug, Deserialize)]
pub(super) struct OneQuery {
    before: Option<DeliveryId>,
    done: Option<Done>,
}

/// Shows a webhook and what was sent to it.
pub(super) async fn one(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Path(id): Path<WebhookId>,
    Query(query): Query<OneQuery>,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let known = webhooks::list(&mut db, &principal.owner).await?;
    let webhook = known.into_iter().find(|webhook| webhook.id == id).ok_or_else(|| missing(id))?;
    let mut found =
        webhooks::list_deliveries(&mut db, &principal.owner, id, query.before, LISTED + 1).await?;
    db.rollback().await?;
    let has_more = found.len() as i64 > LISTED;
    found.truncate(LISTED as usize);
    let before = found.last().filter(|_| has_more).map(|delivery| delivery.id);
    let text = &viewer.text;
    let notice = query.done.map(|done| match done {
        Done::Tested => text.webhooks_test_sent(),
        Done::Resent => text.webhooks_resent(),
    });
    let webhook = Line::of(text, webhook);
    let deliveries = found.into_iter().map(|delivery| DeliveryLine::of(text, delivery)).collect();
    let title = text.webhooks_one(id.to_string());
    let shell = Shell::new(viewer, &principal, Section::None, title);
    show(&OnePage { shell, webhook, deliveries, before, notice })
}

/// Sends a test event.
pub(super) async fn test(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(id): Path<WebhookId>,
) -> Result<Redirect, Problem> {
    let delivery = actions::test_webhook(&app.owners, &principal.owner, id).await?;
    delivery.ok_or_else(|| missing(id))?;
    Ok(Redirect::to(&format!("/webhooks/{id}?done=tested")))
}

/// Sends an event again.
pub(super) async fn resend(
    Editor(principal): Editor,
    State(app): State<App>,
    Path((id, delivery)): Path<(WebhookId, DeliveryId)>,
) -> Result<Redirect, Problem> {
    match actions::resend_event(&app.owners, &principal.owner, id, delivery).await? {
        true => Ok(Redirect::to(&format!("/webhooks/{id}?done=resent"))),
        false => Err(Problem::not_found(format!("webhook {id} has no delivery {delivery}"))),
    }
}

/// Deletes a webhook.
pub(super) async fn delete(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(id): Path<WebhookId>,
) -> Result<Redirect, Problem> {
    match actions::delete_webhook(&app.owners, &principal.owner, id).await? {
        true => {
            tracing::info!(owner = %principal.owner, webhook_id = id.0, "webhook deleted");
            Ok(Redirect::to("/webhooks"))
        }
        false => Err(missing(id)),
    }
}

fn missing(id: WebhookId) -> Problem {
    Problem::not_found(format!("you have no webhook {id}"))
}

/// Returns the words for an event.
fn words(text: &Text, event: WebhookEvent) -> String {
    match event {
        WebhookEvent::Pending => text.webhook_event_pending(),
        WebhookEvent::Processing => text.webhook_event_processing(),
        WebhookEvent::NeedsReview => text.webhook_event_needs_review(),
        WebhookEvent::Completed => text.webhook_event_completed(),
        WebhookEvent::Failed => text.webhook_event_failed(),
        WebhookEvent::Test => text.webhook_event_test(),
    }
}
