//! Sends spans to a collector by OTLP.
//!
//! Finished spans wait in a queue of limited length; a thread of their own sends them in batches. A collector that cannot be
//! reached costs spans, and one line of the log, but no time of jobs and requests.

use opentelemetry::global;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::{FilterFn, Filtered};
use tracing_subscriber::layer::Layer;

use super::collector::{Collector, FLUSH, REQUEST, Signal};
use super::resource::resource;
use crate::config::TraceExport;

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
        let target = &export.target;
        let collector = Collector::new(Signal::Traces, target.compresses, REQUEST)?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&target.url)
            .with_headers(target.headers.iter().cloned().collect())
            .with_http_client(collector)
            .build()?;
        let provider = SdkTracerProvider::builder()
            .with_sampler(export.sampler.clone())
            .with_resource(resource(&target.resource))
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
