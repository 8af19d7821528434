//! Authentication and roles as extractors: `Reader(principal): Reader` as a handler's first argument admits
//! everybody who is authenticated, `Uploader` and `Editor` those with the role, `Person` no machines.
//!
//! Credentials are read in this order: a bearer token, which is an API token, the provider's, or, without a
//! provider, that of the local user; else the cookie of a signed-in browser. Each request counts against the limit
//! of its user.

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT, AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum_extra::extract::CookieJar;

use super::client::Client;
use super::guard;
use super::limits::{Bad, Credentials, Permits};
use super::problem::{Kind, Problem};
use super::state::{Access, App};
use crate::auth::oidc::{self, Provider};
use crate::auth::{LocalUser, Means, Principal, Role, Secret};
use crate::domain::job::Owner;
use crate::domain::refusal::Refusal;
use crate::store::{StoreError, api_tokens, provider_roles, sign_ins};

/// Anybody authenticated.
#[derive(Debug, Clone)]
pub(crate) struct Reader(pub Principal);

/// Anybody who may upload files and request another run.
#[derive(Debug, Clone)]
pub(crate) struct Uploader(pub Principal);

/// Anybody who may resolve issues, edit rows and delete.
#[derive(Debug, Clone)]
pub(crate) struct Editor(pub Principal);

/// Anybody who may operate what all owners share.
#[derive(Debug, Clone)]
pub(crate) struct Operator(pub Principal);

/// Anybody authenticated except machines with an API token.
#[derive(Debug, Clone)]
pub(crate) struct Person(pub Principal);

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        principal(parts, app).await.map(Reader)
    }
}

impl FromRequestParts<App> for Uploader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        with_role(principal(parts, app).await?, Role::Uploader).map(Uploader)
    }
}

impl FromRequestParts<App> for Editor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        with_role(principal(parts, app).await?, Role::Editor).map(Editor)
    }
}

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        with_role(principal(parts, app).await?, Role::Operator).map(Operator)
    }
}

impl FromRequestParts<App> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let principal = principal(parts, app).await?;
        match principal.means {
            Means::ApiToken(_) => Err(Problem::because(Kind::Forbidden, Refusal::NeedsPerson)),
            Means::Local | Means::Bearer | Means::Session { .. } => Ok(Person(principal)),
        }
    }
}

fn with_role(principal: Principal, role: Role) -> Result<Principal, Problem> {
    match principal.roles.has(role) {
        true => Ok(principal),
        false => Err(Problem::because(Kind::Forbidden, Refusal::NeedsRole { role })),
    }
}

/// Authenticates the sender of a request and counts the request.
async fn principal(parts: &Parts, app: &App) -> Result<Principal, Problem> {
    let client = client_of(parts, app);
    let credentials = Credentials::of(&parts.headers, session_cookie(app));
    let before = credentials.and_then(|credentials| app.senders.get(&credentials));
    if let Some(before) = &before {
        count(parts, app, &client, before)?;
    }
    let turn = match &credentials {
        Some(credentials) => Some(app.senders.turn(credentials).await),
        None => None,
    };
    let known = known(parts, app, &client).await;
    drop(turn);
    if let (Err(_), Some(credentials)) = (&known, &credentials) {
        app.senders.forget(credentials);
    }
    let principal = known?;
    if before.is_none_or(|before| before.owner != principal.owner) {
        count(parts, app, &client, &principal)?;
    }
    client.is_known_as(&principal);
    if let Some(credentials) = credentials {
        app.senders.note(credentials, &principal);
    }
    Ok(principal)
}

/// Counts a request against the limits of its sender.
fn count(parts: &Parts, app: &App, client: &Client, principal: &Principal) -> Result<(), Problem> {
    let permits = parts.extensions.get::<Permits>();
    let counted = app.rate_limit.check(&principal.owner.0).and_then(|()| match permits {
        Some(permits) => permits.enter(&principal.owner),
        None => Ok(()),
    });
    if counted.is_err() {
        client.is_known_as(principal);
    }
    counted
}

fn client_of(parts: &Parts, app: &App) -> Client {
    // The layer that logs refusals adds it to every request.
    let client = parts.extensions.get::<Client>().cloned();
    client.unwrap_or_else(|| Client::new(&app.proxies, &parts.extensions, &parts.headers))
}

