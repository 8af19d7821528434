//! Bulk inserts, in PostgreSQL's COPY text format (manual, section COPY, "Text Format").
//!
//! Many lines are sent by COPY, few as the parameters of one INSERT: a COPY ends with a message of five bytes, which
//! Nagle's algorithm delays until the server has acknowledged the data, 40 ms later. The driver has no setting to disable
//! it.
//!
//! PostgreSQL refuses a COPY into a table with row-level security, except from the owner of the table. For other roles,
//! lines are sent by several INSERTs.

mod line;
mod spool;

use std::borrow::Cow;
use std::ops::Range;

pub use line::Line;
pub(crate) use line::columns;
pub(crate) use spool::Spool;
use sqlx::{AssertSqlSafe, PgConnection};

use super::at_rest::UnderWay;
use super::{StoreError, sql};
use crate::domain::field::Field;

/// The table and columns into which lines are inserted.
pub struct Target {
    table: String,
    /// Whether another role may own the table, so that its policies may refuse a COPY.
    is_shared: bool,
    /// The columns with their types, in the order of the values of a line.
    columns: Vec<(Cow<'static, str>, &'static str)>,
}

/// A column and its type.
type Column = (&'static str, &'static str);

impl Target {
    /// Returns a target for a table that this role created. `table` becomes part of a statement, so it must not come from
    /// outside.
    pub fn new(table: impl Into<String>, columns: &[Column]) -> Target {
        Target { table: table.into(), is_shared: false, columns: Vec::new() }.with(columns)
    }

    /// Returns a target for a table that all jobs share; `table` as in [`Target::new`].
    pub(crate) fn shared(table: impl Into<String>, columns: &[Column]) -> Target {
        Target { is_shared: true, ..Target::new(table, columns) }
    }

    /// Adds a column for each field: its name after `prefix`.
    pub(crate) fn with_fields(mut self, prefix: &str) -> Target {
        let column = |field| (Cow::Owned(format!("{prefix}_{field}")), "varchar");
        self.columns.extend(Field::ALL.iter().map(column));
        self
    }

    /// Adds columns.
    pub(crate) fn with(mut self, columns: &[Column]) -> Target {
        self.columns.extend(columns.iter().map(|(name, kind)| (Cow::Borrowed(*name), *kind)));
        self
    }

    /// Returns whether the server refuses a COPY.
    async fn refuses_copy(&self, connection: &mut PgConnection) -> Result<bool, StoreError> {
        if !self.is_shared {
            return Ok(false);
        }
        let query = "SELECT row_security_active($1)";
        Ok(sql::query_scalar(query).bind(&self.table).fetch_one(connection).await?)
    }

    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| name.as_ref()).collect::<Vec<_>>().join(", ")
    }

    fn copy(&self) -> String {
        format!("COPY {} ({}) FROM STDIN", self.table, self.names())
    }

    fn insert(&self) -> String {
        let (table, names) = (&self.table, self.names());
        let values: Vec<_> = self.columns.iter().map(|(name, kind)| format!("{name}::{kind}")).collect();
        let arrays: Vec<_> = (1..=self.columns.len()).map(|number| format!("${number}::text[]")).collect();
        format!(
            "INSERT INTO {table} ({names}) SELECT {} FROM unnest({}) AS line ({names})",
            values.join(", "),
            arrays.join(", ")
        )
    }
}

/// The most lines of one INSERT: for more lines, a COPY is faster even with the delay.
const INSERTED_LINES: usize = 2_000;
/// The most bytes of one INSERT.
const INSERTED_BYTES: usize = PIECE;

/// Sends lines by one INSERT.
async fn insert(connection: &mut PgConnection, target: &Target, text: &[u8]) -> Result<(), StoreError> {
    let mut values: Vec<Vec<Option<Cow<'_, str>>>> = vec![Vec::new(); target.columns.len()];
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let mut line = columns(line);
        for values in &mut values {
            values.push(line.next().unwrap_or(Err(StoreError::Unreadable))?);
        }
    }
    let mut query = sql::query(AssertSqlSafe(target.insert()));
    for values in values {
        query = query.bind(values);
    }
    query.execute(connection).await?;
    Ok(())
}

