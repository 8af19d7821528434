//! Uploads in several requests, by the tus protocol: they survive cut connections and killed servers, and make one job.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, Response};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Server, World, client, eventually, free_port};

const HEADER: &str = "email,first_name,last_name,company\n";
const PART: usize = 8 << 20;
/// Uploads that a request is adding to.
const LEASED: &str = "uploads WHERE upload_lease_until > now()";
const UPLOADS: &str = "/api/v1/uploads/resumable";

/// Returns a file of at least `bytes`, with few rows.
fn file(name: &str, bytes: usize) -> String {
    let company = "x".repeat(8_000);
    let row = |number: usize| format!("{name}{number}@example.com,Ann,Lee,{company}\n");
    HEADER.to_owned() + &(0..=bytes / row(0).len()).map(row).collect::<String>()
}

fn metadata(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{name} {}", STANDARD.encode(value)));
    pairs.collect::<Vec<_>>().join(",")
}

async fn request(server: &Server, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let headers = [[("tus-resumable", "1.0.0")].as_slice(), headers].concat();
    server.send(method, path, None, &headers).await
}

/// Creates an upload and returns its path.
async fn create(server: &Server, bytes: usize, options: &[(&str, &str)]) -> String {
    let (bytes, metadata) = (bytes.to_string(), metadata(options));
    let headers = [("upload-length", bytes.as_str()), ("upload-metadata", &metadata)];
    let made = request(server, Method::POST, UPLOADS, &headers).await;
    assert_eq!(made.status(), 201, "{}", made.text().await.unwrap());
    assert_eq!(made.headers()["tus-resumable"], "1.0.0");
    assert!(made.headers()["upload-expires"].to_str().unwrap().ends_with(" GMT"));
    made.headers()["location"].to_str().unwrap().to_owned()
}

async fn send_to(url: &str, client: reqwest::Client, path: &str, offset: usize, part: &str) -> Response {
    let request = client.patch(format!("{url}{path}")).header("tus-resumable", "1.0.0");
    let request =
        request.header("upload-offset", offset).header("content-type", "application/offset+octet-stream");
    request.body(part.to_owned()).send().await.unwrap()
}

async fn send(server: &Server, path: &str, offset: usize, part: &str) -> Response {
    send_to(&server.url, server.client(), path, offset, part).await
}

async fn look_up(server: &Server, path: &str) -> Response {
    request(server, Method::HEAD, path, &[]).await
}

fn header(answer: &Response, name: &str) -> String {
    answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

async fn offset(server: &Server, path: &str) -> usize {
    header(&look_up(server, path).await, "upload-offset").parse().unwrap()
}

/// Sends the head of a part and its first bytes. Dropping the connection cuts it.
async fn begin_part(server: &Server, path: &str, offset: usize, length: usize, first: &str) -> TcpStream {
    let mut line = TcpStream::connect(server.address()).await.unwrap();
    let head = part_head(server, path, offset, &format!("content-length: {length}"));
    line.write_all(head.as_bytes()).await.unwrap();
    line.write_all(first.as_bytes()).await.unwrap();
    line.flush().await.unwrap();
    line
}

fn part_head(server: &Server, path: &str, offset: usize, length: &str) -> String {
    format!(
        "PATCH {path} HTTP/1.1\r\nhost: {}\r\n{}tus-resumable: 1.0.0\r\nupload-offset: {offset}\r\n\
         content-type: application/offset+octet-stream\r\n{length}\r\n\r\n",
        server.address(),
        server.authorization()
    )
}

/// Returns the status of the next response on a connection.
async fn status_of(line: &mut TcpStream) -> u16 {
    let mut answer = [0; 12];
    line.read_exact(&mut answer).await.unwrap();
    let text = std::str::from_utf8(&answer).unwrap();
    text.strip_prefix("HTTP/1.1 ").unwrap_or_else(|| panic!("{text}")).parse().unwrap()
}

async fn count(world: &World, what: &str) -> i64 {
    let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {what}"));
    sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap()
}

async fn execute(world: &World, statement: &'static str) {
    sqlx::raw_sql(statement).execute(&world.pool).await.unwrap();
}

/// Ends the leases of a killed server, as half a minute would.
async fn end_leases(world: &World) {
    execute(world, "UPDATE uploads SET upload_lease_until = now() - interval '1 second'").await;
}

/// Returns the files in a folder and those below.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&entry.path())),
            false => drop(found.insert(entry.file_name().to_str().unwrap().to_owned())),
        }
    }
    found
}

