//! `contact_log`: which contacts of an owner have changed, recorded by triggers whatever program changes them.
//!
//! An entry has no values: a reader gets each contact as it is when it is read, or learns that it is deleted. So a reader
//! ends with the right contacts, in whichever order transactions have committed, and the entries of an import of a million
//! contacts are few: a trigger adds one for each batch.
//!
//! A reader misses nothing. It continues with what its last [`Snapshot`] has not seen: also a transaction that began long
//! before this snapshot and commits after it. Transactions of others delay nothing.

use std::collections::HashSet;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Row};

use super::bounded::{self, PAGE_BYTES};
use super::contacts::{self, Contact};
use super::{StoreError, sql};
use crate::domain::contact_cursor::{ContactCursor, LogPosition};
use crate::domain::ids::ContactId;
use crate::domain::job::Owner;
use crate::domain::snapshot::Snapshot;

/// The most entries of several contacts that one page reads.
const RANGES: usize = 50;

/// A contact that was created or has changed, as it is now.
#[derive(Debug)]
pub enum FollowedContact {
    /// It exists.
    Saved(Contact),
    /// It does not exist any more.
    Deleted(ContactId),
}

/// A page of contacts that were created or have changed.
#[derive(Debug)]
pub struct FollowedPage {
    /// The contacts.
    pub contacts: Vec<FollowedContact>,
    /// Where the next page continues.
    pub next: ContactCursor,
}

/// Returns up to `limit` contacts of an owner that the reader at `cursor` does not know as they are; without a cursor, the first
/// of all contacts. Returns `None` if the cursor is of another database.
pub async fn follow(
    connection: &mut PgConnection,
    owner: &Owner,
    cursor: Option<ContactCursor>,
    limit: i64,
) -> Result<Option<FollowedPage>, StoreError> {
    let now = sql::query("SELECT pg_current_snapshot()::text AS now").fetch_one(&mut *connection).await?;
    let now = sql::snapshot(&now, "now")?;
    match cursor {
        None => list(connection, owner, now, ContactId(i64::MIN), limit).await.map(Some),
        Some(ContactCursor::Listing { since, .. } | ContactCursor::Seen(since)) if now.is_before(&since) => {
            Ok(None)
        }
        Some(ContactCursor::Changes { until, .. }) if now.is_before(&until) => Ok(None),
        Some(ContactCursor::Listing { since, after }) => {
            list(connection, owner, since, after, limit).await.map(Some)
        }
        Some(ContactCursor::Changes { since, until, after }) => {
            changes(connection, owner, since, until, after, limit).await.map(Some)
        }
        Some(ContactCursor::Seen(since)) => {
            changes(connection, owner, since, now, LogPosition::START, limit).await.map(Some)
        }
    }
}

async fn list(
    connection: &mut PgConnection,
    owner: &Owner,
    since: Snapshot,
    after: ContactId,
    limit: i64,
) -> Result<FollowedPage, StoreError> {
    let found = contacts::piece(connection, owner, after, limit, PAGE_BYTES).await?;
    let next = match found.last() {
        Some(last) => ContactCursor::Listing { since, after: last.id },
        None => ContactCursor::Seen(since),
    };
    Ok(FollowedPage { contacts: found.into_iter().map(FollowedContact::Saved).collect(), next })
}

/// Returns the contacts of the entries that `until` has seen and `since` has not, after a position.
async fn changes(
    connection: &mut PgConnection,
    owner: &Owner,
    since: Snapshot,
    until: Snapshot,
    after: LogPosition,
    limit: i64,
) -> Result<FollowedPage, StoreError> {
    let entries = entries(connection, owner, &since, &until, after, limit).await?;
    let is_last = (entries.len() as i64) < limit;
    let Positions { contacts, last, is_complete } =
        positions(connection, owner, &entries, after, limit).await?;
    let ids = contacts.iter().map(|position| position.contact).collect();
    let followed = as_they_are(connection, owner, ids).await?;
    let reached = match followed.len() < contacts.len() {
        true => followed.len().checked_sub(1).map(|at| contacts[at]),
        false if is_last && is_complete => None,
        false => Some(last),
    };
    let next = match reached {
        Some(after) => ContactCursor::Changes { since, until, after },
        None => ContactCursor::Seen(until),
    };
    Ok(FollowedPage { contacts: followed, next })
}

/// An entry of the log.
#[derive(Debug)]
struct Entry {
    transaction: i64,
    id: i64,
    first: ContactId,
    last: ContactId,
}

from_row!(Entry { transaction, id, first, last });

impl Entry {
    /// Returns the position of one of its contacts.
    fn at(&self, contact: ContactId) -> LogPosition {
        LogPosition { transaction: self.transaction, entry: self.id, contact }
    }
}

