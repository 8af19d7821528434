//! The schema: the readable file, the migrations, and the adoption of an upstream database.

use std::path::Path;

use ingest::domain::rules::IssueType;
use sqlx::migrate::Migrator;
use sqlx::{Executor, PgPool};

use crate::support::{World, eventually};

/// Returns everything that the catalog records about the public schema, one line per object.
async fn catalog(pool: &PgPool) -> Vec<String> {
    let query = "
        SELECT 'column ' || table_name || '.' || column_name || ' ' || udt_name || ' ' || is_nullable || ' '
               || coalesce(column_default, '-') || ' ' || is_identity || ' ' || coalesce(identity_start, '') || ' ' || coalesce(identity_maximum, '')
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL
        SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conparentid = 0
          -- From version 18 on, NOT NULL has a name. The columns above have it without one.
          AND contype <> 'n'
        UNION ALL
        SELECT 'index ' || pg_get_indexdef(indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT 'enum ' || typname || ' ' || string_agg(enumlabel, ' ' ORDER BY enumsortorder)
        FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY typname
        UNION ALL
        SELECT 'partition ' || c.relname || ' ' || pg_get_expr(c.relpartbound, c.oid) FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relispartition AND c.relkind = 'r'
        UNION ALL
        SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
          AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
        UNION ALL
        SELECT 'block ' || block_kind || ' ' || block_next_id FROM staging_id_blocks
        ORDER BY 1";
    let lines: Vec<String> = sqlx::query_scalar(query).fetch_all(pool).await.unwrap();
    lines.into_iter().filter(|line| !line.contains("_sqlx_migrations")).collect()
}

#[tokio::test]
async fn the_readable_schema_equals_the_migrated_one() {
    let (migrated, written) = (World::empty_database().await, World::empty_database().await);
    migrated.ingest(&["migrate"]).await.expect_status(0);
    let sql = include_str!("../../Database_Create.SQL");
    written.pool.execute(sqlx::raw_sql(sql)).await.unwrap();
    let (migrated, written) = (catalog(&migrated.pool).await, catalog(&written.pool).await);
    let only = |one: &[String], other: &[String]| -> Vec<String> {
        one.iter().filter(|line| !other.contains(line)).cloned().collect()
    };
    assert!(migrated.len() > 80, "the catalog was not read");
    assert_eq!(only(&migrated, &written), Vec::<String>::new(), "missing in Database_Create.SQL");
    assert_eq!(only(&written, &migrated), Vec::<String>::new(), "only in Database_Create.SQL");
}

#[tokio::test]
async fn concurrent_migrations_succeed() {
    let world = World::empty_database().await;
    let runs = (0..4).map(|_| world.ingest(&["migrate"]));
    for run in futures::future::join_all(runs).await {
        run.expect_status(0);
    }
}

#[tokio::test]
async fn a_process_that_waited_for_the_first_migration_of_another_continues_after_it() {
    let world = World::empty_database().await;
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let migrations = Migrator::new(migrations).await.unwrap();
    let first = migrations.iter().next().unwrap();
    let mut other = world.pool.begin().await.unwrap();
    other.execute("SELECT pg_advisory_xact_lock(7492445893820417)").await.unwrap();
    let mut waiting = world.spawn(&["migrate"]);
    eventually("the process waits", async || world.log().contains("waiting for another process")).await;
    let table = "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL,
        installed_on timestamptz NOT NULL DEFAULT now(), success boolean NOT NULL, checksum bytea NOT NULL,
        execution_time bigint NOT NULL)";
    other.execute(table).await.unwrap();
    other.execute(sqlx::raw_sql(first.sql.clone())).await.unwrap();
    let record = "INSERT INTO _sqlx_migrations VALUES ($1, $2, now(), true, $3, 0)";
    let record = sqlx::query(record).bind(first.version).bind(first.description.as_ref());
    record.bind(first.checksum.as_ref()).execute(&mut *other).await.unwrap();
    other.commit().await.unwrap();
    assert_eq!(waiting.wait().await, Some(0), "{}", world.log());
}

