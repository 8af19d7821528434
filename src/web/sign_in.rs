//! Sign-in at the OpenID Connect provider, which creates a session for the browser, and sign-out.
//!
//! The state binds the callback to the browser (by a cookie) and to one attempt (by a row that is consumed). The session's
//! cookie contains a secret; the database stores its hash.

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde::Deserialize;

use crate::auth::oidc::{self, Provider};
use crate::auth::{Identity, Secret, sign_in as oidc_sign_in};
use crate::domain::job::Owner;
use crate::domain::refusal::Refusal;
use crate::http::{App, Client, Kind, Problem, Query, is_same_origin, session_cookie};
use crate::store::provider_roles;
use crate::store::sign_ins::{self, BrowserSession, Pending};

/// The path to which the provider redirects browsers.
pub(crate) const CALLBACK: &str = "/sign-in/callback";

/// Time limit for signing in at the provider.
const SIGN_IN: Duration = Duration::from_secs(10 * 60);
/// The lifetime of a session: a working day. A new session has the current roles.
const SESSION: Duration = Duration::from_secs(12 * 60 * 60);

/// The query of a sign-in: the path to return to.
#[derive(Deserialize)]
pub(super) struct SignInQuery {
    #[serde(default)]
    return_to: String,
}

/// Redirects the browser to the provider.
pub(super) async fn sign_in(
    State(app): State<App>,
    Extension(client): Extension<Client>,
    Query(query): Query<SignInQuery>,
    jar: CookieJar,
) -> Result<(CookieJar, Redirect), Problem> {
    // The sender is not authenticated, and each attempt inserts a row.
    app.rate_limit.check(&format!("sign-in from {}", client.network()))?;
    let return_path = local_path(&query.return_to);
    let Some((provider, registration)) = provider(&app) else {
        return match app.provider() {
            // The local user authenticates with a token, for which that page asks.
            None => Ok((jar, Redirect::to(&return_path))),
            Some(_) => Err(Problem::because(Kind::NotFound, Refusal::NoSignIn)),
        };
    };
    let started = oidc_sign_in::start(provider, registration, &callback_url(&app)).await;
    let started = started.map_err(|error| Problem::unavailable(&error))?;
    let pending = Pending {
        nonce: started.nonce.expose().to_owned(),
        verifier: started.verifier.expose().to_owned(),
        return_path,
    };
    sign_ins::begin(&app.pool, &started.state.hash(), &pending, SIGN_IN).await?;
    let cookie = cookie(&app, state_cookie(&app), started.state.expose());
    Ok((jar.add(cookie), Redirect::to(started.url.as_str())))
}

