//! Requests to a collector. Nobody waits for one but the sender itself, and failures are logged once, not one by one.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::header::{CONTENT_ENCODING, HeaderValue};
use tokio::runtime::Handle;

/// How long the end of the program waits for the last request of a signal.
pub(super) const FLUSH: Duration = Duration::from_secs(2);
/// The maximum time of a request.
pub(super) const REQUEST: Duration = Duration::from_secs(10);

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Spans.
    Traces,
    /// Metrics.
    Metrics,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Metrics => "metrics",
        }
    }

    /// Returns what becomes of the data of a failed request.
    fn after_failure(self) -> &'static str {
        match self {
            Signal::Traces => "they are dropped until the collector accepts them",
            Signal::Metrics => "the next request contains all of them again",
        }
    }
}

/// Sends requests to the collector, on the program's own runtime, whatever thread asks for it.
#[derive(Debug)]
pub(super) struct Collector {
    signal: Signal,
    compresses: bool,
    client: reqwest::Client,
    runtime: Handle,
    is_failing: Arc<AtomicBool>,
}

impl Collector {
    /// Creates a client whose requests take at most `timeout`. Needs a Tokio runtime. Fails if the system's certificates cannot
    /// be read.
    pub(super) fn new(
        signal: Signal,
        compresses: bool,
        timeout: Duration,
    ) -> Result<Collector, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("data-ingestion-worker/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Collector { signal, compresses, client, runtime: Handle::current(), is_failing: Arc::default() })
    }

    /// Logs that requests begin to fail, or succeed again: one line, however many fail.
    pub(super) fn note(&self, problem: Option<String>) {
        let was_failing = self.is_failing.swap(problem.is_some(), Ordering::Relaxed);
        let signal = self.signal.name();
        match problem {
            Some(error) if !was_failing => {
                tracing::warn!(error, "cannot send {signal}; {}", self.signal.after_failure());
            }
            None if was_failing => tracing::info!("the collector accepts {signal} again"),
            Some(_) | None => {}
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = if self.compresses { compressed(request)? } else { request };
        let request = reqwest::Request::try_from(request)?;
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let response = client.execute(request).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            // The body says nothing that would be used. Reading it lets the connection be used again.
            let _ = response.bytes().await?;
            Ok::<_, reqwest::Error>((status, headers))
        });
        match sent.await? {
            Ok((status, headers)) => {
                let problem = (!status.is_success()).then(|| format!("the collector answered {status}"));
                self.note(problem);
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                Ok(response)
            }
            Err(error) => {
                let error = error.without_url();
                self.note(Some(super::with_causes(&error)));
                Err(error.into())
            }
        }
    }
}

fn compressed(request: Request<Bytes>) -> std::io::Result<Request<Bytes>> {
    let (mut head, body) = request.into_parts();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&body)?;
    head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Ok(Request::from_parts(head, encoder.finish()?.into()))
}
