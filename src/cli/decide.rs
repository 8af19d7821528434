//! `edit`, `discard`, `resolve` and `bulk`: decisions about rows, in the words of the API.

use std::collections::BTreeMap;

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches, ValueEnum};
use serde::Serialize;

use super::list::field;
use super::note::note_text;
use super::output::{Format, OutputArgs, counted};
use super::row_filter::{FilterArgs, ensure_chosen};
use super::session::Session;
use super::show::in_words;
use super::{Status, output};
use crate::actions::{self, Effect, Warning};
use crate::domain::decision::{Decision, Edits, Field, Filter};
use crate::domain::extra::Extra;
use crate::domain::field::PerField;
use crate::domain::ids::{IssueId, JobId, RowId};
use crate::domain::merge::{ChosenRows, Merge};
use crate::domain::note::Note;
use crate::domain::replacement::Replacement;
use crate::domain::row::RowStatus;
use crate::store::decided::{Counts, Example};
use crate::store::jobs;

/// New values of a row: an option for each field, such as `--first-name`, and one for all other columns.
#[derive(Debug)]
pub(crate) struct Values(Edits);

impl clap::Args for Values {
    fn augment_args(command: Command) -> Command {
        command.args(Field::ALL.iter().map(|field| option(*field))).arg(other_option())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Values::augment_args(command)
    }
}

fn option(field: Field) -> Arg {
    let name = field.as_str();
    Arg::new(name)
        .long(name.replace('_', "-"))
        .value_name(name.to_uppercase())
        .help(format!("The new {}", field.words()))
}

/// The name of the option for columns that belong to no field.
pub(crate) const OTHER: &str = "other";

fn other_option() -> Arg {
    Arg::new(OTHER)
        .long(OTHER)
        .value_name("NAME=VALUE")
        .action(ArgAction::Append)
        .value_parser(other)
        .help("The new value in a column that belongs to no field; `NAME=` removes it; any number of times")
}

/// Parses `NAME=VALUE`.
fn other(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as Phone=555-1234")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl FromArgMatches for Values {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = |field: Field| matches.get_one::<String>(field.as_str()).cloned();
        let edits = Edits::from(PerField::from_fn(value));
        let others = matches.get_many::<(String, String)>(OTHER).into_iter().flatten();
        Ok(Values(others.fold(edits, |edits, (name, value)| edits.with_other(name, value))))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Values::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The words of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Word {
    /// Set new values, by options such as --company
    Edit,
    /// Discard the rows: they are not imported
    Discard,
    /// Restore discarded rows
    Restore,
    /// Accept malformed rows as they are
    Accept,
    /// Keep the existing contacts and discard the rows
    KeepContact,
    /// Overwrite the existing contacts with the rows' values
    Overwrite,
    /// Fill empty fields of the existing contacts with the rows' values
    Fill,
    /// Apply the suggested corrections of invalid addresses
    Correct,
    /// Replace the text --find by --with in the values of --field
    Replace,
    /// Of rows that share an e-mail, keep the one of --row
    KeepRow,
    /// Of rows that share an e-mail, keep the first
    KeepFirst,
    /// Of rows that share an e-mail, keep the last
    KeepLast,
    /// Merge rows that share an e-mail into one
    Merge,
}

/// A decision.
#[derive(Debug, clap::Args)]
pub(crate) struct DecisionArgs {
    /// The decision.
    #[arg(value_enum, ignore_case = true)]
    decision: Word,
    /// Row that keep-row keeps.
    #[arg(long, required_if_eq("decision", "keep-row"))]
    row: Option<RowId>,
    #[command(flatten)]
    values: Values,
    /// Row whose value merge takes for a field or another column, such as last_name=23; any number of times.
    ///
    /// For others, merge takes the first value that is not empty. Rows that do not include all of these are not merged.
    #[arg(long, value_name = "NAME=ROW", value_parser = chosen_row)]
    from: Vec<(String, RowId)>,
    /// Field in which replace changes values.
    #[arg(long, value_parser = field(), ignore_case = true, required_if_eq("decision", "replace"))]
    field: Option<Field>,
    /// Text that replace finds, anywhere in a value.
    #[arg(long, value_name = "TEXT", required_if_eq("decision", "replace"))]
    find: Option<String>,
    /// Text that replace puts in its place; without it, the text is removed.
    #[arg(long, value_name = "TEXT")]
    with: Option<String>,
    /// Upper and lower case of --find must match.
    #[arg(long)]
    match_case: bool,
    /// Note on the issues that the decision resolves; an empty one removes their notes.
    #[arg(long, value_name = "TEXT", value_parser = note_text)]
    note: Option<Note>,
    /// Show the effect without applying it.
    #[arg(long, conflicts_with = "note")]
    preview: bool,
    /// Output format of the preview.
    #[command(flatten)]
    output: OutputArgs,
}

impl DecisionArgs {
    fn decision(self) -> Decision {
        match self.decision {
            Word::Edit => Decision::Edit(self.values.0),
            Word::Discard => Decision::Discard,
            Word::Restore => Decision::Restore,
            Word::Accept => Decision::Accept,
            Word::KeepContact => Decision::KeepContact,
            Word::Overwrite => Decision::Overwrite,
            Word::Fill => Decision::Fill,
            Word::Correct => Decision::Correct,
            // The arguments are required with this decision.
            Word::Replace => Decision::Replace(Replacement {
                field: self.field.unwrap_or(Field::Email),
                find: self.find.unwrap_or_default(),
                with: self.with.unwrap_or_default(),
                match_case: self.match_case,
            }),
            Word::KeepRow => Decision::KeepRow { row: self.row.unwrap_or(RowId(0)) },
            Word::KeepFirst => Decision::KeepFirst,
            Word::KeepLast => Decision::KeepLast,
            Word::Merge => Decision::Merge(Merge { edits: self.values.0, from: chosen_rows(self.from) }),
        }
    }
}

/// Parses `NAME=ROW`.
fn chosen_row(text: &str) -> Result<(String, RowId), &'static str> {
    let parsed = text.rsplit_once('=').and_then(|(name, row)| Some((name.to_owned(), row.parse().ok()?)));
    parsed.ok_or("expected NAME=ROW, such as last_name=23")
}

