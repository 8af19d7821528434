//! `make torture`: a fault strikes real processes on real servers, and afterwards the end state must equal that of an
//! undisturbed run.
//!
//! A [`Fault`] strikes [`Work`] in a [`rig::Rig`] of its own; the [`oracle`] compares the result with an undisturbed
//! run and checks invariants. Instants are chosen by a seed, which is printed; `SEED=` repeats it.

mod fault;
mod injector;
mod oracle;
mod proxy;
mod rig;
mod strike;
mod table;
mod work;

use fault::Fault;
use oracle::Verdict;
use strike::{Struck, Target};
use work::Work;

/// The limit of attempts until a fault strikes before the work is done.
const ATTEMPTS: u32 = 5;
/// The maximum number of differences and of log lines that are printed.
const SHOWN: usize = 20;
const LOG_LINES: usize = 60;

/// Lets the fault strike once, or at this many moments if it can strike at several. Fails with the reason if the
/// machine does not support the fault.
async fn round(fault: Fault, seed: u64, moments: usize) -> Result<Verdict, &'static str> {
    for attempt in 0..ATTEMPTS {
        if let Some(verdict) = attempted(fault, seed, attempt, moments).await? {
            return Ok(verdict);
        }
    }
    let missed = format!("the work was done {ATTEMPTS} times before the fault could strike");
    Ok(Verdict { wrong: vec![missed], ..Verdict::default() })
}

/// Returns `None` if the fault missed and the result was correct.
async fn attempted(
    fault: Fault,
    seed: u64,
    attempt: u32,
    moments: usize,
) -> Result<Option<Verdict>, &'static str> {
    let seed = seed + u64::from(attempt) * 1_000_003;
    let mut rng = fastrand::Rng::with_seed(seed);
    let work = fault.work(seed);
    let reference = work.reference().await;
    let rig = fault.rig().await?;
    let job = work.prepare(&rig).await;
    work.request(&rig, job).await;
    // The undisturbed work may have been measured while the machine was busier.
    let within = reference.took / 2_u32.pow(attempt);
    let target = Target { rig: &rig, work, job, moments, within };
    let struck = fault.strike(&target, &mut rng).await;
    let finished = work.finish(&rig, job).await;
    let end_state = oracle::end_state(&rig.world.pool).await;
    let mut verdict = match &struck {
        Ok(Struck::With(expected)) => oracle::compare(expected, &end_state),
        Ok(Struck::Yes | Struck::Missed) | Err(_) => oracle::compare(&reference.end_state, &end_state),
    };
    verdict.wrong.extend(oracle::broken(&rig.world.pool).await);
    verdict.wrong.extend(finished.err());
    let missed = matches!(struck, Ok(Struck::Missed));
    verdict.wrong.extend(struck.err());
    if verdict.passed() {
        return Ok((!missed).then_some(verdict));
    }
    let count = verdict.wrong.len();
    if count > SHOWN {
        verdict.wrong.drain(SHOWN / 2..count - SHOWN / 2);
        verdict.wrong.push(format!("{count} in all"));
    }
    let log = rig.world.log();
    let lines = log.lines().count().saturating_sub(LOG_LINES);
    eprintln!("{}", log.lines().skip(lines).collect::<Vec<_>>().join("\n"));
    Ok(Some(verdict))
}

macro_rules! faults {
    (each_test_run { $($name:ident: $fault:expr,)* } long_run { $($long:ident: $more:expr,)* }) => {
        /// All faults by name.
        const FAULTS: &[(&str, Fault)] =
            &[$((stringify!($name), $fault),)* $((stringify!($long), $more),)*];

        /// Faults that strike once in each test run.
        mod once {
            use super::*;
            $(
                #[test]
                fn $name() {
                    on_a_large_stack(|| super::once(stringify!($name), $fault));
                }
            )*
        }
    };
}

faults! {
    each_test_run {
        first_run_of_a_clean_file_killed: Fault::Killed(Work::CleanFile),
        first_run_of_a_clean_file_terminated: Fault::Terminated(Work::CleanFile),
        first_run_of_a_large_file_killed: Fault::Killed(Work::LargeFile),
        reprocessing_killed: Fault::Killed(Work::Reprocess),
        reprocessing_terminated: Fault::Terminated(Work::Reprocess),
        undo_of_an_import_killed: Fault::Killed(Work::UndoImport),
        bulk_decision_killed: Fault::Killed(Work::BulkDecision),
        worker_stopped_past_lease_and_visibility: Fault::Stopped,
        one_message_three_times_at_once: Fault::MessageTwice,
        heartbeat_refused: Fault::HeartbeatRefused,
        queue_away: Fault::QueueAway,
        object_missing: Fault::ObjectMissing,
        object_forbidden: Fault::ObjectForbidden,
        server_killed_amid_rows: Fault::ServerKilledAmidRows,
        server_killed_at_a_commit: Fault::ServerKilledAtCommit,
        commit_of_a_first_run_unanswered: Fault::CommitUnanswered(Work::CleanFile),
        commit_of_a_bulk_decision_unanswered: Fault::CommitUnanswered(Work::BulkDecision),
        database_read_only: Fault::DatabaseReadOnly,
        connections_exhausted: Fault::ConnectionsExhausted,
        database_slow: Fault::DatabaseSlow,
        two_jobs_with_the_same_emails: Fault::SameEmails,
        clocks_ten_minutes_apart: Fault::ClocksApart,
        edits_and_deletes_meanwhile: Fault::EditsMeanwhile,
        object_replaced_between_reads: Fault::ObjectReplaced,
        object_cut: Fault::ObjectCut,
        deadlock: Fault::Deadlock,
    }
    long_run {
        first_run_of_a_dirty_file_killed: Fault::Killed(Work::DirtyFile),
        store_busy: Fault::StoreBusy,
        receipt_invalid: Fault::ReceiptInvalid,
        object_slow: Fault::ObjectSlow,
        commit_of_reprocessing_unanswered: Fault::CommitUnanswered(Work::Reprocess),
        disk_full: Fault::DiskFull,
        visibility_lost: Fault::VisibilityLost,
        first_run_of_a_dirty_file_terminated: Fault::Terminated(Work::DirtyFile),
        first_run_of_a_large_file_terminated: Fault::Terminated(Work::LargeFile),
        two_first_runs_killed: Fault::Killed(Work::TwoFiles),
        undo_of_an_import_terminated: Fault::Terminated(Work::UndoImport),
        bulk_decision_terminated: Fault::Terminated(Work::BulkDecision),
        commit_of_a_large_first_run_unanswered: Fault::CommitUnanswered(Work::LargeFile),
        commit_of_an_undo_unanswered: Fault::CommitUnanswered(Work::UndoImport),
        temporary_folder_full: Fault::TemporaryFull,
    }
}

/// Returns the seed of `SEED`, or a new one.
fn seed() -> u64 {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    seed.unwrap_or_else(|| fastrand::u64(..1_000_000))
}

/// Runs work that is too large for a test's stack in an unoptimised build.
fn on_a_large_stack<F: Future<Output = ()>>(work: impl FnOnce() -> F + Send + 'static) {
    const STACK_BYTES: usize = 32 << 20;
    let run = || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK_BYTES).enable_all().build();
        runtime.unwrap().block_on(work());
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

async fn once(name: &str, fault: Fault) {
    let seed = seed();
    match round(fault, seed, 2).await {
        Ok(verdict) => assert!(verdict.passed(), "{name}, SEED={seed}: {verdict:#?}"),
        Err(reason) => println!("{name} was skipped: {reason}"),
    }
}
