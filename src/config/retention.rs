//! Settings of how long things are kept.

use std::time::Duration;

use super::UNSET;
use super::values::whole;

/// How long rows, records and files are kept.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct RetentionSettings {
    /// Days after which the rows and issues of a job are removed, counted from the end of its last run, 1 to 36500. Its
    /// contacts and counts stay [default: kept]
    #[arg(long, env = "STAGING_RETENTION_DAYS", hide_env_values = true, global = true,
        value_name = "DAYS", value_parser = |text: &str| days(text, "STAGING_RETENTION_DAYS"))]
    staging_retention_days: Option<u64>,

    /// Days after which recorded actions and changes of contacts are removed, 1 to 36500; they cannot be undone then
    /// [default: kept]
    #[arg(long, env = "AUDIT_RETENTION_DAYS", hide_env_values = true, global = true,
        value_name = "DAYS", value_parser = |text: &str| days(text, "AUDIT_RETENTION_DAYS"))]
    audit_retention_days: Option<u64>,

    /// Days after which the stored file of a job is deleted, counted from the end of its last run, 1 to 36500
    /// [default: kept]
    #[arg(long, env = "FILE_RETENTION_DAYS", hide_env_values = true, global = true,
        value_name = "DAYS", value_parser = |text: &str| days(text, "FILE_RETENTION_DAYS"))]
    file_retention_days: Option<u64>,
}

fn days(text: &str, name: &str) -> Result<u64, String> {
    whole(text, name, 1..=36_500, UNSET)
}

fn age(days: Option<u64>) -> Option<Duration> {
    days.filter(|days| *days != UNSET).map(|days| Duration::from_secs(days * 24 * 60 * 60))
}

impl RetentionSettings {
    /// Returns how long rows and issues are kept; `None` means forever.
    pub(crate) fn staging(&self) -> Option<Duration> {
        age(self.staging_retention_days)
    }

    /// Returns how long recorded actions are kept.
    pub(crate) fn audit(&self) -> Option<Duration> {
        age(self.audit_retention_days)
    }

    /// Returns how long stored files are kept.
    pub(crate) fn files(&self) -> Option<Duration> {
        age(self.file_retention_days)
    }
}
