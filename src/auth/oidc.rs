//! An OpenID Connect provider: its discovery document, its keys, and the tokens it signs.
//!
//! The document and the keys are fetched when first needed, when a token names an unknown key, and when they are
//! old. There is a minimum pause between fetches, so that forged tokens cannot make us flood the provider. While
//! the provider is unavailable, the known keys remain in use.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard, RwLock};
use url::Url;

use super::claims::{self, Claims, Identity, RolesBy, TokenKind};
use super::keys::Keys;
use super::secret::Secret;

/// Minimum time between two fetches.
const REFRESH_PAUSE: Duration = Duration::from_secs(10);
/// The age at which keys are fetched again without a reason.
const REFRESH_AFTER: Duration = Duration::from_secs(60 * 60);
/// Maximum time for an answer of the provider.
const PATIENCE: Duration = Duration::from_secs(10);
/// Maximum bytes of an answer.
const LONGEST_ANSWER: usize = 1 << 20;
/// Maximum difference between the clocks of provider and server, in seconds.
const LEEWAY_SECS: u64 = 30;
/// Maximum length of a token; longer ones are refused unread.
const LONGEST_TOKEN: usize = 16 << 10;

/// The trusted provider and how its tokens are checked.
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    /// The issuer's URL.
    pub issuer: String,
    /// Accepted audiences; a token must name one of them.
    pub audiences: Vec<String>,
    /// Whether ID tokens are accepted where access tokens are.
    pub accepts_id_tokens: bool,
    /// The client for signing people in.
    pub client: Option<Client>,
    /// How roles are read from claims.
    pub roles_by: RolesBy,
}

/// The client for signing people in.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// `client_id`.
    pub id: String,
    /// `client_secret`; `None` for a public client.
    pub secret: Option<Secret>,
    /// Scopes to request.
    pub scopes: Vec<String>,
}

/// Why a request to the provider failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// There was no answer, or no usable one.
    #[error("{url}: {reason}")]
    Unusable {
        /// The requested URL.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// A recent request failed; the provider is not asked again so soon.
    #[error("the provider failed to answer a recent request")]
    Pausing,
    /// The provider does not accept the authorization code, or our client.
    #[error("the provider rejected the sign-in: {0}")]
    Refused(String),
}

/// Why a token is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The token is invalid, explained to its holder.
    #[error("{0}")]
    Token(&'static str),
    /// The provider is unavailable.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

/// The parts of the discovery document in use (OpenID Connect Discovery 1.0, section 3).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Document {
    /// The issuer: the `iss` of every token.
    pub issuer: String,
    /// URL of the keys.
    pub jwks_uri: String,
    /// URL at which people sign in.
    pub authorization_endpoint: Option<String>,
    /// URL at which a code is exchanged for tokens.
    pub token_endpoint: Option<String>,
    /// How a client may send its secret there.
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
}

/// What was fetched from the provider.
#[derive(Debug)]
pub(crate) struct Discovered {
    /// The document.
    pub document: Document,
    keys: Keys,
    at: Instant,
}

/// The turn to fetch from the provider, with the time of the last attempt.
type Turn<'p> = MutexGuard<'p, Option<Instant>>;

/// A provider, with what was fetched from it.
#[derive(Debug)]
pub struct Provider {
    trust: Trust,
    pub(super) http: reqwest::Client,
    known: RwLock<Option<Arc<Discovered>>>,
    tried: Mutex<Option<Instant>>,
}

impl Provider {
    /// Creates a provider that is contacted when first needed. Fails if no HTTP client can be created.
    pub(crate) fn new(trust: Trust) -> Result<Provider, reqwest::Error> {
        // A redirect could lead a request with a secret elsewhere; no endpoint of a provider needs one.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .user_agent("data-ingestion-worker")
            .build()?;
        Ok(Provider { trust, http, known: RwLock::new(None), tried: Mutex::new(None) })
    }

    /// Returns the client for signing people in, if there is one.
    pub(crate) fn client(&self) -> Option<&Client> {
        self.trust.client.as_ref()
    }

    /// Returns whose access token this is.
    pub(crate) async fn bearer(&self, token: &str) -> Result<Identity, Refusal> {
        let (claims, typed) = self.verified(token).await?;
        match claims::kind(typed, &claims) {
            TokenKind::Access => {}
            TokenKind::Id if self.trust.accepts_id_tokens => {}
            TokenKind::Id => {
                return Err(Refusal::Token("the token is no access token; send one instead of an ID token"));
            }
            TokenKind::Other => return Err(Refusal::Token("the token is of another kind")),
        }
        if !claims::is_for(&claims, &self.trust.audiences) {
            return Err(Refusal::Token("the token is not for this service"));
        }
        self.identity(&claims)
    }

