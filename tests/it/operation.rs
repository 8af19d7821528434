//! The page of operators: workers, pauses and dead letters.

use reqwest::{Method, StatusCode};

use crate::auth::{sign_in, with_provider};
use crate::support::{Browser, Server, World, eventually, free_port};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";

/// A browser that looks at the page.
struct Operator {
    browser: Browser,
    url: String,
}

impl Operator {
    async fn at(server: &Server) -> Operator {
        Operator { browser: server.browser().await, url: format!("{}/operation", server.url) }
    }

    async fn look(&mut self) -> String {
        self.browser.request(Method::GET, &self.url, &[]).await.text().await.unwrap()
    }

    /// Sends a form of the page. Returns the status and the page in the answer.
    async fn press(&mut self, path: &str, form: &[(&str, &str)]) -> (StatusCode, String) {
        let headers = [("accept", "text/html"), ("sec-fetch-site", "same-origin")];
        let url = format!("{}{path}", self.url);
        let answer = self.browser.request_with(Method::POST, &url, form, &headers).await;
        (answer.status(), answer.text().await.unwrap())
    }
}

/// Returns the ids of the dead letters that a page shows.
fn ids(page: &str) -> Vec<String> {
    let values = page.split("name=\"ids\" value=\"").skip(1);
    values.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn workers_are_listed_paused_with_a_reason_and_resumed() {
    let world = World::database().await.with(&[("INGEST_OWNER", "ann")]);
    let server = Server::start_at(world, free_port(), &["serve", "--no-worker"]).await;
    let mut operator = Operator::at(&server).await;
    assert!(operator.look().await.contains("No worker is running"));
    let mut worker = server.world.spawn(&["worker"]);
    eventually("the page lists the worker", async || operator.look().await.contains("takes jobs")).await;

    let (status, page) = operator.press("/pause", &[("reason", " ")]).await;
    assert!(status == StatusCode::OK && page.contains("A reason has 1 to 200 characters"), "{status} {page}");
    let pressed = operator.press("/pause", &[("reason", "an <upgrade>")]).await;
    assert_eq!(pressed.0, StatusCode::SEE_OTHER);
    let page = operator.look().await;
    assert!(page.contains("<bdi>an &#60;upgrade&#62;</bdi>") && page.contains("<bdi>ann</bdi>"), "{page}");
    eventually("the worker is paused", async || operator.look().await.contains("<td>paused</td>")).await;
    let said = server.world.ingest(&["workers"]).await.stderr;
    assert!(said.contains("by ann: an <upgrade>"), "{said}");

    assert_eq!(operator.press("/resume", &[]).await.0, StatusCode::SEE_OTHER);
    eventually("the worker works", async || operator.look().await.contains("takes jobs")).await;
    assert!(!operator.look().await.contains("an &#60;upgrade"));
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn dead_letters_of_sqs_are_counted_listed_redriven_and_dropped() {
    let fast = [("SQS_VISIBILITY_TIMEOUT", "1"), ("SQS_WAIT_TIME_SECONDS", "1"), ("INGEST_OWNER", "ann")];
    let world = World::cloud().await.with(&fast);
    let server = Server::start_at(world, free_port(), &["serve", "--no-worker"]).await;
    let world = &server.world;
    let mut operator = Operator::at(&server).await;
    // Of another owner than the operator.
    let job = world.enqueue("private-name.csv", CLEAN, "bob").await;
    world.send("no request").await;
    let elsewhere = [("CSV_BUCKET_NAME".to_owned(), "no-such-bucket".to_owned())];
    let mut worker = world.spawn_with(&["worker"], &elsewhere);
    eventually("both are given up", async || world.dead_letters().await == 2).await;
    assert_eq!(worker.term_and_wait().await, Some(0), "{}", world.log());

    let page = operator.look().await;
    assert!(page.contains("Dead letters: 2") && ids(&page).is_empty(), "{page}");
    let (status, page) = operator.press("/dead-letters", &[]).await;
    assert_eq!((status, ids(&page).len()), (StatusCode::OK, 2), "{page}");
    assert!(page.contains("the message is not understood") && page.contains("no-such-bucket"), "{page}");
    assert!(!page.contains("private-name") && !page.contains("no request"), "{page}");
    assert_eq!(world.dead_letters().await, 2, "visible again after the list");

    let (_, page) = operator.press("/dead-letters/drop", &[("unused", "")]).await;
    assert!(page.contains("Choose at least one dead letter."), "{page}");
    assert_eq!(world.dead_letters().await, 2);
    let of_job = page.split("<tr>").find(|row| row.contains(&format!("<td>{job}</td>"))).unwrap();
    let id = ids(of_job).remove(0);
    let chosen = [("ids", id.as_str()), ("ids", "no-such-id")];
    let (_, page) = operator.press("/dead-letters/redrive", &chosen).await;
    assert!(page.contains("1 dead letter was sent back. 1 was no longer there."), "{page}");
    assert_eq!((world.dead_letters().await, world.messages().await.0), (1, 1));
    let (_, page) = operator.press("/dead-letters/drop", &[("all", "on")]).await;
    assert!(page.contains("1 dead letter was dropped.") && page.contains("No dead letters"), "{page}");
    assert_eq!((world.dead_letters().await, world.messages().await.0), (0, 1));
}

#[tokio::test]
async fn given_up_jobs_of_the_database_queue_are_dead_letters_on_the_page() {
    let world = World::cloud().await.with(&[("SQS_QUEUE_URL", ""), ("INGEST_OWNER", "ann")]);
    let server = Server::start_at(world, free_port(), &["serve", "--no-worker"]).await;
    let world = &server.world;
    let mut operator = Operator::at(&server).await;
    let job = world.enqueue_silently("a.csv", CLEAN, "bob").await;
    let elsewhere = [("CSV_BUCKET_NAME".to_owned(), "no-such-bucket".to_owned())];
    let mut worker = world.spawn_with(&["worker"], &elsewhere);
    eventually("the job is given up", async || world.job(job).await.starts_with("FAILED")).await;
    assert_eq!(worker.term_and_wait().await, Some(0), "{}", world.log());
    let (_, page) = operator.press("/dead-letters", &[]).await;
    assert_eq!(ids(&page), [format!("job-{job}")], "{page}");
    let id = format!("job-{job}");
    let (_, page) = operator.press("/dead-letters/redrive", &[("ids", &id)]).await;
    assert!(page.contains("1 dead letter was sent back.") && ids(&page).is_empty(), "{page}");
    let mut worker = world.spawn(&["worker"]);
    world.eventually_completed(job).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn a_count_of_dead_letters_ends_at_ten_thousand() {
    let world = World::database().await.with(&[("INGEST_OWNER", "ann")]);
    let server = Server::start_at(world, free_port(), &["serve", "--no-worker"]).await;
    let mut operator = Operator::at(&server).await;
    let insert = "INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_status, job_process_end,
                                    job_failure_reason)
        SELECT 'bob', 'a.csv', 'a.csv', 'FAILED', now(), '{\"kind\": \"cut_off\"}' FROM generate_series(1, $1)";
    for (jobs, shown) in [(9_999, "Dead letters: 9,999<"), (2, "Dead letters: 10,000+<")] {
        sqlx::query(insert).bind(jobs).execute(&server.world.pool).await.unwrap();
        let page = operator.look().await;
        assert!(page.contains(shown), "{page}");
    }
    let refused = server.world.ingest(&["dead-letters", "drop", "--all"]).await;
    assert!(
        refused.stderr.contains("would drop all dead letters (at least 10000) for good"),
        "{}",
        refused.stderr
    );
}

#[tokio::test]
async fn only_operators_see_the_page() {
    let (server, _provider) = with_provider().await;
    let mut ann = Browser::default();
    sign_in(&server, &mut ann, "ann", "/").await;
    let url = format!("{}/operation", server.url);
    let answer = ann.request(Method::GET, &url, &[]).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let page = ann.request(Method::GET, &format!("{}/jobs", server.url), &[]).await.text().await.unwrap();
    assert!(page.contains("/webhooks") && !page.contains("/operation"), "{page}");
    for path in ["/pause", "/resume", "/dead-letters", "/dead-letters/redrive", "/dead-letters/drop"] {
        let answer = ann.request(Method::POST, &format!("{url}{path}"), &[("reason", "x")]).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
}
