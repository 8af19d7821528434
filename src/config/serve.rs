//! Settings of the HTTP server and its users.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use url::{Host, Url};

use super::access::AccessSettings;
use super::secret::{self, Secret};
use super::values::{boolean, whole};
use super::{LimitSettings, SettingsError, given};

/// The settings of `serve`. All settings of OpenID Connect require `OIDC_ISSUER`.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "HTTP server")]
pub(crate) struct ServeSettings {
    /// Address and port of `serve`; without OIDC_ISSUER and LOCAL_USER it must be a loopback address
    #[arg(long, env = "LISTEN_ADDRESS", hide_env_values = true, global = true, value_name = "ADDRESS",
        default_value = DEFAULT_ADDRESS, value_parser = address)]
    pub listen_address: SocketAddr,

    /// URL of the server for browsers, such as https://contacts.example.com [default: LISTEN_ADDRESS]
    #[arg(long, env = "PUBLIC_URL", hide_env_values = true, global = true, value_name = "URL", value_parser = public_url)]
    public_url: Option<String>,

    /// Whether to serve the local user at an address that other machines may reach, true or false. Only for a first look from a
    /// container whose port is published on 127.0.0.1: whoever has the token of `serve` is that user, and nothing is encrypted
    #[arg(long, env = "LOCAL_USER", hide_env_values = true, global = true, value_name = "BOOL",
        default_value = "false", action = clap::ArgAction::Set,
        value_parser = |text: &str| boolean(text, "LOCAL_USER", false))]
    pub local_user: bool,

    /// Issuer URL of the OpenID Connect provider [default: none: one local user, on a loopback address]
    #[arg(long, env = "OIDC_ISSUER", hide_env_values = true, global = true, value_name = "URL", value_parser = issuer)]
    oidc_issuer: Option<String>,

    /// Accepted audiences of access tokens, separated by commas; with Cognito, the client id
    /// [default: OIDC_CLIENT_ID]
    #[arg(long, env = "OIDC_AUDIENCE", hide_env_values = true, global = true, value_name = "NAMES")]
    oidc_audience: Option<String>,

    /// Whether to accept ID tokens in place of access tokens, true or false. Every web application with the same
    /// audience receives ID tokens, so leave it false unless clients have no access tokens
    #[arg(long, env = "OIDC_ACCEPT_ID_TOKENS", hide_env_values = true, global = true, value_name = "BOOL",
        default_value = "false", action = clap::ArgAction::Set,
        value_parser = |text: &str| boolean(text, "OIDC_ACCEPT_ID_TOKENS", false))]
    oidc_accept_id_tokens: bool,

    /// Client id for signing people in [default: none: tokens only]
    #[arg(long, env = "OIDC_CLIENT_ID", hide_env_values = true, global = true, value_name = "ID")]
    oidc_client_id: Option<String>,

    /// The content of OIDC_CLIENT_SECRET_FILE; as a flag it is refused (`refuse_secret_flags`).
    #[arg(long, env = "OIDC_CLIENT_SECRET", hide = true, hide_env_values = true, global = true, value_name = "SECRET", value_parser = secret::value)]
    oidc_client_secret: Option<Secret>,

    /// File that contains the client's secret. The environment may contain the secret itself, as
    /// OIDC_CLIENT_SECRET [default: none: a public client]
    #[arg(long, env = "OIDC_CLIENT_SECRET_FILE", hide_env_values = true, global = true, value_name = "FILE")]
    oidc_client_secret_file: Option<String>,

    /// Scopes to request at sign-in
    #[arg(long, env = "OIDC_SCOPES", hide_env_values = true, global = true, value_name = "SCOPES",
        default_value = DEFAULT_SCOPES)]
    oidc_scopes: String,

    /// Claims that contain a user's roles or groups, separated by commas: a name, or a path with dots such as
    /// realm_access.roles
    #[arg(long, env = "OIDC_ROLES_CLAIM", hide_env_values = true, global = true, value_name = "CLAIMS",
        default_value = DEFAULT_ROLES_CLAIM)]
    oidc_roles_claim: String,

    /// Roles or groups whose members may upload and reprocess, separated by commas
    #[arg(long, env = "OIDC_UPLOADER_GROUPS", hide_env_values = true, global = true, value_name = "NAMES",
        default_value = DEFAULT_UPLOADERS)]
    oidc_uploader_groups: String,

    /// Roles or groups whose members may resolve, edit and delete, separated by commas
    #[arg(long, env = "OIDC_EDITOR_GROUPS", hide_env_values = true, global = true, value_name = "NAMES",
        default_value = DEFAULT_EDITORS)]
    oidc_editor_groups: String,

    /// Roles or groups whose members may pause workers and handle dead letters, of all users; separated by commas
    #[arg(long, env = "OIDC_OPERATOR_GROUPS", hide_env_values = true, global = true, value_name = "NAMES",
        default_value = DEFAULT_OPERATORS)]
    oidc_operator_groups: String,

    /// Maximum size of an uploaded file in megabytes, 1 to 1048576
    #[arg(long, env = "UPLOAD_LIMIT_MB", hide_env_values = true, global = true, value_name = "MB",
        default_value = "1024",
        value_parser = |text: &str| whole(text, "UPLOAD_LIMIT_MB", 1..=1_048_576, 1024))]
    upload_limit_mb: u64,

    /// Sustained requests per second of each user, 1 to 100000
    #[arg(long, env = "RATE_LIMIT_PER_SECOND", hide_env_values = true, global = true, value_name = "N",
        default_value = "50",
        value_parser = |text: &str| whole(text, "RATE_LIMIT_PER_SECOND", 1..=100_000, 50).map(|n| n as u32))]
    pub rate_limit_per_second: u32,

    /// Time limit of a request in seconds, 1 to 3600; does not apply to uploads, downloads and event streams
    #[arg(long, env = "REQUEST_TIMEOUT_SECONDS", hide_env_values = true, global = true, value_name = "SECONDS",
        default_value = "30",
        value_parser = |text: &str| whole(text, "REQUEST_TIMEOUT_SECONDS", 1..=3_600, 30))]
    request_timeout_seconds: u64,

    /// Limits on what clients may use at a time.
    #[command(flatten)]
    pub limits: LimitSettings,

    /// The lifetime of access, and the origin of requests.
    #[command(flatten)]
    pub access: AccessSettings,
}

