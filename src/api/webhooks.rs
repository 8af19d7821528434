//! The caller's webhooks, which receive the changes of jobs, and what was sent to them.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::request::{Page, limit};
use crate::actions;
use crate::domain::ids::{DeliveryId, WebhookId};
use crate::domain::job::JobId;
use crate::domain::webhook::{WebhookEvent, WebhookUrl};
use crate::http::{App, Editor, Json, Kind, Path, Problem, ProblemBody, Query, Reader};
use crate::store::webhooks::{self, MOST_WEBHOOKS, Progress};

/// A webhook without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Webhook {
    #[schema(value_type = i64)]
    id: WebhookId,
    /// Where events are sent.
    #[schema(value_type = String, format = "uri")]
    url: WebhookUrl,
    /// The events that it receives.
    events: Vec<WebhookEvent>,
    created_at: DateTime<Utc>,
    /// When the receiver answered 410 Gone. Nothing is sent since then; a test enables the webhook again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    disabled_at: Option<DateTime<Utc>>,
}

impl From<webhooks::Webhook> for Webhook {
    fn from(webhook: webhooks::Webhook) -> Webhook {
        Webhook {
            id: webhook.id,
            url: webhook.url,
            events: webhook.events,
            created_at: webhook.created_at,
            disabled_at: webhook.disabled_at,
        }
    }
}

/// A webhook to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWebhook {
    /// Where events are sent: a URL of a public address, unless the operator allows others.
    #[schema(format = "uri", max_length = 2000)]
    url: String,
    /// The events that it receives. Defaults to `job.needs_review`, `job.completed` and `job.failed`.
    #[serde(default)]
    #[schema(required = false, min_items = 1)]
    events: Option<Vec<WebhookEvent>>,
}

/// A webhook just created.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MadeWebhook {
    #[serde(flatten)]
    webhook: Webhook,
    /// The secret with which the receiver verifies the signature, as Standard Webhooks describes it. It is shown only once.
    secret: String,
}

/// Lists the caller's webhooks, oldest first.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks",
    responses((status = 200, description = "The webhooks", body = Vec<Webhook>)))]
pub(super) async fn list_webhooks(
    Reader(principal): Reader,
    State(app): State<App>,
) -> Result<axum::Json<Vec<Webhook>>, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let known = webhooks::list(&mut db, &principal.owner).await?;
    Ok(axum::Json(known.into_iter().map(Webhook::from).collect()))
}

/// Creates a webhook: a URL that receives a POST request for each event, signed as Standard Webhooks has it.
///
/// An attempt fails after 20 seconds or with another status than 2xx, and is repeated ten times in about three days. 410 disables
/// the webhook. Receivers recognise an event that they have already received by the header `webhook-id`.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = NewWebhook,
    responses(
        (status = 201, description = "The webhook, with its secret", body = MadeWebhook,
            headers(("Location" = String, description = "The webhook's path"))),
        (status = 409, description = "Too many webhooks", body = ProblemBody,
            content_type = "application/problem+json")))]
pub(super) async fn create_webhook(
    Editor(principal): Editor,
    State(app): State<App>,
    Json(new): Json<NewWebhook>,
) -> Result<Response, Problem> {
    let invalid = |pointer: &str, words: String| Problem::new(Kind::Invalid).at(pointer, words);
    let url: WebhookUrl = new.url.parse().map_err(|error| invalid("#/url", format!("{error}")))?;
    let events = new.events.unwrap_or_else(|| WebhookEvent::DEFAULT.to_vec());
    if events.is_empty() {
        return Err(invalid("#/events", "takes at least one event".to_owned()));
    }
    let made = actions::create_webhook(&app.owners, &principal.owner, &url, &events).await?;
    let made = made.ok_or_else(|| {
        Problem::conflict(format!("there are already {MOST_WEBHOOKS} webhooks; delete some"))
    })?;
    tracing::info!(owner = %principal.owner, webhook_id = made.webhook.id.0, "webhook created");
    let location = format!("/api/v1/webhooks/{}", made.webhook.id);
    let made = MadeWebhook { webhook: made.webhook.into(), secret: made.secret };
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(made)).into_response())
}

/// Deletes a webhook with its deliveries.
#[utoipa::path(delete, path = "/webhooks/{webhook}", tag = "webhooks",
    params(("webhook" = i64, Path, description = "The webhook")),
    responses(
        (status = 204, description = "The webhook is deleted"),
        (status = 404, description = "The caller has no such webhook", body = ProblemBody,
            content_type = "application/problem+json")))]
