//! `staging`: the rows of a job, as read from the file and edited by people. `staging/scan.rs` searches them in bounded time.

mod count;
mod listed;
mod repeats;
mod scan;
mod statuses;

use std::borrow::Cow;

use bytes::Bytes;
pub use count::count_matching;
use futures::{Stream, TryStreamExt};
pub(crate) use listed::{hold, list};
pub(crate) use repeats::{Absorbed, Pairs, absorb};
pub use scan::{Origin, RowPage, origins, scan};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};
pub(super) use statuses::consolidated;
pub(crate) use statuses::{lack_contacts, mark_ready_success, mark_success, mark_unfinished, set_statuses};

use super::bounded::{self, PAGE_BYTES, row_bytes};
use super::copy::{self, Lines, Target};
use super::{JobTables, RecordKind, StoreError, extra_columns, sql};
use crate::domain::extra::Extra;
use crate::domain::field::{Field, PerField, by_name};
use crate::domain::ids::{IssueId, RowId};
use crate::domain::job::{JobId, Owner};
use crate::domain::row::{Fields, OnExisting, RowHash, RowStatus, normalise};
use crate::domain::rules::Residue;

/// A row to insert.
pub struct NewRow<'a> {
    /// `staging_id`.
    pub id: RowId,
    /// The four values; an empty one is stored as NULL.
    pub fields: &'a Fields<'a>,
    /// The status after validation.
    pub status: RowStatus,
    /// `staging_row_hash`.
    pub hash: RowHash,
    /// The line in the file.
    pub line: u64,
    /// What a malformed row contained beside its values.
    pub residue: Residue<'a>,
    /// Its values in columns that belong to no field, as a JSON object; empty if there are none.
    pub extra: &'a str,
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
            line.plain(row.id).plain(job);
            for value in row.fields.values() {
                line.text_or_null(value);
            }
            line.plain(row.status).hex(row.hash.0).plain(row.line);
            line.text_or_null(row.residue.text).text_or_null(row.extra);
            line.plain(if row.residue.is_about_encoding { 't' } else { 'f' });
        });
    }

    /// Returns the number of rows.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Returns the bytes that the rows take in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.lines.bytes()
    }

    /// Removes the rows but keeps the allocated memory.
    pub fn clear(&mut self) {
        self.lines.clear();
    }
}

/// Where chunks go, with the columns in the order in which [`Chunk::push`] writes them.
fn target(tables: JobTables) -> Target {
    const IDS: [(&str, &str); 2] = [("staging_id", "bigint"), ("staging_job_id", "bigint")];
    let target = match tables {
        JobTables::Shared(_) | JobTables::Announced(_) | JobTables::Moving(_) => {
            Target::shared(tables.inserted(RecordKind::Rows), &IDS)
        }
        JobTables::Own(_) => Target::new(tables.inserted(RecordKind::Rows), &IDS),
    };
    target.with_fields("staging").with(&[
        ("staging_status", "staging_status_enum"),
        ("staging_row_hash", "varchar"),
        ("staging_line", "bigint"),
        ("staging_residue", "varchar"),
        ("staging_extra", "jsonb"),
        ("staging_encoding_in_doubt", "boolean"),
    ])
}

/// Inserts a chunk.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    tables: JobTables,
    chunk: &mut Chunk,
) -> Result<(), StoreError> {
    match tables {
        JobTables::Shared(_) | JobTables::Announced(_) | JobTables::Moving(_) => {
            chunk.lines.send_by_key(connection, &target(tables)).await
        }
        // This table has no index yet, so the order of the rows does not matter.
        JobTables::Own(_) => chunk.lines.send(connection, &target(tables)).await,
    }
}

/// A row as stored in the database.
#[derive(Debug, Clone)]
pub(crate) struct StagedRow<'a> {
    /// `staging_id`.
    pub id: RowId,
    /// The values of the fields; empty where NULL.
    pub values: PerField<Cow<'a, str>>,
    /// The status; `None` if another program inserted the row without one.
    pub status: Option<RowStatus>,
    /// `staging_row_hash` as text, since upstream writes hashes in another format.
    pub hash: Cow<'a, str>,
    /// The text of a malformed row beside its values; empty for other rows.
    pub residue: Cow<'a, str>,
    /// Whether the residue is about nothing but the encoding of the file.
    pub encoding_in_doubt: bool,
    /// Whether a person accepted it although it is malformed.
    pub accepted: bool,
    /// A person's decision on the existing contact with its e-mail; `None` if there is none.
    pub on_existing: Option<OnExisting>,
    /// Its values in columns that belong to no field, as a JSON object; empty if there are none or they were not read.
    pub extra: Cow<'a, str>,
}

/// Whether values in columns that belong to no field are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OtherColumns {
    /// They are read.
    Read,
    /// They are not read, since nobody compares them.
    Skipped,
}

