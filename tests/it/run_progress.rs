//! The progress of a run, as people and programs see it while the run lasts.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Server, World, eventually, free_port};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";
const DIRTY: &str =
    "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\nnot an address,Bob,Ray,Acme\n";

async fn serving(world: World) -> Server {
    Server::start_at(world, free_port(), &["serve"]).await
}

async fn job(server: &Server, job: i32) -> Value {
    let (status, body) = server.get(&format!("/api/v1/jobs/{job}")).await;
    assert_eq!(status, 200, "{body}");
    body
}

async fn page(server: &Server, job: i32) -> String {
    server.send(Method::GET, &format!("/jobs/{job}"), None, &[]).await.text().await.unwrap()
}

async fn entries(server: &Server) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM run_progress").fetch_one(&server.world.pool).await.unwrap()
}

#[tokio::test]
async fn a_run_shows_its_phase_until_its_end() {
    let server = serving(World::database().await).await;
    // Another run of the owner has the turn.
    let mut turn = server.world.pool.begin().await.unwrap();
    let take = "SELECT pg_advisory_xact_lock(x'1A9E57'::integer, hashtext('tester'))";
    sqlx::query(take).execute(&mut *turn).await.unwrap();
    let id = server.world.enqueue("a.csv", CLEAN, "tester").await;
    let waits = json!({ "phase": "WAITING", "rows": 0, "total_rows": null });
    eventually("the run waits", async || job(&server, id).await["progress"] == waits).await;
    let shown = page(&server, id).await;
    assert!(shown.contains("Waiting for another of your imports"), "{shown}");
    assert!(!shown.contains("processed."), "nothing is counted: {shown}");

    turn.rollback().await.unwrap();
    eventually("the run ends", async || job(&server, id).await["status"] == "COMPLETED").await;
    let ended = job(&server, id).await;
    assert_eq!((&ended["progress"], &ended["running"]), (&Value::Null, &json!(false)));
    eventually("its entry is removed", async || entries(&server).await == 0).await;
}

#[tokio::test]
async fn a_run_that_has_locked_its_job_is_running_though_its_lease_expires() {
    let world = World::database().await.with(&[("SQS_VISIBILITY_TIMEOUT", "3")]);
    let server = serving(world).await;
    let id = server.world.enqueue("a.csv", DIRTY, "tester").await;
    assert_eq!(server.world.status_after_run(id).await, "NEEDS_REVIEW");
    // No run can create contacts.
    let mut lock = server.world.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE contacts IN SHARE MODE").execute(&mut *lock).await.unwrap();
    let discard = "UPDATE staging SET staging_status = 'DISCARD' WHERE staging_email = 'not an address'";
    sqlx::query(discard).execute(&server.world.pool).await.unwrap();
    let again = server.send(Method::POST, &format!("/api/v1/jobs/{id}/reprocess"), None, &[]).await;
    assert!(again.status().is_success(), "{}", again.text().await.unwrap());
    eventually("the lease has expired", async || {
        let expired = "SELECT job_lease_until < now() FROM jobs WHERE job_id = $1";
        let expired: Option<bool> =
            sqlx::query_scalar(expired).bind(id).fetch_one(&server.world.pool).await.unwrap();
        expired == Some(true)
    })
    .await;
    let running = job(&server, id).await;
    assert_eq!(running["running"], true, "{running}");
    let importing = json!({ "phase": "IMPORTING", "rows": 0, "total_rows": 1 });
    assert_eq!(running["progress"], importing, "{running}");
    let shown = page(&server, id).await;
    assert!(shown.contains("Importing contacts") && !shown.contains("Waiting for a worker"), "{shown}");

    lock.rollback().await.unwrap();
    eventually("the run ends", async || job(&server, id).await["status"] == "COMPLETED").await;
}

#[tokio::test]
async fn progress_of_a_killed_worker_and_of_another_run_is_not_shown() {
    let world = World::database().await;
    let id = world.enqueue("a.csv", CLEAN, "tester").await;
    let server = Server::start(world).await;
    let lease = "UPDATE jobs SET job_lease_token = '00000000-0000-0000-0000-000000000001',
                 job_lease_until = now() - interval '1 second', job_status = 'PROCESSING' WHERE job_id = $1";
    sqlx::query(lease).bind(id).execute(&server.world.pool).await.unwrap();
    let shown = async |token: i32, until: &str| {
        let entry = format!(
            "INSERT INTO run_progress VALUES ({id}, '00000000-0000-0000-0000-00000000000{token}', 'SAVING', 300, 1000,
                                              now() + interval '{until}')
             ON CONFLICT (run_job_id) DO UPDATE
             SET run_token = excluded.run_token, run_until = excluded.run_until"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(entry)).execute(&server.world.pool).await.unwrap();
        let job = job(&server, id).await;
        (job["progress"].clone(), job["running"] == true)
    };
    let saving = json!({ "phase": "SAVING", "rows": 300, "total_rows": 1000 });
    assert_eq!(shown(1, "1 minute").await, (saving, true));
    let page = page(&server, id).await;
    assert!(page.contains("Saving rows") && page.contains("300 of 1,000 rows processed."), "{page}");
    assert_eq!(shown(1, "-1 second").await, (Value::Null, false));
    assert_eq!(shown(2, "1 minute").await, (Value::Null, false));
}
