//! Values in columns that belong to no field, in their stored form.

use std::collections::HashMap;

use super::compare::RepeatComparison;
use super::{Context, RunError};
use crate::csv::{ExtraColumn, RawRow};
use crate::domain::extra::push_json;
use crate::domain::row::{RowHash, normalise};

/// Encodes the values of a row as they are stored: as a JSON object, or as no text if there are none.
pub(crate) fn encode(row: &RawRow<'_>, out: &mut String) {
    encode_each(row, out, |_| ());
}

/// Like [`encode`]. Calls `on_value` with the position of each column that has a value.
fn encode_each(row: &RawRow<'_>, out: &mut String, mut on_value: impl FnMut(usize)) {
    out.clear();
    for (index, column, cell) in row.extra.iter() {
        let value = normalise(&cell);
        if !value.is_empty() {
            on_value(index);
            push_member(column, &value, out);
        }
    }
    close(out);
}

/// Encodes values with their columns.
pub(crate) fn object<'v>(values: impl Iterator<Item = (&'v ExtraColumn, &'v str)>) -> String {
    let mut text = String::new();
    values.for_each(|(column, value)| push_member(column, value, &mut text));
    close(&mut text);
    text
}

fn push_member(column: &ExtraColumn, value: &str, out: &mut String) {
    out.push(if out.is_empty() { '{' } else { ',' });
    out.push_str(column.key());
    push_json(value, out);
}

fn close(out: &mut String) {
    if !out.is_empty() {
        out.push('}');
    }
}

/// What the first pass over a file finds in these columns.
pub(crate) struct Found {
    /// Whether each of the columns has a value in any row.
    pub used: Vec<bool>,
    /// The rows, to find repeats with other values.
    pub repeats: RepeatComparison,
    text: String,
}

impl Found {
    /// Returns what is found before the first row.
    pub(crate) fn new(context: &Context) -> Found {
        let repeats = RepeatComparison::new(&context.sort_memory, &std::env::temp_dir());
        Found { used: Vec::new(), repeats, text: String::new() }
    }

    /// Adds a row, and returns the bytes of its encoded values.
    pub(crate) fn row(&mut self, row: &RawRow<'_>, hash: RowHash) -> Result<usize, RunError> {
        let columns = row.extra.columns().len();
        if columns == 0 {
            return Ok(0);
        }
        self.used.resize(columns, false);
        let used = &mut self.used;
        encode_each(row, &mut self.text, |index| used[index] = true);
        let values = match self.text.as_str() {
            "" => 0,
            text => first_8(&blake3::hash(text.as_bytes())).max(1),
        };
        self.repeats.push(row.number as u32, hash, values)?;
        Ok(self.text.len())
    }
}

fn first_8(hash: &blake3::Hash) -> u64 {
    hash.as_bytes().iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// The values of the rows that were filled from their repeats.
#[derive(Default)]
pub(crate) struct Fills {
    /// The encoded values by the numbers of the rows.
    pub rows: HashMap<u32, String>,
}

impl Fills {
    /// Returns whether no row is filled.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Encodes the values of a row like [`encode`], with those of its repeats.
    pub(crate) fn encode(&self, row: &RawRow<'_>, out: &mut String) {
        match self.rows.get(&(row.number as u32)) {
            Some(filled) => filled.clone_into(out),
            None => encode(row, out),
        }
    }
}
