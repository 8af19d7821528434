//! An owner's contacts, or the rows of a job, as a file that is written while it is sent.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt, TryStreamExt};
use tokio_util::io::ReaderStream;

use super::ActionError;
use crate::csv::EXPORT_EDGES;
use crate::domain::decision::Filter;
use crate::domain::field::PerField;
use crate::domain::ids::{ContactId, RowId};
use crate::domain::job::{JobId, Owner};
use crate::domain::refusal::RecordName;
use crate::domain::search::SearchText;
use crate::exports::{Cell, Column, Columns, CsvOptions, End, ExportFormat, Exported, Kind, Writer};
use crate::store::contacts::{self, Contact};
use crate::store::jobs;
use crate::store::staging::{self, RowView};
use crate::store::{OwnerPool, StoreError, extra_columns};

/// Maximum number of contacts or rows that are read at a time.
const PIECE: i64 = 2_000;
/// Maximum bytes of contacts that are read at a time, unless a single one is larger. An unread download uses this much
/// memory.
const PIECE_BYTES: i64 = 256 << 10;
/// Bytes of a finished file that are read at a time.
const FILE_PIECE: usize = 256 << 10;

/// What to export, and how.
#[derive(Debug, Clone)]
pub struct Export {
    /// The contacts or rows.
    pub selection: Selection,
    /// The format of the file.
    pub format: ExportFormat,
    /// Settings of a file of CSV.
    pub csv: CsvOptions,
}

/// The records to export.
#[derive(Debug, Clone)]
pub enum Selection {
    /// All contacts in the order of creation, or, newest first, those that match a search.
    Contacts {
        /// The search, whose text is not empty.
        search: Option<SearchText>,
    },
    /// The rows of a job that match a filter, in the order of the file.
    Rows {
        /// The job.
        job: JobId,
        /// The filter.
        filter: Filter,
    },
}

/// Streams a file in pieces. Returns once the first piece is complete, so that most errors are known before a byte is sent.
/// No connection is used while the receiver is slow, so contacts that change meanwhile may be in the file before or after
/// their change.
pub async fn export(
    owners: OwnerPool,
    owner: Owner,
    export: Export,
) -> Result<impl Stream<Item = Result<Bytes, ActionError>> + Send + 'static, ActionError> {
    let (source, columns) = Source::open(&owners, &owner, export.selection).await?;
    let writer = Writer::new(export.format, export.csv, columns)?;
    let running = Running { owners, owner, source, writer };
    let mut pieces = Box::pin(futures::stream::try_unfold(State::Running(Box::new(running)), step));
    let first = pieces.try_next().await?;
    Ok(futures::stream::iter(first.map(Ok)).chain(pieces))
}

enum State {
    Running(Box<Running>),
    /// The last bytes follow.
    Last(Bytes),
    File(Box<ReaderStream<tokio::fs::File>>),
}

struct Running {
    owners: OwnerPool,
    owner: Owner,
    source: Source,
    writer: Writer,
}

/// Returns the next piece, which is not empty, and the state after it; `None` at the end.
async fn step(state: State) -> Result<Option<(Bytes, State)>, ActionError> {
    match state {
        State::Running(mut running) => {
            while running.read().await? {
                let bytes = running.writer.take();
                if !bytes.is_empty() {
                    return Ok(Some((bytes, State::Running(running))));
                }
            }
            match finish(running.writer).await? {
                End::Bytes(bytes) => last(bytes),
                End::File(file) => {
                    let file = tokio::fs::File::from_std(file);
                    next_of(Box::new(ReaderStream::with_capacity(file, FILE_PIECE))).await
                }
            }
        }
        State::Last(bytes) => last(bytes),
        State::File(file) => next_of(file).await,
    }
}

fn last(bytes: Bytes) -> Result<Option<(Bytes, State)>, ActionError> {
    Ok((!bytes.is_empty()).then(|| (bytes, State::Last(Bytes::new()))))
}

async fn next_of(
    mut file: Box<ReaderStream<tokio::fs::File>>,
) -> Result<Option<(Bytes, State)>, ActionError> {
    let piece = file.try_next().await.map_err(StoreError::from)?;
    Ok(piece.map(|piece| (piece, State::File(file))))
}

/// Ends the file, on a thread of its own since that takes seconds for a large workbook.
async fn finish(writer: Writer) -> Result<End, ActionError> {
    let finished = tokio::task::spawn_blocking(|| writer.finish()).await;
    Ok(finished.map_err(|error| StoreError::from(std::io::Error::other(error)))??)
}

impl Running {
    /// Reads the next records and writes them. Returns `false` if there are none.
    async fn read(&mut self) -> Result<bool, ActionError> {
        let Some(records) = self.source.next(&self.owners, &self.owner).await? else { return Ok(false) };
        match records {
            Records::Contacts(contacts) => {
                contacts.iter().try_for_each(|contact| self.writer.push(contact))?
            }
            Records::Rows(rows) => rows.iter().try_for_each(|row| self.writer.push(row))?,
        }
        Ok(true)
    }
}