#[tokio::test]
async fn a_newer_schema_is_refused_only_if_something_was_removed() {
    let world = World::database().await;
    let file = world.file("a.csv", "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n");
    world.ingest(&["migrate"]).await.expect_status(0);
    let record = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES ($1, $2, true, '\\x00', 0)";
    let add = async |version: i64, description: &str| {
        sqlx::query(record).bind(version).bind(description).execute(&world.pool).await.unwrap();
    };
    add(9001, "more columns").await;
    let imported = world.ingest(&["import", &file]).await;
    imported.expect_status(0);
    assert!(imported.stderr.contains("newer version of this program has migrated"), "{}", imported.stderr);
    world.ingest(&["jobs", "--no-migrate"]).await.expect_status(0);
    add(9002, "contract jobs").await;
    for command in [&["jobs"][..], &["jobs", "--no-migrate"], &["migrate"]] {
        let refused = world.ingest(command).await;
        refused.expect_status(1);
        let words = "the database of DATABASE_URL: a newer version of this program has changed the schema (migration 9002)";
        assert!(refused.stderr.contains(words), "{command:?}: {}", refused.stderr);
    }
}

#[tokio::test]
async fn no_migrate_refuses_an_older_schema() {
    let world = World::empty_database().await;
    let refused = world.ingest(&["jobs", "--no-migrate"]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("ingest migrate"), "{}", refused.stderr);
    world.ingest(&["migrate"]).await.expect_status(0);
    world.ingest(&["jobs", "--no-migrate"]).await.expect_status(0);
}

/// The upstream tables as a Python object-relational mapper creates them: with its own names of constraints and
/// indexes, and contacts that are deleted with their staging rows.
const UPSTREAM: &str = "
    CREATE TYPE job_status_enum AS ENUM ('PENDING', 'PROCESSING', 'NEEDS_REVIEW', 'COMPLETED', 'FAILED');
    CREATE TYPE issue_type_enum AS ENUM ('DUPLICATE_EMAIL', 'INVALID_EMAIL', 'EXISTING_EMAIL', 'MISSING_REQUIRED_FIELD');
    CREATE TYPE staging_status_enum AS ENUM ('READY', 'SUCCESS', 'DISCARD', 'ISSUE');
    CREATE TABLE jobs (job_id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, job_created_at timestamptz DEFAULT now(),
        job_user_id varchar NOT NULL, job_original_filename varchar NOT NULL, job_s3_object_key varchar NOT NULL,
        job_status job_status_enum NOT NULL, job_total_rows integer NOT NULL, job_processed_rows integer NOT NULL,
        job_issue_count integer NOT NULL, job_process_start timestamptz, job_process_end timestamptz);
    CREATE TABLE staging (staging_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        staging_job_id integer NOT NULL REFERENCES jobs ON DELETE CASCADE, staging_email varchar, staging_first_name varchar,
        staging_last_name varchar, staging_company varchar, staging_created_at timestamptz NOT NULL DEFAULT now(),
        staging_status staging_status_enum, staging_row_hash varchar NOT NULL,
        CONSTRAINT uq_staging_job_row_hash UNIQUE (staging_job_id, staging_row_hash));
    CREATE INDEX ix_staging_staging_status ON staging (staging_status);
    CREATE TABLE issues (issue_id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        issues_job_id integer NOT NULL REFERENCES jobs ON DELETE CASCADE, issue_type issue_type_enum NOT NULL,
        issue_key varchar NOT NULL, issue_resolved boolean NOT NULL DEFAULT false, issue_description varchar,
        issue_resolved_at timestamptz, issue_resolved_by varchar, issue_resolution_comment varchar,
        issue_created_at timestamptz NOT NULL DEFAULT now(), UNIQUE (issues_job_id, issue_type, issue_key));
    CREATE TABLE issue_items (issue_item_id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        item_issue_id integer NOT NULL REFERENCES issues ON DELETE CASCADE,
        item_staging_id bigint NOT NULL REFERENCES staging ON DELETE CASCADE);
    CREATE TABLE contacts (contact_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        staging_id bigint NOT NULL UNIQUE REFERENCES staging ON DELETE CASCADE, contacts_user_id varchar NOT NULL,
        contact_email varchar NOT NULL, contact_first_name varchar NOT NULL, contact_last_name varchar NOT NULL,
        contact_company varchar NOT NULL, contact_created_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_status, job_total_rows,
        job_processed_rows, job_issue_count)
    VALUES ('tester', 'old.csv', 'gone/old.csv', 'COMPLETED', 2, 2, 0), ('tester', 'new.csv', 'gone/new.csv', 'NEEDS_REVIEW', 5, 5, 2);
    INSERT INTO staging (staging_job_id, staging_email, staging_first_name, staging_last_name, staging_company,
        staging_status, staging_row_hash) VALUES
        (1, 'old@example.com', 'Old', 'Hand', 'Acme', 'SUCCESS', 'upstream-1'), (1, 'OLD@example.com ', 'Old', 'Hand', 'Acme', 'SUCCESS', 'upstream-2'),
        (2, 'Old@Example.com', 'Old', 'Hand', 'Acme', 'READY', 'upstream-1'), (2, 'ann@example.com', 'Ann', 'Lee', 'Acme', 'READY', 'upstream-2'),
        (2, 'ann@example.com', 'Ann', 'Lee', 'Acme', 'READY', 'upstream-3'), (2, 'bad', 'Bo', 'Ray', 'Acme', 'ISSUE', 'upstream-4'),
        (2, 'left@example.com', 'Left', 'Out', 'Acme', 'DISCARD', 'upstream-5');
    INSERT INTO issues (issues_job_id, issue_type, issue_key)
        VALUES (2, 'INVALID_EMAIL', 'bad'), (2, 'MISSING_REQUIRED_FIELD', 'row-9');
    INSERT INTO issue_items (item_issue_id, item_staging_id) VALUES (1, 6), (1, 6), (2, 6);
    INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name, contact_last_name,
        contact_company)
    VALUES (1, 'tester', 'old@example.com', 'Old', 'Hand', 'Acme'), (2, 'tester', 'OLD@example.com ', 'Old', 'Hand', 'Acme');";