fn chosen_rows(chosen: Vec<(String, RowId)>) -> ChosenRows {
    chosen.into_iter().fold(ChosenRows::default(), |all, (name, row)| match name.parse::<Field>() {
        Ok(field) => all.with(field, row),
        Err(_) => all.with_other(name, row),
    })
}

/// Applies a decision to the rows of issues.
pub(crate) async fn resolve(
    session: &Session,
    job: JobId,
    issues: Vec<IssueId>,
    args: DecisionArgs,
) -> anyhow::Result<Status> {
    let filter = Filter { issues: Some(issues), ..Filter::default() };
    decide(session, job, &filter, args).await
}

/// Applies a decision to all rows that match a filter, or to `all` rows.
pub(crate) async fn bulk(
    session: &Session,
    job: JobId,
    which: FilterArgs,
    all: bool,
    args: DecisionArgs,
) -> anyhow::Result<Status> {
    let filter = which.filter(&session.owner);
    ensure_chosen(job, &filter, all)?;
    decide(session, job, &filter, args).await
}

async fn decide(session: &Session, job: JobId, which: &Filter, args: DecisionArgs) -> anyhow::Result<Status> {
    let (owners, is_preview, format) = (&session.owners, args.preview, args.output.format(session.json));
    let note = args.note.clone();
    let decision = args.decision();
    if is_preview {
        let preview = actions::preview(owners, &session.owner, job, which, &decision).await?;
        match session.json {
            true => session.result(&preview)?,
            false => examples(format, &preview.examples)?,
        }
        let changed = &preview.changed;
        eprintln!(
            "would change {} and resolve {}; run without --preview to apply",
            changed_rows(changed),
            counted(preview.issues.settled, "issue")
        );
        if preview.issues.raised > 0 {
            eprintln!("would raise {} by the new values", counted(preview.issues.raised, "issue"));
        }
        if preview.issues.still_open > 0 {
            let issues = counted(preview.issues.still_open, "issue");
            eprintln!("would leave {issues} open, since the rows are still wrong");
        }
        report_differing(changed.differing);
        report_warnings(&preview.warnings);
        return Ok(Status::Done);
    }
    let effect =
        actions::decide_with_note(owners, &session.request(), job, which, &decision, note.as_ref()).await?;
    report(job, &effect);
    session.result(&DecidedJob { job, effect })?;
    Ok(Status::Done)
}

