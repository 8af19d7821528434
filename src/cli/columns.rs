//! `preview`, and options that say how a file is read and which of its columns is which.

use std::path::Path;

use super::output::{Format, print, printable};
use super::session::Session;
use super::{Status, interpretation};
use crate::actions::{
    self, ActionError, Assignment, Beginning, ColumnChoice, FieldSource, FilePreview, Remember,
};
use crate::csv::{self, Encoding};
use crate::domain::field::Field;
use crate::domain::interpretation::Container;
use crate::domain::job::{FixedValues, Owner, ParseSettings, Quote};
use crate::domain::refusal::Refusal;
use crate::domain::required::RequiredFields;
use crate::store::OwnerPool;

/// Options that set how a file is read.
#[derive(Debug, clap::Args)]
pub(crate) struct ReadingArgs {
    /// Encoding of the file, such as windows-1251, instead of the detected one.
    #[arg(long, value_name = "NAME")]
    encoding: Option<Encoding>,
    /// Line of the header, from 1, instead of the detected one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    header_line: Option<u32>,
    /// Sheet of a workbook or file of an archive; FILE/SHEET for a sheet of a workbook in an archive.
    #[arg(long, value_name = "NAME")]
    part: Option<String>,
    /// Character between two cells, or comma, semicolon, tab, bar or space, instead of the detected one.
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<char>,
    /// Quote around cells, instead of the detected one: double, single or none.
    #[arg(long, value_name = "KIND", value_parser = quote)]
    quote: Option<Quote>,
}

fn delimiter(text: &str) -> Result<char, String> {
    csv::delimiter(text).ok_or_else(|| Refusal::Delimiter.to_string())
}

fn quote(text: &str) -> Result<Quote, String> {
    csv::quote(text).ok_or_else(|| Refusal::Quote.to_string())
}

impl ReadingArgs {
    /// Returns the settings.
    pub(crate) fn settings(&self) -> ParseSettings {
        let encoding = self.encoding.map(|encoding| encoding.as_str().to_owned());
        ParseSettings {
            encoding,
            header_line: self.header_line,
            part: self.part.clone(),
            delimiter: self.delimiter,
            quote: self.quote,
            values: FixedValues::default(),
        }
    }

    /// Returns the settings; those that are not given are from `other`.
    pub(crate) fn settings_or(&self, other: &ParseSettings) -> ParseSettings {
        ParseSettings { values: other.values.clone(), ..self.settings() }.or(other)
    }
}

/// Options for fields that a file has no column for.
#[derive(Debug, clap::Args)]
pub(crate) struct ValueArgs {
    /// Value of a field in every row, if the file has no column for it, such as --value company='Acme Ltd'.
    #[arg(long = "value", value_name = "FIELD=TEXT", value_parser = value)]
    values: Vec<(Field, String)>,
    /// Remember these values, too, for files with the same header.
    #[arg(long)]
    remember_values: bool,
}

impl ValueArgs {
    /// Returns the values.
    pub(crate) fn values(&self) -> FixedValues {
        fixed(&self.values)
    }

    /// Returns what to remember, of columns that a person has assigned if `columns`.
    pub(crate) fn remember(&self, columns: bool) -> Remember {
        Remember::of(columns, self.remember_values)
    }
}

/// Returns values that are given one by one.
pub(crate) fn fixed(given: &[(Field, String)]) -> FixedValues {
    let mut values = FixedValues::default();
    for (field, value) in given {
        values.set(*field, Some(value.clone()));
    }
    values
}

/// Parses `FIELD=TEXT`.
pub(crate) fn value(text: &str) -> Result<(Field, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected FIELD=TEXT, such as company='Acme Ltd'")?;
    let field = name.parse().map_err(|_| format!("expected one of the fields {}", Field::names()))?;
    Ok((field, value.to_owned()))
}

/// Options for columns that are not imported.
#[derive(Debug, clap::Args)]
pub(crate) struct ExcludeArgs {
    /// Column that is not imported, by its name or its number from 1; any number of times. Without it, those that are
    /// remembered are not imported.
    #[arg(long, value_name = "COLUMN")]
    exclude: Vec<ColumnChoice>,
    /// Import all columns, also those that are remembered as excluded.
    #[arg(long, conflicts_with = "exclude")]
    no_exclude: bool,
}