pub(super) async fn delete_webhook(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(id): Path<WebhookId>,
) -> Result<StatusCode, Problem> {
    match actions::delete_webhook(&app.owners, &principal.owner, id).await? {
        true => {
            tracing::info!(owner = %principal.owner, webhook_id = id.0, "webhook deleted");
            Ok(StatusCode::NO_CONTENT)
        }
        false => Err(missing(id)),
    }
}

/// Sends a test event to a webhook. A disabled webhook is enabled again.
#[utoipa::path(post, path = "/webhooks/{webhook}/test", tag = "webhooks",
    params(("webhook" = i64, Path, description = "The webhook")),
    responses(
        (status = 202, description = "The delivery, which a worker sends", body = Delivery),
        (status = 404, description = "The caller has no such webhook", body = ProblemBody,
            content_type = "application/problem+json")))]
pub(super) async fn test_webhook(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(id): Path<WebhookId>,
) -> Result<(StatusCode, axum::Json<Delivery>), Problem> {
    let delivery = actions::test_webhook(&app.owners, &principal.owner, id).await?;
    let delivery = delivery.ok_or_else(|| missing(id))?;
    Ok((StatusCode::ACCEPTED, axum::Json(delivery.into())))
}

/// An event for a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Delivery {
    #[schema(value_type = i64)]
    id: DeliveryId,
    event: WebhookEvent,
    /// The job that changed; absent in a test.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, nullable = false)]
    job: Option<JobId>,
    /// When it happened.
    created_at: DateTime<Utc>,
    /// Attempts so far.
    attempts: i32,
    /// When the receiver accepted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    delivered_at: Option<DateTime<Utc>>,
    /// When the next attempt is due. Without it and without `delivered_at`, the event is given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    due_at: Option<DateTime<Utc>>,
    /// The status of the last response.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<i16>,
    /// What went wrong in the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
}

impl From<webhooks::Delivery> for Delivery {
    fn from(delivery: webhooks::Delivery) -> Delivery {
        let (delivered_at, due_at) = match delivery.progress {
            Progress::Delivered(at) => (Some(at), None),
            Progress::Due(at) => (None, Some(at)),
            Progress::Failed => (None, None),
        };
        Delivery {
            id: delivery.id,
            event: delivery.event,
            job: delivery.job,
            created_at: delivery.created_at,
            attempts: delivery.attempts,
            delivered_at,
            due_at,
            status: delivery.status,
            error: delivery.error,
        }
    }
}

/// Which deliveries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct DeliveriesQuery {
    /// Page size, 1 to 1000; default 100.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
    /// Return the deliveries before this one.
    after: Option<i64>,
}

/// Lists the events for a webhook of the last 30 days, newest first.
#[utoipa::path(get, path = "/webhooks/{webhook}/deliveries", tag = "webhooks",
    params(("webhook" = i64, Path, description = "The webhook"), DeliveriesQuery),
    responses((status = 200, description = "A page of deliveries", body = Page<Delivery>),
        (status = 404, description = "The caller has no such webhook", body = ProblemBody,
            content_type = "application/problem+json")))]
pub(super) async fn list_deliveries(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(id): Path<WebhookId>,
    Query(query): Query<DeliveriesQuery>,
) -> Result<axum::Json<Page<Delivery>>, Problem> {
    let limit = limit(query.limit)?;
    let before = query.after.map(DeliveryId);
    let mut db = app.owners.read(&principal.owner).await?;
    if !webhooks::exists(&mut db, &principal.owner, id).await? {
        return Err(missing(id));
    }
    let found = webhooks::list_deliveries(&mut db, &principal.owner, id, before, limit + 1).await?;
    let items = found.into_iter().map(Delivery::from).collect();
    Ok(axum::Json(Page::new(items, limit, |delivery| delivery.id)))
}

/// Sends an event again, with all retries.
#[utoipa::path(post, path = "/webhooks/{webhook}/deliveries/{delivery}/resend", tag = "webhooks",
    params(("webhook" = i64, Path, description = "The webhook"), ("delivery" = i64, Path, description = "The delivery")),
    responses(
        (status = 202, description = "A worker sends the event"),
        (status = 404, description = "The caller has no such delivery", body = ProblemBody,
            content_type = "application/problem+json")))]
pub(super) async fn resend_event(
    Editor(principal): Editor,
    State(app): State<App>,
    Path((webhook, id)): Path<(WebhookId, DeliveryId)>,
) -> Result<StatusCode, Problem> {
    match actions::resend_event(&app.owners, &principal.owner, webhook, id).await? {
        true => Ok(StatusCode::ACCEPTED),
        false => Err(Problem::not_found(format!("webhook {webhook} has no delivery {id}"))),
    }
}

fn missing(id: WebhookId) -> Problem {
    Problem::not_found(format!("you have no webhook {id}"))
}