enum Records {
    Contacts(Vec<Contact>),
    Rows(Vec<RowView>),
}

/// Where records come from, and where the next ones start.
enum Source {
    AllContacts { after: ContactId },
    FoundContacts { search: SearchText, next: Next<ContactId> },
    Rows { job: JobId, filter: Box<Filter>, next: Next<RowId> },
}

/// Where a search continues.
enum Next<Id> {
    Start,
    After(Id),
    End,
}

impl<Id> Next<Id> {
    fn of(next: Option<Id>) -> Next<Id> {
        next.map_or(Next::End, Next::After)
    }
}

impl Source {
    /// Returns a source with the columns of its records.
    async fn open(
        owners: &OwnerPool,
        owner: &Owner,
        selection: Selection,
    ) -> Result<(Source, Columns), ActionError> {
        let mut db = owners.read(owner).await?;
        let (source, columns) = match selection {
            Selection::Contacts { search } => {
                let kept = extra_columns::of_owner(&mut db, owner).await?;
                let source = match search {
                    None => Source::AllContacts { after: ContactId(0) },
                    Some(search) => Source::FoundContacts { search, next: Next::Start },
                };
                (source, Columns::of::<Contact>(kept))
            }
            Selection::Rows { job: id, filter } => {
                let job = jobs::get(&mut db, owner, id).await?.ok_or(ActionError::NoJob(id))?;
                if job.rows_removed_at.is_some() {
                    return Err(ActionError::RowsRemoved(id));
                }
                let kept = extra_columns::of_job(&mut db, job.id).await?;
                let source = Source::Rows { job: job.id, filter: Box::new(filter), next: Next::Start };
                (source, Columns::of::<RowView>(kept))
            }
        };
        db.rollback().await?;
        Ok((source, columns))
    }

    /// Returns the next records; `None` at the end. The list is empty if a search has not found any so far.
    async fn next(&mut self, owners: &OwnerPool, owner: &Owner) -> Result<Option<Records>, ActionError> {
        match self {
            Source::AllContacts { after } => {
                let mut db = owners.read(owner).await?;
                let found = contacts::piece(&mut db, owner, *after, PIECE, PIECE_BYTES).await?;
                let Some(last) = found.last() else { return Ok(None) };
                *after = last.id;
                Ok(Some(Records::Contacts(found)))
            }
            Source::FoundContacts { search, next } => {
                let before = match *next {
                    Next::Start => None,
                    Next::After(contact) => Some(contact),
                    Next::End => return Ok(None),
                };
                let mut db = owners.read(owner).await?;
                let page = contacts::search(&mut db, owner, Some(search), before, PIECE).await?;
                *next = Next::of(page.next);
                Ok(Some(Records::Contacts(page.contacts)))
            }
            Source::Rows { job, filter, next } => {
                let after = match *next {
                    Next::Start => None,
                    Next::After(row) => Some(row),
                    Next::End => return Ok(None),
                };
                let mut db = owners.read(owner).await?;
                // Read again for each piece: the rows may have moved to other tables.
                let job = jobs::get(&mut db, owner, *job).await?.ok_or(ActionError::NoJob(*job))?;
                let page = staging::scan(&mut db, owner, &job, filter, after, PIECE).await?;
                *next = Next::of(page.next);
                Ok(Some(Records::Rows(page.rows)))
            }
        }
    }
}

const fn number(name: &'static str) -> Column {
    Column { name, kind: Kind::Number }
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}

impl Exported for Contact {
    const BEFORE: &'static [Column] = &[number(EXPORT_EDGES[0])];
    const AFTER: &'static [Column] = &[Column { name: EXPORT_EDGES[1], kind: Kind::Time }];

    fn before(&self) -> Vec<Cell<'_>> {
        vec![Cell::Number(self.id.0)]
    }

    fn values(&self) -> &PerField<String> {
        &self.values
    }

    fn kept(&self) -> Vec<(&str, &str)> {
        self.extra.iter().collect()
    }

    fn after(&self) -> Vec<Cell<'_>> {
        let created: DateTime<Utc> = self.created_at;
        vec![Cell::Time(created)]
    }

    fn name(&self) -> RecordName {
        RecordName::Contact(self.id)
    }
}

impl Exported for RowView {
    const BEFORE: &'static [Column] = &[number("row"), number("line")];
    const AFTER: &'static [Column] = &[text("status"), text("residue")];

    fn before(&self) -> Vec<Cell<'_>> {
        vec![Cell::Number(self.row.0), self.line.map_or(Cell::Empty, Cell::Number)]
    }

    fn values(&self) -> &PerField<String> {
        &self.values
    }

    fn kept(&self) -> Vec<(&str, &str)> {
        self.extra.iter().collect()
    }

    fn after(&self) -> Vec<Cell<'_>> {
        let status = self.status.map_or(Cell::Empty, |status| Cell::Text(status.as_str().into()));
        vec![status, self.residue.as_deref().map_or(Cell::Empty, |residue| Cell::Text(residue.into()))]
    }

    fn name(&self) -> RecordName {
        RecordName::Row(self.row)
    }
}
