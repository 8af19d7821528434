//! A file on its way in: put into the store, then made a job.

use sqlx::PgPool;
use tokio::io::AsyncRead;
use uuid::Uuid;

use super::ActionError;
use crate::domain::job::{JobId, Owner};
use crate::objects::Objects;
use crate::store::jobs;

/// A job made of a file.
#[derive(Debug, Clone)]
pub struct Uploaded {
    /// The job, PENDING.
    pub job: JobId,
    /// The file's key in the store.
    pub key: String,
}

/// Puts the file into the store under a key of its own and makes a job of it. `wanted`: the job is put
/// into the database's queue at once; otherwise the caller runs it or sends its message.
pub async fn upload(
    pool: &PgPool,
    objects: &Objects,
    owner: &Owner,
    filename: &str,
    content: impl AsyncRead + Send + Unpin,
    wanted: bool,
) -> Result<Uploaded, ActionError> {
    let key = format!("uploads/{}/{}/{}", segment(&owner.0), Uuid::new_v4(), segment(filename));
    objects.put(&key, content).await?;
    let mut connection = pool.acquire().await?;
    let job = jobs::insert(&mut connection, owner, filename, &key, wanted).await?;
    Ok(Uploaded { job, key })
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
