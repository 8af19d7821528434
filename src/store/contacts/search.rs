//! A search of an owner's contacts in bounded time, however few contacts match.

use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{Contact, select_contact, sorted, sql, with_keys};
use crate::domain::contact::ContactKeys;
use crate::domain::email;
use crate::domain::field::Field;
use crate::domain::ids::ContactId;
use crate::domain::job::Owner;
use crate::store::bounded::{self, PAGE_BYTES, row_bytes};
use crate::store::{StoreError, filter};

/// The most contacts that one search reads. A page that finds none of them takes 80 to 100 ms if all have a value in another column.
/// To find one in millions by a part of its name takes several searches.
const SPAN: i64 = 10_000;

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
pub(super) fn sized() -> String {
    let columns = Field::columns("contact");
    // The text of the JSON object, since the size of what is stored may be that of a compressed one.
    row_bytes(columns.split(", ").chain(["contact_extra::text"]))
}

/// Returns the condition that the values of a contact contain all of `words`, a parameter with patterns. `is_escaped`: a
/// parameter with [`is_escaped`] of their text.
pub(super) fn contain_words(words: &str, is_escaped: &str) -> String {
    let (all, (start, end)) = (filter::all_searched("contact"), filter::around_extra_like("contact_extra"));
    format!(
        "{all} ILIKE ALL ({words})
                OR contact_extra IS NOT NULL
                   AND ({is_escaped} OR concat_ws(E'\\n', {all}, contact_extra::text) ILIKE ALL ({words}))
                   AND NOT EXISTS (
                       SELECT FROM unnest({words}::text[]) AS word WHERE NOT ({all} ILIKE word OR {start}word{end}))"
    )
}

/// Returns whether JSON escapes a character of a text. A JSON object as text contains the words of its values otherwise, so
/// the text, which is quicker to search than the values, excludes most contacts.
pub(super) fn is_escaped(text: &str) -> bool {
    text.contains(|letter: char| matches!(letter, '"' | '\\') || letter.is_control())
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

/// Returns up to `limit` contacts of an owner, newest first, starting after the contact `before` if it is set. With `text`,
/// returns only contacts whose values contain each of its words, ignoring case. A complete e-mail is found by its key, in one
/// search.
pub async fn search(
    connection: &mut PgConnection,
    owner: &Owner,
    text: Option<&str>,
    before: Option<ContactId>,
    limit: i64,
) -> Result<ContactPage, StoreError> {
    if let Some(text) = text.filter(|text| text.contains('@') && before.is_none()) {
        let key = ContactKeys::of(owner).key(&email::key(text));
        let contacts: Vec<Contact> = with_keys(&mut *connection, owner, &[key])
            .await?
            .into_iter()
            .map(|(_, contact)| contact)
            .collect();
        if !contacts.is_empty() {
            return Ok(ContactPage { contacts, next: None, is_cut: false });
        }
    }
    let words = text.and_then(filter::words);
    let span = if words.is_some() { SPAN } else { limit + 1 };
    let found = format!(
        "SELECT found.*, {} FROM (
             SELECT seen.* FROM seen
             WHERE $4 IS NULL OR {}
             ORDER BY contact_id DESC LIMIT $5) AS found",
        sized(),
        contain_words("$4", "$6"),
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
        .bind(before.unwrap_or(ContactId(i64::MAX)))
        .bind(span)
        .bind(words)
        .bind(limit + 1)
        .bind(text.is_some_and(is_escaped))
        .fetch_all(&mut *connection)
        .await?;
    // The query returns at least one row, whose contact is NULL if there is none.
    let further: Option<ContactId> = match found.first() {
        Some(row) => row.try_get("further")?,
        None => None,
    };
    let is_contact = |row: &&sqlx::postgres::PgRow| {
        row.try_get::<Option<ContactId>, _>("contact_id").is_ok_and(|contact| contact.is_some())
    };
    let mut contacts: Vec<Contact> =
        found.iter().filter(is_contact).map(sqlx::FromRow::from_row).collect::<Result<_, _>>()?;
    let is_cut = !contacts.is_empty() && bounded::is_cut(&found)?;
    let more = is_cut || contacts.len() as i64 > limit;
    contacts.truncate(limit as usize);
    let contacts = sorted(connection, owner, contacts).await?;
    // A full page continues after its last contact, even if the search read further.
    let next = if more { contacts.last().map(|contact| contact.id) } else { further };
    Ok(ContactPage { contacts, next, is_cut })
}
