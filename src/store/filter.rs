//! SQL conditions for a person's filter of a job's rows. The queries name the rows `s`.

use sqlx::{Postgres, QueryBuilder};

use super::{JobTables, issue_rank};
use crate::domain::assigned::AssignedTo;
use crate::domain::decision::{Field, Filter};
use crate::domain::rules::IssueType;
use crate::domain::search::SEARCHED_CHARACTERS;

/// The condition `AND …`: a row is neither imported nor discarded.
pub(super) const IN_QUESTION: &str =
    " AND s.staging_status IS DISTINCT FROM 'SUCCESS' AND s.staging_status IS DISTINCT FROM 'DISCARD'";

/// Returns the expression for the part of a column that is searched: its first [`SEARCHED_CHARACTERS`] characters, in a
/// collation that knows upper and lower case in all scripts (migration 26).
pub(super) fn searched(column: &str) -> String {
    format!("left({column}, {SEARCHED_CHARACTERS}) COLLATE ingest_search")
}

/// Returns the expression for the searched parts of the columns of all fields, joined into one text.
pub(super) fn all_searched(prefix: &str) -> String {
    format!("concat_ws(E'\\n', {})", Field::list(|field| searched(&format!("{prefix}_{field}"))))
}

/// Returns what precedes and follows a pattern in a condition on values in columns that belong to no field: the searched
/// part of one of them, which `compared` may convert, is like the pattern.
pub(super) fn around_extra_like(column: &str, compared: impl Fn(&str) -> String) -> (String, &'static str) {
    // Unlike `jsonb_each_text`, this does not fail if another program has written something else than an object.
    let value = compared(&searched("value #>> '{}'"));
    (format!("EXISTS (SELECT FROM jsonb_path_query({column}, '$.*') AS value WHERE {value} ILIKE "), ")")
}

/// Returns a LIKE pattern that matches `text` anywhere, with its special characters escaped.
pub(super) fn anywhere(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// Issues, to select their rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IssuesOf<'a> {
    /// The type; `None` for all types.
    pub(super) issue_type: Option<IssueType>,
    /// Whether only open issues count.
    pub(super) open: bool,
    /// To whom they are assigned; `None` for all people and nobody.
    pub(super) assigned: Option<&'a AssignedTo>,
    /// A text that their key or description, or a value of one of their first rows, contains.
    pub(super) text: Option<&'a str>,
}

impl IssuesOf<'static> {
    /// Returns a description of all issues of a type.
    pub(super) const fn of_type(issue_type: IssueType) -> IssuesOf<'static> {
        IssuesOf { issue_type: Some(issue_type), open: false, assigned: None, text: None }
    }
}

/// Returns a description of the issues that the filter asks for, beside [`Filter::issues`]: a row must have one of them.
pub(super) fn required_issues(filter: &Filter) -> Option<IssuesOf<'_>> {
    let Filter { open, issue_type, assigned, issue_text, .. } = filter;
    let is_required = *open || issue_type.is_some() || assigned.is_some() || issue_text.is_some();
    is_required.then(|| open_issues(filter))
}

/// Returns a description of the open issues that the filter asks for, beside [`Filter::issues`].
pub(super) fn open_issues(filter: &Filter) -> IssuesOf<'_> {
    let (assigned, text) = (filter.assigned.as_ref(), filter.issue_text.as_deref());
    IssuesOf { issue_type: filter.issue_type, open: true, assigned, text }
}

