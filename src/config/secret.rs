//! Secrets in the settings: from the environment or a file, never from the command line, where every user of the
//! machine can read them.

use std::fmt;
use std::io::Read;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::{SettingsError, given};

/// Every secret: its argument, flag and variable.
const SECRETS: [(&str, &str, &str); 4] = [
    ("database_url", "database-url", "DATABASE_URL"),
    ("oidc_client_secret", "oidc-client-secret", "OIDC_CLIENT_SECRET"),
    ("otel_exporter_otlp_headers", "otel-exporter-otlp-headers", "OTEL_EXPORTER_OTLP_HEADERS"),
    (
        "otel_exporter_otlp_metrics_headers",
        "otel-exporter-otlp-metrics-headers",
        "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
    ),
];

/// The maximum size of a secret's file.
const MAX_BYTES: u64 = 64 << 10;

/// A secret value. `Debug`, help and errors do not show it.
#[derive(Clone)]
pub(super) struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Returns whether an argument is a secret.
pub(super) fn is_secret(id: &str) -> bool {
    SECRETS.iter().any(|(secret, ..)| *secret == id)
}

/// Parses a secret argument. Accepts any text.
pub(super) fn value(text: &str) -> Result<Secret, String> {
    Ok(Secret(text.to_owned()))
}

/// Fails if the command line contains a secret. The arguments for secrets exist only for their variables.
pub(crate) fn refuse_secret_flags(matches: &ArgMatches) -> Result<(), SettingsError> {
    let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    match SECRETS.into_iter().find(|(id, ..)| given(id)) {
        Some((_, flag, name)) => Err(SettingsError::SecretFlag { flag, name }),
        None => Ok(()),
    }
}

/// Returns the secret: the value of the variable `name`, or the content of the file named by `name`_FILE, without
/// surrounding white space. Returns `None` if neither is set; fails if both are.
pub(super) fn resolve(
    name: &'static str,
    value: &Option<Secret>,
    file: &Option<String>,
) -> Result<Option<String>, SettingsError> {
    let value = value.as_ref().map(|secret| secret.0.trim()).filter(|text| !text.is_empty());
    match (value, given(file)) {
        (Some(_), Some(_)) => {
            Err(SettingsError::Together(format!("{name} and {name}_FILE are both set: unset one of them")))
        }
        (Some(text), None) => Ok(Some(text.to_owned())),
        (None, None) => Ok(None),
        (None, Some(path)) => match read(path) {
            Ok(text) => Ok(Some(text)),
            Err(reason) => Err(SettingsError::SecretFile { name, path: path.to_owned(), reason }),
        },
    }
}

/// Returns the file's text, or what is wrong with the file, without any of its text.
fn read(path: &str) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    // Settings are read more than once, which a pipe does not allow; opening a pipe might also block forever.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    match text.trim() {
        "" => Err("is empty".to_owned()),
        _ if text.len() as u64 > MAX_BYTES => Err(format!("is larger than {MAX_BYTES} bytes")),
        secret => Ok(secret.to_owned()),
    }
}
