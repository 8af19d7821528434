//! `staging`: the rows of a job as they came in and as people edited them.

use std::ops::Range;

use futures::{Stream, TryStreamExt};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};

use super::StoreError;
use super::copy::Line;
use crate::domain::job::{JobId, Owner};
use crate::domain::row::{Fields, RowHash, RowStatus};

/// A row on its way into the table.
pub struct NewRow<'a> {
    /// `staging_id`.
    pub id: i64,
    /// The four values; an empty one is stored as NULL.
    pub fields: &'a Fields<'a>,
    /// The final verdict.
    pub status: RowStatus,
    /// `staging_row_hash`.
    pub hash: RowHash,
    /// The line of the file.
    pub line: u64,
    /// What a malformed row held beside its values; empty for any other.
    pub residue: &'a str,
}

/// Rows encoded for COPY.
#[derive(Default)]
pub struct Chunk {
    text: Vec<u8>,
    rows: Vec<(RowHash, Range<usize>)>,
}

impl Chunk {
    /// Adds a row of `job`.
    pub fn push(&mut self, job: JobId, row: &NewRow<'_>) {
        let start = self.text.len();
        let mut line = Line::new(&mut self.text);
        line.plain(row.id)
            .plain(job)
            .text_or_null(&row.fields.email)
            .text_or_null(&row.fields.first_name)
            .text_or_null(&row.fields.last_name)
            .text_or_null(&row.fields.company)
            .plain(row.status)
            .plain(row.hash)
            .plain(row.line)
            .text_or_null(row.residue);
        line.end();
        self.rows.push((row.hash, start..self.text.len()));
    }

    /// Rows in the chunk.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it holds no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.rows.clear();
    }

    /// The rows in the order of their hashes: the unique index is then filled from left to right
    /// instead of all over.
    fn sorted(&mut self) -> Vec<u8> {
        self.rows.sort_unstable_by_key(|(hash, _)| *hash);
        let mut sorted = Vec::with_capacity(self.text.len());
        for (_, range) in &self.rows {
            sorted.extend_from_slice(&self.text[range.clone()]);
        }
        sorted
    }
}

/// Writes a chunk.
pub async fn insert(connection: &mut PgConnection, chunk: &mut Chunk) -> Result<(), StoreError> {
    if chunk.is_empty() {
        return Ok(());
    }
    let mut copy = connection
        .copy_in_raw(
            "COPY staging (staging_id, staging_job_id, staging_email, staging_first_name, staging_last_name,
                           staging_company, staging_status, staging_row_hash, staging_line, staging_residue) FROM STDIN",
        )
        .await?;
    copy.send(chunk.sorted()).await?;
    copy.finish().await?;
    Ok(())
}

/// A row as the database holds it.
#[derive(Debug, Clone)]
pub struct StagedRow {
    /// `staging_id`.
    pub id: i64,
    /// E-mail, first name, last name, company; empty where NULL.
    pub values: [String; 4],
    /// NULL where another program left it open.
    pub status: Option<RowStatus>,
    /// `staging_row_hash` as text: upstream's are of another form.
    pub hash: String,
    /// The line of the file.
    pub line: Option<i64>,
    /// What a malformed row held beside its values; empty for any other.
    pub residue: String,
}

impl StagedRow {
    /// The values, normalised.
    pub fn fields(&self) -> Fields<'_> {
        let [email, first_name, last_name, company] = &self.values;
        Fields::new(email, first_name, last_name, company)
    }

    /// The row's hash, or one made of its text where upstream wrote it in another form.
    pub fn row_hash(&self) -> RowHash {
        self.hash.parse().unwrap_or_else(|_| Fields::new(&self.hash, "", "", "").hash(""))
    }
}

fn staged(row: &PgRow) -> Result<StagedRow, StoreError> {
    let status: Option<&str> = row.try_get("status")?;
    Ok(StagedRow {
        id: row.try_get("staging_id")?,
        values: [
            row.try_get("email")?,
            row.try_get("first_name")?,
            row.try_get("last_name")?,
            row.try_get("company")?,
        ],
        status: status.map(str::parse).transpose()?,
        hash: row.try_get("staging_row_hash")?,
        line: row.try_get("staging_line")?,
        residue: row.try_get("residue")?,
    })
}

macro_rules! staged_columns {
    () => {
        "SELECT staging_id, coalesce(staging_email, '') AS email, coalesce(staging_first_name, '') AS first_name,
                coalesce(staging_last_name, '') AS last_name, coalesce(staging_company, '') AS company,
                staging_status::text AS status, staging_row_hash, staging_line, coalesce(staging_residue, '') AS residue
         FROM staging "
    };
}

