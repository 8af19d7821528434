//! The work that faults strike: a first run, a run after a review, the undo of an import, a bulk decision.

use std::time::{Duration, Instant};

use tokio::sync::OnceCell;

use crate::support::Child;

use super::oracle;
use super::proxy::Trap;
use super::rig::{Log, OWNER, Rig, in_time, stop};
use super::strike::Target;

/// Work that can be disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// The first run of a clean file: ends COMPLETED.
    CleanFile,
    /// The first run of a file with some rows of every rule: ends NEEDS_REVIEW.
    DirtyFile,
    /// The same for a file that is too large to be kept in memory between two passes.
    WideFile,
    /// The same for a job with tables of its own.
    LargeFile,
    /// The first runs of two jobs of one owner with the same contacts: one ends COMPLETED, one NEEDS_REVIEW.
    TwoFiles,
    /// The run after the review: ends COMPLETED.
    Reprocess,
    /// A command that undoes an import.
    UndoImport,
    /// A command that decides about many rows.
    BulkDecision,
}

/// Data rows of the files, and of the large one.
const ROWS: usize = 6_000;
const LARGE_ROWS: usize = 101_000;
/// In a dirty file, one in this many rows has an issue.
const DIRT: usize = 100;

/// An instant at which work is disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Some time after the process has started, within the duration of undisturbed work.
    Somewhen,
    /// When this part of a run has ended, or slightly later.
    After(&'static str),
    /// At one of its COMMITs, before or after it takes effect.
    AtCommit,
}

/// The result of undisturbed work.
pub(super) struct Reference {
    /// [`oracle::end_state`].
    pub end_state: Vec<String>,
    /// Its duration.
    pub took: Duration,
    /// The number of its COMMITs: at least one.
    pub commits: u32,
}

impl Work {
    /// Whether a worker does it, rather than a command.
    pub(super) fn is_of_worker(self) -> bool {
        match self {
            Work::CleanFile
            | Work::DirtyFile
            | Work::WideFile
            | Work::LargeFile
            | Work::TwoFiles
            | Work::Reprocess => true,
            Work::UndoImport | Work::BulkDecision => false,
        }
    }

