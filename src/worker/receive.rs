//! The receive loop: receives no more than can start at once, and handles each delivery in a task of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::fleet::Member;
use super::gate::Gate;
use super::outage::Outage;
use super::places::{Free, Place, Places};
use super::{Worker, delivery, size};
use crate::domain::job::JobSize;
use crate::metrics::{METRICS, OfQueue};
use crate::pipeline::expired_uploads::{Expired, LeftParts};
use crate::pipeline::merge::{self, Extent};
use crate::pipeline::{Context, Pace, contact_keys, expired_uploads, retention};
use crate::queue::{Delivery, Queue, QueueError};
use crate::shutdown::Shutdown;
use crate::store::retention::Removed;
use crate::store::{counters, object_events, topic_events};
use crate::topic;
use crate::webhooks;

/// The wait after a failed receive.
const RECEIVE_PAUSE: Duration = Duration::from_secs(1);
/// The wait after the size of a job could not be looked up.
const LOOK_UP_PAUSE: Duration = Duration::from_secs(5);
/// How long a stop waits for late messages to be released; usually a second.
const DRAIN: Duration = Duration::from_secs(5);
/// The wait between two searches for own tables of large jobs that can be merged into the shared ones.
const MERGE_EVERY: Duration = Duration::from_secs(15);
/// The wait between two searches for contacts without a key.
const FILL_KEYS_EVERY: Duration = Duration::from_secs(15);
/// The wait between two searches for what is older than its time of retention.
const RETAIN_EVERY: Duration = Duration::from_secs(60 * 60);
/// The wait between two looks at how many ids are left.
const COUNT_IDS_EVERY: Duration = Duration::from_secs(60 * 60);
/// The wait between two searches for uploads that have expired.
const EXPIRE_UPLOADS_EVERY: Duration = Duration::from_secs(15 * 60);
/// How long the events of a topic are kept after the last worker has used it.
const TOPIC_KEPT: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// The wait between two searches for files of killed uploads and old events of S3.
const TIDY_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Works until `shutdown`, then lets every run finish its chunk.
pub(crate) async fn work(worker: Worker, shutdown: Shutdown) {
    let worker = Arc::new(worker);
    let small_job = worker.small_job && worker.queue.lets_small_jobs_overtake();
    let places = Places::new(worker.concurrency, small_job);
    METRICS.places.set((worker.concurrency + usize::from(small_job)) as i64);
    let mut tasks = JoinSet::new();
    tasks.spawn(sweep(worker.clone(), shutdown.clone()));
    tasks.spawn(tidy(worker.clone(), shutdown.clone()));
    let (context, stop) = (worker.context.clone(), shutdown.clone());
    tasks.spawn(async move { remove_expired_uploads(&context, &stop).await });
    tasks.spawn(merge(worker.clone(), shutdown.clone()));
    tasks.spawn(count_ids(worker.clone(), shutdown.clone()));
    tasks.spawn(fill_keys(worker.clone(), shutdown.clone()));
    tasks.spawn(retain(worker.clone(), shutdown.clone()));
    tasks.spawn(send_events(worker.clone(), shutdown.clone()));
    tasks.spawn(publish_events(worker.clone(), shutdown.clone()));
    let gate = Gate::new(shutdown.stop_receiving.clone());
    let mut member = Member::new(&worker, places.clone());
    tracing::info!(concurrency = worker.concurrency, small_job, "worker started");
    let receive = receive_all(&worker, &places, &gate, &shutdown, &mut tasks);
    tokio::join!(receive, member.follow(&gate, &shutdown));
    tracing::info!(running = places.taken(), "worker stopping");
    while tasks.join_next().await.is_some() {}
    member.leave().await;
    if !worker.queue.drain(DRAIN).await {
        tracing::warn!("a receive was still in progress; its messages return after their visibility timeout");
    }
    tracing::info!("worker stopped");
}

/// Receives messages while the gate is open, until `shutdown`, and starts a task for each.
async fn receive_all(
    worker: &Arc<Worker>,
    places: &Places,
    gate: &Gate,
    shutdown: &Shutdown,
    tasks: &mut JoinSet<()>,
) {
    let mut outage = Outage::default();
    while let Some((free, open)) = ready(places, gate, shutdown).await {
        let deliveries = match receive(&worker.queue, places, free, &open).await {
            Ok(deliveries) => {
                outage.end();
                deliveries
            }
            Err(error) => {
                outage.failed(&error);
                pause(RECEIVE_PAUSE, shutdown).await;
                continue;
            }
        };
        count(&worker.queue, &deliveries);
        for delivery in deliveries {
            // A queue never returns more than requested, so this does not wait.
            let place = places.take().await;
            let stop_working = shutdown.stop_working.clone();
            let start = start(worker.clone(), places.clone(), place, delivery, open.clone(), stop_working);
            tasks.spawn(start);
        }
        while tasks.try_join_next().is_some() {}
    }
}

