//! A whole file with columns of any names, such as comes back from a spreadsheet program.

use std::borrow::Cow;

use super::decode::{Cells, Decoder};
use super::dialect::Dialect;
use super::encoding::{Encoding, Evidence, Opening, refuse_foreign};
use super::reader::HEAD_BYTES;
use super::records::{Limits, Record, RecordReader};
use super::rejection::Rejection;
use super::utf16::Utf16;

/// One row of a table.
#[derive(Clone, Copy, Debug)]
pub struct TableRow<'a> {
    /// The physical line on which it starts, from 1.
    pub line: u64,
    /// Its cells, decoded.
    pub cells: Cells<'a>,
    /// Whether all of it could be decoded, without a NUL.
    pub is_text: bool,
}

/// Calls `on_row` with each row of a file, the header first; rows of blank cells are left out. Encoding and
/// delimiter are told as [`Reader`](super::Reader) tells them, the encoding from the whole file. Gives the encoding.
///
/// Fails when the file is plainly no CSV, holds no row at all, a record is beyond the limits or a quote is never
/// closed, and when `on_row` does.
pub fn read_table<E: From<Rejection>>(
    file: &[u8],
    limits: Limits,
    mut on_row: impl FnMut(TableRow<'_>) -> Result<(), E>,
) -> Result<Encoding, E> {
    refuse_foreign(file)?;
    let opening = opening(file);
    let text = as_narrow(&file[opening.skip..], opening.encoding);
    if text.is_empty() {
        return Err(Rejection::Empty.into());
    }
    let head = &text[..text.len().min(HEAD_BYTES)];
    let dialect = Dialect::detect(head, head.len() == text.len(), limits);

    let mut decoder = Decoder::new(opening.encoding);
    let (mut is_declaration, mut is_blank) = (dialect.declared, true);
    let mut take = |record: &Record<'_>| {
        if std::mem::take(&mut is_declaration) {
            return Ok(());
        }
        let decoded = decoder.decode(record);
        if decoded.cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        is_blank = false;
        let is_text = decoded.undecodable.is_empty();
        on_row(TableRow { line: record.line(), cells: decoded.cells, is_text })
    };
    let mut records = RecordReader::new(dialect.delimiter, limits);
    let mut input = text.as_ref();
    while let Some(record) = records.read(&mut input)? {
        take(&record)?;
    }
    if let Some(record) = records.finish()? {
        take(&record)?;
    }
    if is_blank { Err(Rejection::Blank.into()) } else { Ok(opening.encoding) }
}

pub(super) fn opening(file: &[u8]) -> Opening {
    let opening = Opening::sniff(file);
    if opening.certain {
        return opening;
    }
    let mut evidence = Evidence::default();
    evidence.add(file);
    Opening { encoding: evidence.verdict(), ..opening }
}

/// UTF-16 as UTF-8; anything else as it is.
pub(super) fn as_narrow(text: &[u8], encoding: Encoding) -> Cow<'_, [u8]> {
    let Some(mut utf16) = Utf16::new(encoding) else { return Cow::Borrowed(text) };
    let mut converted = Vec::new();
    utf16.push(text, &mut converted);
    utf16.finish(&mut converted);
    Cow::Owned(converted)
}
