//! The rows on a job's page, filtered by status, kind of issue and text.

use std::time::Instant;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use sqlx::PgConnection;

use crate::actions::Selection;
use crate::domain::decision::Filter;
use crate::domain::field::{FIELDS, PerField};
use crate::domain::ids::{IssueId, JobId, RowId};
use crate::domain::job::Owner;
use crate::domain::row::RowStatus;
use crate::exports::ExportFormat;
use crate::http::{self, App, Path, Problem, Query, Reader};
use crate::store::issues::{self, IssueFilter};
use crate::store::jobs::Job;
use crate::store::staging::{self, RowPage, RowView};
use crate::texts::Text;
use crate::web::export::of_page;
use crate::web::extra::ExtraView;
use crate::web::form::{Done, SEARCH_TIME, search_text};
use crate::web::words::{self, Status};

/// Rows of a page.
const PAGE: i64 = 50;
/// Rows of each issue.
const OF_ISSUE: i64 = 10;

/// The query of a job's page: the rows to show.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct RowsQuery {
    /// A part of the bar, or a kind of issue.
    #[serde(default)]
    pub(super) show: String,
    pub(super) text: Option<String>,
    /// The last row of the previous page, or its last issue if `show` is a kind of issue.
    pub(super) after: Option<i64>,
    /// What a form of the page has just done.
    pub(super) done: Option<Done>,
}

impl RowsQuery {
    /// Returns the address of the page after the given row or issue.
    pub(super) fn further(&self, job: JobId, after: impl Into<i64>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !self.show.is_empty() {
            query.append_pair("show", &self.show);
        }
        if let Some(text) = search_text(&self.text) {
            query.append_pair("text", &text);
        }
        query.append_pair("after", &after.into().to_string());
        format!("/jobs/{job}?{}", query.finish())
    }
}

/// Returns the filter for the rows of a part of the bar or of a kind of issue, and a search text.
fn filter(show: &str, text: &Option<String>) -> Filter {
    let status = match show {
        "imported" => Some(RowStatus::Success),
        "ready" => Some(RowStatus::Ready),
        "issue" => Some(RowStatus::Issue),
        "discarded" => Some(RowStatus::Discard),
        _ => None,
    };
    let issue_type = words::rule_of(show).map(|rule| rule.issue_type);
    Filter { status, issue_type, text: search_text(text), ..Filter::default() }
}

/// Rows and the address of the next ones.
#[derive(Template)]
#[template(path = "job_rows.html")]
pub(crate) struct Rows {
    text: Text,
    rows: Vec<Row>,
    next: Option<String>,
    /// Whether the page loads the next part without a click, since the search stopped before the page was full.
    pub(super) continues: bool,
    /// How many of the job's rows have been searched.
    searched: Option<String>,
    /// Whether these are the first.
    pub(super) first: bool,
}

struct Row {
    line: String,
    values: PerField<String>,
    status: Status,
    extra: Option<ExtraView>,
}

impl Row {
    fn of(text: &Text, row: RowView) -> Row {
        Row {
            line: row.line.map_or_else(String::new, |line| text.number(line)),
            status: words::row_status(text, row.status),
            extra: ExtraView::of(text, &row.extra),
            values: row.values,
        }
    }
}

impl Rows {
    /// Returns the number of columns: the line, the fields and the status.
    fn columns(&self) -> usize {
        1 + FIELDS + 1
    }

    pub(super) async fn of(
        db: &mut PgConnection,
        text: &Text,
        owner: &Owner,
        job: &Job,
        query: &RowsQuery,
    ) -> Result<Rows, Problem> {
        let first = query.after.is_none();
        if let Some(rule) = words::rule_of(&query.show) {
            let filter = IssueFilter {
                kind: Some(rule.issue_type),
                text: search_text(&query.text),
                ..IssueFilter::default()
            };
            let after = query.after.map(IssueId);
            let (began, tables) = (Instant::now(), job.tables());
            let mut page = issues::page(&mut *db, owner, tables, &filter, after, PAGE / 2).await?;
            while page.items.is_empty() && page.next.is_some() && began.elapsed() < SEARCH_TIME {
                page = issues::page(&mut *db, owner, tables, &filter, page.next, PAGE / 2).await?;
            }
            let ids: Vec<IssueId> = page.items.iter().map(|issue| issue.id).collect();
            let (rows, is_cut) = staging::of_issues(db, owner, job.tables(), &ids, None, OF_ISSUE).await?;
            // If the size limit ends the page early, the next page starts after the last issue shown.
            let shown = rows.last().filter(|_| is_cut).map(|(issue, _)| *issue);
            let continues = page.continues && shown.is_none();
            let next = shown.or(page.next).map(|last| query.further(job.id, last));
            let rows = rows.into_iter().map(|(_, row)| Row::of(text, row)).collect();
            return Ok(Rows { text: text.clone(), rows, next, continues, searched: None, first });
        }
        // Rows that repeat an earlier one are counted, not stored.
        if query.show == "repeated" {
            return Ok(Rows {
                text: text.clone(),
                rows: Vec::new(),
                next: None,
                continues: false,
                searched: None,
                first,
            });
        }
        let filter = filter(&query.show, &query.text);
        let began = Instant::now();
        let mut page = staging::scan(db, owner, job, &filter, query.after.map(RowId), PAGE).await?;
        while page.rows.is_empty() && page.next.is_some() && began.elapsed() < SEARCH_TIME {
            page = staging::scan(db, owner, job, &filter, page.next, PAGE).await?;
        }
        let RowPage { rows, next, is_cut } = page;
        let searched = next.and_then(|next| job.searched_until(next));
        let searched =
            searched.map(|done| text.job_searched(text.number(done), text.number(job.total_rows.into())));
        let continues = (rows.len() as i64) < PAGE && !is_cut;
        let next = next.map(|next| query.further(job.id, next));
        let rows = rows.into_iter().map(|row| Row::of(text, row)).collect();
        Ok(Rows { text: text.clone(), rows, next, continues, searched, first })
    }
}

/// The query of a download: the rows that the page shows, and the format.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct ExportQuery {
    format: ExportFormat,
    #[serde(default)]
    show: String,
    text: Option<String>,
}

/// Downloads the rows of a job, or those that its page shows.
pub(in crate::web) async fn export(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let selection = Selection::Rows { job, filter: filter(&query.show, &query.text) };
    http::exported_file(&app, &principal.owner, of_page(selection, query.format)).await
}
