//! The faults, and the work that each of them strikes.

use super::rig::Rig;
use super::work::Work;

/// A fault that occurs during work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The process is killed, once in each phase of the work.
    Killed(Work),
    /// The process is asked to stop, once in each phase of the work.
    Terminated(Work),
    /// The process is suspended until lease and visibility have expired and another has taken over, then resumed.
    Stopped,
    /// One message is delivered three times, to two workers at once.
    MessageTwice,
    /// The message becomes visible again while its job runs.
    VisibilityLost,
    /// Renewals of the message's visibility fail.
    HeartbeatRefused,
    /// The message's receipt is invalid.
    ReceiptInvalid,
    /// The queue does not respond for a while.
    QueueAway,
    /// The file does not exist.
    ObjectMissing,
    /// Reading the file is forbidden.
    ObjectForbidden,
    /// The object store is overloaded for a while.
    StoreBusy,
    /// The file arrives slowly.
    ObjectSlow,
    /// Each read of the file ends early.
    ObjectCut,
    /// The file is replaced after it was read for the first time.
    ObjectReplaced,
    /// The database server crashes while rows are sent to it.
    ServerKilledAmidRows,
    /// The database server crashes at a COMMIT.
    ServerKilledAtCommit,
    /// The connection is cut at a COMMIT, before or after it took effect: the outcome is unknown.
    CommitUnanswered(Work),
    /// The database rejects writes for a while, as after a failover to a standby.
    DatabaseReadOnly,
    /// The database's disk is full for a while.
    DiskFull,
    /// Another program locks rows and the job in the opposite order.
    Deadlock,
    /// The database accepts no new connections for a while.
    ConnectionsExhausted,
    /// Each direction of the database's traffic is delayed by 25 ms.
    DatabaseSlow,
    /// The folder for temporary files is full.
    TemporaryFull,
    /// Two jobs of one owner with the same e-mails run concurrently.
    SameEmails,
    /// Another program edits and deletes rows during a recheck.
    EditsMeanwhile,
    /// One worker's clock is ten minutes ahead, another's ten minutes behind.
    ClocksApart,
}

impl Fault {
    /// Returns the disturbed work; faults that can strike several kinds alternate.
    pub(super) fn work(self, round: u64) -> Work {
        let by_turns = |works: &[Work]| works[(round % works.len() as u64) as usize];
        match self {
            Fault::Killed(work) | Fault::Terminated(work) | Fault::CommitUnanswered(work) => work,
            Fault::ObjectMissing | Fault::ObjectForbidden | Fault::StoreBusy => {
                by_turns(&[Work::CleanFile, Work::DirtyFile])
            }
            Fault::ObjectSlow | Fault::ObjectCut | Fault::ObjectReplaced => Work::WideFile,
            // Only the rows of a large job do not fit into memory for the comparison.
            Fault::TemporaryFull => Work::LargeFile,
            Fault::Deadlock | Fault::EditsMeanwhile => Work::Reprocess,
            Fault::SameEmails => Work::TwoFiles,
            Fault::Stopped
            | Fault::MessageTwice
            | Fault::VisibilityLost
            | Fault::HeartbeatRefused
            | Fault::ReceiptInvalid
            | Fault::QueueAway
            | Fault::ServerKilledAmidRows
            | Fault::ServerKilledAtCommit
            | Fault::DatabaseReadOnly
            | Fault::DiskFull
            | Fault::ConnectionsExhausted
            | Fault::DatabaseSlow
            | Fault::ClocksApart => by_turns(&[Work::CleanFile, Work::Reprocess, Work::DirtyFile]),
        }
    }

    /// Builds the environment of the fault. Fails with the reason if this machine does not support it.
    pub(super) async fn rig(self) -> Result<Rig, &'static str> {
        match self {
            Fault::ServerKilledAmidRows | Fault::ServerKilledAtCommit => Ok(Rig::with_server().await),
            Fault::DiskFull => Rig::with_small_disk().await,
            Fault::Killed(_)
            | Fault::Terminated(_)
            | Fault::Stopped
            | Fault::MessageTwice
            | Fault::VisibilityLost
            | Fault::HeartbeatRefused
            | Fault::ReceiptInvalid
            | Fault::QueueAway
            | Fault::ObjectMissing
            | Fault::ObjectForbidden
            | Fault::StoreBusy
            | Fault::ObjectSlow
            | Fault::ObjectCut
            | Fault::ObjectReplaced
            | Fault::CommitUnanswered(_)
            | Fault::DatabaseReadOnly
            | Fault::Deadlock
            | Fault::ConnectionsExhausted
            | Fault::DatabaseSlow
            | Fault::TemporaryFull
            | Fault::SameEmails
            | Fault::EditsMeanwhile
            | Fault::ClocksApart => Ok(Rig::new().await),
        }
    }
}
