//! A search of an owner's contacts in bounded time, however few contacts match.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Row};

use super::comparison::Comparison;
use super::search_index::{self, Candidates};
use super::{Contact, select_contact, sorted, sql, with_keys};
use crate::domain::contact::ContactKeys;
use crate::domain::email;
use crate::domain::field::Field;
use crate::domain::ids::ContactId;
use crate::domain::job::Owner;
use crate::domain::search::SearchText;
use crate::store::StoreError;
use crate::store::bounded::{self, PAGE_BYTES, row_bytes};

/// The most contacts that one search reads without an index. A page that finds none of them takes about half of the 80 to 100 ms
/// that 10,000 take if all have a value in another column. To find one in millions by a part of its name takes several searches.
const SPAN: i64 = 5_000;
/// The same for a search that folds accents, which takes longer for letters other than ASCII.
const FOLDED_SPAN: i64 = 2_000;
/// Contacts that are read before the index is used.
const NEWEST: i64 = 500;
/// Contacts of the index that are compared in one search. Those of rare words with common parts may be in vain.
const CANDIDATES: i64 = 500;

/// The result of a search.
#[derive(Debug)]
pub struct ContactPage {
    /// Matching contacts, newest first.
    pub contacts: Vec<Contact>,
    /// The contact after which the next search continues; `None` at the end.
    pub next: Option<ContactId>,
    /// Whether the page ends early because its contacts are large.
    pub is_cut: bool,
}

/// Returns an SQL expression list: the size of a contact.
pub(in crate::store) fn sized() -> String {
    let columns = Field::columns("contact");
    // The text of the JSON object, since the size of what is stored may be that of a compressed one.
    row_bytes(columns.split(", ").chain(["contact_extra::text"]))
}

/// Returns up to `limit` contacts after `after`, oldest first, with at most `bytes` together but at least one contact.
/// Empty only at the end.
pub async fn piece(
    connection: &mut PgConnection,
    owner: &Owner,
    after: ContactId,
    limit: i64,
    bytes: i64,
) -> Result<Vec<Contact>, StoreError> {
    let rows = format!(
        "SELECT piece.*, {} FROM (
             {} WHERE contacts_user_id = $1 AND contact_id > $2 ORDER BY contact_id LIMIT $3) AS piece",
        sized(),
        select_contact()
    );
    let query = AssertSqlSafe(bounded::within(bytes, &rows, "contact_id"));
    let query = sql::query_as(query).bind(&owner.0).bind(after).bind(limit);
    let contacts: Vec<Contact> = query.fetch_all(&mut *connection).await?;
    sorted(connection, owner, contacts).await
}

/// Returns up to `limit` contacts of an owner, newest first, starting after the contact `before` if it is set. With `search`,
/// returns only contacts whose values contain each of its words, ignoring case. A complete e-mail is found by its key, in one
/// search.
///
/// Uses the index over what is searched, if there is one and the words are long enough for it. Few contacts are read without
/// it first, since the index reads all contacts of a block that match, and words of many contacts are soon found.
pub async fn search(
    connection: &mut PgConnection,
    owner: &Owner,
    search: Option<&SearchText>,
    before: Option<ContactId>,
    limit: i64,
) -> Result<ContactPage, StoreError> {
    let before_any = ContactId(i64::MAX);
    let Some((search, comparison)) = search.and_then(|search| Some((search, Comparison::with(search)?)))
    else {
        return scan(connection, owner, None, before.unwrap_or(before_any), limit, limit + 1).await;
    };
    if search.text.contains('@') && before.is_none() {
        let key = ContactKeys::of(owner).key(&email::key(&search.text));
        let found = with_keys(&mut *connection, owner, &[key]).await?;
        let contacts: Vec<Contact> = found.into_iter().map(|(_, contact)| contact).collect();
        if !contacts.is_empty() {
            return Ok(ContactPage { contacts, next: None, is_cut: false });
        }
    }
    let before = before.unwrap_or(before_any);
    if !search_index::finds(connection, owner, search).await? {
        let span = if search.fold_accents { FOLDED_SPAN } else { SPAN };
        return scan(connection, owner, Some(&comparison), before, limit, span).await;
    }
    let newest = scan(connection, owner, Some(&comparison), before, limit, NEWEST).await?;
    if newest.is_cut || newest.next.is_none() || newest.contacts.len() as i64 == limit {
        return Ok(newest);
    }
    indexed(connection, owner, search, &comparison, before, limit).await
}

