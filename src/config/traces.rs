//! The variables of OpenTelemetry, as its specification has them.
//!
//! They are often set for all programs of a cluster. So a value that this program does not support ends nothing: no traces are
//! sent, and the log says why. The library reads some more from the environment: limits, timeouts and compression.

use opentelemetry_sdk::trace::Sampler;
use percent_encoding::percent_decode_str;

use super::secret::{self, Secret};
use super::{SettingsError, given};

/// Where traces are sent, and which.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct TraceSettings {
    /// URL of an OpenTelemetry collector that receives traces by OTLP over HTTP at its path /v1/traces, such as
    /// http://localhost:4318 [default: none: no traces are sent]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    otel_exporter_otlp_endpoint: Option<String>,

    /// Complete URL that receives traces [default: /v1/traces at OTEL_EXPORTER_OTLP_ENDPOINT]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    otel_exporter_otlp_traces_endpoint: Option<String>,

    /// The content of OTEL_EXPORTER_OTLP_HEADERS_FILE; as a flag it is refused (`refuse_secret_flags`).
    #[arg(long, env = "OTEL_EXPORTER_OTLP_HEADERS", hide = true, hide_env_values = true, global = true,
        value_name = "HEADERS", value_parser = secret::value)]
    otel_exporter_otlp_headers: Option<Secret>,

    /// File that contains headers of requests to the collector, name=value, separated by commas, values percent-encoded. The
    /// environment may contain them itself, as OTEL_EXPORTER_OTLP_HEADERS [default: none]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_HEADERS_FILE",
        hide_env_values = true,
        global = true,
        value_name = "FILE"
    )]
    otel_exporter_otlp_headers_file: Option<String>,

    /// Protocol of the collector: http/protobuf is the only one that is supported [default: http/protobuf]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_PROTOCOL",
        hide_env_values = true,
        global = true,
        value_name = "PROTOCOL"
    )]
    otel_exporter_otlp_protocol: Option<String>,

    /// The same for traces only [default: OTEL_EXPORTER_OTLP_PROTOCOL]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        hide_env_values = true,
        global = true,
        value_name = "PROTOCOL"
    )]
    otel_exporter_otlp_traces_protocol: Option<String>,

    /// otlp sends traces, to http://localhost:4318 if no endpoint is set; none sends none [default: otlp if an endpoint is set]
    #[arg(
        long,
        env = "OTEL_TRACES_EXPORTER",
        hide_env_values = true,
        global = true,
        value_name = "EXPORTER"
    )]
    otel_traces_exporter: Option<String>,

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

    /// Name of this program in traces [default: service.name of OTEL_RESOURCE_ATTRIBUTES, else ingest]
    #[arg(long, env = "OTEL_SERVICE_NAME", hide_env_values = true, global = true, value_name = "NAME")]
    otel_service_name: Option<String>,

    /// Attributes of this program in traces, name=value, separated by commas, values percent-encoded [default: none]
    #[arg(
        long,
        env = "OTEL_RESOURCE_ATTRIBUTES",
        hide_env_values = true,
        global = true,
        value_name = "ATTRIBUTES"
    )]
    otel_resource_attributes: Option<String>,

    /// true sends no traces, whatever else is set [default: false]
    #[arg(long, env = "OTEL_SDK_DISABLED", hide_env_values = true, global = true, value_name = "BOOLEAN")]
    otel_sdk_disabled: Option<String>,
}

/// Where and how traces are sent.
#[derive(Debug, Clone)]
pub(crate) struct TraceExport {
    /// The complete URL.
    pub endpoint: String,
    /// The headers of each request. Values may be secret.
    pub headers: Vec<(String, String)>,
    /// Which traces are sent.
    pub sampler: Sampler,
    /// Whether traces are continued across programs.
    pub propagates: bool,
    /// Attributes of the program.
    pub resource: Vec<(String, String)>,
}

/// Why no traces can be sent as configured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoTraceExport {
    /// A variable has a value that is not supported.
    #[error("{name} takes {accepted}")]
    Unsupported {
        /// The variable.
        name: &'static str,
        /// The values that are supported.
        accepted: &'static str,
    },
    /// The headers cannot be read.
    #[error(transparent)]
    Headers(#[from] SettingsError),
}

/// The endpoint that the specification has for collectors on the same machine.
const LOCAL: &str = "http://localhost:4318";

