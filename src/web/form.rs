//! Forms and search texts.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::actions;
use crate::auth::Principal;
use crate::domain::refusal::Refusal;
use crate::domain::search::{self, SearchText};
use crate::http::{Kind, Problem, read_whole};
use crate::texts::Text;

/// Maximum size of a form, which suffices for some thousand selected issues.
pub(crate) const FORM_BYTES: usize = 64 << 10;

/// How long one request searches until it finds something. A page that has found nothing by then continues in another
/// request.
pub(crate) const SEARCH_TIME: Duration = Duration::from_secs(1);

/// An extractor for the fields of a form. A field that occurs more than once is a list.
#[derive(Debug)]
pub(crate) struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let body = read_whole(body, FORM_BYTES).await?;
        let request = Request::from_parts(parts, Body::from(body));
        let form = axum_extra::extract::Form::<T>::from_request(request, state).await;
        let refused = |_| Problem::because(Kind::Malformed, Refusal::BrokenForm);
        form.map(|form| Form(form.0)).map_err(refused)
    }
}

/// Returns the request for an action that a form sends.
pub(crate) fn request(principal: Principal) -> actions::Request {
    actions::Request { owner: principal.owner, actor: principal.name, idempotency: None }
}

/// Returns whether htmx sent the request, to insert a part of a page into the current one.
pub(crate) fn wants_part(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request")
}

/// What a form has just done, in the address of the page that it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Done {
    /// The values were saved.
    Saved,
    /// What was remembered is removed.
    Forgotten,
}

impl Done {
    /// Returns the message about it.
    pub(crate) fn words(self, text: &Text) -> String {
        match self {
            Done::Saved => text.saved(),
            Done::Forgotten => text.forgotten(),
        }
    }
}

/// The query of a page that a form leads to.
#[derive(Debug, Deserialize)]
pub(crate) struct DoneQuery {
    pub(crate) done: Option<Done>,
}

/// The fields of a search of contacts.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct SearchQuery {
    pub(super) text: Option<String>,
    /// Whether accents do not matter: `on` as a checkbox sends it, else absent.
    pub(super) fold_accents: Option<String>,
}

impl SearchQuery {
    /// Returns the search, with its text trimmed and truncated like [`search_text`]; `None` if there is no text.
    pub(crate) fn search(&self) -> Option<SearchText> {
        let text = search_text(&self.text)?;
        Some(SearchText { text, fold_accents: self.fold_accents.is_some() })
    }
}

/// Returns the query of an address that repeats a search, to which more can be added.
pub(crate) fn search_address(
    search: Option<&SearchText>,
) -> url::form_urlencoded::Serializer<'static, String> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(search) = search {
        query.append_pair("text", &search.text);
        if search.fold_accents {
            query.append_pair("fold_accents", "on");
        }
    }
    query
}

/// Returns the trimmed search text, truncated to the maximum length, or `None` if it is empty or contains NUL.
pub(crate) fn search_text(text: &Option<String>) -> Option<String> {
    let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty() && !text.contains('\0'));
    text.map(|text| text.chars().take(search::LONGEST_TEXT).collect())
}
