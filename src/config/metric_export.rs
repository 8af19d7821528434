//! The variables of OpenTelemetry for metrics.

use std::time::Duration;

use super::given;
use super::otlp::{NoExport, OtlpSettings, OtlpTarget, Signal, Variable, headers, unsupported};
use super::secret::{self, Secret};

/// Where metrics are sent, and how often.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct MetricExportSettings {
    /// otlp sends the metrics of `worker` and `serve`, to http://localhost:4318 if no endpoint is set; none sends none
    /// [default: otlp if an endpoint is set]
    #[arg(
        long,
        env = "OTEL_METRICS_EXPORTER",
        hide_env_values = true,
        global = true,
        value_name = "EXPORTER"
    )]
    otel_metrics_exporter: Option<String>,

    /// Complete URL that receives metrics [default: /v1/metrics at OTEL_EXPORTER_OTLP_ENDPOINT]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    otel_exporter_otlp_metrics_endpoint: Option<String>,

    /// The content of OTEL_EXPORTER_OTLP_METRICS_HEADERS_FILE; as a flag it is refused (`refuse_secret_flags`).
    #[arg(long, env = "OTEL_EXPORTER_OTLP_METRICS_HEADERS", hide = true, hide_env_values = true, global = true,
        value_name = "HEADERS", value_parser = secret::value)]
    otel_exporter_otlp_metrics_headers: Option<Secret>,

    /// File that contains headers of requests with metrics, which replace those of OTEL_EXPORTER_OTLP_HEADERS. The environment
    /// may contain them itself, as OTEL_EXPORTER_OTLP_METRICS_HEADERS [default: none]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_METRICS_HEADERS_FILE",
        hide_env_values = true,
        global = true,
        value_name = "FILE"
    )]
    otel_exporter_otlp_metrics_headers_file: Option<String>,

    /// Protocol for metrics only [default: OTEL_EXPORTER_OTLP_PROTOCOL]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
        hide_env_values = true,
        global = true,
        value_name = "PROTOCOL"
    )]
    otel_exporter_otlp_metrics_protocol: Option<String>,

    /// Compression for metrics only [default: OTEL_EXPORTER_OTLP_COMPRESSION]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION",
        hide_env_values = true,
        global = true,
        value_name = "COMPRESSION"
    )]
    otel_exporter_otlp_metrics_compression: Option<String>,

    /// Milliseconds between two requests with metrics, 1 to 86400000 [default: 60000]
    #[arg(
        long,
        env = "OTEL_METRIC_EXPORT_INTERVAL",
        hide_env_values = true,
        global = true,
        value_name = "MILLISECONDS"
    )]
    otel_metric_export_interval: Option<String>,

    /// Milliseconds that a request with metrics may take, 1 to 86400000; at most ten seconds are used [default: 30000]
    #[arg(
        long,
        env = "OTEL_METRIC_EXPORT_TIMEOUT",
        hide_env_values = true,
        global = true,
        value_name = "MILLISECONDS"
    )]
    otel_metric_export_timeout: Option<String>,
}

/// Where and how often metrics are sent.
#[derive(Debug, Clone)]
pub(crate) struct MetricExport {
    /// The collector.
    pub target: OtlpTarget,
    /// The time between two requests.
    pub interval: Duration,
    /// The maximum time of a request.
    pub timeout: Duration,
}

impl MetricExportSettings {
    /// Returns where and how often metrics are sent; `None` if none are to be sent. Fails if a value is not supported.
    pub(crate) fn export(&self, otlp: &OtlpSettings) -> Result<Option<MetricExport>, NoExport> {
        let signal = Signal {
            path: "/v1/metrics",
            exporter: Variable("OTEL_METRICS_EXPORTER", given(&self.otel_metrics_exporter)),
            endpoint: given(&self.otel_exporter_otlp_metrics_endpoint),
            protocol: Variable(
                "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
                given(&self.otel_exporter_otlp_metrics_protocol),
            ),
            compression: given(&self.otel_exporter_otlp_metrics_compression),
        };
        let Some(mut target) = otlp.target(&signal)? else { return Ok(None) };
        if let Some(own) = self.headers()? {
            target.headers = own;
        }
        let interval = milliseconds("OTEL_METRIC_EXPORT_INTERVAL", &self.otel_metric_export_interval, 60_000);
        let timeout = milliseconds("OTEL_METRIC_EXPORT_TIMEOUT", &self.otel_metric_export_timeout, 30_000);
        Ok(Some(MetricExport { target, interval: interval?, timeout: timeout? }))
    }

