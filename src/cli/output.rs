//! Data on stdout: a table for people, JSON or CSV for programs.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use indicatif::HumanCount;
use serde::Serialize;

use super::table::{Layout, terminal_width};
use crate::csv::{defused, sheet_writer};
use crate::store::Count;

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people.
    Table,
    /// One array of objects.
    Json,
    /// Comma-separated values with a header.
    Csv,
}

/// Nobody reads the standard output any more.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output")]
pub(super) struct ReaderGone;

/// The standard output. If its reader has gone, as `head` goes, writing fails with [`ReaderGone`].
pub(super) struct Stdout(io::StdoutLock<'static>);

/// Returns the standard output.
pub(super) fn stdout() -> Stdout {
    Stdout(io::stdout().lock())
}

/// Returns [`ReaderGone`] for the error of a closed pipe.
pub(super) fn reader_gone(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => io::Error::new(io::ErrorKind::BrokenPipe, ReaderGone),
        _ => error,
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(reader_gone)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(reader_gone)
    }
}

/// Returns whether an error means that nobody reads the standard output any more.
pub(super) fn is_reader_gone(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let of_io = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        of_io.is_some_and(|inner| inner.is::<ReaderGone>())
    })
}

/// Returns an error with its causes, separated by colons. Leaves out a cause that the error before it already quotes, as those
/// of libraries often do.
pub(super) fn with_causes(error: &anyhow::Error) -> String {
    let mut words = String::new();
    let mut last = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if last.contains(&cause) {
            continue;
        }
        if !words.is_empty() {
            words.push_str(": ");
        }
        words.push_str(&cause);
        last = cause;
    }
    words
}

/// The option for the format of a list.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct OutputArgs {
    /// Output format.
    #[arg(long, short, value_enum, ignore_case = true, default_value = "table", conflicts_with = "json")]
    output: Format,
}

impl OutputArgs {
    /// Returns the format; `json`: whether `--json` is set.
    pub(crate) fn format(self, json: bool) -> Format {
        if json { Format::Json } else { self.output }
    }
}

/// Returns a time to the minute for a table; nothing if there is none.
pub(super) fn time(at: Option<DateTime<Utc>>) -> String {
    at.map(|at| at.format("%Y-%m-%d %H:%MZ").to_string()).unwrap_or_default()
}

/// Prints one value as JSON.
pub(crate) fn print_json(value: &impl Serialize) -> io::Result<()> {
    let mut out = stdout();
    json(&mut out, &serde_json::to_string_pretty(value)?)?;
    writeln!(out)
}

/// Prints records: their JSON fields under `--output json`, else the given columns.
pub(crate) fn print<T: Serialize>(
    format: Format,
    records: &[T],
    header: &[&str],
    cells: impl Fn(&T) -> Vec<String>,
) -> io::Result<()> {
    let mut printer = Printer::on_stdout(format, header)?;
    records.iter().try_for_each(|record| printer.put(record, &cells))?;
    printer.finish()
}

/// Rows of a table that are aligned with each other. A longer table repeats its header.
const TABLE_ROWS: usize = 500;
/// Maximum letters of a cell in a table; the other formats print all of it.
const CELL_LETTERS: usize = 1_000;

/// Prints records one by one, so that memory never contains more of them than a table aligns.
pub(crate) struct Printer<'h, W: Write> {
    header: &'h [&'h str],
    layout: Layout<'h>,
    form: Form<W>,
    /// Whether nothing has been printed yet.
    is_empty: bool,
}

enum Form<W: Write> {
    Table { out: W, rows: Vec<Vec<String>> },
    Json { out: W },
    Csv { out: Box<::csv::Writer<W>> },
}

impl<'h> Printer<'h, Stdout> {
    /// Starts printing to the standard output. Tables fit the terminal, if it is one.
    pub(crate) fn on_stdout(format: Format, header: &'h [&'h str]) -> io::Result<Printer<'h, Stdout>> {
        let printer = Printer::new(stdout(), format, header)?;
        Ok(Printer { layout: Layout { width: terminal_width(), note: None }, ..printer })
    }
}