/// The effect of a decision as JSON.
#[derive(Debug, Serialize)]
struct DecidedJob {
    job: JobId,
    #[serde(flatten)]
    effect: Effect,
}

/// Returns a number of changed rows, by kind of change.
pub(super) fn changed_rows(changed: &Counts) -> String {
    let Counts { discarded, restored, edited, .. } = changed;
    format!("{} ({discarded} discarded, {restored} restored, {edited} edited)", counted(changed.rows, "row"))
}

fn examples(format: Format, examples: &[Example]) -> std::io::Result<()> {
    let header = ["row", "status", "", "before", "after"];
    output::print(format, examples, &header, |example| {
        let word = |status: Option<RowStatus>| status.map_or(String::new(), |status| status.to_string());
        vec![
            example.row.to_string(),
            word(example.status_before),
            word(example.status_after),
            joined(&example.before, &example.extra_before),
            joined(&example.after, &example.extra_after),
        ]
    })
}

fn joined(values: &PerField<String>, extra: &Extra) -> String {
    let mut texts: Vec<String> = values.values().into_iter().cloned().collect();
    texts.extend((!extra.is_empty()).then(|| in_words(extra)));
    texts.join(" | ")
}

/// Reports the effect of a decision and how to undo it.
pub(crate) fn report(job: JobId, effect: &Effect) {
    let Effect { action, changed, issues, warnings, open_issues, left, contacts: _ } = effect;
    match action {
        Some(action) => eprintln!(
            "changed {} of job {job} and resolved {}; {open_issues} still open\n\
             undo with `ingest undo {action}`, import with `ingest reprocess {job}`",
            counted(changed.rows, "row"),
            counted(issues.settled, "issue")
        ),
        None => eprintln!("nothing to change in job {job}"),
    }
    if issues.raised > 0 {
        eprintln!(
            "the new values raise {}; list what is open with `ingest issues {job}`",
            counted(issues.raised, "issue")
        );
    }
    if issues.still_open > 0 {
        eprintln!(
            "{} stayed open, since the rows are still wrong; list them with `ingest issues {job}`",
            counted(issues.still_open, "issue")
        );
    }
    report_warnings(warnings);
    report_differing(changed.differing);
    report_skipped(left);
}

pub(super) fn report_warnings(warnings: &[Warning]) {
    for Warning { row, issue_type } in warnings {
        eprintln!("row {row}: the next run will ask about {issue_type}: {}", issue_type.rule().when);
    }
}

fn report_differing(rows: i64) {
    if rows > 0 {
        eprintln!(
            "{} discarded by the merge with different values in other columns; the page of the job shows them",
            counted(rows, "row")
        );
    }
}

pub(super) fn report_skipped(rows: &[RowId]) {
    if rows.is_empty() {
        return;
    }
    let numbers: Vec<String> = rows.iter().map(ToString::to_string).collect();
    eprintln!(
        "skipped {} that someone else changed: {}",
        counted(rows.len() as i64, "row"),
        numbers.join(", ")
    );
}

/// Changes values of one row.
pub(crate) async fn edit(session: &Session, row: RowId, values: Values) -> anyhow::Result<Status> {
    let job = job_of(session, row).await?;
    let effect = actions::edit_row(&session.owners, &session.request(), job, row, &values.0, None).await?;
    report(job, &effect);
    session.result(&DecidedJob { job, effect })?;
    Ok(Status::Done)
}

/// Discards or restores rows.
pub(super) async fn set_aside(
    session: &Session,
    rows: &[RowId],
    decision: &Decision,
) -> anyhow::Result<Status> {
    let mut by_job: BTreeMap<JobId, Vec<RowId>> = BTreeMap::new();
    for row in rows {
        by_job.entry(job_of(session, *row).await?).or_default().push(*row);
    }
    let mut decided = Vec::new();
    for (job, rows) in by_job {
        let filter = Filter::rows(rows);
        let effect = actions::decide(&session.owners, &session.request(), job, &filter, decision).await?;
        report(job, &effect);
        decided.push(DecidedJob { job, effect });
    }
    session.result(&decided)?;
    Ok(Status::Done)
}

async fn job_of(session: &Session, row: RowId) -> anyhow::Result<JobId> {
    let mut db = session.read().await?;
    let job = jobs::of_row(&mut db, &session.owner, row).await?;
    job.with_context(|| format!("there is no row {row}; `ingest issues JOB` lists the rows with open issues"))
}
