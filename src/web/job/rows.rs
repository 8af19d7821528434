//! Rows of a job, as a part of its picture or a kind of issue has them.

use askama::Template;
use serde::Deserialize;
use sqlx::PgConnection;

use crate::domain::decision::Filter;
use crate::domain::ids::{IssueId, JobId, RowId};
use crate::domain::job::Owner;
use crate::domain::row::RowStatus;
use crate::http::Problem;
use crate::store::issues::{self, IssueFilter};
use crate::store::jobs::Job;
use crate::store::staging::{self, RowPage, RowView};
use crate::web::form::sought;
use crate::web::text::Text;
use crate::web::words::{self, Status};

/// Rows of a page.
const PAGE: i64 = 50;
/// Rows that are shown of each issue.
const OF_ISSUE: i64 = 10;

/// IssueFilter of the job's rows are shown.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct RowsQuery {
    /// A part of the picture, or a kind of issue.
    #[serde(default)]
    pub(super) show: String,
    pub(super) text: Option<String>,
    /// The last row of the page before; of a kind of issue, the last issue.
    pub(super) after: Option<i64>,
}

impl RowsQuery {
    /// The same, further on.
    pub(super) fn further(&self, job: JobId, after: impl Into<i64>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !self.show.is_empty() {
            query.append_pair("show", &self.show);
        }
        if let Some(text) = sought(&self.text) {
            query.append_pair("text", &text);
        }
        query.append_pair("after", &after.into().to_string());
        format!("/jobs/{job}?{}", query.finish())
    }
}

/// Rows, and where to go on.
#[derive(Template)]
#[template(path = "job_rows.html")]
pub(crate) struct Rows {
    text: Text,
    rows: Vec<Row>,
    next: Option<String>,
    /// Whether the next look is taken by itself, since this one came to its end before the page was full.
    pub(super) goes_on: bool,
    /// Whether these are the first.
    pub(super) first: bool,
}

struct Row {
    line: String,
    values: [String; 4],
    status: Status,
}

impl Row {
    fn of(text: &Text, row: RowView) -> Row {
        Row {
            line: row.line.map_or_else(String::new, |line| text.number(line)),
            status: words::row_status(text, row.status),
            values: [row.email, row.first_name, row.last_name, row.company],
        }
    }
}

impl Rows {
    pub(super) async fn of(
        db: &mut PgConnection,
        text: &Text,
        owner: &Owner,
        job: &Job,
        asked: &RowsQuery,
    ) -> Result<Rows, Problem> {
        let first = asked.after.is_none();
        if let Some(rule) = words::rule_of(&asked.show) {
            let which = IssueFilter {
                kind: Some(rule.issue_type),
                text: sought(&asked.text),
                ..IssueFilter::default()
            };
            let after = asked.after.and_then(|after| i32::try_from(after).ok()).map(IssueId);
            let found = issues::page(&mut *db, owner, job.tables(), &which, after, PAGE / 2).await?;
            let ids: Vec<IssueId> = found.items.iter().map(|issue| issue.id).collect();
            let (rows, is_cut) = staging::of_issues(db, owner, job.tables(), &ids, None, OF_ISSUE).await?;
            // The issue with which the page ends early is not shown twice.
            let shown = rows.last().filter(|_| is_cut).map(|(issue, _)| *issue);
            let last = shown.or(found.next(|issue| issue.id));
            let next = last.map(|last| asked.further(job.id, last));
            let rows = rows.into_iter().map(|(_, row)| Row::of(text, row)).collect();
            return Ok(Rows { text: text.clone(), rows, next, goes_on: false, first });
        }
        let status = match asked.show.as_str() {
            "imported" => Some(RowStatus::Success),
            "ready" => Some(RowStatus::Ready),
            "issue" => Some(RowStatus::Issue),
            "discarded" => Some(RowStatus::Discard),
            // An earlier row of the file says the same: these are counted, not kept.
            "repeated" => {
                return Ok(Rows { text: text.clone(), rows: Vec::new(), next: None, goes_on: false, first });
            }
            _ => None,
        };
        let which = Filter { status, text: sought(&asked.text), ..Filter::default() };
        let found = staging::scan(db, owner, job, &which, asked.after.map(RowId), PAGE).await?;
        let RowPage { rows, next, is_cut } = found;
        let goes_on = (rows.len() as i64) < PAGE && !is_cut;
        let next = next.map(|next| asked.further(job.id, next));
        let rows = rows.into_iter().map(|row| Row::of(text, row)).collect();
        Ok(Rows { text: text.clone(), rows, next, goes_on, first })
    }
}
