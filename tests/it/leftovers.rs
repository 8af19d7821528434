//! Files of refused, interrupted and killed uploads; control characters from files on the terminal; paths of the server
//! in reasons of failures.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ingest::actions::{self, ActionError, Idempotency, Remember, Request, Upload};
use ingest::domain::job::{ImportPolicy, Owner, ParseSettings};
use ingest::domain::required::RequiredFields;
use ingest::objects::Objects;
use reqwest::Method;
use tokio::io::AsyncReadExt;

use crate::support::{Server, World, eventually, status_and_json};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";

/// Returns the files in a folder and its subfolders.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn tester() -> Request {
    Request { owner: Owner("tester".to_owned()), actor: "tester".to_owned(), idempotency: None }
}

fn upload(limit: u64) -> Upload<'static> {
    Upload {
        filename: "a.csv",
        policy: ImportPolicy::default(),
        force: false,
        limit,
        columns: None,
        assignment: None,
        remember: Remember::Nothing,
        required: RequiredFields::default(),
        settings: ParseSettings::default(),
    }
}

#[tokio::test]
async fn a_refused_upload_leaves_no_file() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let folder = world.path("data/objects");
    let objects = Objects::local(folder.clone()).unwrap();
    let take = async |request: &Request, limit| {
        actions::upload(&world.owners, &objects, None, request, &upload(limit), CLEAN.as_bytes()).await
    };

    // The same request is in progress elsewhere: its record is committed while this one waits for it.
    let known = Some(Idempotency { key: "k".to_owned(), fingerprint: "f".to_owned() });
    let keyed = Request { idempotency: known, ..tester() };
    let mut other = world.pool.begin().await.unwrap();
    let record = "INSERT INTO actions (action_owner, action_actor, action_kind, action_idempotency_key, action_fingerprint)
                  VALUES ('tester', 'tester', 'UPLOAD', 'k', 'f')";
    sqlx::query(record).execute(&mut *other).await.unwrap();
    let (refused, ()) = tokio::join!(take(&keyed, 1000), async {
        eventually("the file is in the store", async || !files(&folder).is_empty()).await;
        other.commit().await.unwrap();
    });
    assert!(matches!(refused, Err(ActionError::Busy)), "{refused:?}");
    assert_eq!(files(&folder), Vec::<PathBuf>::new());

    // Refused by the database, immediately and at the commit.
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$";
    sqlx::raw_sql(refuse).execute(&world.pool).await.unwrap();
    for when in ["TRIGGER refuse AFTER INSERT", "CONSTRAINT TRIGGER refuse AFTER INSERT"] {
        let deferred = if when.starts_with('C') { "DEFERRABLE INITIALLY DEFERRED" } else { "" };
        let make = format!("CREATE {when} ON jobs {deferred} FOR EACH ROW EXECUTE FUNCTION refuse()");
        sqlx::raw_sql(sqlx::AssertSqlSafe(make)).execute(&world.pool).await.unwrap();
        let refused = take(&tester(), 1000).await;
        assert!(matches!(refused, Err(ActionError::Store(_))), "{refused:?}");
        assert_eq!(files(&folder), Vec::<PathBuf>::new(), "{when}");
        sqlx::raw_sql("DROP TRIGGER refuse ON jobs").execute(&world.pool).await.unwrap();
    }
    assert!(matches!(take(&tester(), 10).await, Err(ActionError::TooLarge(10))));
    assert_eq!(files(&folder), Vec::<PathBuf>::new());

    let made = take(&tester(), 1000).await.unwrap();
    assert!(take(&tester(), 1000).await.unwrap().earlier);
    assert_eq!(files(&folder).len(), 1, "only the file of job {}", made.job);
    assert_eq!(std::fs::read_dir(folder.join("uploads/tester")).unwrap().count(), 1, "empty folders");
}

#[tokio::test]
async fn the_file_of_a_job_is_kept_if_its_message_cannot_be_sent() {
    // The job is inserted, but its message cannot be sent.
    let world = World::cloud().await.with(&[("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")]);
    let server = Server::start(world).await;
    let answer = server.client().post(format!("{}/api/v1/uploads?filename=a.csv", server.url));
    let answer = answer.header("content-type", "text/csv").body(CLEAN).send().await.unwrap();
    assert_eq!(status_and_json(answer).await.0, 503);
    let key: String =
        sqlx::query_scalar("SELECT job_s3_object_key FROM jobs").fetch_one(&server.world.pool).await.unwrap();
    let objects = &server.world.cloud.as_ref().unwrap().objects;
    assert_eq!(objects.head(&key).await.unwrap().1, CLEAN.len() as u64);
}

