//! The rows with issues as a CSV file that people correct in a spreadsheet; [`correct`](super::correct) takes it back.

use std::io::{self, Seek, Write};

use csv::Terminator;
use futures::TryStreamExt;
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::ActionError;
use crate::csv::{guarded, sheet_writer};
use crate::domain::field::Field;
use crate::domain::job::{JobId, Owner};
use crate::store::{OwnerPool, StoreError, corrections, jobs};

/// The column that says which row of the job is meant.
pub(super) const ROW_KEY: &str = "row_key";
/// Stands before the row's hash, so that no spreadsheet program takes 32 figures for a number.
pub(super) const KEY_PREFIX: &str = "r-";

/// Tells Excel that the file is UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// Bytes that are written and read at a time.
const PIECE: usize = 256 << 10;

/// A file of rows to correct, all of it made before the first byte is given: no database connection is held while
/// somebody downloads it. It lies in a temporary file, which goes with this value.
#[derive(Debug)]
pub struct CorrectionsFile {
    /// Rows in it.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
    content: File,
}

impl CorrectionsFile {
    /// Its bytes in pieces, such as a response's body is made of.
    pub(crate) fn into_stream(self) -> ReaderStream<File> {
        ReaderStream::with_capacity(self.content, PIECE)
    }

    /// Its bytes to read.
    pub fn into_reader(self) -> File {
        self.content
    }
}

/// Writes the rows of an owner's job that an open issue is about, in the order of the file, a line each: the four
/// values as they stand, `row`, `line`, `row_key`, and `reasons`, what all open issues of the row say. Rows that are
/// left out are not among them. UTF-8 with a byte order mark, RFC 4180, each cell in quotes; cells that a spreadsheet
/// program would run or change have an apostrophe in front, also behind what it may take for a separator.
pub async fn corrections_file(
    owners: &OwnerPool,
    owner: &Owner,
    id: JobId,
) -> Result<CorrectionsFile, ActionError> {
    let mut db = owners.snapshot(owner).await?;
    let job = jobs::get(&mut db, owner, id).await?.ok_or(ActionError::NoJob(id))?;
    let scratch = |error: io::Error| StoreError::from(error);
    let mut file = tempfile::tempfile().map_err(scratch)?;
    file.write_all(BYTE_ORDER_MARK).map_err(scratch)?;
    let mut writer = sheet_writer().terminator(Terminator::CRLF).buffer_capacity(PIECE).from_writer(file);
    let written = |error: csv::Error| scratch(error.into());
    let header = Field::ALL.iter().map(|field| field.as_str()).chain(["row", "line", ROW_KEY, "reasons"]);
    writer.write_record(header).map_err(written)?;

    let mut rows = corrections::open_rows(&mut db, owner, job.home());
    let mut count = 0;
    while let Some(row) = rows.try_next().await? {
        let line = row.line.map(|line| line.to_string()).unwrap_or_default();
        let behind = [row.row.to_string(), line, format!("{KEY_PREFIX}{}", row.hash)];
        for value in &row.values {
            writer.write_field(guarded(value).as_bytes()).map_err(written)?;
        }
        writer
            .write_record(behind.iter().map(String::as_str).chain([guarded(&row.reasons).as_ref()]))
            .map_err(written)?;
        count += 1;
    }
    drop(rows);
    db.rollback().await?;

    let mut file = writer.into_inner().map_err(|error| scratch(error.into_error()))?;
    let bytes = file.stream_position().map_err(scratch)?;
    file.rewind().map_err(scratch)?;
    Ok(CorrectionsFile { rows: count, bytes, content: File::from_std(file) })
}
