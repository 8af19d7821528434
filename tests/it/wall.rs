//! Row-level security, the second wall: a statement for an owner that lacks the condition on the owner reaches no data
//! of others.

use ingest::actions::{self, Request};
use ingest::domain::decision::{Decision, Edits, Field, Filter};
use ingest::domain::ids::ContactId;
use ingest::domain::job::{JobId, Owner};
use ingest::domain::rules::IssueType;
use ingest::store::{OwnerPool, jobs, staging};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Row};

use crate::support::World;

const HEADER: &str = "email,first_name,last_name,company\n";
const OWNERS: [&str; 2] = ["tester", "other"];
/// Tables whose rows everybody may read, and why.
const SHOWN: &[(&str, &str)] =
    &[("issue_items", "pairs of numbers without meaning to whoever cannot see the issue and the row")];

/// Creates the same data for two owners, in shared tables and in tables of large jobs.
async fn two_owners() -> World {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let mut worker = world.spawn(&["worker"]);
    for owner in OWNERS {
        let request = request(owner);
        let clean: String = (0..20).map(|row| format!("{owner}{row}@example.com,Ann,Lee,Acme\n")).collect();
        let job = world.enqueue("clean.csv", &format!("{HEADER}{clean}"), owner).await;
        assert_eq!(world.status_after_run(job).await, "COMPLETED", "{}", world.log());
        for rows in [50, 100_001] {
            let rows: String = (0..rows).map(|row| format!("{row}@example.com,Ann,Lee{row},\n")).collect();
            let content = format!("{HEADER}{}", rows.replacen("0@example.com", "bad", 1));
            let job = world.enqueue("dirty.csv", &content, owner).await;
            assert_eq!(world.status_after_run(job).await, "NEEDS_REVIEW", "{}", world.log());
            let bad = Filter { issue_type: Some(IssueType::InvalidEmail), ..Filter::default() };
            let done =
                actions::decide(&world.owners, &request, JobId(job.into()), &bad, &Decision::Discard).await;
            assert_eq!(done.unwrap().changed.discarded, 1);
            let progress = "INSERT INTO undo_progress VALUES ($1, 1, 2, now() + interval '1 hour')";
            sqlx::query(progress).bind(job).execute(&world.pool).await.unwrap();
            let progress = "INSERT INTO run_progress
                            VALUES ($1, gen_random_uuid(), 'SAVING', 1, 2, now() + interval '1 hour')";
            sqlx::query(progress).bind(job).execute(&world.pool).await.unwrap();
        }
        let contact = "SELECT max(contact_id) FROM contacts WHERE contacts_user_id = $1";
        let contact: ContactId =
            sqlx::query_scalar(contact).bind(owner).fetch_one(&world.pool).await.unwrap();
        let edits = Edits::of(Field::Company, "Acme Ltd");
        actions::edit_contact(&world.owners, &request, contact, &edits, None).await.unwrap();
        let deleted = actions::delete_contact(&world.owners, &request, contact, None).await.unwrap();
        assert_eq!(deleted.deleted, 1);
        let mapping = "INSERT INTO column_mappings (mapping_owner, mapping_shape, mapping_columns)
             VALUES ($1, 'shape', '{}')";
        sqlx::query(mapping).bind(owner).execute(&world.pool).await.unwrap();
        let column = "INSERT INTO contact_columns VALUES ($1, 'Notes', 1)";
        sqlx::query(column).bind(owner).execute(&world.pool).await.unwrap();
        let erasure = "INSERT INTO erasures (erasure_owner, erasure_actor) VALUES ($1, 'a test')";
        sqlx::query(erasure).bind(owner).execute(&world.pool).await.unwrap();
        let webhook = "WITH webhook AS (
                 INSERT INTO webhooks (webhook_owner, webhook_url, webhook_secret, webhook_events)
                 VALUES ($1, 'https://example.com', 'whsec_AAAA', '{job.failed}') RETURNING webhook_id)
             INSERT INTO webhook_deliveries (delivery_owner, delivery_webhook_id, delivery_event, delivery_due_at)
             SELECT $1, webhook_id, 'webhook.test', NULL FROM webhook";
        sqlx::query(webhook).bind(owner).execute(&world.pool).await.unwrap();
        let upload = "WITH upload AS (
                 INSERT INTO uploads (upload_owner, upload_bytes, upload_expires_at)
                 VALUES ($1, 1, now() + interval '1 day') RETURNING upload_id)
             INSERT INTO upload_parts (part_key, part_owner, part_upload_id, part_offset)
             SELECT 'part of ' || $1, $1, upload_id, 0 FROM upload";
        sqlx::query(upload).bind(owner).execute(&world.pool).await.unwrap();
    }
    assert_eq!(worker.term_and_wait().await, Some(0));
    world
}

