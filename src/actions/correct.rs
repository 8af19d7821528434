//! Imports a file of corrections: the rows written by [`corrections_file`](super::corrections_file), as people
//! changed them.

use std::collections::{BTreeMap, HashSet};

use futures::TryStreamExt;
use serde_json::json;
use sqlx::PgConnection;
use tokio::io::AsyncRead;

use super::corrections_content::{Given, invalid, object};
use super::corrections_file::ROW_KEY;
use super::{ActionError, Effect, Preview, Request, decide};
use crate::csv::Encoding;
use crate::domain::decision::{ActionKind, Decision, Filter};
use crate::domain::field::PerField;
use crate::domain::job::{JobId, Owner};
use crate::domain::refusal::Refusal;
use crate::domain::row::{normalise, unified};
use crate::store::corrections::{self, Difference, FileRow, Left, Uploaded};
use crate::store::decided::{self, Corrections};
use crate::store::{JobTables, OwnerPool, extra_columns};

/// Maximum number of skipped rows to list.
const NAMED: i64 = 100;

/// The result of importing a file of corrections.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Corrected {
    /// What changed. Undoing its action undoes all corrections at once.
    pub effect: Effect,
    /// Rows in the file.
    pub read: u64,
    /// Rows whose values equal those of the job or of an earlier row of the file.
    pub unchanged: u64,
    /// Rows without a key, or with one that the job does not have.
    pub unknown_count: u64,
    /// The first hundred of them.
    #[serde(default)]
    pub unknown: Vec<FileRow>,
    /// Rows skipped because they are already imported.
    pub contact_count: u64,
    /// The first hundred of them.
    #[serde(default)]
    pub contacts: Vec<FileRow>,
}

/// Imports a file of corrections. Matches rows by `row_key` and turns values that differ into edits, all in one
/// action. A discarded row is restored if it differs.
///
/// Columns may be missing or in any order, and rows may be short: missing values stay unchanged. Columns named
/// `other: NAME` belong to no field. Ignores `row`, `line`, `reasons` and unknown columns, and removes the apostrophes that the export added against formulas.
/// Changes that spreadsheet programs make on their own do not count as differences: surrounding white space, other
/// line endings, question marks for letters that the file's encoding lacks, and UTF-8 decoded as Windows-1252.
///
/// Fails if the content has more than [`CORRECTIONS_LIMIT`](super::CORRECTIONS_LIMIT) bytes, which are buffered in a temporary file. Fails
/// as invalid, with the line and what to do, if the column `row_key` is missing, a column occurs twice, the CSV
/// cannot be parsed, or one key has different values. If the same request is sent again under the same key, the
/// recorded result is returned before the content is read.
pub async fn correct(
    owners: &OwnerPool,
    request: &Request,
    job: JobId,
    content: impl AsyncRead + Send + Unpin,
) -> Result<Corrected, ActionError> {
    let mut db = owners.read(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut db).await? {
        return Ok(earlier);
    }
    db.rollback().await?;
    let given = Given::take(content).await?;
    let mut transaction = owners.begin(&request.owner).await?;
    let job = decide::in_review(&mut transaction, &request.owner, job).await?;
    let Given { rows, read, encoding, columns, hash } = given;
    let left = choose_all(&mut transaction, job.tables(), rows, encoding).await?;
    let corrected = |effect: Effect| {
        let unchanged = left.unchanged(read, effect.changed.rows);
        let SkippedRows { unknown_count, unknown, contact_count, contacts } = left;
        Corrected { effect, read, unchanged, unknown_count, unknown, contact_count, contacts }
    };
    let parameters = json!({ "rows": read, "columns": columns, "content": hash });
    let kind = ActionKind::Corrections;
    let done =
        decide::write(&mut transaction, request, &job, kind, &parameters, Vec::new(), corrected).await?;
    transaction.commit().await?;
    Ok(done)
}

/// What a file of corrections would do.
#[derive(Debug)]
pub struct CorrectionsPreview {
    /// The changes of rows.
    pub preview: Preview,
    /// Rows in the file.
    pub read: u64,
    /// Like those of [`Corrected`].
    pub unchanged: u64,
    /// Like that of [`Corrected`].
    pub unknown_count: u64,
    /// The first hundred of them.
    pub unknown: Vec<FileRow>,
    /// Like that of [`Corrected`].
    pub contact_count: u64,
}

/// Returns what [`correct`] would do with this file. Fails as it does.
pub async fn preview_corrections(
    owners: &OwnerPool,
    owner: &Owner,
    job: JobId,
    content: impl AsyncRead + Send + Unpin,
) -> Result<CorrectionsPreview, ActionError> {
    let given = Given::take(content).await?;
    let mut transaction = owners.begin(owner).await?;
    let job = decide::in_review(&mut transaction, owner, job).await?;
    let left = choose_all(&mut transaction, job.tables(), given.rows, given.encoding).await?;
    let preview = decide::preview_of_chosen(&mut transaction, &job).await?;
    transaction.rollback().await?;
    let unchanged = left.unchanged(given.read, preview.changed.rows);
    let SkippedRows { unknown_count, unknown, contact_count, contacts: _ } = left;
    Ok(CorrectionsPreview { preview, read: given.read, unchanged, unknown_count, unknown, contact_count })
}

