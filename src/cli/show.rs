//! `jobs`, `issues` and `contacts`: lists of one owner's data.

use std::collections::HashMap;

use anyhow::Context as _;
use serde::Serialize;
use sqlx::PgConnection;

use super::output::{Format, Printer, print};
use super::session::Session;
use super::{List, Status};
use crate::domain::extra::Extra;
use crate::domain::field::{Field, PerField};
use crate::domain::ids::{ContactId, IssueId, JobId, RowId};
use crate::domain::job::Owner;
use crate::store::issue_items::Item;
use crate::store::issues::{Issue, IssueFilter};
use crate::store::jobs::Job;
use crate::store::{contacts, extra_columns, issue_items, issues, jobs};

/// Lists jobs.
pub(crate) async fn jobs(session: &Session, list: &List) -> anyhow::Result<Status> {
    let before =
        list.after.map(i32::try_from).transpose().context("--after: expected a job's number")?.map(JobId);
    let mut db = session.read().await?;
    let page = jobs::list(&mut db, &session.owner, &Default::default(), before, list.limit).await?;
    let header = ["job", "status", "file", "rows", "done", "repeated", "open issues", "created", "reason"];
    print(list.output, &page, &header, |job| {
        vec![
            job.id.to_string(),
            job.status.to_string(),
            job.label(),
            job.total_rows.to_string(),
            job.processed_rows.to_string(),
            job.repeated_rows.to_string(),
            job.open_issues.to_string(),
            job.created_at.format("%Y-%m-%d %H:%M:%SZ").to_string(),
            job.failure.clone().unwrap_or_default(),
        ]
    })?;
    if page.len() as i64 == list.limit {
        let (last, all) =
            (page.last().map_or(JobId(0), |job| job.id), jobs::count(&mut db, &session.owner).await?);
        eprintln!("showed {} of {all} jobs; continue with `--after {last}`", page.len());
    }
    Ok(Status::Done)
}

/// An issue with its rows.
#[derive(Debug, Serialize)]
struct WithRows {
    #[serde(flatten)]
    issue: Issue,
    rows: Vec<Item>,
}

