//! Problems as pages.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, request};
use axum::response::{IntoResponse, Redirect, Response};

use super::form::wants_part;
use super::shell::{Shell, show};
use crate::http::{App, Problem};

#[derive(Template)]
#[template(path = "problem.html")]
struct Page<'a> {
    shell: Shell,
    status: u16,
    title: &'a str,
    words: Option<&'a str>,
    /// What to do next, in words.
    advice: &'static str,
    /// Whether the token of the local user helps.
    asks_token: bool,
}

#[derive(Template)]
#[template(path = "problem_part.html")]
struct Part<'a> {
    title: &'a str,
    words: Option<&'a str>,
    advice: &'static str,
}

/// Shows a problem: as a page, or as a part of the one that is there. Who is not known is sent to sign in.
pub(crate) fn page(app: &App, asked: &request::Parts, problem: &Problem) -> Response {
    let status = problem.status();
    let part = wants_part(&asked.headers);
    if status == StatusCode::UNAUTHORIZED && may_sign_in(app, asked) {
        return to_sign_in(asked, part);
    }
    let (title, words, advice) = (problem.title(), problem.words(), advice(status));
    let shown = match part {
        true => show(&Part { title, words, advice }),
        false => {
            let asks_token = status == StatusCode::UNAUTHORIZED && app.provider().is_none();
            let shell = Shell::stranger(title);
            show(&Page { shell, status: status.as_u16(), title, words, advice, asks_token })
        }
    };
    let mut shown = shown.unwrap_or_else(|_| problem.title().into_response());
    if part {
        // Beside what was asked for, which stays as it is.
        shown.headers_mut().insert("hx-retarget", HeaderValue::from_static("#notices"));
        shown.headers_mut().insert("hx-reswap", HeaderValue::from_static("innerHTML"));
    }
    *shown.status_mut() = status;
    shown
}

/// Whether it helps to sign in: somebody who comes back from that and is refused must see why.
fn may_sign_in(app: &App, asked: &request::Parts) -> bool {
    let can = app.provider().is_some_and(|provider| provider.client().is_some());
    can && !asked.uri.path().starts_with("/sign-in") && !asked.headers.contains_key("authorization")
}

fn to_sign_in(asked: &request::Parts, part: bool) -> Response {
    // What was to be done is not done by coming back to it; the page of which a part was asked for is.
    let path = match part {
        true => page_of_part(asked),
        false if asked.method.is_safe() => asked.uri.path_and_query().map(ToString::to_string),
        false => None,
    };
    let path = path.unwrap_or_else(|| "/".to_owned());
    let query: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    let to = format!("/sign-in?return_to={query}");
    match part {
        true => match HeaderValue::from_str(&to) {
            Ok(to) => [("hx-redirect", to)].into_response(),
            Err(_) => StatusCode::UNAUTHORIZED.into_response(),
        },
        false => Redirect::to(&to).into_response(),
    }
}

/// The page in which htmx puts what it asks for.
fn page_of_part(asked: &request::Parts) -> Option<String> {
    let page = asked.headers.get("hx-current-url")?.to_str().ok()?;
    let page = url::Url::parse(page).ok()?;
    let query = page.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{}{query}", page.path()))
}

fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "Sign in, and try again.",
        403 => "Ask somebody who may, or have your role changed.",
        404 => "It may have been deleted, or the address is not quite right.",
        409 | 412 => "Look at it again as it is now.",
        413 => "Split the file, or have the limit raised.",
        429 => "Wait a moment, and try again.",
        503 | 504 => "Try again in a moment; nothing was lost.",
        500 => "It is on record; try again, and tell whoever runs this server.",
        _ => "Go back, and try again.",
    }
}
