//! The accept loop: HTTP/1 over TCP, with a ceiling on connections and limits on how long a client may take to
//! send a request's head or to read a response.
//!
//! HTTP/2 is not supported: one connection could carry any number of requests, so none of these ceilings would
//! apply.

mod connections;
pub(crate) mod open_files;

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

use self::connections::{Connection, Connections};
use super::held::Held;
use super::limits::Throttle;

/// Maximum bytes of a request's head, and of body data read or written at a time.
const BUFFER_BYTES: usize = 64 << 10;

/// How long the loop pauses if the operating system has no file handle or memory left for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The response to a client that cannot be served; nothing of its request is read.
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\
    content-type: application/problem+json\r\ncontent-length: 82\r\n\r\n\
    {\"type\":\"about:blank\",\"title\":\"The server has too many connections\",\"status\":503}\n";

/// Limits on connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLimits {
    /// Maximum number of open connections.
    pub total: usize,
    /// Maximum number of open connections per peer: an IPv4 address, or an IPv6 network of 64 bits. Does not apply
    /// to a trusted proxy, whose connections serve many clients.
    pub per_peer: usize,
    /// How long a connection, new or kept alive, may be open without a complete request head.
    pub head_timeout: Duration,
    /// How long a client may leave a response unread.
    pub write_timeout: Duration,
}

/// Serves until `stop`, then lets requests in progress finish. Returns when all have finished, or after `drain`,
/// whichever comes first. Returns `true` if requests were cut off.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    is_proxy: impl Fn(IpAddr) -> bool,
    stop: CancellationToken,
    drain: Duration,
) -> bool {
    let connections = Connections::new(limits.total, limits.per_peer);
    let mut tasks = JoinSet::new();
    let (mut full, mut failing) = (Throttle::default(), Throttle::default());
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = tasks.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match connections.admit(peer.ip(), is_proxy(peer.ip().to_canonical())) {
                Some(connection) => {
                    let served =
                        serve_connection(stream, peer, router.clone(), limits, connection, stop.clone());
                    tasks.spawn(served);
                }
                None => {
                    if let Some(times) = full.due() {
                        tracing::warn!(times, peer = %peer.ip(), "too many connections with requests in progress; rejecting new ones");
                    }
                    refuse(stream);
                }
            },
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if let Some(times) = failing.due() {
                    tracing::error!(times, error = %error, "cannot accept connections; retrying");
                }
                connections.evict_oldest();
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let all_ended = async { while tasks.join_next().await.is_some() {} };
    tokio::time::timeout(drain, all_ended).await.is_err()
}

/// Refuses a client. Errors are ignored: the client may be gone.
fn refuse(stream: TcpStream) {
    // Bypasses the runtime, which does not know yet that the socket is writable: its send buffer is empty.
    let _ = stream.into_std().and_then(|mut stream| stream.write(REFUSAL));
}

/// Returns whether the client gave up before its connection was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Serves the requests of one connection, one after another.
async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: ConnectionLimits,
    connection: Arc<Connection>,
    stop: CancellationToken,
) {
    // Send events and small responses at once.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.write_timeout));
    let router = TowerToHyperService::new(router);
    let service = service_fn(|request| answer(&router, peer, &connection, request));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut serving = std::pin::pin!(serving);
    // An error here is the client's: it went away or timed out.
    tokio::select! {
        biased;
        () = connection.evicted() => {}
        _ = serving.as_mut() => {}
        () = stop.cancelled() => {
            if connection.is_busy() {
                serving.as_mut().graceful_shutdown();
                let _ = serving.await;
            }
        }
    }
}

async fn answer(
    router: &TowerToHyperService<Router>,
    peer: SocketAddr,
    connection: &Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<Body>, std::convert::Infallible> {
    let Some(busy) = connection.busy() else {
        // Evicted just before the request arrived: the request is not processed, and the connection is about to
        // close.
        return std::future::pending().await;
    };
    let mut request = request;
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = router.call(request).await?;
    Ok(response.map(|body| Body::new(Held::new(body, busy))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_a_complete_response() {
        let text = std::str::from_utf8(REFUSAL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
        assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["status"], 503);
    }
}