    /// Returns moments that cover each phase of the work.
    pub(super) fn moments(self) -> &'static [Moment] {
        use Moment::{After, AtCommit, Somewhen};
        match self {
            Work::CleanFile | Work::DirtyFile | Work::WideFile | Work::TwoFiles => {
                &[Somewhen, After("survey"), After("existing"), After("rows"), AtCommit]
            }
            Work::LargeFile => &[
                Somewhen,
                After("existing"),
                After("rows"),
                After("indexes"),
                After("keys"),
                After("contacts"),
                AtCommit,
            ],
            Work::Reprocess => &[Somewhen, After("compare"), After("consolidate"), AtCommit],
            Work::UndoImport | Work::BulkDecision => &[Somewhen, Somewhen, AtCommit],
        }
    }

    /// Returns the content of the file.
    pub(super) fn content(self) -> String {
        match self {
            Work::CleanFile | Work::TwoFiles | Work::UndoImport => file(ROWS, false, ""),
            Work::LargeFile => file(LARGE_ROWS, false, ""),
            Work::DirtyFile | Work::Reprocess | Work::BulkDecision => file(ROWS, true, ""),
            Work::WideFile => file(ROWS, false, &"of the Old Town Square ".repeat(7)),
        }
    }

    /// Creates a job for the work.
    pub(super) async fn prepare(self, rig: &Rig) -> i32 {
        // Another program has created contacts before, one of them with an address of the dirty file.
        let contacts = "INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name,
             contact_last_name, contact_company)
             SELECT 0, $1, CASE n WHEN 1 THEN 'p3@example.com' ELSE 'before' || n || '@example.com' END, 'Be', 'Fore', 'Acme'
             FROM generate_series($2::int, 20) n";
        // A clean file contains none of them.
        let first = match self {
            Work::DirtyFile | Work::Reprocess | Work::BulkDecision => 1,
            Work::CleanFile | Work::WideFile | Work::LargeFile | Work::TwoFiles | Work::UndoImport => 2,
        };
        sqlx::query(contacts).bind(OWNER).bind(first).execute(&rig.world.pool).await.unwrap();
        let job = rig.world.enqueue_silently("file.csv", &self.content(), OWNER).await;
        match self {
            Work::CleanFile | Work::DirtyFile | Work::WideFile | Work::LargeFile => {}
            Work::TwoFiles => drop(rig.world.enqueue_silently("same.csv", &self.content(), OWNER).await),
            Work::Reprocess => {
                imported(rig, job, "NEEDS_REVIEW").await;
                let decisions = "
                    UPDATE staging SET staging_email = replace(staging_email, 'broken-', 'mended') || '@example.com'
                    WHERE staging_email LIKE 'broken-%';
                    UPDATE staging SET staging_status = 'DISCARD'
                        WHERE staging_first_name = 'Other' OR staging_email = 'p3@example.com'";
                sqlx::raw_sql(decisions).execute(&rig.world.pool).await.unwrap();
            }
            Work::UndoImport => imported(rig, job, "COMPLETED").await,
            Work::BulkDecision => imported(rig, job, "NEEDS_REVIEW").await,
        }
        job
    }

    /// Requests the work, if it is requested by message.
    pub(super) async fn request(self, rig: &Rig, job: i32) {
        if self.is_of_worker() {
            rig.world.send_again(job).await;
        }
        if self == Work::TwoFiles {
            rig.world.send_again(job + 1).await;
        }
    }

    /// Starts the process that does the work.
    pub(super) fn start(self, rig: &Rig, job: i32) -> Child {
        let job = job.to_string();
        match self {
            Work::CleanFile
            | Work::DirtyFile
            | Work::WideFile
            | Work::LargeFile
            | Work::TwoFiles
            | Work::Reprocess => rig.worker(),
            Work::UndoImport => rig.world.spawn(&["undo", "--yes", "--import", &job]),
            Work::BulkDecision => rig.world.spawn(&["bulk", &job, "discard", "--text", "Acme 1"]),
        }
    }

    /// Whether the work is done.
    pub(super) async fn is_done(self, rig: &Rig, job: i32) -> bool {
        let pool = &rig.world.pool;
        match self {
            Work::CleanFile | Work::WideFile | Work::LargeFile | Work::Reprocess => {
                rig.status(job).await == "COMPLETED"
            }
            Work::DirtyFile => rig.status(job).await == "NEEDS_REVIEW",
            Work::TwoFiles => {
                let query = "SELECT count(DISTINCT job_status) = 2 FROM jobs
                     WHERE job_status IN ('COMPLETED', 'NEEDS_REVIEW')";
                sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
            }
            Work::UndoImport | Work::BulkDecision => {
                let query = "SELECT EXISTS (SELECT FROM actions WHERE action_job_id = $1)";
                sqlx::query_scalar(query).bind(job).fetch_one(pool).await.unwrap()
            }
        }
    }

    /// Waits until the work is done.
    pub(super) async fn done(self, rig: &Rig, job: i32) {
        while !self.is_done(rig, job).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Completes the work as an operator does after a fault: starts a worker, or runs the command again. Fails if the
    /// work does not end in time.
    pub(super) async fn finish(self, rig: &Rig, job: i32) -> Result<(), String> {
        match self.is_of_worker() {
            true => {
                let mut workers = [rig.worker()];
                let ended = in_time("an undisturbed worker", self.until_done_and_empty(rig, job)).await;
                stop(&mut workers).await.and(ended)
            }
            false => {
                let again = async {
                    while !self.is_done(rig, job).await {
                        // An interrupted command may still be running in the database.
                        self.start(rig, job).wait().await;
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                };
                in_time("an undisturbed command", again).await
            }
        }
    }

    /// Waits until the work is done and the queue is empty. Requests a job again that has FAILED or that nothing
    /// requests any more.
    async fn until_done_and_empty(self, rig: &Rig, job: i32) {
        let mut idle = 0;
        loop {
            let (done, empty) = (self.is_done(rig, job).await, rig.world.messages().await == (0, 0));
            match (done, empty) {
                (true, true) => return,
                (false, true) => idle += 1,
                (_, false) => idle = 0,
            }
            if idle == 10 {
                self.request(rig, job).await;
                idle = 0;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns the result of undisturbed work, which runs once.
    pub(super) async fn reference(self) -> &'static Reference {
        static REFERENCES: [OnceCell<Reference>; 8] = [const { OnceCell::const_new() }; 8];
        let reference = async {
            let rig = Rig::new().await;
            let job = self.prepare(&rig).await;
            self.request(&rig, job).await;
            let (started, before) = (Instant::now(), rig.database.commits());
            self.finish(&rig, job).await.unwrap_or_else(|error| panic!("{error}\n{}", rig.world.log()));
            let (took, commits) = (started.elapsed(), rig.database.commits() - before);
            assert!(commits > 0, "{self:?} commits nothing");
            let broken = oracle::broken(&rig.world.pool).await;
            assert!(broken.is_empty(), "{self:?}, undisturbed: {broken:#?}");
            Reference { end_state: oracle::end_state(&rig.world.pool).await, took, commits }
        };
        REFERENCES[self as usize].get_or_init(|| reference).await
    }
}

/// Brings a job to this status without a fault.
async fn imported(rig: &Rig, job: i32, status: &str) {
    rig.world.send_again(job).await;
    let mut workers = [rig.worker()];
    let ended = rig.world.status_after_run(job).await;
    rig.world.queue_empty().await;
    stop(&mut workers).await.unwrap();
    assert_eq!(ended, status, "{}", rig.world.log());
}

/// Returns a file of `rows` rows with `padding` in each: all valid, or with some rows of every rule.
fn file(rows: usize, dirty: bool, padding: &str) -> String {
    let mut text = String::from("email,first_name,last_name,company,Notes,City\n");
    for n in 0..rows {
        match n % DIRT {
            0 if dirty => text.push_str(&format!("broken-{n},Ann,Lee,Acme {padding},note {n},\n")),
            1 if dirty => text.push_str(&format!("p{}@example.com,Other,Name,Acme {padding},,Rome\n", n + 1)),
            2 if dirty => {
                // The repeat fills the row that is kept.
                let row = format!("p{n}@example.com,Ann,Lee,Acme");
                text.push_str(&format!("{row},note {n},\n{row},,Bonn\n"));
            }
            _ => text.push_str(&format!("p{n}@example.com,Ann,Lee,Acme {n} {padding},note {n},\n")),
        }
    }
    text
}

impl Moment {
    /// Waits for the moment in a process that has just been started and writes this log. A connection that is stopped
    /// then continues when the trap is dropped.
    pub(super) async fn wait_for(
        self,
        on: &Target<'_>,
        log: &Log<'_>,
        rng: &mut fastrand::Rng,
    ) -> Option<Trap> {
        match self {
            Moment::Somewhen => {
                on.wait_randomly(rng).await;
                None
            }
            Moment::After(part) => {
                log.wait_for_line(&["\"part ended\"", &format!("\"part\":\"{part}\"")]).await;
                // Most parts are short.
                tokio::time::sleep(Duration::from_millis(150).mul_f64(rng.f64().powi(3))).await;
                None
            }
            Moment::AtCommit => {
                let mut trap = on.cut_at_commit(rng).await;
                trap.sprung().await;
                Some(trap)
            }
        }
    }
}
