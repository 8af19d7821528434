//! The query of a review: the cases to show.

use axum::extract::Query;
use axum::http::{HeaderMap, Uri};
use serde::Deserialize;

use super::job::address;
use crate::domain::assigned::AssignedTo;
use crate::domain::decision::Filter;
use crate::domain::ids::{ActionId, IssueId, JobId};
use crate::domain::rules::IssueType;
use crate::store::issues::State as IssueState;
use crate::web::form::search_text;

/// The cases to show.
#[derive(Debug, Clone, Default, Deserialize)]
pub(in crate::web) struct ReviewQuery {
    #[serde(default)]
    pub(super) state: IssueState,
    /// The person to whom the cases are assigned; empty for all.
    #[serde(default)]
    pub(super) assigned: String,
    /// The text that is searched for.
    pub(super) text: Option<String>,
    pub(super) after: Option<IssueId>,
    /// The last action, for a notice.
    pub(super) done: Option<ActionId>,
}

impl ReviewQuery {
    /// Returns the query of the page from which htmx has sent a request.
    pub(super) fn of_page(headers: &HeaderMap) -> ReviewQuery {
        let page = headers.get("hx-current-url").and_then(|page| page.to_str().ok());
        let page = page.and_then(|page| page.parse::<Uri>().ok());
        let query = page.and_then(|page| Query::try_from_uri(&page).ok());
        query.map_or_else(ReviewQuery::default, |Query(query)| query)
    }

    /// Returns the text that is searched for, if there is one.
    pub(super) fn text(&self) -> Option<String> {
        search_text(&self.text)
    }

    /// Returns the filter for the rows of the open cases of a kind that match the search of the person `me`.
    pub(super) fn filter(&self, kind: IssueType, me: &str) -> Filter {
        let assigned = search_text(&Some(self.assigned.clone()));
        Filter {
            issue_type: Some(kind),
            issue_text: self.text(),
            assigned: assigned.map(|name| AssignedTo::from(name).of(me)),
            ..Filter::default()
        }
    }

    /// Returns whether only some of the open cases of a kind are shown.
    pub(super) fn is_narrow(&self) -> bool {
        !self.assigned.is_empty() || self.text().is_some()
    }

    /// Returns the address of the cases of a kind that this query selects, from the first page.
    pub(super) fn of_kind(&self, job: JobId, kind: IssueType) -> String {
        ReviewQuery { after: None, done: None, ..self.clone() }.address(job, kind)
    }

    /// Returns the address of the page after the given issue.
    pub(super) fn further(&self, job: JobId, kind: IssueType, after: IssueId) -> String {
        ReviewQuery { after: Some(after), done: None, ..self.clone() }.address(job, kind)
    }

    /// Returns the address of the page.
    pub(super) fn address(&self, job: JobId, kind: IssueType) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        match self.state {
            IssueState::Resolved => query.append_pair("state", "settled"),
            IssueState::All => query.append_pair("state", "all"),
            IssueState::Open => &mut query,
        };
        if !self.assigned.is_empty() {
            query.append_pair("assigned", &self.assigned);
        }
        if let Some(text) = self.text() {
            query.append_pair("text", &text);
        }
        if let Some(after) = self.after {
            query.append_pair("after", &after.to_string());
        }
        if let Some(done) = self.done {
            query.append_pair("done", &done.to_string());
        }
        match query.finish() {
            query if query.is_empty() => address(job, kind),
            query => format!("{}?{query}", address(job, kind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_of_a_page_are_kept_for_other_kinds() {
        let page = "http://localhost/jobs/1/review/invalid?state=all&assigned=me&text=a%26b&after=9&done=2";
        let headers = HeaderMap::from_iter([(
            axum::http::HeaderName::from_static("hx-current-url"),
            page.parse().unwrap(),
        )]);
        let query = ReviewQuery::of_page(&headers);
        assert_eq!(
            query.address(JobId(1), IssueType::InvalidEmail),
            page.strip_prefix("http://localhost").unwrap()
        );
        let other = query.of_kind(JobId(1), IssueType::DuplicateEmail);
        assert_eq!(other, "/jobs/1/review/duplicate?state=all&assigned=me&text=a%26b");
        assert_eq!(
            ReviewQuery::of_page(&HeaderMap::new()).of_kind(JobId(1), IssueType::InvalidEmail),
            "/jobs/1/review/invalid"
        );
    }
}
