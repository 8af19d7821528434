//! An OpenTelemetry collector on loopback: receives traces and metrics by OTLP, protobuf over HTTP.

use std::io::Read;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::world::eventually;

/// A request that a collector got.
#[derive(Clone)]
pub(crate) struct Export {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, decompressed.
    pub body: Bytes,
}

/// A request with metrics, decoded.
#[derive(Clone, Debug)]
pub(crate) struct SentMetrics {
    /// The attributes of the program.
    pub resource: Vec<KeyValue>,
    /// The metrics.
    pub metrics: Vec<Metric>,
}

/// A span with the name of the service that sent it.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// `service.name`.
    pub service: String,
    /// `service.instance.id`.
    pub instance: String,
    /// The span.
    pub span: Span,
}

/// A collector that accepts everything, unless a test changes its answer.
#[derive(Clone)]
pub(crate) struct Collector {
    /// Its URL, without a path.
    pub url: String,
    exports: Arc<Mutex<Vec<Export>>>,
    metric_exports: Arc<Mutex<Vec<Export>>>,
    answer: Arc<Mutex<StatusCode>>,
}

impl Collector {
    /// Starts a collector at a free port.
    pub(crate) async fn start() -> Collector {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (exports, metric_exports, answer) = (Arc::default(), Arc::default(), Arc::default());
        let collector = Collector { url, exports, metric_exports, answer };
        let routes = axum::Router::new()
            .route("/v1/traces", axum::routing::post(take_traces))
            .route("/v1/metrics", axum::routing::post(take_metrics))
            .with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        collector
    }

    /// Answers with `status` from now on.
    pub(crate) fn answer_with(&self, status: StatusCode) {
        *self.answer.lock().unwrap() = status;
    }

    /// Returns the requests with metrics so far.
    pub(crate) fn metric_exports(&self) -> Vec<Export> {
        self.metric_exports.lock().unwrap().clone()
    }

    /// Returns the content of the requests with metrics so far.
    pub(crate) fn metrics(&self) -> Vec<SentMetrics> {
        let decoded = |export: Export| {
            let request = ExportMetricsServiceRequest::decode(export.body).unwrap();
            let [of_resource] = request.resource_metrics.try_into().unwrap();
            let [of_scope] = of_resource.scope_metrics.try_into().unwrap();
            SentMetrics { resource: of_resource.resource.unwrap().attributes, metrics: of_scope.metrics }
        };
        self.metric_exports().into_iter().map(decoded).collect()
    }

    /// Returns the requests with traces so far.
    pub(crate) fn exports(&self) -> Vec<Export> {
        self.exports.lock().unwrap().clone()
    }

    /// Returns the spans so far.
    pub(crate) fn spans(&self) -> Vec<Sent> {
        let mut spans = Vec::new();
        for export in self.exports() {
            let request = ExportTraceServiceRequest::decode(export.body).unwrap();
            for of_resource in request.resource_spans {
                let resource = of_resource.resource.unwrap();
                let described = |name| attribute(&resource.attributes, name).unwrap();
                let (service, instance) = (described("service.name"), described("service.instance.id"));
                let sent = of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
                let of_program = |span| Sent { service: service.clone(), instance: instance.clone(), span };
                spans.extend(sent.map(of_program));
            }
        }
        spans
    }

    /// Waits for a span of this name that `is_meant`.
    pub(crate) async fn eventually(&self, name: &str, is_meant: impl Fn(&Sent) -> bool) -> Sent {
        let find = || self.spans().into_iter().find(|sent| sent.span.name == name && is_meant(sent));
        eventually(&format!("the collector has a span {name}"), async || find().is_some()).await;
        find().unwrap()
    }
}

impl Sent {
    /// Returns an attribute of the span as text; numbers in decimal.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        attribute(&self.span.attributes, name)
    }

    /// Returns the ids of the trace, the span and its parent in hexadecimal digits.
    pub(crate) fn ids(&self) -> (String, String, String) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        (hex(&self.span.trace_id), hex(&self.span.span_id), hex(&self.span.parent_span_id))
    }
}

/// Returns an attribute as text; numbers in decimal.
pub(crate) fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.key == name)?;
    Some(match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        Value::BoolValue(is_so) => is_so.to_string(),
        other => format!("{other:?}"),
    })
}

async fn take_traces(State(collector): State<Collector>, headers: HeaderMap, body: Bytes) -> StatusCode {
    take(&collector.exports, headers, body);
    *collector.answer.lock().unwrap()
}

async fn take_metrics(State(collector): State<Collector>, headers: HeaderMap, body: Bytes) -> StatusCode {
    take(&collector.metric_exports, headers, body);
    *collector.answer.lock().unwrap()
}

fn take(exports: &Mutex<Vec<Export>>, headers: HeaderMap, body: Bytes) {
    let is_compressed = headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip");
    let body = if is_compressed { decompressed(&body) } else { body };
    exports.lock().unwrap().push(Export { headers, body });
}

fn decompressed(body: &[u8]) -> Bytes {
    let mut plain = Vec::new();
    GzDecoder::new(body).read_to_end(&mut plain).unwrap();
    plain.into()
}