async fn parts_are_gone(server: &Server) {
    eventually("the parts are removed", async || count(&server.world, "upload_parts").await == 0).await;
}

#[tokio::test]
async fn parts_of_any_size_become_one_job() {
    for world in [World::database().await, World::cloud().await] {
        let server = Server::start_at(world, free_port(), &["serve"]).await;
        let content = file("any", 2 * PART);
        let options = [("filename", "größe.csv"), ("filetype", "text/csv"), ("policy", "AT_ONCE")];
        let path = create(&server, content.len(), &options).await;
        let before = look_up(&server, &path).await;
        assert_eq!((before.status().as_u16(), header(&before, "upload-offset").as_str()), (200, "0"));
        assert_eq!(header(&before, "upload-length"), content.len().to_string());
        assert_eq!(header(&before, "upload-metadata"), metadata(&options));
        assert_eq!(header(&before, "cache-control"), "no-store");
        assert_eq!(header(&before, "ingest-jobs"), "");

        let mut at = 0;
        for end in [1, PART / 2, PART + 7] {
            let answer = send(&server, &path, at, &content[at..end]).await;
            assert_eq!((answer.status().as_u16(), header(&answer, "upload-offset")), (204, end.to_string()));
            at = end;
        }
        assert_eq!(count(&server.world, "jobs").await, 0);
        // Also when nothing is left to send, and in a part that is larger than those in the store.
        assert_eq!(send(&server, &path, at, "").await.status(), 204);
        let last = send(&server, &path, at, &content[at..]).await;
        assert_eq!(last.status(), 204);
        let jobs = header(&last, "ingest-jobs");
        assert_eq!(header(&last, "ingest-earlier"), "false");
        let job: i32 = jobs.parse().unwrap();
        assert_eq!(server.world.status_after_run(job).await, "COMPLETED");
        let (name, bytes, policy): (String, i64, String) = sqlx::query_as(
            "SELECT job_original_filename, job_file_bytes, job_import_policy FROM jobs WHERE job_id = $1",
        )
        .bind(job)
        .fetch_one(&server.world.pool)
        .await
        .unwrap();
        assert_eq!((name.as_str(), bytes, policy.as_str()), ("größe.csv", content.len() as i64, "AT_ONCE"));
        let stored =
            server.client().get(format!("{}/api/v1/jobs/{job}/file", server.url)).send().await.unwrap();
        assert!(stored.text().await.unwrap() == content, "the stored file is the one that was sent");

        // The client asks again: the same job, whatever it sends.
        let after = look_up(&server, &path).await;
        assert_eq!(
            (header(&after, "upload-offset"), header(&after, "ingest-jobs")),
            (content.len().to_string(), jobs.clone())
        );
        assert_eq!(header(&after, "upload-metadata"), "", "only the job has the name");
        assert_eq!(header(&send(&server, &path, content.len(), "").await, "ingest-jobs"), jobs);
        assert_eq!(send(&server, &path, at, &content[at..]).await.status(), 409);
        assert_eq!(count(&server.world, "jobs").await, 1);
        parts_are_gone(&server).await;

        // The same file once more.
        let path = create(&server, content.len(), &[("filename", "again.csv"), ("policy", "AT_ONCE")]).await;
        let last = send(&server, &path, 0, &content).await;
        assert_eq!(
            (header(&last, "ingest-jobs"), header(&last, "ingest-earlier")),
            (jobs, "true".to_owned())
        );
    }
}