/// Sends lines by as many INSERTs as needed.
async fn insert_all<'a>(
    connection: &mut PgConnection,
    target: &Target,
    lines: impl Iterator<Item = &'a [u8]>,
) -> Result<(), StoreError> {
    let (mut text, mut count) = (Vec::new(), 0);
    for line in lines {
        if count == INSERTED_LINES || text.len() + line.len() > INSERTED_BYTES && count > 0 {
            insert(connection, target, &text).await?;
            text.clear();
            count = 0;
        }
        text.extend_from_slice(line);
        count += 1;
    }
    insert(connection, target, &text).await
}

/// The bytes sent to the server at a time. A connection never shrinks its send buffer, so longer lines are sent in pieces,
/// which COPY accepts.
const PIECE: usize = 256 << 10;
/// The number of lines from which they are sorted by key. For fewer lines, the order does not affect the speed of the
/// index.
const SORTED_FROM: usize = 5_000;

/// Lines for one COPY, in memory.
#[derive(Default)]
pub struct Lines {
    text: Vec<u8>,
    lines: Vec<(u128, Range<usize>)>,
}

impl Lines {
    /// Adds the line that `write` writes; `send_by_key` sorts by `key`.
    pub fn push(&mut self, key: u128, write: impl FnOnce(&mut Line<'_>)) {
        let start = self.text.len();
        let mut line = Line::new(&mut self.text);
        write(&mut line);
        line.end();
        self.lines.push((key, start..self.text.len()));
    }

    /// Returns the number of lines.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Returns whether there are no lines.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns the bytes that the lines take in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + size_of_val(self.lines.as_slice())
    }

    /// Removes the lines but keeps the allocated memory.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.lines.clear();
    }

    /// Sends the lines in the order in which they were added. Does nothing if there are none.
    pub async fn send(&self, connection: &mut PgConnection, target: &Target) -> Result<(), StoreError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        if self.lines.len() <= INSERTED_LINES && self.text.len() <= INSERTED_BYTES {
            return insert(connection, target, &self.text).await;
        }
        if target.refuses_copy(connection).await? {
            return insert_all(connection, target, self.text.split_inclusive(|byte| *byte == b'\n')).await;
        }
        let copying = UnderWay::start();
        let mut copy = connection.copy_in_raw(&target.copy()).await?;
        for piece in self.text.chunks(PIECE) {
            copy.send(piece).await?;
        }
        copy.finish().await?;
        copying.end();
        Ok(())
    }

    /// Sends the lines in the order of their keys, so that the index over the keys is filled from left to right and not at
    /// random positions.
    pub(crate) async fn send_by_key(
        &mut self,
        connection: &mut PgConnection,
        target: &Target,
    ) -> Result<(), StoreError> {
        if self.lines.len() < SORTED_FROM {
            return self.send(connection, target).await;
        }
        self.lines.sort_unstable_by_key(|(key, _)| *key);
        if target.refuses_copy(connection).await? {
            let lines = self.lines.iter().map(|(_, line)| &self.text[line.clone()]);
            return insert_all(connection, target, lines).await;
        }
        let copying = UnderWay::start();
        let mut copy = connection.copy_in_raw(&target.copy()).await?;
        let mut piece = Vec::with_capacity(PIECE);
        for (_, line) in &self.lines {
            let mut rest = &self.text[line.clone()];
            while piece.len() + rest.len() >= PIECE {
                let (fits, after) = rest.split_at(PIECE - piece.len());
                piece.extend_from_slice(fits);
                copy.send(piece.as_slice()).await?;
                piece.clear();
                rest = after;
            }
            piece.extend_from_slice(rest);
        }
        copy.send(piece.as_slice()).await?;
        copy.finish().await?;
        copying.end();
        Ok(())
    }
}
