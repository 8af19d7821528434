//! The URL of a database, which may contain a password.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::SettingsError;

/// A valid database URL. `Debug` and `Display` show user, host, port and database.
#[derive(Clone)]
pub(crate) struct DatabaseUrl(PgConnectOptions);

impl DatabaseUrl {
    /// Returns how to connect. The `Debug` of the value is not redacted.
    pub(crate) fn connect_options(&self) -> PgConnectOptions {
        self.0.clone()
    }

    /// Returns how to connect with a token of AWS IAM in place of a password: over a network always encrypted, since whoever
    /// reads a token can use it.
    pub(crate) fn options_for_tokens(&self) -> PgConnectOptions {
        let may_be_clear = match self.0.get_ssl_mode() {
            PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => true,
            PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => false,
        };
        match may_be_clear && !self.is_local() {
            true => self.0.clone().ssl_mode(PgSslMode::Require),
            false => self.0.clone(),
        }
    }

    /// Returns whether the connection stays on this machine.
    fn is_local(&self) -> bool {
        let host = self.0.get_host();
        let address = || host.trim_matches(['[', ']']).parse::<IpAddr>();
        self.0.get_socket().is_some()
            || host.starts_with('/')
            || host.eq_ignore_ascii_case("localhost")
            || address().is_ok_and(|address| address.is_loopback())
    }

    /// Returns the TLS mode if the connection crosses a network and the mode does not verify the server's
    /// identity.
    pub(crate) fn unverified_tls(&self) -> Option<&'static str> {
        let mode = match self.0.get_ssl_mode() {
            PgSslMode::Disable => "disable",
            PgSslMode::Allow => "allow",
            PgSslMode::Prefer => "prefer",
            PgSslMode::Require => "require",
            PgSslMode::VerifyCa => "verify-ca",
            PgSslMode::VerifyFull => return None,
        };
        (!self.is_local()).then_some(mode)
    }
}

impl FromStr for DatabaseUrl {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // SQLAlchemy names its driver in the scheme; the rest of such a URL is PostgreSQL's own.
        let rest = text.split_once("://").filter(|(scheme, _)| {
            let scheme = scheme.split('+').next().unwrap_or_default();
            scheme.eq_ignore_ascii_case("postgresql") || scheme.eq_ignore_ascii_case("postgres")
        });
        let (_, rest) = rest.ok_or(SettingsError::DatabaseUrl)?;
        // Reports an invalid port, TLS mode or escape without its text as well: a password with an unescaped `@`
        // or `:` shifts the parts of the URL.
        let options = PgConnectOptions::from_str(&format!("postgresql://{rest}"));
        options.map(DatabaseUrl).map_err(|_| SettingsError::DatabaseUrl)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.0;
        let place = options.get_socket().map(|path| path.display().to_string());
        let place = place.unwrap_or_else(|| options.get_host().to_owned());
        let database = options.get_database().unwrap_or(options.get_username());
        write!(f, "postgresql://{}:***@{place}:{}/{database}", options.get_username(), options.get_port())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_cross_a_network_only_encrypted() {
        for (url, encrypted) in [
            ("postgresql://app@db.example.com/x", true),
            ("postgresql://app@db.example.com/x?sslmode=disable", true),
            ("postgresql://app@db.example.com/x?sslmode=verify-full", true),
            ("postgresql://app@127.0.0.1/x", false),
        ] {
            let options = url.parse::<DatabaseUrl>().unwrap().options_for_tokens();
            let is_encrypted = matches!(
                options.get_ssl_mode(),
                PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull
            );
            assert_eq!(is_encrypted, encrypted, "{url}");
        }
    }

    #[test]
    fn connections_over_a_network_need_a_verified_server() {
        let cases = [
            ("db.example/app", Some("prefer")),
            ("db.example/app?sslmode=disable", Some("disable")),
            ("db.example/app?sslmode=require", Some("require")),
            ("db.example/app?sslmode=verify-ca", Some("verify-ca")),
            ("db.example/app?sslmode=verify-full", None),
            ("10.0.0.5/app", Some("prefer")),
            ("localhost.example/app", Some("prefer")),
            ("localhost/app", None),
            ("127.0.0.1/app", None),
            ("[::1]:5433/app", None),
            ("%2Frun%2Fpostgresql/app", None),
        ];
        for (rest, expected) in cases {
            let url: DatabaseUrl = format!("postgresql://ann@{rest}").parse().unwrap();
            assert_eq!(url.unverified_tls(), expected, "{rest}");
        }
    }
}
