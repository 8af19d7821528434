//! Writes contacts and rows as files: CSV, XLSX, JSON lines, Parquet and vCard.
//!
//! A [`Writer`] takes records one by one and returns the bytes written so far, so that a file of any length is sent while
//! it is written. Only XLSX is complete before its first byte is known; it is written to temporary files.

mod buffer;
mod columns;
mod delimited;
mod error;
mod format;
mod json_lines;
mod parquet;
mod vcard;
mod xlsx;

#[cfg(test)]
mod tests;

use std::fs::File;

use buffer::Buffer;
use bytes::Bytes;
pub(crate) use columns::{Cell, Column, Columns, Exported, Kind};
use delimited::Delimited;
pub use error::ExportError;
pub use format::ExportFormat;
use json_lines::JsonLines;
use parquet::Parquet;
use vcard::Vcard;
use xlsx::Xlsx;

/// Settings of a file of CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CsvOptions {
    /// Whether the file begins with a byte order mark, without which Excel does not read it as UTF-8.
    pub byte_order_mark: bool,
}

/// Writes one file.
pub(crate) struct Writer {
    form: Form,
    buffer: Buffer,
}

enum Form {
    Csv(Box<Delimited>),
    Xlsx(Box<Xlsx>),
    JsonLines(JsonLines),
    Parquet(Box<Parquet>),
    Vcard(Vcard),
}

/// The end of a file.
pub(crate) enum End {
    /// The last bytes.
    Bytes(Bytes),
    /// The whole file, at its beginning.
    File(File),
}

impl Writer {
    /// Begins a file with the given columns.
    pub(crate) fn new(
        format: ExportFormat,
        options: CsvOptions,
        columns: Columns,
    ) -> Result<Writer, ExportError> {
        let buffer = Buffer::default();
        let form = match format {
            ExportFormat::Csv => Form::Csv(Box::new(Delimited::new(buffer.clone(), options, columns)?)),
            ExportFormat::Xlsx => Form::Xlsx(Box::new(Xlsx::new(columns)?)),
            ExportFormat::JsonLines => Form::JsonLines(JsonLines::new(buffer.clone())),
            ExportFormat::Parquet => Form::Parquet(Box::new(Parquet::new(buffer.clone(), columns)?)),
            ExportFormat::Vcard => Form::Vcard(Vcard::new(buffer.clone())),
        };
        Ok(Writer { form, buffer })
    }

    /// Adds a record.
    pub(crate) fn push<T: Exported>(&mut self, record: &T) -> Result<(), ExportError> {
        match &mut self.form {
            Form::Csv(form) => form.push(record),
            Form::Xlsx(form) => form.push(record),
            Form::JsonLines(form) => form.push(record),
            Form::Parquet(form) => form.push(record),
            Form::Vcard(form) => form.push(record),
        }
    }

    /// Returns the bytes written since the last call.
    pub(crate) fn take(&mut self) -> Bytes {
        self.buffer.take()
    }

    /// Ends the file. Writing an XLSX workbook takes seconds for a million records.
    pub(crate) fn finish(self) -> Result<End, ExportError> {
        match self.form {
            Form::Csv(form) => form.finish()?,
            Form::Xlsx(form) => return Ok(End::File(form.finish()?)),
            Form::Parquet(form) => form.finish()?,
            Form::JsonLines(_) | Form::Vcard(_) => {}
        }
        Ok(End::Bytes(self.buffer.take()))
    }
}