#[tokio::test]
async fn an_upstream_database_is_adopted_and_its_job_reprocessed() {
    let world = World::empty_database().await;
    world.pool.execute(sqlx::raw_sql(UPSTREAM)).await.unwrap();
    world.ingest(&["migrate"]).await.expect_status(0);

    let review = world.ingest(&["reprocess", "2"]).await;
    review.expect_status(3);
    let issues = world.issues(2).await;
    let open: Vec<_> = issues.iter().map(|issue| (issue.issue_type.as_str(), issue.key.as_str())).collect();
    assert_eq!(open, [("EXISTING_EMAIL", "old@example.com"), ("INVALID_EMAIL", "bad")]);
    assert_eq!(world.statuses(2).await, "3 ISSUE, 4 READY, 5 DISCARD, 6 ISSUE, 7 DISCARD");

    world.ingest(&["discard", "3"]).await.expect_status(0);
    world.ingest(&["edit", "6", "--email", "good@example.com"]).await.expect_status(0);
    world.ingest(&["reprocess", "2"]).await.expect_status(0);
    assert_eq!(world.statuses(2).await, "3 DISCARD, 4 SUCCESS, 5 DISCARD, 6 SUCCESS, 7 DISCARD");
    assert_eq!(world.contacts("tester").await.len(), 4);
}

#[tokio::test]
async fn deleting_a_job_deletes_its_rows_and_keeps_contacts() {
    let world = World::database().await;
    let file = world.file("a.csv", "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n");
    world.ingest(&["import", &file]).await.expect_status(0);
    world.pool.execute("DELETE FROM jobs").await.unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM staging").fetch_one(&world.pool).await.unwrap();
    assert_eq!(rows, 0);
    assert_eq!(world.contacts("tester").await.len(), 1);
}

#[tokio::test]
async fn a_producer_and_a_plain_insert_into_staging_keep_working() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let job: i32 = sqlx::query_scalar(
        "INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_status, job_total_rows,
             job_processed_rows, job_issue_count)
         VALUES ('tester', 'x.csv', 'x', 'NEEDS_REVIEW', 0, 0, 0) RETURNING job_id",
    )
    .fetch_one(&world.pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO staging (staging_job_id, staging_email, staging_first_name, staging_last_name,
         staging_company, staging_row_hash) VALUES ($1, 'a@example.com', 'A', 'B', 'C', 'theirs')",
    )
    .bind(job)
    .execute(&world.pool)
    .await
    .unwrap();
    world.ingest(&["reprocess", &job.to_string()]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, ["a@example.com|A|B|C"]);
}

