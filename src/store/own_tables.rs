//! A large job's own tables. They are filled while they have no index and nobody sees them, then indexed and checked in
//! bulk, then attached: they inherit from `staging`, `issues` and `issue_items` ([`RecordKind::parent`]). Later, [`super::merge`] moves their
//! records to those tables.
//!
//! Bulk work makes this fast: building an index costs a quarter of filling one row by row, and checking a foreign key for
//! all rows at once costs a twentieth of checking it row by row.
//!
//! PostgreSQL lets only the owner of the tables do this, hence [`possible`].

use std::ops::RangeInclusive;

use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};

use super::{RecordKind, StoreError, sql, wall};
use crate::domain::ids::RowId;
use crate::domain::job::JobId;

/// From this many rows on, a job gets tables of its own: bulk loading then saves more than the tables cost.
pub(crate) const MIN_ROWS: u64 = 100_000;

/// Runs a composed statement, since names cannot be parameters. Safe: callers insert only the number of a job, numbers of
/// rows, and names quoted by the server.
async fn run(connection: &mut PgConnection, statement: String) -> Result<(), StoreError> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}

/// The names of a job's own tables.
struct Tables {
    staging: String,
    issues: String,
    items: String,
}

impl Tables {
    fn of(job: JobId) -> Tables {
        let [staging, issues, items] = RecordKind::ALL.map(|kind| kind.own(job));
        Tables { staging, issues, items }
    }
}

/// Returns whether the login role may create and attach these tables.
pub(crate) async fn possible(pool: &PgPool) -> Result<bool, StoreError> {
    let query = "SELECT bool_and(pg_has_role(current_user, relowner, 'USAGE')
                             AND has_schema_privilege(relnamespace::regnamespace::text, 'CREATE')) AS possible
         FROM pg_class WHERE oid IN ('staging'::regclass, 'issues'::regclass, 'issue_items'::regclass)";
    let row = sql::once(pool, query).await?.pop().ok_or(StoreError::Unreadable)?;
    Ok(row.try_get("possible")?)
}

/// Drops the tables of a job, which must not be attached.
pub(crate) async fn discard(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let Tables { staging, issues, items } = Tables::of(job);
    run(connection, format!("DROP TABLE IF EXISTS {items}, {issues}, {staging}")).await
}

/// Creates the tables, after dropping those that an earlier run left. `fillfactor` is the percentage of each page of rows
/// that is filled at first; the free space is for new versions of changed rows, beside the old ones.
pub async fn create(
    connection: &mut PgConnection,
    job: JobId,
    ids: RangeInclusive<RowId>,
    fillfactor: u8,
) -> Result<(), StoreError> {
    discard(connection, job).await?;
    let Tables { staging, issues, items } = Tables::of(job);
    let (first, last) = (ids.start(), ids.end());
    let names = format!(
        "SELECT quote_literal(pg_get_serial_sequence('issues', 'issue_id')),
             quote_literal(pg_get_serial_sequence('issue_items', 'issue_item_id')), {}",
        wall::ROLE
    );
    let (issue_id, item_id, role): (String, String, Option<String>) =
        sql::query_as(AssertSqlSafe(names)).fetch_one(&mut *connection).await?;
    let close = role.map(|role| wall::close_own(&role, job, |_| true)).unwrap_or_default();
    // The checks keep the planner from reading this table for a query about another row or job.
    let statement = format!(
        "CREATE TABLE {staging} (LIKE staging INCLUDING DEFAULTS,
             CONSTRAINT {staging}_ids CHECK (staging_id >= {first} AND staging_id <= {last}),
             CONSTRAINT {staging}_of CHECK (staging_job_id = {job}))
             WITH (fillfactor = {fillfactor});
         CREATE TABLE {issues} (LIKE issues INCLUDING DEFAULTS INCLUDING GENERATED,
             CONSTRAINT {issues}_of CHECK (issues_job_id = {job}));
         ALTER TABLE {issues} ALTER issue_id SET DEFAULT nextval({issue_id});
         CREATE TABLE {items} (LIKE issue_items INCLUDING DEFAULTS);
         ALTER TABLE {items} ALTER issue_item_id SET DEFAULT nextval({item_id});
         {close}"
    );
    run(connection, statement).await
}

/// Memory for sorting a large index and for comparing two tables. Disables parallel workers: two connections build at the
/// same time, which is as much of the server as one job should use.
const BULK: &str = "SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL max_parallel_maintenance_workers = 0;
         SET LOCAL max_parallel_workers_per_gather = 0";

/// Builds the unique index over the job's row hashes. The hash comes first, since it differs between entries, which makes
/// sorting fastest.
pub async fn index_hashes(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let Tables { staging, .. } = Tables::of(job);
    let statement = format!(
        "{BULK};
         CREATE UNIQUE INDEX IF NOT EXISTS {staging}_row_hash ON {staging} (staging_row_hash, staging_job_id)"
    );
    run(connection, statement).await
}

