//! An HTTP proxy in front of S3 and SQS that answers some requests itself, badly.

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

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Injection {
    /// Nothing.
    Nothing,
    /// Reading an object is answered with a status and a code of S3.
    ObjectStatus(u16, &'static str),
    /// Each piece of an object is this late.
    ObjectSlow(Duration),
    /// Each answer with an object ends after so many bytes.
    ObjectCut(usize),
    /// Each read of an object but the first finds this content in its place.
    ObjectReplaced(Vec<u8>),
    /// No request to the queue is answered.
    QueueAway,
    /// Renewals of a message's visibility are confirmed and have no effect.
    RenewalsForgotten,
    /// Renewals of a message's visibility fail.
    RenewalsRefused,
    /// Receipts count for nothing.
    ReceiptsInvalid,
}

/// The proxy on a port of its own. Ends with its value.
pub(super) struct Injector {
    /// Where it listens on the loopback interface.
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
    /// Starts to forward requests to `upstream`, a URL without a path.
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

    /// From now on this goes wrong.
    pub(super) fn inject(&self, injection: Injection) {
        self.shared.reads.store(0, Ordering::SeqCst);
        *self.shared.injection.lock().unwrap() = injection;
    }

    /// How many requests went wrong so far.
    pub(super) fn strikes(&self) -> usize {
        self.shared.strikes.load(Ordering::SeqCst)
    }
}

/// What a request asks for, as far as injections tell requests apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    Object,
    Renewal,
    Deletion,
    OtherOfQueue,
    Other,
}

impl Asks {
    fn of(method: &Method, headers: &HeaderMap, path: &str) -> Asks {
        let action = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        match action {
            Some("AmazonSQS.ChangeMessageVisibility") => Asks::Renewal,
            Some("AmazonSQS.DeleteMessage") => Asks::Deletion,
            Some(_) => Asks::OtherOfQueue,
            None if method == Method::GET && path.matches('/').count() > 1 => Asks::Object,
            None => Asks::Other,
        }
    }

    /// Whether the injection is about such requests.
    fn is_struck_by(self, injection: &Injection) -> bool {
        match injection {
            Injection::Nothing => false,
            Injection::ObjectStatus(..)
            | Injection::ObjectSlow(_)
            | Injection::ObjectCut(_)
            | Injection::ObjectReplaced(_) => self == Asks::Object,
            Injection::QueueAway => matches!(self, Asks::Renewal | Asks::Deletion | Asks::OtherOfQueue),
            Injection::RenewalsForgotten | Injection::RenewalsRefused => self == Asks::Renewal,
            Injection::ReceiptsInvalid => matches!(self, Asks::Renewal | Asks::Deletion),
        }
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let asks = Asks::of(request.method(), request.headers(), request.uri().path());
    let injection = shared.injection.lock().unwrap().clone();
    if !asks.is_struck_by(&injection) {
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

/// An answer of the peer.
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

/// What another program does that puts a new object in an old one's place, as whoever is reading the old one.
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

/// The answer in pieces, each late.
fn slowly(Answer { status, headers, body }: Answer, pause: Duration) -> Response {
    let pieces: Vec<Bytes> = body.chunks(64 << 10).map(Bytes::copy_from_slice).collect();
    let pieces = stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, std::io::Error>(piece)
    });
    answer(status, headers, Body::from_stream(pieces))
}

/// The answer's first bytes; the connection ends before the rest that its head has promised.
fn cut(Answer { status, headers, body }: Answer, bytes: usize) -> Response {
    if body.len() <= bytes {
        return whole(Answer { status, headers, body });
    }
    let end = stream::once(async {
        // What was sent before is on its way by then.
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
