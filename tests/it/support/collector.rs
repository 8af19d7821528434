//! An OpenTelemetry collector on loopback: receives traces by OTLP, protobuf over HTTP.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::world::eventually;

/// A request that a collector got.
#[derive(Clone)]
pub(crate) struct Export {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// A span with the name of the service that sent it.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// `service.name`.
    pub service: String,
    /// The span.
    pub span: Span,
}

/// A collector that accepts everything.
#[derive(Clone)]
pub(crate) struct Collector {
    /// Its URL, without a path.
    pub url: String,
    exports: Arc<Mutex<Vec<Export>>>,
}

impl Collector {
    /// Starts a collector at a free port.
    pub(crate) async fn start() -> Collector {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let collector = Collector { url, exports: Arc::default() };
        let routes =
            axum::Router::new().route("/v1/traces", axum::routing::post(take)).with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        collector
    }

    /// Returns the requests so far.
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
                let service = attribute(&resource.attributes, "service.name").unwrap();
                let sent = of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
                spans.extend(sent.map(|span| Sent { service: service.clone(), span }));
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

fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.key == name)?;
    Some(match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        Value::BoolValue(is_so) => is_so.to_string(),
        other => format!("{other:?}"),
    })
}

async fn take(State(collector): State<Collector>, headers: HeaderMap, body: Bytes) -> StatusCode {
    collector.exports.lock().unwrap().push(Export { headers, body });
    StatusCode::OK
}
