//! The contract of a queue, tested on SQS and on the database queue.

use std::time::Duration;

use ingest::domain::job::JobId;
use ingest::queue::{DeadLetter, Delivery, JobMessage, Queue, ReceiveOptions};
use tokio_util::sync::CancellationToken;

use crate::support::{World, aws_sdk, eventually};

/// Long enough for a test to act before it ends, and short enough to wait for its end.
const VISIBILITY: Duration = Duration::from_secs(5);
const OPTIONS: ReceiveOptions =
    ReceiveOptions { max_messages: 10, wait: Duration::from_secs(1), visibility: VISIBILITY };

/// A queue with one message, which requests a run of `job`.
struct Fixture {
    world: World,
    queue: Queue,
    /// The same queue while it cannot be reached. The database queue needs nothing but the database.
    unreachable: Queue,
    job: i32,
}

impl Fixture {
    async fn database() -> Fixture {
        let world = World::database().await;
        ingest::store::schema::migrate(&world.pool).await.unwrap();
        let queue = Queue::postgres(world.pool.clone(), OPTIONS);
        let job = world.enqueue("a.csv", "", "tester").await;
        Fixture { world, unreachable: queue.clone(), queue, job }
    }

    async fn sqs() -> Fixture {
        let world = World::cloud().await;
        let (sdk, url) = (aws_sdk().await, world.variable("SQS_QUEUE_URL"));
        let nowhere = sdk.to_builder().endpoint_url("http://127.0.0.1:1").build();
        let job = world.enqueue("a.csv", "", "tester").await;
        Fixture {
            world,
            queue: Queue::sqs(&sdk, &url, OPTIONS),
            unreachable: Queue::sqs(&nowhere, &url, OPTIONS),
            job,
        }
    }

    async fn receive(&self) -> Vec<Delivery> {
        self.queue.receive(10, &CancellationToken::new()).await.unwrap()
    }

    /// Receives the only message, which must be for the job.
    async fn receive_one(&self) -> Delivery {
        let mut received = self.receive().await;
        assert_eq!(received.len(), 1, "{}", self.queue);
        let delivery = received.remove(0);
        assert_eq!(job_of(&delivery), JobId(self.job.into()), "{}", self.queue);
        delivery
    }

    /// Receives the only message and acknowledges it, as a worker does after a run.
    async fn answer_one(&self) {
        self.receive_one().await.ack().await.unwrap();
        self.queue.note_answered(&self.world.pool, JobId(self.job.into())).await.unwrap();
    }

    async fn is_empty(&self) -> bool {
        self.receive().await.is_empty()
    }

    fn message(&self) -> JobMessage {
        JobMessage { job_id: JobId(self.job.into()), s3_key: "uploads/tester/a.csv".to_owned() }
    }

    async fn send(&self) {
        self.queue.send(&self.message()).await.unwrap();
    }

    async fn resend_lost(&self) -> Vec<JobId> {
        self.queue.resend_lost(&self.world.pool, VISIBILITY).await.unwrap()
    }

    /// Sets columns of the job.
    async fn set(&self, columns: &str) {
        let update = format!("UPDATE jobs SET {columns} WHERE job_id = {}", self.job);
        sqlx::raw_sql(sqlx::AssertSqlSafe(update)).execute(&self.world.pool).await.unwrap();
    }
}

/// Returns the job that a message is about.
fn job_of(delivery: &Delivery) -> JobId {
    delivery.body.as_ref().unwrap().job().unwrap()
}

/// Tests a promise on each queue.
async fn on_each(promise: impl AsyncFn(Fixture)) {
    promise(Fixture::database().await).await;
    promise(Fixture::sqs().await).await;
}

#[tokio::test]
async fn a_received_message_is_hidden_for_the_visibility_timeout() {
    on_each(async |fixture| {
        let first = fixture.receive_one().await;
        assert_eq!(first.attempt, 1);
        assert!(fixture.is_empty().await, "hidden until its visibility timeout");
        drop(first);
        tokio::time::sleep(VISIBILITY).await;
        assert_eq!(fixture.receive_one().await.attempt, 2);
    })
    .await;
}

