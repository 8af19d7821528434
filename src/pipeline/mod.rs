//! Processes one job, from its claim to its end.
//!
//! Guarantees: if a run is cut off at any moment, the next one reaches the same end state; contacts appear all at
//! once, in the commit that makes the job COMPLETED; a run that has lost its lease writes nothing more. Receiving,
//! retrying and answering messages is up to `worker`.

mod budget;
mod check;
mod compare;
pub(crate) mod contact_keys;
mod control;
mod existing;
pub(crate) mod expired_uploads;
mod extra;
mod file;
mod head_start;
pub(crate) mod merge;
mod read_as;
mod recheck;
mod remembered;
mod repeats;
pub(crate) mod retention;
mod row_outcome;
mod stage;
mod survey;

use sqlx::PgPool;

use crate::containers::UnpackError;
use crate::domain::failure::{Failure, Fault};
use crate::domain::interpretation::{Interpretation, RepeatDifferences};
use crate::domain::job::{Flow, JobId, JobStatus};
use crate::domain::progress::Phase;
use crate::domain::rejection::Rejection;
use crate::domain::rules::IssueType;
use crate::objects::{ObjectError, Objects};
use crate::store::jobs::Claim;
use crate::store::{StoreError, contacts, own_tables};
use crate::texts::rejection_for_job;
pub(crate) use check::{CheckError, FileToCheck, check};
pub(crate) use compare::SortMemory;
use compare::{Comparison, Existing};
use control::timed;
pub(crate) use control::{Control, Pace};
pub(crate) use file::IN_MEMORY_BYTES;

/// What a run needs from its environment.
#[derive(Clone)]
pub(crate) struct Context {
    /// The database.
    pub pool: PgPool,
    /// The store of the CSV files.
    pub objects: Objects,
    /// Rows per transaction when staging, and between two progress updates.
    pub chunk_rows: usize,
    /// The memory for comparing rows, shared by all jobs; the rest goes to temporary files.
    pub sort_memory: SortMemory,
}

impl Context {
    fn comparison(&self) -> Comparison {
        Comparison::new(&self.sort_memory, &std::env::temp_dir())
    }

    fn existing(&self) -> Existing {
        Existing::new(&self.sort_memory, &std::env::temp_dir())
    }
}

/// Default number of rows in a chunk: large enough that the cost of a commit is negligible, small enough that a
/// stop waits for less than a second.
pub(crate) const DEFAULT_CHUNK_ROWS: usize = 50_000;

/// The result of a successful run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// [`JobStatus::Completed`] or [`JobStatus::NeedsReview`].
    pub status: JobStatus,
    /// What the run counted.
    pub statistics: Statistics,
    /// Open issues at the end, by rule.
    pub open_issues: Vec<(IssueType, u64)>,
    /// How the file was read, if this run read it.
    pub interpretation: Option<Box<Interpretation>>,
    /// What rows that have become repeats by edits say in columns that belong to no field.
    pub repeats: RepeatDifferences,
}

impl Outcome {
    /// Returns the number of open issues at the end.
    pub(crate) fn open_issues(&self) -> u64 {
        self.open_issues.iter().map(|(_, count)| count).sum()
    }
}

/// What a run counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Statistics {
    /// Rows of the job.
    pub total_rows: u64,
    /// Rows that break no rule.
    pub valid_rows: u64,
    /// Rows that break a rule.
    pub issue_rows: u64,
    /// Rows skipped because they repeat an earlier one.
    pub repeated_rows: u64,
    /// Contacts created.
    pub contacts: u64,
    /// Contacts changed, as a person decided.
    pub updated_contacts: u64,
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// The file cannot be imported as it is; its owner can correct it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The file was replaced after some of its rows were staged.
    #[error("{}", Failure::Replaced)]
    Replaced,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store of the files failed.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// A temporary file could not be written or read.
    #[error("temporary file: {0}; check the free space of the folder for temporary files (TMPDIR)")]
    Scratch(#[from] std::io::Error),
    /// Each of the previous runs was killed without making progress.
    #[error("{}", Failure::CutOff { runs: *runs })]
    CutOff {
        /// The number of runs.
        runs: u32,
    },
    /// The run was stopped. Its progress is saved.
    #[error("stopped early; the next run resumes from here")]
    Stopped,
}

impl Statistics {
    fn with_total(self, total_rows: u64) -> Statistics {
        Statistics { total_rows, ..self }
    }
}

impl From<sqlx::Error> for RunError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<UnpackError> for RunError {
    fn from(error: UnpackError) -> Self {
        match error {
            UnpackError::Scratch(error) => RunError::Scratch(error),
            UnpackError::Stopped => RunError::Stopped,
            UnpackError::Rejected(rejection) => RunError::Rejected(rejection),
        }
    }
}

