//! `ingest dead-letters` lists, shows, redrives and drops what workers have given up, and loses nothing.

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::support::{World, aws_sdk, eventually};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";
/// So that messages are soon received again.
const SETTINGS: [(&str, &str); 2] = [("SQS_VISIBILITY_TIMEOUT", "1"), ("SQS_WAIT_TIME_SECONDS", "1")];

/// Runs `ingest dead-letters` and returns its JSON.
async fn dead_letters(world: &World, arguments: &[&str]) -> Value {
    let ended = world.ingest(&[&["dead-letters"], arguments, &["--json"]].concat()).await;
    ended.expect_status(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

/// Returns the only dead letter in the list.
async fn only_letter(world: &World) -> Value {
    let listed = dead_letters(world, &["list"]).await;
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed:#}");
    listed[0].clone()
}

/// Runs a worker until `is_so` returns true. It has another bucket if `bucket` is set.
async fn work_until(world: &World, bucket: Option<&str>, is_so: impl AsyncFnMut() -> bool) {
    let env: Vec<_> =
        bucket.map(|name| ("CSV_BUCKET_NAME".to_owned(), name.to_owned())).into_iter().collect();
    let mut worker = world.spawn_with(&["worker"], &env);
    eventually("the worker has done it", is_so).await;
    assert_eq!(worker.term_and_wait().await, Some(0), "{}", world.log());
}

async fn text(world: &World, query: &'static str, job: i32) -> String {
    sqlx::query_scalar(query).bind(job).fetch_one(&world.pool).await.unwrap()
}

#[tokio::test]
async fn an_unreadable_message_is_listed_shown_redriven_and_dropped() {
    let world = World::cloud().await.with(&SETTINGS);
    world.send("no request").await;
    work_until(&world, None, async || world.dead_letters().await == 1).await;

    let first = only_letter(&world).await;
    let reason = "the message is not understood: it is not JSON (line 1, column 2)";
    assert_eq!((&first["reason"], &first["job"]), (&json!(reason), &Value::Null));
    assert_eq!(world.dead_letters().await, 1, "visible at once after the list");
    let second = only_letter(&world).await;
    assert_eq!(first["id"], second["id"]);
    let receives = |letter: &Value| letter["receives"].as_u64().unwrap();
    assert_eq!(receives(&second), receives(&first) + 1, "each list is a receive");

    let id = first["id"].as_str().unwrap();
    let shown = world.ingest(&["dead-letters", "show", id]).await;
    shown.expect_status(0);
    let asked = world.ingest(&["dead-letters", "drop", "--all"]).await;
    assert!(asked.stderr.contains("this would drop all dead letters (1) for good"), "{}", asked.stderr);
    assert!(shown.stdout.ends_with("\nmessage\nno request\n"), "{}", shown.stdout);
    assert!(shown.stdout.contains(reason) && shown.stdout.contains("SentTimestamp"), "{}", shown.stdout);
    assert!(shown.stderr.contains(&format!("`ingest dead-letters drop {id}`")), "{}", shown.stderr);

    assert_eq!(dead_letters(&world, &["redrive", id]).await, json!({ "redriven": 1, "missing": [] }));
    assert_eq!((world.messages().await, world.dead_letters().await), ((1, 0), 0));
    work_until(&world, None, async || world.dead_letters().await == 1).await;

    let id = only_letter(&world).await["id"].as_str().unwrap().to_owned();
    let refused = world.ingest(&["dead-letters", "drop", &id]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("nobody is there to confirm it; add --yes"), "{}", refused.stderr);
    assert_eq!(world.dead_letters().await, 1);
    let dropped = dead_letters(&world, &["drop", &id, "--yes"]).await;
    assert_eq!(dropped, json!({ "dropped": 1, "missing": [] }));
    assert_eq!((world.messages().await, world.dead_letters().await), ((0, 0), 0));
    let gone = world.ingest(&["dead-letters", "show", &id]).await;
    gone.expect_status(1);
    assert!(gone.stderr.contains(&format!("there is no dead letter {id}")), "{}", gone.stderr);
}

#[tokio::test]
async fn a_given_up_job_is_run_again_by_a_redrive() {
    let world = World::cloud().await.with(&SETTINGS);
    let job = world.enqueue("a.csv", CLEAN, "one").await;
    work_until(&world, Some("no-such-bucket"), async || world.dead_letters().await == 1).await;
    let letter = only_letter(&world).await;
    assert_eq!(letter["job"], json!(job));
    assert!(letter["reason"].as_str().unwrap().contains("no-such-bucket"), "{letter}");
    let shown = dead_letters(&world, &["show", letter["id"].as_str().unwrap()]).await;
    assert_eq!(shown["attributes"]["dead_letter_reason"], letter["reason"]);

    dead_letters(&world, &["redrive", "--all"]).await;
    assert_eq!(world.dead_letters().await, 0);
    work_until(&world, None, async || world.job(job).await.starts_with("COMPLETED")).await;
    assert_eq!(dead_letters(&world, &["list"]).await, json!([]));
}

#[tokio::test]
async fn a_list_loses_no_message() {
    let world = World::cloud().await;
    let queue_url = world.variable("SQS_QUEUE_URL") + "-dead";
    let sqs = aws_sdk_sqs::Client::new(&aws_sdk().await);
    for number in 0..25 {
        let body = format!(r#"{{"job_id": {}, "s3_key": "a.csv"}}"#, number + 1);
        sqs.send_message().queue_url(&queue_url).message_body(body).send().await.unwrap();
    }
    let some = world.ingest(&["dead-letters", "list", "--limit", "12", "--output", "csv"]).await;
    some.expect_status(0);
    assert_eq!(some.stdout.lines().count(), 13, "{}", some.stdout);
    assert!(some.stderr.contains("showed 12 dead letters, and there are more"), "{}", some.stderr);
    assert_eq!(world.dead_letters().await, 25);
    let listed = dead_letters(&world, &["list"]).await;
    let mut jobs: Vec<_> =
        listed.as_array().unwrap().iter().map(|letter| letter["job"].as_u64().unwrap()).collect();
    jobs.sort_unstable();
    assert_eq!(jobs, (1..=25).collect::<Vec<_>>());
    assert_eq!(listed[0]["reason"], "SQS moved it here after 3 receives without an end");

    let ids: Vec<&str> =
        listed.as_array().unwrap().iter().filter_map(|letter| letter["id"].as_str()).collect();
    let ended = world.ingest(&["dead-letters", "redrive", ids[0], "no-such-id", ids[24]]).await;
    ended.expect_status(1);
    assert!(ended.stderr.contains("sent back 2 dead letters\n"), "{}", ended.stderr);
    assert!(ended.stderr.contains("there is no dead letter no-such-id"), "{}", ended.stderr);
    assert_eq!((world.messages().await, world.dead_letters().await), ((2, 0), 23));
    dead_letters(&world, &["redrive", "--all"]).await;
    assert_eq!((world.messages().await, world.dead_letters().await), ((25, 0), 0));
}

#[tokio::test]
async fn letters_of_a_fifo_queue_return_to_their_group() {
    let world = World::cloud().await;
    let sqs = aws_sdk_sqs::Client::new(&aws_sdk().await);
    let name = world.variable("CSV_BUCKET_NAME");
    let make = async |name: &str, policy: Option<String>| {
        let queue = sqs.create_queue().queue_name(name).attributes(QueueAttributeName::FifoQueue, "true");
        let queue = match policy {
            Some(policy) => queue.attributes(QueueAttributeName::RedrivePolicy, policy),
            None => queue,
        };
        queue.send().await.unwrap().queue_url.unwrap()
    };
    let dead = make(&format!("{name}-dead.fifo"), None).await;
    let arn = format!("arn:aws:sqs:us-east-1:123456789012:{name}-dead.fifo");
    let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 3 }).to_string();
    let main = make(&format!("{name}.fifo"), Some(policy)).await;
    let world = world.with(&[("SQS_QUEUE_URL", &main)]);
    for group in ["7", "8"] {
        let request = sqs.send_message().queue_url(&dead).message_body("no request").message_group_id(group);
        request.message_deduplication_id(group).send().await.unwrap();
    }
    assert_eq!(dead_letters(&world, &["list"]).await.as_array().unwrap().len(), 2);
    dead_letters(&world, &["redrive", "--all"]).await;
    assert_eq!(dead_letters(&world, &["list"]).await, json!([]));
    let request = sqs.receive_message().queue_url(&main).max_number_of_messages(10);
    let all = aws_sdk_sqs::types::MessageSystemAttributeName::All;
    let received = request.message_system_attribute_names(all).send().await.unwrap().messages.unwrap();
    let group = aws_sdk_sqs::types::MessageSystemAttributeName::MessageGroupId;
    let mut groups: Vec<&str> =
        received.iter().map(|message| message.attributes.as_ref().unwrap()[&group].as_str()).collect();
    groups.sort_unstable();
    assert_eq!(groups, ["7", "8"]);
}

#[tokio::test]
async fn a_given_up_job_of_the_database_queue_is_its_own_dead_letter() {
    // The queue in the database, with files in a bucket, which may be missing.
    let world = World::cloud().await.with(&SETTINGS).with(&[("SQS_QUEUE_URL", "")]);
    world.ingest(&["migrate"]).await.expect_status(0);
    let redriven = world.enqueue_silently("a.csv", CLEAN, "one").await;
    let dropped = world.enqueue_silently("b.csv", CLEAN, "two").await;
    let query = "SELECT job_status::text FROM jobs WHERE job_id = $1";
    let has_failed = async |job| text(&world, query, job).await == "FAILED";
    work_until(&world, Some("no-such-bucket"), async || {
        has_failed(redriven).await && has_failed(dropped).await
    })
    .await;
    // The owner must see to a file that cannot be read.
    let refused = world.enqueue_silently("c.csv", "", "two").await;
    work_until(&world, None, async || has_failed(refused).await).await;

    let listed = dead_letters(&world, &["list"]).await;
    let mut ids: Vec<&str> =
        listed.as_array().unwrap().iter().filter_map(|letter| letter["id"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [format!("job-{redriven}"), format!("job-{dropped}")], "{listed:#}");
    let shown = dead_letters(&world, &["show", &format!("job-{dropped}")]).await;
    assert_eq!(shown["attributes"], json!({ "owner": "two", "file": "b.csv" }));
    let body: Value = serde_json::from_str(shown["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({ "job_id": dropped, "s3_key": "uploads/two/b.csv" }));

    let table = world.ingest(&["dead-letters", "list"]).await;
    table.expect_status(0);
    let row = format!("\njob-{dropped} ");
    assert!(table.stdout.starts_with("dead letter") && table.stdout.contains(&row), "{}", table.stdout);
    let asked = world.ingest(&["dead-letters", "drop", "--all"]).await;
    asked.expect_status(1);
    assert!(asked.stderr.contains("this would drop all dead letters (2) for good"), "{}", asked.stderr);
    let ended = dead_letters(&world, &["drop", &format!("job-{dropped}"), "--yes"]).await;
    assert_eq!(ended, json!({ "dropped": 1, "missing": [] }));
    let reason = "SELECT job_failure_reason::text FROM jobs WHERE job_id = $1";
    assert!(text(&world, reason, dropped).await.contains("cancelled"));
    assert_eq!(dead_letters(&world, &["redrive", "--all"]).await, json!({ "redriven": 1, "missing": [] }));
    assert_eq!(dead_letters(&world, &["list"]).await, json!([]), "a requested job is no dead letter");
    let recorded =
        "SELECT string_agg(action_owner || ' ' || action_kind || ' ' || action_actor, '') FROM actions
         WHERE action_job_id = $1";
    assert_eq!(text(&world, recorded, redriven).await, "one REPROCESS tester (command line)");
    work_until(&world, None, async || world.job(redriven).await.starts_with("COMPLETED")).await;
    let gone = world.ingest(&["dead-letters", "redrive", &format!("job-{refused}")]).await;
    gone.expect_status(1);
}

#[tokio::test]
async fn a_message_kept_in_the_database_is_sent_back_or_dropped() {
    let world = World::on_cloud(false).await.with(&SETTINGS);
    let stored = async || {
        let count = "SELECT count(*) FROM unreadable_messages";
        sqlx::query_scalar::<_, i64>(count).fetch_one(&world.pool).await.unwrap()
    };
    world.send(r#"{"job_id": 1}"#).await;
    work_until(&world, None, async || stored().await == 1).await;
    let letter = only_letter(&world).await;
    assert_eq!(letter["reason"], "the message is not understood: s3_key is missing");
    let id = letter["id"].as_str().unwrap();
    assert_eq!(dead_letters(&world, &["show", id]).await["body"], r#"{"job_id": 1}"#);

    dead_letters(&world, &["redrive", id]).await;
    assert_eq!((stored().await, world.messages().await), (0, (1, 0)));
    work_until(&world, None, async || stored().await == 1).await;
    let refused = world.ingest(&["dead-letters", "redrive", "--all", "--sqs-queue-url", ""]).await;
    refused.expect_status(1);
    assert!(
        refused.stderr.contains("set SQS_QUEUE_URL to the queue that it came from"),
        "{}",
        refused.stderr
    );
    let doctor = world.ingest(&["doctor"]).await;
    let finding = "1 message could not be parsed; list them with `ingest dead-letters list`";
    assert!(doctor.stdout.contains(finding), "{}", doctor.stdout);
    dead_letters(&world, &["drop", "--all", "--yes"]).await;
    assert_eq!((stored().await, world.messages().await), (0, (0, 0)));
}
