//! The command line: usage, configuration, and output.

use crate::support::{World, eventually};

#[tokio::test]
async fn help_names_every_variable_with_its_default() {
    let world = World::without_database().await;
    let help = world.ingest(&["help", "config"]).await;
    help.expect_status(0);
    let variables = [
        ("DATABASE_URL", "private local database"),
        ("DATABASE_IAM_AUTH", "[default: false]"),
        ("CSV_BUCKET_NAME", "local folder"),
        ("AWS_REGION", "us-east-1"),
        ("S3_REQUESTER_PAYS", "[default: false]"),
        ("S3_KMS_KEY_ID", "the encryption of the bucket"),
        ("SQS_QUEUE_URL", "queue in the database"),
        ("SQS_MAX_NUMBER_OF_MESSAGES", "[default: 1]"),
        ("SQS_WAIT_TIME_SECONDS", "[default: 20]"),
        ("SQS_VISIBILITY_TIMEOUT", "[default: 300]"),
        ("OWNER_PATTERN", "events of S3 are refused"),
        ("MAX_RETRIES", "[default: 3]"),
        ("MAX_DELIVERIES", "[default: 5]"),
        ("RETRY_DELAY_SECONDS", "[default: 5]"),
        ("PROGRESS_UPDATE_INTERVAL", "chosen automatically"),
        ("LOG_LEVEL", "[default: INFO]"),
        ("LOG_FORMAT", "json"),
        ("WORKER_CONCURRENCY", "[default: 2]"),
        ("MEMORY_BUDGET_MB", "[default: 48]"),
        ("REQUIRED_FIELDS", "[default: email,first_name,last_name,company]"),
        ("STAGING_RETENTION_DAYS", "[default: kept]"),
        ("AUDIT_RETENTION_DAYS", "[default: kept]"),
        ("FILE_RETENTION_DAYS", "[default: kept]"),
        ("LISTEN_ADDRESS", "[default: 127.0.0.1:8080]"),
        ("PUBLIC_URL", "[default: LISTEN_ADDRESS]"),
        ("LOCAL_USER", "[default: false]"),
        ("OIDC_ISSUER", "one local user"),
        ("OIDC_AUDIENCE", "OIDC_CLIENT_ID"),
        ("OIDC_CLIENT_ID", "tokens only"),
        ("OIDC_CLIENT_SECRET", "a public client"),
        ("OIDC_SCOPES", "openid profile email"),
        ("OIDC_ROLES_CLAIM", "roles,cognito:groups"),
        ("OIDC_UPLOADER_GROUPS", "[default: uploader]"),
        ("OIDC_EDITOR_GROUPS", "[default: editor]"),
        ("OIDC_OPERATOR_GROUPS", "[default: operator]"),
        ("UPLOAD_LIMIT_MB", "[default: 1024]"),
        ("RATE_LIMIT_PER_SECOND", "[default: 50]"),
        ("REQUEST_TIMEOUT_SECONDS", "[default: 30]"),
    ];
    for (name, default) in variables {
        let at =
            help.stdout.find(&format!("[env: {name}")).unwrap_or_else(|| panic!("{name} is not in the help"));
        let entry: String = help.stdout[at.saturating_sub(400)..(at + 200).min(help.stdout.len())]
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(entry.contains(default), "{name}: {entry}");
    }
}

#[tokio::test]
async fn bad_values_stop_the_program_and_secrets_are_not_repeated() {
    let cases = [
        ("SQS_WAIT_TIME_SECONDS", "21", "0 to 20"),
        ("SQS_MAX_NUMBER_OF_MESSAGES", "eleven", "1 to 10"),
        ("LOG_LEVEL", "LOUD", "WARNING"),
        ("STAGING_RETENTION_DAYS", "0", "1 to 36500"),
        ("AUDIT_RETENTION_DAYS", "a year", "1 to 36500"),
        ("FILE_RETENTION_DAYS", "-1", "1 to 36500"),
        ("LOG_FORMAT", "xml", "json or text"),
        ("REQUIRED_FIELDS", "company", "add `email`"),
        ("DATABASE_URL", "mysql://user:hunter2@host/db", "postgresql://"),
        ("LISTEN_ADDRESS", "8080", "127.0.0.1:8080"),
        ("REQUEST_TIMEOUT_SECONDS", "0", "1 to 3600"),
    ];
    for (name, value, accepted) in cases {
        let world = World::without_database().await.with(&[(name, value)]);
        let run = world.ingest(&["jobs"]).await;
        run.expect_status(2);
        assert!(run.stderr.contains(name) && run.stderr.contains(accepted), "{}", run.stderr);
        assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    }
    let world =
        World::without_database().await.with(&[("DATABASE_URL", "postgresql://user:hunter2@127.0.0.1:1/db")]);
    let run = world.ingest(&["jobs"]).await;
    run.expect_status(1);
    assert!(
        run.stderr.contains("user:***@127.0.0.1:1/db") && !run.stderr.contains("hunter2"),
        "{}",
        run.stderr
    );
}