const DEFAULT_ADDRESS: &str = "127.0.0.1:8080";
const DEFAULT_SCOPES: &str = "openid profile email";
const DEFAULT_ROLES_CLAIM: &str = "roles,cognito:groups";
const DEFAULT_UPLOADERS: &str = "uploader";
const DEFAULT_EDITORS: &str = "editor";
const DEFAULT_OPERATORS: &str = "operator";

/// Settings of the OpenID Connect provider: whom to accept, and in which roles.
#[derive(Clone)]
pub(crate) struct OidcSettings {
    /// The issuer's URL, as configured.
    pub issuer: String,
    /// Accepted audiences; a token must name one of them. Never empty.
    pub audiences: Vec<String>,
    /// Whether ID tokens are accepted where access tokens are.
    pub accepts_id_tokens: bool,
    /// The client for signing people in, and its secret.
    pub client: Option<(String, Option<String>)>,
    /// Scopes to request.
    pub scopes: Vec<String>,
    /// Claims that contain roles.
    pub roles_claims: Vec<String>,
    /// Groups that grant the uploader role.
    pub uploader_groups: Vec<String>,
    /// Groups that grant the editor role.
    pub editor_groups: Vec<String>,
    /// Groups that grant the operator role.
    pub operator_groups: Vec<String>,
}

