//! The faults: what goes wrong, and with which work.

use super::rig::Rig;
use super::work::Work;

/// Something that goes wrong while work is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The process is killed, in each phase of the work once.
    Killed(Work),
    /// The process is asked to stop, in each phase of the work once.
    Terminated(Work),
    /// The process stands still until lease and visibility have lapsed and another has taken over, then goes on.
    Stopped,
    /// One message comes three times, to two workers at once.
    MessageTwice,
    /// The message becomes visible again while its job runs.
    VisibilityLost,
    /// Renewals of the message's visibility fail.
    HeartbeatRefused,
    /// The receipt of the message counts for nothing.
    ReceiptInvalid,
    /// The queue does not answer for a while.
    QueueAway,
    /// The file is not there.
    ObjectMissing,
    /// The file may not be read.
    ObjectForbidden,
    /// The store is too busy for a while.
    StoreBusy,
    /// The file comes slowly.
    ObjectSlow,
    /// Each read of the file ends early.
    ObjectCut,
    /// Another file stands in its place after it was read for the first time.
    ObjectReplaced,
    /// The database server crashes with rows on their way to it.
    ServerKilledAmidRows,
    /// The database server crashes at a COMMIT.
    ServerKilledAtCommit,
    /// The connection is cut at a COMMIT, before or after it took effect: the outcome is unknown.
    CommitUnanswered(Work),
    /// The database takes no writes for a while, as after a failover to a standby.
    DatabaseReadOnly,
    /// The database's disk is full for a while.
    DiskFull,
    /// Another program locks rows and the job in the opposite order.
    Deadlock,
    /// The database takes no more connections for a while.
    ConnectionsExhausted,
    /// Each way to or from the database takes 25 ms.
    DatabaseSlow,
    /// The folder for temporary files is full.
    TemporaryFull,
    /// Two jobs of one owner with the same e-mails run at once.
    SameEmails,
    /// Another program edits and deletes rows while they are judged again.
    EditsMeanwhile,
    /// The clocks of two workers are ten minutes ahead and behind.
    ClocksApart,
}

impl Fault {
    /// The work that is disturbed: by turns where more than one can be.
    pub(super) fn work(self, round: u64) -> Work {
        let by_turns = |works: &[Work]| works[(round % works.len() as u64) as usize];
        match self {
            Fault::Killed(work) | Fault::Terminated(work) | Fault::CommitUnanswered(work) => work,
            Fault::ObjectMissing | Fault::ObjectForbidden | Fault::StoreBusy => {
                by_turns(&[Work::CleanFile, Work::DirtyFile])
            }
            Fault::ObjectSlow | Fault::ObjectCut | Fault::ObjectReplaced => Work::WideFile,
            // Only a large job's rows do not fit into memory while they are compared.
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

    /// What the fault is tried on. Fails where that cannot be had, with the reason.
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
