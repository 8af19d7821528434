//! Lines that are not contacts: titles, notes, comments, repeated headers, totals. They are counted and listed.

use super::decode::Cells;

/// Maximum number of listed lines, and of characters of each.
const LISTED: usize = 20;
const CHARACTERS: usize = 120;

/// A skipped line.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SkippedLine {
    /// The physical line, from 1.
    pub line: u64,
    /// Its text, shortened.
    pub text: String,
}

/// The skipped lines of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SkippedLines {
    /// Their number.
    pub count: u64,
    /// The first of them.
    pub first: Vec<SkippedLine>,
}

impl SkippedLine {
    pub(super) fn new<T: AsRef<str>>(line: u64, cells: impl IntoIterator<Item = T>) -> SkippedLine {
        let mut text = String::new();
        for cell in cells {
            let cell = cell.as_ref().trim();
            if !cell.is_empty() && text.len() < CHARACTERS * 4 {
                text.push_str(if text.is_empty() { "" } else { " " });
                text.extend(cell.chars().take(CHARACTERS).map(|c| if c.is_control() { ' ' } else { c }));
            }
        }
        if let Some((end, _)) = text.char_indices().nth(CHARACTERS) {
            text.truncate(end);
            text.push('…');
        }
        SkippedLine { line, text }
    }
}

impl SkippedLines {
    pub(super) fn add(&mut self, line: SkippedLine) {
        self.count += 1;
        if self.first.len() < LISTED {
            self.first.push(line);
        }
    }
}

/// Words that begin a row of totals.
const TOTALS: [&str; 30] = [
    "total",
    "totals",
    "grandtotal",
    "subtotal",
    "sum",
    "count",
    "recordcount",
    "totalrecords",
    "totalrows",
    "summe",
    "gesamt",
    "gesamtsumme",
    "gesamtergebnis",
    "anzahl",
    "somme",
    "totalgénéral",
    "totale",
    "totaal",
    "suma",
    "soma",
    "razem",
    "celkem",
    "összesen",
    "toplam",
    "итого",
    "всего",
    "合计",
    "合計",
    "总计",
    "합계",
];

/// Returns whether a row is a comment or a total.
pub(super) fn is_comment_or_total(cells: Cells<'_>) -> bool {
    let mut filled = cells.iter().map(str::trim).filter(|cell| !cell.is_empty());
    let Some(first) = filled.next() else { return false };
    let others_are_numbers = || {
        let mut others = cells.iter().map(str::trim).filter(|cell| !cell.is_empty()).skip(1);
        others.all(|cell| cell.chars().all(|letter| !letter.is_alphabetic() && letter != '@'))
    };
    if first == "\u{1a}" {
        return filled.next().is_none();
    }
    if first.contains('@') {
        return false;
    }
    if first.starts_with('#') && first.chars().nth(1).is_none_or(char::is_whitespace)
        || first.starts_with("//")
    {
        return filled.next().is_none();
    }
    let word: String =
        first.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase).collect();
    TOTALS.contains(&word.as_str()) && others_are_numbers()
}
