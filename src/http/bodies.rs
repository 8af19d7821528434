//! Reads bodies of requests, whole up to a size limit or as a stream, always with a time limit.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use bytes::BytesMut;
use futures::TryStreamExt;
use tokio::io::AsyncRead;
use tokio_util::io::StreamReader;

use super::problem::{Kind, Problem};
use crate::domain::refusal::Refusal;

/// Time limit for a body that is read whole.
const LONGEST: Duration = Duration::from_secs(60);

/// Reads a whole body of at most `limit` bytes.
pub(crate) async fn read_whole(body: Body, limit: usize) -> Result<Bytes, Problem> {
    read_up_to(body, |_| Ok(limit)).await
}

/// Like [`read_whole`], with a limit that depends on how the body begins, and is computed again for each piece.
pub(crate) async fn read_up_to(
    body: Body,
    limit: impl FnMut(&[u8]) -> Result<usize, Problem>,
) -> Result<Bytes, Problem> {
    let whole = tokio::time::timeout(LONGEST, collect(body, limit)).await;
    whole.unwrap_or_else(|_| Err(Problem::new(Kind::BodyTimeout)))
}

async fn collect(
    body: Body,
    mut limit: impl FnMut(&[u8]) -> Result<usize, Problem>,
) -> Result<Bytes, Problem> {
    let mut pieces = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(piece) = pieces.try_next().await.map_err(|error| Problem::of_body(&error))? {
        whole.extend_from_slice(&piece);
        let limit = limit(&whole)?;
        if whole.len() > limit {
            return Err(Problem::because(Kind::TooLarge, Refusal::BodyTooLarge { limit }));
        }
    }
    Ok(whole.freeze())
}

/// Returns a reader that streams a body.
pub(crate) fn reader(body: Body) -> impl AsyncRead + Send + Unpin {
    StreamReader::new(body.into_data_stream().map_err(io::Error::other))
}

#[cfg(test)]
mod tests {
    use super::super::problem::is_body_timeout;
    use super::*;

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit() {
        let read = async |bytes: usize| read_whole(Body::from("x".repeat(bytes)), 10).await;
        assert_eq!(read(10).await.unwrap().len(), 10);
        assert_eq!(read(11).await.unwrap_err().status(), 413);
    }

    #[tokio::test]
    async fn a_body_that_pauses_too_long_times_out() {
        let stopped = || {
            let silent = Body::from_stream(futures::stream::pending::<io::Result<Bytes>>());
            Body::new(tower_http::timeout::TimeoutBody::new(Duration::from_millis(1), silent))
        };
        assert_eq!(read_whole(stopped(), 10).await.unwrap_err().status(), 408);
        let mut bytes = Vec::new();
        let read = tokio::io::AsyncReadExt::read_to_end(&mut reader(stopped()), &mut bytes).await;
        assert!(is_body_timeout(&read.unwrap_err()));
    }
}
