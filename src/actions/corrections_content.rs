//! Reads a file of corrections: its columns, and the key and values of each row.

use std::borrow::Cow;
use std::io::Read;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::ActionError;
use super::corrections_file::{KEY_PREFIX, OTHER_PREFIX, ROW_KEY};
use crate::csv::{
    Encoding, Limits, TableReader, TableRow, TableSurvey, unguarded, unmangled, without_mangled_mark,
};
use crate::domain::extra::push_json;
use crate::domain::field::{Field, PerField, folded};
use crate::domain::refusal::Refusal;
use crate::domain::rejection::{HeaderNames, Rejection};
use crate::domain::row::normalise;
use crate::store::StoreError;
use crate::store::corrections::Uploaded;

/// Maximum size of a file of corrections, in bytes.
pub const CORRECTIONS_LIMIT: u64 = 64 << 20;

/// Fits the largest value of a file of contacts, with a three-byte replacement character for each byte that could
/// not be decoded.
const LIMITS: Limits = Limits { max_cell_bytes: 256 << 10, max_record_bytes: 4 << 20, max_columns: 4096 };

/// The content of a file of corrections.
pub(super) struct Given {
    pub(super) rows: Uploaded,
    pub(super) read: u64,
    pub(super) encoding: Encoding,
    /// Its value columns.
    pub(super) columns: Vec<&'static str>,
    /// Hash of its bytes.
    pub(super) hash: String,
}

impl Given {
    /// Receives a file and reads it.
    pub(super) async fn take(content: impl AsyncRead + Send + Unpin) -> Result<Given, ActionError> {
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

/// Returns the original value of an exported cell.
fn plain(cell: &str) -> Cow<'_, str> {
    match unguarded(cell) {
        Cow::Borrowed(value) => normalise(value),
        Cow::Owned(value) => Cow::Owned(normalise(&value).into_owned()),
    }
}

/// Encodes values by their names as a JSON object.
pub(super) fn object<'v>(values: impl IntoIterator<Item = (&'v str, &'v str)>) -> String {
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

pub(super) fn invalid(reason: Refusal) -> ActionError {
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