    fn headers(&self) -> Result<Option<Vec<(String, String)>>, NoExport> {
        let value = &self.otel_exporter_otlp_metrics_headers;
        headers("OTEL_EXPORTER_OTLP_METRICS_HEADERS", value, &self.otel_exporter_otlp_metrics_headers_file)
    }
}

fn milliseconds(name: &'static str, value: &Option<String>, default: u64) -> Result<Duration, NoExport> {
    let number = given(value).map_or(Some(default), |text| text.parse().ok());
    let accepted = number.filter(|number| (1..=86_400_000).contains(number)).map(Duration::from_millis);
    accepted.ok_or_else(|| unsupported(name, "a whole number of milliseconds from 1 to 86400000"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        otlp: OtlpSettings,
        #[command(flatten)]
        metrics: MetricExportSettings,
    }

    const ENDPOINT: &str = "exporter-otlp-endpoint=http://c:4318/";

    fn export(arguments: &[&str]) -> Result<Option<MetricExport>, String> {
        let arguments = arguments.iter().map(|argument| format!("--otel-{argument}"));
        let cli = Cli::parse_from(std::iter::once("ingest".to_owned()).chain(arguments));
        cli.metrics.export(&cli.otlp).map_err(|error| error.to_string())
    }

    #[test]
    fn metrics_are_sent_if_an_endpoint_or_the_exporter_is_set() {
        for (arguments, url) in [
            (&[][..], None),
            (&["metrics-exporter=otlp"], Some("http://localhost:4318/v1/metrics")),
            (&[ENDPOINT], Some("http://c:4318/v1/metrics")),
            (&["exporter-otlp-metrics-endpoint=http://m/in"], Some("http://m/in")),
            (&[ENDPOINT, "exporter-otlp-metrics-endpoint=http://m/in"], Some("http://m/in")),
            (&[ENDPOINT, "metrics-exporter=none"], None),
            (&[ENDPOINT, "sdk-disabled=true"], None),
        ] {
            let export = export(arguments).unwrap();
            assert_eq!(export.as_ref().map(|export| export.target.url.as_str()), url, "{arguments:?}");
        }
    }

    #[test]
    fn a_value_that_is_not_supported_is_named() {
        for (argument, error) in [
            ("metrics-exporter=prometheus", "OTEL_METRICS_EXPORTER takes otlp or none"),
            (
                "exporter-otlp-metrics-protocol=grpc",
                "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL takes http/protobuf",
            ),
            ("exporter-otlp-metrics-headers=secret", "OTEL_EXPORTER_OTLP_METRICS_HEADERS takes name=value"),
            ("metric-export-interval=0", "OTEL_METRIC_EXPORT_INTERVAL takes a whole number"),
            ("metric-export-timeout=1s", "OTEL_METRIC_EXPORT_TIMEOUT takes a whole number"),
        ] {
            let found = export(&[ENDPOINT, argument]).unwrap_err();
            assert!(found.starts_with(error) && !found.contains("secret"), "{found}");
        }
    }

    #[test]
    fn variables_of_metrics_override_those_of_all_signals() {
        let with = |arguments: &[&str]| export(&[&[ENDPOINT], arguments].concat()).unwrap().unwrap();
        let times = |export: MetricExport| [export.interval, export.timeout].map(|time| time.as_millis());
        assert_eq!(times(with(&[])), [60_000, 30_000]);
        assert_eq!(times(with(&["metric-export-interval=500", "metric-export-timeout=250"])), [500, 250]);
        let general = ["exporter-otlp-headers=a=1", "exporter-otlp-compression=gzip"];
        let target = with(&general).target;
        assert_eq!((target.headers, target.compresses), (vec![("a".to_owned(), "1".to_owned())], true));
        let own = ["exporter-otlp-metrics-headers=b=2%2C3", "exporter-otlp-metrics-compression=none"];
        let target = with(&[general, own].concat()).target;
        assert_eq!((target.headers, target.compresses), (vec![("b".to_owned(), "2,3".to_owned())], false));
    }
}
