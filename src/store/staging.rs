//! `staging`: the rows of a job as they came in and as people edited them.

use std::borrow::Cow;

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::copy::{self, Lines};
use super::{Home, StoreError};
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
    lines: Lines,
}

impl Chunk {
    /// Adds a row of `job`.
    pub fn push(&mut self, job: JobId, row: &NewRow<'_>) {
        self.lines.push(row.hash.0, |line| {
            line.plain(row.id)
                .plain(job)
                .text_or_null(&row.fields.email)
                .text_or_null(&row.fields.first_name)
                .text_or_null(&row.fields.last_name)
                .text_or_null(&row.fields.company)
                .plain(row.status)
                .hex(row.hash.0)
                .plain(row.line)
                .text_or_null(row.residue);
        });
    }

    /// Rows in the chunk.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether it holds no row.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Bytes in the chunk.
    pub fn bytes(&self) -> usize {
        self.lines.bytes()
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.lines.clear();
    }
}

/// Writes a chunk.
pub async fn insert(connection: &mut PgConnection, home: Home, chunk: &mut Chunk) -> Result<(), StoreError> {
    let copy = format!(
        "COPY {} (staging_id, staging_job_id, staging_email, staging_first_name, staging_last_name,
                  staging_company, staging_status, staging_row_hash, staging_line, staging_residue) FROM STDIN",
        home.staging()
    );
    match home {
        Home::Shared(_) => chunk.lines.send_by_key(connection, &copy).await,
        // It has no index yet.
        Home::Own(_) => chunk.lines.send(connection, &copy).await,
    }
}

/// A row as the database holds it.
#[derive(Debug, Clone)]
pub struct StagedRow<'a> {
    /// `staging_id`.
    pub id: i64,
    /// E-mail, first name, last name, company; empty where NULL.
    pub values: [Cow<'a, str>; 4],
    /// NULL where another program left it open.
    pub status: Option<RowStatus>,
    /// `staging_row_hash` as text: upstream's are of another form.
    pub hash: Cow<'a, str>,
    /// What a malformed row held beside its values; empty for any other.
    pub residue: Cow<'a, str>,
}

impl StagedRow<'_> {
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

/// A row as COPY gives it.
pub struct RowText(Bytes);

impl RowText {
    /// Reads the columns of [`COLUMNS`].
    pub fn row(&self) -> Result<StagedRow<'_>, StoreError> {
        let mut columns = copy::columns(&self.0);
        let mut next = || columns.next().unwrap_or(Err(StoreError::Unreadable));
        let id = next()?.unwrap_or_default().parse().map_err(|_| StoreError::Unreadable)?;
        let mut text = || Ok::<_, StoreError>(next()?.unwrap_or_default());
        let values = [text()?, text()?, text()?, text()?];
        let (status, hash, residue) = (text()?, text()?, text()?);
        let status = match status.as_ref() {
            "" => None,
            word => Some(word.parse()?),
        };
        Ok(StagedRow { id, values, status, hash, residue })
    }
}

/// Columns of a row in the order in which [`RowText`] reads them.
const COLUMNS: &str = "staging_id, staging_email, staging_first_name, staging_last_name, staging_company,
     staging_status, staging_row_hash, staging_residue";

/// All rows of a job that are not discarded, in the order of the file where the table is shared, in any
/// order where it is the job's own.
pub async fn rows(
    connection: &mut PgConnection,
    home: Home,
) -> Result<impl Stream<Item = Result<RowText, StoreError>> + Unpin + '_, StoreError> {
    let order = match home {
        Home::Shared(_) => "ORDER BY staging_id",
        Home::Own(_) => "",
    };
    // COPY takes no parameters; both are made of the job's number.
    let copy = format!(
        "COPY (SELECT {COLUMNS} FROM {} WHERE staging_job_id = {} AND staging_status IS DISTINCT FROM 'DISCARD' {order}) TO STDOUT",
        home.staging(),
        home.job()
    );
    Ok(connection.copy_out_raw(&copy).await?.map_ok(RowText).map_err(StoreError::from))
}

