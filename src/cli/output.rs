//! Data on stdout: as a table for people, JSON or CSV for programs.

use std::io::{self, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::csv::{defused, sheet_writer};

/// The form of what a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns for people.
    Table,
    /// One array of objects.
    Json,
    /// Comma-separated values with a header.
    Csv,
}

/// Prints records: their JSON fields under `--output json`, else the given columns.
pub fn print<T: Serialize>(
    format: Format,
    records: &[T],
    header: &[&str],
    cells: impl Fn(&T) -> Vec<String>,
) -> io::Result<()> {
    let out = io::stdout().lock();
    match format {
        Format::Table => table(out, header, records.iter().map(cells)),
        Format::Csv => csv(out, header, records.iter().map(cells)),
        Format::Json => json(out, records),
    }
}

fn json<T: Serialize>(mut out: impl Write, records: &[T]) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, records)?;
    writeln!(out)
}

fn csv(out: impl Write, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> io::Result<()> {
    let mut writer = sheet_writer().from_writer(out);
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| defused(cell).into_owned()))?;
    }
    writer.flush()
}

fn table(mut out: impl Write, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> io::Result<()> {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)));
    }
    writeln!(out, "{table}")
}

/// A value without characters that would move the cursor or change the terminal.
pub fn printable(value: &str) -> String {
    value.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_quotes_escaped() {
        let mut out = Vec::new();
        let rows = vec![vec!["=1+1".to_owned(), "a\"b;=c".to_owned()]];
        csv(&mut out, &["x", "y"], rows.into_iter()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "x,y\n'=1+1,\"a\"\"b,c\"\n");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\u{fffd}c");
    }
}