/// Applies the migrations before `version`.
pub(crate) async fn migrate_before(pool: &PgPool, version: &str) {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_str().unwrap() < version {
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    sqlx::migrate::Migrator::new(folder.path()).await.unwrap().run(pool).await.unwrap();
}

#[tokio::test]
async fn a_migration_ranks_the_issues_of_large_jobs() {
    let world = World::empty_database().await;
    migrate_before(&world.pool, "0013").await;
    // One large job that is staged, and one whose tables are being filled.
    let old = "INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key)
         VALUES ('ann', 'a', 'a'), ('ann', 'b', 'b');
         CREATE TABLE issues_job_1 (LIKE issues INCLUDING DEFAULTS);
         CREATE INDEX issues_job_1_review ON issues_job_1 (issue_type, issue_id, issue_resolved, issues_job_id);
         ALTER TABLE issues_job_1 INHERIT issues;
         CREATE TABLE issues_job_2 (LIKE issues INCLUDING DEFAULTS);
         INSERT INTO issues_job_1 (issue_id, issues_job_id, issue_type, issue_key) VALUES (1, 1, 'MALFORMED_ROW', 'a');
         INSERT INTO issues_job_2 (issue_id, issues_job_id, issue_type, issue_key) VALUES (2, 2, 'DUPLICATE_EMAIL', 'b')";
    sqlx::raw_sql(old).execute(&world.pool).await.unwrap();
    world.ingest(&["migrate"]).await.expect_status(0);
    sqlx::raw_sql("ALTER TABLE issues_job_2 INHERIT issues").execute(&world.pool).await.unwrap();
    let ranks = "SELECT array_agg(issue_rank::int ORDER BY issue_id) FROM issues";
    let ranks: Vec<i32> = sqlx::query_scalar(ranks).fetch_one(&world.pool).await.unwrap();
    assert_eq!(ranks, [5, 1]);
    let index = "SELECT pg_get_indexdef('issues_job_1_review'::regclass)";
    let index: String = sqlx::query_scalar(index).fetch_one(&world.pool).await.unwrap();
    assert!(index.ends_with("(issue_rank, issue_id, issue_resolved, issues_job_id)"), "{index}");
}

#[tokio::test]
async fn a_migration_marks_rows_whose_encoding_is_in_doubt() {
    let world = World::empty_database().await;
    migrate_before(&world.pool, "0022").await;
    let old =
        "INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key) VALUES ('ann', 'a', 'a');
         CREATE TABLE staging_job_1 (LIKE staging INCLUDING DEFAULTS);
         INSERT INTO staging (staging_id, staging_job_id, staging_row_hash, staging_residue) VALUES
             (1, 1, 'a', 'the encoding of the file is in doubt: first_name holds Maes'),
             (2, 1, 'b', 'extra cells [\"x\"]; first_name holds Maes'), (3, 1, 'c', NULL);
         INSERT INTO staging_job_1 SELECT * FROM staging";
    sqlx::raw_sql(old).execute(&world.pool).await.unwrap();
    world.ingest(&["migrate"]).await.expect_status(0);
    for table in ["staging", "staging_job_1"] {
        let query = format!("SELECT array_agg(staging_encoding_in_doubt ORDER BY staging_id) FROM {table}");
        let marks: Vec<bool> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&world.pool).await.unwrap();
        assert_eq!(marks, [true, false, false], "{table}");
    }
}

#[tokio::test]
async fn every_issue_type_is_in_the_database_with_its_rank() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let types: Vec<String> =
        sqlx::query_scalar("SELECT unnest(enum_range(NULL::issue_type_enum))::text ORDER BY 1")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    let mut known: Vec<String> = IssueType::ALL.iter().map(ToString::to_string).collect();
    known.sort();
    assert_eq!(types, known);
    let one_of_each =
        "INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key) VALUES ('ann', 'a', 'a');
         INSERT INTO issues (issues_job_id, issue_type, issue_key)
         SELECT job_id, issue_type, 'a' FROM jobs, unnest(enum_range(NULL::issue_type_enum)) AS issue_type";
    sqlx::raw_sql(one_of_each).execute(&world.pool).await.unwrap();
    let ranked: Vec<(String, Option<i16>)> =
        sqlx::query_as("SELECT issue_type::text, issue_rank FROM issues")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    for (issue_type, rank) in ranked {
        let issue_type: IssueType = issue_type.parse().unwrap();
        assert_eq!(rank, Some(issue_type as i16 + 1), "{issue_type}");
    }
}

