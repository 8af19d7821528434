//! The metrics of the process, in Prometheus' and OpenMetrics' text format.
//!
//! Where OpenTelemetry's semantic conventions have a metric (messaging, database, HTTP, process), ours has its name in
//! Prometheus' spelling; the others begin with `ingest_`. The values of labels come from our own enums and routes, never
//! from a file, so their number is limited.

mod labels;
mod pools;
mod process;

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Registry, Unit};

pub(crate) use labels::{
    Answered, Build, Changed, Ended, Finished, OfIssueType, OfQueue, OfRows, Part, Renewed, Requested,
    Retried,
};
pub(crate) use pools::watch_pool;

/// The metrics of this process.
pub(crate) static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// The metrics of a process.
pub(crate) struct Metrics {
    registry: Registry,
    /// Messages received.
    pub messages: Family<OfQueue, Counter>,
    /// Seconds from when a message could be received to its receipt.
    pub message_waits: Family<OfQueue, Histogram, Buckets>,
    /// Seconds from the receipt of a message to the answer.
    pub answers: Family<Answered, Histogram, Buckets>,
    /// Renewals of visibility timeouts and leases.
    pub renewals: Family<Renewed, Counter>,
    /// Messages that could not be parsed.
    pub unreadable: Counter,
    /// Events of S3 by what became of them.
    pub object_events: Family<Ended, Counter>,
    /// Messages that were given up.
    pub dead_letters: Counter,
    /// Maximum number of concurrent jobs.
    pub places: Gauge,
    /// 1 while the worker takes new jobs; 0 while it is paused or quiet.
    pub takes_jobs: Gauge,
    /// Jobs in progress.
    pub running: Gauge,
    /// Claims of jobs by result.
    pub ends: Family<Ended, Counter>,
    /// Seconds of successful runs.
    pub runs: Family<Finished, Histogram, Buckets>,
    /// Seconds of the parts of runs.
    pub parts: Family<Part, Histogram, Buckets>,
    /// Rows of successful runs.
    pub rows: Family<OfRows, Counter>,
    /// Contacts created or updated.
    pub contacts: Family<Changed, Counter>,
    /// Issues that were open at the end of a run.
    pub issues: Family<OfIssueType, Counter>,
    /// Runs that failed and are tried again.
    pub retries: Family<Retried, Counter>,
    /// Attempts to send events to webhooks by result.
    pub webhooks: Family<Ended, Counter>,
    /// Events for the topic by result.
    pub topic_events: Family<Ended, Counter>,
    /// Seconds of requests to the HTTP server.
    pub requests: Family<Requested, Histogram, Buckets>,
    last_progress: Gauge,
}

/// The buckets of a histogram of seconds.
#[derive(Clone, Copy)]
pub(crate) enum Buckets {
    /// 1 ms to a minute.
    Request,
    /// 10 ms to three hours, doubling.
    Work,
}

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        match self {
            Buckets::Request => Histogram::new([
                0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
            ]),
            Buckets::Work => Histogram::new(exponential_buckets(0.01, 2.0, 21)),
        }
    }
}

