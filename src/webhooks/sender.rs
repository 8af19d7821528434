//! One request to a webhook.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};
use url::Host;

use super::addresses::{AllowedNetworks, GuardedResolver, NotAllowed};
use crate::domain::job_event::JobEvent;
use crate::propagation::trace_headers;
use crate::store::webhooks::{Attempt, Failure};

/// Sends requests. Clones share the connections.
#[derive(Clone)]
pub(crate) struct Sender {
    client: reqwest::Client,
    networks: AllowedNetworks,
    /// The URL of the pages, if it is known.
    pages: Option<Arc<str>>,
}

/// What the receiver says.
#[derive(Debug)]
pub(super) enum Answer {
    /// It has accepted the event.
    Accepted { status: u16 },
    /// It will never accept events.
    Gone(Failure),
    /// It may accept the event later.
    Failed(Failure),
}

impl Sender {
    /// Maximum time of a request, from resolving the name to the head of the response.
    const TIMEOUT: Duration = Duration::from_secs(20);

    /// Creates a sender to addresses of `networks` that names pages at the URL `pages`.
    pub(crate) fn new(networks: AllowedNetworks, pages: Option<&str>) -> Result<Sender, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(Sender::TIMEOUT)
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("data-ingestion-worker/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(GuardedResolver(networks.clone())))
            // A proxy would resolve the name itself, to any address.
            .no_proxy()
            .build()?;
        let pages = pages.map(|url| url.trim_end_matches('/').into());
        Ok(Sender { client, networks, pages })
    }

    pub(super) async fn send(&self, attempt: &Attempt) -> Answer {
        let fail = |status: Option<StatusCode>, error: String| Failure {
            status: status.map(|status| status.as_u16()),
            error,
        };
        // The resolver does not see addresses.
        if let Err(error) = self.check_address(attempt) {
            return Answer::Failed(fail(None, error.to_string()));
        }
        let response = match self.request(attempt) {
            Ok(request) => request.send().await,
            Err(error) => return Answer::Failed(fail(None, error.to_string())),
        };
        let status = match response {
            Ok(response) => response.status(),
            Err(error) => return Answer::Failed(fail(None, innermost(&error.without_url()))),
        };
        if status.is_success() {
            return Answer::Accepted { status: status.as_u16() };
        }
        let answered = match status.is_redirection() {
            true => format!("the receiver answered {status}; redirects are not followed"),
            false => format!("the receiver answered {status}"),
        };
        match status {
            StatusCode::GONE => Answer::Gone(fail(Some(status), answered)),
            status => Answer::Failed(fail(Some(status), answered)),
        }
    }

    fn check_address(&self, attempt: &Attempt) -> Result<(), NotAllowed> {
        let address: IpAddr = match attempt.url.url().host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        self.networks.check(address)
    }

    fn request(&self, attempt: &Attempt) -> Result<RequestBuilder, standardwebhooks::WebhookError> {
        let message = format!("msg_{}", attempt.message.simple());
        let (now, body) = (Utc::now().timestamp(), event(attempt).content(self.pages.as_deref()).to_string());
        let signature = Webhook::new(&attempt.secret)?.sign(&message, now, body.as_bytes())?;
        let request = self.client.post(attempt.url.url().clone()).header(CONTENT_TYPE, "application/json");
        let request = request.header(HEADER_WEBHOOK_ID, message).header(HEADER_WEBHOOK_TIMESTAMP, now);
        let request = request.header(HEADER_WEBHOOK_SIGNATURE, signature);
        let with_header =
            |request: RequestBuilder, (name, value)| request.header::<String, String>(name, value);
        Ok(trace_headers().into_iter().fold(request, with_header).body(body))
    }
}

fn event(attempt: &Attempt) -> JobEvent<'_> {
    let counts = attempt.counts.as_ref().and_then(Value::as_object);
    JobEvent {
        event: attempt.event,
        created_at: attempt.created_at,
        job: attempt.job.zip(counts),
        filename: attempt.filename.as_deref(),
        owner: None,
    }
}

/// Returns the innermost cause of an error, which says what happened.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
