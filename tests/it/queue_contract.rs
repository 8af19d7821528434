//! What every queue promises, tried on SQS and on the database's own.

use std::time::Duration;

use ingest::domain::job::JobId;
use ingest::queue::{DeadLetter, Delivery, JobMessage, Queue, ReceiveOptions};
use tokio_util::sync::CancellationToken;

use crate::support::{World, aws_sdk, eventually};

/// Long enough for a test to act within it, and short enough to wait for its end.
const VISIBILITY: Duration = Duration::from_secs(5);
const OPTIONS: ReceiveOptions =
    ReceiveOptions { max_messages: 10, wait: Duration::from_secs(1), visibility: VISIBILITY };

/// A queue with one message, and what is behind it.
struct Tried {
    world: World,
    queue: Queue,
    job: i32,
}

impl Tried {
    async fn receive(&self) -> Vec<Delivery> {
        self.queue.receive(10, &CancellationToken::new()).await.unwrap()
    }

    /// Receives the one message, which asks for the job.
    async fn one(&self) -> Delivery {
        let mut received = self.receive().await;
        assert_eq!(received.len(), 1, "{}", self.queue);
        let delivery = received.remove(0);
        assert_eq!(delivery.body.as_ref().unwrap().job_id, JobId(self.job), "{}", self.queue);
        delivery
    }

    async fn is_empty(&self) -> bool {
        self.receive().await.is_empty()
    }

    async fn send(&self) {
        let key = "uploads/tester/a.csv".to_owned();
        self.queue.send(&JobMessage { job_id: JobId(self.job), s3_key: key }).await.unwrap();
    }
}

/// Tries a promise on each queue.
async fn on_each(promise: impl AsyncFn(Tried)) {
    let world = World::database().await;
    ingest::store::schema::migrate(&world.pool).await.unwrap();
    let queue = Queue::postgres(world.pool.clone(), OPTIONS);
    let job = world.enqueue("a.csv", "", "tester").await;
    promise(Tried { world, queue, job }).await;

    let world = World::cloud().await;
    let queue = Queue::sqs(&aws_sdk().await, &world.variable("SQS_QUEUE_URL"), OPTIONS);
    let job = world.enqueue("a.csv", "", "tester").await;
    promise(Tried { world, queue, job }).await;
}

#[tokio::test]
async fn a_received_message_is_hidden_and_comes_again() {
    on_each(async |tried| {
        let first = tried.one().await;
        assert_eq!(first.attempt, 1);
        assert!(tried.is_empty().await, "hidden while its visibility lasts");
        drop(first);
        tokio::time::sleep(VISIBILITY).await;
        assert_eq!(tried.one().await.attempt, 2);
    })
    .await;
}

#[tokio::test]
async fn an_acknowledged_message_does_not_come_again() {
    on_each(async |tried| {
        tried.one().await.ack().await.unwrap();
        tokio::time::sleep(VISIBILITY).await;
        assert!(tried.is_empty().await);
        tried.queue.note_answered(&tried.world.pool, JobId(tried.job)).await.unwrap();
        let wanted = "SELECT job_available_at IS NOT NULL FROM jobs WHERE job_id = $1";
        let wanted: bool =
            sqlx::query_scalar(wanted).bind(tried.job).fetch_one(&tried.world.pool).await.unwrap();
        assert!(!wanted, "nothing is wanted of the job any more");
    })
    .await;
}

#[tokio::test]
async fn a_message_to_retry_comes_again_after_its_wait() {
    on_each(async |tried| {
        tried.one().await.retry_in(Duration::from_secs(2)).await.unwrap();
        assert!(tried.is_empty().await, "not before the wait is over");
        eventually("it comes again", async || !tried.is_empty().await).await;
    })
    .await;
}

#[tokio::test]
async fn a_released_message_comes_again_at_once() {
    on_each(async |tried| {
        tried.one().await.release().await.unwrap();
        tried.one().await.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_dead_letter_does_not_come_again() {
    on_each(async |tried| {
        let moved = tried.one().await.dead_letter("no hope").await.unwrap();
        assert!(matches!(moved, DeadLetter::Moved));
        tokio::time::sleep(VISIBILITY).await;
        assert!(tried.is_empty().await);
    })
    .await;
}

#[tokio::test]
async fn a_heartbeat_keeps_a_message_hidden() {
    on_each(async |tried| {
        let delivery = tried.one().await;
        let heartbeat = delivery.heartbeat();
        tokio::time::sleep(VISIBILITY * 2).await;
        assert!(tried.is_empty().await, "{}", tried.queue);
        assert!(!heartbeat.lost().is_cancelled());
        heartbeat.stop().await;
        delivery.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_request_made_meanwhile_survives_the_answer() {
    on_each(async |tried| {
        let delivery = tried.one().await;
        tried.send().await;
        delivery.ack().await.unwrap();
        tried.one().await.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_stopped_receive_returns_nothing_and_loses_nothing() {
    on_each(async |tried| {
        tried.one().await.ack().await.unwrap();
        let stop = CancellationToken::new();
        stop.cancel();
        assert!(tried.queue.receive(10, &stop).await.unwrap().is_empty());
        assert!(tried.queue.drain(Duration::from_secs(5)).await);
        tried.send().await;
        tried.one().await.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_run_is_asked_for_in_a_transaction_and_sent_after_it() {
    on_each(async |tried| {
        tried.one().await.ack().await.unwrap();
        let message = || JobMessage { job_id: JobId(tried.job), s3_key: "uploads/tester/a.csv".to_owned() };
        let mut transaction = tried.world.pool.begin().await.unwrap();
        let dropped = tried.queue.enqueue(&mut transaction, message()).await.unwrap();
        transaction.rollback().await.unwrap();
        drop(dropped);
        assert!(tried.is_empty().await, "what was rolled back was never asked for");

        let mut transaction = tried.world.pool.begin().await.unwrap();
        let after_commit = tried.queue.enqueue(&mut transaction, message()).await.unwrap();
        transaction.commit().await.unwrap();
        after_commit.send().await.unwrap();
        tried.one().await.ack().await.unwrap();
    })
    .await;
}
