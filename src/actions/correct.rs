//! Imports a file of corrections: the rows written by [`corrections_file`](super::corrections_file), as people
//! changed them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::io::Read;

use futures::TryStreamExt;
use serde_json::json;
use sqlx::PgConnection;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::corrections_file::{KEY_PREFIX, OTHER_PREFIX, ROW_KEY};
use super::{ActionError, Effect, Preview, Request, decide};
use crate::csv::{
    Encoding, Limits, TableReader, TableRow, TableSurvey, unguarded, unmangled, without_mangled_mark,
};
use crate::domain::decision::{ActionKind, Decision, Filter};
use crate::domain::extra::push_json;
use crate::domain::field::{Field, PerField, folded};
use crate::domain::job::{JobId, Owner};
use crate::domain::refusal::Refusal;
use crate::domain::rejection::{HeaderNames, Rejection};
use crate::domain::row::{normalise, unified};
use crate::store::corrections::{self, Difference, FileRow, Left, Uploaded};
use crate::store::decided::{self, Corrections};
use crate::store::{JobTables, OwnerPool, StoreError, extra_columns};

/// Maximum size of a file of corrections, in bytes.
pub const CORRECTIONS_LIMIT: u64 = 64 << 20;

/// Maximum number of skipped rows to list.
const NAMED: i64 = 100;

/// Fits the largest value of a file of contacts, with a three-byte replacement character for each byte that could
/// not be decoded.
const LIMITS: Limits = Limits { max_cell_bytes: 256 << 10, max_record_bytes: 4 << 20, max_columns: 4096 };

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
/// Fails if the content has more than [`CORRECTIONS_LIMIT`] bytes, which are buffered in a temporary file. Fails
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

fn invalid(reason: Refusal) -> ActionError {
    ActionError::Invalid { field: "file", reason }
}

impl From<Rejection> for ActionError {
    fn from(rejection: Rejection) -> Self {
        invalid(rejection.into())
    }
}

fn unread(source: std::io::Error) -> ActionError {
    ActionError::Read { file: "corrections".to_owned(), source }
}

/// Bytes of a file of corrections to read at a time.
const BLOCK_BYTES: usize = 64 << 10;

/// A file of corrections in a temporary file, with what was learned from reading all of its bytes.
struct Received {
    file: std::fs::File,
    reader: TableReader,
    hash: blake3::Hash,
}

impl Received {
    async fn take(mut content: impl AsyncRead + Send + Unpin) -> Result<Received, ActionError> {
        let scratch = |error: std::io::Error| StoreError::from(error);
        let mut file = tokio::fs::File::from_std(tempfile::tempfile().map_err(scratch)?);
        let (mut survey, mut hash) = (TableSurvey::default(), blake3::Hasher::new());
        let (mut block, mut length) = (vec![0; BLOCK_BYTES], 0);
        loop {
            let read = content.read(&mut block).await.map_err(unread)?;
            if read == 0 {
                break;
            }
            length += read as u64;
            if length > CORRECTIONS_LIMIT {
                return Err(ActionError::TooLarge(CORRECTIONS_LIMIT));
            }
            hash.update(&block[..read]);
            survey.feed(&block[..read]);
            file.write_all(&block[..read]).await.map_err(scratch)?;
        }
        file.rewind().await.map_err(scratch)?;
        let reader = survey.finish(LIMITS)?;
        Ok(Received { file: file.into_std().await, reader, hash: hash.finalize() })
    }
}

/// Decides which rows change, and to which values.
async fn choose(
    connection: &mut PgConnection,
    tables: JobTables,
    encoding: Encoding,
) -> Result<(), ActionError> {
    decided::create(connection, tables).await?;
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

/// Encodes values by their names as a JSON object.
fn object<'v>(values: impl IntoIterator<Item = (&'v str, &'v str)>) -> String {
    let mut text = "{".to_owned();
    for (name, value) in values {
        if text.len() > 1 {
            text.push(',');
        }
        push_json(name, &mut text);
        text.push(':');
        push_json(value, &mut text);
    }
    text.push('}');
    text
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

/// Returns the original value of an exported cell.
fn plain(cell: &str) -> Cow<'_, str> {
    match unguarded(cell) {
        Cow::Borrowed(value) => normalise(value),
        Cow::Owned(value) => Cow::Owned(normalise(&value).into_owned()),
    }
}

/// The content of a file of corrections.
struct Given {
    rows: Uploaded,
    read: u64,
    encoding: Encoding,
    /// Its value columns.
    columns: Vec<&'static str>,
    /// Hash of its bytes.
    hash: String,
}

impl Given {
    /// Receives a file and reads it.
    async fn take(content: impl AsyncRead + Send + Unpin) -> Result<Given, ActionError> {
        let received = Received::take(content).await?;
        let reading = tokio::task::spawn_blocking(move || Given::read(received));
        reading.await.map_err(|error| unread(error.into()))?
    }

