//! Escapes cells for spreadsheet programs, which run some as formulas (OWASP, "CSV Injection") and convert others to
//! numbers, dates and booleans. A leading apostrophe prevents both.
//!
//! A program that expects another separator splits one cell into several. Therefore formulas are also escaped after each
//! character that may be a separator, and every cell is quoted.

use std::borrow::Cow;

/// Returns a writer for spreadsheet programs, which quotes every cell.
pub fn sheet_writer() -> ::csv::WriterBuilder {
    let mut builder = ::csv::WriterBuilder::new();
    builder.quote_style(::csv::QuoteStyle::Always);
    builder
}

/// Escapes a cell so that no spreadsheet program runs any part of it as a formula. [`undefused`] reverses it.
///
/// ```
/// use ingest::csv::{defused, undefused};
///
/// assert_eq!(defused("=1+1"), "'=1+1");
/// assert_eq!(defused("'n'"), "'n'");
/// assert_eq!(undefused(&defused("'=1+1")), "'=1+1");
/// ```
pub fn defused(cell: &str) -> Cow<'_, str> {
    with_apostrophes(cell, is_formula_behind_apostrophes(cell))
}

/// Reverses [`defused`].
pub fn undefused(cell: &str) -> Cow<'_, str> {
    let cell = without_apostrophes_inside(cell);
    match is_formula_behind_apostrophes(&cell) {
        true => cell.strip_prefix('\'').map(str::to_owned).map_or(cell, Cow::Owned),
        false => cell,
    }
}

fn is_formula_behind_apostrophes(cell: &str) -> bool {
    is_formula(cell.trim_start_matches('\''))
}

/// Escapes a cell so that it survives a spreadsheet program unchanged. [`unguarded`] reverses it.
///
/// ```
/// use ingest::csv::{guarded, unguarded};
///
/// assert_eq!(guarded("=1+1"), "'=1+1");
/// assert_eq!(guarded("007"), "'007");
/// assert_eq!(guarded("Acme"), "Acme");
/// assert_eq!(unguarded(&guarded("=1+1")), "=1+1");
/// ```
pub fn guarded(cell: &str) -> Cow<'_, str> {
    with_apostrophes(cell, cell.starts_with('\'') || is_formula(cell) || is_reinterpreted(cell))
}

/// Reverses [`guarded`]: removes one apostrophe at the beginning, and one before each formula inside.
pub fn unguarded(cell: &str) -> Cow<'_, str> {
    without_apostrophes_inside(cell.strip_prefix('\'').unwrap_or(cell))
}

/// Removes one apostrophe before each formula inside.
fn without_apostrophes_inside(cell: &str) -> Cow<'_, str> {
    let is_added = |at: &usize| cell[*at..].starts_with('\'') && is_formula_inside(&cell[*at..]);
    let added: Vec<usize> = after_separators(cell).filter(is_added).collect();
    if added.is_empty() {
        return Cow::Borrowed(cell);
    }
    let mut original = String::with_capacity(cell.len());
    let mut from = 0;
    for at in added {
        original.push_str(&cell[from..at]);
        from = at + 1;
    }
    original.push_str(&cell[from..]);
    Cow::Owned(original)
}

fn with_apostrophes(cell: &str, in_front: bool) -> Cow<'_, str> {
    let inside = after_separators(cell).filter(|at| is_formula_inside(&cell[*at..]));
    let positions: Vec<usize> = in_front.then_some(0).into_iter().chain(inside).collect();
    if positions.is_empty() {
        return Cow::Borrowed(cell);
    }
    let mut escaped = String::with_capacity(cell.len() + positions.len());
    let mut from = 0;
    for at in positions {
        escaped.push_str(&cell[from..at]);
        escaped.push('\'');
        from = at;
    }
    escaped.push_str(&cell[from..]);
    Cow::Owned(escaped)
}

/// Characters that some program may read as the end of a cell.
const SEPARATORS: [char; 6] = [',', ';', '\t', '|', '\r', '\n'];

/// Returns the positions at which a program with another separator would begin a new cell.
fn after_separators(cell: &str) -> impl Iterator<Item = usize> {
    cell.match_indices(SEPARATORS).map(|(at, separator)| at + separator.len())
}

/// Characters that begin a formula. East Asian programs also accept the wide forms.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Returns whether a part of a cell is a formula, ignoring leading apostrophes.
///
/// A question mark counts as a sign, since a wide sign becomes one in an encoding that lacks it, and escaping must be
/// reversible there too.
fn is_formula_inside(part: &str) -> bool {
    let is_skipped = |letter: char| letter == '"' || letter.is_whitespace() && !SEPARATORS.contains(&letter);
    let part = part.trim_start_matches('\'').trim_start_matches(is_skipped);
    part.starts_with(SIGNS) || part.starts_with('?')
}

/// Returns whether a cell is a formula, also after white space, which some programs ignore.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['\t', '\r', '\n']) || cell.trim_start().starts_with(SIGNS)
}

