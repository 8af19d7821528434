//! Whole files through the public interface; each row of a table is one file.

mod blocks;
mod mapped;
mod programs;
mod refusals;
mod tables;
mod values;

use super::*;
use crate::domain::field::PerField;
use crate::domain::rejection::Rejection;

const HEADER: &str = "email,first_name,last_name,company\n";

#[derive(Debug, PartialEq, Eq)]
struct Row {
    number: u64,
    line: u64,
    values: [String; 4],
    damage: Option<Damage>,
}

#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    rows: Vec<Row>,
    end: Result<Summary, Rejection>,
}

fn feed<'a>(mut reader: Reader, blocks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut rows = Vec::new();
    let mut on_row = |row: RawRow<'_>| {
        rows.push(Row { number: row.number, line: row.line, values: texts(&row.values), damage: row.damage });
    };
    let mut blocks = blocks.into_iter();
    let fed = blocks.try_for_each(|block| reader.feed(block, &mut on_row));
    let end = fed.and_then(|()| reader.finish(&mut on_row));
    Outcome { rows, end }
}

/// Reads a file as a worker does: a second time if the first pass requires it.
fn read(file: &[u8]) -> Outcome {
    let first = feed(Reader::sniffing(Limits::default()), [file]);
    match &first.end {
        Ok(summary) => {
            let reader = Reader::with_encoding(summary.reading(), Limits::default());
            let second = feed(reader, [file]);
            assert!(summary.reread || first.rows == second.rows);
            second
        }
        Err(_) => first,
    }
}

fn texts(values: &PerField<&str>) -> [String; 4] {
    [values.email, values.first_name, values.last_name, values.company].map(str::to_owned)
}

fn rejection(file: impl AsRef<[u8]>) -> String {
    read(file.as_ref()).end.unwrap_err().to_string()
}

/// Returns the values of each row, joined by `|`.
fn values(file: impl AsRef<[u8]>) -> Vec<String> {
    let outcome = read(file.as_ref());
    outcome.end.unwrap();
    outcome.rows.iter().map(|r| r.values.join("|")).collect()
}

fn with_header(rows: &str) -> String {
    format!("{HEADER}{rows}")
}

fn narrow(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).unwrap()).collect()
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}