    /// Returns who signed in, according to the ID token that answers the request with this nonce.
    pub(crate) async fn id_token(
        &self,
        token: &str,
        client: &Client,
        nonce: &str,
    ) -> Result<Identity, Refusal> {
        let (claims, _) = self.verified(token).await?;
        if !claims::answers(&claims, &client.id, nonce) {
            return Err(Refusal::Token("the ID token does not answer this sign-in"));
        }
        self.identity(&claims)
    }

    fn identity(&self, claims: &Claims) -> Result<Identity, Refusal> {
        claims::identity(claims, &self.trust.roles_by)
            .ok_or(Refusal::Token("the token has no usable subject"))
    }

    /// Returns the claims of a token with a valid signature, issuer and times, and whether its header marks it as
    /// an access token.
    async fn verified(&self, token: &str) -> Result<(Claims, bool), Refusal> {
        if token.len() > LONGEST_TOKEN {
            return Err(Refusal::Token("the token is too long"));
        }
        // Fails for `none` and for unknown algorithms.
        let header = decode_header(token).map_err(|_| Refusal::Token("the token is no signed JWT"))?;
        // We support no extensions, and critical ones must be understood (RFC 7515, 4.1.11).
        if header.crit.is_some() {
            return Err(Refusal::Token("the token depends on an extension (crit) that is not supported"));
        }
        // Another kind of token from the same provider, such as a logout token, must not pass for an access token
        // (RFC 8725, 3.11).
        let kind = header.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
        if !["jwt", "at+jwt", "application/at+jwt"].contains(&kind.as_str()) {
            return Err(Refusal::Token("the token is of another kind"));
        }
        let known = self.discovered().await?;
        let checked = match check(&known, token, &header) {
            Err(Checked::NoKey) => {
                let fresh = self.newer_than(&known, self.tried.lock().await).await?;
                check(&fresh, token, &header)
            }
            checked => checked,
        };
        let claims = checked.map_err(|checked| Refusal::Token(checked.words()))?;
        Ok((claims, kind != "jwt"))
    }

    /// Returns what is known of the provider. Fetches it if nothing is known yet or if it is old.
    pub(crate) async fn discovered(&self) -> Result<Arc<Discovered>, ProviderError> {
        let known = self.known.read().await.clone();
        match known {
            Some(known) if known.at.elapsed() < REFRESH_AFTER => Ok(known),
            // Old keys still work: only one request waits for newer ones.
            Some(known) => match self.tried.try_lock() {
                Ok(turn) => self.newer_than(&known, turn).await,
                Err(_) => Ok(known),
            },
            None => self.refreshed(None, self.tried.lock().await).await,
        }
    }

    /// Fetches again and returns the result; returns `known` if it is too early for a fetch or the provider
    /// is unavailable.
    async fn newer_than(
        &self,
        known: &Arc<Discovered>,
        turn: Turn<'_>,
    ) -> Result<Arc<Discovered>, ProviderError> {
        match self.refreshed(Some(known), turn).await {
            Ok(fresh) => Ok(fresh),
            Err(ProviderError::Pausing) => Ok(known.clone()),
            Err(error) => {
                tracing::warn!(%error, "cannot refresh the provider's keys; keeping the known keys");
                Ok(known.clone())
            }
        }
    }

    /// Fetches from the provider, unless another task has done so since `seen` or tried a moment ago.
    async fn refreshed(
        &self,
        seen: Option<&Arc<Discovered>>,
        mut turn: Turn<'_>,
    ) -> Result<Arc<Discovered>, ProviderError> {
        if let Some(known) = self.known.read().await.as_ref()
            && seen.is_none_or(|seen| !Arc::ptr_eq(seen, known))
        {
            return Ok(known.clone());
        }
        if turn.is_some_and(|at| at.elapsed() < REFRESH_PAUSE) {
            return Err(ProviderError::Pausing);
        }
        *turn = Some(Instant::now());
        let fresh = Arc::new(self.fetch().await?);
        *self.known.write().await = Some(fresh.clone());
        Ok(fresh)
    }

