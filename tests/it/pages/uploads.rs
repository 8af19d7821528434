//! Uploads of one file and of several, with a real browser.

use serde_json::json;

use super::{ENTER, HEADER, server};
use crate::support::{Look, Screen, eventually};

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
    screen.sees("#preview", "new@example.com").await;
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
    screen.sees("#preview", "new@example.com").await;
    screen.find("#send").await.send_keys(ENTER).await.unwrap();
    eventually("the file is uploaded", async || made().await == 1).await;
    screen.close().await;
}
