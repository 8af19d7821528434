//! Uploads of one file and of several, with a real browser.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{ENTER, HEADER, server};
use crate::support::{Look, Screen, Server, World, eventually, free_port, status_and_json};

/// Chooses files that the script makes, as a person who drops them on the page: their names and contents are the arguments.
const DROP: &str = "
    const files = new DataTransfer();
    for (const [name, content] of arguments[0]) files.items.add(new File([content], name));
    const drop = (name) => document.body.dispatchEvent(new DragEvent(name, { dataTransfer: files, bubbles: true, cancelable: true }));
    return [drop('dragover'), drop('drop')];";

#[tokio::test]
async fn several_files_are_dropped_anywhere_and_uploaded_one_after_another() {
    let server = server().await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    let contacts = |name: &str| format!("{HEADER}{name}@example.com,Ann,Lee,Acme\n");
    let files = json!([
        ["first.csv", contacts("first")],
        ["second.csv", contacts("second")],
        ["again.csv", contacts("first")],
        ["locked.xlsx", "PK\u{3}\u{4}xl/workbook.xml"],
    ]);
    assert_eq!(screen.run(DROP, vec![files]).await, json!([false, false]), "the page takes the files");
    screen.sees("#files", "locked.xlsx").await;
    screen.sees("#several", "one after another").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.step("import").await;
    screen.find("#send").await.send_keys(ENTER).await.unwrap();
    screen.sees("#answer", "The upload has ended").await;
    screen.sees("#files li:nth-child(1)", "Open job").await;
    screen.sees("#files li:nth-child(2)", "Open job").await;
    screen.sees("#files li:nth-child(3)", "already uploaded this file").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    let names = "SELECT job_original_filename FROM jobs ORDER BY job_id";
    let names: Vec<String> = sqlx::query_scalar(names).fetch_all(&server.world.pool).await.unwrap();
    assert!(names.ends_with(&["first.csv".into(), "second.csv".into(), "locked.xlsx".into()]), "{names:?}");

    // The same file once more, on request.
    screen.click("#files li:nth-child(3) button").await;
    screen.sees("#files li:nth-child(3)", "Open job").await;
    let count = "SELECT count(*) FROM jobs WHERE job_original_filename = 'again.csv'";
    let count: i64 = sqlx::query_scalar(count).fetch_one(&server.world.pool).await.unwrap();
    assert_eq!(count, 1);

    // One file is previewed again, with its settings.
    let one = json!([["third.csv", contacts("third")]]);
    screen.run(DROP, vec![one]).await;
    screen.step("reading").await;
    screen.sees("#preview", "third@example.com").await;
    let hidden =
        "return ['details.reading', '#several', '#files'].map((part) => document.querySelector(part).hidden)";
    assert_eq!(screen.run(hidden, vec![]).await, json!([false, true, true]));
    screen.close().await;
}

/// Keeps the request of an upload from ending: its file never arrives.
const NEVER_SENT: &str = "XMLHttpRequest.prototype.send = function () {
    this.upload.dispatchEvent(new ProgressEvent('progress', { loaded: 42, total: 100 }));
};
XMLHttpRequest.prototype.abort = function () { this.dispatchEvent(new ProgressEvent('loadend')); };";

#[tokio::test]
async fn an_upload_shows_per_cent_and_can_be_cancelled() {
    let server = server().await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    let file = server.world.file("new.csv", &format!("{HEADER}new@example.com,New,Lee,Acme\n"));
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("reading").await;
    screen.sees("#preview", "new@example.com").await;
    screen.step("import").await;
    screen.run(NEVER_SENT, vec![]).await;
    screen.find("#send").await.send_keys(ENTER).await.unwrap();
    screen.sees("#sending", "42%").await;
    screen.find("#cancel:focus").await;
    let leaves = "const event = new Event('beforeunload', { cancelable: true });
        window.dispatchEvent(event);
        return event.defaultPrevented;";
    assert_eq!(screen.run(leaves, vec![]).await, json!(true));
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.find("#cancel").await.send_keys(ENTER).await.unwrap();
    screen.sees("#answer", "The upload was cancelled").await;
    screen.find("#send:focus").await;
    assert_eq!(screen.run(leaves, vec![]).await, json!(false));
    let made = async || {
        let count = "SELECT count(*) FROM jobs WHERE job_original_filename = 'new.csv'";
        sqlx::query_scalar::<_, i64>(count).fetch_one(&server.world.pool).await.unwrap()
    };
    assert_eq!(made().await, 0);
    // The next attempt works.
    screen.go("/upload").await;
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("import").await;
    screen.find("#send").await.send_keys(ENTER).await.unwrap();
    eventually("the file is uploaded", async || made().await == 1).await;
    screen.close().await;
}

/// A line between browser and server that can break. It ends with the runtime of its test.
struct Line {
    /// How many more bytes it carries to the server before it breaks; negative while it is broken.
    left: AtomicI64,
    /// The bytes that it has carried to the server.
    carried: AtomicU64,
}

