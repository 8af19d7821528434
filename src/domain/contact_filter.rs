//! Selects contacts of an owner.

use super::ids::ContactId;
use super::job::JobId;
use super::refusal::Refusal;
use super::search::{self, SearchText};

/// Selects contacts of an owner: those that meet every condition. All contacts are selected only by `all`, so that a
/// condition that is left out by mistake does not select them.
///
/// ```
/// use ingest::domain::contact_filter::ContactFilter;
///
/// let filter: ContactFilter = serde_json::from_str(r#"{"text": "acme"}"#).unwrap();
/// assert!(filter.refusal().is_none());
/// assert!(ContactFilter::default().refusal().is_some());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContactFilter {
    /// The contact is one of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Vec<ContactId>>,
    /// The values of the contact contain each word of this text. Case does not matter. A complete e-mail address of a
    /// contact selects this contact alone, as in a search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether letters of the text with and without accents match each other.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fold_accents: bool,
    /// The contact was created from a row of this job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// Selects all contacts, without other conditions.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

impl ContactFilter {
    /// Returns a filter by text.
    pub fn text(text: impl Into<String>) -> ContactFilter {
        ContactFilter { text: Some(text.into()), ..ContactFilter::default() }
    }

    /// Returns a filter for the contacts that a search finds.
    pub fn search_of(search: &SearchText) -> ContactFilter {
        ContactFilter { fold_accents: search.fold_accents, ..ContactFilter::text(&search.text) }
    }

    /// Returns a filter for exactly these contacts.
    pub fn contacts(contacts: impl Into<Vec<ContactId>>) -> ContactFilter {
        ContactFilter { contacts: Some(contacts.into()), ..ContactFilter::default() }
    }

    /// Returns the text to search for; `None` if it has no words.
    pub(crate) fn search(&self) -> Option<SearchText> {
        let text = self.text.as_deref()?.trim().to_owned();
        let search = SearchText { text, fold_accents: self.fold_accents };
        (!search.words().is_empty()).then_some(search)
    }

    /// Returns why the filter is refused: its text is invalid, or it does not say which contacts it selects.
    pub fn refusal(&self) -> Option<Refusal> {
        if let Some(flaw) = self.text.as_deref().and_then(search::refusal) {
            return Some(Refusal::SearchText(flaw));
        }
        let has_condition = self.contacts.is_some() || self.search().is_some() || self.job.is_some();
        (has_condition == self.all).then_some(Refusal::NoContactFilter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_selects_by_a_condition_or_all() {
        let job = Some(JobId(1));
        for (filter, is_valid) in [
            (ContactFilter::default(), false),
            (ContactFilter::text(" \t"), false),
            (ContactFilter::text("ann"), true),
            (ContactFilter::text("\u{301}"), true),
            (ContactFilter { fold_accents: true, ..ContactFilter::text("\u{301}") }, false),
            (ContactFilter { fold_accents: true, ..ContactFilter::default() }, false),
            (ContactFilter::text("a\0"), false),
            (ContactFilter::contacts([]), true),
            (ContactFilter { job, ..ContactFilter::default() }, true),
            (ContactFilter { all: true, ..ContactFilter::default() }, true),
            (ContactFilter { all: true, job, ..ContactFilter::default() }, false),
        ] {
            assert_eq!(filter.refusal().is_none(), is_valid, "{filter:?}");
        }
    }
}
