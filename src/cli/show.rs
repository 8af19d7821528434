//! `jobs`, `issues` and `rows`: lists of one owner's data.

use std::collections::HashMap;

use anyhow::Context as _;
use serde::Serialize;
use sqlx::PgConnection;

use super::list::{List, issue_type, job_status, search_text};
use super::output::{Format, Printer, Stdout, counted, counted_up};
use super::row_filter::person;
use super::session::Session;
use super::{Status, fleet};
use crate::domain::assigned::AssignedTo;
use crate::domain::extra::Extra;
use crate::domain::field::{Field, PerField};
use crate::domain::ids::{IssueId, JobId, RowId};
use crate::domain::job::{JobStatus, Owner};
use crate::domain::rules::IssueType;
use crate::store::issue_items::Item;
use crate::store::issues::{Issue, IssueFilter, State};
use crate::store::jobs::{Job, JobFilter};
use crate::store::{extra_columns, issue_items, issues, jobs};

/// Records that are read at a time, however long a list is.
const AT_ONCE: i64 = 1_000;

/// The jobs to list, and how. A job must meet every condition.
#[derive(Debug, clap::Args)]
pub(crate) struct JobsArgs {
    /// Jobs in this status.
    #[arg(long, value_parser = job_status(), ignore_case = true)]
    status: Option<JobStatus>,
    /// Jobs whose file name contains this text, in any case.
    #[arg(long, value_parser = search_text)]
    text: Option<String>,
    #[command(flatten)]
    list: List,
}

/// Lists jobs, newest first.
pub(crate) async fn jobs(session: &Session, args: JobsArgs) -> anyhow::Result<Status> {
    let JobsArgs { status, text, list } = args;
    let which = JobFilter { status, text };
    let format = list.format(session);
    // A table for people has to fit the terminal.
    let time = match format {
        Format::Table => "%Y-%m-%d %H:%MZ",
        Format::Json | Format::Csv => "%Y-%m-%d %H:%M:%SZ",
    };
    let mut last = list.after.map(JobId);
    let mut db = session.read().await?;
    let header = ["job", "status", "file", "rows", "done", "repeated", "open issues", "created", "reason"];
    let mut printer = Printer::on_stdout(format, &header)?.with_note("reason");
    let (mut shown, limit) = (0, list.limit(session));
    while shown < limit {
        let at_once = AT_ONCE.min(limit - shown);
        let page = jobs::list(&mut db, &session.owner, &which, last, at_once).await?;
        for job in &page {
            printer.put(job, |job| {
                vec![
                    job.id.to_string(),
                    job.status.to_string(),
                    job.label(),
                    job.total_rows.to_string(),
                    job.processed_rows.to_string(),
                    job.repeated_rows.to_string(),
                    job.open_issues.to_string(),
                    job.created_at.format(time).to_string(),
                    job.failure.clone().unwrap_or_default(),
                ]
            })?;
        }
        shown += page.len() as i64;
        last = page.last().map(|job| job.id).or(last);
        if (page.len() as i64) < at_once {
            break;
        }
    }
    printer.finish()?;
    if let Some(last) = last.filter(|_| shown == limit) {
        let shown = match which == JobFilter::default() {
            true => format!("{shown} of {}", counted_up(jobs::count(&mut db, &session.owner).await?, "job")),
            false => counted(shown, "job"),
        };
        eprintln!("showed {shown}; continue with `--after {last}`");
    }
    fleet::say_if_paused(session).await?;
    Ok(Status::Done)
}

/// Prints a job as the result of a command.
pub(super) async fn result_of(session: &Session, id: JobId) -> anyhow::Result<()> {
    if session.json {
        let mut db = session.read().await?;
        session.result(&job(&mut db, &session.owner, id).await?)?;
    }
    Ok(())
}

/// An issue with its rows.
#[derive(Debug, Serialize)]
struct WithRows {
    #[serde(flatten)]
    issue: Issue,
    rows: Vec<Item>,
}

/// Returns a job, and says if its rows were removed.
pub(super) async fn job(db: &mut PgConnection, owner: &Owner, job: JobId) -> anyhow::Result<Job> {
    let found = jobs::get(db, owner, job).await?;
    let found = found.with_context(|| format!("{owner} has no job {job}; `ingest jobs` lists them"))?;
    if let Some(at) = found.rows_removed_at {
        eprintln!(
            "the rows and issues of job {job} were removed after their time of retention, on {}; its contacts stay",
            at.format("%Y-%m-%d")
        );
    }
    Ok(found)
}

