//! What handlers have in common: pages, conditions, and the request that an action takes.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::actions::{Idempotency, Request};
use crate::auth::Principal;
use crate::domain::search;
use crate::http::{Kind, Problem};

/// The most entries of a page.
const MOST: i64 = 1000;
/// The header by which a request that is sent twice is carried out once.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Entries, and where to go on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T: ToSchema> {
    /// The entries. A search gives what it has found in a while: fewer than were asked for, or none, do not say that
    /// there are no more.
    items: Vec<T>,
    /// What to send as `after` for the next page; `null` on the last page.
    next: Option<i64>,
}

impl<T: ToSchema> Page<T> {
    /// What a look has found, and where the next goes on.
    pub(super) fn found(items: Vec<T>, next: Option<impl Into<i64>>) -> Page<T> {
        Page { items, next: next.map(Into::into) }
    }

    /// `items` were asked for one more than `limit`, which tells whether there are more.
    pub(super) fn new<N: Into<i64>>(mut items: Vec<T>, limit: i64, number: impl Fn(&T) -> N) -> Page<T> {
        let more = items.len() as i64 > limit;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| more).map(number);
        Page::found(items, next)
    }
}

/// The number of entries that is asked for, if it is one that is given.
pub(super) fn limit(asked: Option<i64>) -> Result<i64, Problem> {
    match asked.unwrap_or(100) {
        limit if (1..=MOST).contains(&limit) => Ok(limit),
        _ => Err(Problem::new(Kind::Malformed).parameter("limit", format!("takes 1 to {MOST}"))),
    }
}

/// Validates a text to search for.
pub(super) fn text<'a>(name: &str, text: &'a Option<String>) -> Result<Option<&'a str>, Problem> {
    match text.as_deref().and_then(search::refusal) {
        Some(refusal) => Err(Problem::new(Kind::Malformed).parameter(name, refusal)),
        None => Ok(text.as_deref()),
    }
}

/// The header by which a request that is sent twice is carried out once.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "for the document: `Keyed` reads the header")]
pub(super) struct IdempotencyKey {
    /// The same key with the same request again gets the first answer, and nothing is done twice.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 200, pattern = "^[!-~]+$")]
    key: Option<String>,
}

/// How a request is known when it is sent again: its `Idempotency-Key`, and what it asks.
#[derive(Debug)]
pub(super) struct Keyed {
    key: Option<String>,
    target: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Keyed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let key = match parts.headers.get(IDEMPOTENCY_KEY).map(|value| value.to_str()) {
            None => None,
            Some(Ok(key))
                if (1..=200).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                Some(key.to_owned())
            }
            Some(_) => {
                let words = "Idempotency-Key takes 1 to 200 visible ASCII characters";
                return Err(Problem::new(Kind::Malformed).detail(words));
            }
        };
        Ok(Keyed { key, target: format!("{} {}", parts.method, parts.uri) })
    }
}

impl Keyed {
    /// The request of an action. `body`: what else it asks.
    pub(super) fn request(self, principal: Principal, body: &impl Serialize) -> Result<Request, Problem> {
        let body = serde_json::to_vec(body).map_err(|error| Problem::internal(&error))?;
        let idempotency = self.key.map(|key| {
            let mut hash = blake3::Hasher::new();
            hash.update(self.target.as_bytes()).update(b"\n").update(&body);
            Idempotency { key, fingerprint: hash.finalize().to_hex().to_string() }
        });
        Ok(Request { owner: principal.owner, actor: principal.name, idempotency })
    }
}

/// A tag as `ETag` has it.
pub(super) fn etag(tag: &str) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"{tag}\""))]
}

/// What the sender has seen, by `If-Match`; `None` for `*`. A problem where the header is missing: an edit of what
/// nobody has looked at may undo another's.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let value = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).map(str::trim);
    match value {
        Some("*") => Ok(None),
        Some(tag) => Ok(Some(tag.trim_start_matches("W/").trim_matches('"').to_owned())),
        None => {
            let words = "send If-Match with the ETag of what you have seen, or * to change it whatever it is";
            Err(Problem::new(Kind::PreconditionRequired).detail(words))
        }
    }
}
