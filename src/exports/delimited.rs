//! Files of CSV (RFC 4180) in UTF-8, for spreadsheet programs and others.

use std::io::Write;

use csv::Terminator;

use super::buffer::Buffer;
use super::columns::{Columns, Exported};
use super::error::ExportError;
use super::{CsvOptions, ExportFormat};
use crate::csv::{defused, sheet_writer};

/// A file whose cells are all quoted. A cell that a spreadsheet program would run as a formula begins with an apostrophe,
/// which an import of the file removes.
pub(super) struct Delimited {
    columns: Columns,
    writer: csv::Writer<Buffer>,
}

impl Delimited {
    pub(super) fn new(
        mut buffer: Buffer,
        options: CsvOptions,
        columns: Columns,
    ) -> Result<Delimited, ExportError> {
        if options.byte_order_mark {
            buffer.write_all("\u{feff}".as_bytes())?;
        }
        let mut writer = sheet_writer().terminator(Terminator::CRLF).from_writer(buffer);
        writer.write_record(columns.iter().map(|(name, _)| defused(name).into_owned())).map_err(failed)?;
        Ok(Delimited { columns, writer })
    }

    pub(super) fn push<T: Exported>(&mut self, record: &T) -> Result<(), ExportError> {
        for cell in self.columns.cells(record, ExportFormat::Csv)? {
            self.writer.write_field(defused(&cell.into_text()).as_bytes()).map_err(failed)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(failed)
    }

    pub(super) fn finish(mut self) -> Result<(), ExportError> {
        Ok(self.writer.flush()?)
    }
}

fn failed(error: csv::Error) -> ExportError {
    ExportError::Library { format: ExportFormat::Csv, reason: error.to_string() }
}