/// What admitted a sender, to check it again while the response is streamed. Must follow the argument that admits
/// them.
#[derive(Debug)]
pub(crate) struct Standing {
    parts: Parts,
    owner: Owner,
}

impl FromRequestParts<App> for Standing {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let owner = parts.extensions.get::<Permits>().and_then(Permits::owner).ok_or_else(unauthenticated)?;
        let mut parts = parts.clone();
        // The permits belong to the request and end with its response.
        parts.extensions.remove::<Permits>();
        // Checking again is no activity of the user, and must not prolong the session.
        parts.headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        Ok(Standing { parts, owner })
    }
}

impl Standing {
    /// Returns whose data the sender sees.
    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Returns whether the sender would be admitted again, as the same owner.
    pub(crate) async fn holds(&self, app: &App) -> bool {
        let client = client_of(&self.parts, app);
        known(&self.parts, app, &client).await.is_ok_and(|principal| principal.owner == self.owner)
    }
}

/// Returns who sends a request, as far as that is known without the database: for the frame of a page that shows a problem and
/// no data. Not an authentication.
pub(crate) fn presumed(parts: &Parts, app: &App) -> Option<Principal> {
    match &app.access {
        Access::Local(local) => by_local_cookie(parts, local).ok(),
        Access::Oidc(_) => {
            let credentials = Credentials::of(&parts.headers, session_cookie(app))?;
            app.senders.get(&credentials)
        }
    }
}

/// Returns whether a request has the cookie of a session that has not ended.
pub(crate) async fn has_session(app: &App, headers: &HeaderMap) -> Result<bool, Problem> {
    let jar = CookieJar::from_headers(headers);
    let Some(cookie) = jar.get(session_cookie(app)) else { return Ok(false) };
    let hash = Secret::from(cookie.value().to_owned()).hash();
    Ok(sign_ins::find(&app.pool, &hash, app.session_idle, false).await?.is_some())
}

async fn known(parts: &Parts, app: &App, client: &Client) -> Result<Principal, Problem> {
    if let Some(token) = bearer(&parts.headers)? {
        app.bad_tokens.check(client)?;
        let api_token = Secret::is_api_token(token);
        let found = match (api_token, &app.access) {
            (true, _) => by_api_token(app, token).await,
            (false, Access::Oidc(provider)) => by_provider(app, provider, token).await,
            (false, Access::Local(local)) => {
                local.by_token(token).ok_or(Refused::Credentials("the token is not that of this server"))
            }
        };
        return found.map_err(|refused| match refused {
            Refused::Credentials(words) => {
                app.bad_tokens.count(client, Bad::Token);
                client.is_refused(if api_token { "api_token" } else { "bearer" }, words);
                invalid_token(words)
            }
            Refused::Problem(problem) => problem,
        });
    }
    match &app.access {
        Access::Local(local) => by_local_cookie(parts, local),
        Access::Oidc(_) => by_cookie(parts, app, client).await,
    }
}

/// Returns the bearer token of the `Authorization` header, if there is one.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let split = value.to_str().ok().and_then(|text| text.split_once(' '));
    let token =
        split.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    match token.filter(|token| !token.is_empty()) {
        Some(token) => Ok(Some(token)),
        None => Err(invalid_token("Authorization takes Bearer and a token")),
    }
}

/// Why credentials do not authenticate a sender.
enum Refused {
    /// The credentials are invalid.
    Credentials(&'static str),
    /// Another problem occurred, or the sender lacks the permission.
    Problem(Problem),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Refused::Problem(error.into())
    }
}

impl From<oidc::Refusal> for Refused {
    fn from(refusal: oidc::Refusal) -> Self {
        match refusal {
            oidc::Refusal::Token(words) => Refused::Credentials(words),
            refusal @ oidc::Refusal::Provider(_) => Refused::Problem(refusal.into()),
        }
    }
}

async fn by_api_token(app: &App, token: &str) -> Result<Principal, Refused> {
    let hash = Secret::from(token.to_owned()).hash();
    let found = api_tokens::find(&app.pool, &hash).await?;
    let found = found.ok_or(Refused::Credentials("the API token is unknown, expired or revoked"))?;
    let roles = found.roles_now(app.provider().is_some());
    let name = format!("API token {} of {}", found.name, found.owner);
    Ok(Principal { owner: found.owner, name, roles, means: Means::ApiToken(found.id) })
}

