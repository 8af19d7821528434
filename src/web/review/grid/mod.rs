//! The review as a table of all open rows, for people who come from spreadsheets. `edit.rs` saves cells as they are left and
//! columns that are pasted. `static/grid.js` makes the table an editable grid; without it, the page shows the rows and leads to
//! their cases.

mod edit;
mod line;
mod query;

use std::time::Instant;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sqlx::PgConnection;

pub(in crate::web) use edit::{edit, preview as preview_edit, undo};
pub(super) use query::GridQuery;

use self::line::{Line, Notes, lines};
use super::head::{Head, Tabs};
use super::job::ReviewJob;
use super::panel::{Panel, Scopes};
use super::people::People;
use super::top::{Choice, Search, Select, Top, View};
use crate::domain::field::Field;
use crate::domain::job::JobId;
use crate::domain::rules::IssueType;
use crate::http::{App, Path, Problem, Query, Reader};
use crate::store::staging::{self, RowPage};
use crate::store::{Matches, extra_columns};
use crate::texts::Text;
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
    top: Top,
    head: Head,
    /// The panel of decisions about many rows, if the viewer may decide.
    many: Option<Panel>,
    /// The words of the button that selects all rows that match.
    select_all: String,
    fields: Vec<(&'static str, String)>,
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
    let head = head(&mut db, &review, &query).await?;
    let people = People::of(&mut db, &review).await?;
    let search = search(text, job, &query, &people, !all_others.is_empty())?;
    let found = match review.edits {
        true => {
            let filter = query.filter(text, review.principal.person())?;
            staging::count_matching(&mut db, review.owner(), review.job.tables(), &filter).await?
        }
        false => Matches::default(),
    };
    show(&Page {
        shell: review.shell(text.review_page_title(text.grid_title(), &review.job.filename)),
        top: Top::of(&mut db, &review, View::Table(query.cases(job)), search, query.done).await?,
        many: review.edits.then(|| panel(&review, &query, &head, found)),
        head,
        select_all: text.grid_select_all(text.matches(found)),
        fields: Field::ALL.iter().map(|field| (field.as_str(), words::field(text, *field))).collect(),
        more_others: query.shows_others() && all_others.len() > others.len(),
        others: others.to_vec(),
        rows,
    })
}

fn search(
    text: &Text,
    job: JobId,
    query: &GridQuery,
    people: &People,
    has_others: bool,
) -> Result<Search, Problem> {
    let field = |field: &Field| (field.as_str(), words::field(text, *field));
    let columns = [("", text.grid_any_column())].into_iter().chain(Field::ALL.iter().map(field));
    let columns = columns.map(|(value, label)| Choice {
        value: value.to_owned(),
        label,
        is_chosen: query.column == value,
    });
    let is_narrow = query.text().is_some() || !query.assigned.is_empty();
    let whole = GridQuery { text: None, assigned: String::new(), ..query.of_kind(query.kind(text)?) };
    Ok(Search {
        action: format!("/jobs/{job}/grid"),
        hidden: Some(("kind", query.kind.clone())).into_iter().filter(|(_, kind)| !kind.is_empty()).collect(),
        label: text.grid_search(),
        text: query.text().unwrap_or_default(),
        selects: vec![
            Select { name: "column", label: text.grid_column(), options: columns.collect() },
            people.choice(text, &query.assigned),
        ],
        others: has_others.then(|| query.shows_others()),
        all: is_narrow.then(|| whole.address(job)),
    })
}

/// Returns the panel of decisions about many rows. `found` counts those that match the query.
fn panel(review: &ReviewJob, query: &GridQuery, head: &Head, found: Matches) -> Panel {
    let text = review.text();
    let (number, shown) = (found.number, text.matches(found));
    let is_whole = query.text().is_none() && query.kind.is_empty() && query.assigned.is_empty();
    let selected = text.grid_selected();
    let scopes = Scopes {
        action: format!("/jobs/{}/grid/many/preview", review.job.id),
        hidden: vec![
            ("kind", query.kind.clone()),
            ("column", query.column.clone()),
            ("text", query.text().unwrap_or_default()),
            ("assigned", query.assigned.clone()),
            ("others", query.others.clone()),
        ],
        selected: (selected.s0, selected.s1),
        all: match is_whole {
            true => text.grid_all_rows(number, shown),
            false => text.grid_all_matching(number, shown),
        },
        column: query.column(),
        searches_column: query.column().is_some() && query.text().is_some(),
        selects_shown: false,
    };
    Panel::of(review, &head.open_kinds, scopes)
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
