//! The top of a review, which is the same above the cases and the table: the name of the file, the views, the search and the
//! notice about the last action.

use askama::Template;
use sqlx::PgConnection;

use super::head::Flash;
use super::job::ReviewJob;
use crate::domain::ids::{ActionId, JobId};
use crate::domain::job::JobStatus;
use crate::http::Problem;
use crate::texts::Text;

/// An option of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The value in forms.
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

/// A choice of the search.
pub(crate) struct Select {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) options: Vec<Choice>,
}

/// The search of a view.
pub(crate) struct Search {
    /// The address of the view.
    pub(super) action: String,
    pub(super) hidden: Vec<(&'static str, String)>,
    /// What the text is searched in.
    pub(super) label: String,
    pub(super) text: String,
    pub(super) selects: Vec<Select>,
    /// Whether the columns that belong to no field are shown; `None` if there are none.
    pub(super) others: Option<bool>,
    /// The address of all that the view shows without a search, if there is one.
    pub(super) all: Option<String>,
}

/// The top of a review.
#[derive(Template)]
#[template(path = "review_top.html")]
pub(crate) struct Top {
    text: Text,
    job: JobId,
    filename: String,
    /// The names of the views, and the address of the other one.
    views: [(String, Option<String>); 2],
    action: String,
    hidden: Vec<(&'static str, String)>,
    search: String,
    searched: String,
    selects: Vec<Select>,
    others: Option<bool>,
    all: Option<String>,
    flash: Option<Flash>,
    /// The reason why the viewer cannot decide, if there is one.
    closed: Option<String>,
    csrf: Option<String>,
    edits: bool,
}

/// The view that is shown, with the address of the other one.
pub(super) enum View {
    /// The cases; the address is that of the table.
    Cases(String),
    /// The table; the address is that of the cases.
    Table(String),
}

impl Top {
    /// Returns the top of a view, with a notice about the action `done`.
    pub(super) async fn of(
        db: &mut PgConnection,
        review: &ReviewJob,
        view: View,
        search: Search,
        done: Option<ActionId>,
    ) -> Result<Top, Problem> {
        let text = review.text();
        let (cases, table) = match view {
            View::Cases(table) => (None, Some(table)),
            View::Table(cases) => (Some(cases), None),
        };
        let Search { action, hidden, label, text: searched, selects, others, all } = search;
        Ok(Top {
            job: review.job.id,
            filename: review.job.filename.clone(),
            views: [(text.grid_cases(), cases), (text.grid_table(), table)],
            action,
            hidden,
            search: label,
            searched,
            selects,
            others,
            all,
            flash: Flash::of(db, review, done).await?,
            closed: closed(review),
            csrf: review.shell("").csrf,
            edits: review.edits,
            text: text.clone(),
        })
    }

    /// Returns whether not everything is shown.
    fn is_filtered(&self) -> bool {
        self.all.is_some()
    }
}

fn closed(review: &ReviewJob) -> Option<String> {
    let text = review.text();
    match (review.edits, review.job.status) {
        (true, _) => None,
        (false, JobStatus::Completed) => Some(text.review_closed_completed()),
        (false, JobStatus::Pending | JobStatus::Processing) => Some(text.review_closed_running()),
        (false, JobStatus::NeedsReview | JobStatus::Failed) if review.job.running => {
            Some(text.review_closed_running())
        }
        (false, JobStatus::NeedsReview | JobStatus::Failed) => Some(text.review_closed_role()),
    }
}
