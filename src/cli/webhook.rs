//! `webhook`: URLs that receive the changes of the command line's user's jobs.

use std::io::Write;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use serde_json::json;

use super::Status;
use super::output::{Format, OutputArgs, print, time};
use super::session::Session;
use crate::actions;
use crate::domain::ids::{DeliveryId, WebhookId};
use crate::domain::job::JobId;
use crate::domain::webhook::{WebhookEvent, WebhookUrl};
use crate::store::webhooks::{self, Delivery, MOST_WEBHOOKS, Progress, Webhook};

/// What to do with webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Create a webhook and print its secret once.
    ///
    /// It receives a POST request for each event, signed as Standard Webhooks has it. Its address must be public, unless
    /// WEBHOOK_ALLOWED_NETWORKS allows it.
    Create {
        /// Where events are sent.
        url: WebhookUrl,
        /// The events, separated by commas.
        #[arg(long, value_delimiter = ',', value_parser = event(), ignore_case = true,
            default_values_t = WebhookEvent::DEFAULT)]
        events: Vec<WebhookEvent>,
    },
    /// List webhooks.
    List {
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Send a test event. A disabled webhook is enabled again.
    Test {
        /// The webhook's number.
        webhook: WebhookId,
    },
    /// Delete a webhook with its deliveries.
    Delete {
        /// The webhook's number.
        webhook: WebhookId,
    },
    /// List the events for a webhook of the last 30 days, newest first.
    Deliveries {
        /// The webhook's number.
        webhook: WebhookId,
        /// Maximum number of deliveries.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Send an event again.
    Resend {
        /// The webhook's number.
        webhook: WebhookId,
        /// The delivery's number, as `ingest webhook deliveries` shows it.
        delivery: DeliveryId,
    },
}

fn event() -> impl TypedValueParser<Value = WebhookEvent> {
    let names = WebhookEvent::ALL.iter().map(|event| event.as_str());
    PossibleValuesParser::new(names).try_map(|name| name.to_lowercase().parse::<WebhookEvent>())
}

/// Runs the command.
pub(crate) async fn run(session: &Session, command: WebhookCommand) -> anyhow::Result<Status> {
    let (owners, owner) = (&session.owners, &session.owner);
    match command {
        WebhookCommand::Create { url, events } => create(session, &url, &events).await?,
        WebhookCommand::List { output } => list(session, output.format(session.json)).await?,
        WebhookCommand::Test { webhook } => {
            let delivery = actions::test_webhook(owners, owner, webhook).await?;
            let delivery = delivery.with_context(|| missing(session, webhook))?;
            eprintln!(
                "a worker sends test {}; `ingest webhook deliveries {webhook}` shows the result",
                delivery.id
            );
            session.result(&json!({ "delivery": delivery.id }))?;
        }
        WebhookCommand::Delete { webhook } => {
            if !actions::delete_webhook(owners, owner, webhook).await? {
                bail!(missing(session, webhook));
            }
            eprintln!("deleted webhook {webhook}");
            session.result(&json!({ "deleted": webhook }))?;
        }
        WebhookCommand::Deliveries { webhook, limit, output } => {
            deliveries(session, webhook, limit, output.format(session.json)).await?;
        }
        WebhookCommand::Resend { webhook, delivery } => {
            if !actions::resend_event(owners, owner, webhook, delivery).await? {
                bail!(
                    "webhook {webhook} of {owner} has no delivery {delivery}; `ingest webhook deliveries {webhook}` lists them"
                );
            }
            eprintln!("a worker sends delivery {delivery} again");
            session.result(&json!({ "delivery": delivery }))?;
        }
    }
    Ok(Status::Done)
}

fn missing(session: &Session, webhook: WebhookId) -> String {
    let owner = &session.owner;
    format!("{owner} has no webhook {webhook}; `ingest webhook list` lists them, and --owner names the user")
}

async fn create(session: &Session, url: &WebhookUrl, events: &[WebhookEvent]) -> anyhow::Result<()> {
    let owner = &session.owner;
    let made = actions::create_webhook(&session.owners, owner, url, events).await?;
    let made = made.with_context(|| {
        format!("{owner} already has {MOST_WEBHOOKS} webhooks; delete one with `ingest webhook delete`")
    })?;
    // The secret is lost if this fails, so that is an error even if nobody reads the output.
    let id = made.webhook.id;
    match session.json {
        true => writeln!(std::io::stdout(), "{:#}", json!({ "id": id, "secret": made.secret }))?,
        false => writeln!(std::io::stdout(), "{}", made.secret)?,
    }
    eprintln!(
        "created webhook {id} for {owner}; its secret is not shown again. `ingest webhook test {id}` tries it"
    );
    Ok(())
}

/// A webhook as JSON.
#[derive(Serialize)]
struct ShownWebhook {
    id: WebhookId,
    url: WebhookUrl,
    events: Vec<WebhookEvent>,
    created_at: DateTime<Utc>,
    disabled_at: Option<DateTime<Utc>>,
}

async fn list(session: &Session, output: Format) -> anyhow::Result<()> {
    let known = webhooks::list(&mut *session.read().await?, &session.owner).await?;
    let shown: Vec<ShownWebhook> = known
        .into_iter()
        .map(|Webhook { id, url, events, created_at, disabled_at }| ShownWebhook {
            id,
            url,
            events,
            created_at,
            disabled_at,
        })
        .collect();
    print(output, &shown, &["webhook", "url", "events", "created", "disabled"], |webhook| {
        let events: Vec<&str> = webhook.events.iter().map(|event| event.as_str()).collect();
        vec![
            webhook.id.to_string(),
            webhook.url.to_string(),
            events.join(" "),
            time(Some(webhook.created_at)),
            time(webhook.disabled_at),
        ]
    })?;
    Ok(())
}

/// A delivery as JSON.
#[derive(Serialize)]
struct ShownDelivery {
    id: DeliveryId,
    event: WebhookEvent,
    job: Option<JobId>,
    created_at: DateTime<Utc>,
    attempts: i32,
    delivered_at: Option<DateTime<Utc>>,
    due_at: Option<DateTime<Utc>>,
    status: Option<i16>,
    error: Option<String>,
}

impl From<Delivery> for ShownDelivery {
    fn from(delivery: Delivery) -> ShownDelivery {
        let Delivery { id, event, job, created_at, attempts, progress, status, error } = delivery;
        let (delivered_at, due_at) = match progress {
            Progress::Delivered(at) => (Some(at), None),
            Progress::Due(at) => (None, Some(at)),
            Progress::Failed => (None, None),
        };
        ShownDelivery { id, event, job, created_at, attempts, delivered_at, due_at, status, error }
    }
}

async fn deliveries(session: &Session, webhook: WebhookId, limit: i64, output: Format) -> anyhow::Result<()> {
    let mut db = session.read().await?;
    if !webhooks::exists(&mut db, &session.owner, webhook).await? {
        bail!(missing(session, webhook));
    }
    let found = webhooks::list_deliveries(&mut db, &session.owner, webhook, None, limit).await?;
    let shown: Vec<ShownDelivery> = found.into_iter().map(ShownDelivery::from).collect();
    let header = ["delivery", "event", "job", "created", "attempts", "state", "last error"];
    print(output, &shown, &header, |delivery| {
        let state = match (delivery.delivered_at, delivery.due_at) {
            (Some(at), _) => format!("delivered {}", time(Some(at))),
            (None, Some(at)) => format!("due {}", time(Some(at))),
            (None, None) => "given up".to_owned(),
        };
        vec![
            delivery.id.to_string(),
            delivery.event.to_string(),
            delivery.job.map(|job| job.to_string()).unwrap_or_default(),
            time(Some(delivery.created_at)),
            delivery.attempts.to_string(),
            state,
            delivery.error.clone().unwrap_or_default(),
        ]
    })?;
    Ok(())
}
