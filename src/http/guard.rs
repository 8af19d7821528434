//! Protects against requests that another site makes a browser send (CSRF), and against host names of other sites
//! that resolve to this machine (DNS rebinding).
//!
//! A request that changes something and is authenticated by a cookie must come from our own pages: the browser
//! says so (`Sec-Fetch-Site`, else `Origin`), or a script sends the token from `GET /me` (`X-CSRF-Token`).
//! Requests with a bearer token need no such proof: no browser adds such a token automatically.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};

use super::problem::{Kind, Problem};
use super::state::{Access, App};
use crate::auth::Secret;
use crate::domain::refusal::Refusal;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const X_CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

/// For a server with one local user: refuses requests from other machines and from pages of other sites, and signs
/// in the browser that opens the address with the token.
pub(crate) async fn local_only(State(app): State<App>, request: Request, next: Next) -> Response {
    let Access::Local(user) = &app.access else { return next.run(request).await };
    if let Err(problem) = refuse_foreign(&request) {
        return problem.into_response();
    }
    match shown_token(&request) {
        None => next.run(request).await,
        Some((path, token)) if user.by_token(&token).is_some() => {
            let cookie = Cookie::build((user.cookie_name().to_owned(), user.cookie_value().to_owned()));
            let cookie = cookie.path("/").http_only(true).same_site(SameSite::Strict).build();
            (CookieJar::new().add(cookie), Redirect::to(&path)).into_response()
        }
        Some(_) => Problem::because(Kind::Unauthenticated, Refusal::WrongLocalToken).into_response(),
    }
}

/// Fails unless the request was sent on this machine, to a loopback name, and not by a page of another site.
fn refuse_foreign(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let refused = |reason| Err(Problem::because(Kind::Forbidden, reason));
    if let Some(name) = headers.keys().find(|name| is_of_proxy(name)) {
        return refused(Refusal::Proxied { header: name.to_string() });
    }
    // If the request target is in absolute form, its host takes precedence (RFC 9112, 3.2.2).
    let host = request.uri().authority().map(|authority| authority.as_str());
    let host = host.or_else(|| text(headers, header::HOST)).filter(|host| is_loopback(host));
    let Some(host) = host else {
        return refused(Refusal::OtherHost);
    };
    let foreign = text(headers, header::ORIGIN).is_some_and(|origin| origin != format!("http://{host}"));
    match foreign || !is_safe(request.method()) && is_cross_site(headers) {
        true => Err(foreign_page()),
        false => Ok(()),
    }
}

/// Returns whether proxies add the header. A request with it may come from another machine.
fn is_of_proxy(name: &HeaderName) -> bool {
    matches!(name.as_str(), "forwarded" | "via" | "x-real-ip") || name.as_str().starts_with("x-forwarded-")
}

/// Returns the path and the token in the address of the first page or of a page of jobs. The path is one of ours, so that a
/// redirect to it stays here.
fn shown_token(request: &Request) -> Option<(String, String)> {
    let path = request.uri().path();
    let is_page = request.method() == Method::GET && (path == "/" || path.starts_with("/jobs/"));
    let query = request.uri().query().filter(|_| is_page)?;
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    let (_, token) = parameters.find(|(name, _)| name == "token")?;
    Some((path.to_owned(), token.trim().to_owned()))
}

/// Returns a problem unless the request changes nothing or comes from our own pages. A script may prove that by
/// the `csrf` token.
pub(crate) fn from_own_page(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    csrf: &Secret,
) -> Result<(), Problem> {
    let shown = || text(headers, X_CSRF_TOKEN).is_some_and(|token| csrf.is(token));
    match is_safe(method) || is_same_origin(app, headers) || shown() {
        true => Ok(()),
        false => Err(foreign_page()),
    }
}

/// Returns whether the browser reports that one of our own pages sends the request.
pub(crate) fn is_same_origin(app: &App, headers: &HeaderMap) -> bool {
    match text(headers, SEC_FETCH_SITE) {
        Some(site) => site == "same-origin",
        None => text(headers, header::ORIGIN).is_some_and(|origin| origin == app.public_origin),
    }
}

fn foreign_page() -> Problem {
    Problem::because(Kind::Forbidden, Refusal::ForeignPage)
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    text(headers, SEC_FETCH_SITE).is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

/// Returns whether the method changes nothing (RFC 9110, 9.2.1).
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    // A value that is not text counts as foreign.
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// Returns whether a `Host` names this machine, and cannot be made to by another domain's name server.
fn is_loopback(host: &str) -> bool {
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let name = match bracketed {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_are_recognised() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:8080"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "10.0.0.1:80",
            "[::2]:80",
            "::1",
            "[::1",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