/// The issues to list, and how. An issue must meet every condition.
#[derive(Debug, clap::Args)]
pub(crate) struct IssuesArgs {
    /// Issues in this state.
    #[arg(long, value_enum, ignore_case = true, default_value = "open", conflicts_with = "all")]
    state: StateWord,
    /// Include resolved issues: the same as `--state all`.
    #[arg(long)]
    all: bool,
    /// Issues of this type.
    #[arg(long = "type", aliases = ["kind", "issue-type"], value_name = "TYPE", value_parser = issue_type(), ignore_case = true)]
    kind: Option<IssueType>,
    /// Issues that are assigned to this person: me, nobody or the name of a person.
    #[arg(long, value_name = "PERSON", value_parser = person)]
    assigned: Option<AssignedTo>,
    /// Issues whose key (the value that they are about) or description contains this text, in any case.
    #[arg(long, value_parser = search_text)]
    text: Option<String>,
    /// Maximum number of rows to print for each issue; `ingest rows` prints all of them.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..))]
    rows: i64,
    #[command(flatten)]
    list: List,
}

/// States of issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum StateWord {
    /// Open issues
    Open,
    /// Resolved issues
    #[value(alias = "settled")]
    Resolved,
    /// All issues
    All,
}

impl IssuesArgs {
    fn filter(&self, me: &Owner) -> IssueFilter {
        let state = match (self.all, self.state) {
            (true, _) | (false, StateWord::All) => State::All,
            (false, StateWord::Open) => State::Open,
            (false, StateWord::Resolved) => State::Resolved,
        };
        let assigned = self.assigned.clone().map(|to| to.of(&me.0));
        IssueFilter { kind: self.kind, state, assigned, text: self.text.clone() }
    }
}

/// Lists issues of a job, one line per row, with at most `--rows` rows for each issue.
pub(crate) async fn issues(session: &Session, id: JobId, args: IssuesArgs) -> anyhow::Result<Status> {
    let which = args.filter(&session.owner);
    let IssuesArgs { rows, list, .. } = args;
    let (owner, format) = (&session.owner, list.format(session));
    let mut db = session.read().await?;
    let found = job(&mut db, owner, id).await?;
    let mut last = list.after.map(IssueId);
    let fields = PerField::from_fn(Field::heading);
    let others = Others::of(extra_columns::of_job(&mut db, id).await?);
    let after = [&["problem"][..], others.heading()].concat();
    let header = header(&["issue", "rule", "row", "line"], &fields, &after);
    let mut printer = Printer::on_stdout(format, &header)?.with_note("problem");
    let (mut shown, mut cut, mut more, limit) = (0, None, true, list.limit(session));
    while more && shown < limit {
        let at_once = AT_ONCE.min(limit - shown);
        let page = issues::page(&mut db, owner, found.tables(), &which, last, at_once).await?;
        (more, last) = (page.next.is_some(), page.next);
        let ids: Vec<IssueId> = page.items.iter().map(|issue| issue.id).collect();
        // Reads one more row to know whether there are more.
        let mut items: HashMap<IssueId, Vec<Item>> = HashMap::new();
        for item in issue_items::page(&mut db, owner, found.tables(), &ids, None, rows + 1).await? {
            items.entry(item.issue_id).or_default().push(item);
        }
        for issue in page.items {
            let mut of_issue = items.remove(&issue.id).unwrap_or_default();
            if of_issue.len() as i64 > rows {
                of_issue.truncate(rows as usize);
                cut = cut.or(Some(issue.id));
            }
            shown += 1;
            put(&mut printer, format, WithRows { rows: of_issue, issue }, &others)?;
        }
    }
    printer.finish()?;
    if let Some(last) = last.filter(|_| more) {
        let open: Vec<String> = issues::counts(&mut db, owner, found.tables())
            .await?
            .iter()
            .map(|(kind, count)| format!("{kind} {count}"))
            .collect();
        let shown = counted(shown, "issue");
        eprintln!("showed {shown} (open: {}); continue with `--after {last}`", open.join(", "));
    }
    if let Some(issue) = cut {
        let all = issue_items::count(&mut db, owner, found.tables(), issue).await?;
        let all = counted_up(all, "row");
        eprintln!("issue {issue} has {all}; list them with `ingest rows {id} {issue}`");
    }
    Ok(Status::Done)
}

