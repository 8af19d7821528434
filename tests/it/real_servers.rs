//! Databases as people run them: behind PgBouncer, with a restricted role, with settings of their own.

use std::path::Path;
use std::process::Command;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::{PgBouncer, Postgres, Relay, Server, World};

const HEADER: &str = "email,first_name,last_name,company\n";

fn clean(name: &str, rows: usize) -> String {
    let rows = (0..rows).map(|row| format!("{name}{row}@example.com,Ann,Lee{row},Acme\n"));
    HEADER.to_owned() + &rows.collect::<String>()
}

/// Runs a statement as the superuser in the world's database.
async fn as_superuser(world: &World, statement: &str) {
    let pool = PgPool::connect(&world.superuser_url().await).await.unwrap();
    let database: String =
        sqlx::query_scalar("SELECT current_database()::text").fetch_one(&pool).await.unwrap();
    // A DO block is one statement.
    let statements =
        if statement.starts_with("DO ") { vec![statement] } else { statement.split(';').collect() };
    for statement in statements {
        let statement = AssertSqlSafe(statement.replace("{database}", &database));
        sqlx::raw_sql(statement).execute(&pool).await.unwrap();
    }
    pool.close().await;
}

/// Import, review, decision, reprocessing and undo on the command line.
async fn whole_life(world: &World) {
    let file = world.file("life.csv", &(clean("life", 20) + "bad,Bo,Ray,Acme\n"));
    world.ingest(&["import", &file]).await.expect_status(3);
    let job: i32 = sqlx::query_scalar("SELECT max(job_id) FROM jobs").fetch_one(&world.pool).await.unwrap();
    let bad = "SELECT staging_id FROM staging WHERE staging_email = 'bad' AND staging_job_id = $1";
    let row: i64 = sqlx::query_scalar(bad).bind(job).fetch_one(&world.pool).await.unwrap();
    world.ingest(&["edit", &row.to_string(), "--email", "good@example.com"]).await.expect_status(0);
    world.ingest(&["reprocess", &job.to_string()]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await.len(), 21);
    world.ingest(&["undo", "--yes", "--import", &job.to_string()]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await.len(), 0);
    world.ingest(&["reprocess", &job.to_string()]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await.len(), 21);
}

#[tokio::test]
async fn everything_works_behind_pgbouncer_with_other_traffic() {
    let world = World::database().await;
    let bouncer = PgBouncer::start(&world.database_name().await);
    let world = world.through_port(bouncer.port).await;
    // Another program's transactions use the same server connections all the time.
    let options: PgConnectOptions = world.variable("DATABASE_URL").parse().unwrap();
    let options = options.extra_float_digits(None);
    let others = PgPoolOptions::new().max_connections(4).connect_with(options).await.unwrap();
    let traffic: Vec<_> = (0..4)
        .map(|_| {
            let others = others.clone();
            tokio::spawn(async move {
                loop {
                    sqlx::raw_sql("BEGIN; SELECT pg_sleep(0.002); COMMIT").execute(&others).await.unwrap();
                }
            })
        })
        .collect();

    world.ingest(&["migrate"]).await.expect_status(0);
    let doctor = world.ingest(&["doctor"]).await;
    doctor.expect_status(0);
    assert!(doctor.stdout.contains("pooler"), "{}", doctor.stdout);
    whole_life(&world).await;
    let jobs: Vec<i32> = {
        let mut worker = world.spawn(&["worker"]);
        let mut jobs = Vec::new();
        for number in 0..10 {
            jobs.push(
                world.enqueue(&format!("{number}.csv"), &clean(&format!("w{number}-"), 50), "one").await,
            );
        }
        for job in &jobs {
            assert_eq!(world.status_after_run(*job).await, "COMPLETED", "{}", world.log());
        }
        assert_eq!(worker.term_and_wait().await, Some(0));
        jobs
    };
    assert_eq!(world.contacts("one").await.len(), 50 * jobs.len());
    let server = Server::start(world).await;
    for path in ["/api/v1/jobs", "/api/v1/contacts"] {
        for _ in 0..5 {
            assert_eq!(server.get(path).await.0, 200, "{path}: {}", server.world.log());
        }
    }
    // No lock outlives its transaction on a connection that others use.
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let left: i64 = sqlx::query_scalar(locks).fetch_one(&server.world.pool).await.unwrap();
    assert_eq!(left, 0);
    assert!(traffic.iter().all(|task| !task.is_finished()), "the other traffic was disturbed");
    traffic.iter().for_each(|task| task.abort());
}

