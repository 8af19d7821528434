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

/// A terminal obeys more than JSON escapes. All such characters are inside of strings, where an escape stands for them;
/// line feeds stand between values.
fn json<T: Serialize>(mut out: impl Write, records: &[T]) -> io::Result<()> {
    let text = serde_json::to_string_pretty(records)?;
    let steers = |letter: char| letter != '\n' && steers_terminal(letter);
    for piece in text.split_inclusive(steers) {
        let last = piece.chars().next_back().filter(|letter| steers(*letter));
        let plain = piece.len() - last.map_or(0, char::len_utf8);
        out.write_all(&piece.as_bytes()[..plain])?;
        if let Some(letter) = last {
            write!(out, "\\u{:04x}", u32::from(letter))?;
        }
    }
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
    table.set_header(header.iter().map(|name| printable(name)));
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)));
    }
    writeln!(out, "{table}")
}

/// A value on one line, with escapes for characters that would move the cursor, change the terminal or turn text around.
pub fn printable(value: &str) -> String {
    let mut shown = String::with_capacity(value.len());
    for letter in value.chars() {
        match steers_terminal(letter) {
            true => shown.extend(letter.escape_default()),
            false => shown.push(letter),
        }
    }
    shown
}

/// A text of several lines, each of them [`printable`].
pub fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

/// Control characters, the ends of lines and paragraphs, and what changes the direction of text around it. All are of
/// the first plane.
fn steers_terminal(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_quotes_escaped() {
        let mut out = Vec::new();
        let rows = vec![vec!["=1+1".to_owned(), "a\"b;=c".to_owned()]];
        csv(&mut out, &["x", "y"], rows.into_iter()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\"x\",\"y\"\n\"'=1+1\",\"a\"\"b;'=c\"\n");
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
        let mut out = Vec::new();
        table(&mut out, &[steering], [vec![steering.to_owned()]].into_iter()).unwrap();
        assert!(is_plain(&out), "{out:?}");
        let mut out = Vec::new();
        json(&mut out, &[steering, "x"]).unwrap();
        assert!(is_plain(&out), "{out:?}");
        assert_eq!(serde_json::from_slice::<Vec<String>>(&out).unwrap(), [steering, "x"]);
    }
}