impl Metrics {
    fn new() -> Metrics {
        let mut all = Registration(Registry::default());
        let commit = option_env!("INGEST_COMMIT").unwrap_or_default();
        let build = Build { version: env!("CARGO_PKG_VERSION"), commit };
        // A gauge, since Prometheus' own format has no type for information.
        let builds: Family<Build, Gauge> = all.counts("ingest_build_info", "The program; always 1");
        builds.get_or_create(&build).set(1);
        all.0.register_collector(Box::new(process::Process));
        all.0.register_collector(Box::new(pools::Pools));
        Metrics {
            messages: all.counts("messaging_client_consumed_messages", "Messages received"),
            message_waits: all.durations(
                "ingest_message_wait",
                "Time from when a message could be received to its receipt",
                Buckets::Work,
            ),
            answers: all.durations(
                "messaging_process_duration",
                "Time from the receipt of a message to the answer",
                Buckets::Work,
            ),
            renewals: all.counts("ingest_renewals", "Renewals of visibility timeouts and leases"),
            unreadable: all.counts("ingest_unreadable_messages", "Messages that could not be parsed"),
            object_events: all.counts("ingest_object_events", "Events of S3 by result"),
            dead_letters: all.counts("ingest_dead_letters", "Messages that were given up"),
            places: all.counts("ingest_worker_places", "Maximum number of concurrent jobs"),
            takes_jobs: all.counts(
                "ingest_worker_takes_jobs",
                "Whether the worker takes new jobs: 0 while it is paused or quiet",
            ),
            running: all.counts("ingest_running_jobs", "Jobs in progress"),
            ends: all.counts("ingest_runs", "Claims of jobs by result"),
            runs: all.durations("ingest_run_duration", "Time of successful runs", Buckets::Work),
            parts: all.durations(
                "ingest_run_part_duration",
                "Time of the parts of runs, which may overlap",
                Buckets::Work,
            ),
            rows: all.counts("ingest_rows", "Rows of successful runs"),
            contacts: all.counts("ingest_contacts", "Contacts created or updated"),
            issues: all.counts("ingest_issues", "Issues that were open at the end of a run"),
            retries: all.counts("ingest_run_retries", "Runs that failed and are tried again"),
            webhooks: all.counts("ingest_webhook_attempts", "Attempts to send events to webhooks by result"),
            topic_events: all
                .counts("ingest_topic_events", "Events published to the SNS topic, and failed attempts"),
            requests: all.durations(
                "http_server_request_duration",
                "Time of requests to the HTTP server until the head of the response",
                Buckets::Request,
            ),
            last_progress: all.seconds(
                "ingest_last_progress_timestamp",
                "When a run last reported progress, since 1970",
                Gauge::default(),
            ),
            registry: all.0,
        }
    }

    /// Records that a run has made progress.
    pub(crate) fn note_progress(&self) {
        if let Ok(now) = SystemTime::now().duration_since(UNIX_EPOCH) {
            self.last_progress.set(now.as_secs() as i64);
        }
    }

    /// Returns all metrics, and those of `observed`, in OpenMetrics' text format.
    pub(crate) fn text(&self, observed: &Registry) -> Result<String, std::fmt::Error> {
        let mut text = String::with_capacity(16 << 10);
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, observed)?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

struct Registration(Registry);

impl Registration {
    fn counts<M: Metric + Clone + Default>(&mut self, name: &str, help: &str) -> M {
        let metric = M::default();
        self.0.register(name, help, metric.clone());
        metric
    }

    fn durations<L>(&mut self, name: &str, help: &str, buckets: Buckets) -> Family<L, Histogram, Buckets>
    where
        L: Clone + std::hash::Hash + Eq,
        Family<L, Histogram, Buckets>: Metric,
    {
        self.seconds(name, help, Family::new_with_constructor(buckets))
    }

    fn seconds<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register_with_unit(name, help, Unit::Seconds, metric.clone());
        metric
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_what_was_counted_and_ends_as_openmetrics_says() {
        let metrics = Metrics::new();
        metrics.messages.get_or_create(&OfQueue { messaging_system: "aws_sqs" }).inc_by(2);
        metrics
            .runs
            .get_or_create(&Finished { flow: "INITIAL_PROCESSING", status: "COMPLETED" })
            .observe(0.3);
        metrics.retries.get_or_create(&Retried { cause: "database" }).inc();
        metrics.renewals.get_or_create(&Renewed { of: "lease", outcome: "expired" }).inc();
        metrics.note_progress();
        let text = metrics.text(&Registry::default()).unwrap();
        for line in [
            "messaging_client_consumed_messages_total{messaging_system=\"aws_sqs\"} 2\n",
            "ingest_run_duration_seconds_bucket{le=\"0.32\",flow=\"INITIAL_PROCESSING\",status=\"COMPLETED\"} 1\n",
            "ingest_run_retries_total{cause=\"database\"} 1\n",
            "ingest_renewals_total{of=\"lease\",outcome=\"expired\"} 1\n",
            "ingest_build_info{version=\"",
            "ingest_last_progress_timestamp_seconds 1",
        ] {
            assert!(text.contains(line), "{line} is missing:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_process_is_measured() {
        let metrics = Metrics::new();
        let value = |name| {
            let text = metrics.text(&Registry::default()).unwrap();
            let value = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            value.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
        };
        for name in ["process_memory_usage_bytes ", "process_uptime_seconds "] {
            assert!(value(name) > 0.0, "{name}");
        }
        // The system counts in hundredths of a second, and the process may be younger. Reading takes time too.
        let used = || value("process_cpu_time_seconds_total{cpu_mode=\"user\"}");
        assert!((0..100_000).any(|_| used() > 0.0), "no processor time is counted");
    }
}
