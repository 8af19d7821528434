//! `edit`, `discard`, `resolve`, `bulk` and `undo`: decisions about rows, in the words of the API.

use std::collections::BTreeMap;

use anyhow::Context as _;
use clap::ValueEnum;
use tokio_util::sync::CancellationToken;

use super::output::printable;
use super::session::Session;
use super::{Format, Status, output, undo_progress};
use crate::actions::{self, ActionError, Effect};
use crate::domain::decision::{ColumnFilter, Decision, Edits, Field, Filter};
use crate::domain::ids::{ActionId, IssueId, JobId, RowId};
use crate::domain::issue::IssueType;
use crate::domain::row::RowStatus;
use crate::store::decided::Example;
use crate::store::jobs;

/// New values of a row.
#[derive(Debug, clap::Args)]
pub(crate) struct Values {
    /// The new e-mail.
    #[arg(long)]
    email: Option<String>,
    /// The new first name.
    #[arg(long)]
    first_name: Option<String>,
    /// The new last name.
    #[arg(long)]
    last_name: Option<String>,
    /// The new company.
    #[arg(long)]
    company: Option<String>,
}

impl Values {
    fn edits(self) -> Edits {
        let Values { email, first_name, last_name, company } = self;
        Edits { email, first_name, last_name, company }
    }
}

/// The words of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Word {
    /// Give the rows the values of --email, --first-name, --last-name and --company
    Edit,
    /// Leave the rows out
    Discard,
    /// Take rows in again that were left out
    Restore,
    /// Malformed rows are good as they are
    Accept,
    /// Keep the existing contacts, leave the rows out
    KeepContact,
    /// Existing contacts get the rows' values
    Overwrite,
    /// Existing contacts get the rows' values where they have none
    Fill,
    /// Take the suggested corrections of invalid addresses
    Correct,
    /// Of rows that share an e-mail keep the one of --row
    KeepRow,
    /// Of rows that share an e-mail keep the first
    KeepFirst,
    /// Of rows that share an e-mail keep the last
    KeepLast,
    /// Make one row of those that share an e-mail
    Merge,
}

/// A decision.
#[derive(Debug, clap::Args)]
pub(crate) struct DecisionArgs {
    /// What is to become of the rows.
    #[arg(value_enum)]
    decision: Word,
    /// The row that keep-row keeps.
    #[arg(long, required_if_eq("decision", "keep-row"))]
    row: Option<RowId>,
    #[command(flatten)]
    values: Values,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    preview: bool,
    /// The form of the output.
    #[arg(long, short, value_enum, default_value = "table")]
    output: Format,
}

impl DecisionArgs {
    fn decision(self) -> Decision {
        match self.decision {
            Word::Edit => Decision::Edit(self.values.edits()),
            Word::Discard => Decision::Discard,
            Word::Restore => Decision::Restore,
            Word::Accept => Decision::Accept,
            Word::KeepContact => Decision::KeepContact,
            Word::Overwrite => Decision::Overwrite,
            Word::Fill => Decision::Fill,
            Word::Correct => Decision::Correct,
            Word::KeepRow => Decision::KeepRow { row: self.row.unwrap_or(RowId(0)) },
            Word::KeepFirst => Decision::KeepFirst,
            Word::KeepLast => Decision::KeepLast,
            Word::Merge => Decision::Merge(self.values.edits()),
        }
    }
}

/// Which rows of a job; all that is given must hold.
#[derive(Debug, clap::Args)]
pub(crate) struct FilterArgs {
    /// Rows that an open issue of this type is about.
    #[arg(long = "type", value_name = "TYPE", value_parser = super::issue_type())]
    issue_type: Option<IssueType>,
    /// Rows in this status: READY, ISSUE or DISCARD.
    #[arg(long)]
    status: Option<RowStatus>,
    /// Rows of which a value holds this text.
    #[arg(long)]
    text: Option<String>,
    /// Rows with this value, such as company=Acme; company= finds rows without.
    #[arg(long, value_name = "NAME=VALUE", value_parser = column)]
    column: Option<ColumnFilter>,
}

fn column(text: &str) -> Result<ColumnFilter, String> {
    let (name, value) = text.split_once('=').ok_or("takes NAME=VALUE, such as company=Acme")?;
    let name: Field =
        name.parse().map_err(|_| "knows the columns email, first_name, last_name and company")?;
    Ok(ColumnFilter { name, equals: Some(value.to_owned()), contains: None })
}

/// Decides about the rows of issues.
pub(crate) async fn resolve(
    session: &Session,
    job: JobId,
    issues: Vec<IssueId>,
    args: DecisionArgs,
) -> anyhow::Result<Status> {
    let filter = Filter { issues: Some(issues), ..Filter::default() };
    decide(session, job, &filter, args).await
}