fn count(queue: &Queue, deliveries: &[Delivery]) {
    let labels = OfQueue { messaging_system: queue.system() };
    METRICS.messages.get_or_create(&labels).inc_by(deliveries.len() as u64);
    for waited in deliveries.iter().filter_map(|delivery| delivery.waited) {
        METRICS.message_waits.get_or_create(&labels).observe(waited.as_secs_f64());
    }
}

/// Waits until the gate is open and a job can start. Returns what can start, with the token that is cancelled when the gate
/// closes; `None` at the stop.
async fn ready(places: &Places, gate: &Gate, shutdown: &Shutdown) -> Option<(Free, CancellationToken)> {
    let ready = async {
        loop {
            let open = gate.opened().await;
            let free = places.free().await;
            if !open.is_cancelled() {
                return (free, open);
            }
        }
    };
    tokio::select! {
        biased;
        () = shutdown.stop_receiving.cancelled() => None,
        ready = ready => Some(ready),
    }
}

async fn receive(
    queue: &Queue,
    places: &Places,
    free: Free,
    stop: &CancellationToken,
) -> Result<Vec<Delivery>, QueueError> {
    match free {
        Free::Any(jobs) => queue.receive(jobs, stop).await,
        Free::Small => {
            let can_start_any = CancellationToken::new();
            let receive = queue.receive_small(stop, &can_start_any);
            tokio::pin!(receive);
            tokio::select! {
                received = &mut receive => return received,
                () = places.any_free() => can_start_any.cancel(),
            }
            receive.await
        }
    }
}

/// Handles a delivery in its place. A job that is not known to be small does not start in the place for a small one: it
/// waits for another place, and is declined if that takes too long or the gate closes.
async fn start(
    worker: Arc<Worker>,
    places: Places,
    place: Place,
    delivery: Delivery,
    open: CancellationToken,
    stop_working: CancellationToken,
) {
    let patience = match place.is_small {
        true => match size::look_up(&worker.context, &delivery).await {
            Some(JobSize::Small) => None,
            Some(JobSize::Large) => Some(delivery.patience()),
            // Not looked up again at once.
            None => Some(delivery.patience().max(LOOK_UP_PAUSE)),
        },
        false => None,
    };
    let place = match patience {
        None => place,
        Some(patience) => {
            drop(place);
            match places.wait(patience, &open).await {
                Some(place) => place,
                None => return delivery::decline(delivery).await,
            }
        }
    };
    METRICS.running.inc();
    let _ended = scopeguard::guard((), |()| {
        METRICS.running.dec();
    });
    delivery::handle(&worker, delivery, stop_working).await;
    drop(place);
}

async fn pause(duration: Duration, shutdown: &Shutdown) {
    tokio::select! {
        () = shutdown.stop_receiving.cancelled() => {}
        () = tokio::time::sleep(duration) => {}
    }
}

/// Sends lost messages again.
async fn sweep(worker: Arc<Worker>, shutdown: Shutdown) {
    let grace = worker.stranded_after;
    while !shutdown.stop_receiving.is_cancelled() {
        match worker.queue.resend_lost(&worker.context.pool, grace).await {
            Ok(sent) => {
                for job in sent {
                    tracing::warn!(
                        job_id = job.0,
                        "job had neither message nor lease; sent its message again"
                    );
                }
            }
            Err(error) => tracing::warn!(%error, "cannot resend lost messages"),
        }
        pause(grace / 4, &shutdown).await;
    }
}

/// Removes the files of killed uploads from the store, and forgets old events of S3 and those of topics that are not used.
async fn tidy(worker: Arc<Worker>, shutdown: Shutdown) {
    while !shutdown.stop_receiving.is_cancelled() {
        forget_events(&worker, &shutdown).await;
        if let Err(error) = topic_events::remove_unused(&worker.context.pool, TOPIC_KEPT).await {
            tracing::warn!(%error, "cannot remove the events of topics that are not used; trying again in a day");
        }
        match worker.context.objects.remove_abandoned(&shutdown.stop_receiving).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "removed the leftovers of interrupted uploads"),
            Err(error) => tracing::warn!(%error, "cannot remove the leftovers of interrupted uploads"),
        }
        pause(TIDY_EVERY, &shutdown).await;
    }
}

