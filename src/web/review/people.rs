//! The people to whom cases are assigned, as choices of forms.

use sqlx::PgConnection;

use super::job::ReviewJob;
use super::top::{Choice, Select};
use crate::domain::assigned::AssignedTo;
use crate::http::Problem;
use crate::store::issue_assignees;
use crate::texts::Text;
use crate::web::form::search_text;

/// The people to whom cases can be assigned.
#[derive(Debug, Clone)]
pub(crate) struct People {
    /// The viewer.
    pub(super) me: String,
    /// All other people who have acted on the data.
    pub(super) others: Vec<String>,
}

impl People {
    pub(super) async fn of(db: &mut PgConnection, review: &ReviewJob) -> Result<People, Problem> {
        let me = review.principal.person().to_owned();
        let mut others = issue_assignees::people(db, review.owner()).await?;
        others.retain(|name| *name != me);
        Ok(People { me, others })
    }

    /// Returns the condition of a filter with this value; `None` if it is empty.
    pub(super) fn condition(&self, chosen: &str) -> Option<AssignedTo> {
        search_text(&Some(chosen.to_owned())).map(|name| AssignedTo::from(name).of(&self.me))
    }

    /// Returns the choice of a filter, in which `chosen` is the value.
    pub(super) fn choice(&self, text: &Text, chosen: &str) -> Select {
        let first =
            [("", text.assigned_any()), ("me", text.assigned_me()), ("nobody", text.assigned_nobody())];
        let first = first.map(|(value, label)| (value.to_owned(), label));
        let options = self.with_others(first, Some(if chosen == self.me { "me" } else { chosen }));
        Select { name: "assigned", label: text.case_assignee(), options }
    }

    /// Returns the choice for a case that is assigned to `assignee`.
    pub(super) fn of_case(&self, text: &Text, assignee: Option<&str>) -> Vec<Choice> {
        let me = (self.me.clone(), self.me.clone());
        let nobody = ("nobody".to_owned(), text.assigned_nobody());
        self.with_others([nobody, me], assignee.or(Some("nobody")))
    }

    /// Returns values and labels with those of all others, and with `chosen` if it is none of them.
    fn with_others<const N: usize>(&self, first: [(String, String); N], chosen: Option<&str>) -> Vec<Choice> {
        let others = self.others.iter().map(|name| (name.clone(), name.clone()));
        let mut all: Vec<(String, String)> = first.into_iter().chain(others).collect();
        let unknown = chosen.filter(|chosen| !all.iter().any(|(value, _)| value == chosen));
        all.extend(unknown.map(|name| (name.to_owned(), name.to_owned())));
        let is_chosen = |value: &str| chosen == Some(value);
        all.into_iter().map(|(value, label)| Choice { is_chosen: is_chosen(&value), value, label }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::text;

    #[test]
    fn a_choice_has_each_person_once_and_what_is_chosen() {
        let people = People { me: "Ann".to_owned(), others: vec!["Bob".to_owned()] };
        let values = |all: Vec<Choice>| -> Vec<(String, bool)> {
            all.into_iter().map(|person| (person.value, person.is_chosen)).collect()
        };
        let expected = [("", false), ("me", true), ("nobody", false), ("Bob", false)];
        assert_eq!(
            values(people.choice(&text("en"), "me").options),
            expected.map(|(value, is)| (value.to_owned(), is))
        );
        let gone = [("nobody", false), ("Ann", false), ("Bob", false), ("Cy", true)];
        assert_eq!(
            values(people.of_case(&text("en"), Some("Cy"))),
            gone.map(|(value, is)| (value.to_owned(), is))
        );
        assert!(people.of_case(&text("en"), None)[0].is_chosen);
        assert_eq!(people.condition(" "), None);
        assert_eq!(people.condition("me"), Some(AssignedTo::Person("Ann".to_owned())));
    }
}
