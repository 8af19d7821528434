//! Runs one job from its claim to its end, and retries while failures are transient.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::progress::Published;
use crate::domain::job::{JobId, JobStatus};
use crate::domain::required::RequiredFields;
use crate::metrics::{Changed, Finished, METRICS, OfIssueType, OfRows, Retried};
use crate::pipeline::{self, Context, Control, Outcome, RunError, Statistics};
use crate::queue::{Heartbeat, Renewable, Renewal};
use crate::store::StoreError;
use crate::store::jobs::{self, Claim, Claimed};
use crate::texts::failure_for_job;

/// How often, and after what delays, a transient failure is retried, and the fields that rows must have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Maximum number of attempts after transient failures before the job is FAILED.
    pub max_retries: u32,
    /// Maximum number of runs that are cut off without progress before the job is FAILED.
    pub max_deliveries: u32,
    /// The first delay.
    pub retry_delay: Duration,
    /// How long a lease lasts without renewal.
    pub lease: Duration,
    /// The fields that rows must have.
    pub required: RequiredFields,
}

/// The longest delay between two attempts.
const LONGEST_DELAY: Duration = Duration::from_secs(15 * 60);

impl Policy {
    /// Returns the delay after `failures` failures. It doubles each time, with a jitter of a quarter to either
    /// side, so that jobs that failed together are not retried together.
    pub(crate) fn delay(&self, failures: u32) -> Duration {
        let doubled = self.retry_delay.saturating_mul(1 << failures.saturating_sub(1).min(16));
        doubled.min(LONGEST_DELAY).mul_f64(0.75 + fastrand::f64() / 2.0)
    }
}

/// The result of working on a job.
#[derive(Debug)]
pub(crate) enum End {
    /// The job is finished.
    Finished(Outcome),
    /// The job is FAILED for a reason that its owner can fix.
    Refused(RunError),
    /// The job is FAILED for a reason that the operator must fix.
    GivenUp(RunError),
    /// Another run has the lease, for at most this long.
    Busy(Duration),
    /// The job was already COMPLETED.
    Completed,
    /// The job failed after the message was sent.
    Failed,
    /// A person has cancelled the job.
    Cancelled,
    /// The rows of the job were removed because they were too old.
    RowsRemoved,
    /// The job does not exist.
    Unknown,
    /// The run was asked to stop.
    Stopped,
    /// Another run has taken over.
    LeaseLost,
    /// The failure could not even be recorded in the database; try again after this time.
    Unavailable(RunError, Duration),
}

impl End {
    /// Returns its name in metrics.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            End::Finished(outcome) if outcome.status == JobStatus::Completed => "completed",
            End::Finished(_) => "needs_review",
            End::Refused(_) => "refused",
            End::GivenUp(_) => "given_up",
            End::Busy(_) => "busy",
            End::Completed | End::Failed | End::Cancelled | End::RowsRemoved | End::Unknown => "skipped",
            End::Stopped => "stopped",
            End::LeaseLost => "lease_lost",
            End::Unavailable(..) => "unavailable",
        }
    }
}

/// Maximum number of runs overtaken by changes of others before that counts as a failure: people stop editing at
/// some point, but a program that never stops must be noticed.
const MOST_OVERTAKEN: u32 = 100;

/// Claims the job and works on it until it is finished, failed or released. `sent_at`: see [`jobs::claim`].
pub(crate) async fn job(
    context: &Context,
    policy: &Policy,
    id: JobId,
    sent_at: Option<DateTime<Utc>>,
    control: &Control,
) -> End {
    let mut overtaken = 0;
    loop {
        let claim = match jobs::claim(&context.pool, id, policy.lease, policy.required, sent_at).await {
            Ok(Claimed::Ours(claim)) => claim,
            Ok(Claimed::Busy(left)) => return End::Busy(left),
            Ok(Claimed::Completed) => return End::Completed,
            Ok(Claimed::Failed) => return End::Failed,
            Ok(Claimed::Cancelled) => return End::Cancelled,
            Ok(Claimed::RowsRemoved) => return End::RowsRemoved,
            Ok(Claimed::Unknown) => return End::Unknown,
            Err(error) => return End::Unavailable(error.into(), policy.delay(1)),
        };
        let result = match claim.cut_off < policy.max_deliveries {
            true => leased(context, policy, &claim, control).await,
            false => Err(RunError::CutOff { runs: claim.cut_off }),
        };
        let error = match result {
            Ok(outcome) => return End::Finished(outcome),
            Err(error) => error,
        };
        let blameless = error.is_overtaken() && overtaken < MOST_OVERTAKEN;
        overtaken += u32::from(blameless);
        match fate(context, policy, &claim, control, error, blameless).await {
            Fate::Ended(End::LeaseLost) => {
                if let Err(error) = jobs::outlived(&context.pool, id).await {
                    tracing::debug!(job_id = id.0, %error, "cannot clear the mark of an interrupted run");
                }
                return End::LeaseLost;
            }
            Fate::Ended(end) => return end,
            Fate::Again(delay) => tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = control.stop.cancelled() => return End::Stopped,
            },
        }
    }
}