    async fn fetch(&self) -> Result<Discovered, ProviderError> {
        let issuer = self.trust.issuer.trim_end_matches('/');
        let url = format!("{issuer}/.well-known/openid-configuration");
        let unusable = |reason: String| ProviderError::Unusable { url: url.clone(), reason };
        let document: Document = serde_json::from_value(self.json(&url).await?)
            .map_err(|error| unusable(format!("not a discovery document: {error}")))?;
        // A slash too many or too few at the end is the usual mistake here.
        if document.issuer.trim_end_matches('/') != issuer {
            return Err(unusable(format!("it speaks for {}, not for {issuer}", document.issuer)));
        }
        let endpoints = [&document.authorization_endpoint, &document.token_endpoint];
        let urls = endpoints.into_iter().flatten().chain([&document.jwks_uri]);
        if let Some(open) = urls.into_iter().find(|endpoint| !is_as_safe(issuer, endpoint)) {
            return Err(unusable(format!("it names {open}, which is not https")));
        }
        let keys = Keys::from_document(&self.json(&document.jwks_uri).await?);
        if keys.is_empty() {
            let (url, reason) = (document.jwks_uri, "no key for signatures is there".to_owned());
            return Err(ProviderError::Unusable { url, reason });
        }
        Ok(Discovered { document, keys, at: Instant::now() })
    }

    async fn json(&self, url: &str) -> Result<Value, ProviderError> {
        let unusable = |reason: String| ProviderError::Unusable { url: url.to_owned(), reason };
        let broken = |error: reqwest::Error| unusable(causes(&error.without_url()));
        let mut answer = self.http.get(url).send().await.map_err(broken)?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(unusable(format!("the answer is {}", answer.status())));
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(broken)? {
            body.extend_from_slice(&part);
            if body.len() > LONGEST_ANSWER {
                return Err(unusable("the answer is too long".to_owned()));
            }
        }
        serde_json::from_slice(&body).map_err(|_| unusable("the answer is no JSON".to_owned()))
    }
}

/// Returns whether sending to `endpoint` is as safe as sending to the issuer.
fn is_as_safe(issuer: &str, endpoint: &str) -> bool {
    let scheme = |url: &str| Url::parse(url).map(|url| url.scheme().to_owned()).unwrap_or_default();
    match scheme(endpoint).as_str() {
        "https" => true,
        "http" => scheme(issuer) == "http",
        _ => false,
    }
}

/// Returns an error with its causes: those of HTTP clients say little on their own.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// What is wrong with a token.
enum Checked {
    /// No known key could have signed it; a new key may exist.
    NoKey,
    /// A known key could have signed it, but this is wrong.
    Bad(&'static str),
}

impl Checked {
    fn words(self) -> &'static str {
        match self {
            Checked::NoKey => "the token is signed with a key that the provider does not have",
            Checked::Bad(words) => words,
        }
    }
}

fn check(known: &Discovered, token: &str, header: &Header) -> Result<Claims, Checked> {
    let mut validation = Validation::new(header.alg);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    validation.set_issuer(&[&known.document.issuer]);
    validation.leeway = LEEWAY_SECS;
    validation.validate_nbf = true;
    // Providers put the audience into different claims; the caller checks it.
    validation.validate_aud = false;
    let mut wrong = Checked::NoKey;
    for key in known.keys.for_header(header) {
        match decode::<Claims>(token, &key.verifier, &validation) {
            Ok(token) => return Ok(token.claims),
            // A token that names no key may have been signed with another one.
            Err(error) if header.kid.is_none() && matches!(error.kind(), ErrorKind::InvalidSignature) => {}
            Err(error) => wrong = Checked::Bad(words(error.kind())),
        }
    }
    Err(wrong)
}

fn words(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => "the token is not valid yet",
        ErrorKind::InvalidIssuer => "the token is of another issuer",
        ErrorKind::InvalidSignature => "the token's signature does not hold",
        ErrorKind::MissingRequiredClaim(_) => "the token lacks exp, iss or sub",
        _ => "the token is not valid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_must_be_as_safe_as_the_issuer() {
        let cases = [
            ("https://a.example", "https://b.example/keys", true),
            ("https://a.example", "http://a.example/keys", false),
            ("http://127.0.0.1:1", "http://127.0.0.1:1/keys", true),
            ("http://127.0.0.1:1", "file:///keys", false),
            ("https://a.example", "nonsense", false),
        ];
        for (issuer, endpoint, expected) in cases {
            assert_eq!(is_as_safe(issuer, endpoint), expected, "{endpoint}");
        }
    }
}
