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