impl StagedRow<'_> {
    /// The values, normalised.
    pub(crate) fn fields(&self) -> Fields<'_> {
        self.values.each_ref().map(|value| normalise(value))
    }

    /// Returns what the row contained beside its values.
    pub(crate) fn residue(&self) -> Residue<'_> {
        Residue { text: &self.residue, is_about_encoding: self.encoding_in_doubt }
    }

    /// Returns the row's hash.
    pub(crate) fn row_hash(&self) -> RowHash {
        RowHash::of_column(&self.hash)
    }
}

/// A row in the text format of COPY.
pub(crate) struct RowText(Bytes);

impl RowText {
    /// Returns the length of the text.
    pub(crate) fn bytes(&self) -> usize {
        self.0.len()
    }

    /// Reads the columns of [`rows`].
    pub(crate) fn row(&self) -> Result<StagedRow<'_>, StoreError> {
        let mut columns = copy::columns(&self.0);
        let mut next = || columns.next().unwrap_or(Err(StoreError::Unreadable));
        let id = next()?.unwrap_or_default().parse().map(RowId).map_err(|_| StoreError::Unreadable)?;
        let mut text = || Ok::<_, StoreError>(next()?.unwrap_or_default());
        let values = PerField::try_from_fn(|_| text())?;
        let (status, hash, residue, accepted, on_existing) = (text()?, text()?, text()?, text()?, text()?);
        let (extra, encoding_in_doubt) = (text()?, text()? == "t");
        let status = if status.is_empty() { None } else { Some(status.parse()?) };
        let on_existing = if on_existing.is_empty() { None } else { Some(on_existing.parse()?) };
        let accepted = accepted == "t";
        Ok(StagedRow { id, values, status, hash, residue, encoding_in_doubt, accepted, on_existing, extra })
    }
}

/// Returns all rows of a job that are not discarded: in any order if they are in the job's own
/// table, in the order of the file otherwise. [`RowText::row`] reads the columns in their order.
pub(crate) async fn rows(
    connection: &mut PgConnection,
    tables: JobTables,
    others: OtherColumns,
) -> Result<impl Stream<Item = Result<RowText, StoreError>> + Unpin + '_, StoreError> {
    let order = match tables {
        JobTables::Shared(_) | JobTables::Announced(_) | JobTables::Moving(_) => "ORDER BY staging_id",
        JobTables::Own(_) => "",
    };
    let extra = match others {
        OtherColumns::Read => "staging_extra",
        OtherColumns::Skipped => "NULL",
    };
    // COPY takes no parameters. Safe: the name of the table and the condition contain only the job's number.
    let copy = format!(
        "COPY (SELECT staging_id, {}, staging_status, staging_row_hash, staging_residue,
                staging_accepted, staging_on_existing, {extra}, staging_encoding_in_doubt
         FROM {} WHERE staging_job_id = {} AND staging_status IS DISTINCT FROM 'DISCARD' {order}) TO STDOUT",
        Field::columns("staging"),
        tables.staging(),
        tables.job()
    );
    Ok(connection.copy_out_raw(&copy).await?.map_ok(RowText).map_err(StoreError::from))
}

/// A row as people see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RowView {
    /// The row, as passed to decisions.
    pub row: RowId,
    /// The line in the file.
    pub line: Option<i64>,
    /// The current values; empty where there is none.
    #[serde(flatten, serialize_with = "by_name::serialize")]
    pub values: PerField<String>,
    /// The current status.
    pub status: Option<RowStatus>,
    /// The text of a malformed row that does not fit in its values.
    pub residue: Option<String>,
    /// Whether a person accepted or edited it although it is malformed.
    pub accepted: bool,
    /// A person's decision on the existing contact with its e-mail; `None` if there is none.
    pub on_existing: Option<OnExisting>,
    /// Its values in columns that belong to no field, in the order of the file.
    pub extra: Extra,
}

impl RowView {
    /// The values, normalised.
    pub(crate) fn fields(&self) -> Fields<'_> {
        self.values.each_ref().map(|value| normalise(value))
    }

    /// Returns a hash of everything about the row that a person can change, to detect changes since the row was shown.
    pub fn tag(&self) -> String {
        let mut hash = blake3::Hasher::new();
        for value in self.values.values() {
            hash.update(&(value.len() as u64).to_le_bytes());
            hash.update(value.as_bytes());
        }
        // READY and ISSUE follow from the other values.
        let fate = match self.status {
            Some(RowStatus::Discard) => 1,
            Some(RowStatus::Success) => 2,
            Some(RowStatus::Ready | RowStatus::Issue) | None => 0,
        };
        hash.update(&[
            fate,
            u8::from(self.accepted),
            self.on_existing.map_or(0, |decided| decided as u8 + 1),
        ]);
        self.extra.add_to(&mut hash);
        hash.finalize().to_hex()[..32].to_owned()
    }
}

