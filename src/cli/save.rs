//! `save`: contacts, or the rows of a job, as a file.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use futures::{Stream, TryStreamExt};
use serde_json::json;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::Status;
use super::output::{counted, reader_gone};
use super::row_filter::FilterArgs;
use super::session::Session;
use crate::actions::{self, Export, Selection};
use crate::domain::decision::Filter;
use crate::domain::job::{JobId, Owner};
use crate::domain::search::SearchText;
use crate::exports::{CsvOptions, ExportFormat};

/// What to save, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct SaveArgs {
    /// The file to create; `-` writes to standard output.
    file: PathBuf,
    /// Save the rows of this job instead of contacts.
    #[arg(long)]
    job: Option<JobId>,
    #[command(flatten)]
    which: FilterArgs,
    /// Let letters of --text with and without accents match each other: muller finds Müller. For contacts.
    #[arg(long, requires = "text", conflicts_with = "job")]
    fold_accents: bool,
    /// Format of the file; by default, that of its extension.
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    format: Option<ExportFormat>,
    /// Begin a CSV file with a byte order mark, so that Excel reads it as UTF-8.
    #[arg(long)]
    bom: bool,
    /// Replace an existing file.
    #[arg(long)]
    force: bool,
}

/// Parses a format. The help lists all of them.
fn format() -> impl clap::builder::TypedValueParser<Value = ExportFormat> {
    use clap::builder::{PossibleValuesParser, TypedValueParser as _};
    let words = ExportFormat::ALL.iter().map(|format| format.as_str());
    PossibleValuesParser::new(words).try_map(|word| word.parse::<ExportFormat>())
}

impl SaveArgs {
    fn format(&self) -> anyhow::Result<ExportFormat> {
        let format = self.format.or_else(|| ExportFormat::of(&self.file));
        format.with_context(|| {
            let formats: Vec<&str> = ExportFormat::ALL.iter().map(|format| format.as_str()).collect();
            format!(
                "{}: the extension names no format; add `--format` with one of {}",
                self.file.display(),
                formats.join(", ")
            )
        })
    }

    fn selection(&self, me: &Owner) -> anyhow::Result<Selection> {
        let filter = self.which.filter(me);
        match self.job {
            Some(job) => Ok(Selection::Rows { job, filter }),
            None => {
                let Filter { text, .. } = &filter;
                if filter != (Filter { text: text.clone(), ..Filter::default() }) {
                    bail!(
                        "contacts have no status, issues or columns to filter by; add `--job`, or use only `--text`"
                    );
                }
                let text = filter.text.filter(|text| !text.is_empty());
                let search = text.map(|text| SearchText { text, fold_accents: self.fold_accents });
                Ok(Selection::Contacts { search })
            }
        }
    }
}

/// Saves the file. An existing one is replaced only with `--force`, and only once the new one is complete.
pub(crate) async fn run(session: &Session, args: SaveArgs) -> anyhow::Result<Status> {
    let export = Export {
        selection: args.selection(&session.owner)?,
        format: args.format()?,
        csv: CsvOptions { byte_order_mark: args.bom },
    };
    if args.file == Path::new("-") {
        ensure!(!session.json, "`-` writes the file to standard output, where --json would print the result");
        let pieces = actions::export(session.owners.clone(), session.owner.clone(), export).await?;
        write(tokio::io::stdout(), pieces).await?;
        return Ok(Status::Done);
    }
    let shown = args.file.display().to_string();
    if args.file.exists() && !args.force {
        bail!("{shown}: the file exists; choose another name, or replace it with `--force`");
    }
    let folder = args.file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let part = tempfile::NamedTempFile::new_in(folder).with_context(|| shown.clone())?;
    let pieces = actions::export(session.owners.clone(), session.owner.clone(), export).await?;
    let bytes =
        write(tokio::fs::File::from_std(part.reopen()?), pieces).await.with_context(|| shown.clone())?;
    match args.force {
        true => part.persist(&args.file).map_err(|error| error.error),
        false => part.persist_noclobber(&args.file).map_err(|error| error.error),
    }
    .with_context(|| shown.clone())?;
    eprintln!("saved {shown} ({})", counted(bytes, "byte"));
    session.result(&json!({ "file": shown, "bytes": bytes }))?;
    Ok(Status::Done)
}

async fn write(
    mut out: impl AsyncWrite + Unpin,
    pieces: impl Stream<Item = Result<bytes::Bytes, actions::ActionError>>,
) -> anyhow::Result<u64> {
    let mut pieces = std::pin::pin!(pieces);
    let mut bytes = 0;
    while let Some(piece) = pieces.try_next().await? {
        out.write_all(&piece).await.map_err(reader_gone)?;
        bytes += piece.len() as u64;
    }
    out.flush().await.map_err(reader_gone)?;
    Ok(bytes)
}
