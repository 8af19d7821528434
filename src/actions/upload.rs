//! A file on its way in: put into the store, then made a job.

use serde_json::json;
use sqlx::PgPool;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::io::InspectReader;
use uuid::Uuid;

use super::{ActionError, Request};
use crate::domain::decision::ActionKind;
use crate::domain::job::{ImportPolicy, JobId, Owner};
use crate::objects::Objects;
use crate::queue::{JobMessage, Queue};
use crate::store::jobs;

/// How a file is to be taken in.
#[derive(Debug, Clone)]
pub struct Upload<'a> {
    /// The file's name.
    pub filename: &'a str,
    /// When its valid rows become contacts.
    pub policy: ImportPolicy,
    /// Make a job of it even if the owner has one of the same bytes.
    pub force: bool,
    /// The most bytes.
    pub limit: u64,
}

/// A job made of a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Uploaded {
    /// The job: PENDING, or the earlier one of the same file.
    pub job: i32,
    /// Whether the owner had uploaded the same file before, and this is its job.
    pub earlier: bool,
    /// The file's bytes.
    pub bytes: u64,
}

/// Puts the file into the store under a key of its own and makes a job of it, unless the owner has one of the same
/// bytes. `queue`: where the run is asked for; without it the caller runs the job.
///
/// Holds up to 24 MiB of the content at a time. The same request under the same key again is answered before the
/// content is read.
pub async fn upload(
    pool: &PgPool,
    objects: &Objects,
    queue: Option<&Queue>,
    request: &Request,
    upload: &Upload<'_>,
    content: impl AsyncRead + Send + Unpin,
) -> Result<Uploaded, ActionError> {
    let mut connection = pool.acquire().await?;
    if let Some(earlier) = request.earlier(&mut connection).await? {
        return Ok(earlier);
    }
    drop(connection);
    let key =
        format!("uploads/{}/{}/{}", segment(&request.owner.0), Uuid::new_v4(), segment(upload.filename));
    let mut hash = blake3::Hasher::new();
    let content = InspectReader::new(content.take(upload.limit.saturating_add(1)), |bytes| {
        hash.update(bytes);
    });
    let (_, bytes) = objects.put(&key, content).await?;
    let made = match bytes > upload.limit {
        true => Err(ActionError::TooLarge(upload.limit)),
        false => make_job(pool, queue, request, upload, &key, &hash.finalize().to_hex(), bytes).await,
    };
    if !matches!(made, Ok(Uploaded { earlier: false, .. })) {
        objects.delete(&key).await?;
    }
    let made = made?;
    if let (Some(queue @ Queue::Sqs(_)), false) = (queue, made.earlier) {
        queue.send(&JobMessage { job_id: JobId(made.job), s3_key: key }).await?;
    }
    Ok(made)
}

async fn make_job(
    pool: &PgPool,
    queue: Option<&Queue>,
    request: &Request,
    upload: &Upload<'_>,
    key: &str,
    content_hash: &str,
    bytes: u64,
) -> Result<Uploaded, ActionError> {
    let mut transaction = pool.begin().await?;
    let owner: &Owner = &request.owner;
    let earlier = jobs::by_content(&mut transaction, owner, content_hash).await?;
    let (job, is_earlier) = match earlier.filter(|_| !upload.force) {
        Some(job) => (job, true),
        None => {
            let (filename, policy) = (upload.filename, upload.policy);
            let wanted = matches!(queue, Some(Queue::Postgres(_)));
            let new = jobs::New { owner, filename, key, policy, content_hash, wanted };
            (jobs::insert(&mut transaction, &new).await?, false)
        }
    };
    let asked = json!({ "policy": upload.policy, "force": upload.force });
    let action = request.record(&mut transaction, ActionKind::Upload, Some(job), &asked).await?;
    let uploaded = Uploaded { job: job.0, earlier: is_earlier, bytes };
    request.finish(&mut transaction, action, Some(job), &uploaded).await?;
    transaction.commit().await?;
    Ok(uploaded)
}

/// A name as one segment of a key: letters, digits and `.-_@` as they are, all else as `_`.
fn segment(name: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || ".-_@".contains(letter);
    let kept: String =
        name.chars().map(|letter| if plain(letter) { letter } else { '_' }).take(100).collect();
    match kept.trim_matches('.') {
        "" => "unnamed".to_owned(),
        kept => kept.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_one_segment() {
        let cases = [
            ("ann@example.com", "ann@example.com"),
            ("../../etc", "_.._etc"),
            ("..", "unnamed"),
            ("a b/é.csv", "a_b_é.csv"),
        ];
        for (name, expected) in cases {
            assert_eq!(segment(name), expected, "{name}");
        }
    }
}
