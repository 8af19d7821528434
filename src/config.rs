//! The settings: environment, `.env`, and flags of the same meaning.
//!
//! Flags override the environment, and the environment overrides `.env`. Secrets come from the environment or from
//! files, never from flags. An empty value counts as unset. An invalid value ends the program at start with the
//! variable's name and the accepted values. The database URL may contain a password, so no error, help text or
//! debug output here repeats it.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use tracing_subscriber::filter::Targets;

mod access;
mod bucket;
mod database_url;
mod dotenv;
mod limits;
mod logging;
mod metric_export;
mod monitoring;
mod origins;
mod otlp;
mod region;
mod retention;
mod secret;
mod serve;
mod traces;
mod values;
mod webhooks;

pub(crate) use access::AccessSettings;
pub(crate) use bucket::BucketSettings;
pub(crate) use database_url::DatabaseUrl;
pub(crate) use dotenv::{Dotenv, load_dotenv};
pub(crate) use limits::LimitSettings;
use logging::log_format;
pub(crate) use logging::{LogFormat, LogLevel, log_filter};
pub(crate) use metric_export::{MetricExport, MetricExportSettings};
pub(crate) use monitoring::MonitoringSettings;
pub(crate) use origins::{Setting, settings};
pub(crate) use otlp::OtlpSettings;
pub(crate) use retention::RetentionSettings;
use secret::Secret;
use values::{owner_pattern, queue_url, required_fields, retry_delay, whole};

use crate::domain::owner_pattern::OwnerPatterns;
use crate::domain::required::RequiredFields;
pub(crate) use secret::refuse_secret_flags;
pub(crate) use serve::{OidcSettings, ServeSettings};
pub(crate) use traces::{TraceExport, TraceSettings};
pub(crate) use webhooks::WebhookSettings;

