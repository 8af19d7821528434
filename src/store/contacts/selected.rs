//! The contacts that a filter selects. A filter may read all contacts of an owner, so they are read in parts, from the
//! newest to the oldest, and each statement takes limited time.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Postgres, Row};
use uuid::Uuid;

use super::comparison::Comparison;
use super::search::{ContactPage, page, sized};
use super::{Contact, select_contact, sorted, with_keys};
use crate::domain::contact::ContactKeys;
use crate::domain::contact_filter::ContactFilter;
use crate::domain::email;
use crate::domain::ids::ContactId;
use crate::domain::job::Owner;
use crate::store::bounded::{self, PAGE_BYTES};
use crate::store::{JobTables, StoreError, sql};

/// Contacts that one statement reads.
const PART: i64 = 20_000;

/// The contacts of an owner that a filter selects.
pub(crate) struct Selected<'o> {
    owner: &'o Owner,
    /// The key of the contact whose e-mail address is the text of the filter.
    key: Option<Uuid>,
    /// The comparison with the text, unless it is such an address.
    comparison: Option<Comparison>,
    ids: Option<Vec<ContactId>>,
    tables: Option<JobTables>,
}

/// A part of an owner's contacts: those with ids from `first` to before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct ContactRange {
    first: ContactId,
    end: ContactId,
}