async fn job(db: &mut PgConnection, owner: &Owner, job: JobId) -> anyhow::Result<Job> {
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

/// Lists issues of a job, one line per row, with at most `rows` rows for each issue.
pub(crate) async fn issues(
    session: &Session,
    id: JobId,
    which: IssueFilter,
    rows: i64,
    list: &List,
) -> anyhow::Result<Status> {
    let owner = &session.owner;
    let mut db = session.read().await?;
    let found = job(&mut db, owner, id).await?;
    let after = list
        .after
        .map(i32::try_from)
        .transpose()
        .context("--after: expected an issue's number")?
        .map(IssueId);
    let page = issues::page(&mut db, owner, found.tables(), &which, after, list.limit).await?;
    let more = page.more;
    let ids: Vec<IssueId> = page.items.iter().map(|issue| issue.id).collect();
    // Reads one more row to know whether there are more.
    let mut items: HashMap<IssueId, Vec<Item>> = HashMap::new();
    for item in issue_items::page(&mut db, owner, found.tables(), &ids, None, rows + 1).await? {
        items.entry(item.issue_id).or_default().push(item);
    }
    let cut: Vec<IssueId> =
        ids.into_iter().filter(|id| items.get(id).is_some_and(|of| of.len() as i64 > rows)).collect();
    for id in &cut {
        items.entry(*id).and_modify(|of| of.truncate(rows as usize));
    }
    let shown = page.items.len();
    let with_rows: Vec<WithRows> = page
        .items
        .into_iter()
        .map(|issue| WithRows { rows: items.remove(&issue.id).unwrap_or_default(), issue })
        .collect();
    match list.output {
        Format::Json => print(list.output, &with_rows, &[], |_| Vec::new())?,
        Format::Table | Format::Csv => {
            lines(list, &with_rows, &Others::of(extra_columns::of_job(&mut db, id).await?))?;
        }
    }
    if more {
        let last = with_rows.last().map_or(IssueId(0), |with| with.issue.id);
        let open: Vec<String> = issues::counts(&mut db, owner, found.tables())
            .await?
            .iter()
            .map(|(kind, count)| format!("{kind} {count}"))
            .collect();
        eprintln!("showed {shown} issues (open: {}); continue with `--after {last}`", open.join(", "));
    }
    if let Some(issue) = cut.first() {
        let all = issue_items::count(&mut db, owner, found.tables(), *issue).await?;
        eprintln!("issue {issue} has {all} rows; list them with `ingest rows {id} {issue}`");
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
    let page =
        issue_items::page(&mut db, &session.owner, tables, &[issue], list.after.map(RowId), list.limit)
            .await?;
    let fields = PerField::from_fn(Field::heading);
    let others = Others::of(extra_columns::of_job(&mut db, id).await?);
    let header = header(&["row", "line", "status"], &fields, others.heading());
    print(list.output, &page, &header, |row| {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let about = [
            row.row.to_string(),
            row.line.map(|line| line.to_string()).unwrap_or_default(),
            text(&row.status),
        ];
        about.into_iter().chain(row.values.values().map(text)).chain(others.cell(&row.extra)).collect()
    })?;
    if page.len() as i64 == list.limit {
        let (last, all) = (
            page.last().map_or(RowId(0), |row| row.row),
            issue_items::count(&mut db, &session.owner, tables, issue).await?,
        );
        eprintln!("showed {} of {all} rows; continue with `--after {last}`", page.len());
    }
    Ok(Status::Done)
}

fn lines(list: &List, issues: &[WithRows], others: &Others) -> std::io::Result<()> {
    let pairs: Vec<Line<'_>> =
        issues.iter().flat_map(|with| with.rows.iter().map(|row| Line { issue: &with.issue, row })).collect();
    let fields = PerField::from_fn(Field::heading);
    let after = [&["problem"][..], others.heading()].concat();
    let header = header(&["issue", "rule", "row", "line"], &fields, &after);
    print(list.output, &pairs, &header, |Line { issue, row }| {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let about = [
            issue.id.to_string(),
            issue.issue_type.to_string(),
            row.row.to_string(),
            row.line.map(|line| line.to_string()).unwrap_or_default(),
        ];
        let problem = match issue.resolved {
            true => format!("(resolved) {}", text(&issue.description)),
            false => text(&issue.description),
        };
        let values = row.values.values().map(text);
        about.into_iter().chain(values).chain([problem]).chain(others.cell(&row.extra)).collect()
    })
}

/// The last column of a table: the values in columns that belong to no field. JSON has them as `extra`.
struct Others {
    /// Whether there are such columns; otherwise the table lacks the last one.
    exist: bool,
}

impl Others {
    /// Returns the last column of a table with values in these `columns`.
    fn of(columns: Vec<String>) -> Others {
        Others { exist: !columns.is_empty() }
    }

    fn heading(&self) -> &'static [&'static str] {
        if self.exist { &["other columns"] } else { &[] }
    }

    fn cell(&self, extra: &Extra) -> Option<String> {
        self.exist.then(|| in_words(extra))
    }
}

/// Returns values with the names of their columns, such as `Phone: 555; Notes: VIP`.
pub(crate) fn in_words(extra: &Extra) -> String {
    let values = extra.iter().map(|(name, value)| format!("{name}: {value}"));
    values.collect::<Vec<String>>().join("; ")
}

/// Returns the headings of a table with a column for each field.
fn header<'h>(before: &[&'h str], fields: &'h PerField<String>, after: &[&'h str]) -> Vec<&'h str> {
    let fields = fields.values().map(String::as_str);
    before.iter().copied().chain(fields).chain(after.iter().copied()).collect()
}

#[derive(Serialize)]
struct Line<'a> {
    issue: &'a Issue,
    row: &'a Item,
}

/// Contacts, and bytes of them, in memory at a time, however long the list is.
const CONTACTS_AT_ONCE: i64 = 1_000;
const BYTES_AT_ONCE: i64 = 1 << 20;

/// Lists contacts.
pub(crate) async fn contacts(session: &Session, list: &List) -> anyhow::Result<Status> {
    let mut db = session.read().await?;
    let fields = PerField::from_fn(Field::heading);
    let others = Others::of(extra_columns::of_owner(&mut db, &session.owner).await?);
    let header = header(&["contact"], &fields, others.heading());
    let mut printer = Printer::new(std::io::stdout().lock(), list.output, &header)?;
    let (mut shown, mut last) = (0, ContactId(list.after.unwrap_or(0)));
    while shown < list.limit {
        let at_once = CONTACTS_AT_ONCE.min(list.limit - shown);
        let piece = contacts::piece(&mut db, &session.owner, last, at_once, BYTES_AT_ONCE).await?;
        let Some(end) = piece.last() else { break };
        (shown, last) = (shown + piece.len() as i64, end.id);
        for contact in &piece {
            printer.put(contact, |contact| {
                let values = contact.values.values().map(String::clone);
                let id = [contact.id.to_string()].into_iter();
                id.chain(values).chain(others.cell(&contact.extra)).collect()
            })?;
        }
    }
    printer.finish()?;
    if shown == list.limit {
        let all = contacts::count(&mut db, &session.owner).await?;
        eprintln!("showed {shown} of {all} contacts; continue with `--after {last}`");
    }
    Ok(Status::Done)
}
