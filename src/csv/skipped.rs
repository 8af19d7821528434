//! Recognizes comments and totals, which are not contacts.

use super::decode::Cells;

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

/// Words for rows, in counts such as `(3 rows affected)`.
const ROWS: [&str; 12] = [
    "row",
    "rows",
    "record",
    "records",
    "contact",
    "contacts",
    "line",
    "lines",
    "zeilen",
    "datensätze",
    "lignes",
    "filas",
];

/// Returns whether a row is a comment, a total, a count of rows, or a line between parts of a table.
pub(super) fn is_no_row(cells: Cells<'_>) -> bool {
    let mut filled = cells.iter().map(str::trim).filter(|cell| !cell.is_empty());
    let Some(first) = filled.next() else { return false };
    let is_alone = || cells.iter().filter(|cell| !cell.trim().is_empty()).nth(1).is_none();
    if first.contains('@') {
        return false;
    }
    is_comment(first) && is_alone()
        || is_count(first) && is_alone()
        || is_ruled(cells)
        || others_are_numbers(filled) && is_total(first)
}

fn is_comment(cell: &str) -> bool {
    // Programs of MS-DOS end a file with 1A, and broken downloads with NULs.
    cell == "\u{1a}"
        || cell.chars().all(|letter| letter == '\u{2400}')
        || cell.starts_with('#') && cell.chars().nth(1).is_none_or(char::is_whitespace)
        || cell.starts_with("//")
}

/// Returns whether a cell is a count of rows: `(3 rows)`, `3 rows affected`, `3 record(s) selected.`
fn is_count(cell: &str) -> bool {
    let mut words = cell.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let is_number = |word: &str| word.chars().all(|letter| letter.is_ascii_digit());
    words.next().is_some_and(is_number)
        && words.next().is_some_and(|word| ROWS.contains(&word.to_lowercase().as_str()))
}

/// Returns whether all cells consist of dashes and similar characters, as between a header and its rows.
fn is_ruled(cells: Cells<'_>) -> bool {
    const RULES: &str = "-=_+:|*─━═┼│—– ";
    let is_rule = |cell: &str| cell.chars().all(|letter| RULES.contains(letter));
    cells.iter().map(str::trim).all(is_rule) && cells.iter().any(|cell| cell.trim().chars().count() > 1)
}

fn is_total(cell: &str) -> bool {
    let word: String =
        cell.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase).collect();
    let without_rows = ROWS.iter().find_map(|rows| word.strip_suffix(rows)).filter(|rest| !rest.is_empty());
    TOTALS.contains(&word.as_str()) || without_rows.is_some_and(|rest| TOTALS.contains(&rest))
}

fn others_are_numbers<'a>(mut others: impl Iterator<Item = &'a str>) -> bool {
    others.all(|cell| cell.chars().all(|letter| !letter.is_alphabetic() && letter != '@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_skipped(cells: &[&str]) -> bool {
        let text = cells.join(",");
        let ends: Vec<usize> = cells
            .iter()
            .scan(0, |end, cell| {
                *end += cell.len() + 1;
                Some(*end - 1)
            })
            .collect();
        is_no_row(Cells::new(&text, &ends))
    }

    #[test]
    fn lines_that_are_no_contacts_are_skipped() {
        let skipped: [&[&str]; 16] = [
            &["# joined later"],
            &["//", ""],
            &["\u{1a}"],
            &["\u{2400}\u{2400}", ""],
            &["Total", "3", ""],
            &["Summe: 3"],
            &["Total contacts: 3"],
            &["(3 rows)"],
            &["3 rows affected"],
            &["3 record(s) selected."],
            &["-----", "-----", "---"],
            &["", "---", ":--", ""],
            &["=====|======"],
            &["-------+------------"],
            &["ИТОГО", "12"],
            &["Total rows", "12"],
        ];
        for cells in skipped {
            assert!(is_skipped(cells), "{cells:?}");
        }
        let rows: [&[&str]; 10] = [
            &["#1 Fan", "Ann"],
            &["#hash"],
            &["Total", "Ann"],
            &["a@x.org", "-", "-"],
            &["-", "", ""],
            &["3", "rows"],
            &["3 Bears", ""],
            &["Total@x.org"],
            &["Anna"],
            &["", ""],
        ];
        for cells in rows {
            assert!(!is_skipped(cells), "{cells:?}");
        }
    }
}