#[tokio::test]
async fn a_dotenv_file_is_read_and_the_environment_wins() {
    let world = World::without_database().await;
    dotenv(&world, "DATABASE_URL=postgresql://user:hunter2@127.0.0.1:1/from-file\n");
    let run = world.ingest(&["jobs"]).await;
    assert!(run.stderr.contains("127.0.0.1:1/from-file"), "{}", run.stderr);
    let said = run.stderr.lines().next().unwrap();
    let path = world.path("").canonicalize().unwrap().join(".env");
    assert_eq!(said, format!("ingest: read {}, which sets DATABASE_URL", path.display()));
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    let world = world.with(&[("DATABASE_URL", "postgresql://user@127.0.0.1:1/from-environment")]);
    let run = world.ingest(&["jobs"]).await;
    assert!(run.stderr.contains("1/from-environment"), "{}", run.stderr);
    assert!(run.stderr.contains("sets nothing that the environment does not"), "{}", run.stderr);
    dotenv(&world, "LOG_LEVEL=INFO\nnot a line\n");
    let run = world.ingest(&["jobs"]).await;
    run.expect_status(2);
    assert!(run.stderr.contains("line 2"), "{}", run.stderr);
}

#[tokio::test]
async fn waiting_for_another_program_is_reported() {
    use nix::fcntl::{Flock, FlockArg};
    let world = World::without_database().await;
    std::fs::create_dir(world.path("data")).unwrap();
    let path = world.file("data/postgres.lock", "4321");
    let held = std::fs::File::options().write(true).open(&path).unwrap();
    let held = Flock::lock(held, FlockArg::LockExclusive).unwrap();
    let mut jobs = world.spawn(&["jobs"]);
    eventually("the wait is reported", async || world.log().contains("waiting for another process")).await;
    let log = world.log();
    assert!(log.contains("data/postgres.lock") && log.contains("4321"), "{log}");
    drop(held);
    assert_eq!(jobs.wait().await, Some(0), "{}", world.log());
    assert_eq!(world.log().matches("waiting for another process").count(), 1);
}

/// An unpacked archive could contain a configuration of the AWS SDK that names a program to run.
#[tokio::test]
async fn a_dotenv_file_cannot_make_the_program_run_another() {
    let world = World::without_database().await.with(&[("CSV_BUCKET_NAME", "files"), ("MAX_RETRIES", "0")]);
    let ran = world.path("ran");
    let config = format!("[default]\ncredential_process = /usr/bin/touch {}\n", ran.display());
    let config = world.file("aws-config", &config);
    let file = world.file("a.csv", "email,first_name,last_name,company\n");
    for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "LD_PRELOAD"] {
        dotenv(&world, &format!("LOG_LEVEL=INFO\n{name}={config}\n"));
        let run = world.ingest(&["import", &file]).await;
        run.expect_status(2);
        assert!(run.stderr.contains("line 2") && run.stderr.contains(name), "{}", run.stderr);
    }
    assert!(!ran.exists());
}

#[tokio::test]
async fn a_dotenv_file_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::without_database().await;
    dotenv(&world, "LOG_LEVEL=INFO\n");
    std::fs::set_permissions(world.path(".env"), PermissionsExt::from_mode(0o666)).unwrap();
    let run = world.ingest(&["jobs"]).await;
    run.expect_status(2);
    assert!(run.stderr.contains("chmod go-w .env"), "{}", run.stderr);
}

