//! The worker and its messages: every outcome of a message.

use crate::support::{World, eventually};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";
const QUICK: [(&str, &str); 2] = [("SQS_WAIT_TIME_SECONDS", "1"), ("RETRY_DELAY_SECONDS", "0.1")];

async fn unreadable(world: &World) -> Vec<(String, String)> {
    let query = "SELECT unreadable_body, unreadable_reason FROM unreadable_messages";
    sqlx::query_as(query).fetch_all(&world.pool).await.unwrap()
}

#[tokio::test]
async fn the_database_is_the_default_queue() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let mut worker = world.spawn(&["worker"]);
    let job = world.enqueue("a.csv", CLEAN, "one").await;
    assert_eq!(world.status_after_run(job).await, "COMPLETED");
    // A producer requests another run of a job under review.
    let second = world.enqueue("b.csv", CLEAN, "one").await;
    assert_eq!(world.status_after_run(second).await, "NEEDS_REVIEW");
    sqlx::query("UPDATE staging SET staging_status = 'DISCARD' WHERE staging_job_id = $1")
        .bind(second)
        .execute(&world.pool)
        .await
        .unwrap();
    sqlx::query("UPDATE jobs SET job_available_at = now() WHERE job_id = $1")
        .bind(second)
        .execute(&world.pool)
        .await
        .unwrap();
    eventually("the job is completed", async || world.status_after_run(second).await == "COMPLETED").await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    let wanted: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE job_available_at IS NOT NULL")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(wanted, 0);
}

#[tokio::test]
async fn messages_of_deleted_and_completed_jobs_are_acknowledged() {
    let world = World::cloud().await.with(&QUICK);
    let job = world.enqueue("a.csv", CLEAN, "one").await;
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(job).await, "COMPLETED");
    world.send_again(job).await;
    world.send(r#"{"job_id": 4711, "s3_key": "x"}"#).await;
    world.queue_empty().await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert_eq!(world.contacts("one").await.len(), 1);
    assert!(world.log().contains("the job does not exist"));
}

#[tokio::test]
async fn a_rejected_file_fails_its_job_and_is_acknowledged() {
    let world = World::cloud().await.with(&QUICK);
    let job = world.enqueue("a.csv", "name,mail\nx,y\n", "one").await;
    let missing = world.enqueue("b.csv", CLEAN, "one").await;
    world.remove_object("uploads/one/b.csv").await;
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(job).await, "FAILED");
    assert_eq!(world.status_after_run(missing).await, "FAILED");
    world.queue_empty().await;
    assert_eq!(world.dead_letters().await, 0);
    assert_eq!(worker.term_and_wait().await, Some(0));
    let reasons: Vec<String> = sqlx::query_scalar("SELECT job_failure FROM jobs ORDER BY job_id")
        .fetch_all(&world.pool)
        .await
        .unwrap();
    assert!(reasons[0].contains("no column for company"), "{reasons:?}");
    assert!(reasons[1].contains("uploads/one/b.csv"), "{reasons:?}");
}

#[tokio::test]
async fn an_unreadable_message_follows_the_redrive_policy() {
    let world = World::cloud().await.with(&QUICK).with(&[("SQS_VISIBILITY_TIMEOUT", "1")]);
    world.send("who knows").await;
    let mut worker = world.spawn(&["worker"]);
    eventually("the message is a dead letter", async || world.dead_letters().await == 1).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert!(unreadable(&world).await.is_empty());
}

#[tokio::test]
async fn an_unreadable_message_is_stored_without_a_redrive_policy() {
    let world = World::on_cloud(false).await.with(&QUICK);
    world.send(r#"{"job_id": "seven"}"#).await;
    let mut worker = world.spawn(&["worker"]);
    world.queue_empty().await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    let stored = unreadable(&world).await;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].0, r#"{"job_id": "seven"}"#);
    let doctor = world.ingest(&["doctor"]).await;
    doctor.expect_status(1);
    assert!(doctor.stdout.contains("list them with `ingest dead-letters list`"), "{}", doctor.stdout);
}

