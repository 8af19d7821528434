//! Pages that are open while a job runs.

use std::time::Duration;

use sqlx::{Postgres, Transaction};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{ENTER, HEADER, server};
use crate::support::{Look, Screen, Server};

/// Starts job 2, which waits for a table until the transaction ends.
async fn running(server: &Server) -> Transaction<'static, Postgres> {
    let rows: String = (0..40_000).map(|n| format!("p{n}@example.com,Ann,Lee,Acme\n")).collect();
    let mut lock = server.world.pool.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE contacts IN SHARE MODE").execute(&mut *lock).await.unwrap();
    let url = format!("{}/api/v1/uploads?filename=big.csv", server.url);
    server.client().post(url).body(format!("{HEADER}{rows}")).send().await.unwrap();
    lock
}

#[tokio::test]
async fn the_progress_of_a_job_updates_on_open_pages() {
    let server = server().await;
    let screen = Screen::open(&server, Look::DESK).await;
    let lock = running(&server).await;
    screen.go("/jobs").await;
    screen.find("#job-2 .status.running").await;
    screen.go("/jobs/2").await;
    screen.find("#job-state progress").await;
    let list = Screen::open(&server, Look::DESK).await;
    list.go("/jobs").await;
    list.press("j").await;
    list.find("#job-2 a:focus").await;
    lock.rollback().await.unwrap();
    screen.sees("#job-state", "40,000 contacts imported").await;
    // The list updates automatically too, and the focus stays on the job.
    list.find("#job-2 .status.done").await;
    list.press(ENTER).await;
    list.sees("h1", "big.csv").await;
    list.close().await;
    // Undo the import, then delete the job.
    screen.click("details:has(form[action$=undo-import]) summary").await;
    screen.click("form[action$=undo-import] button").await;
    screen.sees("#job-state", "All issues are resolved").await;
    assert_eq!(server.world.contacts("tester").await.len(), 2);
    screen.sees(".timeline", "undid the import, 40,000 contacts removed").await;
    screen.click("details:has(form[action$=cancel]) summary").await;
    screen.click("form[action$=cancel] button").await;
    screen.sees("#job-state", "Cancelled by tester").await;
    screen.click("details:has(form[action$=delete]) summary").await;
    screen.click("form[action$=delete] button").await;
    screen.find("#job-1").await;
    assert_eq!(screen.count("#job-2").await, 0);
    screen.close().await;
}

#[tokio::test]
async fn a_page_whose_job_ends_does_not_cancel_a_navigation() {
    let server = server().await;
    let screen = Screen::open(&server, Look::DESK).await;
    let lock = running(&server).await;
    screen.go("/jobs/2").await;
    screen.find("#job-state progress").await;
    // A person follows a link whose page takes its time, and the job ends meanwhile.
    let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = format!("location.assign('http://{}/')", slow.local_addr().unwrap());
    screen.run(&format!("setTimeout(() => {link}, 100)"), Vec::new()).await;
    let (mut page, _) = slow.accept().await.unwrap();
    let mut request = [0; 4096];
    assert!(page.read(&mut request).await.unwrap() > 0);
    lock.rollback().await.unwrap();
    server.world.status_after_run(2).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1>Elsewhere</h1>";
    page.write_all(answer.as_bytes()).await.unwrap();
    page.shutdown().await.unwrap();
    screen.sees("h1", "Elsewhere").await;
    screen.close().await;
}
