//! `map` and `mappings`: the columns of the file of a job, and those that are remembered.

use clap::Subcommand;
use serde_json::json;

use super::Status;
use super::columns::{self, ExcludeArgs, ReadingArgs, ValueArgs, print_preview};
use super::import;
use super::output::{Format, OutputArgs, print, printable};
use super::session::Session;
use crate::actions::{self, ActionError, FieldSource, Remember, Reread};
use crate::domain::field::Field;
use crate::domain::ids::MappingId;
use crate::domain::job::{JobId, ParseSettings};
use crate::store::column_mappings::{self, ColumnMapping};
use crate::store::jobs;

/// How the columns of a job's file are assigned.
#[derive(Debug, clap::Args)]
pub(crate) struct MapArgs {
    /// Columns of fields, by number from 1 or by name, such as email=3 or company=Firma; `company=` leaves a field empty.
    #[arg(value_name = "FIELD=COLUMN", value_parser = actions::field_source)]
    columns: Vec<(Field, FieldSource)>,
    #[command(flatten)]
    excluded: ExcludeArgs,
    #[command(flatten)]
    values: ValueArgs,
    /// Do not remember the columns for files with the same header.
    #[arg(long)]
    no_remember: bool,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// Assigns the columns of the file of a job and reads it again. If nothing is said about columns and values, shows the file.
pub(crate) async fn map(session: &Session, job: JobId, how: &MapArgs) -> anyhow::Result<Status> {
    let mut db = session.read().await?;
    let found = jobs::get(&mut db, &session.owner, job).await?.ok_or(ActionError::NoJob(job))?;
    db.rollback().await?;
    let values = actions::checked_values(how.values.values())?;
    let mut settings = how.reading.settings_or(&found.settings);
    let assignment = columns::assignment(&how.columns, &how.excluded);
    if assignment.is_none() && values.is_empty() {
        let (owners, objects, owner) = (&session.owners, &session.context.objects, &session.owner);
        let required = session.policy.required;
        let preview = actions::preview_job(owners, objects, owner, &found, &settings, required).await?;
        return print_preview(session, &preview, |field| {
            format!(
                "assign it with `ingest map {job} {field}=COLUMN` or `ingest map {job} --value {field}=TEXT`"
            )
        });
    }
    for (field, value) in values.iter() {
        settings.values.set(field, Some(value.to_owned()));
    }
    let remember = match how.no_remember {
        true => Remember::Nothing,
        false => how.values.remember(assignment.is_some()),
    };
    let assignment = assignment.unwrap_or_default();
    let settings: &ParseSettings = &settings;
    let required = session.policy.required;
    let reread = Reread { settings, assignment: Some(&assignment), remember, required };
    import::reread_and_run(session, job, &reread).await
}

/// What to do with remembered mappings.
#[derive(Debug, Subcommand)]
pub(crate) enum MappingsCommand {
    /// List the mappings that are remembered, the latest first.
    List {
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Change a mapping, for files that are imported from now on.
    Change {
        /// The mapping's number, as `ingest mappings list` shows it.
        mapping: MappingId,
        /// Columns of fields, by number from 1 or by name, such as email=3; `company=` removes one.
        #[arg(value_name = "FIELD=COLUMN", value_parser = actions::field_source)]
        columns: Vec<(Field, FieldSource)>,
        #[command(flatten)]
        excluded: ExcludeArgs,
        /// Value of a field in every row, such as --value company='Acme Ltd'.
        #[arg(long = "value", value_name = "FIELD=TEXT", value_parser = columns::value)]
        values: Vec<(Field, String)>,
    },
    /// Forget mappings. Jobs keep the columns that they have.
    Forget {
        /// The mappings' numbers, as `ingest mappings list` shows them.
        #[arg(required = true)]
        mappings: Vec<MappingId>,
    },
}

/// Runs the command.
pub(crate) async fn run(session: &Session, command: MappingsCommand) -> anyhow::Result<Status> {
    match command {
        MappingsCommand::List { output } => list(session, output.format(session.json)).await,
        MappingsCommand::Change { mapping, columns, excluded, values } => {
            let assignment = columns::assignment(&columns, &excluded).unwrap_or_default();
            let values = columns::fixed(&values);
            let (owners, request) = (&session.owners, session.request());
            let changed = actions::change_mapping(owners, &request, mapping, &assignment, &values).await?;
            eprintln!("mapping {mapping} is now: {}", printable(&described(&changed)));
            session.result(&changed)?;
            Ok(Status::Done)
        }
        MappingsCommand::Forget { mappings } => {
            for mapping in &mappings {
                actions::forget_mapping(&session.owners, &session.request(), *mapping).await?;
                eprintln!("forgot mapping {mapping}; jobs keep the columns that they have");
            }
            session.result(&json!({ "forgotten": mappings }))?;
            Ok(Status::Done)
        }
    }
}

async fn list(session: &Session, output: Format) -> anyhow::Result<Status> {
    let mut db = session.read().await?;
    let mappings = column_mappings::list(&mut db, &session.owner).await?;
    print(output, &mappings, &["mapping", "header", "columns", "set"], |mapping| {
        vec![
            mapping.id.to_string(),
            mapping.names.as_ref().map_or_else(|| "unknown".to_owned(), |names| names.join(", ")),
            described(mapping),
            mapping.used_at.format("%Y-%m-%d %H:%M:%SZ").to_string(),
        ]
    })?;
    Ok(Status::Done)
}

/// Returns the columns and values of a mapping in words.
fn described(mapping: &ColumnMapping) -> String {
    let name = |at: u16| {
        let name = mapping.names.as_ref().and_then(|names| names.get(usize::from(at))).map(String::as_str);
        name.filter(|name| !name.trim().is_empty())
            .map_or_else(|| format!("column {}", at + 1), str::to_owned)
    };
    let of_field = |field: &Field| match (mapping.values.get(*field), mapping.columns.positions.get(*field)) {
        (Some(value), _) => Some(format!("{field}: {value} for every row")),
        (None, Some(at)) => Some(format!("{field} from {}", name(*at))),
        (None, None) => None,
    };
    let mut described: Vec<String> = Field::ALL.iter().filter_map(of_field).collect();
    if !mapping.columns.excluded.is_empty() {
        let names: Vec<String> = mapping.columns.excluded.iter().map(|at| name(*at)).collect();
        described.push(format!("not imported: {}", names.join(", ")));
    }
    described.join(", ")
}