/// The rows of a file that are skipped.
struct SkippedRows {
    unknown_count: u64,
    unknown: Vec<FileRow>,
    contact_count: u64,
    contacts: Vec<FileRow>,
}

impl SkippedRows {
    /// Returns how many of the `read` rows are neither skipped nor `changed`.
    fn unchanged(&self, read: u64, changed: i64) -> u64 {
        read.saturating_sub(changed.unsigned_abs() + self.unknown_count + self.contact_count)
    }
}

/// Decides which rows of a job the rows of a file change, and to which values. Returns those that are skipped.
async fn choose_all(
    connection: &mut PgConnection,
    tables: JobTables,
    rows: Uploaded,
    encoding: Encoding,
) -> Result<SkippedRows, ActionError> {
    corrections::take_in(connection, tables, rows).await?;
    if let Some((first, second)) = corrections::contradiction(connection).await? {
        return Err(invalid(Refusal::Contradiction { first, second, column: ROW_KEY.to_owned() }));
    }
    choose(connection, tables, encoding).await?;
    let (unknown_count, unknown) = corrections::left(connection, Left::Unknown, NAMED).await?;
    let (contact_count, contacts) = corrections::left(connection, Left::Contact, NAMED).await?;
    Ok(SkippedRows { unknown_count, unknown, contact_count, contacts })
}

/// Decides which rows change, and to which values.
async fn choose(
    connection: &mut PgConnection,
    tables: JobTables,
    encoding: Encoding,
) -> Result<(), ActionError> {
    decided::create(connection).await?;
    let others: HashSet<String> =
        extra_columns::of_job(connection, tables.job()).await?.into_iter().collect();
    let mut changes = Corrections::default();
    let mut differences = corrections::differences(connection, tables);
    while let Some(row) = differences.try_next().await? {
        let values = PerField::from_fn(|field| {
            let given = row.given.get(field).as_deref();
            given.filter(|given| !is_same(row.stored.get(field), given, encoding))
        });
        let extra = changed_extra(&row, &others, encoding);
        if extra.is_some() || values.into_iter().any(|value| value.is_some()) {
            changes.push(row.row, values, extra.as_deref())?;
        }
    }
    drop(differences);
    decided::correct(connection, tables, changes).await?;
    Ok(decided::fill(connection, tables, &Filter::default(), &Decision::Correct).await?)
}

/// Returns all values of a row in columns that belong to no field, as a JSON object, with those of the file; `None` if none
/// changes. `others`: the names of these columns.
fn changed_extra(row: &Difference, others: &HashSet<String>, encoding: Encoding) -> Option<String> {
    let stored: BTreeMap<&str, &str> = row.stored_extra.iter().collect();
    let is_changed = |(name, given): &(&str, &str)| {
        let value = stored.get(name).copied().unwrap_or_default();
        others.contains(*name) && !is_same(value, given, encoding)
    };
    let changes: Vec<(&str, &str)> = row.given_extra.iter().filter(is_changed).collect();
    if changes.is_empty() {
        return None;
    }
    let mut all = stored;
    all.extend(changes);
    all.retain(|_, value| !value.is_empty());
    Some(object(all))
}

/// Returns whether a value of the file, in this encoding, equals the stored one.
fn is_same(stored: &str, given: &str, encoding: Encoding) -> bool {
    let (stored, given) = (normalise(stored), unified(given));
    let stored = unified(&stored);
    let written = |letter: char| {
        let lost = !encoding.has(letter);
        // A conversion by way of UTF-16 replaces a letter beyond the basic plane by two question marks.
        let marks = std::iter::repeat_n('?', if lost { letter.len_utf16() } else { 0 });
        (!lost).then_some(letter).into_iter().chain(marks)
    };
    stored == given || stored.chars().flat_map(written).eq(given.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_by_spreadsheet_programs_are_no_differences() {
        let same = [
            ("Acme", "Acme", Encoding::Utf8),
            (" Acme\u{a0}", "Acme", Encoding::Utf8),
            ("Rene\u{301}", "Ren\u{e9}", Encoding::Utf8),
            ("a\r\nb\rc", "a\nb\nc", Encoding::Utf8),
            ("Łódź €", "?ód? €", Encoding::Windows1252),
            ("a \u{1f600}", "a ??", Encoding::Windows1252),
        ];
        for (stored, given, encoding) in same {
            assert!(is_same(stored, given, encoding), "{stored:?} {given:?}");
        }
        let different = [
            ("Acme", "acme", Encoding::Utf8),
            ("Łódź", "?ód?", Encoding::Utf8),
            ("Łódź", "Lódz", Encoding::Windows1252),
            ("Łódź", "?ód", Encoding::Windows1252),
            ("é", "?", Encoding::Windows1252),
            ("Acme", "", Encoding::Utf8),
        ];
        for (stored, given, encoding) in different {
            assert!(!is_same(stored, given, encoding), "{stored:?} {given:?}");
        }
    }
}