#[tokio::test]
async fn requests_that_break_the_protocol_are_refused() {
    let world = World::database().await.with(&[("UPLOAD_LIMIT_MB", "1")]);
    let server = Server::start(world).await;
    let options =
        server.client().request(Method::OPTIONS, format!("{}{UPLOADS}", server.url)).send().await.unwrap();
    assert_eq!(options.status(), 204);
    assert_eq!(header(&options, "tus-version"), "1.0.0");
    assert_eq!(header(&options, "tus-extension"), "creation,expiration,termination");
    assert_eq!(header(&options, "tus-max-size"), (1 << 20).to_string());

    let without_version = server.send(Method::POST, UPLOADS, None, &[("upload-length", "5")]).await;
    assert_eq!(
        (without_version.status().as_u16(), header(&without_version, "tus-version").as_str()),
        (412, "1.0.0")
    );
    assert_eq!(header(&without_version, "tus-resumable"), "1.0.0");
    let unknown = metadata(&[("filename", "a.csv"), ("polciy", "HOLD")]);
    let no_column = metadata(&[("email", "0")]);
    let no_name = metadata(&[("filename", "")]);
    for (length, metadata, status) in [
        ("", "", 400),
        ("+5", "", 400),
        ("0", "", 400),
        ("1048577", "", 413),
        ("5", "filename !", 422),
        ("5", &unknown, 422),
        ("5", &no_name, 400),
        ("5", &no_column, 422),
    ] {
        let headers = [("upload-length", length), ("upload-metadata", metadata)];
        let answer = request(&server, Method::POST, UPLOADS, &headers).await;
        assert_eq!(answer.status(), status, "{length} {metadata}: {}", answer.text().await.unwrap());
    }
    assert_eq!(count(&server.world, "uploads").await, 0);

    let path = create(&server, 5, &[]).await;
    let part = |kind: &'static str, offset: &'static str| {
        let request = server.client().patch(format!("{}{path}", server.url)).header("tus-resumable", "1.0.0");
        request.header("content-type", kind).header("upload-offset", offset)
    };
    let kind = "application/offset+octet-stream";
    for (request, status) in [
        (part("text/csv", "0").body("a"), 415),
        (part(kind, "1").body("a"), 409),
        (part(kind, "x").body("a"), 400),
        (part(kind, "0").body("abcdef"), 413),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{}", answer.text().await.unwrap());
    }
    let mut line = TcpStream::connect(server.address()).await.unwrap();
    let head = part_head(&server, &path, 0, "transfer-encoding: chunked");
    line.write_all(format!("{head}6\r\nabcdef\r\n0\r\n\r\n").as_bytes()).await.unwrap();
    assert_eq!(status_of(&mut line).await, 413, "a body without a length");
    let without_version = server.client().head(format!("{}{path}", server.url)).send().await.unwrap();
    assert_eq!(without_version.status(), 412);
    assert_eq!(offset(&server, &path).await, 0);
    assert_eq!(request(&server, Method::DELETE, &path, &[]).await.status(), 204);
    for method in [Method::HEAD, Method::DELETE] {
        assert_eq!(request(&server, method, &path, &[]).await.status(), 404);
    }
    assert_eq!(send(&server, &path, 0, "abcde").await.status(), 404);
    assert_eq!(send(&server, &format!("{UPLOADS}/7"), 0, "abcde").await.status(), 404);
    assert_eq!(count(&server.world, "jobs").await, 0);
}

#[tokio::test]
async fn a_cut_connection_costs_nothing_that_has_arrived() {
    let server = Server::start(World::database().await).await;
    let content = file("cut", 2 * PART);
    let path = create(&server, content.len(), &[]).await;
    let arrived = PART + 12_345;
    drop(begin_part(&server, &path, 0, content.len(), &content[..arrived]).await);
    eventually("what has arrived is stored", async || offset(&server, &path).await == arrived).await;
    eventually("the lease has ended", async || count(&server.world, LEASED).await == 0).await;
    let last = send(&server, &path, arrived, &content[arrived..]).await;
    assert_eq!((last.status().as_u16(), count(&server.world, "jobs").await), (204, 1));
}

#[tokio::test]
async fn a_killed_server_costs_at_most_one_part() {
    for world in [World::database().await, World::cloud().await] {
        let mut server = Server::start(world).await;
        let content = file("killed", 2 * PART);
        let path = create(&server, content.len(), &[]).await;
        let line = begin_part(&server, &path, 0, content.len(), &content[..PART + 99]).await;
        eventually("a part is stored", async || offset(&server, &path).await == PART).await;
        server.kill().await;
        let server = server.restart().await;
        drop(line);
        assert_eq!(offset(&server, &path).await, PART);
        let early = send(&server, &path, PART, &content[PART..PART + 9]).await;
        assert_eq!(early.status(), 423, "until the lease ends");
        end_leases(&server.world).await;
        let last = send(&server, &path, PART, &content[PART..]).await;
        assert_eq!((last.status().as_u16(), count(&server.world, "jobs").await), (204, 1));
    }
}

