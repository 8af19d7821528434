//! Cells on their way through a spreadsheet program, which runs some as formulas (OWASP, "CSV Injection") and makes
//! numbers, dates and truth values of others. An apostrophe in front stops both.
//!
//! A program that takes another character for the separator makes several cells of one: so a formula is stopped
//! behind each character that may be taken for one, too, and every cell stands in quotes.

use std::borrow::Cow;

/// How a file for spreadsheet programs is written: each cell in quotes.
pub fn sheet_writer() -> ::csv::WriterBuilder {
    let mut builder = ::csv::WriterBuilder::new();
    builder.quote_style(::csv::QuoteStyle::Always);
    builder
}

/// Returns the cell so that no spreadsheet program runs it, or a part of it, as a formula. For what nobody reads back.
pub fn defused(cell: &str) -> Cow<'_, str> {
    with_apostrophes(cell, is_formula(cell))
}

/// Returns the cell so that it comes out of a spreadsheet program as it went in; [`unguarded`] gives the cell back.
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

/// Returns the cell that [`guarded`] has made this of: without one apostrophe in front, and without one of those that
/// stop a formula inside.
pub fn unguarded(cell: &str) -> Cow<'_, str> {
    let cell = cell.strip_prefix('\'').unwrap_or(cell);
    let is_added = |at: &usize| cell[*at..].starts_with('\'') && is_formula_inside(&cell[*at..]);
    let added: Vec<usize> = behind_separators(cell).filter(is_added).collect();
    if added.is_empty() {
        return Cow::Borrowed(cell);
    }
    let mut kept = String::with_capacity(cell.len());
    let mut from = 0;
    for at in added {
        kept.push_str(&cell[from..at]);
        from = at + 1;
    }
    kept.push_str(&cell[from..]);
    Cow::Owned(kept)
}

fn with_apostrophes(cell: &str, in_front: bool) -> Cow<'_, str> {
    let inside = behind_separators(cell).filter(|at| is_formula_inside(&cell[*at..]));
    let places: Vec<usize> = in_front.then_some(0).into_iter().chain(inside).collect();
    if places.is_empty() {
        return Cow::Borrowed(cell);
    }
    let mut stopped = String::with_capacity(cell.len() + places.len());
    let mut from = 0;
    for at in places {
        stopped.push_str(&cell[from..at]);
        stopped.push('\'');
        from = at;
    }
    stopped.push_str(&cell[from..]);
    Cow::Owned(stopped)
}

/// What some program may take for the end of a cell.
const SEPARATORS: [char; 6] = [',', ';', '\t', '|', '\r', '\n'];

/// Returns the positions at which a program with another separator would begin a new cell.
fn behind_separators(cell: &str) -> impl Iterator<Item = usize> {
    cell.match_indices(SEPARATORS).map(|(at, separator)| at + separator.len())
}

/// What a formula begins with; East Asian programs take the wide forms too.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Whether a part of a cell would be a formula, apart from apostrophes in front, which stop it.
///
/// A question mark counts, since a wide sign becomes one in an encoding that lacks it: what is added and what is taken
/// off must not depend on that.
fn is_formula_inside(part: &str) -> bool {
    let is_skipped = |letter: char| letter == '"' || letter.is_whitespace() && !SEPARATORS.contains(&letter);
    let part = part.trim_start_matches('\'').trim_start_matches(is_skipped);
    part.starts_with(SIGNS) || part.starts_with('?')
}

/// Some programs look behind white space.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['\t', '\r', '\n']) || cell.trim_start().starts_with(SIGNS)
}

/// Truth values in the languages of the programs.
const TRUTHS: [&str; 12] = [
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

/// What else than figures and signs numbers and times are written with.
const LETTERS: [&str; 14] = ["e", "a", "p", "am", "pm", "h", "年", "月", "日", "時", "时", "分", "秒", "년"];

/// How names of months begin in English, German, French, Spanish, Portuguese, Italian and Dutch.
const MONTHS: [&str; 32] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mär", "mrz", "mai",
    "okt", "dez", "fév", "fev", "avr", "aoû", "déc", "ene", "abr", "ago", "dic", "out", "gen", "mag", "giu",
    "lug", "ott",
];

/// Whether a spreadsheet program may take the cell for a number, an amount, a date, a time or a truth value. Says
/// so of too many rather than of too few: an apostrophe costs nothing, a first name that has become a date is lost.
fn is_reinterpreted(cell: &str) -> bool {
    let lower_case = cell.trim().to_lowercase();
    if !lower_case.contains(char::is_numeric) {
        return TRUTHS.contains(&lower_case.as_str());
    }
    let mut words = lower_case.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty());
    words.all(|word| LETTERS.contains(&word) || MONTHS.iter().any(|month| word.starts_with(month)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_change_is_guarded_and_the_rest_is_not() {
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
        let kept = [
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
        for cell in kept {
            assert_eq!(guarded(cell), cell);
        }
    }

    #[test]
    fn formulas_are_stopped_behind_every_separator() {
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
    fn every_cell_comes_back() {
        let pieces = [
            "", "'", "=", "-", "?", "＝", "\t", "\r", "\n", " ", "1", "e", ",", ";", "|", "\"", "é",
            "\u{feff}",
        ];
        let is_stopped = |cell: &str| {
            let parts = cell.split(SEPARATORS).map(|part| part.trim_start_matches([' ', '"']));
            !is_formula(cell) && parts.into_iter().all(|part| !part.starts_with(SIGNS))
        };
        for one in pieces {
            for two in pieces {
                for three in pieces {
                    for four in pieces {
                        let cell = format!("{one}{two}{three}{four}");
                        assert_eq!(unguarded(&guarded(&cell)), cell, "{cell:?}");
                        let first = cell.trim_start_matches([' ', '"']).starts_with(SIGNS);
                        let is_text = first && cell.trim_start().starts_with('"');
                        assert!(is_text || is_stopped(&guarded(&cell)), "{cell:?} {:?}", guarded(&cell));
                        assert!(is_text || is_stopped(&defused(&cell)), "{cell:?} {:?}", defused(&cell));
                    }
                }
            }
        }
    }
}