impl ExcludeArgs {
    /// Returns the columns that are not imported, `None` if nothing is said about them.
    fn excluded(&self) -> Option<Vec<ColumnChoice>> {
        (self.no_exclude || !self.exclude.is_empty()).then(|| self.exclude.clone())
    }
}

/// Returns the assignment of columns, `None` if nothing is said about any column.
pub(crate) fn assignment(given: &[(Field, FieldSource)], others: &ExcludeArgs) -> Option<Assignment> {
    let mut assignment = Assignment { excluded: others.excluded(), ..Assignment::default() };
    for (field, source) in given {
        *assignment.fields.get_mut(*field) = Some(source.clone());
    }
    (assignment != Assignment::default()).then_some(assignment)
}

async fn preview(
    owners: &OwnerPool,
    owner: &Owner,
    file: &Path,
    settings: &ParseSettings,
    required: RequiredFields,
) -> Result<FilePreview, ActionError> {
    let read = |source| ActionError::Read { file: file.display().to_string(), source };
    let beginning = Beginning::of_path(file).await.map_err(read)?;
    actions::preview_file(owners, owner, &beginning, settings, required).await
}

/// Shows the beginning of a file.
pub(crate) async fn show(session: &Session, file: &Path, reading: &ReadingArgs) -> anyhow::Result<Status> {
    let required = session.policy.required;
    let preview = preview(&session.owners, &session.owner, file, &reading.settings(), required).await?;
    print_preview(session, &preview, |field| format!("import with --column {field}=… or --value {field}=…"))
}

/// Prints how the beginning of a file is read. `remedy` says how to assign a column to a field.
pub(crate) fn print_preview(
    session: &Session,
    preview: &FilePreview,
    remedy: impl Fn(Field) -> String,
) -> anyhow::Result<Status> {
    let delimiter = if preview.delimiter == "\t" { "a tab" } else { &printable(&preview.delimiter) };
    let encoding = interpretation::encoding(&preview.encoding, preview.certainty);
    let header = if preview.has_header { "header" } else { "no header, first row" };
    for (fact, value) in interpretation::containers(&preview.containers) {
        eprintln!("{fact} {value}");
    }
    if preview.is_split {
        eprintln!(
            "the archive contains several tables, and an import makes a job of each; this is the first"
        );
    }
    if !preview.parts.is_empty() {
        let parts: Vec<String> = preview.parts.iter().map(|part| printable(part)).collect();
        eprintln!("--part chooses one of: {}", parts.join(", "));
    }
    let text = match Container::hold_cells(&preview.containers) {
        true => String::new(),
        false => format!("encoding {encoding}; delimiter {delimiter}; "),
    };
    eprintln!("{text}{header} on line {}", preview.header_line);
    if !preview.readings.is_empty() {
        eprintln!(
            "the encoding is in doubt; choose the one in which all letters are right with --encoding NAME:"
        );
        interpretation::readings(&preview.readings).for_each(|line| eprintln!("{line}"));
    }
    if !preview.skipped.is_empty() {
        eprintln!("skipped above the header:");
        interpretation::skipped(&preview.skipped).for_each(|line| eprintln!("{line}"));
    }
    let mut status = Status::Done;
    for column in &preview.columns {
        match (column.place, &column.value) {
            (_, Some(value)) => eprintln!("  {:<11} {} for every row", column.field, printable(value)),
            (Some(position), None) => {
                let name = preview.names.get(usize::from(position)).map_or("", String::as_str);
                eprintln!("  {:<11} column {} ({})", column.field, position + 1, printable(name));
            }
            (None, None) if !column.required => eprintln!("  {:<11} no column", column.field),
            (None, None) => {
                status = Status::Failed;
                eprintln!("  {:<11} not recognized; {}", column.field, remedy(column.field));
            }
        }
    }
    if !preview.kept.is_empty() {
        let count = preview.kept.len() as u64;
        eprintln!("  other columns, kept: {}", interpretation::names(&preview.kept, count));
    }
    if !preview.excluded.is_empty() {
        let names = interpretation::names(&preview.excluded_names(), preview.excluded.len() as u64);
        eprintln!("  columns not imported: {names}");
    }
    let header: Vec<&str> = preview.names.iter().map(String::as_str).collect();
    match session.json {
        true => session.result(preview)?,
        false => print(Format::Table, &preview.rows, &header, |row| row.clone())?,
    }
    Ok(status)
}
