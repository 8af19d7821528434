//! The rows with issues as a CSV file to correct in a spreadsheet; [`correct`](super::correct) imports it again.

use std::collections::HashMap;
use std::io::{self, Seek, Write};

use csv::Terminator;
use futures::TryStreamExt;
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::ActionError;
use crate::csv::{guarded, sheet_writer};
use crate::domain::field::Field;
use crate::domain::job::{JobId, Owner};
use crate::store::{OwnerPool, StoreError, corrections, extra_columns, jobs};

/// The column that identifies the row of the job.
pub(super) const ROW_KEY: &str = "row_key";
/// Prefix of the row hash, so that no spreadsheet program takes 32 digits for a number.
pub(super) const KEY_PREFIX: &str = "r-";

/// Prefix of the names of columns that belong to no field, so that none is taken for another column of the file.
pub(super) const OTHER_PREFIX: &str = "other: ";

/// Tells Excel that the file is UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// Bytes written and read at a time.
const PIECE: usize = 256 << 10;

/// A complete file of rows to correct. It is written before the first byte is sent, so that no slow download uses
/// a database connection. The temporary file is deleted when this value is dropped.
#[derive(Debug)]
pub struct CorrectionsFile {
    /// The number of rows.
    pub rows: u64,
    /// The size in bytes.
    pub bytes: u64,
    content: File,
}

impl CorrectionsFile {
    /// Returns the content as a stream, for the body of a response.
    pub(crate) fn into_stream(self) -> ReaderStream<File> {
        ReaderStream::with_capacity(self.content, PIECE)
    }

    /// Returns the content as a reader.
    pub fn into_reader(self) -> File {
        self.content
    }
}

/// Writes the rows of an owner's job that have open issues, one line each, in file order: the four current values,
/// `row`, `line`, `row_key`, `reasons`, the texts of all open issues of the row, `notes`, the notes on them, and the other columns
/// of the job's file, as `other: NAME`. Discarded rows are not included. The format is RFC 4180 in UTF-8 with a byte order mark, and
/// every cell is quoted. Cells that a spreadsheet program would run or change get an apostrophe in front, also after characters that
/// it may take for a separator.
pub async fn corrections_file(
    owners: &OwnerPool,
    owner: &Owner,
    id: JobId,
) -> Result<CorrectionsFile, ActionError> {
    let mut db = owners.snapshot(owner).await?;
    let job = jobs::get(&mut db, owner, id).await?.ok_or(ActionError::NoJob(id))?;
    if job.rows_removed_at.is_some() {
        return Err(ActionError::RowsRemoved(id));
    }
    let scratch = |error: io::Error| StoreError::from(error);
    let mut file = tempfile::tempfile().map_err(scratch)?;
    file.write_all(BYTE_ORDER_MARK).map_err(scratch)?;
    let mut writer = sheet_writer().terminator(Terminator::CRLF).buffer_capacity(PIECE).from_writer(file);
    let written = |error: csv::Error| scratch(error.into());
    let others = extra_columns::of_job(&mut db, id).await?;
    let fields =
        Field::ALL.iter().map(|field| field.as_str()).chain(["row", "line", ROW_KEY, "reasons", "notes"]);
    fields.into_iter().try_for_each(|name| writer.write_field(name)).map_err(written)?;
    let names = others.iter().map(|name| format!("{OTHER_PREFIX}{name}"));
    writer.write_record(names.map(|name| guarded(&name).into_owned())).map_err(written)?;

    let mut rows = corrections::open_rows(&mut db, owner, job.tables());
    let mut count = 0;
    while let Some(row) = rows.try_next().await? {
        let line = row.line.map(|line| line.to_string()).unwrap_or_default();
        let behind = [row.row.to_string(), line, format!("{KEY_PREFIX}{}", row.hash)];
        for value in row.values.values() {
            writer.write_field(guarded(value).as_bytes()).map_err(written)?;
        }
        let texts = [guarded(&row.reasons), guarded(&row.notes)];
        for value in behind.iter().map(String::as_str).chain(texts.iter().map(AsRef::as_ref)) {
            writer.write_field(value).map_err(written)?;
        }
        let extra: HashMap<&str, &str> = row.extra.iter().collect();
        let others = others.iter().map(|name| guarded(extra.get(name.as_str()).copied().unwrap_or_default()));
        writer.write_record(others.map(|value| value.into_owned())).map_err(written)?;
        count += 1;
    }
    drop(rows);
    db.rollback().await?;

    let mut file = writer.into_inner().map_err(|error| scratch(error.into_error()))?;
    let bytes = file.stream_position().map_err(scratch)?;
    file.rewind().map_err(scratch)?;
    Ok(CorrectionsFile { rows: count, bytes, content: File::from_std(file) })
}