#[tokio::test]
async fn a_transient_failure_is_retried_until_the_limit() {
    // The store is unreachable: nothing listens on its port.
    let away = [("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9"), ("MAX_RETRIES", "2")];
    let world = World::cloud().await.with(&QUICK).with(&away);
    let job = world.enqueue("a.csv", CLEAN, "one").await;
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(job).await, "FAILED");
    eventually("the message is a dead letter", async || world.dead_letters().await == 1).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert_eq!(world.log().matches("run failed; retrying").count(), 1, "{}", world.log());
    let reason: String =
        sqlx::query_scalar("SELECT job_failure FROM jobs").fetch_one(&world.pool).await.unwrap();
    assert!(reason.contains("the store of the files is unavailable"), "{reason}");
    // The address of the store is only for the operator.
    assert!(!reason.contains('`') && !reason.contains("127.0.0.1"), "{reason}");
    assert!(world.log().contains("127.0.0.1:9"), "{}", world.log());
}

#[tokio::test]
async fn a_job_without_a_message_is_sent_again() {
    let world = World::cloud().await.with(&QUICK).with(&[("SQS_VISIBILITY_TIMEOUT", "1")]);
    let job = world.enqueue_silently("a.csv", CLEAN, "one").await;
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(job).await, "COMPLETED");
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn a_file_replaced_after_a_checkpoint_is_refused() {
    let world = World::cloud().await.with(&QUICK).with(&[("PROGRESS_UPDATE_INTERVAL", "1000")]);
    let rows: String = (0..60_000).map(|n| format!("p{n}@example.com,Ann,Lee,Acme\n")).collect();
    let content = format!("email,first_name,last_name,company\n{rows}");
    let job = world.enqueue("a.csv", &content, "one").await;
    let mut worker = world.spawn(&["worker"]);
    eventually("there is a checkpoint", async || {
        let reached: i32 =
            sqlx::query_scalar("SELECT job_checkpoint FROM jobs").fetch_one(&world.pool).await.unwrap();
        reached > 0
    })
    .await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    world.put_object("uploads/one/a.csv", CLEAN).await;
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(job).await, "FAILED");
    assert_eq!(worker.term_and_wait().await, Some(0));
    let reason: String =
        sqlx::query_scalar("SELECT job_failure FROM jobs").fetch_one(&world.pool).await.unwrap();
    assert!(reason.contains("replaced"), "{reason}");
    assert!(world.contacts("one").await.is_empty());
}

#[tokio::test]
async fn log_lines_are_json_without_contact_data() {
    let world = World::cloud().await.with(&QUICK).with(&[("LOG_LEVEL", "debug")]);
    let content = "email,first_name,last_name,company\nsecret.person@example.com,Ann,Lee,Acme\nsecret bad,Ann,Lee,Acme\nsecret.person@example.com,Annabel,Lee,Acme\n";
    let job = world.enqueue("a.csv", content, "one").await;
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(job).await, "NEEDS_REVIEW");
    assert_eq!(worker.term_and_wait().await, Some(0));
    let log = world.log();
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        for field in ["timestamp", "level", "logger", "message"] {
            assert!(line[field].is_string(), "{line}");
        }
    }
    let end = lines.iter().find(|line| line["message"] == "run ended").expect("the run's statistics");
    assert_eq!((&end["job_id"], &end["flow_type"]), (&job.into(), &"INITIAL_PROCESSING".into()));
    assert_eq!(
        (&end["total_rows"], &end["issue_rows"], &end["open_issues"]),
        (&3.into(), &3.into(), &2.into())
    );
    assert!(end["message_id"].is_string() && end["rows_per_second"].is_number());
    for private in ["secret", "Annabel", "Acme"] {
        assert!(!log.contains(private), "{private} is in the log:\n{log}");
    }
}