fn request(owner: &str) -> Request {
    Request { owner: Owner(owner.to_owned()), actor: "a test".to_owned(), idempotency: None }
}

/// A table that the role for requests may read.
struct Readable {
    name: String,
    rows: i64,
    may_update: bool,
    may_delete: bool,
    /// A column that can be written.
    column: String,
}

async fn readable(world: &World) -> Vec<Readable> {
    let query = "SELECT relname::text AS name, has_table_privilege(requests.oid, c.oid, 'UPDATE') AS may_update,
             has_table_privilege(requests.oid, c.oid, 'DELETE') AS may_delete,
             (SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                AND attidentity <> 'a' AND attgenerated = '' ORDER BY attnum DESC LIMIT 1) AS column
         FROM pg_class c, pg_roles requests
         WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace = 'public'::regnamespace
           AND rolname = 'ingest_requests_' || (SELECT oid FROM pg_database WHERE datname = current_database())
           AND has_any_column_privilege(requests.oid, c.oid, 'SELECT') ORDER BY 1";
    let mut tables = Vec::new();
    for row in sqlx::query(query).fetch_all(&world.pool).await.unwrap() {
        let name: String = row.get("name");
        let rows = format!("SELECT count(*) FROM {name}");
        let rows = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&world.pool).await.unwrap();
        let (may_update, may_delete) = (row.get("may_update"), row.get("may_delete"));
        tables.push(Readable { name, rows, may_update, may_delete, column: row.get("column") });
    }
    tables
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_without_a_condition_reach_only_the_owners_rows() {
    let world = two_owners().await;
    let tables = readable(&world).await;
    let expected = ["jobs", "staging", "issues", "contacts", "deleted_contacts", "actions", "action_rows"];
    let is_there = |name: &str| tables.iter().any(|table| table.name == name);
    assert!(expected.into_iter().all(is_there) && tables.len() >= 11 + 6, "{}", tables.len());
    for table in &tables {
        let Readable { name, rows, .. } = table;
        let shown =
            SHOWN.iter().any(|(shown, _)| name == shown || name.starts_with(&format!("{shown}_job_")));
        if shown {
            assert!(!table.may_update && !table.may_delete, "{name}");
            continue;
        }
        let mut seen = Vec::new();
        for owner in OWNERS {
            seen.push(reached(&world.owners, owner, table).await);
        }
        assert!(*rows > 0, "{name}: the test has no rows in this table");
        assert_eq!(seen.iter().sum::<i64>(), *rows, "{name}: {seen:?} of {rows} are seen by {OWNERS:?}");
        if !name.contains("_job_") {
            assert_eq!(seen[0], seen[1], "{name}: each sees as much");
        }
    }
    for secret in ["api_tokens", "browser_sessions", "pending_sign_ins", "provider_roles", "object_events"] {
        assert!(!is_there(secret), "{secret} is no request's to read");
    }
}

