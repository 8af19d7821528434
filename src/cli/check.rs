//! `check`: what an import of a file would find.

use std::path::PathBuf;

use indicatif::HumanCount;

use super::columns::{self, ExcludeArgs, ReadingArgs};
use super::output::{Format, counted_in_groups, print, printable};
use super::session::Session;
use super::{Status, import};
use crate::actions::{self, ActionError, FieldSource, FileContent, Remember, Upload};
use crate::domain::field::Field;
use crate::domain::file_check::{CheckedRow, FileCheck, MisspeltDomain, RowIssue};
use crate::domain::job::{ImportPolicy, ParseSettings};

/// The file and how it would be imported.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// The file.
    file: PathBuf,
    /// Column of a field, by its number from 1 or its name, such as --column email=3; without a column, the field is left
    /// empty.
    #[arg(long = "column", value_name = "FIELD=COLUMN", value_parser = actions::field_source)]
    columns: Vec<(Field, FieldSource)>,
    #[command(flatten)]
    excluded: ExcludeArgs,
    /// Value of a field in every row, if the file has no column for it, such as --value company='Acme Ltd'.
    #[arg(long = "value", value_name = "FIELD=TEXT", value_parser = columns::value)]
    values: Vec<(Field, String)>,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// Checks a file and prints what an import would find.
pub(crate) async fn run(session: &Session, args: &CheckArgs) -> anyhow::Result<Status> {
    let file = &args.file;
    let read = |source| ActionError::Read { file: file.display().to_string(), source };
    let content = FileContent::of_path(file).await.map_err(read)?;
    let values = actions::checked_values(columns::fixed(&args.values))?;
    let upload = Upload {
        filename: &import::name(file),
        policy: ImportPolicy::default(),
        force: false,
        limit: u64::MAX,
        columns: None,
        assignment: columns::assignment(&args.columns, &args.excluded),
        remember: Remember::Nothing,
        settings: ParseSettings { values, ..args.reading.settings() },
        required: session.policy.required,
    };
    let check = match actions::check_file(&session.owners, &session.owner, content, &upload).await {
        Ok(check) => check,
        Err(error) => return Ok(import::refused(file, &error)),
    };
    match session.json {
        true => session.result(&check)?,
        false => print_check(&check)?,
    }
    Ok(if check.issues.is_empty() { Status::Done } else { Status::NeedsReview })
}

fn print_check(check: &FileCheck) -> anyhow::Result<()> {
    let FileCheck { rows, valid_rows, issue_rows, repeated_rows, skipped_lines, .. } = check;
    if check.is_split {
        eprintln!(
            "the archive contains several tables, and an import makes a job of each; this is the first"
        );
    }
    let (rows, valid) = (counted_in_groups(*rows, "row"), HumanCount(*valid_rows));
    let (asked, repeated) = (HumanCount(*issue_rows), HumanCount(*repeated_rows));
    eprintln!("{rows}: {valid} valid, {asked} with issues, {repeated} repeated");
    for found in &check.issues {
        let (issues, rows) = (counted_in_groups(found.issues, "issue"), counted_in_groups(found.rows, "row"));
        eprintln!("  {:<23} {issues}, {rows}", found.issue_type);
    }
    if let Some(identical @ 1..) = check.identical_rows {
        eprintln!("same values as the contact: {}", counted_in_groups(identical, "row"));
    }
    if *skipped_lines > 0 {
        eprintln!("not rows: {}", counted_in_groups(*skipped_lines, "line"));
    }
    for MisspeltDomain { domain, intended, rows } in &check.misspelt_domains {
        let (domain, rows) = (printable(domain), counted_in_groups(*rows, "row"));
        eprintln!("looks misspelt: {domain}, probably {intended} ({rows})");
    }
    if check.has_unknown_contacts {
        eprintln!(
            "contacts that another program has just inserted are not compared; check again in a minute"
        );
    }
    let lines: Vec<(&CheckedRow, &RowIssue)> =
        check.examples.iter().flat_map(|row| row.issues.iter().map(move |issue| (row, issue))).collect();
    if !lines.is_empty() {
        let header = ["LINE", "ISSUE", "COLUMN", "VALUE", "REASON"];
        print(Format::Table, &lines, &header, |(row, issue)| cells(check, row, issue))?;
    }
    Ok(())
}

/// Returns an issue of an example as a line of the table.
fn cells(check: &FileCheck, row: &CheckedRow, issue: &RowIssue) -> Vec<String> {
    let name = |field: &Field| {
        let column = check.columns.iter().find(|column| column.field == *field);
        column.map_or_else(|| field.as_str().to_owned(), |column| printable(&column.name))
    };
    let names: Vec<String> = issue.fields.iter().map(name).collect();
    let values = issue.fields.iter().map(|field| row.values.get(*field)).filter(|value| !value.is_empty());
    let values: Vec<String> = values.map(|value| printable(value)).collect();
    vec![
        row.line.to_string(),
        issue.issue_type.to_string(),
        names.join(", "),
        values.join(", "),
        printable(&issue.reason),
    ]
}