#[tokio::test]
async fn views_of_other_programs_survive_new_collations_of_keys() {
    let world = World::empty_database().await;
    migrate_before(&world.pool, "0012").await;
    let theirs = "CREATE VIEW per_owner WITH (security_barrier = true) AS
             SELECT contacts_user_id, count(*) FROM contacts GROUP BY 1;
         CREATE VIEW \"Jobs and contacts\" AS SELECT * FROM jobs JOIN per_owner ON contacts_user_id = job_user_id;
         CREATE VIEW hashes AS SELECT staging_row_hash FROM staging;
         GRANT SELECT ON per_owner TO PUBLIC; COMMENT ON VIEW per_owner IS 'a person''s words';
         CREATE MATERIALIZED VIEW keys AS SELECT issue_key FROM issues;
         CREATE TABLE staging_job_7 (LIKE staging INCLUDING DEFAULTS);
         CREATE TABLE issues_job_7 (LIKE issues INCLUDING DEFAULTS)";
    sqlx::raw_sql(theirs).execute(&world.pool).await.unwrap();
    let views = "SELECT relname || ' ' || relacl::text || ' ' || reloptions::text || ' ' || obj_description(c.oid, 'pg_class')
                        || pg_get_viewdef(c.oid) FROM pg_class c WHERE relname = 'per_owner'
         UNION ALL SELECT relname || pg_get_viewdef(oid) FROM pg_class
             WHERE relname IN ('Jobs and contacts', 'hashes', 'keys')
         ORDER BY 1";
    let before: Vec<String> = sqlx::query_scalar(views).fetch_all(&world.pool).await.unwrap();
    let migrated = world.ingest(&["migrate"]).await;
    migrated.expect_status(0);
    let after: Vec<String> = sqlx::query_scalar(views).fetch_all(&world.pool).await.unwrap();
    assert_eq!((after, before.len()), (before, 4));

    let by_bytes =
        "SELECT attrelid::regclass || '.' || attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
         WHERE relkind IN ('r', 'p') AND attcollation = 'pg_catalog.\"C\"'::regcollation
           AND attname IN ('job_user_id', 'staging_row_hash', 'issue_key', 'contacts_user_id') ORDER BY 1";
    let by_bytes: Vec<String> = sqlx::query_scalar(by_bytes).fetch_all(&world.pool).await.unwrap();
    let hashes =
        ["staging.staging_row_hash", "staging_job_7.staging_row_hash", "staging_own.staging_row_hash"];
    assert_eq!(by_bytes[..2], ["contacts.contacts_user_id", "jobs.job_user_id"]);
    assert_eq!(by_bytes[2..], hashes, "a column that a materialized view depends on keeps its collation");
    assert!(migrated.stderr.contains("issues.issue_key"), "{}", migrated.stderr);
}

#[tokio::test]
async fn a_migration_lets_endless_tokens_expire() {
    let world = World::empty_database().await;
    migrate_before(&world.pool, "0008").await;
    let old = "INSERT INTO api_tokens (token_owner, token_name, token_hash, token_roles, token_expires_at) VALUES
            ('ann', 'endless', repeat('a', 32)::bytea, '{}', NULL), ('ann', 'ends', repeat('b', 32)::bytea, '{}', now());
         INSERT INTO browser_sessions (session_hash, session_owner, session_name, session_roles, session_csrf,
                                       session_created_at, session_expires_at) VALUES
            (repeat('a', 32)::bytea, 'ann', 'Ann', '{editor,uploader}', 'c', now() - interval '1 hour', now()),
            (repeat('b', 32)::bytea, 'ann', 'Ann', '{editor}', 'c', now(), now())";
    sqlx::raw_sql(old).execute(&world.pool).await.unwrap();
    world.ingest(&["migrate"]).await.expect_status(0);
    let query = "SELECT token_name || ' ' || extract(day FROM token_expires_at - token_created_at)
                 FROM api_tokens ORDER BY token_id";
    let tokens: Vec<String> = sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap();
    assert_eq!(tokens, ["endless 365", "ends 0"]);
    let known = "SELECT provider_owner || ' ' || provider_gave::text FROM provider_roles";
    let known: Vec<String> = sqlx::query_scalar(known).fetch_all(&world.pool).await.unwrap();
    assert_eq!(known, ["ann {editor}"]);
}

#[tokio::test]
async fn people_are_warned_before_ids_run_out() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let doctor = world.ingest(&["doctor"]).await;
    assert!(!doctor.stdout.contains("ids"), "{}", doctor.stdout);
    let used = "SELECT setval(pg_get_serial_sequence('issues', 'issue_id'), 1600000000)";
    sqlx::raw_sql(used).execute(&world.pool).await.unwrap();
    let doctor = world.ingest(&["doctor"]).await;
    let warning = "WARN  ids           issues.issue_id: 74 % used, the last is 1600000000 of 2147483647";
    assert!(doctor.stdout.contains(warning), "{}", doctor.stdout);
    let mut worker = world.spawn(&["worker"]);
    eventually("the worker warns", async || world.log().contains("the ids of a column run out")).await;
    worker.term_and_wait().await;
}