#[tokio::test]
async fn a_server_that_is_killed_while_it_makes_the_job_makes_one() {
    let mut server = Server::start(World::database().await).await;
    let content = file("once", PART);
    let path = create(&server, content.len(), &[("filename", "once.csv")]).await;
    assert_eq!(send(&server, &path, 0, &content[..PART]).await.status(), 204);

    let mut lock = server.world.pool.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE jobs IN EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
    let line = begin_part(&server, &path, PART, content.len() - PART, &content[PART..]).await;
    let waits = "pg_locks WHERE NOT granted AND relation = 'jobs'::regclass";
    eventually("the server waits to make the job", async || count(&server.world, waits).await > 0).await;
    server.kill().await;
    lock.rollback().await.unwrap();
    let server = server.restart().await;
    drop(line);
    assert_eq!(offset(&server, &path).await, PART);
    end_leases(&server.world).await;
    let last = send(&server, &path, PART, &content[PART..]).await;
    let jobs = header(&last, "ingest-jobs");
    assert_eq!((last.status().as_u16(), count(&server.world, "jobs").await), (204, 1));

    // As if it had been killed after the job was made and before that was noted.
    execute(
        &server.world,
        "UPDATE uploads SET upload_result = NULL, upload_offset = 8388608, upload_metadata = ''",
    )
    .await;
    let again = send(&server, &path, PART, &content[PART..]).await;
    assert_eq!((header(&again, "ingest-jobs"), count(&server.world, "jobs").await), (jobs, 1));
}

#[tokio::test]
async fn several_servers_take_turns_and_one_request_wins() {
    let server = Server::start(World::database().await).await;
    let address = format!("127.0.0.1:{}", free_port());
    let url = format!("http://{address}");
    let _second =
        server.world.spawn_with(&["serve", "--no-worker"], &[("LISTEN_ADDRESS".to_owned(), address)]);
    eventually("the second server is ready", async || {
        client().get(format!("{url}/readyz")).send().await.is_ok_and(|answer| answer.status() == 200)
    })
    .await;
    let content = file("turns", PART);
    let path = create(&server, content.len(), &[]).await;
    let mut first = begin_part(&server, &path, 0, 2_000, &content[..1_000]).await;
    eventually("the first request has the lease", async || count(&server.world, LEASED).await == 1).await;
    let refused = send_to(&url, server.client(), &path, 0, &content[..2_000]).await;
    assert_eq!(refused.status(), 423, "{}", refused.text().await.unwrap());
    first.write_all(&content.as_bytes()[1_000..2_000]).await.unwrap();
    eventually("the first part is stored", async || offset(&server, &path).await == 2_000).await;
    eventually("the lease has ended", async || count(&server.world, LEASED).await == 0).await;
    let rest = send_to(&url, server.client(), &path, 2_000, &content[2_000..]).await;
    assert_eq!((rest.status().as_u16(), count(&server.world, "jobs").await), (204, 1));

    // A silent connection loses the lease, and adds nothing any more.
    let path = create(&server, 3_000, &[]).await;
    let mut silent = begin_part(&server, &path, 0, 2_000, &content[..1_000]).await;
    eventually("it has the lease", async || count(&server.world, LEASED).await == 1).await;
    end_leases(&server.world).await;
    assert_eq!(send_to(&url, server.client(), &path, 0, &content[..500]).await.status(), 204);
    silent.write_all(&content.as_bytes()[1_000..2_000]).await.unwrap();
    assert_eq!(status_of(&mut silent).await, 423);
    assert_eq!(offset(&server, &path).await, 500);
}

#[tokio::test]
async fn an_upload_belongs_to_its_owner() {
    let server = Server::start(World::database().await).await;
    let path = create(&server, 5, &[]).await;
    assert_eq!(send(&server, &path, 0, "ab").await.status(), 204);
    let token = |roles: &'static str| {
        let world = &server.world;
        async move {
            let made = world.ingest(&["token", "create", "t", "--roles", roles, "--owner", "other"]).await;
            made.expect_status(0);
            format!(
                "Bearer {}",
                made.stdout.split_whitespace().find(|word| word.starts_with("ing_")).unwrap()
            )
        }
    };
    let other = token("uploader").await;
    let kind = ("content-type", "application/offset+octet-stream");
    for method in [Method::HEAD, Method::PATCH, Method::DELETE] {
        let headers = [("authorization", other.as_str()), ("upload-offset", "2"), kind];
        let answer = request(&server, method.clone(), &path, &headers).await;
        assert_eq!(answer.status(), 404, "{method}");
    }
    let editor = token("editor").await;
    let headers = [("authorization", editor.as_str()), ("upload-length", "5")];
    assert_eq!(request(&server, Method::POST, UPLOADS, &headers).await.status(), 403);
    assert_eq!(offset(&server, &path).await, 2);
}

