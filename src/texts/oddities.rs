//! What looks odd in a row, in the viewer's language.

use super::names::field_inline;
use super::text::Text;
use crate::domain::oddity::{Oddity, Place, Suspicion};

/// Returns what the sentences of a residue say. Sentences that this version does not know are shown as they are stored.
pub(crate) fn oddities(text: &Text, stored: &str) -> String {
    match Oddity::read_all(stored) {
        Some(all) => all.iter().map(|oddity| sentence(text, oddity)).collect::<Vec<_>>().join("; "),
        None => stored.to_owned(),
    }
}

fn sentence(text: &Text, oddity: &Oddity) -> String {
    match oddity {
        Oddity::Suspect { place, value, suspicion, likely } => {
            suspect(text, *suspicion, name(text, place), value.to_string(), likely.to_string())
        }
        Oddity::Placeholder { place, value } => text.oddity_placeholder(name(text, place), value.to_string()),
        Oddity::MayHaveLostLetters { place, value } => {
            text.oddity_may_have_lost(name(text, place), value.to_string())
        }
        Oddity::HasLostLetters { place, value } => text.oddity_has_lost(name(text, place), value.to_string()),
        Oddity::CutValue { place } => text.oddity_cut_value(name(text, place)),
        Oddity::CutRow => text.oddity_cut_row(),
        Oddity::BrokenQuotes => text.oddity_broken_quotes(),
        Oddity::AmbiguousName { name } => text.oddity_ambiguous_name(name.to_string()),
        Oddity::BelowOtherHeader { line } => text.oddity_other_header(line.to_string()),
    }
}

fn suspect(text: &Text, suspicion: Suspicion, place: String, value: String, likely: String) -> String {
    match suspicion {
        Suspicion::Codes => text.oddity_codes(place, value, likely),
        Suspicion::Invisible => text.oddity_invisible(place, value, likely),
        Suspicion::OtherEncoding => text.oddity_other_encoding(place, value, likely),
        Suspicion::EncodedTwice => text.oddity_encoded_twice(place, value, likely),
        Suspicion::TwoAlphabets => text.oddity_two_alphabets(place, value, likely),
        Suspicion::Wide => text.oddity_wide(place, value, likely),
        Suspicion::InQuotes => text.oddity_in_quotes(place, value, likely),
        Suspicion::OtherHeader => text.oddity_by_other_header(place, value, likely),
    }
}

fn name(text: &Text, place: &Place) -> String {
    match place {
        Place::Field(field) => field_inline(text, *field),
        Place::Column(name) => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::oddity::tests::one_of_each;
    use crate::texts::text;

    #[test]
    fn every_oddity_has_words_of_its_own_in_each_language() {
        let mut all = Vec::new();
        for language in ["en", "de", "es"] {
            let text = text(language);
            for oddity in one_of_each() {
                all.push(oddities(&text, &oddity.to_string()));
            }
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count, "{all:#?}");
    }

    #[test]
    fn sentences_of_other_versions_are_shown_as_they_are_stored() {
        let stored = "a sentence of a later version; company \"x\" was encoded twice: \"y\"";
        assert_eq!(oddities(&text("de"), stored), stored);
    }
}