impl<'h, W: Write> Printer<'h, W> {
    /// Starts printing to `out`.
    fn new(out: W, format: Format, header: &'h [&'h str]) -> io::Result<Printer<'h, W>> {
        let form = match format {
            Format::Table => Form::Table { out, rows: Vec::new() },
            Format::Json => Form::Json { out },
            Format::Csv => {
                let mut out = Box::new(sheet_writer().from_writer(out));
                out.write_record(header).map_err(of_csv)?;
                Form::Csv { out }
            }
        };
        Ok(Printer { header, layout: Layout::default(), form, is_empty: true })
    }

    /// Prints the sentences of the column with this heading below their rows if a table is too wide for the terminal.
    pub(crate) fn with_note(self, heading: &'h str) -> Self {
        Printer { layout: Layout { note: Some(heading), ..self.layout }, ..self }
    }

    /// Prints a record.
    pub(crate) fn put<T: Serialize>(
        &mut self,
        record: &T,
        cells: impl Fn(&T) -> Vec<String>,
    ) -> io::Result<()> {
        let is_first = std::mem::take(&mut self.is_empty);
        match &mut self.form {
            Form::Table { out, rows } => {
                rows.push(cells(record).iter().map(|cell| table_cell(cell)).collect());
                if rows.len() < TABLE_ROWS {
                    return Ok(());
                }
                table(out, &self.layout, self.header, &std::mem::take(rows))
            }
            Form::Json { out } => {
                write!(out, "{}\n  ", if is_first { '[' } else { ',' })?;
                json(out, &serde_json::to_string_pretty(record)?.replace('\n', "\n  "))
            }
            Form::Csv { out } => {
                out.write_record(cells(record).iter().map(|cell| defused(cell).into_owned())).map_err(of_csv)
            }
        }
    }

    /// Prints the remaining records.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self.form {
            Form::Table { rows, .. } if rows.is_empty() && !self.is_empty => Ok(()),
            Form::Table { mut out, rows } => table(&mut out, &self.layout, self.header, &rows),
            Form::Json { mut out } => writeln!(out, "{}", if self.is_empty { "[]" } else { "\n]" }),
            Form::Csv { mut out } => out.flush(),
        }
    }
}