/// Lists the rows of one issue.
pub(crate) async fn rows(
    session: &Session,
    id: JobId,
    issue: IssueId,
    list: &List,
) -> anyhow::Result<Status> {
    let mut db = session.read().await?;
    let tables = job(&mut db, &session.owner, id).await?.tables();
    let fields = PerField::from_fn(Field::heading);
    let others = Others::of(extra_columns::of_job(&mut db, id).await?);
    let header = header(&["row", "line", "status"], &fields, others.heading());
    let mut printer = Printer::on_stdout(list.format(session), &header)?;
    let (mut shown, mut last, limit) = (0, list.after.map(RowId), list.limit(session));
    while shown < limit {
        let at_once = AT_ONCE.min(limit - shown);
        let page = issue_items::page(&mut db, &session.owner, tables, &[issue], last, at_once).await?;
        for row in &page {
            printer.put(row, |row| {
                let about = [row.row.to_string(), line(row), text(&row.status)];
                let values = row.values.values().map(text);
                about.into_iter().chain(values).chain(others.cell(&row.extra)).collect()
            })?;
        }
        shown += page.len() as i64;
        last = page.last().map(|row| row.row).or(last);
        if (page.len() as i64) < at_once {
            break;
        }
    }
    printer.finish()?;
    if let Some(last) = last.filter(|_| shown == limit) {
        let all = issue_items::count(&mut db, &session.owner, tables, issue).await?;
        let all = counted_up(all, "row");
        eprintln!("showed {shown} of {all}; continue with `--after {last}`");
    }
    Ok(Status::Done)
}

fn text(value: &Option<String>) -> String {
    value.clone().unwrap_or_default()
}

fn line(row: &Item) -> String {
    row.line.map(|line| line.to_string()).unwrap_or_default()
}

/// Prints an issue: one object with its rows as JSON, else one line for each row.
fn put(
    printer: &mut Printer<'_, Stdout>,
    format: Format,
    with_rows: WithRows,
    others: &Others,
) -> std::io::Result<()> {
    if format == Format::Json {
        return printer.put(&with_rows, |_| Vec::new());
    }
    let WithRows { issue, rows } = with_rows;
    let mut problem = match issue.resolved {
        true => format!("(resolved) {}", text(&issue.description)),
        false => text(&issue.description),
    };
    if let Some(assignee) = &issue.assignee {
        problem += &format!(" (assigned to {assignee})");
    }
    if let Some(note) = issue.note() {
        problem += &format!(" (note: {note})");
    }
    rows.iter().try_for_each(|row| {
        printer.put(row, |row| {
            let about = [issue.id.to_string(), issue.issue_type.to_string(), row.row.to_string(), line(row)];
            let values = row.values.values().map(text);
            about.into_iter().chain(values).chain([problem.clone()]).chain(others.cell(&row.extra)).collect()
        })
    })
}

/// The last column of a table: the values in columns that belong to no field. JSON has them as `extra`.
pub(super) struct Others {
    /// Whether there are such columns; otherwise the table lacks the last one.
    exist: bool,
}

impl Others {
    /// Returns the last column of a table with values in these `columns`.
    pub(super) fn of(columns: Vec<String>) -> Others {
        Others { exist: !columns.is_empty() }
    }

    pub(super) fn heading(&self) -> &'static [&'static str] {
        if self.exist { &["other columns"] } else { &[] }
    }

    pub(super) fn cell(&self, extra: &Extra) -> Option<String> {
        self.exist.then(|| in_words(extra))
    }
}

/// Returns values with the names of their columns, such as `Phone: 555; Notes: VIP`.
pub(crate) fn in_words(extra: &Extra) -> String {
    let values = extra.iter().map(|(name, value)| format!("{name}: {value}"));
    values.collect::<Vec<String>>().join("; ")
}

/// Returns the headings of a table with a column for each field.
pub(super) fn header<'h>(
    before: &[&'h str],
    fields: &'h PerField<String>,
    after: &[&'h str],
) -> Vec<&'h str> {
    let fields = fields.values().map(String::as_str);
    before.iter().copied().chain(fields).chain(after.iter().copied()).collect()
}