    fn read(received: Received) -> Result<Given, ActionError> {
        let Received { mut file, mut reader, hash } = received;
        let (mut rows, mut read) = (Uploaded::default(), 0);
        let mut columns = None;
        let mut on_row = |row: TableRow<'_>| {
            let Some(columns) = &columns else {
                columns = Some(Columns::find(&row)?);
                return Ok::<_, ActionError>(());
            };
            read += 1;
            columns.put(&row, &mut rows)
        };
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            match file.read(&mut block).map_err(StoreError::from)? {
                0 => break,
                length => reader.feed(&block[..length], &mut on_row)?,
            }
        }
        let encoding = reader.finish(&mut on_row)?;
        let has = |column: &Field| columns.as_ref().is_some_and(|columns| columns.has(*column));
        let columns = Field::ALL.iter().copied().filter(has).map(Field::as_str).collect();
        Ok(Given { rows, read, encoding, columns, hash: hash.to_hex().to_string() })
    }
}

fn is_key(name: &str) -> bool {
    folded(name) == folded(ROW_KEY)
}

/// The positions of the key and the values in a row.
struct Columns {
    key: usize,
    values: PerField<Option<usize>>,
    /// The columns that belong to no field, with their names.
    others: Vec<(usize, String)>,
    width: usize,
    /// Whether the whole file is UTF-8 that was decoded as Windows-1252.
    is_mangled: bool,
}

impl Columns {
    fn find(header: &TableRow<'_>) -> Result<Columns, ActionError> {
        let mut names: Vec<String> = header.cells.iter().map(|name| unguarded(name).into_owned()).collect();
        let first = names.first().and_then(|name| without_mangled_mark(name)).map(str::to_owned);
        let is_mangled = first.is_some();
        names.iter_mut().zip(first).for_each(|(name, first)| *name = first);
        let is_known = |name: &str| is_key(name) || Field::from_name(name).is_some();
        // A byte order mark decoded as letters of an encoding from which it cannot be recovered.
        let bare = names.first().map(|name| name.trim_start_matches(|letter: char| !letter.is_ascii()));
        if bare.is_some_and(is_known) && !names.first().is_some_and(|name| is_known(name)) {
            return Err(invalid(Refusal::MisreadHeader { line: header.line }));
        }
        let (line, found) = (header.line, HeaderNames::new(&names));
        let position = |called: &str, matches: &dyn Fn(&str) -> bool| {
            let mut positions = (0..names.len()).filter(|at| matches(&names[*at]));
            match (positions.next(), positions.next()) {
                (position, None) => Ok(position),
                _ => Err(invalid(Refusal::SeveralColumns {
                    line,
                    column: called.to_owned(),
                    found: found.clone(),
                })),
            }
        };
        let no_key = || Refusal::NoKeyColumn { line, column: ROW_KEY.to_owned(), found: found.clone() };
        let key = position(ROW_KEY, &is_key)?.ok_or_else(|| invalid(no_key()))?;
        let values = PerField::try_from_fn(|field| {
            position(field.as_str(), &|name| Field::from_name(name) == Some(field))
        })?;
        let has_others = names.iter().any(|name| name.starts_with(OTHER_PREFIX));
        if !has_others && values.into_iter().all(|position| position.is_none()) {
            return Err(invalid(Refusal::NoValueColumn { line, found }));
        }
        let other = |(at, name): (usize, &String)| {
            Some((at, normalise(name.strip_prefix(OTHER_PREFIX)?).into_owned()))
        };
        let others = names.iter().enumerate().filter_map(other).collect();
        Ok(Columns { key, values, others, width: names.len(), is_mangled })
    }

    fn has(&self, column: Field) -> bool {
        self.values.get(column).is_some()
    }

    fn put(&self, row: &TableRow<'_>, rows: &mut Uploaded) -> Result<(), ActionError> {
        let line = row.line;
        if !row.is_text {
            return Err(invalid(Refusal::NotText { line }));
        }
        if row.cells.iter().skip(self.width).any(|cell| !cell.trim().is_empty()) {
            return Err(invalid(Refusal::TooManyCells { line }));
        }
        let cell = |at: usize| row.cells.get(at).map(|cell| self.value(cell));
        let key = cell(self.key).unwrap_or_default();
        let values = self.values.map(|at| at.and_then(cell));
        let values = values.each_ref().map(|value| value.as_deref());
        let others = self.others.iter().filter_map(|(at, name)| Some((name.as_str(), cell(*at)?)));
        let others: Vec<(&str, Cow<'_, str>)> = others.collect();
        let extra = match others.is_empty() {
            true => String::new(),
            false => object(others.iter().map(|(name, value)| (*name, value.as_ref()))),
        };
        Ok(rows.push(line, &key, key.strip_prefix(KEY_PREFIX), values, &extra)?)
    }

    fn value<'a>(&self, cell: &'a str) -> Cow<'a, str> {
        match self.is_mangled && !cell.is_ascii() {
            true => Cow::Owned(plain(&unmangled(cell)).into_owned()),
            false => plain(cell),
        }
    }
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