impl TraceSettings {
    /// Returns where and how traces are sent; `None` if none are to be sent. Fails if a value is not supported.
    pub(crate) fn trace_export(&self) -> Result<Option<TraceExport>, NoTraceExport> {
        if given(&self.otel_sdk_disabled).is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let is_wanted = match given(&self.otel_traces_exporter) {
            Some("otlp") => true,
            Some("none") => false,
            Some(_) => return Err(unsupported("OTEL_TRACES_EXPORTER", "otlp or none")),
            None => self.endpoint().is_some(),
        };
        if !is_wanted {
            return Ok(None);
        }
        self.check_protocol()?;
        Ok(Some(TraceExport {
            endpoint: self.endpoint().unwrap_or_else(|| traces_at(LOCAL)),
            headers: self.headers()?,
            sampler: self.sampler()?,
            propagates: self.propagates(),
            resource: self.resource()?,
        }))
    }

    fn endpoint(&self) -> Option<String> {
        given(&self.otel_exporter_otlp_traces_endpoint)
            .map(str::to_owned)
            .or_else(|| given(&self.otel_exporter_otlp_endpoint).map(traces_at))
    }

    fn check_protocol(&self) -> Result<(), NoTraceExport> {
        const ACCEPTED: &str = "http/protobuf; a collector usually receives it at port 4318, and gRPC, which is not supported, at 4317";
        let (general, traces) =
            (given(&self.otel_exporter_otlp_protocol), given(&self.otel_exporter_otlp_traces_protocol));
        match traces.or(general) {
            None | Some("http/protobuf") => Ok(()),
            Some(_) if traces.is_some() => Err(unsupported("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", ACCEPTED)),
            Some(_) => Err(unsupported("OTEL_EXPORTER_OTLP_PROTOCOL", ACCEPTED)),
        }
    }

    fn headers(&self) -> Result<Vec<(String, String)>, NoTraceExport> {
        const NAME: &str = "OTEL_EXPORTER_OTLP_HEADERS";
        let (value, file) = (&self.otel_exporter_otlp_headers, &self.otel_exporter_otlp_headers_file);
        let headers = secret::resolve(NAME, value, file)?.unwrap_or_default();
        pairs(&headers).ok_or_else(|| unsupported(NAME, PAIRS))
    }

    fn sampler(&self) -> Result<Sampler, NoTraceExport> {
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

    fn resource(&self) -> Result<Vec<(String, String)>, NoTraceExport> {
        let attributes = pairs(given(&self.otel_resource_attributes).unwrap_or_default());
        let mut attributes = attributes.ok_or_else(|| unsupported("OTEL_RESOURCE_ATTRIBUTES", PAIRS))?;
        let name = given(&self.otel_service_name);
        attributes.extend(name.map(|name| ("service.name".to_owned(), name.to_owned())));
        Ok(attributes)
    }
}

fn traces_at(endpoint: &str) -> String {
    format!("{}/v1/traces", endpoint.trim_end_matches('/'))
}

const PAIRS: &str = "name=value, separated by commas, with percent-encoded values";

/// Parses pairs of names and values. Returns `None` if it is something else.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let parsed = pairs.map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        Some((name.trim().to_owned(), value.into_owned()))
    });
    parsed.collect()
}

fn unsupported(name: &'static str, accepted: &'static str) -> NoTraceExport {
    NoTraceExport::Unsupported { name, accepted }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        settings: TraceSettings,
    }

    fn export(arguments: &[&str]) -> Result<Option<TraceExport>, String> {
        let arguments = arguments.iter().map(|argument| format!("--otel-{argument}"));
        let cli = Cli::parse_from(std::iter::once("ingest".to_owned()).chain(arguments));
        cli.settings.trace_export().map_err(|error| error.to_string())
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
            assert_eq!(export.as_ref().map(|export| export.endpoint.as_str()), endpoint, "{arguments:?}");
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
        let resource = with(&["resource-attributes=a=1,b=x%2Cy", "service-name=imports"]).resource;
        let expected = [("a", "1"), ("b", "x,y"), ("service.name", "imports")];
        assert_eq!(resource, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let headers = with(&["exporter-otlp-headers=authorization=Bearer%20abc"]).headers;
        assert_eq!(headers, [("authorization".to_owned(), "Bearer abc".to_owned())]);
    }
}