/// Counts the rows that an owner can read, and checks that as many can be updated and deleted.
async fn reached(owners: &OwnerPool, owner: &str, table: &Readable) -> i64 {
    let owner = Owner(owner.to_owned());
    let Readable { name, column, .. } = table;
    let count = AssertSqlSafe(format!("SELECT count(*) FROM {name}"));
    let mut transaction = owners.read(&owner).await.unwrap();
    let seen: i64 = sqlx::query_scalar(count).fetch_one(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    let mut changes = Vec::new();
    if table.may_update {
        changes.push(format!("UPDATE {name} SET {column} = {column}"));
    }
    if table.may_delete {
        changes.push(format!("DELETE FROM {name}"));
    }
    for change in changes {
        let mut transaction = owners.begin(&owner).await.unwrap();
        let changed = sqlx::raw_sql(AssertSqlSafe(change.clone())).execute(&mut *transaction).await.unwrap();
        transaction.rollback().await.unwrap();
        assert_eq!(changed.rows_affected() as i64, seen, "{change}");
    }
    seen
}

#[tokio::test]
async fn no_row_is_inserted_for_another_owner() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let mut transaction = world.owners.begin(&Owner("tester".to_owned())).await.unwrap();
    let foreign =
        "INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key) VALUES ('other', 'a', 'a')";
    let refused = sqlx::query(foreign).execute(&mut *transaction).await.unwrap_err().to_string();
    assert!(refused.contains("row-level security"), "{refused}");
    transaction.rollback().await.unwrap();

    let job = world.enqueue("a.csv", HEADER, "other").await;
    let mut transaction = world.owners.begin(&Owner("tester".to_owned())).await.unwrap();
    let foreign = format!(
        "INSERT INTO issues (issues_job_id, issue_type, issue_key) VALUES ({job}, 'INVALID_EMAIL', 'bad')"
    );
    let refused = sqlx::raw_sql(AssertSqlSafe(foreign)).execute(&mut *transaction).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("row-level security"), "{refused}");
}

#[tokio::test]
async fn a_database_of_an_earlier_version_gets_the_missing_rights() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let revoke = "DO $$ BEGIN EXECUTE format('REVOKE DELETE ON contact_changes FROM ingest_requests_%s',
             (SELECT oid FROM pg_database WHERE datname = current_database())); END $$";
    sqlx::raw_sql(revoke).execute(&world.pool).await.unwrap();
    let has_right = "SELECT has_table_privilege('ingest_requests_' || oid, 'contact_changes', 'DELETE')
         FROM pg_database WHERE datname = current_database()";
    let may = async || sqlx::query_scalar::<_, bool>(has_right).fetch_one(&world.pool).await.unwrap();
    assert!(!may().await);
    world.ingest(&["migrate"]).await.expect_status(0);
    assert!(may().await);
}

#[tokio::test]
async fn a_database_of_an_earlier_version_gets_the_policies_of_this_one() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let policies = async || {
        let query = "SELECT relname::text, string_agg(polname, ' ' ORDER BY polname),
                 string_agg(pg_get_expr(polqual, polrelid), '; ' ORDER BY polname)
             FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid GROUP BY relname ORDER BY relname";
        sqlx::query_as::<_, (String, String, String)>(query).fetch_all(&world.pool).await.unwrap()
    };
    let expected = policies().await;
    let older = "DO $$ DECLARE policy record; BEGIN
             FOR policy IN SELECT polrelid::regclass AS name FROM pg_policy WHERE polname = 'ingest_requests' LOOP
                 EXECUTE format('ALTER POLICY ingest_requests ON %s RENAME TO ingest_owner', policy.name);
                 EXECUTE format('ALTER POLICY ingest_owner ON %s USING (true)', policy.name);
             END LOOP; END $$";
    sqlx::raw_sql(older).execute(&world.pool).await.unwrap();
    assert_ne!(policies().await, expected);
    world.ingest(&["migrate"]).await.expect_status(0);
    assert_eq!(policies().await, expected);
}