impl RunError {
    /// Returns whether the same run may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            RunError::Store(error) => error.is_transient() || self.is_overtaken(),
            RunError::Object(error) => error.is_transient(),
            RunError::Scratch(_) => true,
            RunError::Rejected(_) | RunError::Replaced | RunError::CutOff { .. } | RunError::Stopped => false,
        }
    }

    /// Returns whether somebody changed rows or contacts after the run had read them, or has locked rows for longer
    /// than the run waits. The next run reads the change.
    pub(crate) fn is_overtaken(&self) -> bool {
        match self {
            RunError::Store(error) => {
                error.is_serialization_failure()
                    || error.is_lock_timeout()
                    || error.is_conflict_in("contacts")
            }
            RunError::Object(_)
            | RunError::Scratch(_)
            | RunError::Rejected(_)
            | RunError::Replaced
            | RunError::CutOff { .. }
            | RunError::Stopped => false,
        }
    }

    /// Returns what failed, as a label of metrics.
    pub(crate) fn cause(&self) -> &'static str {
        match self {
            RunError::Store(_) if self.is_overtaken() => "overtaken",
            RunError::Store(_) => "database",
            RunError::Object(_) => "file_store",
            RunError::Scratch(_) => "temporary_files",
            RunError::Rejected(_) | RunError::Replaced => "file",
            RunError::CutOff { .. } => "cut_off",
            RunError::Stopped => "stopped",
        }
    }

    /// Returns whether the owner of the file, rather than the operator of the service, can fix the problem.
    pub(crate) fn is_owners(&self) -> bool {
        match self {
            RunError::Rejected(_) | RunError::Replaced => true,
            RunError::Object(error) => error.is_owners(),
            RunError::Store(_) | RunError::Scratch(_) | RunError::CutOff { .. } | RunError::Stopped => false,
        }
    }

    /// Returns whether other settings may make the file importable.
    pub(crate) fn may_be_misread(&self) -> bool {
        matches!(self, RunError::Rejected(rejection) if rejection.may_be_misread())
    }

    /// Returns the reason why a file was refused, with the commands that get it in.
    pub(crate) fn refusal(&self, job: JobId) -> String {
        match self {
            RunError::Rejected(rejection) => rejection_for_job(rejection, job),
            RunError::Replaced
            | RunError::Stopped
            | RunError::Object(_)
            | RunError::Store(_)
            | RunError::Scratch(_)
            | RunError::CutOff { .. } => self.to_string(),
        }
    }

    /// Returns the reason as the job's owner may see it, or `None` for a stop, after which the job is not FAILED.
    pub(crate) fn failure(&self) -> Option<Failure> {
        Some(match self {
            RunError::Rejected(rejection) => rejection.clone().into(),
            RunError::Replaced => Failure::Replaced,
            RunError::Object(error) => error.failure(),
            RunError::Store(error) => error.failure(),
            RunError::Scratch(_) => Fault::NoScratch.into(),
            RunError::CutOff { runs } => Failure::CutOff { runs: *runs },
            RunError::Stopped => return None,
        })
    }
}

/// Runs a claimed job to its end.
pub(crate) async fn process(
    context: &Context,
    claim: &Claim,
    control: &Control,
) -> Result<Outcome, RunError> {
    let outcome = match claim.flow {
        Flow::Initial => {
            control.report(Phase::Reading, 0, None);
            initial(context, claim, control).await?
        }
        Flow::Reprocess => {
            control.report(Phase::Checking, 0, claim.staged_rows);
            timed(claim, "merge", merge::complete(context, claim, control)).await?;
            recheck::run(context, claim, control).await?
        }
    };
    if outcome.statistics.contacts >= own_tables::MIN_ROWS
        && let Err(error) = contacts::analyze(&context.pool).await
    {
        // The job is already finished: without fresh statistics, queries are only slower.
        tracing::debug!(job_id = claim.job.0, %error, "cannot analyze contacts");
    }
    Ok(outcome)
}

/// Runs a job for the first time: surveys the file, then stages its rows with final verdicts.
async fn initial(context: &Context, claim: &Claim, control: &Control) -> Result<Outcome, RunError> {
    let file = timed(claim, "open", file::File::open(context, claim, control)).await?;
    let claim = &remembered::apply(context, claim, &file).await?;
    let mut survey = timed(claim, "survey", survey::run(context, claim, control, file)).await?;
    timed(claim, "repeats", repeats::fill(context, claim, control, &mut survey)).await?;
    let interpretation = Some(Box::new(survey.interpretation.clone()));
    let plan = timed(claim, "existing", existing::plan(context, claim, control, survey)).await?;
    let outcome = match stage::run(context, claim, control, plan).await? {
        stage::Staged::Finished(outcome) => outcome,
        // Several runs checked the rows, or another program created a contact in the meantime.
        stage::Staged::Recheck => recheck::run(context, claim, control).await?,
    };
    Ok(Outcome { interpretation, ..outcome })
}

/// Waits for the owner's turn to consolidate, and fails if the run must stop. Returns whether the owner has
/// contacts without a key.
async fn wait_for_turn(
    connection: &mut sqlx::PgConnection,
    claim: &Claim,
    control: &Control,
) -> Result<bool, RunError> {
    let mut pause = std::time::Duration::from_millis(2);
    loop {
        let turn = contacts::try_turn(connection, &claim.owner).await?;
        if turn.taken {
            return Ok(turn.lacks_keys);
        }
        control.report_wait();
        control.check(claim)?;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(std::time::Duration::from_millis(250));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_owners_cannot_fix_is_given_up() {
        for error in [
            RunError::Rejected(Rejection::Empty),
            RunError::Replaced,
            RunError::CutOff { runs: 5 },
            RunError::Scratch(std::io::Error::other("no space")),
            StoreError::Aborted.into(),
            StoreError::TooLarge { what: "the number of rows", value: 1 << 40 }.into(),
            sqlx::Error::PoolTimedOut.into(),
            RunError::Object(ObjectError::NoStore { store: "bucket a".to_owned(), bucket: None }),
            RunError::Object(ObjectError::NotFound { store: "bucket a".to_owned(), key: "a.csv".to_owned() }),
        ] {
            let failure = serde_json::to_value(error.failure()).unwrap();
            let is_given_up = Failure::GIVEN_UP.contains(&failure["kind"].as_str().unwrap());
            assert_eq!(is_given_up, !error.is_owners(), "{failure}");
        }
    }
}