/// Booleans in the languages of spreadsheet programs.
const BOOLEANS: [&str; 12] = [
    "true",
    "false",
    "wahr",
    "falsch",
    "vrai",
    "faux",
    "verdadero",
    "falso",
    "verdadeiro",
    "vero",
    "waar",
    "onwaar",
];

/// Words that occur in numbers, dates and times.
const NUMBER_WORDS: [&str; 14] =
    ["e", "a", "p", "am", "pm", "h", "年", "月", "日", "時", "时", "分", "秒", "년"];

/// First letters of the months in English, German, French, Spanish, Portuguese, Italian and Dutch.
const MONTHS: [&str; 32] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mär", "mrz", "mai",
    "okt", "dez", "fév", "fev", "avr", "aoû", "déc", "ene", "abr", "ago", "dic", "out", "gen", "mag", "giu",
    "lug", "ott",
];

/// Returns whether a spreadsheet program may convert the cell to a number, an amount, a date, a time or a boolean. Errs
/// on the side of `true`: an apostrophe costs nothing, but a first name that was converted to a date is lost.
fn is_reinterpreted(cell: &str) -> bool {
    let lower_case = cell.trim().to_lowercase();
    if !lower_case.contains(char::is_numeric) {
        return BOOLEANS.contains(&lower_case.as_str());
    }
    let mut words = lower_case.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty());
    words.all(|word| NUMBER_WORDS.contains(&word) || MONTHS.iter().any(|month| word.starts_with(month)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cells_that_a_spreadsheet_would_change_are_escaped() {
        let changed = [
            "=cmd|' /C calc'!A0",
            "@SUM(1)",
            "+1",
            "-1",
            "\t1",
            "\r",
            "\nx",
            "  =1",
            "＝1",
            "'",
            "'quoted",
            "''",
            "007",
            "1-2",
            "1/2",
            "12:30",
            "12:30 PM",
            "1.234,5",
            "1e5",
            "1E+05",
            "5%",
            "(5)",
            "$5",
            "5 €",
            "1 000",
            "１２",
            "5 May",
            "MAR1",
            "1. März 2020",
            "2020年1月",
            "TRUE",
            " false ",
            "Wahr",
        ];
        for cell in changed {
            assert_eq!(guarded(cell), format!("'{cell}"), "{cell:?}");
        }
        let unchanged = [
            "",
            " ",
            "Ann",
            "O'Hara",
            "a@b.co",
            "bob2@example.com",
            "3M Company",
            "May",
            "x=1",
            "e",
            "Trueman",
        ];
        for cell in unchanged {
            assert_eq!(guarded(cell), cell);
        }
    }

    #[test]
    fn formulas_are_escaped_after_every_separator() {
        let cases = [
            ("x;=1+1;y", "x;'=1+1;y"),
            ("x,=1", "x,'=1"),
            ("x\t@SUM(1)", "x\t'@SUM(1)"),
            ("x|+1|-1", "x|'+1|'-1"),
            ("x\r\n=1", "x\r\n'=1"),
            ("x; \u{a0}＝1", "x;' \u{a0}＝1"),
            ("x;\"=1\";y", "x;'\"=1\";y"),
            ("x;'=1", "x;''=1"),
            ("x;?1", "x;'?1"),
            ("=1;=1", "'=1;'=1"),
            ("\t=1", "'\t'=1"),
        ];
        for (cell, expected) in cases {
            assert_eq!((guarded(cell), defused(cell)), (expected.into(), expected.into()), "{cell:?}");
        }
        for cell in ["Smith, Ann", "Rock,'n'Roll", "a;b", "1st; \"2nd\"", "x =1", "a;;'b'"] {
            assert_eq!((guarded(cell), unguarded(cell)), (cell.into(), cell.into()), "{cell:?}");
        }
    }

    #[test]
    fn unguarded_reverses_guarded() {
        let pieces = [
            "", "'", "=", "-", "?", "＝", "\t", "\r", "\n", " ", "1", "e", ",", ";", "|", "\"", "é",
            "\u{feff}",
        ];
        let is_escaped = |cell: &str| {
            let parts = cell.split(SEPARATORS).map(|part| part.trim_start_matches([' ', '"']));
            !is_formula(cell) && parts.into_iter().all(|part| !part.starts_with(SIGNS))
        };
        for one in pieces {
            for two in pieces {
                for three in pieces {
                    for four in pieces {
                        let cell = format!("{one}{two}{three}{four}");
                        assert_eq!(unguarded(&guarded(&cell)), cell, "{cell:?}");
                        assert_eq!(undefused(&defused(&cell)), cell, "{cell:?}");
                        let first = cell.trim_start_matches([' ', '"']).starts_with(SIGNS);
                        let is_text = first && cell.trim_start().starts_with('"');
                        assert!(is_text || is_escaped(&guarded(&cell)), "{cell:?} {:?}", guarded(&cell));
                        assert!(is_text || is_escaped(&defused(&cell)), "{cell:?} {:?}", defused(&cell));
                    }
                }
            }
        }
    }
}
