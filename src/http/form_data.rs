//! Streams the file in a form (`multipart/form-data`).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::{BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use futures::{Stream, TryStreamExt};
use multer::{Field, Multipart};
use tokio::io::AsyncRead;
use tokio_util::io::StreamReader;

use super::problem::{Kind, Problem, is_body_timeout};
use crate::domain::refusal::Refusal;

/// Maximum bytes of a form before its file: other fields, and all headers. The parser buffers a header until its
/// end, which may never arrive.
const HEAD_BYTES: usize = 64 << 10;

/// Bytes passed to the parser at a time until the file is found: with each text before the file, it reads ahead by a few
/// pieces.
const SLICE_BYTES: usize = 1 << 10;

/// The part `file` of a form, and the texts before it.
pub struct FormFile {
    field: Field<'static>,
    texts: Vec<(String, String)>,
}

impl FormFile {
    /// Finds the file in a request's body.
    pub async fn find(request: Request) -> Result<FormFile, Problem> {
        let boundary = text(request.headers()).and_then(|kind| multer::parse_boundary(kind).ok());
        let no_boundary = || Problem::because(Kind::Malformed, Refusal::BrokenForm);
        let boundary = boundary.ok_or_else(no_boundary)?;
        let is_found = Arc::new(AtomicBool::new(false));
        let pieces = Pieces {
            body: request.into_body().into_data_stream(),
            is_found: Arc::clone(&is_found),
            taken: 0,
            rest: Bytes::new(),
            pauses: false,
        };
        let mut form = Multipart::new(pieces, boundary);
        let mut texts = Vec::new();
        while let Some(field) = form.next_field().await.map_err(broken)? {
            if field.name() == Some("file") {
                is_found.store(true, Ordering::Relaxed);
                return Ok(FormFile { field, texts });
            }
            if let Some(name) = field.name().map(str::to_owned) {
                texts.push((name, field.text().await.map_err(broken)?));
            }
        }
        Err(Problem::of_value("#/file", Refusal::NoFile))
    }

    /// Returns the text of a part before the file, unless it is blank.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let (_, text) = self.texts.iter().find(|(found, _)| found == name)?;
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    /// Returns the file's name on the client.
    pub(crate) fn name(&self) -> Option<&str> {
        self.field.file_name()
    }

    /// Returns the file's content.
    pub fn into_reader(self) -> impl AsyncRead + Send + Unpin {
        StreamReader::new(self.field.map_err(io::Error::other))
    }
}

/// Returns whether a body is a form, with the file as a part.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    text(headers)
        .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data"))
}

fn text(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
}

fn broken(error: multer::Error) -> Problem {
    let multer::Error::StreamReadFailed(cause) = &error else {
        return Problem::because(Kind::Malformed, Refusal::BrokenForm);
    };
    let cause: &(dyn std::error::Error + 'static) = cause.as_ref();
    match (cause.is::<LongHead>(), is_body_timeout(cause)) {
        (true, _) => Problem::because(Kind::TooLarge, Refusal::LateFile { limit: HEAD_BYTES }),
        (_, true) => Problem::new(Kind::BodyTimeout),
        _ => Problem::because(Kind::Malformed, Refusal::BrokenForm),
    }
}

/// The file does not begin within the first bytes of the form.
#[derive(Debug, thiserror::Error)]
#[error("no file in the first {HEAD_BYTES} bytes")]
struct LongHead;

/// The pieces of the body, small ones of limited total size until the file is found.
struct Pieces {
    body: BodyDataStream,
    is_found: Arc<AtomicBool>,
    taken: usize,
    /// What is left of the last piece of the body.
    rest: Bytes,
    pauses: bool,
}

impl Stream for Pieces {
    type Item = Result<Bytes, Box<dyn std::error::Error + Send + Sync>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // The parser reads all available data before it looks at any of it, so pause after each piece.
        if std::mem::take(&mut self.pauses) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let is_found = self.is_found.load(Ordering::Relaxed);
        if self.taken >= HEAD_BYTES && !is_found {
            return Poll::Ready(Some(Err(LongHead.into())));
        }
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(context)) {
                Some(Ok(piece)) => self.rest = piece,
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => return Poll::Ready(None),
            }
        }
        self.pauses = true;
        let length = if is_found { self.rest.len() } else { self.rest.len().min(SLICE_BYTES) };
        self.taken = self.taken.saturating_add(length);
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tokio::io::AsyncReadExt;

    use super::*;

    const PART: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n";

    async fn find(pieces: impl Iterator<Item = String> + Send + 'static) -> Result<FormFile, Problem> {
        let body = Body::from_stream(futures::stream::iter(pieces.map(Ok::<_, io::Error>)));
        let request =
            Request::builder().header("content-type", "multipart/form-data; boundary=b").body(body).unwrap();
        FormFile::find(request).await
    }

    #[tokio::test]
    async fn a_large_file_is_streamed() {
        let head =
            std::iter::once(format!("--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n{PART}"));
        let data = std::iter::repeat_n("y".repeat(100_000), 10);
        let file = find(head.chain(data).chain(["\r\n--b--\r\n".to_owned()])).await.ok().unwrap();
        assert_eq!((file.name(), file.text("x"), file.text("y")), (Some("a.csv"), Some("1"), None));
        let mut content = Vec::new();
        file.into_reader().read_to_end(&mut content).await.unwrap();
        assert_eq!(content.len(), 1_000_000);
    }

    #[tokio::test]
    async fn the_data_before_the_file_is_limited() {
        let endless = [
            "--b\r\nX-Long: ",
            "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n",
            "",
            "--b\r\nContent-Disposition: form-data; name=\"",
        ];
        for start in endless {
            let pieces = std::iter::once(start.to_owned()).chain(std::iter::repeat("y".repeat(1_000)));
            assert_eq!(find(pieces).await.err().unwrap().status(), 413, "{start}");
        }
    }
}