#[tokio::test]
async fn ids_reserved_for_another_file_are_not_used() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let first = world.enqueue("a.csv", CLEAN, "one").await;
    world.ingest(&["reprocess", &first.to_string(), "--owner", "one"]).await.expect_status(0);
    // A run reserved a block for a file without rows and was killed; the current file has a row.
    let second = world.enqueue("b.csv", CLEAN, "two").await;
    let reserved = "UPDATE jobs SET job_staging_base = 0 WHERE job_id = $1";
    sqlx::query(reserved).bind(second).execute(&world.pool).await.unwrap();
    world.ingest(&["reprocess", &second.to_string(), "--owner", "two"]).await.expect_status(0);
    assert_eq!(world.contacts("two").await.len(), 1);
}

#[tokio::test]
async fn a_long_recheck_keeps_its_message_hidden_on_the_database_queue() {
    let world = World::database().await.with(&[("SQS_VISIBILITY_TIMEOUT", "4")]);
    world.ingest(&["migrate"]).await.expect_status(0);
    // The recheck's transaction locks its job for longer than the visibility timeout.
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(9); RETURN NULL; END $$;
                CREATE TRIGGER slow BEFORE INSERT ON contacts FOR EACH STATEMENT EXECUTE FUNCTION slow()";
    sqlx::raw_sql(slow).execute(&world.pool).await.unwrap();
    let content = "email,first_name,last_name,company\np@example.com,Ann,Lee,Acme\nbad,Ann,Lee,Acme\n";
    let job = world.enqueue("a.csv", content, "one").await;
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(job).await, "NEEDS_REVIEW");
    let go_on = "UPDATE staging SET staging_status = 'DISCARD' WHERE staging_email = 'bad';
         UPDATE jobs SET job_available_at = now()";
    sqlx::raw_sql(go_on).execute(&world.pool).await.unwrap();
    world.eventually_completed(job).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert!(!world.log().contains("expired"), "{}", world.log());
}

#[tokio::test]
async fn content_that_is_stored_in_the_bucket_is_read() {
    let world = World::on_cloud(false).await.with(&QUICK);
    let bucket = world.variable("CSV_BUCKET_NAME");
    let pointer = |bucket: &str, key: &str| {
        let fields = serde_json::json!({ "s3BucketName": bucket, "s3Key": key });
        serde_json::json!(["software.amazon.payloadoffloading.PayloadS3Pointer", fields]).to_string()
    };
    let job = world.enqueue_silently("a.csv", CLEAN, "one").await;
    let request = serde_json::json!({ "job_id": job, "s3_key": "uploads/one/a.csv" }).to_string();
    world.put_object("payloads/good", &request).await;
    world.put_object("payloads/large", &" ".repeat((1 << 20) + 1)).await;
    world.put_object("payloads/again", &pointer(&bucket, "payloads/good")).await;
    for (bucket, key) in [
        (bucket.as_str(), "payloads/good"),
        ("elsewhere", "payloads/good"),
        (&bucket, "payloads/large"),
        (&bucket, "payloads/again"),
        (&bucket, "payloads/missing"),
    ] {
        world.send(&pointer(bucket, key)).await;
    }
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(job).await, "COMPLETED");
    world.queue_empty().await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    let mut stored = unreadable(&world).await;
    stored.sort();
    let reasons: Vec<&str> = stored.iter().map(|(_, reason)| reason.as_str()).collect();
    let expected = [
        ("payloads/again", "it is JSON, but not an object"),
        ("payloads/large", "it is larger than 1048576 bytes"),
        ("payloads/missing", "there is no object `payloads/missing`"),
        ("elsewhere", "it is in another bucket than CSV_BUCKET_NAME"),
    ];
    for (part, reason) in expected {
        let is_there = |(body, known): &(String, String)| {
            body.contains(part) && known.contains("its content is stored in S3: ") && known.contains(reason)
        };
        assert!(stored.iter().any(is_there), "{part}: {reasons:?}");
    }
    assert_eq!(stored.len(), 4);
}