/// Builds the index that becomes the primary key of the job's rows.
pub async fn index_ids(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let Tables { staging, .. } = Tables::of(job);
    run(connection, format!("CREATE UNIQUE INDEX IF NOT EXISTS {staging}_pkey ON {staging} (staging_id)"))
        .await
}

/// Builds the indexes over the job's issues.
pub async fn index_issues(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let Tables { issues, .. } = Tables::of(job);
    let statement = format!(
        "{BULK};
         CREATE UNIQUE INDEX IF NOT EXISTS {issues}_pkey ON {issues} (issue_id);
         CREATE UNIQUE INDEX IF NOT EXISTS {issues}_key ON {issues} (issue_key, issue_type, issues_job_id);
         CREATE INDEX IF NOT EXISTS {issues}_review ON {issues} (issue_rank, issue_id, issue_resolved, issues_job_id);
         ANALYZE {issues}"
    );
    run(connection, statement).await
}

/// Builds the indexes over the links between the job's issues and rows.
pub async fn index_items(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let Tables { items, .. } = Tables::of(job);
    let statement = format!(
        "{BULK};
         CREATE UNIQUE INDEX IF NOT EXISTS {items}_pkey ON {items} (issue_item_id);
         CREATE UNIQUE INDEX IF NOT EXISTS {items}_issue ON {items} (item_issue_id, item_staging_id);
         CREATE INDEX IF NOT EXISTS {items}_staging ON {items} (item_staging_id);
         ANALYZE {items}"
    );
    run(connection, statement).await
}

/// Declares the primary keys, and the foreign keys without checking existing rows. Briefly locks `jobs` against writes;
/// fails with a transient error after waiting half a second for that lock.
pub async fn declare_keys(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let Tables { staging, issues, items } = Tables::of(job);
    let query = "SELECT count(*) FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype = 'p'";
    let declared: i64 = sql::query_scalar(query).bind(&staging).fetch_one(&mut *connection).await?;
    if declared > 0 {
        return Ok(());
    }
    let statement = format!(
        "SET LOCAL lock_timeout = '500ms';
         ALTER TABLE {staging} ADD PRIMARY KEY USING INDEX {staging}_pkey,
             ADD CONSTRAINT {staging}_job FOREIGN KEY (staging_job_id) REFERENCES jobs ON DELETE CASCADE NOT VALID;
         ALTER TABLE {issues} ADD PRIMARY KEY USING INDEX {issues}_pkey,
             ADD CONSTRAINT {issues}_job FOREIGN KEY (issues_job_id) REFERENCES jobs ON DELETE CASCADE NOT VALID;
         ALTER TABLE {items} ADD PRIMARY KEY USING INDEX {items}_pkey,
             ADD CONSTRAINT {items}_issue_key FOREIGN KEY (item_issue_id) REFERENCES {issues} ON DELETE CASCADE NOT VALID,
             ADD CONSTRAINT {items}_row_key FOREIGN KEY (item_staging_id) REFERENCES {staging} ON DELETE CASCADE NOT VALID"
    );
    run(connection, statement).await
}

/// Checks the foreign keys of rows and issues, each for all rows at once.
pub(crate) async fn check_jobs(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let Tables { staging, issues, .. } = Tables::of(job);
    let statement = format!(
        "ALTER TABLE {staging} VALIDATE CONSTRAINT {staging}_job;
         ALTER TABLE {issues} VALIDATE CONSTRAINT {issues}_job;
         ANALYZE {staging}"
    );
    run(connection, statement).await
}

/// Checks the foreign keys of the links, each for all rows at once.
pub(crate) async fn check_items(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let Tables { items, .. } = Tables::of(job);
    let statement = format!(
        "{BULK};
         ALTER TABLE {items} VALIDATE CONSTRAINT {items}_issue_key;
         ALTER TABLE {items} VALIDATE CONSTRAINT {items}_row_key"
    );
    run(connection, statement).await
}

/// Attaches the tables, so that their records are visible to others after the commit. Waits for locks like
/// [`declare_keys`].
pub async fn attach(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let inherit =
        RecordKind::ALL.map(|kind| format!("ALTER TABLE {} INHERIT {}", kind.own(job), kind.parent()));
    run(connection, format!("SET LOCAL lock_timeout = '500ms'; {}", inherit.join("; "))).await
}

/// Drops a job's tables with their records, whether they are attached or not. Locks and waits like [`declare_keys`]. In the
/// transaction of a request, it switches to the login role, which owns the tables.
pub(crate) async fn drop(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let Tables { staging, issues, items } = Tables::of(job);
    let drop = format!("DROP TABLE IF EXISTS {items}, {issues}, {staging}");
    run(connection, format!("SET LOCAL lock_timeout = '500ms'; {}", wall::outside(&drop))).await
}
