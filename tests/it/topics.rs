//! An SNS topic: what its subscribers get of the jobs of all owners, and what happens while it is missing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::{Child, Topic, World, eventually};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";
const DIRTY: &str =
    "email,first_name,last_name,company\nbob@example.com,Bob,Ray,Acme\nno-address,Cid,Day,Acme\n";

fn with(world: World, env: &[(String, String)]) -> World {
    env.iter().fold(world, |world, (name, value)| world.with(&[(name, value)]))
}

async fn recorded(world: &World) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM topic_events").fetch_one(&world.pool).await.unwrap()
}

/// Starts a worker, and returns once events are recorded for its topic.
async fn worker(world: &World) -> Child {
    let worker = world.spawn(&["worker"]);
    eventually("the topic is in use", async || {
        let query = "SELECT EXISTS (SELECT FROM event_topics)";
        sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap()
    })
    .await;
    worker
}

#[tokio::test]
async fn subscribers_get_the_changes_of_the_jobs_of_all_owners() {
    let topic = Topic::make("all-owners").await;
    let world = with(World::database().await, &topic.env());
    let world = world.with(&[("PUBLIC_URL", "https://contacts.example.com/")]);
    let _worker = worker(&world).await;
    let dirty = world.enqueue("dirty.csv", DIRTY, "one").await;
    let clean = world.enqueue("clean.csv", CLEAN, "two").await;
    let received = topic.eventually_received(6).await;

    let mut kinds: BTreeMap<(i64, String), Vec<&str>> = BTreeMap::new();
    for message in &received {
        let content = message.content();
        let (job, owner) = (&content["data"]["job_id"], content["data"]["user_id"].as_str().unwrap());
        assert_eq!(message.attributes["user_id"], owner);
        assert_eq!(message.attributes["event"], content["type"].as_str().unwrap());
        let kind = message.attributes["event"].as_str();
        kinds.entry((job.as_i64().unwrap(), owner.to_owned())).or_default().push(kind);
        assert!(!message.body.contains("example.com,") && !message.body.contains("Ann"), "{}", message.body);
    }
    let kinds_of = |job: i32, owner: &str| -> BTreeSet<&str> {
        kinds[&(i64::from(job), owner.to_owned())].iter().copied().collect()
    };
    let (first, second) = ("job.pending", "job.processing");
    assert_eq!(kinds_of(dirty, "one"), BTreeSet::from([first, second, "job.needs_review"]));
    assert_eq!(kinds_of(clean, "two"), BTreeSet::from([first, second, "job.completed"]));
    let review = received.iter().find(|message| message.attributes["event"] == "job.needs_review").unwrap();
    let expected = json!({ "job_id": dirty, "filename": "dirty.csv", "status": "NEEDS_REVIEW", "total_rows": 2,
        "open_issues": 1, "user_id": "one", "url": format!("https://contacts.example.com/jobs/{dirty}") });
    assert_eq!(review.content()["data"], expected);
    let ids: BTreeSet<&str> =
        received.iter().map(|message| message.attributes["event_id"].as_str()).collect();
    assert_eq!(ids.len(), received.len(), "each event has an id of its own");
    eventually("published events are removed", async || recorded(&world).await == 0).await;
}

#[tokio::test]
async fn events_wait_for_a_topic_that_is_missing_and_no_job_does() {
    let world = with(World::database().await, &Topic::env_of_missing("later"));
    let _worker = worker(&world).await;
    let job = world.enqueue("clean.csv", CLEAN, "one").await;
    world.eventually_completed(job).await;
    eventually("an attempt has failed", async || {
        let query = "SELECT topic_failures > 0 AND topic_error LIKE '%does not exist%' FROM event_topics";
        sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap()
    })
    .await;
    assert_eq!(recorded(&world).await, 3);
    assert!(world.log().contains("events could not be published; retrying"), "{}", world.log());
    let ended = world.ingest(&["doctor"]).await;
    assert!(
        ended.stdout.contains("events were not published") && ended.stdout.contains("does not exist"),
        "{}",
        ended.stdout
    );

    let topic = Topic::make("later").await;
    let received = topic.eventually_received(3).await;
    let kinds: Vec<&str> = received.iter().map(|message| message.attributes["event"].as_str()).collect();
    assert_eq!(
        BTreeSet::from_iter(kinds),
        BTreeSet::from(["job.pending", "job.processing", "job.completed"])
    );
    eventually("published events are removed", async || recorded(&world).await == 0).await;
    let failures = "SELECT topic_failures = 0 AND topic_error IS NULL FROM event_topics";
    assert!(sqlx::query_scalar::<_, bool>(failures).fetch_one(&world.pool).await.unwrap());
    let ended = world.ingest(&["doctor"]).await;
    assert!(ended.stdout.contains("accepts events"), "{}", ended.stdout);
}

#[tokio::test]
async fn two_workers_publish_each_event_once() {
    let topic = Topic::make("two-workers").await;
    let world = with(World::database().await, &topic.env());
    let _workers = [worker(&world).await, worker(&world).await];
    let mut jobs = BTreeSet::new();
    for number in 0..20 {
        let content = CLEAN.replace("ann@", &format!("ann{number}@"));
        jobs.insert(i64::from(world.enqueue("clean.csv", &content, "one").await));
    }
    let received = topic.eventually_received(60).await;
    let events: BTreeSet<&str> =
        received.iter().map(|message| message.attributes["event_id"].as_str()).collect();
    assert_eq!((received.len(), events.len()), (60, 60));
    let named: BTreeSet<i64> =
        received.iter().map(|message| message.content()["data"]["job_id"].as_i64().unwrap()).collect();
    assert_eq!(named, jobs);
}

#[tokio::test]
async fn events_are_recorded_only_while_a_worker_uses_the_topic() {
    let world = World::database().await;
    let job = world.enqueue("clean.csv", CLEAN, "one").await;
    assert_eq!(recorded(&world).await, 0, "no topic is in use");
    let use_before = async |days: i32| {
        let query = "INSERT INTO event_topics (topic_arn, topic_used_at) VALUES ('a topic', now() - $1 * interval '1 day')
             ON CONFLICT (topic_arn) DO UPDATE SET topic_used_at = excluded.topic_used_at";
        sqlx::query(query).bind(days).execute(&world.pool).await.unwrap();
        let change = "UPDATE jobs SET job_status = CASE job_status WHEN 'PENDING' THEN 'PROCESSING' ELSE 'PENDING' END::job_status_enum
             WHERE job_id = $1";
        sqlx::query(change).bind(job).execute(&world.pool).await.unwrap();
        recorded(&world).await
    };
    assert_eq!(use_before(2).await, 0);
    assert_eq!(use_before(0).await, 1);
    let event: Value =
        sqlx::query_scalar("SELECT event_job FROM topic_events").fetch_one(&world.pool).await.unwrap();
    assert_eq!(event, json!({ "status": "PENDING", "total_rows": 0, "open_issues": 0 }));
}

#[tokio::test]
async fn an_arn_of_something_else_is_refused_at_the_start() {
    let world = World::without_database().await;
    let world = world.with(&[("EVENTS_TOPIC_ARN", "arn:aws:sqs:us-east-1:123456789012:queue")]);
    let ended = world.ingest(&["doctor"]).await;
    assert_eq!(ended.status, Some(2));
    assert!(ended.stderr.contains("EVENTS_TOPIC_ARN takes the ARN of an SNS topic"), "{}", ended.stderr);
}
