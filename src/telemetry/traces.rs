//! Sends spans to a collector by OTLP.
//!
//! Finished spans wait in a queue of limited length; a thread of their own sends them in batches. A collector that cannot be
//! reached costs spans, and one line of the log, but no time of jobs and requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{KeyValue, global};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::resource::{ResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::{FilterFn, Filtered};
use tracing_subscriber::layer::Layer;

use crate::config::TraceExport;

/// How long the end of the program waits for spans to be sent.
const FLUSH: Duration = Duration::from_secs(2);
/// The most time of one request to the collector.
const REQUEST: Duration = Duration::from_secs(10);

/// The spans of this process on their way to a collector.
#[derive(Debug)]
pub(crate) struct Traces {
    provider: SdkTracerProvider,
}

/// What turns spans of `tracing` into spans of a trace.
pub(super) type TraceLayer = Filtered<OpenTelemetryLayer<Registry, SdkTracer>, FilterFn, Registry>;

impl Traces {
    /// Starts sending. Needs a Tokio runtime. Fails if the endpoint is invalid or the system's certificates cannot be read.
    pub(crate) fn start(export: &TraceExport) -> anyhow::Result<Traces> {
        let collector = Collector::new()?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&export.endpoint)
            .with_headers(export.headers.iter().cloned().collect())
            .with_http_client(collector)
            .build()?;
        let provider = SdkTracerProvider::builder()
            .with_sampler(export.sampler.clone())
            .with_resource(resource(export))
            .with_batch_exporter(exporter)
            .build();
        if export.propagates {
            global::set_text_map_propagator(TraceContextPropagator::new());
        }
        Ok(Traces { provider })
    }

    /// Returns the layer that sends our own spans.
    pub(super) fn layer(&self) -> TraceLayer {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("ingest"))
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(super::our_spans())
    }

    /// Sends the spans that wait, for as long as [`FLUSH`].
    pub(crate) async fn finish(self) {
        let flush = move || self.provider.shutdown_with_timeout(FLUSH);
        if let Ok(Err(error)) = tokio::task::spawn_blocking(flush).await {
            tracing::debug!(%error, "the last spans were not sent");
        }
    }
}

/// Returns what is the same in all spans: what was configured, and what describes the program.
fn resource(export: &TraceExport) -> Resource {
    let ours = [
        ("service.name", "ingest".to_owned()),
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("service.instance.id", uuid::Uuid::new_v4().to_string()),
    ];
    let attribute = |(name, value): (String, String)| KeyValue::new(name, value);
    let detectors: [Box<dyn ResourceDetector>; 1] = [Box::new(TelemetryResourceDetector)];
    Resource::builder_empty()
        .with_detectors(&detectors)
        .with_attributes(ours.map(|(name, value)| KeyValue::new(name, value)))
        // Later values of a name replace earlier ones.
        .with_attributes(export.resource.iter().cloned().map(attribute))
        .build()
}

/// Sends requests to the collector, on the program's own runtime, whatever thread asks for it.
#[derive(Debug)]
struct Collector {
    client: reqwest::Client,
    runtime: Handle,
    is_failing: Arc<AtomicBool>,
}

impl Collector {
    fn new() -> Result<Collector, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(REQUEST)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("data-ingestion-worker/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Collector { client, runtime: Handle::current(), is_failing: Arc::default() })
    }

    /// Logs that requests begin to fail, or succeed again: one line, however many fail.
    fn note(&self, problem: Option<String>) {
        let was_failing = self.is_failing.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(error) if !was_failing => {
                tracing::warn!(
                    error,
                    "cannot send traces; they are dropped until the collector accepts them"
                );
            }
            None if was_failing => tracing::info!("the collector accepts traces again"),
            Some(_) | None => {}
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
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
