//! The condition that the values of a contact contain the words of a search text, which searches and deletions share.

use crate::domain::search::SearchText;
use crate::store::filter;

/// The words of a search text, to compare contacts with.
pub(super) struct Comparison {
    /// LIKE patterns of the words.
    pub(super) patterns: Vec<String>,
    /// Whether JSON escapes a character of the text.
    pub(super) is_escaped: bool,
    /// Whether accents are removed from both sides.
    fold_accents: bool,
}

impl Comparison {
    /// Returns the comparison with a text; `None` if the text has no words.
    pub(super) fn with(search: &SearchText) -> Option<Comparison> {
        let patterns: Vec<String> = search.words().into_iter().map(filter::anywhere).collect();
        let (is_escaped, fold_accents) = (is_escaped(&search.text), search.fold_accents);
        (!patterns.is_empty()).then_some(Comparison { patterns, is_escaped, fold_accents })
    }

    /// Returns the condition on `contacts`, whose parameters are the patterns and [`Comparison::is_escaped`].
    ///
    /// A JSON object as text contains the words of its values, unless it escapes their characters. So the text, which is
    /// quicker to search than the values, excludes most contacts.
    pub(super) fn condition(&self, patterns: &str, is_escaped: &str) -> String {
        let fields = filter::all_searched("contact");
        let all = self.folded(&fields);
        let whole = self.folded(&format!("concat_ws(E'\\n', {fields}, contact_extra::text)"));
        let (start, end) = filter::around_extra_like("contact_extra", |value| self.folded(value));
        let words = match self.fold_accents {
            true => format!("ARRAY(SELECT ingest_folded(word) FROM unnest({patterns}::text[]) AS word)"),
            false => patterns.to_owned(),
        };
        format!(
            "{all} ILIKE ALL ({words})
                OR contact_extra IS NOT NULL
                   AND ({is_escaped} OR {whole} ILIKE ALL ({words}))
                   AND NOT EXISTS (
                       SELECT FROM unnest({words}::text[]) AS word WHERE NOT ({all} ILIKE word OR {start}word{end}))"
        )
    }

    /// Returns the expression for the text that is compared.
    fn folded(&self, text: &str) -> String {
        match self.fold_accents {
            true => format!("ingest_folded({text})"),
            false => text.to_owned(),
        }
    }
}

/// Returns whether JSON escapes a character of a text.
fn is_escaped(text: &str) -> bool {
    text.contains(|letter: char| matches!(letter, '"' | '\\') || letter.is_control())
}
