//! Buttons that read a refused file with another setting, where it is known which one makes it readable.

use crate::domain::rejection::Rejection;
use crate::texts::Text;

/// The address of the preview of an upload, whose page has the script for the buttons.
pub(super) const PREVIEW: &str = "/upload/preview";

/// Maximum number of buttons.
const MOST: usize = 20;

/// A button that changes a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remedy {
    /// The name of the setting in forms.
    pub(super) setting: &'static str,
    /// Its new value; empty if it is to be detected.
    pub(super) value: String,
    /// The label.
    pub(super) label: String,
}

/// Returns the remedies for a rejection, all of the same setting; none if a person has to find one.
pub(super) fn of(text: &Text, rejection: &Rejection) -> Vec<Remedy> {
    let detect = |setting, label| vec![Remedy { setting, value: String::new(), label }];
    match rejection {
        Rejection::SeveralTables { names } | Rejection::NoSuchPart { names, .. } => {
            let part = |name: &String| Remedy {
                setting: "part",
                value: name.clone(),
                label: text.remedy_part(name),
            };
            names.iter().take(MOST).map(part).collect()
        }
        Rejection::UnknownEncoding { .. } => detect("encoding", text.remedy_encoding()),
        Rejection::NoSuchLine { .. } => detect("header_line", text.remedy_header_line()),
        Rejection::Empty
        | Rejection::Blank
        | Rejection::HeaderOnly { .. }
        | Rejection::NotCsv { .. }
        | Rejection::NoHeader { .. }
        | Rejection::Columns { .. }
        | Rejection::Mapping { .. }
        | Rejection::BrokenQuotes { .. }
        | Rejection::RowTooLong { .. }
        | Rejection::TooDamaged { .. }
        | Rejection::NoTable { .. }
        | Rejection::ForeignContainer { .. }
        | Rejection::Protected { .. }
        | Rejection::Utf7
        | Rejection::BrokenContainer { .. }
        | Rejection::GrowsTooLarge { .. }
        | Rejection::NestedTooDeep
        | Rejection::Incomplete => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::text;

    #[test]
    fn a_remedy_is_offered_where_the_setting_is_known() {
        let names = vec!["a.csv".to_owned(), "b.csv".to_owned()];
        for (rejection, expected) in [
            (Rejection::SeveralTables { names: names.clone() }, &[("part", "a.csv"), ("part", "b.csv")][..]),
            (Rejection::no_part("c", names), &[("part", "a.csv"), ("part", "b.csv")]),
            (Rejection::no_part("c", Vec::new()), &[]),
            (Rejection::UnknownEncoding { name: "klingon".to_owned() }, &[("encoding", "")]),
            (Rejection::NoSuchLine { line: 9, last: 2 }, &[("header_line", "")]),
            (Rejection::Empty, &[]),
        ] {
            let found = of(&text("en"), &rejection);
            let found: Vec<_> = found.iter().map(|remedy| (remedy.setting, remedy.value.as_str())).collect();
            assert_eq!(found, expected, "{rejection}");
        }
    }
}
