//! Parts of requests and responses that handlers share: pages, search texts, `Idempotency-Key` and `If-Match`.

use std::fmt;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::actions::{Idempotency, Request};
use crate::auth::Principal;
use crate::domain::assigned::AssignedTo;
use crate::domain::search;
use crate::http::{Kind, Problem};

/// Maximum number of entries in a page.
const MOST: i64 = 1000;
/// The header that identifies a request, so that it is carried out once even if it is sent twice.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A page of entries.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T: ToSchema> {
    /// The entries. A search stops after a while, so a page with few entries, or none, need not be the last.
    items: Vec<T>,
    /// The value of `after` for the next page; `null` on the last page.
    next: Option<i64>,
}

impl<T: ToSchema> Page<T> {
    /// Returns a page with the value of `after` for the next one.
    pub(super) fn with_next(items: Vec<T>, next: Option<impl Into<i64>>) -> Page<T> {
        Page { items, next: next.map(Into::into) }
    }

    /// Returns the page of the first `limit` items. `items` must have been read with `limit + 1`, so that one more shows
    /// that there is a next page.
    pub(super) fn new<N: Into<i64>>(mut items: Vec<T>, limit: i64, number: impl Fn(&T) -> N) -> Page<T> {
        let more = items.len() as i64 > limit;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| more).map(number);
        Page::with_next(items, next)
    }
}

/// Validates the requested page size.
pub(super) fn limit(requested: Option<i64>) -> Result<i64, Problem> {
    match requested.unwrap_or(100) {
        limit if (1..=MOST).contains(&limit) => Ok(limit),
        _ => Err(Problem::new(Kind::Malformed).parameter("limit", format!("must be 1 to {MOST}"))),
    }
}

/// Validates a search text.
pub(super) fn text<'a>(name: &str, text: &'a Option<String>) -> Result<Option<&'a str>, Problem> {
    match text.as_deref().and_then(search::refusal) {
        Some(refusal) => Err(Problem::new(Kind::Malformed).parameter(name, refusal.to_string())),
        None => Ok(text.as_deref()),
    }
}

/// Validates a filter by assignment, for the caller.
pub(super) fn assigned(
    requested: &Option<String>,
    principal: &Principal,
) -> Result<Option<AssignedTo>, Problem> {
    let requested = text("assigned", requested)?.filter(|name| !name.is_empty());
    Ok(requested.map(|name| AssignedTo::from(name.to_owned()).of(principal.person())))
}

/// Deserializes a struct from an object only. By itself, a struct also accepts the array of its values.
pub(super) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(members))
        }
    }

    deserializer.deserialize_map(Object(PhantomData))
}

/// The documentation of the header, which [`Keyed`] reads.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "for the document: `Keyed` reads the header")]
pub(super) struct IdempotencyKey {
    /// A request that repeats an earlier one with the same key returns the earlier response and changes nothing.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 200, pattern = "^[!-~]+$")]
    key: Option<String>,
}

/// The `Idempotency-Key` and target of a request, by which a repetition is recognized.
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
                let detail = "Idempotency-Key must be 1 to 200 visible ASCII characters";
                return Err(Problem::new(Kind::Malformed).detail(detail));
            }
        };
        Ok(Keyed { key, target: format!("{} {}", parts.method, parts.uri) })
    }
}

impl Keyed {
    /// Returns the request for an action. The `body` is part of its fingerprint.
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

/// Returns the `ETag` header for a tag.
pub(super) fn etag(tag: &str) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"{tag}\""))]
}

/// Returns the tag in `If-Match`, or `None` for `*`. Fails if the header is missing, since an edit without it may
/// overwrite someone else's.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let value = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).map(str::trim);
    match value {
        Some("*") => Ok(None),
        Some(tag) => Ok(Some(tag.trim_start_matches("W/").trim_matches('"').to_owned())),
        None => {
            let detail = "send If-Match with the ETag that you have read, or * to overwrite any version";
            Err(Problem::new(Kind::PreconditionRequired).detail(detail))
        }
    }
}
