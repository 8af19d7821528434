//! The audit log as a file of CSV, which is written while it is sent.

use std::collections::HashMap;
use std::io;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use chrono::SecondsFormat;
use futures::{Stream, stream};

use super::audit::{AuditQuery, note, what};
use super::language::Viewer;
use crate::csv::{defused, sheet_writer};
use crate::domain::ids::{ActionId, JobId};
use crate::domain::job::Owner;
use crate::http::{self, App, Problem, Query, Reader};
use crate::store::actions::{self as trail, Action, ActionFilter};
use crate::store::{OwnerPool, StoreError, jobs};
use crate::texts::Text;

/// Actions that are read at a time.
const PIECE: i64 = 500;
/// The names of the columns, which are the same in every language.
const COLUMNS: [&str; 9] =
    ["action", "time", "person", "kind", "description", "job", "file", "note", "undone_by"];
/// Without this mark, Excel does not read the file as UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Downloads the actions that the query selects, newest first.
pub(super) async fn download(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Problem> {
    let export = Export {
        owners: app.owners.clone(),
        owner: principal.owner.clone(),
        filter: query.filter(),
        text: viewer.text,
    };
    // The first piece is read before the response begins, so that most errors can still be reported.
    let (first, next) = export.piece(None).await?;
    let start = csv(&[COLUMNS.map(str::to_owned)])?;
    let head = [BYTE_ORDER_MARK.as_bytes(), &start, &first].concat();
    http::csv_file(&app, &principal.owner, "audit-log.csv", pieces(export, head.into(), next))
}

/// Returns `first` and the pieces after it.
fn pieces(
    export: Export,
    first: Bytes,
    next: Option<ActionId>,
) -> impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static {
    let rest = stream::try_unfold((export, next), |(export, next)| async move {
        let Some(before) = next else { return Ok(None) };
        let (piece, next) = export.piece(Some(before)).await.map_err(io::Error::other)?;
        Ok(Some((piece, (export, next))))
    });
    futures::StreamExt::chain(stream::iter([Ok(first)]), rest)
}

struct Export {
    owners: OwnerPool,
    owner: Owner,
    filter: ActionFilter,
    text: Text,
}

impl Export {
    /// Returns the lines of some actions, and where the next ones start.
    async fn piece(&self, before: Option<ActionId>) -> Result<(Bytes, Option<ActionId>), StoreError> {
        let mut db = self.owners.read(&self.owner).await?;
        let actions = trail::page(&mut db, &self.owner, &self.filter, before, PIECE).await?;
        let jobs: Vec<JobId> = actions.items.iter().filter_map(|action| action.job).collect();
        let filenames = jobs::filenames(&mut db, &self.owner, &jobs).await?.into_iter().collect();
        db.rollback().await?;
        let lines: Vec<_> = actions.items.iter().map(|action| line(&self.text, action, &filenames)).collect();
        Ok((csv(&lines)?, actions.next(|last| last.id)))
    }
}

fn line(text: &Text, action: &Action, filenames: &HashMap<JobId, String>) -> [String; COLUMNS.len()] {
    let filename = action.job.and_then(|job| filenames.get(&job));
    [
        action.id.to_string(),
        action.at.to_rfc3339_opts(SecondsFormat::Secs, true),
        action.actor.clone(),
        action.kind.to_string(),
        what(text, action),
        action.job.map(|job| job.to_string()).unwrap_or_default(),
        filename.cloned().unwrap_or_default(),
        note(action).unwrap_or_default(),
        action.undone_by.map(|by| by.to_string()).unwrap_or_default(),
    ]
}

/// Returns lines of CSV, in which no cell is run as a formula.
fn csv(lines: &[[String; COLUMNS.len()]]) -> Result<Bytes, StoreError> {
    let mut writer = sheet_writer().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    for line in lines {
        let cells = line.iter().map(|cell| defused(cell).into_owned());
        writer.write_record(cells).map_err(io::Error::from)?;
    }
    let written = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(written.into())
}