/// Opens the world's database as another role, which is created with these attributes.
pub(crate) async fn as_role(world: World, name: &str, attributes: &str) -> World {
    let make = format!(
        "DO $$ BEGIN CREATE ROLE {name} LOGIN PASSWORD 'secret' {attributes}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    );
    as_superuser(&world, &make).await;
    let url = world.variable("DATABASE_URL").replace("//ingest:", &format!("//{name}:"));
    world.with(&[("DATABASE_URL", &url)])
}

pub(crate) async fn as_superuser(world: &World, statements: &str) {
    let pool = PgPool::connect(&world.superuser_url().await).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&pool).await.unwrap();
    pool.close().await;
}

/// Returns the statements that `ingest doctor` advises.
async fn advised(world: &World) -> String {
    let doctor = world.ingest(&["doctor"]).await;
    doctor.expect_status(0);
    let line = doctor.stdout.lines().find(|line| line.contains("row security")).unwrap_or_default();
    assert!(line.starts_with("WARN"), "{}", doctor.stdout);
    let (_, advice) = line.split_once("too, run ").expect("it names the statements to run");
    advice.split("; then, as").next().unwrap().to_owned()
}

/// Returns the number of jobs that `tester` counts without a condition on the owner.
async fn jobs_seen(world: &World) -> i64 {
    let pool =
        PgPoolOptions::new().max_connections(2).connect(&world.variable("DATABASE_URL")).await.unwrap();
    let owners = OwnerPool::new(pool.clone(), pool);
    let mut transaction = owners.read(&Owner("tester".to_owned())).await.unwrap();
    let count = sqlx::query_scalar("SELECT count(*) FROM jobs").fetch_one(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    owners.close().await;
    count
}

/// Imports, reviews, reprocesses and deletes a job, and adds a job of another owner.
pub(crate) async fn use_every_part(world: &World, name: &str) {
    let good: String = (0..6_000).map(|row| format!("{name}{row}@example.com,Ann,Lee,Acme\n")).collect();
    let file = world.file(&format!("{name}.csv"), &format!("{HEADER}{good}bad,Bo,Ray,Acme\n"));
    world.ingest(&["import", &file]).await.expect_status(3);
    let job: i32 = sqlx::query_scalar("SELECT max(job_id) FROM jobs").fetch_one(&world.pool).await.unwrap();
    let bad = "SELECT staging_id FROM staging WHERE staging_email = 'bad' AND staging_job_id = $1";
    let bad: i64 = sqlx::query_scalar(bad).bind(job).fetch_one(&world.pool).await.unwrap();
    world.ingest(&["discard", &bad.to_string()]).await.expect_status(0);
    world.ingest(&["reprocess", &job.to_string()]).await.expect_status(0);
    let made = world.contacts("tester").await.into_iter().filter(|contact| contact.starts_with(name)).count();
    assert_eq!(made, 6_000);
    world.enqueue_silently("other.csv", HEADER, "other").await;
}

#[tokio::test]
async fn without_createrole_the_wall_needs_the_advised_statements() {
    let world = as_role(World::empty_database().await, "unable", "").await;
    let database = world.database_name().await;
    as_superuser(&world, &format!("ALTER DATABASE {database} OWNER TO unable; GRANT unable TO ingest")).await;
    world.ingest(&["migrate"]).await.expect_status(0);
    use_every_part(&world, "before").await;
    assert_eq!(jobs_seen(&world).await, 2, "without the wall, all jobs are visible");
    let advice = advised(&world).await;
    assert!(advice.contains("CREATE ROLE ingest_requests_"), "{advice}");

    as_superuser(&world, &advice).await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let doctor = world.ingest(&["doctor"]).await;
    assert!(doctor.stdout.contains("requests use the role ingest_requests_"), "{}", doctor.stdout);
    assert_eq!(jobs_seen(&world).await, 1);
    use_every_part(&world, "after").await;
}

#[tokio::test]
async fn a_role_with_dml_only_can_use_the_wall() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let world = as_role(world, "limited", "").await;
    as_superuser(
        &world,
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO limited;
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO limited",
    )
    .await;
    // Policies let it through but reject its COPY, so that many rows are sent in another way.
    use_every_part(&world, "before").await;
    assert_eq!(jobs_seen(&world).await, 2, "without membership, all jobs are visible");
    let advice = advised(&world).await;

    // With a permanent membership, the policies would hide all jobs from its runs.
    let (_, membership) = advice.rsplit_once("GRANT").unwrap();
    let membership = membership.split(" WITH").next().unwrap();
    as_superuser(&world, &format!("GRANT{membership}")).await;
    for command in ["jobs", "worker"] {
        let refused = world.ingest(&[command]).await;
        refused.expect_status(1);
        assert!(refused.stderr.contains("apply to the role limited"), "{}", refused.stderr);
    }
    as_superuser(&world, &advice).await;
    let doctor = world.ingest(&["doctor"]).await;
    assert!(doctor.stdout.contains("requests use the role ingest_requests_"), "{}", doctor.stdout);
    assert_eq!(jobs_seen(&world).await, 1);
    use_every_part(&world, "after").await;
}

