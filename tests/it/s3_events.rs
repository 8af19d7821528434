//! Events of S3 in the queue: the worker makes jobs of new objects itself, of each exactly one.

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::support::{World, aws_sdk, client, eventually, free_port};

const HEADER: &str = "email,first_name,last_name,company\n";
const SETTINGS: [(&str, &str); 3] = [
    ("OWNER_PATTERN", "in/{owner}/{filename}, archive/**/by/{owner}/*.csv"),
    ("SQS_VISIBILITY_TIMEOUT", "1"),
    ("SQS_WAIT_TIME_SECONDS", "1"),
];

/// A world whose workers accept events of S3.
async fn world() -> World {
    World::cloud().await.with(&SETTINGS)
}

/// Returns a record as S3 sends it, about an object of the world's bucket. `key` is encoded.
fn record(world: &World, event: &str, key: &str, sequencer: &str) -> Value {
    let bucket = world.variable("CSV_BUCKET_NAME");
    json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-11-28T12:00:00.000Z",
        "eventName": event,
        "userIdentity": { "principalId": "AIDAJDPLRKLG7UEXAMPLE" },
        "requestParameters": { "sourceIPAddress": "127.0.0.1" },
        "responseElements": { "x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8" },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "new files",
            "bucket": {
                "name": bucket,
                "ownerIdentity": { "principalId": "A3NL1KOZZKExample" },
                "arn": format!("arn:aws:s3:::{bucket}"),
            },
            "object": { "key": key, "size": 64, "eTag": "d41d8cd98f00b204e9800998ecf8427e", "sequencer": sequencer },
        },
    })
}

fn created(world: &World, key: &str, sequencer: &str) -> Value {
    json!({ "Records": [record(world, "ObjectCreated:Put", key, sequencer)] })
}

/// Returns the envelope of SNS.
fn by_sns(message: &Value) -> Value {
    json!({
        "Type": "Notification",
        "MessageId": "dc1e94d9-56c5-5e96-808d-cc7f68faa162",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:new-files",
        "Subject": "Amazon S3 Notification",
        "Message": message.to_string(),
        "Timestamp": "2026-11-28T12:00:00.000Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
    })
}

fn by_event_bridge(world: &World, key: &str, sequencer: &str) -> Value {
    let bucket = world.variable("CSV_BUCKET_NAME");
    json!({
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-11-28T12:00:00Z",
        "region": "us-east-1",
        "resources": [format!("arn:aws:s3:::{bucket}")],
        "detail": {
            "version": "0",
            "bucket": { "name": bucket },
            "object": { "key": key, "size": 64, "etag": "b1946ac92492d2347c6235b4d2611184", "sequencer": sequencer },
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "127.0.0.1",
            "reason": "PutObject",
        },
    })
}

/// Returns a file with one contact.
fn contact(name: &str) -> String {
    format!("{HEADER}{name}@example.com,Ann,Lee,Acme\n")
}

/// Returns the jobs as `owner: key, status`, sorted.
async fn jobs(world: &World) -> Vec<String> {
    let query = "SELECT job_user_id || ': ' || job_s3_object_key || ', ' || job_status FROM jobs ORDER BY 1";
    sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap()
}

/// Waits until as many jobs have ended as there are, and the queue is empty.
async fn all_done(world: &World, count: usize) {
    eventually("the jobs have ended", async || {
        let jobs = jobs(world).await;
        jobs.len() == count
            && jobs.iter().all(|job| !job.ends_with("PENDING") && !job.ends_with("PROCESSING"))
    })
    .await;
    world.queue_empty().await;
}