#[tokio::test]
async fn an_interrupted_upload_leaves_no_parts() {
    let world = World::cloud().await;
    let cloud = world.cloud.as_ref().unwrap();
    let parts = async || cloud.multipart_uploads().await;
    let beginning = tokio::io::repeat(b'x').take(20 << 20);

    // A client that disconnects: the request is dropped half-way.
    let endless = beginning.chain(Endless);
    let content = Box::pin(endless);
    let request = tester();
    let settings = upload(u64::MAX);
    let uploading = actions::upload(&world.owners, &cloud.objects, None, &request, &settings, content);
    tokio::select! {
        uploaded = uploading => panic!("{uploaded:?}"),
        () = eventually("a multipart upload is in progress", async || parts().await == 1) => {}
    }
    eventually("the parts are removed", async || parts().await == 0).await;

    // A client whose connection fails: reading the content fails half-way.
    let content = Box::pin(tokio::io::repeat(b'x').take(20 << 20).chain(Broken));
    let broken = actions::upload(&world.owners, &cloud.objects, None, &request, &settings, content).await;
    assert!(matches!(broken, Err(ActionError::Object(_))), "{broken:?}");
    assert_eq!(parts().await, 0);
}

/// Content that never arrives.
struct Endless;

impl tokio::io::AsyncRead for Endless {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Pending
    }
}

/// Content that fails to be read.
struct Broken;

impl tokio::io::AsyncRead for Broken {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Err(std::io::ErrorKind::ConnectionReset.into()))
    }
}

#[tokio::test]
async fn files_of_a_killed_upload_are_removed_after_a_day() {
    let world = World::database().await;
    let folder = world.path("data/objects");
    for later in [&["worker"] as &[&str], &["import", "other.csv"]] {
        let pipe = world.path("pipe.csv");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
        let mut importing = world.spawn(&["import", "pipe.csv"]);
        let writing = tokio::task::spawn_blocking(move || {
            let mut pipe = std::fs::File::options().write(true).open(pipe).unwrap();
            pipe.write_all(&vec![b'x'; 20 << 20]).map(|()| pipe)
        });
        let unfinished = || files(&folder).into_iter().find(|file| file.to_string_lossy().contains('#'));
        eventually("an upload is in progress", async || unfinished().is_some()).await;
        importing.kill();
        drop(writing.await);
        std::fs::remove_file(world.path("pipe.csv")).unwrap();
        let part = unfinished().expect("a killed process cannot remove its files");

        world.file("other.csv", CLEAN);
        let mut other = world.spawn(later);
        eventually("the other command is at work", async || {
            world.log().contains("worker started") || files(&folder).len() > 1
        })
        .await;
        assert!(part.exists(), "the upload might still be in progress");
        if later == ["worker"] {
            assert_eq!(other.term_and_wait().await, Some(0));
        }
        let long_ago = SystemTime::now() - Duration::from_secs(25 * 60 * 60);
        std::fs::File::options().write(true).open(&part).unwrap().set_modified(long_ago).unwrap();
        let mut again = world.spawn(later);
        eventually("the file is removed", async || !part.exists()).await;
        if later == ["worker"] {
            assert_eq!(again.term_and_wait().await, Some(0));
        }
        assert!(!part.parent().unwrap().exists(), "the empty folder is removed");
    }
}

#[tokio::test]
async fn file_names_in_any_script_are_accepted() {
    let server = Server::start(World::database().await).await;
    for name in ["名".repeat(100), "𠀋".repeat(255), "é".repeat(255), "x".repeat(255)] {
        let content = format!("{CLEAN}{name}@example.com,A,B,C\n");
        let answer = server.client().post(format!("{}/api/v1/uploads?filename={name}", server.url));
        let answer = answer.header("content-type", "text/csv").body(content).send().await.unwrap();
        let (status, made) = status_and_json(answer).await;
        assert_eq!(status, 202, "{made}");
        let job = server.get(&format!("/api/v1/jobs/{}", made["job"])).await.1;
        assert_eq!(job["filename"], name);
        let file = server.send(Method::GET, &format!("/api/v1/jobs/{}/file", made["job"]), None, &[]).await;
        assert_eq!(file.status(), 200);
    }
}

