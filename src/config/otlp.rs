//! The variables of OpenTelemetry that all signals have in common, as its specification has them.
//!
//! They are often set for all programs of a cluster. So a value that this program does not support ends nothing: the signal is not
//! sent, and the log says why.

use percent_encoding::percent_decode_str;

use super::secret::{self, Secret};
use super::{SettingsError, given};

/// The collector, and how this program describes itself.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct OtlpSettings {
    /// URL of an OpenTelemetry collector that receives traces and metrics by OTLP over HTTP at its paths /v1/traces and
    /// /v1/metrics, such as http://localhost:4318 [default: none: nothing is sent]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    otel_exporter_otlp_endpoint: Option<String>,

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

    /// gzip compresses what is sent to the collector; others are ignored [default: none]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_COMPRESSION",
        hide_env_values = true,
        global = true,
        value_name = "COMPRESSION"
    )]
    otel_exporter_otlp_compression: Option<String>,

    /// Name of this program in traces and metrics [default: service.name of OTEL_RESOURCE_ATTRIBUTES, else ingest]
    #[arg(long, env = "OTEL_SERVICE_NAME", hide_env_values = true, global = true, value_name = "NAME")]
    otel_service_name: Option<String>,

    /// Attributes of this program in traces and metrics, name=value, separated by commas, values percent-encoded [default: none]
    #[arg(
        long,
        env = "OTEL_RESOURCE_ATTRIBUTES",
        hide_env_values = true,
        global = true,
        value_name = "ATTRIBUTES"
    )]
    otel_resource_attributes: Option<String>,

    /// true sends nothing, whatever else is set [default: false]
    #[arg(long, env = "OTEL_SDK_DISABLED", hide_env_values = true, global = true, value_name = "BOOLEAN")]
    otel_sdk_disabled: Option<String>,
}

/// Where a signal is sent, and how.
#[derive(Debug, Clone)]
pub(crate) struct OtlpTarget {
    /// The complete URL.
    pub url: String,
    /// The headers of each request. Values may be secret.
    pub headers: Vec<(String, String)>,
    /// Whether requests are compressed by gzip.
    pub compresses: bool,
    /// Attributes of the program.
    pub resource: Vec<(String, String)>,
}

/// A variable, and its value if it is set.
pub(super) struct Variable<'a>(pub(super) &'static str, pub(super) Option<&'a str>);

/// The variables of one signal. They override those of all signals.
pub(super) struct Signal<'a> {
    /// The path of the signal at an endpoint of all signals.
    pub path: &'static str,
    /// Whether the signal is sent.
    pub exporter: Variable<'a>,
    /// The complete URL.
    pub endpoint: Option<&'a str>,
    /// The protocol.
    pub protocol: Variable<'a>,
    /// The compression.
    pub compression: Option<&'a str>,
}

/// Why a signal cannot be sent as configured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoExport {
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

impl OtlpSettings {
    /// Returns where and how a signal is sent; `None` if it is not to be sent. Fails if a value is not supported.
    pub(super) fn target(&self, signal: &Signal<'_>) -> Result<Option<OtlpTarget>, NoExport> {
        if given(&self.otel_sdk_disabled).is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let general = given(&self.otel_exporter_otlp_endpoint).map(|endpoint| signal.at(endpoint));
        let url = signal.endpoint.map(str::to_owned).or(general);
        let Variable(name, exporter) = signal.exporter;
        let is_wanted = match exporter {
            Some("otlp") => true,
            Some("none") => false,
            Some(_) => return Err(unsupported(name, "otlp or none")),
            None => url.is_some(),
        };
        if !is_wanted {
            return Ok(None);
        }
        self.check_protocol(signal)?;
        Ok(Some(OtlpTarget {
            url: url.unwrap_or_else(|| signal.at(LOCAL)),
            headers: self.headers()?,
            compresses: self.compresses(signal),
            resource: self.resource()?,
        }))
    }

    fn check_protocol(&self, signal: &Signal<'_>) -> Result<(), NoExport> {
        const ACCEPTED: &str = "http/protobuf; a collector usually receives it at port 4318, and gRPC, which is not supported, at 4317";
        let general = given(&self.otel_exporter_otlp_protocol);
        let Variable(name, own) = signal.protocol;
        match own.or(general) {
            None | Some("http/protobuf") => Ok(()),
            Some(_) if own.is_some() => Err(unsupported(name, ACCEPTED)),
            Some(_) => Err(unsupported("OTEL_EXPORTER_OTLP_PROTOCOL", ACCEPTED)),
        }
    }

    fn headers(&self) -> Result<Vec<(String, String)>, NoExport> {
        let (value, file) = (&self.otel_exporter_otlp_headers, &self.otel_exporter_otlp_headers_file);
        Ok(headers("OTEL_EXPORTER_OTLP_HEADERS", value, file)?.unwrap_or_default())
    }

    fn compresses(&self, signal: &Signal<'_>) -> bool {
        let general = given(&self.otel_exporter_otlp_compression);
        signal.compression.or(general).is_some_and(|name| name.eq_ignore_ascii_case("gzip"))
    }

    fn resource(&self) -> Result<Vec<(String, String)>, NoExport> {
        let attributes = pairs(given(&self.otel_resource_attributes).unwrap_or_default());
        let mut attributes = attributes.ok_or_else(|| unsupported("OTEL_RESOURCE_ATTRIBUTES", PAIRS))?;
        let name = given(&self.otel_service_name);
        attributes.extend(name.map(|name| ("service.name".to_owned(), name.to_owned())));
        Ok(attributes)
    }
}

impl Signal<'_> {
    fn at(&self, endpoint: &str) -> String {
        format!("{}{}", endpoint.trim_end_matches('/'), self.path)
    }
}

const PAIRS: &str = "name=value, separated by commas, with percent-encoded values";

/// Returns the headers of the variable `name`, or of the file named by `name`_FILE; `None` if neither is set.
pub(super) fn headers(
    name: &'static str,
    value: &Option<Secret>,
    file: &Option<String>,
) -> Result<Option<Vec<(String, String)>>, NoExport> {
    let Some(text) = secret::resolve(name, value, file)? else { return Ok(None) };
    pairs(&text).map(Some).ok_or_else(|| unsupported(name, PAIRS))
}

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

/// Returns the error for a value that is not supported.
pub(super) fn unsupported(name: &'static str, accepted: &'static str) -> NoExport {
    NoExport::Unsupported { name, accepted }
}