/// The settings of every command. Flatten it into the root of the command line: its flags are global.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct Settings {
    /// The content of DATABASE_URL_FILE; as a flag it is refused (`refuse_secret_flags`).
    #[arg(long, env = "DATABASE_URL", hide = true, hide_env_values = true, global = true, value_name = "URL", value_parser = secret::value)]
    database_url: Option<Secret>,

    /// File that contains the URL of PostgreSQL, postgresql://user:password@host:port/database; TLS parameters
    /// (sslmode, sslrootcert, …) are honoured. The environment may contain the URL itself, as DATABASE_URL
    /// [default: none: the private local database]
    #[arg(long, env = "DATABASE_URL_FILE", hide_env_values = true, global = true, value_name = "FILE")]
    database_url_file: Option<String>,

    /// Whether to sign in to the database with tokens of AWS IAM instead of a password, true or false: for Amazon RDS and Aurora
    #[arg(long, env = "DATABASE_IAM_AUTH", hide_env_values = true, global = true, value_name = "BOOL",
        default_value = "false", action = clap::ArgAction::Set,
        value_parser = |text: &str| values::boolean(text, "DATABASE_IAM_AUTH", false))]
    pub database_iam_auth: bool,

    /// S3 bucket of the CSV files [default: none: the local folder]
    #[arg(long, env = "CSV_BUCKET_NAME", hide_env_values = true, global = true, value_name = "BUCKET")]
    csv_bucket_name: Option<String>,

    /// AWS region of the bucket, and of a queue whose URL does not name one [default: AWS_DEFAULT_REGION, else that of the
    /// profile or of the queue's URL, else us-east-1]
    #[arg(long, env = "AWS_REGION", hide_env_values = true, global = true, value_name = "REGION", value_parser = values::region)]
    aws_region: Option<String>,

    /// How the bucket is used.
    #[command(flatten)]
    pub bucket_use: BucketSettings,

    /// URL of the SQS queue [default: none: the queue in the database]
    #[arg(long, env = "SQS_QUEUE_URL", hide_env_values = true, global = true, value_name = "URL", value_parser = queue_url)]
    sqs_queue_url: Option<String>,

    /// Maximum number of messages per receive, 1 to 10
    #[arg(long, env = "SQS_MAX_NUMBER_OF_MESSAGES", hide_env_values = true, global = true, value_name = "N",
        default_value = "1",
        value_parser = |text: &str| whole(text, "SQS_MAX_NUMBER_OF_MESSAGES", 1..=10, 1))]
    pub sqs_max_number_of_messages: u64,

    /// Seconds that a receive waits for a message, 0 to 20
    #[arg(long, env = "SQS_WAIT_TIME_SECONDS", hide_env_values = true, global = true, value_name = "SECONDS",
        default_value = "20",
        value_parser = |text: &str| whole(text, "SQS_WAIT_TIME_SECONDS", 0..=20, 20))]
    sqs_wait_time_seconds: u64,

    /// Visibility timeout of a received message in seconds, 1 to 43200; renewed while its job runs
    #[arg(long, env = "SQS_VISIBILITY_TIMEOUT", hide_env_values = true, global = true, value_name = "SECONDS",
        default_value = "300",
        value_parser = |text: &str| whole(text, "SQS_VISIBILITY_TIMEOUT", 1..=43_200, 300))]
    sqs_visibility_timeout: u64,

    /// Patterns of keys that say whose files new objects of the bucket are, when the queue receives events of S3, separated by commas:
    /// {owner} and {filename} are segments, * is any characters of a segment, ** any number of segments. Such as
    /// uploads/{owner}/{filename} [default: none: events of S3 are refused]
    #[arg(long, env = "OWNER_PATTERN", hide_env_values = true, global = true, value_name = "PATTERNS",
        default_value = "", hide_default_value = true, value_parser = owner_pattern)]
    pub owner_pattern: OwnerPatterns,

    /// Maximum number of attempts after transient failures before the job is FAILED
    #[arg(long, env = "MAX_RETRIES", hide_env_values = true, global = true, value_name = "N", default_value = "3",
        value_parser = |text: &str| whole(text, "MAX_RETRIES", 0..=1_000_000, 3).map(|n| n as u32))]
    pub max_retries: u32,

    /// Maximum number of consecutive runs without progress whose worker was killed (for example out of memory)
    /// before the job is FAILED, 1 to 1000
    #[arg(long, env = "MAX_DELIVERIES", hide_env_values = true, global = true, value_name = "N", default_value = "5",
        value_parser = |text: &str| whole(text, "MAX_DELIVERIES", 1..=1_000, 5).map(|n| n as u32))]
    pub max_deliveries: u32,

    /// Seconds to wait before the first retry; later waits grow, with jitter
    #[arg(long, env = "RETRY_DELAY_SECONDS", hide_env_values = true, global = true, value_name = "SECONDS",
        default_value = "5", value_parser = retry_delay)]
    retry_delay_seconds: f64,

    /// Rows between progress updates [default: chosen automatically]
    #[arg(long, env = "PROGRESS_UPDATE_INTERVAL", hide_env_values = true, global = true, value_name = "ROWS",
        value_parser = |text: &str| whole(text, "PROGRESS_UPDATE_INTERVAL", 1..=i32::MAX as u64, UNSET))]
    progress_update_interval: Option<u64>,

    /// DEBUG, INFO, WARNING, ERROR or CRITICAL, in any case
    #[arg(
        long,
        env = "LOG_LEVEL",
        hide_env_values = true,
        global = true,
        value_name = "LEVEL",
        default_value = "INFO"
    )]
    pub log_level: LogLevel,

    /// Levels of modules that differ from LOG_LEVEL, separated by commas, such as ingest::queue=debug,aws_config=info; a level
    /// without a module applies to all others [default: none]
    #[arg(long, env = "LOG_FILTER", hide_env_values = true, global = true, value_name = "FILTER",
        default_value = "", hide_default_value = true, value_parser = log_filter)]
    pub log_filter: Targets,

    /// json or text [default: json in a service, text on a terminal and for one-shot commands]
    #[arg(long, env = "LOG_FORMAT", hide_env_values = true, global = true, value_name = "FORMAT", value_parser = log_format)]
    log_format: Option<String>,

    /// Folder of the local database and CSV files [default:
    /// $XDG_DATA_HOME/data-ingestion-worker, else ~/.local/share/data-ingestion-worker; as root
    /// /var/lib/data-ingestion-worker]
    #[arg(long, env = "INGEST_DATA_DIR", hide_env_values = true, global = true, value_name = "FOLDER")]
    data_dir: Option<String>,

    /// User whose contacts the command line works with [default: the login name, else local]
    #[arg(long, env = "INGEST_OWNER", hide_env_values = true, global = true, value_name = "USER")]
    owner: Option<String>,

    /// Number of jobs that one worker runs concurrently, 1 to 64; and one more if it is small
    #[arg(long, env = "WORKER_CONCURRENCY", hide_env_values = true, global = true, value_name = "N",
        default_value = "2",
        value_parser = |text: &str| whole(text, "WORKER_CONCURRENCY", 1..=64, 2).map(|n| n as usize))]
    pub worker_concurrency: usize,

    /// Maximum number of database connections per process; if it is low, fewer jobs run concurrently, and small ones wait
    /// for large ones
    /// [default: as many as WORKER_CONCURRENCY and the server need]
    #[arg(long, env = "MAX_CONNECTIONS", hide_env_values = true, global = true, value_name = "N",
        value_parser = |text: &str| whole(text, "MAX_CONNECTIONS", 1..=10_000, UNSET).map(|n| n as u32))]
    max_connections: Option<u32>,

    /// Megabytes of memory for comparing rows, shared by all jobs, 1 to 65536; beyond that, temporary files
    /// (TMPDIR) are used
    #[arg(long, env = "MEMORY_BUDGET_MB", hide_env_values = true, global = true, value_name = "MB",
        default_value = "48",
        value_parser = |text: &str| whole(text, "MEMORY_BUDGET_MB", 1..=65_536, 48).map(|n| n as usize))]
    memory_budget_mb: usize,

    /// Fields that must not be empty in a contact, separated by commas; must contain email. Applies to jobs whose first
    /// run starts afterwards
    #[arg(long, env = "REQUIRED_FIELDS", hide_env_values = true, global = true, value_name = "FIELDS",
        default_value_t, value_parser = required_fields)]
    pub required_fields: RequiredFields,

    /// How long things are kept.
    #[command(flatten)]
    pub retention: RetentionSettings,

    /// What receives the changes of jobs.
    #[command(flatten)]
    pub webhooks: WebhookSettings,

    /// Where metrics are served.
    #[command(flatten)]
    pub monitoring: MonitoringSettings,

    /// The collector of OpenTelemetry.
    #[command(flatten)]
    pub otlp: OtlpSettings,

    /// Which traces are sent, and where.
    #[command(flatten)]
    pub traces: TraceSettings,

    /// Where metrics are sent.
    #[command(flatten)]
    pub metric_export: MetricExportSettings,

    /// Settings of the HTTP server and its users.
    #[command(flatten)]
    pub serve: ServeSettings,
}