async fn by_provider(app: &App, provider: &Provider, token: &str) -> Result<Principal, Refused> {
    let identity = provider.bearer(token).await?;
    let (issued_at, principal) = (identity.issued_at, Principal::bearer(identity));
    provider_roles::record(&app.pool, &principal.owner, principal.roles, issued_at).await?;
    Ok(principal)
}

/// Authenticates the local user in a browser that has opened the address with the token.
fn by_local_cookie(parts: &Parts, local: &LocalUser) -> Result<Principal, Problem> {
    let jar = CookieJar::from_headers(&parts.headers);
    let cookie = jar.get(local.cookie_name());
    let known = cookie.and_then(|cookie| local.by_cookie(cookie.value()));
    known.ok_or_else(|| challenged(Problem::because(Kind::Unauthenticated, Refusal::NeedsLocalToken)))
}

async fn by_cookie(parts: &Parts, app: &App, client: &Client) -> Result<Principal, Problem> {
    let jar = CookieJar::from_headers(&parts.headers);
    let Some(cookie) = jar.get(session_cookie(app)) else { return Err(unauthenticated()) };
    app.bad_tokens.check(client)?;
    let hash = Secret::from(cookie.value().to_owned()).hash();
    let Some(session) = sign_ins::find(&app.pool, &hash, app.session_idle, is_activity(parts)).await? else {
        app.bad_tokens.count(client, Bad::Cookie);
        client.is_refused("session", "the session is unknown or has ended");
        return Err(unauthenticated());
    };
    let sign_ins::BrowserSession { owner, name, roles, csrf } = session;
    let csrf = Secret::from(csrf);
    let principal = Principal { owner, name, roles, means: Means::Session { csrf: csrf.clone() } };
    // So that the log of a refusal names the user.
    client.is_known_as(&principal);
    guard::from_own_page(app, &parts.method, &parts.headers, &csrf)?;
    Ok(principal)
}

/// Returns whether a person caused the request. An open page reconnects its event stream automatically.
fn is_activity(parts: &Parts) -> bool {
    let accepts = parts.headers.get(ACCEPT).and_then(|accepts| accepts.to_str().ok());
    !accepts.is_some_and(|kinds| kinds.contains("text/event-stream"))
}

/// Returns the name of the cookie of a signed-in browser. Over HTTPS its prefix keeps others from setting it, and
/// browsers accept it over TLS only.
pub(crate) fn session_cookie(app: &App) -> &'static str {
    match app.is_https() {
        true => "__Host-ingest_session",
        false => "ingest_session",
    }
}

fn unauthenticated() -> Problem {
    challenged(Problem::new(Kind::Unauthenticated))
}

/// Asks for a token (RFC 6750, section 3).
fn challenged(problem: Problem) -> Problem {
    problem.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

/// Returns the problem for an invalid token (RFC 6750, section 3).
fn invalid_token(words: &str) -> Problem {
    let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{words}\"");
    let challenge = HeaderValue::try_from(challenge);
    let challenge = challenge.unwrap_or(HeaderValue::from_static("Bearer error=\"invalid_token\""));
    let problem = Problem::new(Kind::Unauthenticated).detail(words).refusing(Refusal::BadToken);
    problem.header(WWW_AUTHENTICATE, challenge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Roles;

    #[test]
    fn a_sender_without_the_role_learns_which_is_needed() {
        let local = Principal::local(crate::domain::job::Owner("ann".to_owned()));
        let uploader = Principal { roles: Roles::default().with(Role::Uploader), ..local };
        assert!(with_role(uploader.clone(), Role::Uploader).is_ok());
        let problem = with_role(uploader, Role::Editor).unwrap_err();
        assert!(problem.status() == 403 && problem.body().contains("editor"), "{problem:?}");
    }

    #[test]
    fn a_bearer_token_is_read_or_refused_but_never_ignored() {
        let read = |value: Option<&'static str>| {
            let headers = value.map(|value| (AUTHORIZATION, HeaderValue::from_static(value)));
            bearer(&headers.into_iter().collect())
                .map(|token| token.map(str::to_owned))
                .map_err(|p| p.status().as_u16())
        };
        assert_eq!(read(None), Ok(None));
        assert_eq!(read(Some("bearer  abc")), Ok(Some("abc".to_owned())));
        for bad in ["Basic abc", "Bearer", "Bearer ", "abc", ""] {
            assert_eq!(read(Some(bad)), Err(401), "{bad}");
        }
    }
}
