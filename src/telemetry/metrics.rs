//! Sends metrics to a collector by OTLP: those of `/metrics`, from their text.
//!
//! Each request contains all metrics since the start, so one that fails costs nothing but the resolution in time, and is not sent
//! again.

use std::fmt;
use std::time::SystemTime;

use anyhow::Context as _;
use opentelemetry_http::{Bytes, HttpClient as _, Request};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1::{ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use prost::Message as _;
use tokio::time::{Duration, Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::collector::{Collector, FLUSH, REQUEST, Signal};
use super::openmetrics::parse;
use super::points::{Period, metrics};
use super::resource::resource;
use crate::config::MetricExport;

/// Sends the metrics of this process.
#[derive(Debug)]
pub(crate) struct MetricSender {
    collector: Collector,
    /// A request without its body.
    head: Request<()>,
    resource: Resource,
    interval: Duration,
    started: SystemTime,
}

impl MetricSender {
    /// Prepares to send what is counted from now on. Needs a Tokio runtime. Fails if the endpoint or a header is invalid, or if the
    /// system's certificates cannot be read.
    pub(crate) fn new(export: &MetricExport) -> anyhow::Result<MetricSender> {
        let target = &export.target;
        let mut head = Request::post(&target.url).header("content-type", "application/x-protobuf");
        for (name, value) in &target.headers {
            head = head.header(name, value);
        }
        const INVALID: &str = "the collector's URL or a header is invalid";
        let head = head.body(()).context(INVALID)?;
        reqwest::Request::try_from(head.clone().map(|()| Bytes::new())).context(INVALID)?;
        let attributes = ResourceAttributesWithSchema::from(&resource(&target.resource)).attributes.0;
        Ok(MetricSender {
            collector: Collector::new(Signal::Metrics, target.compresses, REQUEST.min(export.timeout))?,
            head,
            resource: Resource { attributes, ..Resource::default() },
            interval: export.interval,
            started: SystemTime::now(),
        })
    }

    /// Sends what `read` returns, in OpenMetrics' text format, after each interval until `ended`, and then once more. Waits at most
    /// [`FLUSH`] for the last request.
    pub(crate) async fn run(
        &self,
        read: impl AsyncFn() -> Result<String, fmt::Error>,
        ended: &CancellationToken,
    ) {
        let mut ticks = tokio::time::interval_at(Instant::now() + self.interval, self.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let repeat = async {
            loop {
                ticks.tick().await;
                self.send(&read).await;
            }
        };
        let _: Option<()> = ended.run_until_cancelled(repeat).await;
        if tokio::time::timeout(FLUSH, self.send(&read)).await.is_err() {
            tracing::debug!("the last metrics were not sent");
        }
    }

    async fn send(&self, read: impl AsyncFn() -> Result<String, fmt::Error>) {
        let request = read().await.map_err(|error| error.to_string()).and_then(|text| self.request(&text));
        match request {
            // The collector's client has logged a failure.
            Ok(request) => drop(self.collector.send_bytes(request).await),
            Err(error) => self.collector.note(Some(error)),
        }
    }

    fn request(&self, text: &str) -> Result<Request<Bytes>, String> {
        let families = parse(text).map_err(|error| error.to_string())?;
        let scope = InstrumentationScope {
            name: "ingest".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let scope_metrics = ScopeMetrics {
            scope: Some(scope),
            metrics: metrics(families, Period::new(self.started, SystemTime::now())),
            ..ScopeMetrics::default()
        };
        let resource_metrics = ResourceMetrics {
            resource: Some(self.resource.clone()),
            scope_metrics: vec![scope_metrics],
            ..ResourceMetrics::default()
        };
        let body = ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] }.encode_to_vec();
        Ok(self.head.clone().map(|()| body.into()))
    }
}