impl Settings {
    /// Returns the database of `DATABASE_URL`, or `None` if it is not set. Fails if the URL is invalid.
    pub(crate) fn database_url(&self) -> Result<Option<DatabaseUrl>, SettingsError> {
        let url = secret::resolve("DATABASE_URL", &self.database_url, &self.database_url_file)?;
        url.map(|url| DatabaseUrl::from_str(&url)).transpose()
    }

    /// Returns the S3 bucket; `None` means the local folder.
    pub(crate) fn bucket(&self) -> Option<&str> {
        given(&self.csv_bucket_name)
    }

    /// Returns the URL of the SQS queue; `None` means the queue in the database.
    pub(crate) fn queue_url(&self) -> Option<&str> {
        given(&self.sqs_queue_url)
    }

    /// Returns how long one receive waits for a message.
    pub(crate) fn wait_time(&self) -> Duration {
        Duration::from_secs(self.sqs_wait_time_seconds)
    }

    /// Returns how long a received message stays hidden.
    pub(crate) fn visibility_timeout(&self) -> Duration {
        Duration::from_secs(self.sqs_visibility_timeout)
    }

    /// Returns the delay before the first retry.
    pub(crate) fn retry_delay(&self) -> Duration {
        Duration::from_secs_f64(self.retry_delay_seconds)
    }

