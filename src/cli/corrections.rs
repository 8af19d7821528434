//! `export` and `correct`: rows with issues as a file for a spreadsheet, and back.

use std::path::Path;

use anyhow::Context as _;
use tokio::io::{AsyncRead, AsyncWriteExt};

use super::output::{counted, printable, reader_gone};
use super::session::Session;
use super::{Status, decide};
use crate::actions::{self, Corrected};
use crate::domain::job::JobId;
use crate::store::corrections::FileRow;

/// Prints the rows of a job with open issues.
pub(crate) async fn export(session: &Session, job: JobId) -> anyhow::Result<Status> {
    let file = actions::corrections_file(&session.owners, &session.owner, job).await?;
    let rows = file.rows;
    let mut out = tokio::io::stdout();
    tokio::io::copy(&mut file.into_reader(), &mut out).await.map_err(reader_gone)?;
    out.flush().await.map_err(reader_gone)?;
    eprintln!("exported {}; apply the corrected file with `ingest correct {job} FILE`", counted(rows, "row"));
    Ok(Status::Done)
}

/// Applies a file of corrections; `-` reads standard input.
pub(crate) async fn correct(session: &Session, job: JobId, file: &Path) -> anyhow::Result<Status> {
    let content: Box<dyn AsyncRead + Send + Unpin> = match file.to_str() {
        Some("-") => Box::new(tokio::io::stdin()),
        _ => Box::new(tokio::fs::File::open(file).await.with_context(|| file.display().to_string())?),
    };
    let corrected = actions::correct(&session.owners, &session.request(), job, content).await;
    let corrected = corrected.with_context(|| file.display().to_string())?;
    let Corrected { effect, read, unchanged, unknown_count, unknown, contact_count, contacts } = &corrected;
    decide::report(job, effect);
    eprintln!("read {}, {unchanged} of them unchanged", counted(*read, "row"));
    report_skipped(*unknown_count, "with a row_key that does not belong to this job", unknown);
    report_skipped(*contact_count, "already imported as contacts", contacts);
    session.result(&corrected)?;
    Ok(Status::Done)
}

fn report_skipped(count: u64, which: &str, rows: &[FileRow]) {
    if count == 0 {
        return;
    }
    eprintln!("skipped {} {which}:", counted(count, "row"));
    for FileRow { line, row_key } in rows {
        match row_key.as_str() {
            "" => eprintln!("  line {line}: no row_key"),
            row_key => eprintln!("  line {line}: {}", printable(row_key)),
        }
    }
    if count > rows.len() as u64 {
        eprintln!("  and {} more", count - rows.len() as u64);
    }
}
