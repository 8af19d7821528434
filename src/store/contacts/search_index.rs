//! The optional index over what a search of contacts reads: built and dropped while others read and write, and used by
//! searches of any role that may call `ingest_search_candidates` (migration 31).

use std::time::Duration;

use sqlx::{PgConnection, PgPool, Row};

use super::index;
use crate::domain::ids::ContactId;
use crate::domain::job::Owner;
use crate::domain::search::SearchText;
use crate::store::{StoreError, sql};

/// How long the index is read for one search, unless a single block takes longer.
const LONGEST: Duration = Duration::from_millis(20);

/// With a short list of pending entries, which each lookup reads: with lists of 4 MB, the default, imports take a third less time for
/// the index, and lookups up to 20 ms. Without a list, imports take five times as long for it.
const COLUMNS: &str =
    "USING gin (ingest_search_keys(contacts_user_id, contact_id, contact_email, contact_first_name,
         contact_last_name, contact_company, contact_extra)) WITH (gin_pending_list_limit = 512)";

/// Moves the pending entries to their places in the index, if there is one and this role may.
pub(super) const CLEAN: &str = "DO $$ BEGIN
         IF EXISTS (SELECT FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
                    WHERE indexrelid = to_regclass('contacts_search') AND indisvalid AND pg_has_role(relowner, 'USAGE'))
         THEN PERFORM gin_clean_pending_list('contacts_search'); END IF;
     END $$";

/// Statistics of the keys are not used, and would take seconds after each large import.
const NO_STATISTICS: &str = "ALTER INDEX contacts_search ALTER COLUMN 1 SET STATISTICS 0";

/// The state of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchIndex {
    /// It is complete.
    Built,
    /// A build is in progress, or was interrupted.
    Unfinished,
    /// There is none.
    Missing,
}

impl SearchIndex {
    /// Queries the state.
    pub async fn of(pool: &PgPool) -> Result<SearchIndex, StoreError> {
        let query = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('contacts_search')";
        let rows = sql::once(pool, query).await?;
        Ok(match rows.first().map(|row| row.try_get("indisvalid")).transpose()? {
            Some(true) => SearchIndex::Built,
            Some(false) => SearchIndex::Unfinished,
            None => SearchIndex::Missing,
        })
    }

    /// Builds the index unless it is complete, from the beginning if a build was interrupted. Returns `false` if another
    /// process is changing the schema. Fails if the login role does not own the table.
    pub async fn build(pool: &PgPool) -> Result<bool, StoreError> {
        if SearchIndex::of(pool).await? == SearchIndex::Built {
            return Ok(true);
        }
        let create = |how: &str| format!("CREATE INDEX {how} contacts_search ON contacts {COLUMNS}");
        index::change(pool, |how| vec![drop_index(how), create(how), NO_STATISTICS.to_owned()]).await
    }

    /// Drops the index, if there is one. Returns and fails like [`SearchIndex::build`].
    pub async fn drop(pool: &PgPool) -> Result<bool, StoreError> {
        index::change(pool, |how| vec![drop_index(how)]).await
    }
}

fn drop_index(how: &str) -> String {
    format!("DROP INDEX {how} IF EXISTS contacts_search")
}

/// Returns whether the index finds candidates for a search: it is complete, the transaction may use it, and a word has three
/// letters, or two ideographs or kana. Asked for each search, in 0.1 ms, so that all programs notice a new index at once.
pub(super) async fn finds(
    connection: &mut PgConnection,
    owner: &Owner,
    search: &SearchText,
) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('contacts_search') AND indisvalid)
             AND has_function_privilege('ingest_search_candidates(text, text, bigint, integer, interval)', 'EXECUTE')
             AND $1 = current_setting('ingest.owner', true)
             AND ingest_search_keys($1, 0, '', $2, '', '', NULL) <> '{}'";
    let query = sql::query_scalar::<Option<bool>>(query).bind(&owner.0).bind(search.indexed());
    Ok(query.fetch_one(connection).await?.unwrap_or(false))
}

/// Contacts that the index has found.
pub(super) struct Candidates {
    /// Those that may match, newest first.
    pub(super) contacts: Vec<ContactId>,
    /// The contact after which the search continues; `None` at the end.
    pub(super) further: Option<ContactId>,
}

from_row!(Candidates { contacts = "candidates", further });

/// Returns up to `most` contacts before the contact `before` that may match.
pub(super) async fn candidates(
    connection: &mut PgConnection,
    owner: &Owner,
    search: &SearchText,
    before: ContactId,
    most: i64,
) -> Result<Candidates, StoreError> {
    let query = "SELECT candidates, further FROM ingest_search_candidates($1, $2, $3, $4::integer, $5 * interval '1 millisecond')";
    let query = sql::query_as(query).bind(&owner.0).bind(search.indexed()).bind(before).bind(most);
    Ok(query.bind(LONGEST.as_millis() as f64).fetch_one(connection).await?)
}