    /// Returns the maximum number of database connections of the process, if set.
    pub(crate) fn max_connections(&self) -> Option<u32> {
        self.max_connections.filter(|connections| u64::from(*connections) != UNSET)
    }

    /// Returns the memory for comparing rows, shared by all jobs, in bytes.
    pub(crate) fn memory_budget(&self) -> usize {
        self.memory_budget_mb << 20
    }

    /// Returns the number of rows between progress updates, if set.
    pub(crate) fn progress_update_interval(&self) -> Option<u64> {
        self.progress_update_interval.filter(|rows| *rows != UNSET)
    }

    /// Returns the log format: as set, else JSON for a `service` whose standard error is not a terminal.
    pub(crate) fn log_format(&self, service: bool) -> LogFormat {
        match given(&self.log_format) {
            Some("json") => LogFormat::Json,
            Some(_) => LogFormat::Text,
            None if service && !std::io::stderr().is_terminal() => LogFormat::Json,
            None => LogFormat::Text,
        }
    }

    /// Returns the folder of local data.
    pub(crate) fn data_dir(&self) -> PathBuf {
        given(&self.data_dir).map_or_else(default_data_dir, PathBuf::from)
    }

    /// Returns the user for whom the command line works.
    pub(crate) fn owner(&self) -> String {
        let login =
            || nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten().map(|user| user.name);
        given(&self.owner).map(str::to_owned).or_else(login).unwrap_or_else(|| "local".to_owned())
    }
}

/// The value of an optional number that is empty; outside of every accepted range.
const UNSET: u64 = 0;

fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn default_data_dir() -> PathBuf {
    const NAME: &str = "data-ingestion-worker";
    if nix::unistd::geteuid().is_root() {
        return Path::new("/var/lib").join(NAME);
    }
    // XDG: a relative path in the variable is invalid and must be ignored.
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let of_account =
        || nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten().map(|user| user.dir);
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").or_else(of_account).map(|tables| tables.join(".local/share")))
        .unwrap_or_else(|| PathBuf::from("/var/tmp"))
        .join(NAME)
}

/// Why the settings cannot be used. Never contains the value.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// `DATABASE_URL` is not a valid URL.
    #[error(
        "DATABASE_URL must be postgresql://user:password@host:port/database, with special characters of \
         the password percent-encoded (@ as %40, : as %3A, / as %2F) and TLS parameters as libpq names them"
    )]
    DatabaseUrl,
    /// The file of a secret cannot be used.
    #[error("{name}_FILE: {path} {reason}")]
    SecretFile {
        /// The variable that would contain the secret itself.
        name: &'static str,
        /// The file's path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A secret is on the command line.
    #[error(
        "--{flag} is not allowed because other users of this machine can read command lines; set {name} in the environment, or \
         {name}_FILE to the path of a file that contains it"
    )]
    SecretFlag {
        /// The flag.
        flag: &'static str,
        /// The variable of the same meaning.
        name: &'static str,
    },
    /// Settings that contradict each other.
    #[error("{0}")]
    Together(String),
}

/// Returns the configuration of both AWS clients: the SDK's own chain of credentials and endpoints, in `region`.
pub(crate) async fn sdk_config(region: &str) -> aws_config::SdkConfig {
    let region = aws_config::Region::new(region.to_owned());
    aws_config::defaults(aws_config::BehaviorVersion::latest()).region(region).load().await
}

#[cfg(test)]
mod tests;
