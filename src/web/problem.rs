//! Problems as pages.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, request};
use axum::response::{IntoResponse, Redirect, Response};

use super::form::wants_part;
use super::language::Viewer;
use super::refusals::{action_error, reason};
use super::remedies::{self, Remedy};
use super::shell::{Section, Shell, show};
use super::words::sentence;
use crate::domain::refusal::Refusal;
use crate::http::{self, App, Problem};
use crate::texts::{Text, refusal_on_page};

#[derive(Template)]
#[template(path = "problem.html")]
struct Page {
    shell: Shell,
    status: u16,
    title: String,
    words: Option<String>,
    /// What to do next.
    advice: String,
    /// Whether to ask for the token of the local user.
    asks_token: bool,
}

#[derive(Template)]
#[template(path = "problem_part.html")]
struct Part {
    title: String,
    words: Option<String>,
    /// What to do next, unless the page itself is the place to go on.
    advice: Option<String>,
    /// Buttons that read a refused file in another way.
    remedies: Vec<Remedy>,
}

/// Shows a problem, as a page or as a part of the current one. Redirects to sign-in if that is required and possible.
pub(crate) fn page(app: &App, request: &request::Parts, problem: &Problem) -> Response {
    let status = problem.status();
    let part = wants_part(&request.headers);
    if status == StatusCode::UNAUTHORIZED && may_sign_in(app, request) {
        return to_sign_in(request, part);
    }
    let viewer = Viewer::of(request);
    let text = &viewer.text;
    let (title, words, advice) = (title(text, status), words(text, problem), advice(text, status));
    let shown = match part {
        true => {
            // Only the script of that page knows what they set.
            let is_preview = request.uri.path() == remedies::PREVIEW;
            let remedies = match reason(problem) {
                Some(Refusal::Rejected(rejection)) if is_preview => remedies::of(text, rejection),
                Some(_) | None => Vec::new(),
            };
            show(&Part { title, words, advice, remedies })
        }
        false => {
            let asks_token = status == StatusCode::UNAUTHORIZED && app.provider().is_none();
            let advice = advice.unwrap_or_else(|| text.advice_back());
            let known = http::presumed(request, app).filter(|_| status != StatusCode::UNAUTHORIZED);
            let shell = match known {
                Some(principal) => Shell::new(viewer, &principal, Section::None, &title),
                None => Shell::anonymous(viewer, &title),
            };
            show(&Page { shell, status: status.as_u16(), title, words, advice, asks_token })
        }
    };
    let mut shown = shown.unwrap_or_else(|_| problem.title().into_response());
    if part {
        // Shown in the notices, so that the target of the request stays unchanged.
        shown.headers_mut().insert("hx-retarget", HeaderValue::from_static("#notices"));
        shown.headers_mut().insert("hx-reswap", HeaderValue::from_static("innerHTML"));
    }
    *shown.status_mut() = status;
    shown
}

/// Returns whether to redirect to sign-in. A failed sign-in must show its reason instead.
fn may_sign_in(app: &App, request: &request::Parts) -> bool {
    let can = app.provider().is_some_and(|provider| provider.client().is_some());
    can && !request.uri.path().starts_with("/sign-in") && !request.headers.contains_key("authorization")
}

fn to_sign_in(request: &request::Parts, part: bool) -> Response {
    // Return to the page of a part; an unsafe request would not be repeated by returning to its path.
    let path = match part {
        true => page_of_part(request),
        false if request.method.is_safe() => request.uri.path_and_query().map(ToString::to_string),
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

/// Returns the path of the page into which htmx inserts the part.
fn page_of_part(request: &request::Parts) -> Option<String> {
    let page = request.headers.get("hx-current-url")?.to_str().ok()?;
    let page = url::Url::parse(page).ok()?;
    let query = page.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{}{query}", page.path()))
}

/// Returns what is wrong in this case, in the viewer's language. The details of some problems are only for users of the API,
/// in English.
pub(super) fn words(text: &Text, problem: &Problem) -> Option<String> {
    let of_action = || problem.action_error().and_then(|error| action_error(text, error));
    let of_refusal = || problem.refusal().map(|refusal| sentence(&refusal_on_page(text, refusal)));
    of_action().or_else(of_refusal).or_else(|| problem.words_for_page().map(sentence))
}

fn title(text: &Text, status: StatusCode) -> String {
    match status.as_u16() {
        400 => text.problem_malformed(),
        401 => text.problem_unauthenticated(),
        403 => text.problem_forbidden(),
        404 => text.problem_not_found(),
        405 => text.problem_method(),
        408 => text.problem_timeout_body(),
        409 | 423 => text.problem_conflict(),
        412 | 428 => text.problem_precondition(),
        413 => text.problem_too_large(),
        415 => text.problem_media_type(),
        422 => text.problem_invalid(),
        429 => text.problem_too_many(),
        503 => text.problem_unavailable(),
        504 => text.problem_timeout(),
        _ => text.problem_internal(),
    }
}

/// Returns what to do next, if that is more than to go back.
fn advice(text: &Text, status: StatusCode) -> Option<String> {
    Some(match status.as_u16() {
        401 => text.advice_sign_in(),
        403 => text.advice_forbidden(),
        404 => text.advice_not_found(),
        409 | 412 => text.advice_changed(),
        413 => text.advice_too_large(),
        429 => text.advice_wait(),
        503 | 504 => text.advice_unavailable(),
        500 => text.advice_internal(),
        _ => return None,
    })
}