/// Returns up to `limit` contacts of an owner, oldest first, starting after the contact `after` if it is set.
pub(crate) async fn oldest(
    connection: &mut PgConnection,
    owner: &Owner,
    after: Option<ContactId>,
    limit: i64,
) -> Result<ContactPage, StoreError> {
    let after = after.unwrap_or(ContactId(0));
    let contacts = piece(&mut *connection, owner, after, limit, PAGE_BYTES).await?;
    let is_full = contacts.len() as i64 == limit;
    let mut next = contacts.last().map(|last| last.id);
    if let Some(last) = next
        && piece(connection, owner, last, 1, PAGE_BYTES).await?.is_empty()
    {
        next = None;
    }
    Ok(ContactPage { contacts, next, is_cut: next.is_some() && !is_full })
}

/// Reads up to `span` contacts before the contact `before`, and returns up to `limit` of them that match.
async fn scan(
    connection: &mut PgConnection,
    owner: &Owner,
    comparison: Option<&Comparison>,
    before: ContactId,
    limit: i64,
    span: i64,
) -> Result<ContactPage, StoreError> {
    let condition = comparison
        .map_or("$4::text[] IS NULL OR $6".to_owned(), |comparison| comparison.condition("$4", "$6"));
    let found = format!(
        "SELECT found.*, {} FROM (
             SELECT seen.* FROM seen
             WHERE {condition}
             ORDER BY contact_id DESC LIMIT $5) AS found",
        sized(),
    );
    let query = AssertSqlSafe(format!(
        "WITH seen AS MATERIALIZED (
             {} WHERE contacts_user_id = $1 AND contact_id < $2 ORDER BY contact_id DESC LIMIT $3)
         SELECT page.*, (SELECT CASE WHEN count(*) = $3 THEN min(contact_id) END FROM seen) AS further
         FROM (SELECT NULL) AS always LEFT JOIN ({}) AS page ON true ORDER BY contact_id DESC",
        select_contact(),
        bounded::within(PAGE_BYTES, &found, "contact_id DESC")
    ));
    let found = sql::query(query)
        .bind(&owner.0)
        .bind(before)
        .bind(span)
        .bind(comparison.map(|comparison| &comparison.patterns))
        .bind(limit + 1)
        .bind(comparison.is_some_and(|comparison| comparison.is_escaped))
        .fetch_all(&mut *connection)
        .await?;
    // The query returns at least one row, whose contact is NULL if there is none.
    let further: Option<ContactId> = match found.first() {
        Some(row) => row.try_get("further")?,
        None => None,
    };
    let is_contact = |row: &PgRow| {
        row.try_get::<Option<ContactId>, _>("contact_id").is_ok_and(|contact| contact.is_some())
    };
    let found: Vec<PgRow> = found.into_iter().filter(is_contact).collect();
    page(connection, owner, &found, further, limit).await
}

/// Returns contacts that match, by the index over what is searched.
async fn indexed(
    connection: &mut PgConnection,
    owner: &Owner,
    search: &SearchText,
    comparison: &Comparison,
    before: ContactId,
    limit: i64,
) -> Result<ContactPage, StoreError> {
    let most = (limit + 1).max(CANDIDATES);
    let Candidates { contacts, further } =
        search_index::candidates(connection, owner, search, before, most).await?;
    let found = format!(
        "SELECT found.*, {} FROM (
             SELECT contact_id, {}, contact_created_at, staging_id, contact_extra
             FROM (SELECT * FROM contacts WHERE contact_id = ANY ($2) OFFSET 0) AS candidates
             WHERE contacts_user_id = $1 AND ({})
             ORDER BY contact_id DESC LIMIT $5) AS found",
        sized(),
        Field::columns("contact"),
        comparison.condition("$3", "$4"),
    );
    let query = AssertSqlSafe(bounded::within(PAGE_BYTES, &found, "contact_id DESC"));
    let found = sql::query(query)
        .bind(&owner.0)
        .bind(contacts)
        .bind(&comparison.patterns)
        .bind(comparison.is_escaped)
        .bind(limit + 1)
        .fetch_all(&mut *connection)
        .await?;
    page(connection, owner, &found, further, limit).await
}

/// Returns the page of the contacts that were found, one more than its limit if there are more. `further`: the contact after
/// which the search continues if the page is not full.
pub(super) async fn page(
    connection: &mut PgConnection,
    owner: &Owner,
    found: &[PgRow],
    further: Option<ContactId>,
    limit: i64,
) -> Result<ContactPage, StoreError> {
    let mut contacts: Vec<Contact> = found.iter().map(Contact::from_row).collect::<Result<_, _>>()?;
    let is_cut = bounded::is_cut(found)?;
    let more = is_cut || contacts.len() as i64 > limit;
    contacts.truncate(limit as usize);
    let contacts = sorted(connection, owner, contacts).await?;
    // A full page continues after its last contact, even if the search read further.
    let next = if more { contacts.last().map(|contact| contact.id) } else { further };
    Ok(ContactPage { contacts, next, is_cut })
}