impl Line {
    /// Puts a line in front of the server.
    async fn start(server: &mut Server) -> Arc<Line> {
        let line = Arc::new(Line { left: AtomicI64::new(i64::MAX / 2), carried: AtomicU64::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = server.address().to_owned();
        server.url = format!("http://{}", listener.local_addr().unwrap());
        let carrier = line.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (line, address) = (carrier.clone(), address.clone());
                tokio::spawn(async move { line.carry(client, &address).await });
            }
        });
        line
    }

    async fn carry(&self, mut client: TcpStream, address: &str) {
        let mut server = TcpStream::connect(address).await.unwrap();
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let out = async {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
                self.carried.fetch_add(length as u64, Ordering::SeqCst);
                let left = self.left.fetch_sub(length as i64, Ordering::SeqCst) - length as i64;
                if left < 0 || to_server.write_all(&buffer[..length]).await.is_err() {
                    return;
                }
            }
        };
        // The end of one direction cuts both.
        tokio::select! {
            () = out => {}
            _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
        }
    }

    fn break_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    fn mend(&self) {
        self.left.store(i64::MAX / 2, Ordering::SeqCst);
    }
}

/// Returns the path of a file of 20 MB with few rows.
fn large_file(server: &Server, name: &str) -> String {
    let company = "x".repeat(8_000);
    let rows = (0..2_500).map(|number| format!("{name}{number}@example.com,Ann,Lee,{company}\n"));
    server.world.file(&format!("{name}.csv"), &(HEADER.to_owned() + &rows.collect::<String>()))
}

async fn jobs_of(server: &Server, name: &str) -> i64 {
    let count = "SELECT count(*) FROM jobs WHERE job_original_filename = $1";
    sqlx::query_scalar(count).bind(format!("{name}.csv")).fetch_one(&server.world.pool).await.unwrap()
}

#[tokio::test]
async fn a_large_upload_continues_after_a_lost_connection() {
    let mut server = server().await;
    let line = Line::start(&mut server).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    let file = large_file(&server, "lost");
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("import").await;
    let before = line.carried.load(Ordering::SeqCst);
    line.break_after(10 << 20);
    screen.find("#send").await.send_keys(ENTER).await.unwrap();
    screen.sees("#sending", "was interrupted").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    assert_eq!(jobs_of(&server, "lost").await, 0);
    line.mend();
    screen.sees("h1", "lost.csv").await;
    assert_eq!(jobs_of(&server, "lost").await, 1);
    let carried = line.carried.load(Ordering::SeqCst) - before;
    assert!(carried < 29_000_000, "no part that has arrived is sent again: {carried} bytes");
    screen.close().await;
}

#[tokio::test]
async fn a_large_upload_continues_after_the_page_was_closed() {
    let mut server = server().await;
    let line = Line::start(&mut server).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    let file = large_file(&server, "closed");
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("import").await;
    line.break_after(10 << 20);
    screen.find("#send").await.send_keys(ENTER).await.unwrap();
    screen.sees("#sending", "was interrupted").await;
    // The page sends nothing more.
    screen.run("XMLHttpRequest.prototype.send = () => {};", vec![]).await;
    line.mend();
    screen.go("/upload").await;
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.sees("#answer", "already been uploaded").await;
    screen.sees("#answer button", "Continue at").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.click("#answer button").await;
    screen.sees("h1", "closed.csv").await;
    assert_eq!(jobs_of(&server, "closed").await, 1);

    // The file that is known is not asked about again, but the server knows it.
    screen.go("/upload").await;
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("import").await;
    assert_eq!(screen.count("#answer button").await, 0);
    screen.find("#send").await.send_keys(ENTER).await.unwrap();
    screen.sees("#answer", "already uploaded this file").await;
    screen.close().await;
}

#[tokio::test]
async fn a_large_upload_that_is_cancelled_leaves_nothing() {
    let mut server = server().await;
    let line = Line::start(&mut server).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    let file = large_file(&server, "cancelled");
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("import").await;
    line.break_after(10 << 20);
    screen.find("#send").await.send_keys(ENTER).await.unwrap();
    screen.sees("#sending", "was interrupted").await;
    line.mend();
    screen.run("document.getElementById('cancel').click();", vec![]).await;
    screen.sees("#answer", "The upload was cancelled").await;
    let left = "SELECT count(*) FROM uploads WHERE upload_expires_at > now()";
    let left = async || sqlx::query_scalar::<_, i64>(left).fetch_one(&server.world.pool).await.unwrap();
    eventually("the upload is deleted", async || left().await == 0).await;
    assert_eq!(jobs_of(&server, "cancelled").await, 0);
    screen.close().await;
}

#[tokio::test]
async fn an_upload_to_a_missing_bucket_names_it_and_the_setting() {
    let world = World::on_cloud(false).await.with(&[("CSV_BUCKET_NAME", "no-such-bucket-here")]);
    let server = Server::start_at(world, free_port(), &["serve", "--no-worker"]).await;
    let request = server.client().post(format!("{}/api/v1/uploads?filename=a.csv", server.url));
    let answer = request.body(format!("{HEADER}a@example.com,A,B,C\n")).send().await.unwrap();
    let (status, problem) = status_and_json(answer).await;
    assert_eq!(status, 503, "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("no-such-bucket-here") && detail.contains("CSV_BUCKET_NAME"), "{problem}");
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    let file = server.world.file("a.csv", &format!("{HEADER}a@example.com,A,B,C\n"));
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("import").await;
    screen.click("#send").await;
    screen.sees("#answer", "The bucket `no-such-bucket-here` for the files does not exist").await;
    screen.close().await;
}