impl fmt::Debug for OidcSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcSettings").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl ServeSettings {
    /// Returns the URL at which browsers reach the server, if set: scheme, host and port.
    pub(crate) fn public_url(&self) -> Option<&str> {
        given(&self.public_url)
    }

    /// Returns the maximum size of an uploaded file in bytes.
    pub(crate) fn upload_limit_bytes(&self) -> u64 {
        self.upload_limit_mb << 20
    }

    /// Returns the time limit of a request.
    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds)
    }

    /// Returns the provider, or `None` if none is configured. Fails if its settings contradict each other.
    pub(crate) fn oidc(&self) -> Result<Option<OidcSettings>, SettingsError> {
        let client_id = given(&self.oidc_client_id);
        let mut audiences = names(self.oidc_audience.as_deref().unwrap_or_default(), "");
        let Some(issuer) = given(&self.oidc_issuer) else {
            // Without the issuer only the local user would be admitted, which nobody wants who has set these.
            return match client_id.is_some() || !audiences.is_empty() {
                true => {
                    Err(together("OIDC_AUDIENCE and OIDC_CLIENT_ID need OIDC_ISSUER, the provider's URL"))
                }
                false => Ok(None),
            };
        };
        if self.local_user {
            return Err(together("LOCAL_USER and OIDC_ISSUER exclude each other: leave one of them out"));
        }
        if audiences.is_empty() {
            audiences.extend(client_id.map(str::to_owned));
        }
        if audiences.is_empty() {
            return Err(together(
                "OIDC_ISSUER needs OIDC_AUDIENCE or OIDC_CLIENT_ID: for whom its tokens are",
            ));
        }
        let client_secret =
            secret::resolve("OIDC_CLIENT_SECRET", &self.oidc_client_secret, &self.oidc_client_secret_file)?;
        let scopes = self.oidc_scopes.split_whitespace().map(str::to_owned);
        let mut scopes: Vec<String> = scopes.collect();
        if scopes.is_empty() {
            scopes = DEFAULT_SCOPES.split(' ').map(str::to_owned).collect();
        }
        Ok(Some(OidcSettings {
            issuer: issuer.to_owned(),
            audiences,
            accepts_id_tokens: self.oidc_accept_id_tokens,
            client: client_id.map(|id| (id.to_owned(), client_secret)),
            scopes,
            roles_claims: names(&self.oidc_roles_claim, DEFAULT_ROLES_CLAIM),
            uploader_groups: names(&self.oidc_uploader_groups, DEFAULT_UPLOADERS),
            editor_groups: names(&self.oidc_editor_groups, DEFAULT_EDITORS),
            operator_groups: names(&self.oidc_operator_groups, DEFAULT_OPERATORS),
        }))
    }
}

fn together(words: &str) -> SettingsError {
    SettingsError::Together(words.to_owned())
}

fn names(text: &str, when_empty: &str) -> Vec<String> {
    let split = |text: &str| -> Vec<String> {
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    match split(text) {
        none if none.is_empty() => split(when_empty),
        names => names,
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let text = match text.trim() {
        "" => DEFAULT_ADDRESS,
        text => text,
    };
    text.parse().map_err(|_| {
        "LISTEN_ADDRESS takes an address and a port such as 127.0.0.1:8080 or [::]:8080".to_owned()
    })
}

fn public_url(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
    });
    let origin = url.map(|url| url.origin().ascii_serialization());
    origin.ok_or_else(|| {
        "PUBLIC_URL takes http:// or https://, a host and where needed a port, without a path".to_owned()
    })
}

fn issuer(text: &str) -> Result<String, String> {
    let text = text.trim();
    let accepted = text.is_empty()
        || Url::parse(text).is_ok_and(|url| {
            url.query().is_none() && (url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url))
        });
    match accepted {
        true => Ok(text.to_owned()),
        false => {
            Err("OIDC_ISSUER takes the provider's URL, https://… (http:// on a loopback address)".to_owned())
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
