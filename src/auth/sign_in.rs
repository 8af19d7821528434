//! Sign-in by authorization code with PKCE (RFC 6749, RFC 7636; OpenID Connect Core 1.0, section 3.1): where to
//! send a browser, and who signed in when it returns.

use std::fmt;

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::claims::Identity;
use super::oidc::{Client, Document, Provider, ProviderError, Refusal, causes};
use super::secret::Secret;

/// A browser on its way to the provider.
#[derive(Debug)]
pub(crate) struct Started {
    /// The URL to send it to.
    pub url: Url,
    /// The state that it must return.
    pub state: Secret,
    /// The nonce that the ID token must repeat.
    pub nonce: Secret,
    /// Proves that whoever redeems the code also requested it.
    pub verifier: Secret,
}

/// Prepares a sign-in that returns to `callback`.
pub(crate) async fn start(
    provider: &Provider,
    client: &Client,
    callback: &str,
) -> Result<Started, ProviderError> {
    let known = provider.discovered().await?;
    let (state, nonce) = (Secret::random(), Secret::random());
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let client_at_provider = at_provider(&known.document, client, callback)?;
    let (url, _) = client_at_provider
        .authorize_url(|| CsrfToken::new(state.expose().to_owned()))
        .add_scopes(client.scopes.iter().cloned().map(Scope::new))
        .add_extra_param("nonce", nonce.expose())
        .set_pkce_challenge(challenge)
        .url();
    Ok(Started { url, state, nonce, verifier: Secret::from(verifier.into_secret()) })
}

/// Redeems the returned code and returns who signed in.
///
/// Roles are those of the ID token and of the access token, if the latter is for this service: Keycloak, for one,
/// puts them into the access token only.
pub(crate) async fn finish(
    provider: &Provider,
    client: &Client,
    callback: &str,
    code: String,
    verifier: String,
    nonce: &str,
) -> Result<Identity, Refusal> {
    let known = provider.discovered().await?;
    let http = |request: HttpRequest| send(provider.http.clone(), request);
    let answer = at_provider(&known.document, client, callback)?
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier))
        .request_async(&http)
        .await
        .map_err(refused)?;
    let id_token = answer.extra_fields().id_token.as_deref();
    let id_token =
        id_token.ok_or(Refusal::Token("the provider gave no ID token: is openid among the scopes?"))?;
    let mut identity = provider.id_token(id_token, client, nonce).await?;
    if let Ok(access) = provider.bearer(answer.access_token().secret()).await
        && access.subject == identity.subject
    {
        identity.roles = identity.roles.iter().chain(access.roles.iter()).collect();
    }
    Ok(identity)
}

/// The one field that OpenID Connect adds to the answer.
#[derive(Clone, Deserialize, Serialize)]
struct IdToken {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdToken {}

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

type AtProvider = oauth2::Client<
    BasicErrorResponse,
    StandardTokenResponse<IdToken, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

fn at_provider(document: &Document, client: &Client, callback: &str) -> Result<AtProvider, ProviderError> {
    let unusable = |what: &'static str| {
        let reason = format!("the discovery document has no usable {what}");
        move || ProviderError::Unusable { url: document.issuer.clone(), reason }
    };
    let authorization = document.authorization_endpoint.clone().and_then(|url| AuthUrl::new(url).ok());
    let token = document.token_endpoint.clone().and_then(|url| TokenUrl::new(url).ok());
    let callback = RedirectUrl::new(callback.to_owned()).ok();
    let mut at_provider = oauth2::Client::new(ClientId::new(client.id.clone()))
        .set_auth_uri(authorization.ok_or_else(unusable("authorization_endpoint"))?)
        .set_token_uri(token.ok_or_else(unusable("token_endpoint"))?)
        .set_redirect_uri(callback.ok_or_else(unusable("way back"))?);
    if let Some(secret) = &client.secret {
        at_provider = at_provider.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
    }
    // If the document does not say, the secret goes into the header (OpenID Connect Discovery 1.0, section 3).
    let methods = &document.token_endpoint_auth_methods_supported;
    let in_body = !methods.is_empty() && !methods.iter().any(|method| method == "client_secret_basic");
    Ok(at_provider.set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth }))
}

#[derive(Debug, thiserror::Error)]
enum HttpError {
    #[error(transparent)]
    Request(#[from] reqwest::Error),
    #[error(transparent)]
    Answer(#[from] oauth2::http::Error),
}

async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let answer = http.execute(request.try_into()?).await?;
    let status = answer.status();
    let kind = answer.headers().get(reqwest::header::CONTENT_TYPE).cloned();
    let body = answer.bytes().await?.to_vec();
    let mut response = oauth2::http::Response::builder().status(status);
    if let Some(kind) = kind {
        response = response.header(reqwest::header::CONTENT_TYPE, kind);
    }
    Ok(response.body(body)?)
}

/// Leaves the body of the answer out of the error, since it may contain tokens.
fn refused(error: RequestTokenError<HttpError, BasicErrorResponse>) -> ProviderError {
    ProviderError::Refused(match error {
        RequestTokenError::ServerResponse(answer) => answer.error().to_string(),
        RequestTokenError::Request(error) => causes(&error),
        RequestTokenError::Parse(..) => "its answer is not one of a token endpoint".to_owned(),
        RequestTokenError::Other(_) => "its answer is empty or of another kind".to_owned(),
    })
}