/// Selects the columns that [`view`] reads from rows called `s`.
fn select_view() -> String {
    let values = Field::list(|field| format!("coalesce(s.staging_{field}, '') AS {field}"));
    let columns = Field::ALL.iter().map(|field| format!("s.staging_{field}"));
    format!(
        "SELECT s.staging_id, s.staging_line, {values}, s.staging_status::text AS status,
     s.staging_residue, s.staging_accepted, s.staging_on_existing::text AS on_existing, s.staging_extra, {}",
        row_bytes(columns.chain(["s.staging_residue".to_owned(), "s.staging_extra::text".to_owned()]))
    )
}

fn view(row: &PgRow) -> Result<RowView, StoreError> {
    let word = |name: &str| row.try_get::<Option<&str>, _>(name);
    Ok(RowView {
        row: row.try_get("staging_id")?,
        line: row.try_get("staging_line")?,
        values: PerField::try_from_fn(|field| row.try_get(field.as_str()))?,
        status: word("status")?.map(|word| word.parse()).transpose()?,
        residue: row.try_get("staging_residue")?,
        accepted: row.try_get("staging_accepted")?,
        on_existing: word("on_existing")?.map(|word| word.parse()).transpose()?,
        extra: sql::extra(row, "staging_extra")?,
    })
}

/// Returns one row of an owner's job.
pub async fn get(
    connection: &mut PgConnection,
    owner: &Owner,
    tables: JobTables,
    row: RowId,
) -> Result<Option<RowView>, StoreError> {
    let query = AssertSqlSafe(format!(
        "{} FROM (SELECT * FROM {} WHERE staging_id = $3 OFFSET 0) s JOIN jobs ON job_id = staging_job_id
         WHERE s.staging_job_id = $2 AND job_user_id = $1",
        select_view(),
        tables.staging()
    ));
    let query = sql::query(query).bind(&owner.0).bind(tables.job().0).bind(row);
    let row = query.fetch_optional(&mut *connection).await?;
    let mut row = row.as_ref().map(view).transpose()?;
    extra_columns::sort(connection, tables.job(), row.iter_mut().map(|row| &mut row.extra).collect()).await?;
    Ok(row)
}

/// Returns the first of `rows` that does not belong to the job.
pub(crate) async fn first_missing(
    connection: &mut PgConnection,
    tables: JobTables,
    rows: &[RowId],
) -> Result<Option<RowId>, StoreError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let query = AssertSqlSafe(format!(
        "SELECT row FROM unnest($1::bigint[]) AS row
         WHERE (SELECT staging_job_id FROM {} WHERE staging_id = row) IS DISTINCT FROM $2 LIMIT 1",
        tables.staging()
    ));
    Ok(sql::query_scalar(query).bind(rows).bind(tables.job().0).fetch_optional(connection).await?)
}

/// Returns up to `limit` rows of each of `issues` of an owner's job, each with its issue, ordered by issue and row,
/// starting after the row `after` if it is set. Also returns whether rows were cut off at the end because the others are
/// large.
pub(crate) async fn of_issues(
    connection: &mut PgConnection,
    owner: &Owner,
    tables: JobTables,
    issues: &[IssueId],
    after: Option<RowId>,
    limit: i64,
) -> Result<(Vec<(IssueId, RowView)>, bool), StoreError> {
    // The page of links first, so that only the rows of those links are read.
    let rows = format!(
        "{}, issue FROM unnest($3::bigint[]) AS issue,
              LATERAL (SELECT item_staging_id FROM {} WHERE item_issue_id = issue AND item_staging_id > $4
                       ORDER BY item_staging_id LIMIT $5) AS item,
              LATERAL (SELECT * FROM {} WHERE staging_id = item_staging_id OFFSET 0) AS s
         WHERE s.staging_job_id = $2 AND EXISTS (SELECT FROM jobs WHERE job_id = $2 AND job_user_id = $1)
         ORDER BY issue, s.staging_id",
        select_view(),
        tables.items(),
        tables.staging()
    );
    let query = AssertSqlSafe(bounded::within(PAGE_BYTES, &rows, "issue, staging_id"));
    let query =
        sql::query(query).bind(&owner.0).bind(tables.job().0).bind(issues).bind(after.unwrap_or(RowId(0)));
    let rows = query.bind(limit).fetch_all(&mut *connection).await?;
    let is_cut = bounded::is_cut(&rows)?;
    let rows = rows.iter().map(|row| Ok((row.try_get("issue")?, view(row)?)));
    let mut rows: Vec<(IssueId, RowView)> = rows.collect::<Result<_, StoreError>>()?;
    extra_columns::sort(connection, tables.job(), rows.iter_mut().map(|(_, row)| &mut row.extra).collect())
        .await?;
    Ok((rows, is_cut))
}

/// Deletes all rows of a job in the shared table.
pub(crate) async fn delete_shared(connection: &mut PgConnection, job: JobId) -> Result<u64, StoreError> {
    let query = "DELETE FROM ONLY staging WHERE staging_job_id = $1";
    Ok(sql::query(query).bind(job.0).execute(connection).await?.rows_affected())
}