#[tokio::test]
async fn new_objects_become_jobs_of_their_owners_in_every_form_of_event() {
    let world = world().await;
    let odd = "in/ann@example.com/a+b c%20ü&é=日本.csv";
    for (key, name) in [
        (odd, "odd"),
        ("in/bob/first.csv", "first"),
        ("in/bob/second.csv", "second"),
        ("in/cid/sns.csv", "sns"),
        ("archive/2026/11/by/dora/a+b c%20ü.csv", "bridge"),
        ("archive/by/eve/both.csv", "both"),
    ] {
        world.put_object(key, &contact(name)).await;
    }
    let encoded = "in/ann%40example.com/a%2Bb+c%2520%C3%BC%26%C3%A9%3D%E6%97%A5%E6%9C%AC.csv";
    world.send(&created(&world, encoded, "0055AED6DCD90281E5").to_string()).await;
    let two = [
        record(&world, "ObjectCreated:Copy", "in/bob/first.csv", "0055AED6DCD90281E5"),
        record(&world, "ObjectCreated:CompleteMultipartUpload", "in/bob/second.csv", "0055AED6DCD90281E5"),
    ];
    world.send(&json!({ "Records": two }).to_string()).await;
    world.send(&by_sns(&created(&world, "in/cid/sns.csv", "0055AED6DCD90281E5")).to_string()).await;
    let bridge = by_event_bridge(&world, "archive/2026/11/by/dora/a+b c%20ü.csv", "0055AED6DCD90281E5");
    world.send(&bridge.to_string()).await;
    let both = by_event_bridge(&world, "archive/by/eve/both.csv", "0055AED6DCD90281E5");
    world.send(&by_sns(&both).to_string()).await;

    let mut worker = world.spawn(&["worker"]);
    all_done(&world, 6).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    let expected = [
        format!("ann@example.com: {odd}, COMPLETED"),
        "bob: in/bob/first.csv, COMPLETED".to_owned(),
        "bob: in/bob/second.csv, COMPLETED".to_owned(),
        "cid: in/cid/sns.csv, COMPLETED".to_owned(),
        "dora: archive/2026/11/by/dora/a+b c%20ü.csv, COMPLETED".to_owned(),
        "eve: archive/by/eve/both.csv, COMPLETED".to_owned(),
    ];
    assert_eq!(jobs(&world).await, expected);
    assert_eq!(world.contacts("dora").await, ["bridge@example.com|Ann|Lee|Acme"]);
    let named = "SELECT job_original_filename FROM jobs WHERE job_user_id = 'ann@example.com'";
    let named: String = sqlx::query_scalar(named).fetch_one(&world.pool).await.unwrap();
    assert_eq!(named, "a+b c%20ü&é=日本.csv");
    let wanted = "SELECT count(*) FROM jobs WHERE job_available_at IS NOT NULL";
    assert_eq!(sqlx::query_scalar::<_, i64>(wanted).fetch_one(&world.pool).await.unwrap(), 0);
    assert_eq!(world.dead_letters().await, 0);
}

/// The stand-in for S3 sends the events itself here, without sequencers.
#[tokio::test]
async fn a_bucket_that_notifies_the_queue_needs_no_producer() {
    let world = world().await;
    let bucket = world.variable("CSV_BUCKET_NAME");
    let notify = format!(
        "<NotificationConfiguration><QueueConfiguration><Id>new files</Id>
             <Queue>arn:aws:sqs:us-east-1:123456789012:{bucket}</Queue><Event>s3:ObjectCreated:*</Event>
         </QueueConfiguration></NotificationConfiguration>"
    );
    let url = format!("{}/{bucket}?notification", world.variable("AWS_ENDPOINT_URL"));
    let configured = client().put(url).body(notify).send().await.unwrap();
    assert!(configured.status().is_success(), "{configured:?}");
    let mut worker = world.spawn(&["worker"]);
    world.put_object("in/ann/a+b c%20ü.csv", &contact("first")).await;
    all_done(&world, 1).await;
    world.put_object("in/ann/a+b c%20ü.csv", &contact("second")).await;
    world.put_object("elsewhere/a.csv", &contact("third")).await;
    all_done(&world, 2).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert_eq!(jobs(&world).await, ["ann: in/ann/a+b c%20ü.csv, COMPLETED"; 2]);
    assert_eq!(world.contacts("ann").await.len(), 2);
}

