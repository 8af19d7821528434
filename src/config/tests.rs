use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

fn parse(arguments: &[&str]) -> Result<Settings, String> {
    let arguments = std::iter::once("ingest").chain(arguments.iter().copied());
    Cli::try_parse_from(arguments).map(|cli| cli.settings).map_err(|error| error.to_string())
}

#[test]
fn defaults_match_the_documentation() {
    let settings = parse(&[]).unwrap();
    assert_eq!(settings.sqs_max_number_of_messages, 1);
    assert_eq!(settings.wait_time(), Duration::from_secs(20));
    assert_eq!(settings.visibility_timeout(), Duration::from_secs(300));
    assert_eq!(settings.max_retries, 3);
    assert_eq!(settings.retry_delay(), Duration::from_secs(5));
    assert_eq!(settings.progress_update_interval(), None);
    let kept = &settings.retention;
    assert_eq!((kept.staging(), kept.audit(), kept.files()), (None, None, None));
    assert_eq!(settings.log_level, LogLevel::Info);
    assert_eq!(settings.worker_concurrency, 2);
    assert!(settings.database_url().unwrap().is_none());
    assert!(settings.bucket().is_none() && settings.queue_url().is_none());
}

#[test]
fn empty_values_count_as_unset() {
    let settings = parse(&[
        "--database-url=",
        "--csv-bucket-name=",
        "--aws-region=",
        "--sqs-queue-url=",
        "--sqs-max-number-of-messages=",
        "--sqs-wait-time-seconds=",
        "--sqs-visibility-timeout=",
        "--max-retries=",
        "--retry-delay-seconds=",
        "--progress-update-interval=",
        "--staging-retention-days=",
        "--audit-retention-days=",
        "--file-retention-days=",
        "--log-level=",
        "--log-format=",
        "--data-dir=",
        "--owner=",
        "--worker-concurrency=",
        "--listen-address=",
        "--public-url=",
        "--oidc-issuer=",
        "--oidc-audience=",
        "--oidc-accept-id-tokens=",
        "--oidc-client-id=",
        "--oidc-client-secret=",
        "--oidc-scopes=",
        "--oidc-roles-claim=",
        "--upload-limit-mb=",
        "--rate-limit-per-second=",
        "--request-timeout-seconds=",
        "--http-connections=",
        "--http-connections-per-peer=",
        "--http-keep-alive-seconds=",
        "--http-idle-seconds=",
        "--database-url-file=",
        "--oidc-client-secret-file=",
        "--api-token-days=",
        "--api-token-max-days=",
        "--session-idle-minutes=",
        "--trusted-proxies=",
        "--forwarded-header=",
        "--requests-at-once=",
        "--uploads-at-once=",
        "--corrections-at-once=",
        "--downloads-at-once=",
        "--event-streams-at-once=",
    ])
    .unwrap();
    assert_eq!(settings.visibility_timeout(), Duration::from_secs(300));
    assert_eq!(settings.progress_update_interval(), None);
    assert!(settings.database_url().unwrap().is_none());
    assert!(settings.bucket().is_none() && settings.queue_url().is_none());
    assert_eq!(settings.log_format(false), LogFormat::Text);
    assert!(settings.data_dir().ends_with("data-ingestion-worker"));
    assert!(!settings.owner().is_empty());
    assert_eq!(settings.serve.listen_address.to_string(), "127.0.0.1:8080");
    assert!(settings.serve.public_url().is_none() && settings.serve.oidc().unwrap().is_none());
    assert_eq!(settings.serve.upload_limit_bytes(), 1 << 30);
    assert_eq!(settings.serve.request_timeout(), Duration::from_secs(30));
    let limits = &settings.serve.limits;
    assert_eq!((limits.connections, limits.connections_per_peer), (2048, 1024));
    assert_eq!((limits.keep_alive(), limits.idle()), (Duration::from_secs(75), Duration::from_secs(30)));
    assert_eq!((limits.requests_at_once, limits.uploads_at_once), ((32, 256), (3, 6)));
    assert_eq!((limits.corrections_at_once, limits.downloads_at_once), ((2, 4), (4, 32)));
    assert_eq!(limits.event_streams_at_once, (16, 512));
    let access = &settings.serve.access;
    assert_eq!(access.token_days().unwrap(), (90, 365));
    assert_eq!(access.session_idle(), Duration::from_secs(3600));
    assert!(access.trusted_proxies().is_empty() && access.forwarded_header == "x-forwarded-for");
}

#[test]
fn the_ceiling_of_all_users_is_at_least_that_of_one() {
    let parsed = |value: &str| parse(&[&format!("--uploads-at-once={value}")]);
    assert_eq!(parsed("3, 3").unwrap().serve.limits.uploads_at_once, (3, 3));
    for bad in ["3", "3,2", "0,2", "a,b", "1,2,3", "1,100001"] {
        assert!(parsed(bad).unwrap_err().contains("such as 3,6"), "{bad}");
    }
}

