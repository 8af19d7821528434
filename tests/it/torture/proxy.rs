//! A TCP proxy in front of PostgreSQL that delays, stops, cuts or refuses connections.
//!
//! It parses as much of the protocol as it needs to stop at an exact point: amid rows on their way to the server, or at
//! a COMMIT.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A point in what a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopPoint {
    /// A message of many rows.
    Rows,
    /// A COMMIT.
    Commit,
}

/// The effect on a connection at the point where it waits as long as the [`Trap`] exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopEffect {
    /// Cuts the connection. The server never receives what was sent.
    CutBefore,
    /// Cuts the connection once everything is forwarded. The server may or may not act on it.
    CutAmid,
    /// Cuts the connection after the server has answered, but before the client receives the answer.
    CutAfter,
    /// Forwards half of the bytes before the wait, the rest afterwards.
    Halve,
}

/// A simple query, its length, its text.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
/// A write of this size contains rows.
const ROWS_BYTES: usize = 8 << 10;

impl StopPoint {
    fn is_in(self, sent: &[u8]) -> bool {
        match self {
            StopPoint::Rows => sent.len() >= ROWS_BYTES,
            StopPoint::Commit => sent.windows(COMMIT.len()).any(|window| window == COMMIT),
        }
    }
}

/// A proxy on a port of its own. It stops when it is dropped.
pub(super) struct Proxy {
    /// Its port on the loopback interface.
    pub port: u16,
    shared: Arc<Shared>,
    _accept: AbortOnDropHandle<()>,
}

struct Shared {
    upstream: u16,
    /// COMMITs that clients have sent.
    commits: AtomicU32,
    state: Mutex<State>,
}

struct State {
    delay: Duration,
    armed: Option<Armed>,
    /// Cancelled to cut all current connections.
    connections: CancellationToken,
}

struct Armed {
    point: StopPoint,
    /// How often the point is passed before the trap springs.
    passes: u32,
    effect: StopEffect,
    sprung: oneshot::Sender<()>,
    released: CancellationToken,
}

/// A point at which one connection will be stopped.
pub(super) struct Trap {
    sprung: oneshot::Receiver<()>,
    released: CancellationToken,
    shared: Arc<Shared>,
}

impl Trap {
    /// Waits until a connection has reached the point.
    pub(super) async fn sprung(&mut self) {
        // A proxy that was stopped, or that has another trap, will not spring this one.
        if (&mut self.sprung).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Trap {
    /// Releases the connection, or disarms the trap.
    fn drop(&mut self) {
        self.released.cancel();
        self.shared.state.lock().unwrap().armed.take_if(|armed| armed.released.is_cancelled());
    }
}

impl Proxy {
    /// Starts a proxy that forwards connections to a port of the loopback interface.
    pub(super) async fn start(upstream: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State { delay: Duration::ZERO, armed: None, connections: CancellationToken::new() };
        let shared = Arc::new(Shared { upstream, commits: AtomicU32::new(0), state: Mutex::new(state) });
        let accept = tokio::spawn(accept(listener, shared.clone()));
        Proxy { port, shared, _accept: AbortOnDropHandle::new(accept) }
    }

    /// Returns how many COMMITs clients have sent.
    pub(super) fn commits(&self) -> u32 {
        self.shared.commits.load(Ordering::SeqCst)
    }

    /// Delays everything by this much in each direction.
    pub(super) fn delay(&self, delay: Duration) {
        self.shared.state.lock().unwrap().delay = delay;
    }

    /// Cuts all connections.
    pub(super) fn cut(&self) {
        let mut state = self.shared.state.lock().unwrap();
        std::mem::take(&mut state.connections).cancel();
    }

    /// Stops the connection that reaches the point after it was passed `passes` times. One trap at a time.
    pub(super) fn trap(&self, point: StopPoint, passes: u32, effect: StopEffect) -> Trap {
        let (sprung, when_sprung) = oneshot::channel();
        let released = CancellationToken::new();
        let armed = Armed { point, passes, effect, sprung, released: released.clone() };
        self.shared.state.lock().unwrap().armed = Some(armed);
        Trap { sprung: when_sprung, released, shared: self.shared.clone() }
    }
}

impl Shared {
    /// Returns the trap, if it springs at what a client has sent.
    fn springs(&self, sent: &[u8]) -> Option<Armed> {
        let mut state = self.state.lock().unwrap();
        let armed = state.armed.as_mut().filter(|armed| armed.point.is_in(sent))?;
        if armed.passes > 0 {
            armed.passes -= 1;
            return None;
        }
        state.armed.take()
    }

    fn delay(&self) -> Duration {
        self.state.lock().unwrap().delay
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let cut = shared.state.lock().unwrap().connections.clone();
        let shared = shared.clone();
        tokio::spawn(async move { cut.run_until_cancelled(connection(client, &shared)).await });
    }
}

/// Forwards one connection until either side ends it or a trap cuts it.
async fn connection(client: TcpStream, shared: &Shared) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", shared.upstream)).await else { return };
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let answers = Answers::default();
    tokio::select! {
        () = requests(from_client, to_server, shared, &answers) => {}
        () = responses(from_server, to_client, shared, &answers) => {}
    }
}

/// What happens to the server's answers to one client.
#[derive(Default)]
struct Answers {
    kept_back: AtomicBool,
    answered: Notify,
}

async fn requests(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, shared: &Shared, answers: &Answers) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = client.read(&mut buffer).await {
        let mut sent = &buffer[..read];
        if StopPoint::Commit.is_in(sent) {
            shared.commits.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(armed) = shared.springs(sent) {
            let forwarded = match armed.effect {
                StopEffect::CutBefore => 0,
                StopEffect::Halve => read / 2,
                StopEffect::CutAmid | StopEffect::CutAfter => read,
            };
            answers.kept_back.store(armed.effect == StopEffect::CutAfter, Ordering::SeqCst);
            if server.write_all(&sent[..forwarded]).await.is_err() {
                return;
            }
            if armed.effect == StopEffect::CutAfter {
                answers.answered.notified().await;
            }
            let _ = armed.sprung.send(());
            armed.released.cancelled().await;
            match armed.effect {
                StopEffect::CutBefore | StopEffect::CutAmid | StopEffect::CutAfter => return,
                StopEffect::Halve => sent = &sent[forwarded..],
            }
        }
        pause(shared.delay()).await;
        if server.write_all(sent).await.is_err() {
            return;
        }
    }
}

async fn responses(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    shared: &Shared,
    answers: &Answers,
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = server.read(&mut buffer).await {
        if answers.kept_back.load(Ordering::SeqCst) {
            answers.answered.notify_one();
            return std::future::pending().await;
        }
        pause(shared.delay()).await;
        if client.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