#[tokio::test]
async fn an_event_that_arrives_twice_or_late_makes_no_second_job() {
    let world = world().await;
    world.put_object("in/ann/a.csv", &contact("a")).await;
    world.put_object("in/ann/b.csv", &contact("b")).await;
    let mut workers = [world.spawn(&["worker"]), world.spawn(&["worker"])];
    // In other forms too, as if two notifications were configured.
    for _ in 0..4 {
        world.send(&created(&world, "in/ann/a.csv", "0055AED6DCD90281E5").to_string()).await;
        world.send(&by_event_bridge(&world, "in/ann/a.csv", "0055aed6dcd90281e500").to_string()).await;
    }
    all_done(&world, 1).await;
    // An older event of the same object, and a newer one.
    world.send(&created(&world, "in/ann/a.csv", "0055AED6DCD90281E4FF").to_string()).await;
    world.queue_empty().await;
    assert_eq!(jobs(&world).await.len(), 1);
    world.put_object("in/ann/a.csv", &contact("newer")).await;
    world.send(&created(&world, "in/ann/a.csv", "0055AED6DCD90281E6").to_string()).await;
    all_done(&world, 2).await;
    world.send(&created(&world, "in/ann/a.csv", "0055AED6DCD90281E5").to_string()).await;
    // Stores without sequencers: the version tells events apart.
    for (version, jobs) in [("v1", 3), ("v1", 3), ("v2", 4)] {
        let mut event = created(&world, "in/ann/b.csv", "");
        event["Records"][0]["s3"]["object"]["versionId"] = json!(version);
        world.send(&event.to_string()).await;
        all_done(&world, jobs).await;
    }
    for worker in &mut workers {
        assert_eq!(worker.term_and_wait().await, Some(0));
    }
    assert_eq!(world.contacts("ann").await.len(), 3);
    assert_eq!(world.dead_letters().await, 0);
}

