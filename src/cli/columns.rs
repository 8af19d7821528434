//! `preview`, and the option `--column` of `import`: which column of a file is which.

use std::path::Path;

use tokio::io::AsyncReadExt;

use super::output::{Format, print, printable};
use super::session::Session;
use super::{Status, interpretation};
use crate::actions::{self, ActionError, FilePreview, PREVIEW_BYTES};
use crate::csv::{Encoding, Mapping};
use crate::domain::field::{Field, PerField};
use crate::domain::interpretation::Container;
use crate::domain::job::{Columns, Owner, ParseSettings};
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
}

impl ReadingArgs {
    /// Returns the settings.
    pub(crate) fn settings(&self) -> ParseSettings {
        let encoding = self.encoding.map(|encoding| encoding.as_str().to_owned());
        ParseSettings { encoding, header_line: self.header_line }
    }
}

/// Parses `FIELD=COLUMN`.
pub(crate) fn given(text: &str) -> Result<(Field, String), String> {
    let (name, column) =
        text.split_once('=').ok_or("expected FIELD=COLUMN, such as email=3 or company=Firma")?;
    let field = name.parse().map_err(|_| format!("expected one of the fields {}", Field::names()))?;
    Ok((field, column.to_owned()))
}

/// Returns the columns of a file, with those of `--column` replacing what the names show; `None` without the
/// option.
pub(crate) async fn matched(
    owners: &OwnerPool,
    owner: &Owner,
    file: &Path,
    settings: &ParseSettings,
    given: &[(Field, String)],
) -> Result<Option<Columns>, ActionError> {
    if given.is_empty() {
        return Ok(None);
    }
    let invalid = |reason: String| ActionError::Invalid { field: "column", reason };
    if file == Path::new("-") {
        return Err(invalid("needs a file; it cannot be used with standard input".to_owned()));
    }
    let preview = preview(owners, owner, file, settings).await?;
    let mut positions = PerField::default();
    for column in &preview.columns {
        let chosen = given.iter().find(|(field, _)| *field == column.field);
        let position = match chosen {
            Some((_, chosen)) => position_of(&preview.names, chosen),
            None => column.place,
        };
        let chosen = chosen.map(|(_, chosen)| chosen.as_str());
        if position.is_none() && (chosen.is_some() || column.field.is_required()) {
            return Err(invalid(unknown(&preview, column.field, chosen)));
        }
        *positions.get_mut(column.field) = position;
    }
    let columns = preview.names.len() as u16;
    match Mapping::new(positions, columns) {
        Some(_) => Ok(Some(Columns { positions, columns })),
        None => Err(invalid("the same column is given for two fields".to_owned())),
    }
}

/// Returns the position of a column given by its number, from 1, or by its name.
fn position_of(names: &[String], told: &str) -> Option<u16> {
    let by_name = names.iter().position(|name| name.trim().eq_ignore_ascii_case(told.trim()));
    let by_number = || told.trim().parse::<usize>().ok()?.checked_sub(1).filter(|at| *at < names.len());
    by_name.or_else(by_number).and_then(|at| u16::try_from(at).ok())
}

fn unknown(preview: &FilePreview, field: Field, told: Option<&str>) -> String {
    let names: Vec<String> = preview
        .names
        .iter()
        .enumerate()
        .map(|(at, name)| format!("{} {}", at + 1, printable(name)))
        .collect();
    let what = match told {
        Some(told) => format!("the file has no column {}", printable(told)),
        None => format!("no column is recognized as {field}; add --column {field}=…"),
    };
    format!("{what}. The columns are: {}", names.join(", "))
}

async fn preview(
    owners: &OwnerPool,
    owner: &Owner,
    file: &Path,
    settings: &ParseSettings,
) -> Result<FilePreview, ActionError> {
    let read = |source| ActionError::Read { file: file.display().to_string(), source };
    let mut head = Vec::new();
    let mut opened = tokio::fs::File::open(file).await.map_err(read)?;
    (&mut opened).take(PREVIEW_BYTES as u64).read_to_end(&mut head).await.map_err(read)?;
    // A container is read whole.
    let limit = actions::preview_limit(&head);
    opened.take((limit - head.len()) as u64).read_to_end(&mut head).await.map_err(read)?;
    let whole = head.len() < limit;
    actions::preview_file(owners, owner, &head, whole, settings).await
}

/// Shows the beginning of a file.
pub(crate) async fn show(session: &Session, file: &Path, reading: &ReadingArgs) -> anyhow::Result<Status> {
    let preview = preview(&session.owners, &session.owner, file, &reading.settings()).await?;
    let delimiter = if preview.delimiter == "\t" { "a tab" } else { &printable(&preview.delimiter) };
    let encoding = interpretation::encoding(&preview.encoding, preview.certainty);
    let header = if preview.has_header { "header" } else { "no header, first row" };
    for (fact, value) in interpretation::containers(&preview.containers) {
        eprintln!("{fact} {value}");
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
        match column.place {
            Some(position) => {
                let name = preview.names.get(usize::from(position)).map_or("", String::as_str);
                eprintln!("  {:<11} column {} ({})", column.field, position + 1, printable(name));
            }
            None if !column.field.is_required() => eprintln!("  {:<11} no column", column.field),
            None => {
                status = Status::Failed;
                eprintln!("  {:<11} not recognized; import with --column {}=…", column.field, column.field);
            }
        }
    }
    let header: Vec<&str> = preview.names.iter().map(String::as_str).collect();
    print(Format::Table, &preview.rows, &header, |row| row.clone())?;
    Ok(status)
}
