//! Failed jobs run again by filter: by the command line, the API and the page of jobs.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, World, eventually, free_port};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";

/// Adds a job of an owner that is FAILED since so many hours, with its file.
async fn failed(world: &World, name: &str, owner: &str, hours: i32) -> i32 {
    let job = world.enqueue_silently(name, CLEAN, owner).await;
    let fail = "UPDATE jobs SET job_status = 'FAILED', job_available_at = NULL, job_failure_reason = '{\"kind\": \"replaced\"}',
             job_process_end = now() - make_interval(hours => $2) WHERE job_id = $1";
    sqlx::query(fail).bind(job).bind(hours).execute(&world.pool).await.unwrap();
    job
}

/// Returns the jobs for which a run is requested.
async fn wanted(world: &World) -> Vec<i32> {
    let query = "SELECT job_id FROM jobs WHERE job_available_at IS NOT NULL ORDER BY job_id";
    sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap()
}

/// Runs `ingest reprocess --failed` for ann and returns its JSON.
async fn retry(world: &World, arguments: &[&str]) -> Value {
    let ended =
        world.ingest(&[&["reprocess", "--failed", "--owner", "ann", "--json"], arguments].concat()).await;
    ended.expect_status(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[tokio::test]
async fn a_filter_selects_the_failed_jobs_of_the_owner() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let old = failed(&world, "crm-old.csv", "ann", 72).await;
    let new = failed(&world, "crm-new.csv", "ann", 1).await;
    let other_name = failed(&world, "shop.csv", "ann", 1).await;
    let cancelled = failed(&world, "crm-cancelled.csv", "ann", 1).await;
    sqlx::query("UPDATE jobs SET job_cancelled_at = now() WHERE job_id = $1")
        .bind(cancelled)
        .execute(&world.pool)
        .await
        .unwrap();
    failed(&world, "crm-others.csv", "bob", 1).await;

    let yesterday = (chrono::Utc::now() - chrono::TimeDelta::days(1)).format("%Y-%m-%d").to_string();
    let filter = ["--since", &yesterday, "--text", "CRM"];
    let would = retry(&world, &[&filter[..], &["--dry-run"]].concat()).await;
    assert_eq!(would, json!({ "jobs": 1, "skipped": 0, "next": null }));
    assert_eq!(wanted(&world).await, Vec::<i32>::new(), "a dry run requests nothing");
    let refused = world.ingest(&["reprocess", "--failed", "--owner", "ann"]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("this would run 3 failed jobs again"), "{}", refused.stderr);
    assert_eq!(wanted(&world).await, Vec::<i32>::new(), "nobody has confirmed it");

    assert_eq!(retry(&world, &[&filter[..], &["--yes"]].concat()).await["jobs"], 1);
    assert_eq!(wanted(&world).await, [new]);
    assert_eq!(retry(&world, &["--yes"]).await["jobs"], 2);
    assert_eq!(wanted(&world).await, [old, new, other_name]);
    assert_eq!(retry(&world, &["--yes"]).await["jobs"], 0, "they wait already");
    let recorded =
        "SELECT count(*) FROM actions WHERE action_owner = 'ann' AND action_kind::text = 'REPROCESS'";
    let recorded: i64 = sqlx::query_scalar(recorded).fetch_one(&world.pool).await.unwrap();
    assert_eq!(recorded, 3);
    let mut worker = world.spawn(&["worker"]);
    for job in [old, new, other_name] {
        eventually("the job has run", async || !world.job(job).await.starts_with("FAILED")).await;
        assert_ne!(world.status_after_run(job).await, "FAILED");
    }
    assert!(world.job(cancelled).await.starts_with("FAILED"));
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn a_retry_on_sqs_sends_the_messages() {
    let world = World::cloud().await;
    let jobs = [failed(&world, "a.csv", "ann", 1).await, failed(&world, "b.csv", "ann", 1).await];
    assert_eq!(retry(&world, &["--yes"]).await["jobs"], 2);
    assert_eq!(world.messages().await, (2, 0));
    assert_eq!(wanted(&world).await, jobs);
}

#[tokio::test]
async fn the_api_retries_by_filter_and_a_repeated_request_runs_no_job_twice() {
    let world = World::database().await.with(&[("INGEST_OWNER", "ann")]);
    let server = Server::start_at(world, free_port(), &["serve", "--no-worker"]).await;
    let world = &server.world;
    let job = failed(world, "a.csv", "ann", 1).await;
    let others = failed(world, "b.csv", "bob", 1).await;
    let post = async |body: Value| {
        let headers = [("idempotency-key", "once")];
        let key = if body["dry_run"] == true { &headers[..0] } else { &headers[..] };
        let answer = server.send(Method::POST, "/api/v1/jobs/retry", Some(body), key).await;
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let one = json!({ "jobs": 1, "skipped": 0, "next": null });
    assert_eq!(post(json!({ "dry_run": true })).await, (202, one.clone()));
    assert_eq!(wanted(world).await, Vec::<i32>::new());
    assert_eq!(post(json!({})).await, (202, one.clone()));
    assert_eq!(wanted(world).await, [job]);
    // It has failed again since.
    sqlx::query("UPDATE jobs SET job_available_at = NULL, job_process_end = now() WHERE job_id = $1")
        .bind(job)
        .execute(&world.pool)
        .await
        .unwrap();
    assert_eq!(post(json!({})).await, (202, one));
    assert_eq!(wanted(world).await, Vec::<i32>::new(), "the repeated request runs nothing");
    assert_eq!(post(json!({ "text": "b.csv" })).await.1["jobs"], 0, "job {others} is another owner's");
    assert_eq!(post(json!({ "status": "FAILED" })).await.0, 422);
}

#[tokio::test]
async fn the_page_of_jobs_has_a_button_only_while_jobs_are_failed() {
    let world = World::database().await.with(&[("INGEST_OWNER", "ann")]);
    let server = Server::start_at(world, free_port(), &["serve", "--no-worker"]).await;
    let mut ann = server.browser().await;
    let url = format!("{}/jobs", server.url);
    let mut page = async || ann.request(Method::GET, &url, &[]).await.text().await.unwrap();
    let shown = page().await;
    assert!(shown.contains("<h1>Jobs</h1>") && !shown.contains("/jobs/retry"), "{shown}");
    failed(&server.world, "b.csv", "bob", 1).await;
    let jobs =
        [failed(&server.world, "a.csv", "ann", 1).await, failed(&server.world, "c.csv", "ann", 1).await];
    let shown = page().await;
    assert!(shown.contains("Run all 2 failed jobs again"), "{shown}");
    let headers = [("accept", "text/html"), ("sec-fetch-site", "same-origin")];
    let pressed = ann.request_with(Method::POST, &format!("{url}/retry"), &[], &headers).await;
    assert_eq!(pressed.status(), StatusCode::SEE_OTHER);
    assert_eq!(wanted(&server.world).await, jobs);
    let shown = ann.request(Method::GET, &url, &[]).await.text().await.unwrap();
    assert!(!shown.contains("/jobs/retry"), "{shown}");
}