/// Removes uploads in parts that have expired, until `shutdown`.
pub(crate) async fn remove_expired_uploads(context: &Context, shutdown: &Shutdown) {
    while !shutdown.stop_receiving.is_cancelled() {
        match expired_uploads::remove(context, &shutdown.stop_receiving).await {
            Ok(Expired { uploads, left }) => {
                if uploads > 0 {
                    tracing::info!(uploads, "removed uploads that have expired");
                }
                if let Some(LeftParts { number, error }) = left {
                    tracing::warn!(objects = number, %error, "cannot delete objects of uploads in parts; trying again later");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot remove uploads that have expired; trying again later")
            }
        }
        pause(EXPIRE_UPLOADS_EVERY, shutdown).await;
    }
}

async fn forget_events(worker: &Worker, shutdown: &Shutdown) {
    while !shutdown.stop_receiving.is_cancelled() {
        match object_events::forget_some(&worker.context.pool).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                return tracing::warn!(%error, "cannot forget old events of S3; trying again in a day");
            }
        }
    }
}

/// Merges the own tables of large jobs into the shared ones.
async fn merge(worker: Arc<Worker>, shutdown: Shutdown) {
    while !shutdown.stop_receiving.is_cancelled() {
        if let Err(error) = merge::advance(&worker.context, Extent::Idle, &shutdown.stop_receiving).await {
            tracing::warn!(%error, "cannot merge the tables of a large job; trying again later");
        }
        pause(MERGE_EVERY, &shutdown).await;
    }
}

/// Warns of columns whose ids run out.
async fn count_ids(worker: Arc<Worker>, shutdown: Shutdown) {
    while !shutdown.stop_receiving.is_cancelled() {
        match counters::running_out(&worker.context.pool).await {
            Ok(counters) => {
                for counter in counters {
                    tracing::warn!(
                        table = counter.relation,
                        column = counter.name,
                        used_percent = counter.used_percent(),
                        last = counter.last,
                        highest = counter.highest,
                        "the ids of a column run out; run `ingest migrate --wide-ids`"
                    );
                }
            }
            Err(error) => tracing::warn!(%error, "cannot look up how many ids are left"),
        }
        pause(COUNT_IDS_EVERY, &shutdown).await;
    }
}

/// Calculates the keys of contacts that other programs have inserted.
async fn fill_keys(worker: Arc<Worker>, shutdown: Shutdown) {
    while !shutdown.stop_receiving.is_cancelled() {
        let (pool, stop) = (&worker.context.pool, &shutdown.stop_receiving);
        match contact_keys::fill(pool, Pace::Half, stop, |_| {}).await {
            Ok(0) => {}
            Ok(contacts) => tracing::info!(contacts, "calculated the keys of contacts of other programs"),
            Err(error) => tracing::warn!(%error, "cannot calculate the keys of contacts; trying again later"),
        }
        pause(FILL_KEYS_EVERY, &shutdown).await;
    }
}

/// Sends the changes of jobs to webhooks.
async fn send_events(worker: Arc<Worker>, shutdown: Shutdown) {
    webhooks::send(&worker.context.pool, &worker.webhooks, &shutdown.stop_receiving).await;
}

/// Publishes the changes of jobs to the topic, if there is one.
async fn publish_events(worker: Arc<Worker>, shutdown: Shutdown) {
    if let Some(publisher) = &worker.publisher {
        topic::publish(&worker.context.pool, publisher, &shutdown.stop_receiving).await;
    }
}

/// Removes what is older than its time of retention.
async fn retain(worker: Arc<Worker>, shutdown: Shutdown) {
    while !worker.retention.keeps_all() && !shutdown.stop_receiving.is_cancelled() {
        match retention::remove(&worker.context, worker.retention, &shutdown.stop_receiving).await {
            Ok(removed) if removed == Removed::default() => {}
            Ok(Removed { jobs, rows, actions, changes, deleted_contacts, files }) => {
                tracing::info!(
                    jobs,
                    rows,
                    actions,
                    changes,
                    deleted_contacts,
                    files,
                    "removed what was older than its time of retention"
                );
            }
            Err(error) => tracing::warn!(%error, "cannot remove what is older than its time of retention"),
        }
        pause(RETAIN_EVERY, &shutdown).await;
    }
}