#[tokio::test]
async fn an_event_makes_no_second_job_after_the_job_is_deleted_and_is_forgotten_after_a_month() {
    let world = world().await;
    world.put_object("in/ann/a.csv", &contact("a")).await;
    let event = created(&world, "in/ann/a.csv", "0055AED6DCD90281E5").to_string();
    let mut worker = world.spawn(&["worker"]);
    world.send(&event).await;
    all_done(&world, 1).await;
    sqlx::raw_sql("DELETE FROM jobs").execute(&world.pool).await.unwrap();
    world.send(&event).await;
    world.queue_empty().await;
    assert!(jobs(&world).await.is_empty());
    assert_eq!(worker.term_and_wait().await, Some(0));

    let remembered = async || {
        let count = "SELECT count(*) FROM object_events";
        sqlx::query_scalar::<_, i64>(count).fetch_one(&world.pool).await.unwrap()
    };
    assert_eq!(remembered().await, 1);
    let age = async |days: i32| {
        let age = "UPDATE object_events SET event_noted_at = now() - make_interval(days => $1)";
        sqlx::query(age).bind(days).execute(&world.pool).await.unwrap();
    };
    age(29).await;
    let mut worker = world.spawn(&["worker"]);
    world.send(&event).await;
    world.queue_empty().await;
    assert_eq!((jobs(&world).await.len(), remembered().await), (0, 1));
    assert_eq!(worker.term_and_wait().await, Some(0));
    age(31).await;
    let mut worker = world.spawn(&["worker"]);
    eventually("the event is forgotten", async || remembered().await == 0).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn events_that_name_no_new_file_are_acknowledged_and_counted() {
    let port = free_port();
    let world = world().await.with(&[("METRICS_ADDRESS", &format!("127.0.0.1:{port}"))]);
    world.put_object("other/secret-name.csv", &contact("a")).await;
    let test = json!({
        "Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-11-28T12:00:00.000Z",
        "Bucket": world.variable("CSV_BUCKET_NAME"), "RequestId": "5582815E1AEA5ADF", "HostId": "8cLeGAmw098X5cv4Zkwc",
    });
    let mut folder = created(&world, "in/ann/", "0055AED6DCD90281E5");
    folder["Records"][0]["s3"]["object"]["size"] = json!(0);
    let upload = "uploads/ann/8a6e0804-2bd0-4672-b79d-d97027f9071a/a.csv";
    for event in [
        &test,
        &json!({ "Records": [record(&world, "ObjectRemoved:Delete", "in/ann/a.csv", "0055AED6DCD90281E5")] }),
        &folder,
        &created(&world, upload, "0055AED6DCD90281E5"),
        &created(&world, "other/secret-name.csv", "0055AED6DCD90281E5"),
    ] {
        world.send(&event.to_string()).await;
    }
    let mut worker = world.spawn(&["worker"]);
    world.queue_empty().await;
    let metrics = client().get(format!("http://127.0.0.1:{port}/metrics")).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for (outcome, count) in [("other", 2), ("folder", 1), ("upload", 1), ("unmatched", 1)] {
        let line = format!("ingest_object_events_total{{outcome=\"{outcome}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line} is missing:\n{metrics}");
    }
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert_eq!((jobs(&world).await.len(), world.dead_letters().await), (0, 0));
    let log = world.log();
    let warning = log.lines().find(|line| line.contains("no pattern of OWNER_PATTERN matches")).unwrap();
    let warning: Value = serde_json::from_str(warning).unwrap();
    assert_eq!((&warning["level"], &warning["folder"]), (&json!("WARNING"), &json!("other")));
    assert!(!log.contains("secret-name"), "the name of a file is in the log:\n{log}");
}

#[tokio::test]
async fn an_event_without_an_owner_pattern_is_a_dead_letter_until_it_is_sent_back() {
    let world = World::cloud().await.with(&SETTINGS).with(&[("OWNER_PATTERN", "")]);
    world.put_object("in/ann/a.csv", &contact("a")).await;
    world.send(&created(&world, "in/ann/a.csv", "0055AED6DCD90281E5").to_string()).await;
    let mut worker = world.spawn(&["worker"]);
    eventually("the event is a dead letter", async || world.dead_letters().await == 1).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    let listed = world.ingest(&["dead-letters", "list", "--json"]).await;
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let reason = listed[0]["reason"].as_str().unwrap();
    assert!(reason.contains("OWNER_PATTERN") && reason.contains("ingest dead-letters redrive"), "{reason}");
    assert_eq!(listed[0]["job"], Value::Null);

    let world = world.with(&[("OWNER_PATTERN", "in/{owner}/*")]);
    world.ingest(&["dead-letters", "redrive", "--all"]).await.expect_status(0);
    let mut worker = world.spawn(&["worker"]);
    all_done(&world, 1).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert_eq!(jobs(&world).await, ["ann: in/ann/a.csv, COMPLETED"]);
}

#[tokio::test]
async fn an_event_of_another_bucket_is_kept_for_a_person() {
    let world = World::on_cloud(false).await.with(&SETTINGS);
    let mut event = created(&world, "in/ann/a.csv", "0055AED6DCD90281E5");
    let good = record(&world, "ObjectCreated:Put", "in/ann/b.csv", "0055AED6DCD90281E5");
    event["Records"][0]["s3"]["bucket"]["name"] = json!("elsewhere");
    event["Records"].as_array_mut().unwrap().push(good);
    world.send(&event.to_string()).await;
    let mut worker = world.spawn(&["worker"]);
    world.queue_empty().await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    let stored = "SELECT unreadable_body, unreadable_reason FROM unreadable_messages";
    let stored: Vec<(String, String)> = sqlx::query_as(stored).fetch_all(&world.pool).await.unwrap();
    let bucket = world.variable("CSV_BUCKET_NAME");
    let reason = format!("it is about bucket `elsewhere`, and CSV_BUCKET_NAME is `{bucket}`");
    assert_eq!(stored, [(event.to_string(), reason)]);
    assert!(jobs(&world).await.is_empty(), "of a refused message, no job is made");
}

#[tokio::test]
async fn a_worker_that_is_killed_while_it_makes_a_job_neither_loses_nor_doubles_it() {
    let world = world().await;
    world.put_object("in/ann/a.csv", &contact("a")).await;
    world.put_object("in/ann/b.csv", &contact("b")).await;
    // The second job takes long to make.
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW.job_original_filename = 'b.csv' THEN PERFORM pg_sleep(3); END IF; RETURN NEW; END $$;
                CREATE TRIGGER slow BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION slow()";
    sqlx::raw_sql(slow).execute(&world.pool).await.unwrap();
    let both = [
        record(&world, "ObjectCreated:Put", "in/ann/a.csv", "0055AED6DCD90281E5"),
        record(&world, "ObjectCreated:Put", "in/ann/b.csv", "0055AED6DCD90281E5"),
    ];
    let both = json!({ "Records": both }).to_string();
    world.send(&both).await;
    let mut killed = world.spawn(&["worker"]);
    eventually("the first job is made", async || jobs(&world).await.len() == 1).await;
    killed.kill();
    killed.wait().await;
    let mut worker = world.spawn(&["worker"]);
    all_done(&world, 2).await;
    // As if it had been killed after the jobs were made, before the message was deleted.
    world.send(&both).await;
    world.queue_empty().await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert_eq!(
        jobs(&world).await,
        ["ann: in/ann/a.csv, COMPLETED", "ann: in/ann/b.csv, COMPLETED"],
        "{}",
        world.log()
    );
}

#[tokio::test]
async fn a_job_whose_message_was_never_sent_is_run() {
    let world = world().await;
    world.put_object("in/ann/a.csv", &contact("a")).await;
    let sqs = aws_sdk_sqs::Client::new(&aws_sdk().await);
    let url = world.variable("SQS_QUEUE_URL");
    // What a worker leaves that is killed after the commit: the job wants a run, and its message is not in the queue.
    let block = "CREATE FUNCTION block() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                     IF NEW.job_lease_token IS NOT NULL THEN RAISE EXCEPTION 'later'; END IF; RETURN NEW; END $$;
                 CREATE TRIGGER block BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION block()";
    sqlx::raw_sql(block).execute(&world.pool).await.unwrap();
    world.send(&created(&world, "in/ann/a.csv", "0055AED6DCD90281E5").to_string()).await;
    let mut killed = world.spawn(&["worker"]);
    eventually("the job is made", async || jobs(&world).await.len() == 1).await;
    killed.kill();
    killed.wait().await;
    sqs.purge_queue().queue_url(&url).send().await.unwrap();
    assert_eq!(world.messages().await, (0, 0));
    sqlx::raw_sql("DROP TRIGGER block ON jobs; UPDATE jobs SET job_available_at = now() - interval '1 hour'")
        .execute(&world.pool)
        .await
        .unwrap();
    let mut worker = world.spawn(&["worker"]);
    all_done(&world, 1).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert_eq!(jobs(&world).await, ["ann: in/ann/a.csv, COMPLETED"]);
}

#[tokio::test]
async fn a_fifo_queue_receives_events_and_messages_of_their_jobs() {
    let world = world().await;
    let sqs = aws_sdk_sqs::Client::new(&aws_sdk().await);
    let name = format!("{}.fifo", world.variable("CSV_BUCKET_NAME"));
    let make = sqs.create_queue().queue_name(name).attributes(QueueAttributeName::FifoQueue, "true");
    let url = make.send().await.unwrap().queue_url.unwrap();
    let world = world.with(&[("SQS_QUEUE_URL", &url)]);
    let mut worker = world.spawn(&["worker"]);
    for (number, name) in ["a", "b"].into_iter().enumerate() {
        let key = format!("in/ann/{name}.csv");
        world.put_object(&key, &contact(name)).await;
        let event = by_event_bridge(&world, &key, "0055AED6DCD90281E5").to_string();
        let request = sqs.send_message().queue_url(&url).message_body(event).message_group_id("files");
        request.message_deduplication_id(number.to_string()).send().await.unwrap();
    }
    eventually("both jobs are COMPLETED", async || {
        jobs(&world).await == ["ann: in/ann/a.csv, COMPLETED", "ann: in/ann/b.csv, COMPLETED"]
    })
    .await;
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn an_invalid_owner_pattern_ends_the_program_at_start() {
    let world = World::cloud().await.with(&[("OWNER_PATTERN", "in/{user}/*.csv")]);
    let refused = world.ingest(&["worker"]).await;
    refused.expect_status(2);
    assert!(refused.stderr.contains("OWNER_PATTERN takes patterns such as"), "{}", refused.stderr);
    assert!(refused.stderr.contains("`{user}` must be {owner}, {filename}"), "{}", refused.stderr);
}
