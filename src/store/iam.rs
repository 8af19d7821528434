//! Sign-in to a database of Amazon RDS or Aurora with tokens of AWS IAM instead of a password.
//!
//! A token is a signed address, valid for 15 minutes ([IAM database authentication]). It is checked only when a connection is
//! opened, so the pools receive a new one often enough for the connections that they open later.
//!
//! [IAM database authentication]: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use url::Url;

/// How long a token is valid, the most that the server accepts.
const VALID: Duration = Duration::from_secs(15 * 60);
/// The wait between two tokens.
const RENEWED_AFTER: Duration = Duration::from_secs(10 * 60);
/// The wait after a failure.
const RETRIED_AFTER: Duration = Duration::from_secs(10);

/// A token cannot be made.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot make a token of AWS IAM for the database: {0}; check the AWS credentials, or unset DATABASE_IAM_AUTH"
)]
pub(crate) struct IamError(String);

impl IamError {
    fn of(error: impl std::error::Error) -> IamError {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        IamError(format!("{error}{cause}"))
    }
}

/// Makes tokens for the user of a database.
#[derive(Debug, Clone)]
pub(crate) struct IamSignIn {
    credentials: SharedCredentialsProvider,
    region: String,
    options: PgConnectOptions,
}

impl IamSignIn {
    /// Creates it for a database in a region. `options` names the user, who needs the role `rds_iam` there.
    pub(crate) fn new(
        credentials: SharedCredentialsProvider,
        region: String,
        options: PgConnectOptions,
    ) -> IamSignIn {
        IamSignIn { credentials, region, options }
    }

    /// Returns how to connect within the next 15 minutes.
    pub(crate) async fn options(&self) -> Result<PgConnectOptions, IamError> {
        let credentials = self.credentials.provide_credentials().await.map_err(IamError::of)?;
        let token = token(&self.options, &self.region, credentials, SystemTime::now())?;
        Ok(self.options.clone().password(&token))
    }

    /// Renews the token of pools until all of them are closed. `pools` differ only in what `options` of [`super::pool`] adds.
    pub(crate) fn keep_fresh(self, pools: Vec<PgPool>) {
        tokio::spawn(async move {
            let mut wait = RENEWED_AFTER;
            loop {
                tokio::time::sleep(wait).await;
                if pools.iter().all(PgPool::is_closed) {
                    return;
                }
                wait = match self.options().await {
                    Ok(options) => {
                        for pool in &pools {
                            pool.set_connect_options(super::named(options.clone()));
                        }
                        RENEWED_AFTER
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the token for the database was not renewed; trying again");
                        RETRIED_AFTER
                    }
                };
            }
        });
    }
}

/// Returns a token: a presigned address without its scheme.
fn token(
    options: &PgConnectOptions,
    region: &str,
    credentials: Credentials,
    now: SystemTime,
) -> Result<String, IamError> {
    let mut address = Url::parse(&format!("https://{}:{}/", options.get_host(), options.get_port()))
        .map_err(IamError::of)?;
    let encoded = |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    // The signature has spaces as %20.
    let user = encoded(options.get_username()).replace('+', "%20");
    address.set_query(Some(&format!("Action=connect&DBUser={user}")));
    let mut settings = SigningSettings::default();
    settings.expires_in = Some(VALID);
    settings.signature_location = SignatureLocation::QueryParams;
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("rds-db")
        .time(now)
        .settings(settings)
        .build()
        .map_err(IamError::of)?
        .into();
    let request = SignableRequest::new("GET", address.as_str(), std::iter::empty(), SignableBody::Bytes(&[]))
        .map_err(IamError::of)?;
    let (instructions, _) = sign(request, &parameters).map_err(IamError::of)?.into_parts();
    let mut query = address.query().unwrap_or_default().to_owned();
    for (name, value) in instructions.params() {
        query.push_str(&format!("&{name}={}", encoded(value)));
    }
    address.set_query(Some(&query));
    Ok(address.as_str().trim_start_matches("https://").to_owned())
}

/// Returns the region in the name of a server of RDS: `name.id.REGION.rds.amazonaws.com`, also in China.
pub(crate) fn region_of(host: &str) -> Option<&str> {
    let front =
        host.strip_suffix(".rds.amazonaws.com").or_else(|| host.strip_suffix(".rds.amazonaws.com.cn"))?;
    front.rsplit('.').next().filter(|region| region.contains('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_that_of_the_aws_command_line() {
        let options = PgConnectOptions::new_without_pgpass()
            .host("db.abc.eu-central-1.rds.amazonaws.com")
            .port(5432)
            .username("app user");
        let credentials = Credentials::new(
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            Some("a+session/token==".to_owned()),
            None,
            "a test",
        );
        // 29 November 2026, 12:00 UTC.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_953_600);
        let made = token(&options, "eu-central-1", credentials, now).unwrap();
        // Made by botocore 1.44.5 at that time, whose parameters have the same order except for the token of the session.
        let expected = "db.abc.eu-central-1.rds.amazonaws.com:5432/?Action=connect&DBUser=app%20user\
            &X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIDEXAMPLE%2F20261129%2Feu-central-1%2Frds-db%2Faws4_request\
            &X-Amz-Date=20261129T120000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
            &X-Amz-Security-Token=a%2Bsession%2Ftoken%3D%3D\
            &X-Amz-Signature=fde47affcc2706283f7a6b8d9e18686a58ad03be56abfce73abda5aec69d6656";
        let parts = |token: &str| {
            let mut parts: Vec<String> = token.split('&').map(str::to_owned).collect();
            parts[2..].sort();
            parts
        };
        assert_eq!(parts(&made), parts(expected));
    }

    #[test]
    fn the_region_is_in_the_name_of_the_server() {
        for (host, expected) in [
            ("db.abc.eu-central-1.rds.amazonaws.com", Some("eu-central-1")),
            ("db.cluster-abc.cn-north-1.rds.amazonaws.com.cn", Some("cn-north-1")),
            ("db.example.com", None),
            ("rds.amazonaws.com", None),
        ] {
            assert_eq!(region_of(host), expected, "{host}");
        }
    }
}