/// Runs a claimed job while a heartbeat renews its lease.
async fn leased(
    context: &Context,
    policy: &Policy,
    claim: &Claim,
    control: &Control,
) -> Result<Outcome, RunError> {
    let (flow, attempt, started) = (claim.flow.as_str(), claim.attempts + 1, Instant::now());
    tracing::info!(
        job_id = claim.job.0,
        flow_type = flow,
        attempt,
        checkpoint = claim.checkpoint,
        "run started"
    );
    let lease = keep_lease(context, policy, claim, started);
    let mut control = control.clone();
    control.lost.push(lease.lost().clone());
    let published = Published::start(&context.pool, claim, control.progress.subscribe());
    let span = span(claim, attempt);
    let result = pipeline::process(context, claim, &control).instrument(span.clone()).await;
    record(&span, &result);
    drop(span);
    published.stop().await;
    lease.stop().await;
    if let Ok(outcome) = &result {
        log_end(claim, outcome, started.elapsed());
        count_end(claim, outcome, started.elapsed());
    }
    result
}

fn span(claim: &Claim, attempt: u32) -> Span {
    tracing::info_span!(
        "run",
        ingest.job.id = claim.job.0,
        ingest.flow = claim.flow.as_str(),
        ingest.attempt = attempt,
        ingest.checkpoint = claim.checkpoint,
        ingest.status = Empty,
        ingest.rows = Empty,
        ingest.contacts = Empty,
        ingest.open_issues = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

/// Adds the result of a run to its span. The text of an error may quote the file, so only its kind is recorded.
fn record(span: &Span, result: &Result<Outcome, RunError>) {
    match result {
        Ok(outcome) => {
            span.record("ingest.status", outcome.status.as_str());
            span.record("ingest.rows", outcome.statistics.total_rows);
            span.record("ingest.contacts", outcome.statistics.contacts);
            span.record("ingest.open_issues", outcome.open_issues());
        }
        // The next run continues.
        Err(RunError::Stopped) => {}
        Err(error) => {
            span.record("error.type", error.cause());
            span.record("otel.status_code", "ERROR");
        }
    }
}

fn keep_lease(context: &Context, policy: &Policy, claim: &Claim, since: Instant) -> Heartbeat {
    let (pool, claim, lease) = (context.pool.clone(), claim.clone(), policy.lease);
    Heartbeat::start(Renewable::Lease, lease, lease, since, move || {
        let (pool, claim) = (pool.clone(), claim.clone());
        async move {
            match jobs::renew(&pool, &claim, lease).await {
                Ok(()) => Ok(Renewal::Renewed),
                Err(StoreError::LeaseLost(_)) => Ok(Renewal::Lost),
                Err(error) => Err(error),
            }
        }
    })
}

fn log_end(claim: &Claim, outcome: &Outcome, elapsed: Duration) {
    let Statistics { total_rows, valid_rows, issue_rows, repeated_rows, contacts, updated_contacts } =
        outcome.statistics;
    let by_type: serde_json::Map<_, _> =
        outcome.open_issues.iter().map(|(kind, count)| (kind.to_string(), (*count).into())).collect();
    let seconds = elapsed.as_secs_f64();
    let read = outcome.interpretation.as_deref();
    tracing::info!(
        job_id = claim.job.0,
        flow_type = claim.flow.as_str(),
        attempt = claim.attempts + 1,
        status = outcome.status.as_str(),
        total_rows,
        valid_rows,
        issue_rows,
        repeated_rows,
        contacts,
        updated_contacts,
        open_issues = outcome.open_issues(),
        encoding = read.map(|read| read.encoding.as_str()),
        encoding_certainty = read.map(|read| read.certainty.as_str()),
        header_line = read.map(|read| read.header_line),
        skipped_lines = read.map(|read| read.skipped.count),
        issues_by_type = %serde_json::Value::from(by_type),
        seconds = (seconds * 1000.0).round() / 1000.0,
        rows_per_second = (total_rows as f64 / seconds.max(0.001)).round(),
        "run ended"
    );
}

fn count_end(claim: &Claim, outcome: &Outcome, elapsed: Duration) {
    let Statistics { total_rows: _, valid_rows, issue_rows, repeated_rows, contacts, updated_contacts } =
        outcome.statistics;
    let flow = claim.flow.as_str();
    let finished = Finished { flow, status: outcome.status.as_str() };
    METRICS.runs.get_or_create(&finished).observe(elapsed.as_secs_f64());
    for (outcome, rows) in [("valid", valid_rows), ("issue", issue_rows), ("repeated", repeated_rows)] {
        METRICS.rows.get_or_create(&OfRows { flow, outcome }).inc_by(rows);
    }
    for (change, contacts) in [("created", contacts), ("updated", updated_contacts)] {
        METRICS.contacts.get_or_create(&Changed { change }).inc_by(contacts);
    }
    for (kind, count) in &outcome.open_issues {
        METRICS.issues.get_or_create(&OfIssueType { issue_type: kind.as_str() }).inc_by(*count);
    }
}

enum Fate {
    Ended(End),
    Again(Duration),
}

/// Decides what happens to a job whose run failed, and records it. A failure that was not the job's fault is
/// retried without being counted.
async fn fate(
    context: &Context,
    policy: &Policy,
    claim: &Claim,
    control: &Control,
    error: RunError,
    blameless: bool,
) -> Fate {
    let job_id = claim.job.0;
    if matches!(error, RunError::Store(StoreError::LeaseLost(_))) || control.is_lost() {
        return Fate::Ended(End::LeaseLost);
    }
    let Some(failure) = error.failure() else {
        return match jobs::release(&context.pool, claim, false).await {
            Ok(()) => Fate::Ended(End::Stopped),
            Err(error) => unavailable(policy, claim, error),
        };
    };
    let failures = claim.attempts + u32::from(!blameless);
    if blameless || error.is_transient() && failures < policy.max_retries {
        let delay = policy.delay(failures);
        METRICS.retries.get_or_create(&Retried { cause: error.cause() }).inc();
        tracing::warn!(job_id, attempt = failures, %error, retry_in_seconds = delay.as_secs_f64(), "run failed; retrying");
        return match jobs::release(&context.pool, claim, !blameless).await {
            Ok(()) => Fate::Again(delay),
            Err(error) => unavailable(policy, claim, error),
        };
    }
    let words = failure_for_job(&failure, claim.job);
    match jobs::fail(&context.pool, claim, &failure, &words).await {
        Ok(()) if error.is_owners() => Fate::Ended(End::Refused(error)),
        Ok(()) => Fate::Ended(End::GivenUp(error)),
        Err(error) => unavailable(policy, claim, error),
    }
}

fn unavailable(policy: &Policy, claim: &Claim, error: StoreError) -> Fate {
    Fate::Ended(match error {
        StoreError::LeaseLost(_) => End::LeaseLost,
        error => End::Unavailable(error.into(), policy.delay(claim.attempts + 1)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_within_a_quarter_of_jitter_up_to_a_ceiling() {
        let policy = Policy {
            max_retries: 3,
            max_deliveries: 5,
            retry_delay: Duration::from_secs(5),
            lease: Duration::from_secs(30),
            required: RequiredFields::default(),
        };
        for (failures, expected) in [(0, 5), (1, 5), (2, 10), (3, 20), (7, 320), (9, 900), (u32::MAX, 900)] {
            for _ in 0..100 {
                let seconds = policy.delay(failures).as_secs_f64() / f64::from(expected);
                assert!(
                    (0.75..=1.25).contains(&seconds),
                    "{failures} failures: {seconds} times {expected} s"
                );
            }
        }
    }
}
