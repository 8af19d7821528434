//! The level and the format of log lines.

use std::str::FromStr;

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

/// Parses a format of log lines. An empty value means the default.
pub(super) fn log_format(text: &str) -> Result<String, String> {
    let format = text.trim().to_ascii_lowercase();
    match format.as_str() {
        "" | "json" | "text" => Ok(format),
        _ => Err("LOG_FORMAT takes json or text".to_owned()),
    }
}
