//! An HTTP proxy in front of S3 and SQS that answers some requests with a fault.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use futures::stream::{self, StreamExt};
use tokio_util::task::AbortOnDropHandle;

use crate::support::client;

/// A fault to inject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Injection {
    /// No fault.
    Nothing,
    /// Reads of an object fail with a status and an S3 error code.
    ObjectStatus(u16, &'static str),
    /// Each piece of an object is delayed by this much.
    ObjectSlow(Duration),
    /// Each response with an object is cut off after this many bytes.
    ObjectCut(usize),
    /// Every read of an object after the first returns this content instead.
    ObjectReplaced(Vec<u8>),
    /// Requests to the queue get no response.
    QueueAway,
    /// Renewals of a message's visibility are confirmed and have no effect.
    RenewalsForgotten,
    /// Renewals of a message's visibility fail.
    RenewalsRefused,
    /// Receipts are treated as invalid.
    ReceiptsInvalid,
}

/// The proxy on a port of its own. It stops when it is dropped.
pub(super) struct Injector {
    /// Its port on the loopback interface.
    pub port: u16,
    shared: Arc<Shared>,
    _serve: AbortOnDropHandle<()>,
}

struct Shared {
    upstream: String,
    injection: Mutex<Injection>,
    strikes: AtomicUsize,
    reads: AtomicUsize,
}

impl Injector {
    /// Starts a proxy that forwards requests to `upstream`, a URL without a path.
    pub(super) async fn start(upstream: &str) -> Injector {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            injection: Mutex::new(Injection::Nothing),
            strikes: AtomicUsize::new(0),
            reads: AtomicUsize::new(0),
        });
        let service = Router::new().fallback(handle).with_state(shared.clone());
        let serve = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Injector { port, shared, _serve: AbortOnDropHandle::new(serve) }
    }

    /// Injects this fault from now on.
    pub(super) fn inject(&self, injection: Injection) {
        self.shared.reads.store(0, Ordering::SeqCst);
        *self.shared.injection.lock().unwrap() = injection;
    }

    /// Returns how many requests were disturbed so far.
    pub(super) fn strikes(&self) -> usize {
        self.shared.strikes.load(Ordering::SeqCst)
    }
}

/// The kind of a request, as far as injections distinguish requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RequestKind {
    Object,
    Renewal,
    Deletion,
    OtherOfQueue,
    Other,
}

impl RequestKind {
    fn of(method: &Method, headers: &HeaderMap, path: &str) -> RequestKind {
        let action = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        match action {
            Some("AmazonSQS.ChangeMessageVisibility") => RequestKind::Renewal,
            Some("AmazonSQS.DeleteMessage") => RequestKind::Deletion,
            Some(_) => RequestKind::OtherOfQueue,
            None if method == Method::GET && path.matches('/').count() > 1 => RequestKind::Object,
            None => RequestKind::Other,
        }
    }

