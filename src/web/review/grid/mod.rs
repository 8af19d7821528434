//! The review as a table of all open rows, for people who come from spreadsheets. `edit.rs` saves cells as they are left and
//! columns that are pasted; `many.rs` decides about selected rows or all that match, and replaces texts. `static/grid.js`
//! makes the table an editable grid; without it, the page shows the rows and leads to their cases.

mod edit;
mod line;
mod many;
mod query;

use std::time::Instant;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sqlx::PgConnection;

pub(in crate::web) use edit::{edit, preview as preview_edit, undo};
pub(in crate::web) use many::{carry_out as decide_many, preview as preview_many};

use self::line::{Line, Notes, lines};
use self::query::GridQuery;
use super::closed;
use super::head::{Flash, Head, Tabs};
use super::job::ReviewJob;
use super::people::{People, Person};
use crate::domain::field::Field;
use crate::domain::job::JobId;
use crate::domain::rules::IssueType;
use crate::http::{App, Path, Problem, Query, Reader};
use crate::store::extra_columns;
use crate::store::staging::{self, RowPage};
use crate::texts::{Text, field_inline};
use crate::web::form::{SEARCH_TIME, wants_part};
use crate::web::language::Viewer;
use crate::web::shell::{Shell, show};
use crate::web::words;

/// Rows of a page.
const PAGE: i64 = 100;
/// Columns that belong to no field of a page.
const OTHERS: usize = 30;

#[derive(Template)]
#[template(path = "grid.html")]
struct Page {
    shell: Shell,
    head: Head,
    flash: Option<Flash>,
    /// The reason why the viewer cannot decide, if there is one.
    closed: Option<String>,
    query: GridQuery,
    text: String,
    /// The address of the same rows case by case.
    cases: String,
    /// The address of all rows, without a search.
    all: String,
    /// The choice of the person to whom the issues are assigned.
    people: Vec<Person>,
    fields: Vec<(&'static str, String)>,
    /// The fields in the middle of a sentence.
    fields_inline: Vec<(&'static str, String)>,
    /// Whether the job has columns that belong to no field.
    has_others: bool,
    others: Vec<String>,
    /// Whether it has more of them than are shown.
    more_others: bool,
    rows: Rows,
}

/// Rows and the address of the next ones.
#[derive(Template)]
#[template(path = "grid_rows.html")]
pub(crate) struct Rows {
    text: Text,
    lines: Vec<Line>,
    next: Option<String>,
    /// Whether the page loads the next part without a click, since the search stopped before the page was full.
    continues: bool,
    /// How many of the job's rows have been searched.
    searched: Option<String>,
    /// Whether these are the first.
    first: bool,
    columns: usize,
}

/// Shows the open rows of a job; for htmx only the rows, to append to the current page.
pub(in crate::web) async fn page(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Query(query): Query<GridQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
    let all_others = extra_columns::of_job(&mut db, job).await?;
    let others = shown_others(&query, &all_others);
    let rows = rows(&mut db, &review, &query, others).await?;
    if wants_part(&headers) {
        return show(&rows);
    }
    let text = review.text();
    show(&Page {
        shell: review.shell(text.review_page_title(text.grid_title(), &review.job.filename)),
        head: head(&mut db, &review, &query).await?,
        flash: Flash::of(&mut db, &review, query.done).await?,
        closed: closed(&review),
        text: query.text().unwrap_or_default(),
        cases: query.cases(job),
        people: People::of(&mut db, &review).await?.choice(text, &query.assigned),
        all: GridQuery { text: None, assigned: String::new(), ..query.of_kind(query.kind(text)?) }
            .address(job),
        fields: Field::ALL.iter().map(|field| (field.as_str(), words::field(text, *field))).collect(),
        fields_inline: Field::ALL.iter().map(|field| (field.as_str(), field_inline(text, *field))).collect(),
        has_others: !all_others.is_empty(),
        more_others: query.shows_others() && all_others.len() > others.len(),
        others: others.to_vec(),
        rows,
        query,
    })
}

/// Returns the address of the table with the rows of a kind that match a search.
pub(super) fn address(job: JobId, kind: IssueType, text: Option<&str>, assigned: &str) -> String {
    let (text, assigned) = (text.map(str::to_owned), assigned.to_owned());
    let query = GridQuery { text, assigned, ..GridQuery::default() };
    query.of_kind(Some(kind)).address(job)
}

/// Returns the columns that belong to no field and are shown.
fn shown_others<'o>(query: &GridQuery, all: &'o [String]) -> &'o [String] {
    if query.shows_others() { &all[..all.len().min(OTHERS)] } else { &[] }
}

/// Returns the progress of the review, with tabs for the kinds of issues.
async fn head(db: &mut PgConnection, review: &ReviewJob, query: &GridQuery) -> Result<Head, Problem> {
    let job = review.job.id;
    let all = Some(query.of_kind(None).address(job));
    let tabs = Tabs { all, of_kind: &|kind| query.of_kind(Some(kind)).address(job) };
    Head::with_tabs(db, review, query.kind(review.text())?, &tabs).await
}

async fn rows(
    db: &mut PgConnection,
    review: &ReviewJob,
    query: &GridQuery,
    others: &[String],
) -> Result<Rows, Problem> {
    let (text, owner, job) = (review.text(), review.owner(), &review.job);
    let (filter, began) = (query.filter(text, review.principal.person())?, Instant::now());
    let mut page = staging::scan(&mut *db, owner, job, &filter, query.after, PAGE).await?;
    while page.rows.is_empty() && page.next.is_some() && began.elapsed() < SEARCH_TIME {
        page = staging::scan(&mut *db, owner, job, &filter, page.next, PAGE).await?;
    }
    let RowPage { rows, next, is_cut } = page;
    let searched = next.and_then(|next| job.searched_until(next));
    let searched =
        searched.map(|done| text.job_searched(text.number(done), text.number(job.total_rows.into())));
    let continues = (rows.len() as i64) < PAGE && !is_cut;
    let next = next.map(|next| GridQuery { after: Some(next), done: None, ..query.clone() }.address(job.id));
    Ok(Rows {
        lines: lines(db, review, rows, others, &Notes::new()).await?,
        next,
        continues,
        searched,
        first: query.after.is_none(),
        // The checkbox, the line and the issues.
        columns: 3 + Field::ALL.len() + others.len(),
        text: text.clone(),
    })
}