#[tokio::test]
async fn file_content_cannot_control_the_terminal() {
    let world = World::database().await;
    let steering = "\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}1m\u{202e}\u{7f}";
    let content = format!(
        "email,first_name,last_name,company,{steering}note\na@example.com,A{steering},B,C{steering},n\n\
         bad{steering},A,B{steering},C,n\n"
    );
    let name = format!("a{steering}.csv");
    let file = world.file(&name, &content);
    let headless = world.file("headless.csv", &format!("mail{steering},x{steering}\n1,2\n"));
    let missing = format!("/nowhere{steering}");
    let keyless = world.file("keyless.csv", &format!("email,{steering}\n1,2\n"));
    let commands: [&[&str]; 15] = [
        &["preview", &file],
        &["preview", &headless],
        &["import", "--policy", "AT_ONCE", &file],
        &["import", &file],
        &["import", &headless],
        &["import", "--column", "email=nothing", &headless],
        &["import", &missing],
        &["correct", "1", &keyless],
        &["jobs"],
        &["issues", "1"],
        &["rows", "1", "1"],
        &["bulk", "1", "accept", "--type", "MALFORMED_ROW"],
        &["reprocess", "1"],
        &["contacts"],
        &["audit"],
    ];
    let steers = |letter: char| letter.is_control() && letter != '\n' || letter == '\u{202e}';
    let mut shown = 0;
    for command in commands {
        let run = world.ingest(command).await;
        for text in [&run.stdout, &run.stderr] {
            assert!(!text.contains(steers), "{command:?}: {text:?}");
            shown += usize::from(text.contains(r"\u{1b}"));
        }
    }
    assert!(shown >= 8, "escapes are shown {shown} times");
    for list in ["jobs", "contacts"] {
        let run = world.ingest(&[list, "--output", "json"]).await;
        assert!(!run.stdout.contains(steers), "{:?}", run.stdout);
        let records: Vec<serde_json::Value> = serde_json::from_str(&run.stdout).unwrap();
        let expected = if list == "jobs" { &name } else { &format!("A{steering}") };
        let field = if list == "jobs" { "filename" } else { "first_name" };
        assert!(records.iter().any(|record| record[field] == **expected), "{:?}", run.stdout);
    }
    let exact = world.ingest(&["contacts", "--output", "csv"]).await;
    assert!(exact.stdout.contains(&format!("\"C{steering}\"")), "{:?}", exact.stdout);
}

#[tokio::test]
async fn owners_see_no_paths_of_the_server() {
    let scratch = "/nowhere/scratch";
    let world =
        World::database().await.with(&[("MAX_RETRIES", "1"), ("MEMORY_BUDGET_MB", "1"), ("TMPDIR", scratch)]);
    world.ingest(&["migrate"]).await.expect_status(0);
    let rows: String = (0..60_000).map(|n| format!("p{n}@example.com,Ann,Lee,Acme\n")).collect();
    let spilling =
        world.enqueue("a.csv", &format!("email,first_name,last_name,company\n{rows}"), "one").await;
    let missing = world.enqueue("b.csv", CLEAN, "one").await;
    std::fs::remove_file(world.path("data/objects/uploads/one/b.csv")).unwrap();
    let folder = world.enqueue("c.csv", CLEAN, "one").await;
    std::fs::remove_file(world.path("data/objects/uploads/one/c.csv")).unwrap();
    std::fs::create_dir(world.path("data/objects/uploads/one/c.csv")).unwrap();
    let mut worker = world.spawn(&["worker"]);
    let (data_folder, mut reasons) = (world.path("data").display().to_string(), Vec::new());
    for job in [spilling, missing, folder] {
        assert_eq!(world.status_after_run(job).await, "FAILED");
        let reason = "SELECT job_failure FROM jobs WHERE job_id = $1";
        let reason: String = sqlx::query_scalar(reason).bind(job).fetch_one(&world.pool).await.unwrap();
        assert!(!reason.contains(&data_folder) && !reason.contains("/nowhere"), "{reason}");
        reasons.push(reason);
    }
    assert!(reasons[0].contains("temporary file"), "{reasons:?}");
    assert!(reasons[1].contains("there is no file `uploads/one/b.csv`"), "{reasons:?}");
    assert_eq!(worker.term_and_wait().await, Some(0));
    let log = world.log();
    assert!(log.contains(&data_folder), "the log names the path for the operator: {log}");
}
