//! A relay in front of PostgreSQL that records what the program sends. A round trip begins with a message that is sent
//! after an answer was received.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// A relay. It ends with the runtime of its test.
pub(crate) struct Relay {
    /// Its port on the loopback interface.
    pub port: u16,
    seen: Arc<Mutex<Seen>>,
}

/// What was sent on all connections.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    /// What was sent in each round trip; the first statement of each in full.
    pub round_trips: Vec<String>,
    /// COPY … FROM STDIN statements, which take two messages in a row.
    pub copies: usize,
    /// Statements that do not work behind a pooler in transaction mode.
    pub bound_to_session: Vec<String>,
}

impl Relay {
    /// Starts a relay in front of the server at `port`.
    pub(crate) async fn start(port: u16) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = Relay { port: listener.local_addr().unwrap().port(), seen: Arc::default() };
        let seen = relay.seen.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let session = Arc::new(Mutex::new(Session::default()));
                let (out, back) = (session.clone(), session);
                let seen = seen.clone();
                tokio::spawn(pump(from_client, to_server, move |bytes| {
                    out.lock().unwrap().sent(bytes, &mut seen.lock().unwrap());
                }));
                tokio::spawn(pump(from_server, to_client, move |bytes| back.lock().unwrap().answered(bytes)));
            }
        });
        relay
    }

    /// Returns what was sent since the last call.
    pub(crate) fn take(&self) -> Seen {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut note: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        note(&buffer[..length]);
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// A connection, and the bytes that are not parsed yet (PostgreSQL manual, "Message Formats").
#[derive(Default)]
struct Session {
    out: Vec<u8>,
    back: Vec<u8>,
    started: bool,
    answered: bool,
    /// Whether a statement was parsed since the session was last outside a transaction.
    parsed: bool,
    /// Whether the server has answered an SSLRequest with one byte.
    greeted: bool,
}

impl Session {
    fn sent(&mut self, bytes: &[u8], seen: &mut Seen) {
        self.out.extend_from_slice(bytes);
        let mut first = std::mem::take(&mut self.answered);
        while let Some((kind, body)) = next(&mut self.out, self.started) {
            let Some(kind) = kind else {
                // The code of an SSLRequest; any other message starts the session.
                self.started = body[..4] != 80_877_103_u32.to_be_bytes();
                continue;
            };
            let texts: Vec<String> = body
                .split(|byte| *byte == 0)
                .map(|text| String::from_utf8_lossy(text).into_owned())
                .collect();
            let statement = match kind {
                b'Q' => texts[0].clone(),
                b'P' => texts[1].clone(),
                b'B' => format!("bind of {:?}", texts[1]),
                b'c' => "end of COPY".to_owned(),
                other => format!("message {}", char::from(other)),
            };
            if std::mem::take(&mut first) {
                seen.round_trips.push(statement.clone());
            }
            match kind {
                b'c' => seen.copies += 1,
                b'P' if !texts[0].is_empty() => {
                    seen.bound_to_session.push(format!("statement {:?}: {statement}", texts[0]));
                }
                b'P' => self.parsed = true,
                b'B' if !self.parsed => {
                    seen.bound_to_session
                        .push("parameters of a statement that another transaction parsed".to_owned());
                }
                _ => {}
            }
            if is_bound_to_session(&statement) {
                seen.bound_to_session.push(statement);
            }
        }
    }

    fn answered(&mut self, bytes: &[u8]) {
        self.answered = true;
        self.back.extend_from_slice(bytes);
        if !self.started && !std::mem::replace(&mut self.greeted, true) && self.back.starts_with(b"N") {
            self.back.remove(0);
        }
        while let Some((kind, body)) = next(&mut self.back, true) {
            // ReadyForQuery, outside a transaction.
            if kind == Some(b'Z') && body == b"I" {
                self.parsed = false;
            }
        }
    }
}

/// Whether the statement uses locks, settings or channels of the session.
fn is_bound_to_session(statement: &str) -> bool {
    let statement = statement.to_lowercase();
    let sets = statement.split(';').map(str::trim_start).any(|part| {
        part.starts_with("set ") && !part.starts_with("set local") && !part.starts_with("set transaction")
    });
    let locks = ["pg_advisory_lock(", "pg_try_advisory_lock(", "pg_advisory_unlock("];
    sets || statement.starts_with("listen") || locks.iter().any(|lock| statement.contains(lock))
}

/// Removes the next whole message from `buffer`; returns its type, unless the session has not started, and its body.
fn next(buffer: &mut Vec<u8>, started: bool) -> Option<(Option<u8>, Vec<u8>)> {
    let head = usize::from(started);
    let length = u32::from_be_bytes(buffer.get(head..head + 4)?.try_into().ok()?) as usize;
    if buffer.len() < head + length {
        return None;
    }
    let message: Vec<u8> = buffer.drain(..head + length).collect();
    Some((started.then_some(message[0]), message[head + 4..].to_vec()))
}