/// Returns the error of the output that a CSV writer reports.
fn of_csv(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// JSON escapes fewer characters than a terminal obeys. All of those are inside strings, where an escape can
/// replace them; line feeds are only between values.
fn json(out: &mut impl Write, text: &str) -> io::Result<()> {
    let steers = |letter: char| letter != '\n' && steers_terminal(letter);
    for piece in text.split_inclusive(steers) {
        let last = piece.chars().next_back().filter(|letter| steers(*letter));
        let plain = piece.len() - last.map_or(0, char::len_utf8);
        out.write_all(&piece.as_bytes()[..plain])?;
        if let Some(letter) = last {
            write!(out, "\\u{:04x}", u32::from(letter))?;
        }
    }
    Ok(())
}

fn table(out: &mut impl Write, layout: &Layout<'_>, header: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let header: Vec<String> = header.iter().map(|name| printable(name)).collect();
    layout.print(out, &header, rows)
}

fn table_cell(cell: &str) -> String {
    match cell.char_indices().nth(CELL_LETTERS) {
        Some((end, _)) => printable(&cell[..end]) + "…",
        None => printable(cell),
    }
}

/// Returns a value on one line, with escapes for characters that move the cursor, control the terminal or reverse
/// text.
pub(crate) fn printable(value: &str) -> String {
    let mut shown = String::with_capacity(value.len());
    for letter in value.chars() {
        match steers_terminal(letter) {
            true => shown.extend(letter.escape_default()),
            false => shown.push(letter),
        }
    }
    shown
}

/// Returns a count with its noun: `1 row`, `2 rows`.
pub(super) fn counted(count: impl TryInto<u64>, noun: &str) -> String {
    let count = count.try_into().unwrap_or_default();
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Returns a count that ends somewhere with its noun: `1 row`, `more than 10000 rows`.
pub(super) fn counted_up(count: Count, noun: &str) -> String {
    format!("{count} {noun}{}", if count.number() == 1 { "" } else { "s" })
}

/// Returns a large count with its noun: `1 row`, `45,000 rows`.
pub(super) fn counted_in_groups(count: impl TryInto<u64>, noun: &str) -> String {
    let count = count.try_into().unwrap_or_default();
    format!("{} {noun}{}", HumanCount(count), if count == 1 { "" } else { "s" })
}

/// Returns a text of several lines, each of them [`printable`].
pub(crate) fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

/// Returns whether a character is a control character, a line or paragraph separator, or changes the direction of
/// text. All of these are in the basic plane.
fn steers_terminal(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_not_repeated() {
        let cause = anyhow::anyhow!("no route").context("cannot connect: no route").context("the database");
        assert_eq!(with_causes(&cause), "the database: cannot connect: no route");
        assert_eq!(with_causes(&anyhow::anyhow!("b").context("a")), "a: b");
    }

    #[test]
    fn formulas_are_defused_and_quotes_escaped() {
        let rows = [vec!["=1+1".to_owned(), "a\"b;=c".to_owned()]];
        assert_eq!(printed(Format::Csv, &rows), "\"x\",\"y\"\n\"'=1+1\",\"a\"\"b;'=c\"\n");
    }

    fn printed(format: Format, rows: &[Vec<String>]) -> String {
        let mut out = Vec::new();
        let mut printer = Printer::new(&mut out, format, &["x", "y"]).unwrap();
        rows.iter().for_each(|row| printer.put(row, Clone::clone).unwrap());
        printer.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn single_records_form_one_json_array() {
        for rows in [vec![], vec![vec!["a\nb".to_owned()]], vec![vec!["a".to_owned(), "b".to_owned()]; 3]] {
            let whole = serde_json::to_string_pretty(&rows).unwrap() + "\n";
            assert_eq!(printed(Format::Json, &rows), whole);
        }
    }

    #[test]
    fn a_long_table_repeats_its_header() {
        let row = |cell: String| vec![cell, "y".to_owned()];
        for (rows, headers) in [(0, 1), (1, 1), (TABLE_ROWS, 1), (TABLE_ROWS + 1, 2)] {
            let rows: Vec<_> = (0..rows).map(|number| row(number.to_string())).collect();
            assert_eq!(printed(Format::Table, &rows).matches('x').count(), headers);
        }
        assert!(printed(Format::Table, &[row("z".repeat(100_000))]).matches('z').count() == CELL_LETTERS);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let steering = "a\u{1b}[2Jb\nc\u{9b}d\u{202e}e";
        assert_eq!(printable(steering), r"a\u{1b}[2Jb\nc\u{9b}d\u{202e}e");
        assert_eq!(printable_lines("a\u{7f}\nb"), "a\\u{7f}\nb");
        let is_plain = |out: &[u8]| {
            let shown = String::from_utf8(out.to_vec()).unwrap();
            shown.chars().all(|letter| letter == '\n' || !steers_terminal(letter))
        };
        let rows = [vec![steering.to_owned(), "x".to_owned()]];
        let mut out = Vec::new();
        let header = [steering, "x"];
        let mut printer = Printer::new(&mut out, Format::Table, &header).unwrap();
        printer.put(&rows[0], Vec::clone).unwrap();
        printer.finish().unwrap();
        assert!(is_plain(&out), "{out:?}");
        let out = printed(Format::Json, &rows);
        assert!(is_plain(out.as_bytes()), "{out:?}");
        assert_eq!(serde_json::from_str::<Vec<Vec<String>>>(&out).unwrap(), rows);
    }
}
