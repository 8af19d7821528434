//! The position in a trace, as it travels between processes.
//!
//! If no traces are sent, nothing is read from other processes and nothing is sent to them.

use std::collections::HashMap;

use opentelemetry::global;
use opentelemetry::propagation::Extractor;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::domain::trace_parent::TraceParent;

/// The header, and the attribute of a message, that names the trace and the span.
pub(crate) const TRACE_PARENT: &str = "traceparent";

/// The headers, or the attributes of a message, that continue a trace: `traceparent` and `tracestate` of W3C Trace Context.
pub(crate) type TraceHeaders = HashMap<String, String>;

/// Returns what continues the trace of the current span in another process.
pub(crate) fn trace_headers() -> TraceHeaders {
    let (mut headers, context) = (TraceHeaders::new(), Span::current().context());
    global::get_text_map_propagator(|propagator| propagator.inject_context(&context, &mut headers));
    headers.retain(|_, value| !value.is_empty());
    headers
}

/// Returns the position of the current span, if it is in a trace.
pub(crate) fn trace_parent() -> Option<TraceParent> {
    trace_headers().get(TRACE_PARENT)?.parse().ok()
}

/// Returns what continues the trace of `parent`.
pub(crate) fn continuing(parent: Option<TraceParent>) -> TraceHeaders {
    parent.map(|parent| (TRACE_PARENT.to_owned(), parent.to_string())).into_iter().collect()
}

/// Makes a new span part of the trace that `headers` name, if they name one.
pub(crate) fn continue_trace(span: &Span, headers: &dyn Extractor) {
    if headers.get(TRACE_PARENT).is_some() {
        let context = global::get_text_map_propagator(|propagator| propagator.extract(headers));
        // Fails if no traces are sent, which is no reason to do anything else.
        let _ = span.set_parent(context);
    }
}