#[tokio::test]
async fn everything_works_behind_pgbouncer_in_session_mode() {
    let world = World::database().await;
    let bouncer = PgBouncer::in_mode(&world.database_name().await, "session");
    let world = world.through_port(bouncer.port).await;
    world.ingest(&["migrate"]).await.expect_status(0);
    whole_life(&world).await;
    let mut worker = world.spawn(&["worker"]);
    let job = world.enqueue("a.csv", &clean("session", 200), "one").await;
    assert_eq!(world.status_after_run(job).await, "COMPLETED", "{}", world.log());
    assert_eq!(worker.term_and_wait().await, Some(0));
}

/// A certificate authority and what it has signed, in a folder that the server can read.
struct Authority<'f> {
    folder: &'f Path,
}

impl Authority<'_> {
    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(self.folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Makes the key and the certificate of an authority.
    fn make(folder: &Path) -> Authority<'_> {
        let authority = Authority { folder };
        let made = [
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days",
            "2",
        ];
        authority.openssl(&[made.as_slice(), &["-subj", "/CN=Tests"]].concat());
        authority
    }

    /// Makes the key and the certificate of a server with this address.
    fn sign(&self, address: &str) {
        let request = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr"];
        self.openssl(&[request.as_slice(), &["-subj", "/CN=server"]].concat());
        std::fs::write(self.folder.join("names"), format!("subjectAltName=IP:{address}\n")).unwrap();
        let signed =
            ["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
        let rest = ["-days", "2", "-extfile", "names", "-out", "server.crt"];
        self.openssl(&[signed.as_slice(), &rest].concat());
    }
}