/// Returns up to `limit` entries from a position on.
async fn entries(
    connection: &mut PgConnection,
    owner: &Owner,
    since: &Snapshot,
    until: &Snapshot,
    from: LogPosition,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let query = "SELECT log_transaction::text::bigint AS transaction, log_id AS id, log_first AS first, log_last AS last
         FROM contact_log
         WHERE log_owner = $1 AND log_transaction >= pg_snapshot_xmin($2::text::pg_snapshot)
           AND (log_transaction, log_id) >= ($4::text::xid8, $5)
           AND NOT pg_visible_in_snapshot(log_transaction, $2::text::pg_snapshot)
           AND pg_visible_in_snapshot(log_transaction, $3::text::pg_snapshot)
         ORDER BY log_transaction, log_id LIMIT $6";
    let query = sql::query_as(query).bind(&owner.0).bind(since.to_string()).bind(until.to_string());
    let query = query.bind(from.transaction.to_string()).bind(from.entry).bind(limit);
    Ok(query.fetch_all(connection).await?)
}

/// The contacts of entries.
struct Positions {
    /// Each contact at its first position.
    contacts: Vec<LogPosition>,
    /// The last position that was examined.
    last: LogPosition,
    /// Whether all entries were examined to their ends.
    is_complete: bool,
}

/// Returns up to `limit` contacts of the entries, after a position.
async fn positions(
    connection: &mut PgConnection,
    owner: &Owner,
    entries: &[Entry],
    after: LogPosition,
    limit: i64,
) -> Result<Positions, StoreError> {
    let (mut contacts, mut seen, mut last, mut ranges) = (Vec::new(), HashSet::new(), after, 0);
    for entry in entries {
        let remaining = limit - contacts.len() as i64;
        if remaining == 0 || ranges == RANGES {
            return Ok(Positions { contacts, last, is_complete: false });
        }
        let is_begun = (entry.transaction, entry.id) == (after.transaction, after.entry);
        let first = if is_begun {
            ContactId(after.contact.0.saturating_add(1)).max(entry.first)
        } else {
            entry.first
        };
        let found = match entry.first == entry.last {
            true if first == entry.first => vec![first],
            true => Vec::new(),
            false => {
                ranges += 1;
                in_range(connection, owner, first, entry.last, remaining).await?
            }
        };
        let is_full = found.len() as i64 == remaining && entry.first != entry.last;
        last = entry.at(found.last().filter(|_| is_full).copied().unwrap_or(entry.last));
        contacts.extend(found.into_iter().filter(|id| seen.insert(*id)).map(|id| entry.at(id)));
        if is_full {
            return Ok(Positions { contacts, last, is_complete: false });
        }
    }
    Ok(Positions { contacts, last, is_complete: true })
}

/// Returns up to `limit` of an owner's contacts from `first` to `last`.
async fn in_range(
    connection: &mut PgConnection,
    owner: &Owner,
    first: ContactId,
    last: ContactId,
    limit: i64,
) -> Result<Vec<ContactId>, StoreError> {
    let query = "SELECT contact_id FROM contacts
         WHERE contacts_user_id = $1 AND contact_id >= $2 AND contact_id <= $3 ORDER BY contact_id LIMIT $4";
    let query = sql::query_scalar(query).bind(&owner.0).bind(first).bind(last).bind(limit);
    Ok(query.fetch_all(connection).await?)
}

/// Returns the contacts as they are, in this order: all, or the first if they are large.
async fn as_they_are(
    connection: &mut PgConnection,
    owner: &Owner,
    ids: Vec<ContactId>,
) -> Result<Vec<FollowedContact>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = format!(
        "SELECT found.*, wanted_id, number, {} FROM unnest($2::bigint[]) WITH ORDINALITY AS wanted (wanted_id, number)
         LEFT JOIN LATERAL ({} WHERE contacts_user_id = $1 AND contact_id = wanted_id) AS found ON true",
        contacts::sized(),
        contacts::select_contact(),
    );
    let query = AssertSqlSafe(bounded::within(PAGE_BYTES, &rows, "number"));
    let rows = sql::query(query).bind(&owner.0).bind(ids).fetch_all(&mut *connection).await?;
    let read = |row: &PgRow| match row.try_get::<Option<ContactId>, _>("contact_id")? {
        Some(_) => Contact::from_row(row).map(FollowedContact::Saved),
        None => row.try_get("wanted_id").map(FollowedContact::Deleted),
    };
    let mut followed = rows.iter().map(read).collect::<Result<Vec<_>, sqlx::Error>>()?;
    let saved = followed.iter_mut().filter_map(|contact| match contact {
        FollowedContact::Saved(contact) => Some(&mut contact.extra),
        FollowedContact::Deleted(_) => None,
    });
    super::extra_columns::sort_of_contacts(connection, owner, saved.collect()).await?;
    Ok(followed)
}
