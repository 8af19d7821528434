//! The wall: row-level security by owner, for the transactions of [`OwnerPool`](super::OwnerPool).
//!
//! Statements filter by owner; the wall protects against one that forgets to. A transaction for an owner switches to a
//! role without a login, and policies show that role only the rows of the owner in `ingest.owner`. Runs, migrations and
//! sign-in keep the login role, which owns the tables or is admitted by a policy for everybody.
//!
//! All databases of a server share its roles, and a role with rights in two databases would let a login of one into the
//! other. So each database has its own role, and the role's name contains the number of the database.

use std::collections::BTreeSet;

use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, FromRow, PgConnection};

use super::{RecordKind, StoreError, schema_turn, sql};
use crate::domain::job::JobId;

/// An SQL expression for the name of the role for requests; NULL if the role does not exist.
pub(super) const ROLE: &str = "(SELECT rolname::text FROM pg_roles
     WHERE rolname = 'ingest_requests_' || (SELECT oid FROM pg_database WHERE datname = current_database()))";

/// The name of the policies for requests. Versions whose conditions differ use different names, so that `ingest migrate`
/// finds the tables whose policies are older.
const POLICY: &str = "ingest_requests";
/// The name in versions before migration 27. On the own tables of large jobs, these policies are as good, only slower.
const OLDER_POLICY: &str = "ingest_owner";
/// The names of all policies for requests.
pub(super) const POLICIES: [&str; 2] = [POLICY, OLDER_POLICY];

