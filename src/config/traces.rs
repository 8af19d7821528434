//! The variables of OpenTelemetry for traces. The library reads some more from the environment: limits and timeouts.

use opentelemetry_sdk::trace::Sampler;

use super::given;
use super::otlp::{NoExport, OtlpSettings, OtlpTarget, Signal, Variable, unsupported};

/// Where traces are sent, and which.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct TraceSettings {
    /// otlp sends traces, to http://localhost:4318 if no endpoint is set; none sends none [default: otlp if an endpoint is set]
    #[arg(
        long,
        env = "OTEL_TRACES_EXPORTER",
        hide_env_values = true,
        global = true,
        value_name = "EXPORTER"
    )]
    otel_traces_exporter: Option<String>,

    /// Complete URL that receives traces [default: /v1/traces at OTEL_EXPORTER_OTLP_ENDPOINT]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    otel_exporter_otlp_traces_endpoint: Option<String>,

    /// Protocol for traces only [default: OTEL_EXPORTER_OTLP_PROTOCOL]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        hide_env_values = true,
        global = true,
        value_name = "PROTOCOL"
    )]
    otel_exporter_otlp_traces_protocol: Option<String>,

    /// Compression for traces only [default: OTEL_EXPORTER_OTLP_COMPRESSION]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
        hide_env_values = true,
        global = true,
        value_name = "COMPRESSION"
    )]
    otel_exporter_otlp_traces_compression: Option<String>,

    /// Which traces are sent: always_on, always_off or traceidratio, or parentbased_ before one of these, which follows the
    /// decision of the program that began the trace [default: parentbased_always_on]
    #[arg(long, env = "OTEL_TRACES_SAMPLER", hide_env_values = true, global = true, value_name = "SAMPLER")]
    otel_traces_sampler: Option<String>,

    /// Share of traces that traceidratio sends, 0 to 1 [default: 1]
    #[arg(
        long,
        env = "OTEL_TRACES_SAMPLER_ARG",
        hide_env_values = true,
        global = true,
        value_name = "SHARE"
    )]
    otel_traces_sampler_arg: Option<String>,

    /// How traces are continued across programs: tracecontext (W3C) or none; others are ignored [default: tracecontext]
    #[arg(long, env = "OTEL_PROPAGATORS", hide_env_values = true, global = true, value_name = "PROPAGATORS")]
    otel_propagators: Option<String>,
}

/// Where and how traces are sent.
#[derive(Debug, Clone)]
pub(crate) struct TraceExport {
    /// The collector.
    pub target: OtlpTarget,
    /// Which traces are sent.
    pub sampler: Sampler,
    /// Whether traces are continued across programs.
    pub propagates: bool,
}

impl TraceSettings {
    /// Returns where and how traces are sent; `None` if none are to be sent. Fails if a value is not supported.
    pub(crate) fn export(&self, otlp: &OtlpSettings) -> Result<Option<TraceExport>, NoExport> {
        let signal = Signal {
            path: "/v1/traces",
            exporter: Variable("OTEL_TRACES_EXPORTER", given(&self.otel_traces_exporter)),
            endpoint: given(&self.otel_exporter_otlp_traces_endpoint),
            protocol: Variable(
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
                given(&self.otel_exporter_otlp_traces_protocol),
            ),
            compression: given(&self.otel_exporter_otlp_traces_compression),
        };
        let Some(target) = otlp.target(&signal)? else { return Ok(None) };
        Ok(Some(TraceExport { target, sampler: self.sampler()?, propagates: self.propagates() }))
    }

    fn sampler(&self) -> Result<Sampler, NoExport> {
        let share = match given(&self.otel_traces_sampler_arg).map(str::parse) {
            None => 1.0,
            Some(Ok(share)) if (0.0..=1.0).contains(&share) => share,
            Some(_) => {
                return Err(unsupported("OTEL_TRACES_SAMPLER_ARG", "a share from 0 to 1, such as 0.1"));
            }
        };
        let name = given(&self.otel_traces_sampler).unwrap_or("parentbased_always_on");
        let (follows_parent, root) = match name.strip_prefix("parentbased_") {
            Some(root) => (true, root),
            None => (false, name),
        };
        let root = match root {
            "always_on" => Sampler::AlwaysOn,
            "always_off" => Sampler::AlwaysOff,
            "traceidratio" => Sampler::TraceIdRatioBased(share),
            _ => {
                let accepted = "always_on, always_off or traceidratio, or parentbased_ before one of these";
                return Err(unsupported("OTEL_TRACES_SAMPLER", accepted));
            }
        };
        Ok(if follows_parent { Sampler::ParentBased(Box::new(root)) } else { root })
    }

