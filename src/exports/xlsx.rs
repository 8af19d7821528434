//! Workbooks of Excel. Cells are text, numbers and times by type, so no program runs any of them as a formula.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};

use super::ExportFormat;
use super::columns::{Cell, Columns, Exported};
use super::error::ExportError;
use crate::csv::{defused, undefused};
use crate::domain::refusal::Refusal;

/// Maximum number of rows of a sheet.
const MAX_ROWS: u32 = 1_048_576;
/// Maximum number of columns of a sheet.
const MAX_COLUMNS: usize = 16_384;
/// Maximum length of a cell, in UTF-16 code units.
const MAX_LENGTH: usize = 32_767;

/// A workbook with as many sheets as the records need. Each has a header.
pub(super) struct Xlsx {
    columns: Columns,
    workbook: Workbook,
    /// The number of sheets.
    sheets: usize,
    /// The next row of the last sheet.
    row: u32,
    bold: Format,
    time: Format,
}

impl Xlsx {
    pub(super) fn new(columns: Columns) -> Result<Xlsx, ExportError> {
        if columns.len() > MAX_COLUMNS {
            let (columns, format) = (columns.len(), ExportFormat::Xlsx.as_str());
            return Err(ExportError::Refused(Refusal::WideFile { columns, format, limit: MAX_COLUMNS }));
        }
        let (bold, time) = (Format::new().set_bold(), Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"));
        let mut xlsx = Xlsx { columns, workbook: Workbook::new(), sheets: 0, row: 0, bold, time };
        xlsx.add_sheet()?;
        Ok(xlsx)
    }

    fn add_sheet(&mut self) -> Result<(), ExportError> {
        let sheet = self.workbook.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        for (at, (name, _)) in (0..).zip(self.columns.iter()) {
            sheet.write_string_with_format(0, at, name, &self.bold).map_err(failed)?;
        }
        (self.sheets, self.row) = (self.sheets + 1, 1);
        Ok(())
    }

    pub(super) fn push<T: Exported>(&mut self, record: &T) -> Result<(), ExportError> {
        if self.row == MAX_ROWS {
            self.add_sheet()?;
        }
        let row = self.row;
        let sheet = self.workbook.worksheet_from_index(self.sheets - 1).map_err(failed)?;
        for (at, cell) in (0_u16..).zip(self.columns.cells(record, ExportFormat::Xlsx)?) {
            let written = match cell {
                Cell::Empty => continue,
                // Excel has 53 bits for a number.
                Cell::Number(number) => sheet.write_number(row, at, number as f64),
                Cell::Text(text) => sheet.write_string(row, at, escaped(&text)),
                Cell::Time(time) => ExcelDateTime::from_timestamp(time.timestamp())
                    .and_then(|time| sheet.write_datetime_with_format(row, at, time, &self.time)),
            };
            written.map_err(|error| match error {
                XlsxError::MaxStringLengthExceeded => ExportError::Refused(Refusal::LongValue {
                    record: record.name(),
                    column: self
                        .columns
                        .iter()
                        .nth(at.into())
                        .map_or_else(String::new, |(name, _)| name.to_owned()),
                    format: ExportFormat::Xlsx.as_str(),
                    limit: MAX_LENGTH,
                }),
                error => failed(error),
            })?;
        }
        self.row += 1;
        Ok(())
    }

    /// Writes the workbook to a temporary file, which is deleted when it is closed.
    pub(super) fn finish(mut self) -> Result<File, ExportError> {
        let mut file = BufWriter::new(tempfile::tempfile()?);
        self.workbook.save_to_writer(&mut file).map_err(failed)?;
        file.flush()?;
        let mut file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(file)
    }
}

/// Escapes a value that an import would change: it removes the apostrophes of CSV files, which may have been saved as
/// workbooks since.
fn escaped(text: &str) -> Cow<'_, str> {
    if undefused(text) == text { Cow::Borrowed(text) } else { defused(text) }
}

fn failed(error: XlsxError) -> ExportError {
    match error {
        XlsxError::IoError(error) => ExportError::Io(error),
        error => ExportError::Library { format: ExportFormat::Xlsx, reason: error.to_string() },
    }
}