#[tokio::test]
async fn the_number_of_unfinished_uploads_is_limited() {
    let server = Server::start(World::database().await).await;
    let mut paths = Vec::new();
    for _ in 0..20 {
        paths.push(create(&server, 5, &[]).await);
    }
    let refused = request(&server, Method::POST, UPLOADS, &[("upload-length", "5")]).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.text().await.unwrap().contains("20 unfinished uploads"));
    assert_eq!(request(&server, Method::DELETE, &paths[0], &[]).await.status(), 204);
    create(&server, 5, &[]).await;
}

#[tokio::test]
async fn a_refused_file_is_deleted_with_its_parts() {
    let server = Server::start(World::database().await).await;
    let content = file("refused", PART);
    let path = create(&server, content.len(), &[("exclude", r#"["Nope"]"#)]).await;
    assert_eq!(send(&server, &path, 0, &content[..PART]).await.status(), 204);
    let refused = send(&server, &path, PART, &content[PART..]).await;
    assert_eq!(refused.status(), 422);
    let problem: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(problem["errors"][0]["parameter"], json!("exclude"), "{problem}");
    assert_eq!(look_up(&server, &path).await.status(), 404);
    parts_are_gone(&server).await;
    assert_eq!(files(&server.world.path("data/objects")), BTreeSet::new());
    assert_eq!(count(&server.world, "jobs").await, 0);
}

#[tokio::test]
async fn expired_uploads_and_parts_without_an_upload_are_removed() {
    let mut server = Server::start(World::database().await).await;
    let content = file("old", PART);
    let path = create(&server, content.len(), &[]).await;
    assert_eq!(send(&server, &path, 0, &content[..PART]).await.status(), 204);
    let current = create(&server, 5, &[]).await;
    assert_eq!(send(&server, &current, 0, "ab").await.status(), 204);
    let folder = server.world.path("data/objects");
    assert_eq!(files(&folder).len(), 2);
    // A write that was cut off has left an object, too.
    std::fs::write(folder.join("orphan.part"), "x").unwrap();
    execute(
        &server.world,
        "INSERT INTO upload_parts (part_key, part_owner, part_upload_id, part_offset, part_created_at)
         SELECT 'orphan.part', upload_owner, upload_id, 2, now() - interval '1 hour' FROM uploads WHERE upload_bytes = 5;
         UPDATE uploads SET upload_expires_at = now() - interval '1 second' WHERE upload_bytes > 5",
    )
    .await;
    assert_eq!(look_up(&server, &path).await.status(), 404);
    assert_eq!(send(&server, &path, PART, &content[PART..]).await.status(), 404);
    server.kill().await;
    let server = server.restart().await;
    eventually("the upload is removed", async || count(&server.world, "uploads").await == 1).await;
    assert_eq!(count(&server.world, "upload_parts").await, 1);
    assert_eq!(files(&folder).len(), 1);
    assert_eq!(offset(&server, &current).await, 2);
}

#[tokio::test]
async fn an_object_that_cannot_be_deleted_does_not_keep_other_expired_uploads() {
    let mut server = Server::start(World::database().await).await;
    for name in ["kept", "removed"] {
        let path = create(&server, PART + 5, &[]).await;
        assert_eq!(send(&server, &path, 0, &file(name, PART)[..PART]).await.status(), 204);
    }
    let folder = server.world.path("data/objects");
    // Its key is the first one, and a folder cannot be deleted like a file.
    std::fs::create_dir(folder.join("0.part")).unwrap();
    execute(
        &server.world,
        "INSERT INTO upload_parts (part_key, part_owner, part_upload_id, part_offset, part_created_at)
         SELECT '0.part', upload_owner, upload_id, 8388608, now() - interval '1 hour' FROM uploads LIMIT 1;
         UPDATE uploads SET upload_expires_at = now() - interval '1 second'",
    )
    .await;
    server.kill().await;
    let mut server = server.restart().await;
    let said = "cannot delete objects of uploads in parts; trying again later";
    eventually("the failure is logged", async || server.world.log().contains(said)).await;
    let log = server.world.log();
    let line = log.lines().find(|line| line.contains(said)).unwrap();
    assert!(line.contains("\"objects\":1,") && line.contains("0.part"), "{line}");
    assert_eq!(count(&server.world, "uploads").await, 1);
    assert_eq!(count(&server.world, "upload_parts").await, 1);
    assert_eq!(files(&folder), BTreeSet::new());

    server.kill().await;
    std::fs::remove_dir(folder.join("0.part")).unwrap();
    let server = server.restart().await;
    eventually("the upload is removed", async || count(&server.world, "uploads").await == 0).await;
    assert_eq!(count(&server.world, "upload_parts").await, 0);
}