/// All rows of a job that are not discarded: first those that have their contact, each part in the
/// order of the file. Of two rows that say the same, the one that is kept thus comes first.
pub fn rows(
    connection: &mut PgConnection,
    job: JobId,
) -> impl Stream<Item = Result<StagedRow, StoreError>> + Unpin + '_ {
    let query = concat!(
        staged_columns!(),
        "WHERE staging_job_id = $1 AND staging_status IS DISTINCT FROM 'DISCARD'
         ORDER BY staging_status IS NOT DISTINCT FROM 'SUCCESS' DESC, staging_id"
    );
    sqlx::query(query)
        .bind(job.0)
        .fetch(connection)
        .map_err(StoreError::from)
        .and_then(|row| std::future::ready(staged(&row)))
}

/// READY rows of a job after `after`, in the order of the file, at most `limit`.
pub async fn ready_page(
    connection: &mut PgConnection,
    job: JobId,
    after: i64,
    limit: i64,
) -> Result<Vec<StagedRow>, StoreError> {
    let query = concat!(
        staged_columns!(),
        "WHERE staging_job_id = $1 AND staging_status = 'READY' AND staging_id > $2 ORDER BY staging_id LIMIT $3"
    );
    let rows = sqlx::query(query).bind(job.0).bind(after).bind(limit).fetch_all(connection).await?;
    rows.iter().map(staged).collect()
}

/// One row of an owner, and its job.
pub async fn get(
    connection: &mut PgConnection,
    owner: &Owner,
    id: i64,
) -> Result<Option<(JobId, StagedRow)>, StoreError> {
    let query = concat!(
        "SELECT r.*, s.staging_job_id FROM (",
        staged_columns!(),
        "WHERE staging_id = $2) r JOIN staging s USING (staging_id) JOIN jobs ON job_id = s.staging_job_id WHERE job_user_id = $1"
    );
    let row = sqlx::query(query).bind(&owner.0).bind(id).fetch_optional(connection).await?;
    row.map(|row| Ok((JobId(row.try_get("staging_job_id")?), staged(&row)?))).transpose()
}

/// Sets the four values of a row and leaves its hash as it is; NULL where a value is empty.
pub async fn edit(connection: &mut PgConnection, id: i64, fields: &Fields<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE staging SET staging_email = nullif($2, ''), staging_first_name = nullif($3, ''),
                staging_last_name = nullif($4, ''), staging_company = nullif($5, '') WHERE staging_id = $1",
    )
    .bind(id)
    .bind(fields.email.as_ref())
    .bind(fields.first_name.as_ref())
    .bind(fields.last_name.as_ref())
    .bind(fields.company.as_ref())
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets the statuses of rows of a job: `ids[i]` becomes `statuses[i]`.
pub async fn set_statuses(
    connection: &mut PgConnection,
    job: JobId,
    ids: &[i64],
    statuses: &[RowStatus],
) -> Result<(), StoreError> {
    let words: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
    sqlx::query(
        "UPDATE staging SET staging_status = given.status::staging_status_enum
         FROM unnest($2::bigint[], $3::text[]) AS given (id, status)
         WHERE staging_id = given.id AND staging_job_id = $1",
    )
    .bind(job.0)
    .bind(ids)
    .bind(words)
    .execute(connection)
    .await?;
    Ok(())
}

/// READY rows of a job become SUCCESS; gives how many.
pub async fn mark_success(connection: &mut PgConnection, job: JobId) -> Result<u64, StoreError> {
    let done = sqlx::query("UPDATE staging SET staging_status = 'SUCCESS' WHERE staging_job_id = $1 AND staging_status = 'READY'")
        .bind(job.0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// SUCCESS rows of a job that have no contact become READY: what a first run leaves when it is cut
/// short between its rows and the transaction that holds its contacts.
pub async fn mark_unfinished(connection: &mut PgConnection, job: JobId) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "UPDATE staging s SET staging_status = 'READY' WHERE staging_job_id = $1 AND staging_status = 'SUCCESS'
           AND NOT EXISTS (SELECT FROM contacts c WHERE c.staging_id = s.staging_id)",
    )
    .bind(job.0)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Whether the job has any row.
pub async fn any(connection: &mut PgConnection, job: JobId) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT FROM staging WHERE staging_job_id = $1)";
    Ok(sqlx::query_scalar(query).bind(job.0).fetch_one(connection).await?)
}

/// Deletes all rows of a job.
pub async fn delete_all(connection: &mut PgConnection, job: JobId) -> Result<u64, StoreError> {
    let done =
        sqlx::query("DELETE FROM staging WHERE staging_job_id = $1").bind(job.0).execute(connection).await?;
    Ok(done.rows_affected())
}

/// Rows of a job, a count each status; rows without a status count under ISSUE.
pub async fn counts(pool: &PgPool, job: JobId) -> Result<Vec<(RowStatus, i64)>, StoreError> {
    let rows = sqlx::query(
        "SELECT coalesce(staging_status, 'ISSUE')::text AS status, count(*) AS count FROM staging
         WHERE staging_job_id = $1 GROUP BY 1 ORDER BY 1",
    )
    .bind(job.0)
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| Ok((row.try_get::<&str, _>("status")?.parse()?, row.try_get("count")?))).collect()
}
