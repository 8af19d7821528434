//! Texts that programs write for a missing value.

use crate::domain::field::Field;

/// The texts. Matched exactly: `Null` is a name, and `none` may be one.
const PLACEHOLDERS: [&str; 43] = [
    "NULL",
    "null",
    "(null)",
    "(NULL)",
    "[null]",
    "[NULL]",
    "<null>",
    "<NULL>",
    "\\N",
    "N/A",
    "n/a",
    "N.A.",
    "n.a.",
    "<NA>",
    "N/D",
    "n/d",
    "N.D.",
    "n.d.",
    "k.A.",
    "k. A.",
    "s/n",
    "#N/A N/A",
    "#N/A",
    "#N/D",
    "#N/V",
    "#NV",
    "#ЗНАЧ!",
    "undefined",
    "undefined undefined",
    "[object Object]",
    "(none)",
    "<none>",
    "(blank)",
    "(empty)",
    "(leer)",
    "(vide)",
    "nan",
    "NaN",
    "NaT",
    "nil",
    "?",
    "??",
    "???",
];

/// Returns whether a value stands for a missing one. `None` is a name of people, but not of companies.
pub(super) fn is(field: Field, value: &str) -> bool {
    PLACEHOLDERS.contains(&value)
        || is_error(value)
        || (field == Field::Company && value.eq_ignore_ascii_case("none"))
}

/// Returns whether a value begins like a placeholder. A cheap test that excludes most values.
pub(super) fn may_be(value: &str) -> bool {
    let first = value.bytes().find(|byte| !byte.is_ascii_whitespace());
    // A byte beyond ASCII may be part of white space.
    matches!(
        first,
        Some(
            b'N' | b'n'
                | b'('
                | b'['
                | b'<'
                | b'\\'
                | b'#'
                | b'u'
                | b'k'
                | b's'
                | b'-'
                | b'_'
                | b'?'
                | b'.'
                | b'*'
                | 0x80..
        )
    )
}

/// Returns whether a value is an error of a spreadsheet, in any language, such as `#REF!` and `#¿NOMBRE?`, or consists of
/// signs only, as where a column of a spreadsheet was too narrow.
fn is_error(value: &str) -> bool {
    let is_sign = |letter: char| "#-–—_.*".contains(letter);
    let is_name = |letter: char| letter.is_uppercase() || " /0¿¡".contains(letter);
    let name = value.strip_prefix('#').and_then(|rest| rest.strip_suffix(['!', '?']));
    !value.is_empty() && value.chars().all(is_sign)
        || name.is_some_and(|name| name.chars().count() > 2 && name.chars().all(is_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_recognized_and_names_are_not() {
        let missing = [
            "NULL",
            "(null)",
            "N/A",
            "#N/A",
            "#REF!",
            "#DIV/0!",
            "#NAME?",
            "#BEZUG!",
            "#¿NOMBRE?",
            "#¡REF!",
            "####",
            "-",
            "---",
            ".",
            "<NA>",
            "k.A.",
            "\\N",
            "[object Object]",
            "—",
            "undefined",
        ];
        for value in missing {
            assert!(may_be(value) && is(Field::LastName, value), "{value}");
        }
        for value in ["Null", "None", "Na", "Nan", "#1 Fan", "#hash!", "#A!", "", "Nil", "K.A. Lee", "-Ann"] {
            assert!(!is(Field::LastName, value), "{value}");
        }
        assert!(is(Field::Company, "None") && is(Field::Company, "none"));
    }
}