/// Which rows of a table a transaction sees, by a column.
#[derive(Debug, Clone, Copy)]
enum Condition {
    /// Rows of the transaction's owner.
    Owner(&'static str),
    /// Rows of jobs that the owner sees.
    AnyJob(&'static str),
    /// The same, but without a query for the current job of the transaction. [`super::jobs::get`] and
    /// [`super::jobs::lock`] set the current job, and return only jobs of the owner.
    Job(&'static str),
    /// Rows of actions, like [`Condition::Job`]: the current action of the transaction is the one that it read or recorded
    /// last.
    Action(&'static str),
}

impl Condition {
    /// Returns the condition of the policy. `job_id_type` is the type of the columns of `job_id`.
    ///
    /// The current job and action are subqueries, which run once per statement: a statement may read many rows. The owner is
    /// not, since a subquery is planned for each statement.
    fn sql(self, job_id_type: &str) -> String {
        let or_current = |column, setting, kind, sees| {
            format!(
                "{column} = (SELECT nullif(current_setting('{setting}', true), '')::{kind}) OR {sees}({column})"
            )
        };
        match self {
            Condition::Owner(column) => format!("{column} = current_setting('ingest.owner', true)"),
            Condition::AnyJob(column) => format!("ingest_sees_job({column})"),
            Condition::Job(column) => or_current(column, "ingest.job", job_id_type, "ingest_sees_job"),
            Condition::Action(column) => or_current(column, "ingest.action", "bigint", "ingest_sees_action"),
        }
    }
}

/// The rights of requests to the rows of a job.
const DECIDE: &str = "SELECT, UPDATE, DELETE";
/// The rights of requests to the issues of a job: new values of rows can raise some.
const RAISE: &str = "SELECT, INSERT, UPDATE, DELETE";
/// The rights of requests to the links between issues and rows: those of new issues.
const LINK: &str = "SELECT, INSERT";

/// A table that requests use, their rights to it, and the condition of its policy.
struct Table(&'static str, &'static str, Option<Condition>);

/// All tables that requests use. Requests have no rights to other tables, except those of large jobs.
const TABLES: [Table; 19] = {
    use Condition::{Action, AnyJob, Job, Owner};
    [
        Table("jobs", "SELECT, INSERT, UPDATE, DELETE", Some(Owner("job_user_id"))),
        Table("staging", DECIDE, Some(Job("staging_job_id"))),
        Table("issues", RAISE, Some(Job("issues_job_id"))),
        // Only pairs of numbers. Requests add those of new issues, and change none. A query for the issue of each would make pages
        // of them slow.
        Table("issue_items", LINK, None),
        Table("contacts", "SELECT, INSERT, UPDATE, DELETE", Some(Owner("contacts_user_id"))),
        // Triggers record the changes, as the owner of the table.
        Table("contact_log", "SELECT", Some(Owner("log_owner"))),
        Table("deleted_contacts", "SELECT, INSERT, UPDATE, DELETE", Some(Owner("deleted_owner"))),
        Table("contact_changes", "SELECT, INSERT, UPDATE, DELETE", Some(Owner("change_owner"))),
        Table("actions", "SELECT, INSERT, UPDATE", Some(Owner("action_owner"))),
        Table("action_rows", "SELECT, INSERT, DELETE", Some(Action("row_action_id"))),
        Table("column_mappings", "SELECT, INSERT, UPDATE, DELETE", Some(Owner("mapping_owner"))),
        Table("contact_columns", "SELECT, DELETE", Some(Owner("column_owner"))),
        Table("erasures", "SELECT, INSERT, UPDATE", Some(Owner("erasure_owner"))),
        Table("undo_progress", "SELECT", Some(AnyJob("undo_job_id"))),
        Table("run_progress", "SELECT", Some(AnyJob("run_job_id"))),
        Table("webhooks", "SELECT, INSERT, UPDATE, DELETE", Some(Owner("webhook_owner"))),
        Table("webhook_deliveries", "SELECT, INSERT, UPDATE", Some(Owner("delivery_owner"))),
        Table("uploads", "SELECT, INSERT, UPDATE", Some(Owner("upload_owner"))),
        Table("upload_parts", "SELECT, INSERT, UPDATE, DELETE", Some(Owner("part_owner"))),
    ]
};

/// Returns the statements that protect a table. The policy for everybody applies to all other roles.
fn close(role: &str, table: &str, rights: &str, condition: Option<&str>) -> String {
    let grant = format!("GRANT {rights} ON {table} TO {role};");
    let Some(condition) = condition else { return grant };
    format!(
        "{grant}
         ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
         DROP POLICY IF EXISTS ingest_everybody ON {table};
         DROP POLICY IF EXISTS {OLDER_POLICY} ON {table};
         DROP POLICY IF EXISTS {POLICY} ON {table};
         CREATE POLICY ingest_everybody ON {table} USING (true);
         CREATE POLICY {POLICY} ON {table} AS RESTRICTIVE TO {role} USING ({condition});"
    )
}

/// Returns the statements that protect those of a large job's own tables for which `is_wanted` returns `true`.
pub(super) fn close_own(role: &str, job: JobId, is_wanted: impl Fn(&str) -> bool) -> String {
    // As a subquery, it runs once per statement and not for each row.
    let visible = format!("(SELECT ingest_sees_job({job}))");
    let tables = [
        (RecordKind::Rows.own(job), DECIDE, Some(visible.as_str())),
        (RecordKind::Issues.own(job), RAISE, Some(visible.as_str())),
        (RecordKind::Items.own(job), LINK, None),
    ];
    let wanted = tables.iter().filter(|(name, ..)| is_wanted(name));
    wanted.map(|(name, rights, condition)| close(role, name, rights, *condition)).collect()
}

/// Returns a statement that runs `statements` as the login role, for what only the owner of the tables may do.
pub(super) fn outside(statements: &str) -> String {
    format!(
        "DO $outside$ DECLARE inside text := current_setting('role'); BEGIN
             PERFORM set_config('role', 'none', true);
             {statements};
             PERFORM set_config('role', inside, true);
         END $outside$"
    )
}

/// The state of the wall, for the login role of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Wall {
    /// The name of the role for requests.
    role: String,
    /// The login role, quoted.
    login: String,
    schema: String,
    database: String,
    exists: bool,
    /// Whether the login role may switch to the role.
    may_take: bool,
    /// Whether the role may use the schema and create temporary tables.
    has_rights: bool,
    /// Tables that requests use and that are not protected yet.
    open_tables: Vec<String>,
    /// Whether the role's policies always apply to the login role.
    binds_login: bool,
    owns_tables: bool,
    may_make_roles: bool,
    /// Whether memberships have options (PostgreSQL 16 and newer).
    has_options: bool,
    /// The type of the columns of `job_id`.
    job_id_type: String,
}

from_row!(Wall {
    role,
    login,
    schema,
    database,
    exists,
    may_take,
    has_rights,
    open_tables,
    binds_login,
    owns_tables,
    may_make_roles,
    has_options,
    job_id_type
});

impl Wall {
    /// Queries the state, in one round trip.
    pub(crate) async fn of(pool: &PgPool) -> Result<Wall, StoreError> {
        let row = sql::once(pool, &Wall::query()).await?.pop().ok_or(StoreError::Unreadable)?;
        Ok(Wall::from_row(&row)?)
    }

    fn query() -> String {
        let names: Vec<String> = TABLES.iter().map(|Table(name, ..)| format!("'{name}'")).collect();
        let needed = TABLES.map(|Table(name, rights, _)| {
            let rights = rights.split(", ").map(|right| format!("('{name}', '{right}')"));
            rights.collect::<Vec<_>>().join(", ")
        });
        format!(
            "SELECT name AS role, quote_ident(current_user) AS login, quote_ident(nspname) AS schema,
                quote_ident(current_database()) AS database, requests.oid IS NOT NULL AS exists,
                coalesce(pg_has_role(requests.oid, CASE WHEN has_options THEN 'SET' ELSE 'MEMBER' END), false) AS may_take,
                coalesce(has_schema_privilege(requests.oid, nspname, 'USAGE')
                     AND has_database_privilege(requests.oid, current_database(), 'TEMPORARY'), false) AS has_rights,
                ARRAY(SELECT relname::text FROM pg_class AS open
                      WHERE relnamespace = jobs.relnamespace AND relkind IN ('r', 'p')
                        AND (relname IN ({}) OR relname ~ '^(staging|issues|issue_items)_job_[0-9]+$')
                        AND NOT (coalesce(has_table_privilege(requests.oid, open.oid, 'SELECT'), false)
                                 AND NOT EXISTS (
                                     SELECT FROM (VALUES {}) AS needed (name, privilege)
                                     WHERE name = regexp_replace(relname, '_job_[0-9]+$', '')
                                       AND NOT has_table_privilege(requests.oid, open.oid, privilege))
                                 AND (relname ~ '^issue_items' OR relrowsecurity AND EXISTS (
                                     SELECT FROM pg_policy WHERE polrelid = open.oid AND requests.oid = ANY (polroles)
                                       AND (polname = '{POLICY}' OR relname ~ '_job_[0-9]+$'))))
                      ORDER BY relname) AS open_tables,
                coalesce(pg_has_role(requests.oid, 'USAGE') AND row_security_active(jobs.oid), false) AS binds_login,
                pg_has_role(jobs.relowner, 'USAGE') AS owns_tables,
                (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS may_make_roles,
                has_options,
                (SELECT format_type(atttypid, NULL) FROM pg_attribute
                 WHERE attrelid = 'staging'::regclass AND attname = 'staging_job_id') AS job_id_type
             FROM (SELECT 'ingest_requests_' || oid AS name,
                          current_setting('server_version_num')::integer >= 160000 AS has_options
                   FROM pg_database WHERE datname = current_database()) AS named
             LEFT JOIN pg_roles AS requests ON rolname = name
             CROSS JOIN pg_class AS jobs JOIN pg_namespace ON pg_namespace.oid = relnamespace
             WHERE jobs.oid = 'jobs'::regclass",
            names.join(", "),
            needed.join(", ")
        )
    }

    /// Returns the role that transactions for owners switch to; `None` if the wall is not complete.
    pub(crate) fn role(&self) -> Option<&str> {
        (self.may_take && self.has_rights && self.open_tables.is_empty()).then_some(self.role.as_str())
    }

    /// Fails if the policies apply to the login role itself: runs would then see no job.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if !self.binds_login {
            return Ok(());
        }
        let (login, advice) = (self.login.clone(), self.membership());
        Err(StoreError::BoundByWall { login, advice })
    }

    /// Returns the statements that complete the wall; `None` if it is complete.
    pub(crate) fn advice(&self) -> Option<String> {
        if self.role().is_some() {
            return None;
        }
        let Wall { role, schema, database, .. } = self;
        let mut advice = Vec::new();
        if !self.exists {
            advice.push(format!("CREATE ROLE {role} NOLOGIN"));
        }
        if !self.may_take {
            advice.push(self.membership());
        }
        if self.exists && !self.has_rights {
            advice.push(format!("GRANT USAGE ON SCHEMA {schema} TO {role}"));
            advice.push(format!("GRANT TEMPORARY ON DATABASE {database} TO {role}"));
        }
        if !self.open_tables.is_empty() {
            let sql: String = advice.iter().map(|statement| format!("{statement}; ")).collect();
            return Some(format!("{sql}then, as the owner of the tables, `ingest migrate`"));
        }
        Some(advice.join("; "))
    }

    /// Returns the statements that let the login role switch to the role without its policies applying to the login role.
    fn membership(&self) -> String {
        let Wall { role, login, .. } = self;
        match (self.has_options, self.owns_tables) {
            (true, _) => format!("GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE"),
            (false, true) => format!("GRANT {role} TO {login}"),
            (false, false) => format!("ALTER ROLE {login} NOINHERIT; GRANT {role} TO {login}"),
        }
    }
}

/// Builds the missing parts of the wall, as far as the login role may. If nothing is missing, nothing is locked or written.
pub(super) async fn build(pool: &PgPool) -> Result<(), StoreError> {
    let wall = Wall::of(pool).await?;
    let can_build = wall.owns_tables && (wall.exists || wall.may_make_roles);
    if !can_build || wall.role().is_some() {
        return Ok(());
    }
    let mut transaction = sql::begin(pool).await?;
    schema_turn::take(&mut transaction).await?;
    if wall.may_make_roles && !(wall.may_take && wall.has_rights) {
        create_role(&mut transaction, &wall).await?;
    }
    close_open(&mut transaction).await?;
    Ok(transaction.commit().await?)
}

/// Protects all tables that are open, if the role for requests exists.
pub(super) async fn close_open(connection: &mut PgConnection) -> Result<(), StoreError> {
    let row = sqlx::raw_sql(AssertSqlSafe(Wall::query())).fetch_one(&mut *connection).await?;
    let wall = Wall::from_row(&row)?;
    match wall.exists {
        true => close_all(connection, &wall).await,
        false => Ok(()),
    }
}

/// Creates the role and lets the login role switch to it. Ignores errors of statements that another process has already
/// run or that the server refuses.
async fn create_role(connection: &mut PgConnection, wall: &Wall) -> Result<(), StoreError> {
    let Wall { role, schema, database, .. } = wall;
    let statements = [
        format!("CREATE ROLE {role} NOLOGIN"),
        wall.membership(),
        format!("GRANT USAGE ON SCHEMA {schema} TO {role}"),
        format!("GRANT TEMPORARY ON DATABASE {database} TO {role}"),
    ];
    for statement in statements {
        let attempt = format!(
            "DO $attempt$ BEGIN {statement}; EXCEPTION
                 WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL; END $attempt$"
        );
        sqlx::raw_sql(AssertSqlSafe(attempt)).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn close_all(connection: &mut PgConnection, wall: &Wall) -> Result<(), StoreError> {
    let (role, is_open) = (&wall.role, |name: &str| wall.open_tables.iter().any(|open| open == name));
    for Table(name, rights, condition) in TABLES.iter().filter(|Table(name, ..)| is_open(name)) {
        let condition = condition.map(|condition| condition.sql(&wall.job_id_type));
        let statements = close(role, name, rights, condition.as_deref());
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut *connection).await?;
    }
    let functions = "SELECT string_agg(oid::regprocedure::text, ', ') FROM pg_proc
         WHERE proname IN ('ingest_sees_job', 'ingest_sees_action', 'ingest_unaccented', 'ingest_folded', 'ingest_search_keys',
                         'ingest_search_candidates')
           AND pronamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'jobs'::regclass)";
    let functions: String = sql::query_scalar(functions).fetch_one(&mut *connection).await?;
    let call = AssertSqlSafe(format!("GRANT EXECUTE ON FUNCTION {functions} TO {role}"));
    sqlx::raw_sql(call).execute(&mut *connection).await?;
    // Sequences supply the numbers of new issues and links and, in a database created by upstream, those of new jobs.
    let counters = AssertSqlSafe(format!(
        "DO $counters$ DECLARE counter text; BEGIN
             FOR counter IN SELECT pg_get_serial_sequence(relation, name) FROM (VALUES
                 ('jobs', 'job_id'), ('issues', 'issue_id'), ('issue_items', 'issue_item_id')) AS ids (relation, name)
             LOOP
                 IF counter IS NOT NULL THEN EXECUTE format('GRANT USAGE ON SEQUENCE %s TO {role}', counter); END IF;
             END LOOP;
         END $counters$"
    ));
    sqlx::raw_sql(counters).execute(&mut *connection).await?;
    let jobs: BTreeSet<JobId> =
        wall.open_tables.iter().filter_map(|name| name.rsplit_once("_job_")?.1.parse().ok()).collect();
    for job in jobs {
        let statements = AssertSqlSafe(close_own(role, job, is_open));
        sqlx::raw_sql(statements).execute(&mut *connection).await?;
    }
    Ok(())
}