/// One row of an owner, and its job.
pub async fn get(
    connection: &mut PgConnection,
    owner: &Owner,
    id: i64,
) -> Result<Option<(JobId, StagedRow<'static>)>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT {COLUMNS}, staging_status::text AS status, staging_job_id FROM staging JOIN jobs ON job_id = staging_job_id
         WHERE staging_id = $2 AND job_user_id = $1"
    ));
    let row = sqlx::query(query).bind(&owner.0).bind(id).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    let text = |name: &str| -> Result<Cow<'static, str>, StoreError> {
        Ok(row.try_get::<Option<String>, _>(name)?.unwrap_or_default().into())
    };
    let status = text("status")?;
    let staged = StagedRow {
        id,
        values: [
            text("staging_email")?,
            text("staging_first_name")?,
            text("staging_last_name")?,
            text("staging_company")?,
        ],
        status: if status.is_empty() { None } else { Some(status.parse()?) },
        hash: text("staging_row_hash")?,
        residue: text("staging_residue")?,
    };
    Ok(Some((JobId(row.try_get("staging_job_id")?), staged)))
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

/// Sets the status of one row of a job.
pub async fn set_status(
    connection: &mut PgConnection,
    job: JobId,
    id: i64,
    status: RowStatus,
) -> Result<(), StoreError> {
    let query = "UPDATE staging SET staging_status = $3::text::staging_status_enum WHERE staging_job_id = $1 AND staging_id = $2";
    sqlx::query(query).bind(job.0).bind(id).bind(status.as_str()).execute(connection).await?;
    Ok(())
}

/// Sets the statuses of rows: `ids[i]` becomes `statuses[i]`.
pub async fn set_statuses(
    connection: &mut PgConnection,
    home: Home,
    ids: &[i64],
    statuses: &[RowStatus],
) -> Result<(), StoreError> {
    let words: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
    let query = AssertSqlSafe(format!(
        "UPDATE {} SET staging_status = given.status::staging_status_enum
         FROM unnest($2::bigint[], $3::text[]) AS given (id, status)
         WHERE staging_id = given.id AND staging_job_id = $1",
        home.staging()
    ));
    sqlx::query(query).bind(home.job().0).bind(ids).bind(words).execute(connection).await?;
    Ok(())
}

/// Every row of a job that is not discarded becomes SUCCESS.
pub async fn mark_success(connection: &mut PgConnection, home: Home) -> Result<(), StoreError> {
    let query = AssertSqlSafe(format!(
        "UPDATE {} SET staging_status = 'SUCCESS' WHERE staging_job_id = $1
           AND (staging_status IN ('READY', 'ISSUE') OR staging_status IS NULL)",
        home.staging()
    ));
    sqlx::query(query).bind(home.job().0).execute(connection).await?;
    Ok(())
}

/// SUCCESS rows of a job that have no contact become READY: what a run leaves when it is cut short
/// between its rows and the transaction that holds its contacts.
pub async fn mark_unfinished(connection: &mut PgConnection, home: Home) -> Result<u64, StoreError> {
    let table = home.staging();
    let done = format!(
        "SELECT min(staging_id), max(staging_id) FROM {table} WHERE staging_job_id = $1 AND staging_status = 'SUCCESS'"
    );
    let done = sqlx::query_as(AssertSqlSafe(done)).bind(home.job().0).fetch_one(&mut *connection).await?;
    let (Some(first), Some(last)): (Option<i64>, Option<i64>) = done else { return Ok(0) };
    // The bounds are what the index over contacts' rows can answer.
    let query = AssertSqlSafe(format!(
        "UPDATE {table} s SET staging_status = 'READY' WHERE staging_job_id = $1 AND staging_status = 'SUCCESS'
           AND NOT EXISTS (SELECT FROM contacts c WHERE c.staging_id = s.staging_id AND c.staging_id BETWEEN $2 AND $3)"
    ));
    let marked = sqlx::query(query).bind(home.job().0).bind(first).bind(last).execute(connection).await?;
    Ok(marked.rows_affected())
}

/// Whether the job has any row in the shared partition.
pub async fn any_shared(connection: &mut PgConnection, job: JobId) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT FROM staging_shared WHERE staging_job_id = $1)";
    Ok(sqlx::query_scalar(query).bind(job.0).fetch_one(connection).await?)
}

/// Deletes all rows of a job in the shared partition.
pub async fn delete_shared(connection: &mut PgConnection, job: JobId) -> Result<u64, StoreError> {
    let query = "DELETE FROM staging_shared WHERE staging_job_id = $1";
    Ok(sqlx::query(query).bind(job.0).execute(connection).await?.rows_affected())
}
