//! `jobs`, `issues` and `contacts`: pages of what the database holds of one owner.

use std::collections::HashMap;

use anyhow::Context as _;
use serde::Serialize;

use super::output::print;
use super::session::Session;
use super::{List, Status};
use crate::domain::job::JobId;
use crate::store::issue_items::Item;
use crate::store::issues::Issue;
use crate::store::{contacts, issue_items, issues, jobs};

/// Lists jobs.
pub async fn jobs(session: &Session, list: &List) -> anyhow::Result<Status> {
    let before =
        list.after.map(i32::try_from).transpose().context("--after takes a job's number")?.map(JobId);
    let page = jobs::list(&session.context.pool, &session.owner, before, list.limit).await?;
    let header = ["job", "status", "file", "rows", "done", "repeated", "open issues", "created", "reason"];
    print(list.output, &page, &header, |job| {
        vec![
            job.id.to_string(),
            job.status.clone(),
            job.filename.clone(),
            job.total_rows.to_string(),
            job.processed_rows.to_string(),
            job.repeated_rows.to_string(),
            job.open_issues.to_string(),
            job.created_at.format("%Y-%m-%d %H:%M:%SZ").to_string(),
            job.failure.clone().unwrap_or_default(),
        ]
    })?;
    Ok(Status::Done)
}

/// An issue with its rows.
#[derive(Debug, Serialize)]
struct WithRows {
    #[serde(flatten)]
    issue: Issue,
    rows: Vec<Item>,
}

/// Lists issues of a job, a line a row.
pub async fn issues(session: &Session, job: JobId, all: bool, list: &List) -> anyhow::Result<Status> {
    let pool = &session.context.pool;
    let found = jobs::get(pool, &session.owner, job).await?;
    let found =
        found.with_context(|| format!("{} has no job {job}; `ingest jobs` lists them", session.owner))?;
    let after = list.after.map(i32::try_from).transpose().context("--after takes an issue's number")?;
    let page = issues::page(pool, &session.owner, job, all, after, list.limit).await?;
    let ids: Vec<i32> = page.iter().map(|issue| issue.id).collect();
    let mut rows: HashMap<i32, Vec<Item>> = HashMap::new();
    for item in issue_items::of_issues(pool, &session.owner, &ids).await? {
        rows.entry(item.issue_id).or_default().push(item);
    }
    let shown = page.len();
    let with_rows: Vec<WithRows> = page
        .into_iter()
        .map(|issue| WithRows { rows: rows.remove(&issue.id).unwrap_or_default(), issue })
        .collect();
    match list.output {
        super::Format::Json => print(list.output, &with_rows, &[], |_| Vec::new())?,
        _ => lines(list, &with_rows)?,
    }
    if found.open_issues as usize > shown && shown as i64 == list.limit {
        let last = with_rows.last().map_or(0, |with| with.issue.id);
        eprintln!("{shown} of {} open issues shown; `--after {last}` goes on", found.open_issues);
    }
    Ok(Status::Done)
}

fn lines(list: &List, issues: &[WithRows]) -> std::io::Result<()> {
    let pairs: Vec<Line<'_>> =
        issues.iter().flat_map(|with| with.rows.iter().map(|row| Line { issue: &with.issue, row })).collect();
    let header =
        ["issue", "rule", "row", "line", "email", "first name", "last name", "company", "what is wrong"];
    print(list.output, &pairs, &header, |Line { issue, row }| {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        vec![
            issue.id.to_string(),
            issue.issue_type.clone(),
            row.row.to_string(),
            row.line.map(|line| line.to_string()).unwrap_or_default(),
            text(&row.email),
            text(&row.first_name),
            text(&row.last_name),
            text(&row.company),
            match issue.resolved {
                true => format!("(settled) {}", text(&issue.description)),
                false => text(&issue.description),
            },
        ]
    })
}

#[derive(Serialize)]
struct Line<'a> {
    issue: &'a Issue,
    row: &'a Item,
}

/// Lists contacts.
pub async fn contacts(session: &Session, list: &List) -> anyhow::Result<Status> {
    let page = contacts::page(&session.context.pool, &session.owner, list.after, list.limit).await?;
    let header = ["contact", "email", "first name", "last name", "company"];
    print(list.output, &page, &header, |contact| {
        let contacts::Contact { id, email, first_name, last_name, company } = contact;
        vec![id.to_string(), email.clone(), first_name.clone(), last_name.clone(), company.clone()]
    })?;
    if page.len() as i64 == list.limit {
        let last = page.last().map_or(0, |contact| contact.id);
        eprintln!("{} contacts shown; `--after {last}` goes on", page.len());
    }
    Ok(Status::Done)
}
