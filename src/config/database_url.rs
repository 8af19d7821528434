//! What must not be shown: a secret, and the URL of a database, which may hold a password.

use std::fmt;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use super::SettingsError;

/// A value that neither `Debug` nor help nor an error shows.
#[derive(Clone)]
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A database URL that is known to be one. `Debug` and `Display` show user, host, port and database.
#[derive(Clone)]
pub struct DatabaseUrl(PgConnectOptions);

impl DatabaseUrl {
    /// How to connect. The value's own `Debug` is not redacted.
    pub fn connect_options(&self) -> PgConnectOptions {
        self.0.clone()
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
        // A port, TLS mode or escape that is wrong is reported without its text as well: a password
        // with an unescaped `@` or `:` shifts the parts of the URL.
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