    fn propagates(&self) -> bool {
        let names = given(&self.otel_propagators).unwrap_or("tracecontext");
        names.split(',').any(|name| name.trim() == "tracecontext")
    }
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
        traces: TraceSettings,
    }

    fn export(arguments: &[&str]) -> Result<Option<TraceExport>, String> {
        let arguments = arguments.iter().map(|argument| format!("--otel-{argument}"));
        let cli = Cli::parse_from(std::iter::once("ingest".to_owned()).chain(arguments));
        cli.traces.export(&cli.otlp).map_err(|error| error.to_string())
    }

    #[test]
    fn traces_are_sent_if_an_endpoint_or_the_exporter_is_set() {
        const ENDPOINT: &str = "exporter-otlp-endpoint=http://c:4318/";
        for (arguments, endpoint) in [
            (&[][..], None),
            (&["exporter-otlp-endpoint="], None),
            (&["traces-exporter=otlp"], Some("http://localhost:4318/v1/traces")),
            (&[ENDPOINT], Some("http://c:4318/v1/traces")),
            (&[ENDPOINT, "exporter-otlp-traces-endpoint=http://t/spans"], Some("http://t/spans")),
            (&[ENDPOINT, "traces-exporter=none"], None),
            (&[ENDPOINT, "sdk-disabled=TRUE"], None),
            (&[ENDPOINT, "sdk-disabled=yes"], Some("http://c:4318/v1/traces")),
        ] {
            let export = export(arguments).unwrap();
            assert_eq!(export.as_ref().map(|export| export.target.url.as_str()), endpoint, "{arguments:?}");
        }
    }

    #[test]
    fn a_value_that_is_not_supported_is_named() {
        for (argument, name) in [
            ("exporter-otlp-protocol=grpc", "OTEL_EXPORTER_OTLP_PROTOCOL takes http/protobuf"),
            (
                "exporter-otlp-traces-protocol=http/json",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL takes http/protobuf",
            ),
            ("traces-sampler=jaeger_remote", "OTEL_TRACES_SAMPLER takes always_on"),
            ("traces-sampler-arg=2", "OTEL_TRACES_SAMPLER_ARG takes a share"),
            ("exporter-otlp-headers=secret", "OTEL_EXPORTER_OTLP_HEADERS takes name=value"),
            ("resource-attributes=a", "OTEL_RESOURCE_ATTRIBUTES takes name=value"),
        ] {
            let error = export(&["traces-exporter=otlp", argument]).unwrap_err();
            assert!(error.starts_with(name) && !error.contains("secret"), "{error}");
        }
        assert!(export(&["traces-exporter=zipkin"]).unwrap_err().contains("otlp or none"));
    }

    #[test]
    fn samplers_propagators_and_attributes_are_those_of_the_specification() {
        let with =
            |arguments: &[&str]| export(&[&["traces-exporter=otlp"], arguments].concat()).unwrap().unwrap();
        let sampler = |arguments| format!("{:?}", with(arguments).sampler);
        assert_eq!(sampler(&[]), "ParentBased(AlwaysOn)");
        assert_eq!(sampler(&["traces-sampler=always_off"]), "AlwaysOff");
        let share = ["traces-sampler=parentbased_traceidratio", "traces-sampler-arg=0.25"];
        assert_eq!(sampler(&share), "ParentBased(TraceIdRatioBased(0.25))");
        assert!(with(&[]).propagates && with(&["propagators=b3, tracecontext"]).propagates);
        assert!(!with(&["propagators=none"]).propagates);
        let resource = with(&["resource-attributes=a=1,b=x%2Cy", "service-name=imports"]).target.resource;
        let expected = [("a", "1"), ("b", "x,y"), ("service.name", "imports")];
        assert_eq!(resource, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let headers = with(&["exporter-otlp-headers=authorization=Bearer%20abc"]).target.headers;
        assert_eq!(headers, [("authorization".to_owned(), "Bearer abc".to_owned())]);
    }
    #[test]
    fn gzip_is_chosen_for_all_signals_or_for_traces() {
        let compresses = |arguments: &[&str]| {
            export(&[&["traces-exporter=otlp"], arguments].concat()).unwrap().unwrap().target.compresses
        };
        assert!(!compresses(&[]) && !compresses(&["exporter-otlp-compression=zstd"]));
        assert!(compresses(&["exporter-otlp-compression=gzip"]));
        assert!(compresses(&["exporter-otlp-traces-compression=GZIP"]));
        assert!(!compresses(&["exporter-otlp-compression=gzip", "exporter-otlp-traces-compression=none"]));
    }
}