/// Adds `FROM … AS s`: the rows of the job that match the filter, have an issue of each of `linked`, and meet `condition`
/// (`AND …` over `s`). Locks the rows.
///
/// Rows selected by id or by issue are read by primary key. `OFFSET 0` keeps all other conditions out of that join: with
/// outdated statistics the planner expects a single row to meet them, and would compare every row with every other.
pub(super) fn push_rows(
    query: &mut QueryBuilder<Postgres>,
    tables: JobTables,
    filter: &Filter,
    linked: &[IssuesOf<'_>],
    condition: &str,
) {
    push_rows_where(query, tables, filter, linked, |query| {
        query.push(condition);
    });
}

/// Like [`push_rows`], with a condition that may have parameters.
pub(super) fn push_rows_where(
    query: &mut QueryBuilder<Postgres>,
    tables: JobTables,
    filter: &Filter,
    linked: &[IssuesOf<'_>],
    condition: impl FnOnce(&mut QueryBuilder<Postgres>),
) {
    let (staging, job) = (tables.staging(), tables.job());
    let is_named = filter.rows.is_some() || filter.issues.is_some() || required_issues(filter).is_some();
    if !is_named && linked.is_empty() {
        query.push(format!(" FROM (SELECT s.* FROM {staging} s WHERE s.staging_job_id = {job}"));
        condition(query);
        push_values(query, filter);
        query.push(" FOR NO KEY UPDATE OF s) AS s");
        return;
    }
    query.push(" FROM (SELECT s.* FROM (SELECT DISTINCT id FROM (");
    push_named(query, tables, filter, linked);
    query.push(format!(
        ") AS named (id)) AS named JOIN {staging} s ON s.staging_id = named.id OFFSET 0 FOR NO KEY UPDATE OF s) AS s
         WHERE s.staging_job_id = {job}"
    ));
    condition(query);
    push_values(query, filter);
}

/// Adds a query for the ids of the rows that the filter selects by id or issue, and that have an issue of each of `linked`.
fn push_named(query: &mut QueryBuilder<Postgres>, tables: JobTables, filter: &Filter, linked: &[IssuesOf]) {
    let mut between = "";
    if let Some(rows) = &filter.rows {
        query.push("SELECT unnest(").push_bind(rows.clone()).push("::bigint[])");
        between = " INTERSECT ";
    }
    if let Some(issues) = &filter.issues {
        query
            .push(between)
            .push(format!("SELECT item_staging_id FROM {} WHERE item_issue_id = ANY (", tables.items()));
        query.push_bind(issues.clone()).push(")");
        between = " INTERSECT ";
    }
    for wanted in linked.iter().copied().chain(required_issues(filter)) {
        query.push(between).push(format!(
            "SELECT item_staging_id FROM {} JOIN {} ON item_issue_id = issue_id
             WHERE issues_job_id = {}",
            tables.issues(),
            tables.items(),
            tables.job()
        ));
        push_issue(query, tables, wanted);
        between = " INTERSECT ";
    }
}

/// Adds `AND …`: the issue is one of these.
pub(super) fn push_issue(query: &mut QueryBuilder<Postgres>, tables: JobTables, wanted: IssuesOf<'_>) {
    let IssuesOf { issue_type, open, assigned, text } = wanted;
    if let Some(issue_type) = issue_type {
        query.push(format!(" AND issue_rank = {}", issue_rank::of(issue_type)));
    }
    if open {
        query.push(" AND NOT issue_resolved");
    }
    if let Some(assigned) = assigned {
        query.push(format!(" AND {ASSIGNEE} = ")).push_bind(assignee(assigned).to_owned());
    }
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        query.push(" AND EXISTS (SELECT FROM (SELECT ").push_bind(anywhere(text));
        query.push(format!("::text AS pattern) AS searched WHERE {})", issue_contains(tables, "pattern")));
    }
}

/// The number of rows of an issue that a search by text reads. An issue about the encoding of a file has all of its rows.
const ROWS_OF_ISSUE: usize = 100;

/// Returns the condition that an issue, or one of its first rows, contains a text: `pattern` is an expression for its LIKE pattern.
pub(super) fn issue_contains(tables: JobTables, pattern: &str) -> String {
    let (start, end) = around_extra_like("s.staging_extra", str::to_owned);
    // The limits keep the planner from joining all rows to all issues.
    format!(
        "({key} ILIKE {pattern} OR {description} ILIKE {pattern} OR EXISTS (
             SELECT FROM (SELECT item_staging_id AS id FROM {items} WHERE item_issue_id = issue_id
                          ORDER BY item_staging_id LIMIT {ROWS_OF_ISSUE}) AS item,
                  LATERAL (SELECT * FROM {staging} WHERE staging_id = item.id LIMIT 1) AS s
             WHERE s.staging_job_id = {job} AND ({values} ILIKE {pattern} OR {start}{pattern}{end})))",
        key = searched("issue_key"),
        description = searched("issue_description"),
        items = tables.items(),
        staging = tables.staging(),
        job = tables.job(),
        values = all_searched("s.staging"),
    )
}

/// The expression for the person to whom an issue is assigned: an empty text for nobody.
pub(super) const ASSIGNEE: &str = "coalesce(issue_assignee, '')";

/// Returns the value of [`ASSIGNEE`] for issues that are assigned so.
pub(super) fn assignee(assigned: &AssignedTo) -> &str {
    assigned.person().unwrap_or_default()
}

/// Adds `AND …` for the filter's conditions on a row's status and values.
pub(super) fn push_values(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if filter.open {
        query.push(IN_QUESTION);
    }
    if let Some(status) = filter.status {
        query.push(" AND s.staging_status = ").push_bind(status.as_str()).push("::text::staging_status_enum");
    }
    if let Some(text) = filter.text.as_deref().filter(|text| !text.is_empty()) {
        query.push(format!(" AND ({} ILIKE ", all_searched("s.staging")));
        query.push_bind(anywhere(text));
        let (start, end) = around_extra_like("s.staging_extra", str::to_owned);
        query.push(format!(" OR {start}")).push_bind(anywhere(text)).push(format!("{end})"));
    }
    if let Some(wanted) = &filter.column {
        let column = format!("staging_{}", wanted.name);
        if let Some(value) = &wanted.equals {
            query.push(format!(" AND coalesce(s.{column}, '') = ")).push_bind(value.clone());
        }
        if let Some(part) = &wanted.contains {
            query.push(format!(" AND {} ILIKE ", searched(&format!("s.{column}")))).push_bind(anywhere(part));
        }
    }
}

/// Adds `AND …` for all conditions of the filter, checked row by row: for a query that reads few rows in order.
pub(super) fn push_each(query: &mut QueryBuilder<Postgres>, tables: JobTables, filter: &Filter) {
    push_values(query, filter);
    if let Some(rows) = &filter.rows {
        query.push(" AND s.staging_id = ANY (").push_bind(rows.clone()).push(")");
    }
    if let Some(wanted) = &filter.issues {
        push_linked(query, tables, |query| {
            query.push(" AND issue_id = ANY (").push_bind(wanted.clone()).push(")");
        });
    }
    if let Some(wanted) = required_issues(filter) {
        push_linked(query, tables, |query| push_issue(query, tables, wanted));
    }
}

/// Adds `AND …`: the row has an issue of the job that meets `condition` (`AND …`). The row's few issues are read by primary key.
fn push_linked(
    query: &mut QueryBuilder<Postgres>,
    tables: JobTables,
    condition: impl FnOnce(&mut QueryBuilder<Postgres>),
) {
    query.push(format!(" AND (SELECT bool_or((SELECT issues_job_id = {}", tables.job()));
    condition(query);
    query.push(format!(
        " FROM {} WHERE issue_id = item_issue_id)) FROM {} WHERE item_staging_id = s.staging_id)",
        tables.issues(),
        tables.items()
    ));
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_escape_special_characters() {
        assert_eq!(super::anywhere(r"50%_\x"), r"%50\%\_\\x%");
    }
}