    /// Whether the injection applies to such requests.
    fn is_disturbed_by(self, injection: &Injection) -> bool {
        match injection {
            Injection::Nothing => false,
            Injection::ObjectStatus(..)
            | Injection::ObjectSlow(_)
            | Injection::ObjectCut(_)
            | Injection::ObjectReplaced(_) => self == RequestKind::Object,
            Injection::QueueAway => {
                matches!(self, RequestKind::Renewal | RequestKind::Deletion | RequestKind::OtherOfQueue)
            }
            Injection::RenewalsForgotten | Injection::RenewalsRefused => self == RequestKind::Renewal,
            Injection::ReceiptsInvalid => matches!(self, RequestKind::Renewal | RequestKind::Deletion),
        }
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let asks = RequestKind::of(request.method(), request.headers(), request.uri().path());
    let injection = shared.injection.lock().unwrap().clone();
    if !asks.is_disturbed_by(&injection) {
        return whole(forward(&shared, request).await);
    }
    shared.strikes.fetch_add(1, Ordering::SeqCst);
    match injection {
        Injection::Nothing => whole(forward(&shared, request).await),
        Injection::ObjectStatus(status, code) => s3_error(status, code),
        Injection::ObjectSlow(pause) => slowly(forward(&shared, request).await, pause),
        Injection::ObjectCut(bytes) => cut(forward(&shared, request).await, bytes),
        Injection::ObjectReplaced(content) => {
            if shared.reads.fetch_add(1, Ordering::SeqCst) > 0 {
                let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
                replace(&shared, &path, &headers, content).await;
            }
            whole(forward(&shared, request).await)
        }
        Injection::QueueAway => no_answer(),
        Injection::RenewalsForgotten => sqs_success(),
        Injection::RenewalsRefused => sqs_error(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
        Injection::ReceiptsInvalid => sqs_error(StatusCode::BAD_REQUEST, "ReceiptHandleIsInvalid"),
    }
}

/// A response of the peer.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

async fn forward(shared: &Shared, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut headers = parts.headers;
    headers.remove(header::HOST);
    let request = client().request(parts.method, format!("{}{path}", shared.upstream));
    let answer = request.headers(headers).body(body).send().await.expect("the peer answers");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.expect("the peer answers to the end");
    Answer { status, headers, body }
}

/// Replaces an object, as another program might, with the credentials of the request that is reading it.
async fn replace(shared: &Shared, path: &str, reading: &HeaderMap, content: Vec<u8>) {
    let mut put = client().put(format!("{}{path}", shared.upstream)).body(content);
    for (name, value) in reading {
        let is_of_access = *name == header::AUTHORIZATION || name.as_str().starts_with("x-amz-");
        if is_of_access {
            put = put.header(name, value);
        }
    }
    let put = put.send().await.unwrap();
    assert!(put.status().is_success(), "{}", put.status());
}

fn answer(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.headers_mut().remove(header::TRANSFER_ENCODING);
    response.headers_mut().remove(header::CONNECTION);
    response
}

fn whole(Answer { status, headers, body }: Answer) -> Response {
    answer(status, headers, body.into())
}

/// Returns the response in pieces, each of them delayed.
fn slowly(Answer { status, headers, body }: Answer, pause: Duration) -> Response {
    let pieces: Vec<Bytes> = body.chunks(64 << 10).map(Bytes::copy_from_slice).collect();
    let pieces = stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, std::io::Error>(piece)
    });
    answer(status, headers, Body::from_stream(pieces))
}

/// Returns the response's first bytes, and ends the connection before the announced length.
fn cut(Answer { status, headers, body }: Answer, bytes: usize) -> Response {
    if body.len() <= bytes {
        return whole(Answer { status, headers, body });
    }
    let end = stream::once(async {
        // By then, the bytes before are on their way.
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(std::io::Error::other("cut"))
    });
    let first = stream::once(std::future::ready(Ok(body.slice(..bytes)))).chain(end);
    answer(status, headers, Body::from_stream(first))
}

fn no_answer() -> Response {
    let nothing = stream::iter([Err::<Bytes, _>(std::io::Error::other("away"))]);
    answer(StatusCode::OK, HeaderMap::new(), Body::from_stream(nothing))
}

fn s3_error(status: u16, code: &str) -> Response {
    let body =
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>injected</Message></Error>");
    let status = StatusCode::from_u16(status).unwrap();
    answer(status, HeaderMap::new(), body.into())
}

fn sqs_success() -> Response {
    answer(StatusCode::OK, json_headers(), "{}".into())
}

fn sqs_error(status: StatusCode, code: &str) -> Response {
    let body = serde_json::json!({ "__type": format!("com.amazonaws.sqs#{code}"), "message": "injected" });
    answer(status, json_headers(), body.to_string().into())
}

fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, "application/x-amz-json-1.0".parse().unwrap())])
}