/// The authorization response (RFC 6749, 4.1.2; RFC 9207).
#[derive(Deserialize)]
pub(super) struct CallbackQuery {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Creates a session for a browser that returns from the provider.
pub(super) async fn callback(
    State(app): State<App>,
    Extension(client): Extension<Client>,
    Query(response): Query<CallbackQuery>,
    jar: CookieJar,
) -> Result<(CookieJar, Redirect), Problem> {
    let signed_in = signed_in(&app, response, &jar).await;
    let (identity, return_path) = signed_in.inspect_err(|problem| {
        let reason = problem.words().unwrap_or(problem.title());
        tracing::warn!(address = %client.address(), reason, "sign-in failed");
    })?;
    let Identity { subject, name, roles, issued_at } = identity;
    let (secret, csrf) = (Secret::random(), Secret::random());
    let owner = Owner(subject);
    provider_roles::record(&app.pool, &owner, roles, issued_at).await?;
    let session = BrowserSession { owner, name, roles, csrf: csrf.expose().to_owned() };
    sign_ins::open(&app.pool, &secret.hash(), &session, SESSION).await?;
    let (owner, roles) = (&session.owner, roles.words().join(" "));
    tracing::info!(%owner, roles, address = %client.address(), "signed in");
    let jar = jar.add(removal(&app, state_cookie(&app)));
    let jar = jar.add(cookie(&app, session_cookie(&app), secret.expose()));
    Ok((jar, Redirect::to(&return_path)))
}

/// Validates an authorization response. Returns the identity and the path to return to.
async fn signed_in(
    app: &App,
    response: CallbackQuery,
    jar: &CookieJar,
) -> Result<(Identity, String), Problem> {
    let (provider, registration) =
        provider(app).ok_or_else(|| Problem::because(Kind::NotFound, Refusal::NoSignIn))?;
    let state = Secret::from(response.state);
    let own = jar.get(state_cookie(app)).is_some_and(|cookie| state.is(cookie.value()));
    let pending = match own {
        true => sign_ins::take(&app.pool, &state.hash()).await?,
        false => None,
    };
    let pending = pending.ok_or_else(|| failed(Refusal::SignInExpired))?;
    let discovered = provider.discovered().await.map_err(|error| Problem::unavailable(&error))?;
    if response.iss.is_some_and(|issuer| issuer != discovered.document.issuer) {
        return Err(failed(Refusal::OtherProvider));
    }
    let Some(code) = response.code else {
        let reason = response.error.unwrap_or_default();
        tracing::info!(
            reason = reason.chars().take(100).collect::<String>(),
            "the provider refused a sign-in"
        );
        return Err(failed(Refusal::NotSignedIn));
    };
    let Pending { nonce, verifier, return_path } = pending;
    let callback = callback_url(app);
    let identity = oidc_sign_in::finish(provider, registration, &callback, code, verifier, &nonce).await?;
    Ok((identity, return_path))
}

/// Ends the session of the browser. Accepts requests from this server's pages only.
pub(super) async fn sign_out(
    State(app): State<App>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Result<(CookieJar, Redirect), Problem> {
    if !is_same_origin(&app, &headers) {
        return Err(Problem::because(Kind::Forbidden, Refusal::ForeignPage));
    }
    let name = session_cookie(&app);
    if let Some(cookie) = jar.get(name) {
        let owner = sign_ins::close(&app.pool, &Secret::from(cookie.value().to_owned()).hash()).await?;
        if let Some(owner) = owner {
            tracing::info!(%owner, address = %client.address(), "signed out");
        }
    }
    Ok((jar.add(removal(&app, name)), Redirect::to("/signed-out")))
}

/// Returns the provider and this server's client registration, if sign-in is configured.
fn provider(app: &App) -> Option<(&Provider, &oidc::Client)> {
    let provider = app.provider()?;
    Some((provider, provider.client()?))
}

fn callback_url(app: &App) -> String {
    format!("{}{CALLBACK}", app.public_origin)
}

fn failed(reason: Refusal) -> Problem {
    Problem::because(Kind::Unauthenticated, reason)
}

fn state_cookie(app: &App) -> &'static str {
    match app.is_https() {
        true => "__Host-ingest_sign_in",
        false => "ingest_sign_in",
    }
}

/// Returns a cookie that scripts cannot read and that requests from other sites only carry if they follow a link, like the
/// redirect from the provider. It ends when the browser is closed.
fn cookie(app: &App, name: &'static str, value: &str) -> Cookie<'static> {
    let cookie = Cookie::build((name, value.to_owned())).path("/").http_only(true);
    cookie.same_site(SameSite::Lax).secure(app.is_https()).build()
}

/// Returns the cookie that removes the cookie of this name.
fn removal(app: &App, name: &'static str) -> Cookie<'static> {
    let mut cookie = cookie(app, name, "");
    cookie.make_removal();
    cookie
}

/// Returns the path if it is on this server, otherwise `/`.
pub(super) fn local_path(path: &str) -> String {
    // Browsers interpret `//host` and `/\host` as another host, and ignore tabs and line breaks.
    let is_local = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['\\'])
        && !path.contains(char::is_control);
    if is_local { path.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_on_this_server_are_returned_to() {
        for path in ["/", "/jobs/1?issue=2#row", "/a//b", "/%2F%2Fexample.com"] {
            assert_eq!(local_path(path), path);
        }
        for path in [
            "",
            "jobs",
            "//example.com",
            "/\\example.com",
            "https://example.com",
            "/\t/example.com",
            "javascript:x",
        ] {
            assert_eq!(local_path(path), "/", "{path}");
        }
    }
}
