//! The level and the format of log lines.

use std::str::FromStr;

use tracing_subscriber::filter::Targets;

/// The minimum level of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogLevel {
    /// Everything.
    Debug,
    /// What the program does, in outline.
    Info,
    /// What may need attention.
    Warning,
    /// Failures.
    Error,
    /// The same as `Error`: there is no higher level.
    Critical,
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_ascii_uppercase().as_str() {
            "DEBUG" => Ok(Self::Debug),
            "" | "INFO" => Ok(Self::Info),
            "WARNING" | "WARN" => Ok(Self::Warning),
            "ERROR" => Ok(Self::Error),
            "CRITICAL" => Ok(Self::Critical),
            _ => Err("LOG_LEVEL takes DEBUG, INFO, WARNING, ERROR or CRITICAL".to_owned()),
        }
    }
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// One JSON object per line.
    Json,
    /// Readable text.
    Text,
}

/// Parses a filter of log lines: modules with levels, separated by commas. An empty value filters nothing.
pub(crate) fn log_filter(text: &str) -> Result<Targets, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Targets::new());
    }
    text.parse().map_err(|error| {
        format!("LOG_FILTER takes modules with levels such as ingest::queue=debug,aws_config=info: {error}")
    })
}

/// Parses a format of log lines. An empty value means the default.
pub(super) fn log_format(text: &str) -> Result<String, String> {
    let format = text.trim().to_ascii_lowercase();
    match format.as_str() {
        "" | "json" | "text" => Ok(format),
        _ => Err("LOG_FORMAT takes json or text".to_owned()),
    }
}