#[tokio::test]
async fn an_acknowledged_message_is_not_received_again() {
    on_each(async |fixture| {
        fixture.receive_one().await.ack().await.unwrap();
        tokio::time::sleep(VISIBILITY).await;
        assert!(fixture.is_empty().await);
        fixture.queue.note_answered(&fixture.world.pool, JobId(fixture.job.into())).await.unwrap();
        let wanted = "SELECT job_available_at IS NOT NULL FROM jobs WHERE job_id = $1";
        let wanted: bool =
            sqlx::query_scalar(wanted).bind(fixture.job).fetch_one(&fixture.world.pool).await.unwrap();
        assert!(!wanted, "no run of the job is wanted any more");
    })
    .await;
}

#[tokio::test]
async fn a_message_to_retry_is_received_again_after_its_wait() {
    on_each(async |fixture| {
        fixture.receive_one().await.retry_in(Duration::from_secs(2)).await.unwrap();
        assert!(fixture.is_empty().await, "hidden until the wait has passed");
        eventually("the message is received again", async || !fixture.is_empty().await).await;
    })
    .await;
}

#[tokio::test]
async fn a_released_message_is_received_again_at_once() {
    on_each(async |fixture| {
        fixture.receive_one().await.release().await.unwrap();
        fixture.receive_one().await.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_declined_message_is_received_again_and_never_counts() {
    on_each(async |fixture| {
        // More often than the redrive policy allows.
        for _ in 0..5 {
            let delivery = fixture.receive_one().await;
            assert_eq!(delivery.attempt, 1, "{}", fixture.queue);
            delivery.decline().await.unwrap();
        }
        fixture.receive_one().await.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_declined_job_keeps_its_position_in_the_database_queue() {
    let fixture = Fixture::database().await;
    let declined = fixture.receive_one().await;
    fixture.world.enqueue("b.csv", "", "tester").await;
    declined.decline().await.unwrap();
    let next = fixture.queue.receive(1, &CancellationToken::new()).await.unwrap();
    assert_eq!(job_of(&next[0]), JobId(fixture.job.into()));
}

#[tokio::test]
async fn a_dead_letter_is_not_received_again() {
    on_each(async |fixture| {
        let moved = fixture.receive_one().await.dead_letter("the file is gone").await.unwrap();
        assert!(matches!(moved, DeadLetter::Moved));
        tokio::time::sleep(VISIBILITY).await;
        assert!(fixture.is_empty().await);
    })
    .await;
}

#[tokio::test]
async fn a_heartbeat_keeps_a_message_hidden() {
    on_each(async |fixture| {
        let delivery = fixture.receive_one().await;
        let heartbeat = delivery.heartbeat();
        tokio::time::sleep(VISIBILITY * 2).await;
        assert!(fixture.is_empty().await, "{}", fixture.queue);
        assert!(!heartbeat.lost().is_cancelled());
        heartbeat.stop().await;
        delivery.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_request_during_a_run_survives_its_acknowledgement() {
    on_each(async |fixture| {
        let delivery = fixture.receive_one().await;
        fixture.send().await;
        delivery.ack().await.unwrap();
        fixture.receive_one().await.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_stopped_receive_returns_and_loses_no_message() {
    on_each(async |fixture| {
        fixture.receive_one().await.ack().await.unwrap();
        let stop = CancellationToken::new();
        stop.cancel();
        assert!(fixture.queue.receive(10, &stop).await.unwrap().is_empty());
        assert!(fixture.queue.drain(Duration::from_secs(5)).await);
        fixture.send().await;
        fixture.receive_one().await.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_run_is_requested_in_a_transaction_and_sent_after_it() {
    on_each(async |fixture| {
        fixture.receive_one().await.ack().await.unwrap();
        let mut transaction = fixture.world.pool.begin().await.unwrap();
        let dropped = fixture.queue.enqueue(&mut transaction, fixture.message()).await.unwrap();
        transaction.rollback().await.unwrap();
        drop(dropped);
        assert!(fixture.is_empty().await, "a request that was rolled back is not sent");

        let mut transaction = fixture.world.pool.begin().await.unwrap();
        let after_commit = fixture.queue.enqueue(&mut transaction, fixture.message()).await.unwrap();
        transaction.commit().await.unwrap();
        after_commit.send().await.unwrap();
        fixture.receive_one().await.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_request_whose_message_cannot_be_sent_is_not_lost() {
    on_each(async |fixture| {
        let is_sqs = matches!(fixture.queue, Queue::Sqs(_));
        fixture.answer_one().await;
        for status in ["PENDING", "NEEDS_REVIEW", "FAILED"] {
            let ended = "job_process_end = now() - interval '1 day'";
            fixture.set(&format!("job_status = '{status}', {ended}")).await;
            let mut transaction = fixture.world.pool.begin().await.unwrap();
            let after_commit =
                fixture.unreachable.enqueue(&mut transaction, fixture.message()).await.unwrap();
            transaction.commit().await.unwrap();
            assert_eq!(after_commit.send().await.is_err(), is_sqs, "only SQS has a message to send");
            assert_eq!(fixture.resend_lost().await, [], "{status}: the message might only be late");

            fixture.set("job_available_at = now() - interval '1 hour'").await;
            let resent = if is_sqs { vec![JobId(fixture.job.into())] } else { vec![] };
            assert_eq!(fixture.resend_lost().await, resent, "{status}");
            fixture.answer_one().await;
            assert_eq!(fixture.resend_lost().await, [], "{status}: the request is answered");
        }
    })
    .await;
}

#[tokio::test]
async fn a_job_that_ended_after_its_request_is_not_sent_again() {
    on_each(async |fixture| {
        fixture.answer_one().await;
        for status in ["NEEDS_REVIEW", "COMPLETED", "FAILED"] {
            // As a worker leaves it that does not clear the request.
            let ended = "job_process_end = now() - interval '1 hour'";
            let requested = "job_available_at = now() - interval '2 hours'";
            fixture.set(&format!("job_status = '{status}', {ended}, {requested}")).await;
            assert_eq!(fixture.resend_lost().await, [], "{status}");
        }
    })
    .await;
}

#[tokio::test]
async fn owners_take_turns_in_the_database_queue() {
    let world = World::database().await;
    ingest::store::schema::migrate(&world.pool).await.unwrap();
    let queue = Queue::postgres(world.pool.clone(), OPTIONS);
    for (owner, jobs) in [("busy", 20), ("alone", 1), ("zoe", 2)] {
        for job in 0..jobs {
            world.enqueue(&format!("{owner}{job}.csv"), "", owner).await;
        }
    }
    let receive = async |at_most| {
        let received = queue.receive(at_most, &CancellationToken::new()).await.unwrap();
        let mut owners = Vec::new();
        for delivery in &received {
            let query = "SELECT job_user_id, job_original_filename FROM jobs WHERE job_id = $1";
            let query = sqlx::query_as::<_, (String, String)>(query).bind(job_of(delivery));
            owners.push(query.fetch_one(&world.pool).await.unwrap());
        }
        owners.sort();
        owners.into_iter().map(|(_, file)| file).collect::<Vec<_>>().join(" ")
    };
    // The jobs of one owner come in the order of their requests.
    assert_eq!(receive(1).await, "alone0.csv");
    assert_eq!(receive(1).await, "busy0.csv");
    assert_eq!(receive(1).await, "zoe0.csv");
    world.enqueue("alone1.csv", "", "alone").await;
    assert_eq!(receive(1).await, "alone1.csv");
    assert_eq!(receive(3).await, "busy1.csv busy2.csv busy3.csv");
    assert_eq!(receive(3).await, "zoe1.csv");
    world.enqueue("alone2.csv", "", "alone").await;
    assert_eq!(receive(1).await, "alone2.csv");
    assert_eq!(receive(9).await.split(' ').count(), 9);

    // Whoever has locked a job delays neither its owner's other jobs nor those of others.
    world.enqueue("bob0.csv", "", "bob").await;
    let mut transaction = world.pool.begin().await.unwrap();
    let lock = "SELECT FROM jobs WHERE job_original_filename IN ('busy13.csv', 'bob0.csv') FOR UPDATE";
    sqlx::query(lock).execute(&mut *transaction).await.unwrap();
    assert_eq!(receive(1).await, "busy14.csv");
}
