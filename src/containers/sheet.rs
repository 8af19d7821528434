//! The cells of a sheet as text in CSV, as a person sees them.

use calamine::{Data, ExcelDateTime};

use super::error::UnpackError;
use super::output::Flow;

/// From this size on, a number loses digits, and spreadsheets show it with an exponent.
const EXACT: f64 = 1e15;

/// Receives the text of a sheet.
pub(super) type Sink<'s> = dyn FnMut(&[u8]) -> Result<Flow, UnpackError> + 's;

/// Writes the rows of a sheet. Each row of the sheet becomes a line, blank ones too, so that the numbers of lines are those
/// of rows, unless cells contain line breaks.
pub(super) struct SheetWriter<'s> {
    sink: &'s mut Sink<'s>,
    /// The row of `cells`, from 0; `None` before the first cell.
    row: Option<u32>,
    /// The number of lines written.
    lines: u32,
    cells: Vec<String>,
    line: Vec<u8>,
    flow: Flow,
}

impl<'s> SheetWriter<'s> {
    pub(super) fn new(sink: &'s mut Sink<'s>) -> SheetWriter<'s> {
        SheetWriter { sink, row: None, lines: 0, cells: Vec::new(), line: Vec::new(), flow: Flow::More }
    }

    /// Adds a cell at a row and column, from 0. Cells come row by row. A row that does not follow the last one, as in damaged
    /// sheets, becomes the next line.
    pub(super) fn add(&mut self, (row, column): (u32, u32), value: Data) -> Result<Flow, UnpackError> {
        let text = text(value);
        if text.is_empty() {
            return Ok(self.flow);
        }
        if self.row != Some(row) {
            if !self.cells.is_empty() {
                self.end_row()?;
            }
            while self.lines < row && self.flow == Flow::More {
                self.end_row()?;
            }
            self.row = Some(row);
        }
        let column = column as usize;
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        self.cells[column] = text;
        Ok(self.flow)
    }

    /// Writes the last row.
    pub(super) fn finish(mut self) -> Result<(), UnpackError> {
        if self.cells.is_empty() { Ok(()) } else { self.end_row() }
    }

    fn end_row(&mut self) -> Result<(), UnpackError> {
        self.line.clear();
        for (at, cell) in self.cells.iter().enumerate() {
            if at > 0 {
                self.line.push(b',');
            }
            push_cell(cell, &mut self.line);
        }
        self.line.push(b'\n');
        self.cells.clear();
        self.lines += 1;
        self.flow = (self.sink)(&self.line)?;
        Ok(())
    }
}

/// Appends a cell as RFC 4180 has it. All cells are in quotes, so that none of them looks like anything but text.
fn push_cell(cell: &str, line: &mut Vec<u8>) {
    if cell.is_empty() {
        return;
    }
    line.push(b'"');
    line.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
    line.push(b'"');
}

/// Returns what a person sees in a cell. Dates are written as ISO 8601 has them, whatever the cell's format.
fn text(value: Data) -> String {
    match value {
        Data::Empty => String::new(),
        Data::String(text) => text,
        Data::Int(number) => number.to_string(),
        Data::Float(number) => self::number(number),
        Data::Bool(value) => if value { "TRUE" } else { "FALSE" }.to_owned(),
        Data::DateTime(value) => date(value),
        Data::DateTimeIso(text) => text.strip_suffix("T00:00:00").unwrap_or(&text).replace('T', " "),
        Data::DurationIso(text) => text,
        Data::Error(error) => error.to_string(),
    }
}

fn number(number: f64) -> String {
    match number.fract() == 0.0 && number.abs() < EXACT {
        true => format!("{number:.0}"),
        false => number.to_string(),
    }
}

fn date(value: ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = value.to_ymd_hms_milli();
    if value.is_duration() {
        let seconds = (value.as_f64() * 86_400.0).round() as i64;
        return format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    let (date, time) =
        (format!("{year:04}-{month:02}-{day:02}"), format!("{hour:02}:{minute:02}:{second:02}"));
    match (value.as_f64() < 1.0, time.as_str()) {
        // A time without a date.
        (true, _) => time,
        (false, "00:00:00") => date,
        (false, _) => format!("{date} {time}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cells: &[((u32, u32), Data)]) -> String {
        let mut text = Vec::new();
        let mut sink = |bytes: &[u8]| {
            text.extend_from_slice(bytes);
            Ok(Flow::More)
        };
        let mut writer = SheetWriter::new(&mut sink);
        for (place, value) in cells {
            writer.add(*place, value.clone()).unwrap();
        }
        writer.finish().unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn lines_are_the_rows_of_the_sheet() {
        let text = |text: &str| Data::String(text.to_owned());
        let cells = [
            ((1, 0), text("a")),
            ((1, 2), text("say \"b\", c")),
            ((2, 1), Data::Empty),
            ((4, 1), text("=1+1")),
        ];
        assert_eq!(written(&cells), "\n\"a\",,\"say \"\"b\"\", c\"\n\n\n,\"=1+1\"\n");
        // Rows of a damaged sheet are not mixed up.
        let cells = [((1, 0), text("a")), ((0, 0), text("b")), ((0, 1), text("c"))];
        assert_eq!(written(&cells), "\n\"a\"\n\"b\",\"c\"\n");
    }

    #[test]
    fn numbers_and_dates_are_shown_in_full() {
        let date = |serial, kind| Data::DateTime(ExcelDateTime::new(serial, kind, false));
        let (moment, span) = (calamine::ExcelDateTimeType::DateTime, calamine::ExcelDateTimeType::TimeDelta);
        let cases = [
            (Data::Float(5_581_999_123_456.0), "5581999123456"),
            (Data::Float(0.1), "0.1"),
            (Data::Float(-3.0), "-3"),
            (Data::Int(7), "7"),
            (Data::Bool(true), "TRUE"),
            (date(45_000.0, moment), "2023-03-15"),
            (date(45_000.75, moment), "2023-03-15 18:00:00"),
            (date(0.5, moment), "12:00:00"),
            (date(1.5, span), "36:00:00"),
            (Data::DateTimeIso("2024-02-29T00:00:00".to_owned()), "2024-02-29"),
            (Data::Error(calamine::CellErrorType::NA), "#N/A"),
        ];
        for (value, expected) in cases {
            assert_eq!(text(value), expected);
        }
    }
}