impl<'o> Selected<'o> {
    /// Returns the contacts that the filter selects. `tables`: those of the filter's job.
    pub(crate) async fn of(
        connection: &mut PgConnection,
        owner: &'o Owner,
        filter: &ContactFilter,
        tables: Option<JobTables>,
    ) -> Result<Selected<'o>, StoreError> {
        let search = filter.search();
        let mut key = None;
        if let Some(search) = search.as_ref().filter(|search| search.text.contains('@')) {
            let searched = ContactKeys::of(owner).key(&email::key(&search.text));
            let is_found = !with_keys(connection, owner, &[searched]).await?.is_empty();
            key = is_found.then(|| Uuid::from_u128(searched));
        }
        let comparison = search.filter(|_| key.is_none()).and_then(|search| Comparison::with(&search));
        Ok(Selected { owner, key, comparison, ids: filter.contacts.clone(), tables })
    }

    /// Returns the next part of the contacts that may be selected, after `part`; `None` at the end.
    pub(in crate::store) async fn next_part(
        &self,
        connection: &mut PgConnection,
        part: Option<ContactRange>,
    ) -> Result<Option<ContactRange>, StoreError> {
        // Few contacts are found by their index.
        if self.key.is_some() || self.ids.is_some() {
            let all = ContactRange { first: ContactId(i64::MIN), end: ContactId(i64::MAX) };
            return Ok(part.is_none().then_some(all));
        }
        let end = part.map_or(ContactId(i64::MAX), |part| part.first);
        let query = "SELECT min(contact_id) FROM (
                 SELECT contact_id FROM contacts WHERE contacts_user_id = $1 AND contact_id < $2
                 ORDER BY contact_id DESC LIMIT $3) AS part";
        let query = sql::query_scalar(query).bind(&self.owner.0).bind(end).bind(PART);
        let first: Option<ContactId> = query.fetch_one(connection).await?;
        Ok(first.map(|first| ContactRange { first, end }))
    }

    /// Returns the condition on `contacts` for a part, with the parameters of [`Selected::bind`].
    pub(in crate::store) fn condition(&self) -> String {
        let key = match self.key {
            // With the collation of the index over keys.
            Some(_) => "contacts_user_id = $1 COLLATE \"POSIX\" AND contact_key = $4",
            None => "$4::uuid IS NULL",
        };
        let ids = match self.ids {
            Some(_) => "contact_id = ANY ($5)",
            None => "$5::bigint[] IS NULL",
        };
        let words = match &self.comparison {
            Some(comparison) => comparison.condition("$6", "$7"),
            None => "$6::text[] IS NULL OR $7".to_owned(),
        };
        // Each row is looked up by its primary key: in a join, outdated statistics would let the planner read all rows.
        let job = self.tables.map(|tables| {
            let (staging, job) = (tables.staging(), tables.job());
            format!(
                " AND (SELECT staging_job_id FROM {staging} AS row
                    WHERE row.staging_id = contacts.staging_id LIMIT 1) = {job}"
            )
        });
        format!(
            "contacts_user_id = $1 AND contact_id >= $2 AND contact_id < $3 AND {key} AND {ids} AND ({words}){}",
            job.unwrap_or_default()
        )
    }

    /// Binds the parameters `$1` to `$7` of [`Selected::condition`].
    pub(in crate::store) fn bind<'q>(
        &'q self,
        query: Query<'q, Postgres, PgArguments>,
        part: ContactRange,
    ) -> Query<'q, Postgres, PgArguments> {
        let query = query.bind(&self.owner.0).bind(part.first).bind(part.end).bind(self.key);
        let comparison = self.comparison.as_ref();
        query
            .bind(&self.ids)
            .bind(comparison.map(|comparison| &comparison.patterns))
            .bind(comparison.is_some_and(|comparison| comparison.is_escaped))
    }

    /// Returns up to `limit` of the contacts before the contact `before`, newest first. Reads one part, as a search does: a
    /// page may have fewer contacts, or none, and still have a next one.
    pub(crate) async fn page(
        &self,
        connection: &mut PgConnection,
        before: Option<ContactId>,
        limit: i64,
    ) -> Result<ContactPage, StoreError> {
        let end = before.unwrap_or(ContactId(i64::MAX));
        let after = ContactRange { first: end, end };
        let (part, further) = match self.key.is_some() || self.ids.is_some() {
            true => (ContactRange { first: ContactId(i64::MIN), end }, None),
            false => match self.next_part(connection, Some(after)).await? {
                Some(part) => (part, Some(part.first)),
                None => return Ok(ContactPage { contacts: Vec::new(), next: None, is_cut: false }),
            },
        };
        let found = self.rows(connection, part, limit + 1).await?;
        page(connection, self.owner, &found, further, limit).await
    }

    /// Counts the contacts, and returns the newest of them: at most `limit`, fewer if they are large.
    pub(crate) async fn preview(
        &self,
        connection: &mut PgConnection,
        limit: i64,
    ) -> Result<(i64, Vec<Contact>), StoreError> {
        let statement = format!("SELECT count(*) FROM contacts WHERE {}", self.condition());
        let (mut count, mut newest) = (0, Vec::new());
        let mut part = None;
        while let Some(next) = self.next_part(connection, part).await? {
            let query = self.bind(sql::query(AssertSqlSafe(statement.clone())), next);
            let found: i64 = query.fetch_one(&mut *connection).await?.try_get(0)?;
            count += found;
            let room = limit - newest.len() as i64;
            if found > 0 && room > 0 {
                newest.extend(self.newest(connection, next, room).await?);
            }
            part = Some(next);
        }
        Ok((count, sorted(connection, self.owner, newest).await?))
    }

    async fn newest(
        &self,
        connection: &mut PgConnection,
        part: ContactRange,
        limit: i64,
    ) -> Result<Vec<Contact>, StoreError> {
        let found = self.rows(connection, part, limit).await?;
        Ok(found.iter().map(Contact::from_row).collect::<Result<_, _>>()?)
    }

    /// Reads the newest contacts of a part: up to `limit`, and no more than a page has room for.
    async fn rows(
        &self,
        connection: &mut PgConnection,
        part: ContactRange,
        limit: i64,
    ) -> Result<Vec<PgRow>, StoreError> {
        let rows = format!(
            "SELECT found.*, {} FROM ({} WHERE {} ORDER BY contact_id DESC LIMIT $8) AS found",
            sized(),
            select_contact(),
            self.condition()
        );
        let statement = bounded::within(PAGE_BYTES, &rows, "contact_id DESC");
        let query = self.bind(sql::query(AssertSqlSafe(statement)), part).bind(limit);
        Ok(query.fetch_all(connection).await?)
    }
}