#[tokio::test]
async fn a_server_is_verified_by_its_certificate() {
    let server = Postgres::make();
    let world = World::empty_database_on(&server, "").await;
    let authority = Authority::make(server.folder());
    authority.sign("127.0.0.1");
    std::fs::set_permissions(
        server.folder().join("server.key"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    server.own("server.key");
    let admin = PgPool::connect(&server.admin_url()).await.unwrap();
    for (name, value) in [("ssl_cert_file", "server.crt"), ("ssl_key_file", "server.key")] {
        let path = server.folder().join(value);
        let set = AssertSqlSafe(format!("ALTER SYSTEM SET {name} = '{}'", path.display()));
        sqlx::raw_sql(set).execute(&admin).await.unwrap();
    }
    sqlx::raw_sql("ALTER SYSTEM SET ssl = on").execute(&admin).await.unwrap();
    server.crash();
    server.start();

    let root = server.folder().join("ca.crt");
    let url = world.variable("DATABASE_URL");
    let verified =
        |url: &str, root: &Path| format!("{url}?sslmode=verify-full&sslrootcert={}", root.display());
    let world = world.with(&[("DATABASE_URL", &verified(&url, &root))]);
    world.ingest(&["migrate"]).await.expect_status(0);
    whole_life(&world).await;
    let _worker = world.spawn(&["worker"]);
    let job = world.enqueue("a.csv", &clean("tls", 200), "one").await;
    assert_eq!(world.status_after_run(job).await, "COMPLETED", "{}", world.log());
    // The worker's connections; the test's own are not verified.
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE ssl AND application_name LIKE 'ingest%'";
    let admin = PgPool::connect(&server.admin_url()).await.unwrap();
    let encrypted: i64 = sqlx::query_scalar(encrypted).fetch_one(&admin).await.unwrap();
    assert!(encrypted > 0);

    // Another name than the certificate's, and another authority.
    let other_name = verified(&url.replace("127.0.0.1", "localhost"), &root);
    let other_folder = tempfile::tempdir().unwrap();
    Authority::make(other_folder.path());
    let other_authority = verified(&url, &other_folder.path().join("ca.crt"));
    for refused in [other_name, other_authority] {
        let ended =
            World::without_database().await.with(&[("DATABASE_URL", &refused)]).ingest(&["jobs"]).await;
        ended.expect_status(1);
        assert!(ended.stderr.contains("certificate") && !ended.stderr.contains("secret"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn no_statement_is_bound_to_a_session() {
    let world = World::database().await;
    let relay = Relay::start(world.database_port()).await;
    let world = world.through_port(relay.port).await;
    world.ingest(&["migrate"]).await.expect_status(0);
    world.ingest(&["migrate"]).await.expect_status(0);
    whole_life(&world).await;
    let server = Server::start(world).await;
    for path in ["/api/v1/jobs", "/api/v1/contacts", "/jobs", "/contacts"] {
        assert_eq!(server.get(path).await.0, 200, "{path}");
    }
    let bound = relay.take().bound_to_session;
    assert!(bound.is_empty(), "{}:\n{}", bound.len(), bound.join("\n"));
}

#[tokio::test]
async fn a_role_with_dml_only_runs_everything_but_migrations() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    // The grants of the README.
    as_superuser(
        &world,
        "DO $$ BEGIN CREATE ROLE plain LOGIN PASSWORD 'secret'; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
    )
    .await;
    as_superuser(
        &world,
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;
         GRANT USAGE ON SCHEMA public TO plain;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO plain;
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO plain;
         GRANT TEMPORARY ON DATABASE {database} TO plain",
    )
    .await;
    let url = world.variable("DATABASE_URL").replace("//ingest:", "//plain:");
    let world = world.with(&[("DATABASE_URL", &url)]);
    world.ingest(&["jobs", "--no-migrate"]).await.expect_status(0);
    world.ingest(&["doctor"]).await.expect_status(0);
    world.ingest(&["migrate"]).await.expect_status(0);
    whole_life(&world).await;
    let mut worker = world.spawn(&["worker", "--no-migrate"]);
    // Large enough for tables of its own, which this role may not create.
    let job = world.enqueue("large.csv", &clean("large", 100_001), "one").await;
    assert_eq!(world.status_after_run(job).await, "COMPLETED", "{}", world.log());
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn limits_and_isolation_of_the_server_do_not_fail_jobs() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    as_superuser(
        &world,
        "ALTER DATABASE {database} SET statement_timeout = '300ms';
         ALTER DATABASE {database} SET idle_in_transaction_session_timeout = '100ms';
         ALTER DATABASE {database} SET lock_timeout = '100ms';
         ALTER DATABASE {database} SET default_transaction_isolation = 'serializable';
         ALTER DATABASE {database} SET default_transaction_read_only = on",
    )
    .await;
    let settings = [("MAX_RETRIES", "1"), ("PROGRESS_UPDATE_INTERVAL", "20000")];
    let world = world.with(&settings);
    // They apply to the test's producer as well.
    let producer = "SET default_transaction_read_only = off; SET statement_timeout = 0; SET lock_timeout = 0;
        SET default_transaction_isolation = 'read committed'";
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(producer).execute(connection).await?;
                Ok(())
            })
        })
        .connect(&world.variable("DATABASE_URL"))
        .await
        .unwrap();
    let world = world.with_pool(pool);
    let mut worker = world.spawn(&["worker"]);
    let clean_job = world.enqueue("clean.csv", &clean("clean", 120_000), "one").await;
    assert_eq!(world.status_after_run(clean_job).await, "COMPLETED", "{}", world.log());
    let dirty = world.enqueue("dirty.csv", &(clean("dirty", 60_000) + "bad,Bo,Ray,Acme\n"), "one").await;
    assert_eq!(world.status_after_run(dirty).await, "NEEDS_REVIEW", "{}", world.log());
    let go_on = "UPDATE staging SET staging_status = 'DISCARD' WHERE staging_email = 'bad';
         UPDATE jobs SET job_available_at = now() WHERE job_status = 'NEEDS_REVIEW'";
    sqlx::raw_sql(go_on).execute(&world.pool).await.unwrap();
    world.eventually_completed(dirty).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert!(!world.log().contains("retrying"), "{}", world.log());
}

#[tokio::test]
async fn a_database_that_is_not_utf8_is_refused_with_the_reason() {
    let options = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
    let world = World::empty_database_with(options).await;
    for arguments in [&["doctor"][..], &["migrate"], &["worker"], &["jobs"]] {
        let refused = world.ingest(arguments).await;
        refused.expect_status(1);
        let output = refused.stdout + &refused.stderr;
        assert!(output.contains("LATIN1") && output.contains("ENCODING 'UTF8'"), "{arguments:?}: {output}");
    }
}

#[tokio::test]
async fn few_connections_run_fewer_jobs_without_a_deadlock() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let refused = world.with(&[("MAX_CONNECTIONS", "3"), ("WORKER_CONCURRENCY", "8")]);
    let run = refused.ingest(&["jobs"]).await;
    run.expect_status(1);
    assert!(
        run.stderr.contains("MAX_CONNECTIONS is 3") && run.stderr.contains("needs at least 10"),
        "{}",
        run.stderr
    );

    let settings = [("MAX_CONNECTIONS", "10"), ("PROGRESS_UPDATE_INTERVAL", "500")];
    let world = refused.with(&settings);
    let mut jobs = Vec::new();
    for number in 0..6 {
        let name = format!("j{number}-");
        let content = clean(&name, 3_000) + if number % 2 == 0 { "bad,Bo,Ray,Acme\n" } else { "" };
        jobs.push(world.enqueue(&format!("{number}.csv"), &content, "one").await);
    }
    let mut worker = world.spawn(&["worker"]);
    for (number, job) in jobs.iter().enumerate() {
        let expected = if number % 2 == 0 { "NEEDS_REVIEW" } else { "COMPLETED" };
        assert_eq!(world.status_after_run(*job).await, expected, "{}", world.log());
    }
    let go_on = "UPDATE staging SET staging_status = 'DISCARD' WHERE staging_email = 'bad';
         UPDATE jobs SET job_available_at = now() WHERE job_status = 'NEEDS_REVIEW'";
    sqlx::raw_sql(go_on).execute(&world.pool).await.unwrap();
    for job in &jobs {
        world.eventually_completed(*job).await;
    }
    let used = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'ingest'";
    let used: i64 = sqlx::query_scalar(used).fetch_one(&world.pool).await.unwrap();
    assert!(used <= 10, "{used}");
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert!(world.log().contains("MAX_CONNECTIONS allows fewer jobs"), "{}", world.log());
}