fn dotenv(world: &World, content: &str) {
    use std::os::unix::fs::PermissionsExt;
    world.file(".env", content);
    // Independent of the umask.
    std::fs::set_permissions(world.path(".env"), PermissionsExt::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn wrong_usage_exits_with_status_2() {
    let world = World::without_database().await;
    for arguments in [["import"].as_slice(), &["reprocess", "x"], &["edit", "1"], &["nonsense"]] {
        world.ingest(arguments).await.expect_status(2);
    }
    let world = World::database().await;
    let run = world.ingest(&["import", "not-there.csv"]).await;
    run.expect_status(1);
    assert!(run.stderr.contains("not-there.csv"), "{}", run.stderr);
}

#[tokio::test]
async fn the_exit_status_is_that_of_the_worst_file() {
    let world = World::database().await;
    let good = world.file("good.csv", "email,first_name,last_name,company\na@example.com,A,B,C\n");
    let dirty = world.file("dirty.csv", "email,first_name,last_name,company\nb,A,B,C\n");
    let empty = world.file("empty.csv", "");
    world.ingest(&["import", &good, &dirty]).await.expect_status(3);
    world.ingest(&["import", "--force", &empty, &dirty]).await.expect_status(1);
    let jobs = world.ingest(&["jobs", "--output", "json"]).await;
    let jobs: Vec<serde_json::Value> = serde_json::from_str(&jobs.stdout).expect("stdout contains only data");
    let statuses: Vec<_> = jobs.iter().map(|job| job["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["NEEDS_REVIEW", "FAILED", "NEEDS_REVIEW", "COMPLETED"]);
}

#[tokio::test]
async fn formulas_are_escaped_in_csv_output() {
    let world = World::database().await;
    let file = world.file(
        "a.csv",
        "email,first_name,last_name,company\na@example.com,=HYPERLINK(1),x;=1+1;y,\"A\"\"B\"\n",
    );
    world.ingest(&["import", &file]).await.expect_status(0);
    let contacts = world.ingest(&["contacts", "--output", "csv"]).await;
    assert_eq!(
        contacts.stdout,
        "\"contact\",\"email\",\"first name\",\"last name\",\"company\"\n\
         \"1\",\"a@example.com\",\"'=HYPERLINK(1)\",\"x;'=1+1;y\",\"A\"\"B\"\n"
    );
}

#[tokio::test]
async fn with_nothing_configured_everything_is_local() {
    let world = World::without_database().await;
    let file = world.file("a.csv", "email,first_name,last_name,company\na@example.com,A,B,C\nb,A,B,C\n");
    world.ingest(&["import", &file]).await.expect_status(3);
    world.ingest(&["discard", "2"]).await.expect_status(0);
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    let contacts = world.ingest(&["contacts", "--output", "csv"]).await;
    assert!(contacts.stdout.contains(r#""1","a@example.com","A","B","C""#), "{}", contacts.stdout);
    world.ingest(&["doctor"]).await.expect_status(0);
    assert!(!world.path("data/postgres/postmaster.pid").exists(), "the server is still running");
}

#[tokio::test]
async fn secrets_are_read_from_files_and_refused_as_flags() {
    let world = World::database().await;
    let refused = world.ingest(&["jobs", "--database-url", "postgresql://ann:hunter2@127.0.0.1:1/x"]).await;
    refused.expect_status(2);
    assert!(refused.stderr.contains("DATABASE_URL_FILE") && !refused.stderr.contains("hunter2"));

    let url = world.variable("DATABASE_URL");
    let file = world.file("url", &format!("{url}\n"));
    let world = world.with(&[("DATABASE_URL", ""), ("DATABASE_URL_FILE", &file)]);
    let doctor = world.ingest(&["doctor"]).await;
    let database = url.rsplit('/').next().unwrap();
    assert!(doctor.stdout.contains(&format!("database {database}")), "{}", doctor.stdout);
}

#[tokio::test]
async fn doctor_warns_about_an_unverified_database_server() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let local = world.ingest(&["doctor"]).await;
    local.expect_status(0);
    assert!(!local.stdout.contains("WARN"), "{}", local.stdout);
    // The program does not recognise this as a loopback address, but the kernel connects it to one.
    let url = world.variable("DATABASE_URL").replace("127.0.0.1", "0.0.0.0");
    let doctor = world.with(&[("DATABASE_URL", &url)]).ingest(&["doctor"]).await;
    doctor.expect_status(0);
    let warning = doctor.stdout.lines().find(|line| line.starts_with("WARN")).unwrap_or_default();
    assert!(
        warning.contains("sslmode=prefer") && warning.contains("sslmode=verify-full"),
        "{}",
        doctor.stdout
    );
}
