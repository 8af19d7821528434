//! What forms send, and what is sent back to them.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use serde::de::DeserializeOwned;

use crate::actions;
use crate::auth::Principal;
use crate::domain::search;
use crate::http::{Kind, Problem, read_whole};

/// The most bytes of a form: some thousand selected issues.
pub(crate) const FORM_BYTES: usize = 64 << 10;

/// The fields of a form; one that occurs more than once is a list.
#[derive(Debug)]
pub(crate) struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let body = read_whole(body, FORM_BYTES).await?;
        let request = Request::from_parts(parts, Body::from(body));
        let form = axum_extra::extract::Form::<T>::from_request(request, state).await;
        let refused = |_| Problem::new(Kind::Malformed).detail("the form cannot be read");
        form.map(|form| Form(form.0)).map_err(refused)
    }
}

/// The request of an action, sent by a form.
pub(crate) fn request(principal: Principal) -> actions::Request {
    actions::Request { owner: principal.owner, actor: principal.name, idempotency: None }
}

/// Whether htmx asks, which puts a part of a page into the one that is there.
pub(crate) fn wants_part(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request")
}

/// The trimmed search text, cut to what can be searched for; `None` if it is empty or contains NUL.
pub(crate) fn sought(text: &Option<String>) -> Option<String> {
    let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty() && !text.contains('\0'));
    text.map(|text| text.chars().take(search::LONGEST_TEXT).collect())
}
