//! Sign-in: to the provider and back, and a session for the browser that comes back.
//!
//! The state binds the way back to the browser that went (a cookie) and to one attempt (a row that is
//! taken once); the session's cookie holds a secret of which the database has the hash.

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
use crate::http::{App, Client, Kind, Problem, Query, is_same_origin, session_cookie};
use crate::store::provider_roles;
use crate::store::sign_ins::{self, BrowserSession, Pending};

/// Where the provider sends browsers back to.
pub(crate) const CALLBACK: &str = "/sign-in/callback";

/// How long somebody may take at the provider.
const SIGN_IN: Duration = Duration::from_secs(10 * 60);
/// How long a session lasts: a working day. Roles are looked up again when it ends.
const SESSION: Duration = Duration::from_secs(12 * 60 * 60);

/// Where to go afterwards.
#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    return_to: String,
}

/// Sends the browser to the provider.
pub(super) async fn sign_in(
    State(app): State<App>,
    Extension(client): Extension<Client>,
    Query(wish): Query<Wish>,
    jar: CookieJar,
) -> Result<(CookieJar, Redirect), Problem> {
    // Nobody is known yet, and each of these is a row.
    app.rate_limit.check(&format!("sign-in from {}", client.network()))?;
    let return_path = local_path(&wish.return_to);
    let Some((provider, registration)) = provider(&app) else {
        return match app.provider() {
            // The local user is known by a token; whoever lacks it is asked for it there.
            None => Ok((jar, Redirect::to(&return_path))),
            Some(_) => Err(Problem::not_found("nobody can sign in here; set OIDC_CLIENT_ID")),
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

/// What the provider sends back (RFC 6749, 4.1.2; RFC 9207).
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Takes the browser back and gives it a session.
pub(super) async fn callback(
    State(app): State<App>,
    Extension(client): Extension<Client>,
    Query(answer): Query<Answer>,
    jar: CookieJar,
) -> Result<(CookieJar, Redirect), Problem> {
    let signed_in = signed_in(&app, answer, &jar).await;
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
    let jar = jar.add(gone(&app, state_cookie(&app)));
    let jar = jar.add(cookie(&app, session_cookie(&app), secret.expose()));
    Ok((jar, Redirect::to(&return_path)))
}

/// Who comes back from the provider, and where they wanted to go.
async fn signed_in(app: &App, answer: Answer, jar: &CookieJar) -> Result<(Identity, String), Problem> {
    let (provider, registration) =
        provider(app).ok_or_else(|| Problem::not_found("nobody can sign in here"))?;
    let state = Secret::from(answer.state);
    let own = jar.get(state_cookie(app)).is_some_and(|cookie| state.is(cookie.value()));
    let pending = match own {
        true => sign_ins::take(&app.pool, &state.hash()).await?,
        false => None,
    };
    let again = || refused("this sign-in is not one that this browser began just now; go to /sign-in again");
    let pending = pending.ok_or_else(again)?;
    let known = provider.discovered().await.map_err(|error| Problem::unavailable(&error))?;
    if answer.iss.is_some_and(|issuer| issuer != known.document.issuer) {
        return Err(refused("the answer is of another provider"));
    }
    let Some(code) = answer.code else {
        let reason = answer.error.unwrap_or_default();
        tracing::info!(
            reason = reason.chars().take(100).collect::<String>(),
            "the provider refused a sign-in"
        );
        return Err(refused("the provider did not sign you in; go to /sign-in to try again"));
    };
    let Pending { nonce, verifier, return_path } = pending;
    let callback = callback_url(app);
    let identity = oidc_sign_in::finish(provider, registration, &callback, code, verifier, &nonce).await?;
    Ok((identity, return_path))
}

/// Ends the session of the browser. Only our own pages may ask for it.
pub(super) async fn sign_out(
    State(app): State<App>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Result<(CookieJar, Redirect), Problem> {
    if !is_same_origin(&app, &headers) {
        return Err(
            Problem::new(Kind::Forbidden).detail("the request does not come from a page of this server")
        );
    }
    let name = session_cookie(&app);
    if let Some(cookie) = jar.get(name) {
        let owner = sign_ins::close(&app.pool, &Secret::from(cookie.value().to_owned()).hash()).await?;
        if let Some(owner) = owner {
            tracing::info!(%owner, address = %client.address(), "signed out");
        }
    }
    Ok((jar.add(gone(&app, name)), Redirect::to("/signed-out")))
}

/// The provider and our client there, where people can sign in.
fn provider(app: &App) -> Option<(&Provider, &oidc::Client)> {
    let provider = app.provider()?;
    Some((provider, provider.client()?))
}

fn callback_url(app: &App) -> String {
    format!("{}{CALLBACK}", app.public_origin)
}

fn refused(words: &str) -> Problem {
    Problem::new(Kind::Unauthenticated).detail(words)
}

fn state_cookie(app: &App) -> &'static str {
    match app.is_https() {
        true => "__Host-ingest_sign_in",
        false => "ingest_sign_in",
    }
}

/// A cookie that no script sees, and that other sites' requests carry only when somebody follows a link:
/// the way back from the provider is such a one. It goes when the browser is closed.
fn cookie(app: &App, name: &'static str, value: &str) -> Cookie<'static> {
    let cookie = Cookie::build((name, value.to_owned())).path("/").http_only(true);
    cookie.same_site(SameSite::Lax).secure(app.is_https()).build()
}

/// The cookie that takes the other one away.
fn gone(app: &App, name: &'static str) -> Cookie<'static> {
    let mut cookie = cookie(app, name, "");
    cookie.make_removal();
    cookie
}

/// The path, if it is one of this server; else the first page.
pub(super) fn local_path(wish: &str) -> String {
    // Browsers take `//host` and `/\host` for another host, and skip tabs and line ends.
    let local = wish.starts_with('/')
        && !wish.starts_with("//")
        && !wish.contains(['\\'])
        && !wish.contains(char::is_control);
    if local { wish.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_gone_back_to() {
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
