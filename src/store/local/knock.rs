//! Checks over the socket whether a server accepts sessions, with the part of PostgreSQL's protocol that this needs. To
//! connect to the socket is not enough: that also works during recovery and shutdown.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// The time after which a server that does not answer counts as not ready.
const PATIENCE: Duration = Duration::from_secs(5);
/// The version of the protocol, 3.0.
const PROTOCOL: u32 = 3 << 16;
/// The field with the SQLSTATE of a server that is starting, recovering or stopping: cannot_connect_now.
const CANNOT_CONNECT_NOW: &[u8] = b"C57P03";
/// The most bytes that are read of an error message.
const ERROR_BYTES: u64 = 4096;

/// The state of the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The server accepts connections.
    Ready,
    /// The server does not accept connections now, with the reason that it gives.
    NotYet(String),
    /// No server is listening.
    Nobody,
}

/// Tries to open a session on the socket of `port` in `folder`, and closes it.
pub(crate) async fn knock(folder: &Path, port: u16, user: &str, database: &str) -> Answer {
    let socket = folder.join(format!(".s.PGSQL.{port}"));
    let Ok(stream) = UnixStream::connect(socket).await else { return Answer::Nobody };
    match tokio::time::timeout(PATIENCE, converse(stream, user, database)).await {
        Ok(Ok(answer)) => answer,
        // A server that is shutting down closes connections without an error message.
        Ok(Err(error)) => Answer::NotYet(format!("the server broke off: {error}")),
        Err(_) => Answer::NotYet("the server does not answer".to_owned()),
    }
}

async fn converse(mut stream: UnixStream, user: &str, database: &str) -> std::io::Result<Answer> {
    let mut startup = PROTOCOL.to_be_bytes().to_vec();
    for word in ["user", user, "database", database, ""] {
        startup.extend(word.as_bytes());
        startup.push(0);
    }
    let length = startup.len() as u32 + 4;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(&startup).await?;
    if stream.read_u8().await? != b'E' {
        // Terminate, so that the server does not log a lost connection. The result does not depend on it.
        let _ = stream.write_all(b"X\0\0\0\x04").await;
        return Ok(Answer::Ready);
    }
    let length = u64::from(stream.read_u32().await?).saturating_sub(4);
    let mut error = Vec::new();
    stream.take(length.min(ERROR_BYTES)).read_to_end(&mut error).await?;
    let mut fields = error.split(|byte| *byte == 0);
    match fields.clone().any(|field| field == CANNOT_CONNECT_NOW) {
        true => {
            let message = fields.find(|field| field.first() == Some(&b'M')).unwrap_or_default();
            Ok(Answer::NotYet(String::from_utf8_lossy(message.get(1..).unwrap_or_default()).into_owned()))
        }
        // Any other refusal, such as too many connections, is reported by the client's own connection.
        false => Ok(Answer::Ready),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::UnixListener;

    async fn knock_on_server_sending(bytes: &'static [u8]) -> Answer {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let length = stream.read_u32().await.unwrap();
            let mut startup = vec![0; length as usize - 4];
            stream.read_exact(&mut startup).await.unwrap();
            assert_eq!(startup, b"\0\x03\0\0user\0ann\0database\0lee\0\0");
            stream.write_all(bytes).await.unwrap();
        };
        tokio::join!(knock(folder.path(), 5432, "ann", "lee"), server).0
    }

    #[tokio::test]
    async fn a_server_that_is_starting_is_not_ready() {
        assert_eq!(knock_on_server_sending(b"R\0\0\0\x08\0\0\0\0").await, Answer::Ready);
        let starting = b"E\0\0\0\x1dSFATAL\0C57P03\0Mstarting\0\0";
        assert_eq!(knock_on_server_sending(starting).await, Answer::NotYet("starting".to_owned()));
        let full = b"E\0\0\0\x19SFATAL\0C53300\0Mfull\0\0";
        assert_eq!(knock_on_server_sending(full).await, Answer::Ready);
        assert!(matches!(knock_on_server_sending(b"").await, Answer::NotYet(_)));
    }

    #[tokio::test]
    async fn an_empty_folder_has_no_server() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(knock(folder.path(), 5432, "ann", "lee").await, Answer::Nobody);
    }
}
