//! Log lines.
//!
//! The fields of an event and of its spans are at the top level; if a name occurs twice, the event's field wins,
//! then that of the innermost span.

use std::fmt::Write as _;
use std::io::Write as _;

use chrono::{Local, SecondsFormat, Utc};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context as LayerContext, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::with_causes;

/// A layer that writes each event as one line, in one write.
pub(super) struct Lines<W> {
    writer: W,
    look: Look,
}

enum Look {
    Json,
    Text { colour: bool },
}

impl<W: for<'a> MakeWriter<'a> + 'static> Lines<W> {
    /// Writes JSON objects.
    pub(super) fn json(writer: W) -> Self {
        Self { writer, look: Look::Json }
    }

    /// Writes readable lines.
    pub(super) fn text(writer: W, colour: bool) -> Self {
        Self { writer, look: Look::Text { colour } }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: LayerContext<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields { is_span: true, ..Fields::default() };
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: LayerContext<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: LayerContext<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(around) = span.extensions().get::<Fields>() {
                fields.complete_from(around);
            }
        }
        let message = fields.message.take().unwrap_or_default();
        let metadata = event.metadata();
        let line = match self.look {
            Look::Json => {
                fields.add_trace();
                json_line(metadata.level(), metadata.target(), message, fields)
            }
            Look::Text { colour } => text_line(metadata.level(), &message, &fields, colour),
        };
        // If the log itself cannot be written, there is nowhere to report it.
        let _ = self.writer.make_writer_for(metadata).write_all(line.as_bytes());
    }
}

fn json_line(level: &Level, target: &str, message: String, fields: Fields) -> String {
    let timestamp = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let logger = target.replace("::", ".");
    let head = [
        ("timestamp", Value::from(timestamp)),
        ("level", Value::from(level_name(level))),
        ("logger", Value::from(logger)),
        ("message", Value::from(message)),
    ];
    let mut line = String::with_capacity(256);
    for (name, value) in head.into_iter().chain(fields.named) {
        line.push(if line.is_empty() { '{' } else { ',' });
        // Writing to a string cannot fail.
        let _ = write!(line, "{}:{value}", Value::from(name));
    }
    line.push_str("}\n");
    line
}

fn text_line(level: &Level, message: &str, fields: &Fields, colour: bool) -> String {
    let mut line = Local::now().format("%H:%M:%S ").to_string();
    let code = match *level {
        Level::ERROR => "31",
        Level::WARN => "33",
        Level::INFO => "32",
        _ => "2",
    };
    match colour {
        true => write!(line, "\x1b[{code}m{:<7}\x1b[0m ", level_name(level)),
        false => write!(line, "{:<7} ", level_name(level)),
    }
    .unwrap_or_default();
    push_printable(&mut line, message);
    for (name, value) in &fields.named {
        let _ = write!(line, "  {name}=");
        match value {
            Value::String(text) => push_printable(&mut line, text),
            other => push_printable(&mut line, &other.to_string()),
        }
    }
    line.push('\n');
    line
}

/// Escapes control characters, so that a file's name or key cannot control the terminal.
fn push_printable(line: &mut String, text: &str) {
    for character in text.chars() {
        match character.is_control() {
            true => line.extend(character.escape_default()),
            false => line.push(character),
        }
    }
}

fn level_name(level: &Level) -> &'static str {
    match *level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        _ => "DEBUG",
    }
}

/// The fields whose values are JSON: events have no other way to record an object.
const OBJECTS: [&str; 1] = ["issues_by_type"];

/// The fields of one event or span, in their order.
#[derive(Default)]
struct Fields {
    /// Fields of a span that have a dot in their names are for traces only.
    is_span: bool,
    message: Option<String>,
    named: Vec<(&'static str, Value)>,
}

impl Fields {
    fn is_left_out(&self, field: &Field) -> bool {
        self.is_span && field.name().contains('.')
    }

    /// Adds the ids of the current trace and span, if there are any, with the names that OpenTelemetry has for logs.
    fn add_trace(&mut self) {
        let context = Context::map_current(|context| context.span().span_context().clone());
        if context.is_valid() {
            self.named.push(("trace_id", Value::from(context.trace_id().to_string())));
            self.named.push(("span_id", Value::from(context.span_id().to_string())));
        }
    }

    fn put(&mut self, field: &Field, value: Value) {
        if self.is_left_out(field) {
            return;
        }
        let value = match value {
            Value::String(text) if OBJECTS.contains(&field.name()) => {
                text.parse().unwrap_or(Value::String(text))
            }
            value => value,
        };
        let name = match field.name() {
            "message" => {
                self.message = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                return;
            }
            // The line's own names: with two fields of one name, each reader would decide which one counts.
            "timestamp" => "timestamp_",
            "level" => "level_",
            "logger" => "logger_",
            name => name.strip_prefix("r#").unwrap_or(name),
        };
        match self.named.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.named.push((name, value)),
        }
    }

