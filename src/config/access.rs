//! Settings for the lifetime of access, and for the origin of requests.

use std::time::Duration;

use ipnet::IpNet;

use super::values::whole;
use super::{SettingsError, UNSET};

/// Default lifetime of an API token in days.
const DEFAULT_TOKEN_DAYS: u64 = 90;
/// Upper limit for the lifetime of a token.
const MAX_TOKEN_DAYS: u64 = 365;
const DEFAULT_HEADER: &str = "X-Forwarded-For";

/// Lifetimes of API tokens and sessions, and the proxies that are trusted to name a client's address.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "HTTP server")]
pub(crate) struct AccessSettings {
    /// Default lifetime of an API token in days [default: 90, or API_TOKEN_MAX_DAYS if that is less]
    #[arg(long, env = "API_TOKEN_DAYS", hide_env_values = true, global = true, value_name = "DAYS",
        value_parser = |text: &str| whole(text, "API_TOKEN_DAYS", 1..=MAX_TOKEN_DAYS, UNSET))]
    api_token_days: Option<u64>,

    /// Maximum lifetime of an API token in days, 1 to 365
    #[arg(long, env = "API_TOKEN_MAX_DAYS", hide_env_values = true, global = true, value_name = "DAYS",
        default_value = "365",
        value_parser = |text: &str| whole(text, "API_TOKEN_MAX_DAYS", 1..=MAX_TOKEN_DAYS, MAX_TOKEN_DAYS))]
    api_token_max_days: u64,

    /// Minutes of inactivity after which a browser has to sign in again, 5 to 720; every session ends after 12 hours
    #[arg(long, env = "SESSION_IDLE_MINUTES", hide_env_values = true, global = true, value_name = "MINUTES",
        default_value = "60",
        value_parser = |text: &str| whole(text, "SESSION_IDLE_MINUTES", 5..=720, 60))]
    session_idle_minutes: u64,

    /// Addresses or networks of reverse proxies, separated by commas, such as 10.0.0.0/8; FORWARDED_HEADER of their
    /// requests names the client [default: none]
    #[arg(long, env = "TRUSTED_PROXIES", hide_env_values = true, global = true, value_name = "NETWORKS",
        value_parser = |text: &str| networks(text, "TRUSTED_PROXIES"))]
    trusted_proxies: Option<Networks>,

    /// Header in which trusted proxies name the client: Forwarded (RFC 7239), or one with a list of addresses to
    /// which each proxy appends
    #[arg(long, env = "FORWARDED_HEADER", hide_env_values = true, global = true, value_name = "NAME",
        default_value = DEFAULT_HEADER, value_parser = header_name)]
    pub forwarded_header: axum::http::HeaderName,
}

/// A list of networks.
#[derive(Debug, Clone)]
pub(super) struct Networks(Vec<IpNet>);

impl Networks {
    /// Returns the networks.
    pub(super) fn as_slice(&self) -> &[IpNet] {
        &self.0
    }
}

impl AccessSettings {
    /// Returns the default and the maximum lifetime of an API token in days. Fails if the default exceeds the
    /// maximum.
    pub(crate) fn token_days(&self) -> Result<(u32, u32), SettingsError> {
        let max = self.api_token_max_days;
        let default = match self.api_token_days.filter(|days| *days != UNSET) {
            Some(days) if days > max => {
                let words = format!("API_TOKEN_DAYS {days} is more than API_TOKEN_MAX_DAYS {max}");
                return Err(SettingsError::Together(words));
            }
            Some(days) => days,
            None => DEFAULT_TOKEN_DAYS.min(max),
        };
        // Both are at most MAX_TOKEN_DAYS.
        Ok((default as u32, max as u32))
    }

    /// Returns how long a browser session lasts without a request.
    pub(crate) fn session_idle(&self) -> Duration {
        Duration::from_secs(60 * self.session_idle_minutes)
    }

    /// Returns the networks of trusted proxies.
    pub(crate) fn trusted_proxies(&self) -> &[IpNet] {
        self.trusted_proxies.as_ref().map_or(&[], Networks::as_slice)
    }
}

/// Parses addresses and networks, separated by commas, of the setting `name`.
pub(super) fn networks(text: &str, name: &str) -> Result<Networks, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let network = |part: &str| {
        let address = || part.parse().map(|address: std::net::IpAddr| IpNet::from(address));
        part.parse().or_else(|_| address()).map_err(|_| {
            format!("{name} takes addresses and networks such as 10.0.0.0/8 or ::1, and {part} is none")
        })
    };
    parts.map(network).collect::<Result<_, _>>().map(Networks)
}

fn header_name(text: &str) -> Result<axum::http::HeaderName, String> {
    let name = match text.trim() {
        "" => DEFAULT_HEADER,
        name => name,
    };
    name.parse()
        .map_err(|_| format!("FORWARDED_HEADER takes a header's name such as {DEFAULT_HEADER} or Forwarded"))
}