#[test]
fn the_default_life_of_a_token_is_within_the_maximum() {
    let days = |arguments: &[&str]| parse(arguments).unwrap().serve.access.token_days();
    assert_eq!(days(&["--api-token-max-days=30"]).unwrap(), (30, 30));
    assert_eq!(days(&["--api-token-days=7"]).unwrap(), (7, 365));
    let error = days(&["--api-token-days=31", "--api-token-max-days=30"]).unwrap_err().to_string();
    assert!(error.contains("API_TOKEN_DAYS 31") && error.contains("API_TOKEN_MAX_DAYS 30"), "{error}");
}

#[test]
fn proxies_are_addresses_and_networks() {
    let settings = parse(&["--trusted-proxies= 10.0.0.0/8, ::1 ,192.0.2.1,", "--forwarded-header=Forwarded"]);
    let access = settings.unwrap().serve.access;
    let shown: Vec<String> = access.trusted_proxies().iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["10.0.0.0/8", "::1/128", "192.0.2.1/32"]);
    assert_eq!(access.forwarded_header, "forwarded");
}

#[test]
fn secrets_are_read_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let url = file("url", b"postgresql://ann:hunter2@db.example/app\n");
    let settings = parse(&["--database-url-file", &url]).unwrap();
    let parsed = settings.database_url().unwrap().unwrap();
    assert_eq!(parsed.to_string(), "postgresql://ann:***@db.example:5432/app");

    let secret = file("secret", b" hunter2\n");
    let issuer = ["--oidc-issuer=https://id.example", "--oidc-client-id=us"];
    let settings = parse(&[issuer[0], issuer[1], "--oidc-client-secret-file", &secret]).unwrap();
    let client = settings.serve.oidc().unwrap().unwrap().client;
    assert_eq!(client, Some(("us".to_owned(), Some("hunter2".to_owned()))));

    let folder = folder.path().to_str().unwrap();
    for (path, reason) in [
        (file("empty", b" \n").as_str(), "is empty"),
        (&file("binary", b"hunter2\xff"), "cannot be read"),
        (&file("large", &[b'a'; (64 << 10) + 1]), "is larger than"),
        (folder, "is not a regular file"),
        ("/nowhere/at/all", "cannot be read"),
    ] {
        let error = parse(&["--database-url-file", path]).unwrap().database_url().unwrap_err().to_string();
        assert!(error.contains("DATABASE_URL_FILE") && error.contains(reason), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let both = parse(&["--database-url=postgresql://ann@db/app", "--database-url-file", &url]).unwrap();
    assert!(both.database_url().unwrap_err().to_string().contains("both set"));
}

#[test]
fn secrets_on_the_command_line_are_refused() {
    use clap::CommandFactory;
    for (arguments, name) in [
        (&["ingest", "--database-url=hunter2"][..], Some("DATABASE_URL_FILE")),
        (&["ingest", "--oidc-client-secret", "hunter2"], Some("OIDC_CLIENT_SECRET_FILE")),
        (&["ingest", "--database-url-file=x"], None),
    ] {
        let matches = Cli::command().get_matches_from(arguments);
        let refused = refuse_secret_flags(&matches).err().map(|error| error.to_string());
        assert_eq!(refused.is_some(), name.is_some(), "{arguments:?}");
        let refused = refused.unwrap_or_default();
        assert!(refused.contains(name.unwrap_or_default()) && !refused.contains("hunter2"), "{refused}");
    }
}

#[test]
fn all_settings_of_the_provider_are_read() {
    let settings = parse(&[
        "--oidc-issuer=https://id.example/pool",
        "--oidc-client-id=us",
        "--oidc-client-secret=hunter2",
        "--oidc-roles-claim= realm_access.roles , cognito:groups,",
        "--oidc-editor-groups=Staff, Admins",
        "--oidc-operator-groups=SRE",
        "--public-url=https://Contacts.example.com:443/",
    ])
    .unwrap();
    let oidc = settings.serve.oidc().unwrap().unwrap();
    assert_eq!((oidc.issuer.as_str(), oidc.audiences), ("https://id.example/pool", vec!["us".to_owned()]));
    assert_eq!(oidc.client, Some(("us".to_owned(), Some("hunter2".to_owned()))));
    assert_eq!(oidc.roles_claims, ["realm_access.roles", "cognito:groups"]);
    assert_eq!(oidc.scopes, ["openid", "profile", "email"]);
    assert_eq!(
        (oidc.uploader_groups, oidc.editor_groups),
        (vec!["uploader".to_owned()], vec!["Staff".to_owned(), "Admins".to_owned()])
    );
    assert_eq!(oidc.operator_groups, ["SRE"]);
    assert_eq!(settings.serve.public_url(), Some("https://contacts.example.com"));
    let shown = format!("{settings:?} {:?}", settings.serve.oidc());
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn incomplete_provider_settings_are_refused() {
    for (arguments, named) in [
        (["--oidc-client-id=us"].as_slice(), "OIDC_ISSUER"),
        (&["--oidc-audience=us"], "OIDC_ISSUER"),
        (&["--oidc-issuer=https://id.example"], "OIDC_AUDIENCE"),
        (&["--oidc-issuer=https://id.example", "--oidc-audience=us", "--local-user=true"], "LOCAL_USER"),
    ] {
        let error = parse(arguments).unwrap().serve.oidc().unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn a_bad_value_is_refused_with_its_name_and_range() {
    for (flag, value, name, accepted) in [
        ("--sqs-max-number-of-messages", "11", "SQS_MAX_NUMBER_OF_MESSAGES", "from 1 to 10"),
        ("--sqs-wait-time-seconds", "21", "SQS_WAIT_TIME_SECONDS", "from 0 to 20"),
        ("--sqs-visibility-timeout", "0", "SQS_VISIBILITY_TIMEOUT", "from 1 to 43200"),
        ("--max-retries", "-1", "MAX_RETRIES", "from 0"),
        ("--max-deliveries", "0", "MAX_DELIVERIES", "from 1"),
        ("--retry-delay-seconds", "nan", "RETRY_DELAY_SECONDS", "from 0"),
        ("--retry-delay-seconds", "-0.5", "RETRY_DELAY_SECONDS", "from 0"),
        ("--progress-update-interval", "0", "PROGRESS_UPDATE_INTERVAL", "from 1"),
        ("--worker-concurrency", "65", "WORKER_CONCURRENCY", "from 1 to 64"),
        ("--memory-budget-mb", "0", "MEMORY_BUDGET_MB", "from 1 to 65536"),
        ("--log-level", "loud", "LOG_LEVEL", "CRITICAL"),
        ("--log-format", "xml", "LOG_FORMAT", "json or text"),
        ("--sqs-queue-url", "queue", "SQS_QUEUE_URL", "https://"),
        ("--aws-region", "us east", "AWS_REGION", "us-east-1"),
        ("--listen-address", "localhost", "LISTEN_ADDRESS", "127.0.0.1:8080"),
        ("--public-url", "https://a.example/path", "PUBLIC_URL", "without a path"),
        ("--public-url", "ftp://a.example", "PUBLIC_URL", "https://"),
        ("--oidc-issuer", "http://id.example", "OIDC_ISSUER", "https://"),
        ("--api-token-days", "366", "API_TOKEN_DAYS", "from 1 to 365"),
        ("--api-token-max-days", "0", "API_TOKEN_MAX_DAYS", "from 1 to 365"),
        ("--session-idle-minutes", "1", "SESSION_IDLE_MINUTES", "from 5 to 720"),
        ("--trusted-proxies", "10.0.0.0/33", "TRUSTED_PROXIES", "10.0.0.0/8"),
        ("--forwarded-header", "a b", "FORWARDED_HEADER", "X-Forwarded-For"),
        ("--oidc-accept-id-tokens", "perhaps", "OIDC_ACCEPT_ID_TOKENS", "true or false"),
        ("--upload-limit-mb", "0", "UPLOAD_LIMIT_MB", "from 1 to 1048576"),
        ("--rate-limit-per-second", "0", "RATE_LIMIT_PER_SECOND", "from 1 to 100000"),
        ("--request-timeout-seconds", "x", "REQUEST_TIMEOUT_SECONDS", "from 1 to 3600"),
    ] {
        let error = parse(&[&format!("{flag}={value}")]).unwrap_err();
        assert!(error.contains(flag) && error.contains(name) && error.contains(accepted), "{error}");
    }
}

#[test]
fn values_are_read() {
    let settings =
        parse(&["--retry-delay-seconds=0.25", "--log-level=wArN", "--log-format=JSON", "--max-retries=0"])
            .unwrap();
    assert_eq!(settings.retry_delay(), Duration::from_millis(250));
    assert_eq!(settings.log_level, LogLevel::Warning);
    assert_eq!(settings.log_format(false), LogFormat::Json);
    assert_eq!(settings.max_retries, 0);
}

#[test]
fn a_password_is_never_shown() {
    for url in [
        "postgresql://ann:hunter2@db.example:5433/app?sslmode=require",
        "postgresql+asyncpg://ann:hunter2@db.example:5433/app",
    ] {
        let settings = parse(&["--database-url", url]).unwrap();
        let parsed = settings.database_url().unwrap().unwrap();
        assert_eq!(parsed.to_string(), "postgresql://ann:***@db.example:5433/app");
        assert_eq!(format!("{parsed:?}"), parsed.to_string());
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert!(format!("{:?}", parsed.connect_options()).contains("db.example"));
    }
    for url in [
        "hunter2",
        "mysql://ann:hunter2@db/app",
        "postgresql://ann:hunter2@db:port/app",
        "postgresql://ann:p@ss:hunter2@db/app",
    ] {
        let settings = parse(&["--database-url", url]).unwrap();
        if let Err(error) = settings.database_url() {
            let shown = format!("{error} {error:?} {settings:?}");
            assert!(shown.contains("DATABASE_URL") && !shown.contains("hunter2"), "{shown}");
        }
    }
}
