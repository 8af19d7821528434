//! The rule against rows that do not fit the file's header or encoding.

use std::borrow::Cow;

use super::{About, BlindTo, Compares, Rule};
use crate::domain::decision::BulkDecision;
use crate::domain::issue::IssueType;

pub(crate) const RULE: Rule = Rule {
    issue_type: IssueType::MalformedRow,
    about: About::Row,
    when: "more cells than the header has, or bytes that are not text",
    slug: "malformed",
    compares: Compares::Nothing,
    suggests_address: false,
    is_wrong: |_, _, _| false,
    bulk: &[BulkDecision::Accept, BulkDecision::Discard],
    still_raised: |_| "bool_or(malformed AND NOT accepted) FILTER (WHERE counts)".to_owned(),
    blind_to: BlindTo::Nothing,
};

/// Maximum number of characters of a residue in an issue's description. The row stores all of it.
const RESIDUE_LETTERS: usize = 1_000;

/// The description without the residue.
pub(crate) const SENTENCE: &str = "the row does not fit the file's header or encoding";

/// The beginning of the residue of a row in which only the encoding of the file is in doubt. All such rows of a job share
/// one issue.
pub(crate) const ENCODING_IN_DOUBT: &str = "the encoding of the file is in doubt: ";

pub(crate) fn is_about_encoding(residue: &str) -> bool {
    residue.starts_with(ENCODING_IN_DOUBT)
}

pub(crate) fn description(residue: &str) -> String {
    match is_about_encoding(residue) {
        true => shortened(residue).into_owned(),
        false => format!("{SENTENCE}: {}", shortened(residue)),
    }
}

fn shortened(residue: &str) -> Cow<'_, str> {
    match residue.char_indices().nth(RESIDUE_LETTERS) {
        Some((end, _)) => Cow::Owned(format!("{}…", &residue[..end])),
        None => Cow::Borrowed(residue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_quotes_the_beginning_of_a_long_residue() {
        assert!(description(&"é".repeat(1_000)).ends_with("éé"));
        let long = description(&"é".repeat(100_000));
        assert!(long.ends_with("é…") && long.chars().filter(|letter| *letter == 'é').count() == 1_000);
    }
}