/// Decides about all rows that a filter finds.
pub(crate) async fn bulk(
    session: &Session,
    job: JobId,
    which: FilterArgs,
    args: DecisionArgs,
) -> anyhow::Result<Status> {
    let FilterArgs { issue_type, status, text, column } = which;
    let filter = Filter { issue_type, status, text, column, ..Filter::default() };
    decide(session, job, &filter, args).await
}

async fn decide(session: &Session, job: JobId, which: &Filter, args: DecisionArgs) -> anyhow::Result<Status> {
    let (owners, is_preview, format) = (&session.owners, args.preview, args.output);
    let decision = args.decision();
    if is_preview {
        let preview = actions::preview(owners, &session.owner, job, which, &decision).await?;
        examples(format, &preview.examples)?;
        eprintln!(
            "would change {} rows ({} left out, {} taken in again, {} edited) and settle {} issues; nothing is done yet",
            preview.changed.rows,
            preview.changed.discarded,
            preview.changed.restored,
            preview.changed.edited,
            preview.issues.settled
        );
        return Ok(Status::Done);
    }
    tell(job, &actions::decide(owners, &session.request(), job, which, &decision).await?);
    Ok(Status::Done)
}

fn examples(format: Format, examples: &[Example]) -> std::io::Result<()> {
    let header = ["row", "status", "", "before", "after"];
    output::print(format, examples, &header, |example| {
        let word = |status: Option<RowStatus>| status.map_or(String::new(), |status| status.to_string());
        vec![
            example.row.to_string(),
            word(example.status_before),
            word(example.status_after),
            example.before.join(" | "),
            example.after.join(" | "),
        ]
    })
}

/// Says what a decision has done, and how it is taken back.
pub(crate) fn tell(job: JobId, effect: &Effect) {
    let Effect { action, changed, issues, open_issues, left } = effect;
    match action {
        Some(action) => eprintln!(
            "{} rows of job {job} changed, {} issues settled, {open_issues} open; `ingest undo {action}` takes it back, \
             `ingest reprocess {job}` goes on",
            changed.rows, issues.settled
        ),
        None => eprintln!("nothing to change in job {job}"),
    }
    if let Some(row) = left.first() {
        eprintln!(
            "left as they are, since somebody has changed them meanwhile: row {row} and others, {} in all",
            left.len()
        );
    }
}

/// Changes values of one row.
pub(crate) async fn edit(session: &Session, row: RowId, values: Values) -> anyhow::Result<Status> {
    let job = job_of(session, row).await?;
    let edits = values.edits();
    tell(job, &actions::edit_row(&session.owners, &session.request(), job, row, &edits, None).await?);
    Ok(Status::Done)
}

/// Leaves rows out, or takes them in again.
pub(crate) async fn set_aside(
    session: &Session,
    rows: &[RowId],
    decision: &Decision,
) -> anyhow::Result<Status> {
    let mut by_job: BTreeMap<JobId, Vec<RowId>> = BTreeMap::new();
    for row in rows {
        by_job.entry(job_of(session, *row).await?).or_default().push(*row);
    }
    for (job, rows) in by_job {
        let filter = Filter::rows(rows);
        tell(job, &actions::decide(&session.owners, &session.request(), job, &filter, decision).await?);
    }
    Ok(Status::Done)
}

async fn job_of(session: &Session, row: RowId) -> anyhow::Result<JobId> {
    let mut db = session.read().await?;
    let job = jobs::of_row(&mut db, &session.owner, row).await?;
    job.ok_or(ActionError::NoRow(row)).context("`ingest issues JOB` lists the rows that need a decision")
}

/// Takes an action back.
pub(crate) async fn undo(session: &Session, action: ActionId) -> anyhow::Result<Status> {
    let effect = actions::undo(&session.owners, &session.request(), action).await?;
    eprintln!("{} rows are as they were, {} issues are open", effect.changed.rows, effect.open_issues);
    if let Some(row) = effect.left.first() {
        let count = effect.left.len();
        eprintln!(
            "left as they are, since somebody has changed them meanwhile: row {row} and others, {count} in all"
        );
    }
    Ok(Status::Done)
}

/// Takes an import back.
pub(crate) async fn undo_import(session: &Session, job: JobId) -> anyhow::Result<Status> {
    let done = CancellationToken::new();
    let watch = undo_progress::watch(session.control.clone(), job, done.clone());
    let shown = tokio::spawn(watch);
    let undone = actions::undo_import(&session.owners, &session.request(), job).await;
    done.cancel();
    shown.await?;
    let undone = undone?;
    eprintln!(
        "{} contacts removed, {} as they were before; job {job} is under review again",
        undone.removed, undone.restored
    );
    if !undone.kept.is_empty() {
        let kept: Vec<String> = undone.kept.iter().map(ToString::to_string).collect();
        eprintln!(
            "kept, since somebody has changed them meanwhile: contacts {}",
            printable(&kept.join(", "))
        );
    }
    Ok(Status::Done)
}
