//! Failed jobs: pages say why, and offer what helps.

use reqwest::Method;

use super::{HEADER, server, uploaded};
use crate::support::{Look, Screen, Server, World, free_port};

/// Returns the HTML of a page.
async fn page(server: &Server, path: &str) -> String {
    let headers = [("accept", "text/html"), ("accept-language", "en")];
    server.send(Method::GET, path, None, &headers).await.text().await.unwrap()
}

/// Returns the panel with the state of a job.
async fn state(server: &Server, job: i32) -> String {
    let shown = page(server, &format!("/jobs/{job}")).await;
    let panel = shown.split_once("id=\"job-state\">").unwrap().1.split_once("</section>").unwrap().0;
    panel.to_owned()
}

/// Uploads a file as it is and returns its job after its first run.
async fn failed(server: &Server, name: &str, content: &'static str) -> i32 {
    let url = format!("{}/api/v1/uploads?filename={name}", server.url);
    let answer = server.client().post(url).body(content).send().await.unwrap();
    let upload: serde_json::Value = answer.json().await.unwrap();
    let job = upload["job"].as_i64().unwrap_or_else(|| panic!("{upload}")) as i32;
    assert_eq!(server.world.status_after_run(job).await, "FAILED");
    job
}

#[tokio::test]
async fn a_failed_job_offers_one_cure_first() {
    let server = server().await;
    let columns = failed(&server, "columns.csv", "Haus;Mail\nAcme;a@example.com\n").await;
    let empty = failed(&server, "empty.csv", " \n").await;
    let bare = failed(&server, "bare.csv", "email,first_name,last_name,company\n").await;
    let fault = failed(&server, "fault.csv", "\n").await;
    let given_up =
        "UPDATE jobs SET job_failure_reason = '{\"kind\": \"cut_off\", \"runs\": 5}' WHERE job_id = $1";
    sqlx::query(given_up).bind(fault).execute(&server.world.pool).await.unwrap();
    for (job, main, missing) in [
        (columns, "<a class=\"button main\" href=\"#columns\">Match the columns</a>", "Run again"),
        (empty, "<a class=\"button main\" href=\"/upload\">Upload another file</a>", "Correct the file"),
        (bare, "<a class=\"button main\" href=\"#reread\">Read the file again</a>", "Run again"),
        (fault, "<button class=\"main\">Run again</button>", "Correct the file"),
    ] {
        let panel = state(&server, job).await;
        assert!(panel.contains(main) && !panel.contains(missing), "{main}: {panel}");
        assert_eq!(
            panel.matches("class=\"main\"").count() + panel.matches("button main").count(),
            1,
            "{panel}"
        );
    }
    // The list says why, and leads on.
    let list = page(&server, "/jobs").await;
    let line =
        |job: i32| list.split_once(&format!("id=\"job-{job}\"")).unwrap().1.split("</tr>").next().unwrap();
    assert!(line(columns).contains("has no column for"), "{list}");
    assert!(line(columns).contains(&format!("href=\"/jobs/{columns}\">Open</a>")), "{list}");
    let run = format!("action=\"/jobs/{fault}/reprocess\"");
    assert!(line(fault).contains(&run) && !line(empty).contains("/reprocess"), "{list}");
}

#[tokio::test]
async fn a_known_remedy_is_one_click() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let content = format!("{HEADER}remedy@example.com,Ann,Lee,Acme\n");
    let job = world.enqueue_silently("a.csv", &content, "tester").await;
    let set = "UPDATE jobs SET job_encoding = 'klingon', job_delimiter = ',' WHERE job_id = $1";
    sqlx::query(set).bind(job).execute(&world.pool).await.unwrap();
    world.ingest(&["reprocess", &job.to_string()]).await.expect_status(1);
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go(&format!("/jobs/{job}")).await;
    screen.sees("#job-state", "Unknown encoding").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.click("#job-state button[name=encoding]").await;
    screen.sees("main", "1 contact imported").await;
    screen.close().await;
    // What else was set stays.
    let query =
        "SELECT coalesce(job_encoding, '') || '|' || coalesce(job_delimiter, '') FROM jobs WHERE job_id = $1";
    let settings: String = sqlx::query_scalar(query).bind(job).fetch_one(&server.world.pool).await.unwrap();
    assert_eq!(settings, "|,");
}

#[tokio::test]
async fn rows_with_issues_are_explained_until_all_are_decided() {
    let server = server().await;
    let job =
        uploaded(&server, "one.csv", "ok@example.com,Ok,Ay,Acme\nbob@@example.com,Bob,Ray,Acme\n").await;
    let shown = page(&server, &format!("/jobs/{job}")).await;
    assert!(
        shown.contains("With issues</span>") && shown.contains("include those that you have decided"),
        "{shown}"
    );
    assert!(page(&server, "/jobs").await.contains(">Ready: 1, With issues: 1</p>"));
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go(&format!("/jobs/{job}/review/invalid")).await;
    screen.press("s").await;
    screen.sees("#head", "1 of 1 resolved").await;
    screen.close().await;
    let shown = page(&server, &format!("/jobs/{job}")).await;
    assert!(shown.contains("Decided</span>") && !shown.contains("With issues</span>"), "{shown}");
}