/// Rows that a page of 50 may read: its own, and those that the planner reads beyond them because of the statistics.
const READ_FOR_A_PAGE: i64 = 1_000;

#[tokio::test]
async fn a_page_of_rows_reads_few_rows_beyond_it() {
    let world = World::database().await;
    let owner = Owner(OWNERS[0].to_owned());
    let rows: String = (0..45_000).map(|row| format!("{row}@example.com,Ann,Lee{row},Acme\n")).collect();
    let file = world.file("dirty.csv", &format!("{HEADER}{}", rows.replacen("0@example.com", "bad", 1)));
    world.ingest(&["import", &file]).await.expect_status(3);
    sqlx::query("VACUUM (ANALYZE) staging, jobs").execute(&world.pool).await.unwrap();
    let mut db = world.owners.read(&owner).await.unwrap();
    let job = jobs::get(&mut db, &owner, JobId(1)).await.unwrap().expect("the imported job");
    let page = staging::scan(&mut db, &owner, &job, &Filter::default(), None, 50).await.unwrap();
    assert_eq!(page.rows.len(), 50);
    let read = "SELECT (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint
        FROM pg_stat_xact_all_tables WHERE relname = 'staging'";
    let read: i64 = sqlx::query_scalar(read).fetch_one(&mut *db).await.unwrap();
    assert!((51..READ_FOR_A_PAGE).contains(&read), "{read} rows read for a page of 50");
    let compiles: String = sqlx::query_scalar("SHOW jit").fetch_one(&mut *db).await.unwrap();
    assert_eq!(compiles, "off");
}

/// A policy's function that is called for each row takes most of the time of a statement that reads a large job.
#[tokio::test]
async fn a_scan_of_a_large_job_asks_once_whether_its_owner_sees_it() {
    let world = World::database().await;
    let rows: String = (0..100_001).map(|row| format!("{row}@example.com,Ann,Lee{row},Acme\n")).collect();
    let file = world.file("dirty.csv", &format!("{HEADER}{}", rows.replacen("0@example.com", "bad", 1)));
    world.ingest(&["import", &file]).await.expect_status(3);
    let mut connection = world.pool.begin().await.unwrap();
    let enter = "SET LOCAL ingest.owner = 'tester';
        DO $role$ BEGIN EXECUTE 'SET LOCAL ROLE ingest_requests_' ||
            (SELECT oid FROM pg_database WHERE datname = current_database()); END $role$";
    sqlx::raw_sql(enter).execute(&mut *connection).await.unwrap();
    let scan = "EXPLAIN (COSTS OFF) SELECT FROM staging_job_1 WHERE lower(staging_first_name) = 'ann'";
    let plan: Vec<String> = sqlx::query_scalar(scan).fetch_all(&mut *connection).await.unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("InitPlan") && !plan.contains("ingest_sees_job"), "{plan}");
}
