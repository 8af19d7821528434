//! Logging and tracing of the process, and its metrics on their way to a collector.
//!
//! Log lines are JSON objects for machines, or readable lines for people. Dependencies are logged from WARNING on. SQL statements
//! and connection parameters are never logged: they can contain personal data or passwords.
//!
//! Spans of our own modules become spans of traces, if traces are sent. Their fields are the attributes: counts, ids and names of our
//! own, never a value from a file.

mod collector;
mod lines;
mod metrics;
mod openmetrics;
mod points;
mod resource;
mod traces;

use std::error::Error;
use std::io::IsTerminal;

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, FilterFn, Targets, filter_fn};
use tracing_subscriber::layer::{Filter, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogFormat, LogLevel};
use lines::Lines;
pub(crate) use metrics::MetricSender;
pub(crate) use traces::Traces;

/// Starts logging for the whole process. JSON logs of a service go to standard output, everything else to standard
/// error, so that a command's standard output contains only its data. `filter` applies to lines: spans go to `traces` and to lines
/// within them in any case.
///
/// Does nothing if logging was already started.
pub(crate) fn init(filter: Targets, format: LogFormat, service: bool, traces: Option<&Traces>) {
    let colour =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let registry = tracing_subscriber::registry().with(traces.map(Traces::layer));
    // A second start happens in tests only, and the first one's settings are good enough.
    let _ = match (format, service) {
        (LogFormat::Json, true) => {
            registry.with(Lines::json(std::io::stdout).with_filter(with_our_spans(filter))).try_init()
        }
        (LogFormat::Json, false) => {
            registry.with(Lines::json(std::io::stderr).with_filter(with_our_spans(filter))).try_init()
        }
        (LogFormat::Text, _) => {
            registry.with(Lines::text(std::io::stderr, colour).with_filter(with_our_spans(filter))).try_init()
        }
    };
}

/// Returns the filter of a level, changed by the levels of modules.
pub(crate) fn filter(level: LogLevel, modules: &Targets) -> Targets {
    let (ours, dependencies) = match level {
        LogLevel::Debug => (LevelFilter::DEBUG, LevelFilter::INFO),
        LogLevel::Info => (LevelFilter::INFO, LevelFilter::WARN),
        LogLevel::Warning => (LevelFilter::WARN, LevelFilter::WARN),
        LogLevel::Error | LogLevel::Critical => (LevelFilter::ERROR, LevelFilter::ERROR),
    };
    let silent = ["sqlx::query", "sqlx::postgres::notice", "sqlx_postgres::options"];
    let others = modules.default_level();
    Targets::new()
        .with_default(others.unwrap_or(dependencies))
        .with_target("ingest", others.unwrap_or(ours))
        .with_targets(modules.iter())
        .with_targets(silent.map(|target| (target, LevelFilter::OFF)))
}

/// Adds our own spans to a filter of lines: a line at any level has the ids in the spans around it.
fn with_our_spans<S>(lines: Targets) -> impl Filter<S> {
    FilterExt::<S>::or(lines, our_spans())
}

/// Returns the filter that admits our own spans, and nothing else. Those of dependencies may contain anything.
fn our_spans() -> FilterFn {
    let is_ours = |metadata: &Metadata<'_>| metadata.is_span() && metadata.target().starts_with("ingest");
    filter_fn(is_ours as fn(&Metadata<'_>) -> bool).with_max_level_hint(LevelFilter::INFO)
}

/// Returns the text of an error with its causes.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let also = error.to_string();
        // Many errors repeat their cause in their own text.
        if !text.contains(&also) {
            text.push_str(": ");
            text.push_str(&also);
        }
        cause = error.source();
    }
    text
}
