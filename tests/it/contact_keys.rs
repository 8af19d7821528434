//! The keys of contacts: of those that other programs insert, and the index that databases of earlier versions have.

use crate::support::{PgBouncer, World, eventually};

/// The indexes over keys as earlier versions have left them.
const EARLIER: &str =
    "DROP INDEX contacts_owner_key; CREATE UNIQUE INDEX contacts_key ON contacts (contact_key)";

async fn execute(world: &World, statement: &'static str) {
    sqlx::raw_sql(statement).execute(&world.pool).await.unwrap();
}

/// Returns the indexes over keys, and whether they are complete.
async fn indexes(world: &World) -> Vec<String> {
    let query = "SELECT indexrelid::regclass || ' ' || indisvalid || ' ' || indisunique FROM pg_index
         WHERE indrelid = 'contacts'::regclass AND pg_get_indexdef(indexrelid) ~ 'contact_key\\)$' ORDER BY 1";
    sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap()
}

async fn without_key(world: &World) -> i64 {
    let query = "SELECT count(*) FROM contacts WHERE contact_key IS NULL";
    sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap()
}

/// Imports a file whose first address is the owner's already, and asserts that it is found.
async fn assert_existing_contact_is_found(world: &World, file: &str) {
    let file = world.file(
        file,
        "email,first_name,last_name,company\nann0@example.com,New,Lee,Acme\nnew@example.com,Bo,Ray,Acme\n",
    );
    let ended = world.ingest(&["import", &file]).await;
    ended.expect_status(3);
    let query = "SELECT string_agg(issue_type || ' ' || issue_key, ', ' ORDER BY issue_id) FROM issues
         WHERE issues_job_id = (SELECT max(issues_job_id) FROM issues)";
    let found: String = sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap();
    assert_eq!(found, "EXISTING_EMAIL ann0@example.com");
}

async fn first_import(world: &World) {
    let rows: String = (0..50).map(|row| format!("ann{row}@example.com,Ann,Lee{row},Acme\n")).collect();
    let file = world.file("first.csv", &format!("email,first_name,last_name,company\n{rows}"));
    world.ingest(&["import", &file]).await.expect_status(0);
}

#[tokio::test]
async fn others_write_while_the_index_is_built() {
    const INSERT: &str =
        "INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name,
            contact_last_name, contact_company) VALUES (0, 'other', 'x@example.com', 'Ann', 'Lee', 'Acme')";
    let world = World::database().await;
    first_import(&world).await;
    execute(&world, EARLIER).await;
    // The build has to wait for the end of this transaction.
    let mut earlier = world.pool.begin().await.unwrap();
    sqlx::raw_sql(INSERT).execute(&mut *earlier).await.unwrap();
    let migrate = world.spawn(&["migrate"]);
    let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
                       AND query LIKE 'CREATE UNIQUE INDEX%' AND wait_event_type = 'Lock')";
    eventually("the build waits", async || sqlx::query_scalar(waiting).fetch_one(&world.pool).await.unwrap())
        .await;
    // A writer that comes later does not wait for the build.
    let mut later = world.pool.begin().await.unwrap();
    sqlx::raw_sql("SET LOCAL lock_timeout = '5s'").execute(&mut *later).await.unwrap();
    sqlx::raw_sql(INSERT).execute(&mut *later).await.unwrap();
    later.commit().await.unwrap();
    earlier.commit().await.unwrap();
    eventually("the index is built", async || indexes(&world).await == ["contacts_owner_key true true"])
        .await;
    drop(migrate);
}

#[tokio::test]
async fn several_processes_replace_the_earlier_index() {
    let world = World::database().await;
    first_import(&world).await;
    execute(&world, EARLIER).await;
    let migrations = (0..3).map(|_| world.ingest(&["migrate"]));
    for migration in futures::future::join_all(migrations).await {
        migration.expect_status(0);
    }
    assert_eq!(indexes(&world).await, ["contacts_owner_key true true"]);
    assert_existing_contact_is_found(&world, "second.csv").await;
}

#[tokio::test]
async fn an_index_that_a_killed_process_has_begun_is_built_again() {
    let world = World::database().await;
    first_import(&world).await;
    execute(&world, EARLIER).await;
    // Building beside others fails on the second row and leaves an incomplete index, as a kill does.
    let broken = "CREATE UNIQUE INDEX CONCURRENTLY contacts_owner_key ON contacts (contacts_user_id)";
    sqlx::raw_sql(broken).execute(&world.pool).await.unwrap_err();
    assert_eq!(indexes(&world).await, ["contacts_key true true"]);
    world.ingest(&["migrate"]).await.expect_status(0);
    assert_eq!(indexes(&world).await, ["contacts_owner_key true true"]);
    // A kill between the two indexes leaves both.
    execute(&world, "CREATE UNIQUE INDEX contacts_key ON contacts (contact_key)").await;
    world.ingest(&["migrate"]).await.expect_status(0);
    assert_eq!(indexes(&world).await, ["contacts_owner_key true true"]);
    assert_existing_contact_is_found(&world, "second.csv").await;
}

#[tokio::test]
async fn the_earlier_index_is_replaced_behind_a_pooler() {
    let world = World::database().await;
    first_import(&world).await;
    execute(&world, EARLIER).await;
    let bouncer = PgBouncer::start(&world.database_name().await);
    let world = world.through_port(bouncer.port).await;
    world.ingest(&["migrate"]).await.expect_status(0);
    assert_eq!(indexes(&world).await, ["contacts_owner_key true true"]);
}

#[tokio::test]
async fn imports_work_with_the_earlier_index() {
    let world = World::database().await;
    first_import(&world).await;
    // As for a role that may not change indexes.
    execute(&world, EARLIER).await;
    let file = world.file("again.csv", "email,first_name,last_name,company\nann1@example.com,New,Lee,Acme\n");
    world.ingest(&["--no-migrate", "import", &file]).await.expect_status(3);
}

/// Contacts as another program inserts them: without keys, two of them with one address.
const OF_ANOTHER_PROGRAM: &str =
    "INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name,
        contact_last_name, contact_company)
    SELECT 0, owner, 'ann' || n || '@example.com', 'Ann', 'Lee', 'Acme'
    FROM unnest(ARRAY['tester', 'other', 'tester']) AS owner, generate_series(0, 7000) AS n
    WHERE NOT (n > 0 AND owner = 'tester' AND n % 7000 <> 0)";

#[tokio::test]
async fn a_worker_calculates_the_keys_of_contacts_of_other_programs() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    execute(&world, OF_ANOTHER_PROGRAM).await;
    assert_eq!(without_key(&world).await, 7001 + 4);
    let mut worker = world.spawn(&["worker"]);
    eventually("all contacts have keys", async || without_key(&world).await == 0).await;
    worker.term_and_wait().await;
    let query = "SELECT count(DISTINCT (contacts_user_id, contact_key)) FROM contacts";
    let keys: i64 = sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap();
    assert_eq!(keys, 7001 + 4, "two contacts with one address have two keys");
}

#[tokio::test]
async fn migrate_calculates_the_keys_of_contacts_of_other_programs() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    execute(&world, OF_ANOTHER_PROGRAM).await;
    let migrated = world.ingest(&["migrate"]).await;
    migrated.expect_status(0);
    assert!(migrated.stderr.contains("calculated the keys of 7,005 contacts"), "{}", migrated.stderr);
    assert_eq!(without_key(&world).await, 0);
    assert_existing_contact_is_found(&world, "first.csv").await;
}