    fn complete_from(&mut self, around: &Fields) {
        for (name, value) in &around.named {
            if !self.named.iter().any(|(known, _)| known == name) {
                self.named.push((name, value.clone()));
            }
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if !self.is_left_out(field) {
            self.put(field, Value::from(format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::from(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinity or NaN: both become null.
        self.put(field, Value::from(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, Value::from(with_causes(value)));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::config::{LogLevel, log_filter};
    use crate::telemetry::{filter, with_our_spans};

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn written(
        make: impl FnOnce(Buffer) -> Lines<Box<dyn Fn() -> Buffer + Send + Sync>>,
        level: LogLevel,
        modules: &str,
        log: impl FnOnce(),
    ) -> String {
        let buffer = Buffer::default();
        let filter = filter(level, &log_filter(modules).unwrap());
        let layer = make(buffer.clone()).with_filter(with_our_spans(filter));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
    }

    fn json(buffer: Buffer) -> Lines<Box<dyn Fn() -> Buffer + Send + Sync>> {
        Lines::json(Box::new(move || buffer.clone()))
    }

    fn text(buffer: Buffer) -> Lines<Box<dyn Fn() -> Buffer + Send + Sync>> {
        Lines::text(Box::new(move || buffer.clone()), false)
    }

    #[test]
    fn json_fields_are_flat_and_unique() {
        let output = written(json, LogLevel::Info, "", || {
            let outer = tracing::info_span!(target: "ingest::worker", "job", job_id = 7, attempt = 1, late = tracing::field::Empty);
            let _outer = outer.enter();
            outer.record("late", "yes");
            let inner = tracing::info_span!(target: "ingest::worker", "run", attempt = 2, level = "odd", otel.kind = "server", http.route = %"/jobs");
            let _inner = inner.enter();
            let key = "a\n\"b\"";
            tracing::warn!(target: "ingest::worker::delivery", job_id = 8, rate = 1.5, ok = true, %key, "it {}", "went");
        });
        assert_eq!(output.matches('\n').count(), 1);
        let line: serde_json::Map<String, Value> = serde_json::from_str(&output).unwrap();
        let stamp = line["timestamp"].as_str().unwrap();
        assert!(stamp.len() == 24 && stamp.ends_with('Z'), "{stamp}");
        let rest = output.split_once(",\"level\"").unwrap().1;
        assert_eq!(
            rest.trim_end(),
            r#":"WARNING","logger":"ingest.worker.delivery","message":"it went","job_id":8,"rate":1.5,"ok":true,"key":"a\n\"b\"","attempt":2,"level_":"odd","late":"yes"}"#
        );
    }

    #[test]
    fn lines_of_every_level_have_the_ids_in_their_spans() {
        let log = || {
            let request = tracing::info_span!(target: "ingest::http", "request", request_id = "r1");
            let _request = request.enter();
            let theirs = tracing::info_span!(target: "aws_config", "theirs", secret = "s1");
            let _theirs = theirs.enter();
            let job = tracing::info_span!(target: "ingest::worker", "job", job_id = 7);
            let _job = job.enter();
            tracing::info!(target: "ingest::worker", "an outline");
            tracing::error!(target: "ingest::worker", "a failure");
            tracing::error!(target: "aws_config", "a failure of theirs");
        };
        for level in [LogLevel::Warning, LogLevel::Error, LogLevel::Critical] {
            let output = written(json, level, "", log);
            assert_eq!(output.matches('\n').count(), 2, "{level:?}: {output}");
            for line in output.lines() {
                let has_ids = line.contains(r#""job_id":7"#) && line.contains(r#""request_id":"r1""#);
                assert!(has_ids && !line.contains("s1"), "{level:?}: {line}");
            }
        }
        assert_eq!(written(json, LogLevel::Info, "off", log), "");
    }

    #[test]
    fn an_object_stays_an_object() {
        let output = written(json, LogLevel::Info, "", || {
            let issues_by_type = serde_json::json!({ "INVALID_EMAIL": 2 });
            tracing::info!(target: "ingest", %issues_by_type, other = "{}", "run ended");
        });
        let end = r#""message":"run ended","issues_by_type":{"INVALID_EMAIL":2},"other":"{}"}"#;
        assert!(output.trim_end().ends_with(end), "{output}");
    }

    #[test]
    fn an_error_is_logged_with_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer")]
        struct Outer(#[source] std::io::Error);
        let error = Outer(std::io::Error::other("inner"));
        let output = written(json, LogLevel::Info, "", || {
            tracing::error!(target: "ingest", error = &error as &dyn std::error::Error, "failed");
        });
        assert!(output.contains(r#""error":"outer: inner""#), "{output}");
    }

    #[test]
    fn dependencies_log_warnings_and_never_statements() {
        let log = || {
            tracing::debug!(target: "ingest::csv", "ours");
            tracing::info!(target: "aws_config", "theirs");
            tracing::warn!(target: "aws_config", "theirs too");
            tracing::error!(target: "sqlx::query", "statement");
        };
        assert_eq!(written(text, LogLevel::Info, "", log).matches('\n').count(), 1);
        assert_eq!(written(text, LogLevel::Debug, "", log).matches('\n').count(), 3);
        assert_eq!(written(text, LogLevel::Critical, "", log), "");
        let lines = |modules| written(text, LogLevel::Info, modules, log).matches('\n').count();
        assert_eq!(lines("ingest::csv=debug"), 2);
        assert_eq!(lines("aws_config=info"), 2);
        assert_eq!(lines("trace"), 3);
        assert_eq!(lines("sqlx::query=trace,off"), 0);
    }

    #[test]
    fn text_is_one_line_without_control_characters() {
        let output = written(text, LogLevel::Info, "", || {
            tracing::info!(target: "ingest", key = "a\x1b[31m\nb", rows = 3, "done");
        });
        assert_eq!(&output[9..], "INFO    done  key=a\\u{1b}[31m\\nb  rows=3\n");
    }
}
