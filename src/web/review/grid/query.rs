//! Which rows the table shows, in its address.

use serde::Deserialize;

use crate::domain::assigned::AssignedTo;
use crate::domain::decision::{ColumnFilter, Field, Filter};
use crate::domain::ids::{ActionId, RowId};
use crate::domain::job::JobId;
use crate::domain::rules::IssueType;
use crate::http::Problem;
use crate::texts::Text;
use crate::web::form::search_text;
use crate::web::review::kind_of;

/// The query of the table.
#[derive(Debug, Clone, Default, Deserialize)]
pub(in crate::web) struct GridQuery {
    /// The slug of a kind of issues; empty for all kinds.
    #[serde(default)]
    pub(in crate::web::review) kind: String,
    /// The field to search; empty for all values.
    #[serde(default)]
    pub(in crate::web::review) column: String,
    pub(in crate::web::review) text: Option<String>,
    /// The person to whom the issues are assigned: `me`, `nobody` or a name; empty for all.
    #[serde(default)]
    pub(in crate::web::review) assigned: String,
    /// Whether to show the columns that belong to no field: `on` as a checkbox sends it, else absent or empty.
    #[serde(default)]
    pub(in crate::web::review) others: String,
    /// The last row of the previous page.
    pub(in crate::web::review) after: Option<RowId>,
    /// The last action, for a notice.
    pub(in crate::web::review) done: Option<ActionId>,
}

impl GridQuery {
    /// Returns the kind of issues; fails if there is no such kind.
    pub(in crate::web::review) fn kind(&self, text: &Text) -> Result<Option<IssueType>, Problem> {
        if self.kind.is_empty() { Ok(None) } else { kind_of(text, &self.kind).map(Some) }
    }

    /// Returns the field to search, `None` for all values.
    pub(in crate::web::review) fn column(&self) -> Option<Field> {
        self.column.parse().ok()
    }

    /// Returns the trimmed text to search for.
    pub(in crate::web::review) fn text(&self) -> Option<String> {
        search_text(&self.text)
    }

    /// Returns whether to show the columns that belong to no field.
    pub(in crate::web::review) fn shows_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// Returns the filter for the open rows of this kind that match the search of the person `me`.
    pub(in crate::web::review) fn filter(&self, text: &Text, me: &str) -> Result<Filter, Problem> {
        let assigned = search_text(&Some(self.assigned.clone()));
        let assigned = assigned.map(|name| AssignedTo::from(name).of(me));
        let all = Filter { issue_type: self.kind(text)?, open: true, assigned, ..Filter::default() };
        Ok(match (self.column(), self.text()) {
            (Some(name), Some(part)) => {
                Filter { column: Some(ColumnFilter { name, equals: None, contains: Some(part) }), ..all }
            }
            (None, part) => Filter { text: part, ..all },
            (Some(_), None) => all,
        })
    }

    /// Returns the same query for another kind of issues, from the first page.
    pub(in crate::web::review) fn of_kind(&self, kind: Option<IssueType>) -> GridQuery {
        let kind = kind.map_or("", |kind| kind.rule().slug).to_owned();
        GridQuery { kind, after: None, done: None, ..self.clone() }
    }

    /// Returns the address of the table.
    pub(in crate::web::review) fn address(&self, job: JobId) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let text = self.text().unwrap_or_default();
        for (name, value) in [
            ("kind", &self.kind),
            ("column", &self.column),
            ("text", &text),
            ("assigned", &self.assigned),
            ("others", &self.others),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        if let Some(after) = self.after {
            query.append_pair("after", &after.to_string());
        }
        if let Some(done) = self.done {
            query.append_pair("done", &done.to_string());
        }
        match query.finish() {
            query if query.is_empty() => format!("/jobs/{job}/grid"),
            query => format!("/jobs/{job}/grid?{query}"),
        }
    }

    /// Returns the address of the cases of the same kind and search.
    pub(in crate::web::review) fn cases(&self, job: JobId) -> String {
        let review = format!("/jobs/{job}/review");
        if self.kind.is_empty() {
            return review;
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("text", &self.text().unwrap_or_default()), ("assigned", &self.assigned)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        match query.finish() {
            query if query.is_empty() => format!("{review}/{}", self.kind),
            query => format!("{review}/{}?{query}", self.kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::text;

    #[test]
    fn an_address_contains_what_was_chosen() {
        let query = GridQuery {
            kind: "invalid".to_owned(),
            column: "email".to_owned(),
            text: Some(" a&b ".to_owned()),
            assigned: "me".to_owned(),
            others: "on".to_owned(),
            after: Some(RowId(7)),
            done: None,
        };
        let address = "/jobs/1/grid?kind=invalid&column=email&text=a%26b&assigned=me&others=on&after=7";
        assert_eq!(query.address(JobId(1)), address);
        assert_eq!(query.cases(JobId(1)), "/jobs/1/review/invalid?text=a%26b&assigned=me");
        let filter = query.filter(&text("en"), "Ann").unwrap();
        assert_eq!((filter.issue_type, filter.open), (Some(IssueType::InvalidEmail), true));
        assert_eq!(filter.assigned, Some(AssignedTo::Person("Ann".to_owned())));
        assert_eq!(filter.column.unwrap().contains.as_deref(), Some("a&b"));
        let all = GridQuery::default();
        assert_eq!(
            (all.address(JobId(1)), all.cases(JobId(1))),
            ("/jobs/1/grid".into(), "/jobs/1/review".into())
        );
        assert!(GridQuery { kind: "nonsense".to_owned(), ..all }.filter(&text("en"), "Ann").is_err());
    }
}