#[tokio::test]
async fn a_run_that_fails_while_reading_leaves_no_unread_answers() {
    let world = World::database().await.with(&[("MAX_CONNECTIONS", "10")]);
    world.ingest(&["migrate"]).await.expect_status(0);
    let mut worker = world.spawn(&["worker"]);
    let content = clean("many", 45_000) + "bad,Bo,Ray,Acme\n";
    let failing = world.enqueue("failing.csv", &content, "one").await;
    assert_eq!(world.status_after_run(failing).await, "NEEDS_REVIEW");
    // Every row must be written again, which fails while others are still being read.
    let trap = "UPDATE staging SET staging_status = NULL;
        CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
        CREATE TRIGGER trap BEFORE UPDATE ON staging FOR EACH STATEMENT EXECUTE FUNCTION trap();
        UPDATE jobs SET job_available_at = now()";
    sqlx::raw_sql(trap).execute(&world.pool).await.unwrap();
    let failed = "SELECT job_status = 'FAILED' FROM jobs WHERE job_id = $1";
    crate::support::eventually("the job has failed", async || {
        sqlx::query_scalar(failed).bind(failing).fetch_one(&world.pool).await.unwrap()
    })
    .await;
    for number in 0..5 {
        let job = world.enqueue(&format!("{number}.csv"), &clean(&format!("n{number}-"), 20), "one").await;
        assert_eq!(world.status_after_run(job).await, "COMPLETED", "{}", world.log());
    }
    assert_eq!(worker.term_and_wait().await, Some(0));
}
