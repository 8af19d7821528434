//! Cells on their way through a spreadsheet program, which runs some as formulas (OWASP, "CSV Injection") and makes
//! numbers, dates and truth values of others. An apostrophe in front stops both.

use std::borrow::Cow;

/// A cell that a spreadsheet program will not run as a formula; all others as they are. For what nobody reads back.
pub fn defused(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) { quoted(cell) } else { Cow::Borrowed(cell) }
}

/// A cell that comes out of a spreadsheet program as it went in; [`unguarded`] gives the cell back.
pub fn guarded(cell: &str) -> Cow<'_, str> {
    let is_kept = !cell.starts_with('\'') && !is_formula(cell) && !is_reinterpreted(cell);
    if is_kept { Cow::Borrowed(cell) } else { quoted(cell) }
}

/// The cell that [`guarded`] has made this of: without one apostrophe in front.
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

fn quoted(cell: &str) -> Cow<'_, str> {
    Cow::Owned(format!("'{cell}"))
}

/// Some programs look behind white space, and East Asian ones take the wide forms too.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['\t', '\r', '\n'])
        || cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
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
            "\t=1",
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
    fn every_cell_comes_back() {
        let pieces =
            ["", "'", "=", "-", "@", "\t", "\r", "\n", " ", "1", "e", ",", ";", "\"", "é", "\u{feff}"];
        for one in pieces {
            for two in pieces {
                for three in pieces {
                    let cell = format!("{one}{two}{three}");
                    assert_eq!(unguarded(&guarded(&cell)), cell, "{cell:?}");
                    assert!(!is_formula(&guarded(&cell)) && !is_formula(&defused(&cell)), "{cell:?}");
                }
            }
        }
    }
}
