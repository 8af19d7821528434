//! Dead letters: what workers have given up and an operator must see to, of all owners.
//!
//! There are three kinds: messages in the dead-letter queue; messages that could not be parsed, in the database if there
//! is no dead-letter queue; and, without one as well, jobs that are FAILED for a reason that the operator must fix. With a
//! dead-letter queue, the messages of such jobs are in it. Actions on jobs are recorded for their owners; messages have no
//! owner, so actions on them are not.

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use sqlx::PgPool;

use super::job::{cancel, reprocess};
use super::{ActionError, Request};
use crate::domain::job::{JobId, Owner};
use crate::queue::{self, Body, Handling, JobMessage, Letter, Queue, Unreadable};
use crate::store::jobs::{self, GivenUp};
use crate::store::unreadable::{self, Stored};
use crate::store::{Matches, OwnerPool};

/// Jobs that are read at a time.
const JOBS_AT_ONCE: i64 = 1_000;

/// The id of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum LetterId {
    /// A job: `job-7`.
    Job(JobId),
    /// A message, by the id that SQS has given it.
    Message(String),
}

impl FromStr for LetterId {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<LetterId, Infallible> {
        let job = text.strip_prefix("job-").and_then(|number| number.parse().ok());
        Ok(job.map_or_else(|| LetterId::Message(text.to_owned()), LetterId::Job))
    }
}

impl std::fmt::Display for LetterId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LetterId::Job(job) => write!(f, "job-{job}"),
            LetterId::Message(id) => f.write_str(id),
        }
    }
}

impl Serialize for LetterId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A dead letter.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DeadLetter {
    /// Its id.
    pub id: LetterId,
    /// The job; `None` if the message does not name one.
    pub job: Option<JobId>,
    /// When the message was sent or received, or the job failed.
    pub at: Option<DateTime<Utc>>,
    /// How often the message was received, including by this program; `None` if it is no longer in a queue.
    pub receives: Option<u32>,
    /// Why it was given up.
    pub reason: String,
}

/// The message of a dead letter.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LetterMessage {
    /// The body; of a job, the request for its run.
    pub body: String,
    /// The attributes by name; of a job, its owner and file.
    pub attributes: BTreeMap<String, String>,
}

/// A list of dead letters.
#[derive(Debug)]
pub(crate) struct Listed {
    /// The dead letters.
    pub letters: Vec<DeadLetter>,
    /// Whether there are more.
    pub more: bool,
}

/// The dead letters of an action.
#[derive(Debug, Clone)]
pub(crate) enum WhichLetters {
    /// All, except those that arrive during the action.
    All,
    /// Those with these ids.
    Ids(HashSet<LetterId>),
}

/// The result of an action.
#[derive(Debug, Default)]
pub(crate) struct Handled {
    /// The number of dead letters that were redriven or dropped.
    pub count: u64,
    /// The ids for which no dead letter was found.
    pub missing: Vec<LetterId>,
}

/// What is done with dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LetterAction {
    /// Sends messages back to their queue, and requests another run of jobs. A message is sent before it is deleted, so a
    /// crash in between leaves both, which is harmless: the job of the second one is found done, or is run again.
    Redrive,
    /// Deletes messages for good, and cancels jobs, which stay with their rows.
    Drop,
}

/// Where dead letters are.
pub(crate) struct DeadLetters<'a> {
    /// The database.
    pub pool: &'a PgPool,
    /// The database, on behalf of owners.
    pub owners: &'a OwnerPool,
    /// The queue whose messages were given up.
    pub queue: &'a Queue,
    /// Who acts, as the audit trail of a job's owner names them.
    pub actor: &'a str,
}

impl DeadLetters<'_> {
    /// Returns up to `limit` dead letters, newest first. Reading a dead-letter queue hides its messages from others until
    /// the end, and increases their receive counts.
    pub(crate) async fn list(&self, limit: usize) -> Result<Listed, ActionError> {
        let mut letters = Vec::new();
        let dead_letter_queue = self.queue.dead_letter_queue().await.map_err(ActionError::DeadLetters)?;
        if let Some(queue) = &dead_letter_queue {
            let add = |letter: &Letter| match letters.len() > limit {
                true => Handling::Stop,
                false => {
                    letters.push(DeadLetter::of_letter(letter));
                    Handling::Leave
                }
            };
            queue.visit(add).await.map_err(ActionError::DeadLetters)?;
        }
        // One more tells whether there are more.
        let room = |letters: &[DeadLetter]| (limit + 1).saturating_sub(letters.len()) as i64;
        let stored = unreadable::list(self.pool, room(&letters)).await?;
        letters.extend(stored.iter().map(DeadLetter::of_stored));
        if dead_letter_queue.is_none() {
            let jobs = jobs::given_up(self.pool, None, room(&letters)).await?;
            letters.extend(jobs.iter().map(DeadLetter::of_job));
        }
        let more = letters.len() > limit;
        letters.truncate(limit);
        letters.sort_by_key(|letter| std::cmp::Reverse(letter.at));
        Ok(Listed { letters, more })
    }

    /// Counts the dead letters, those in SQS approximately and without those that somebody is reading, and others up to
    /// [`Count::MOST`](crate::store::Count::MOST).
    pub(crate) async fn count(&self) -> Result<Matches, ActionError> {
        let given_up = match self.queue.check().await.map_err(ActionError::DeadLetters)?.dead_letters {
            queue::DeadLetters::Queue { waiting, .. } => {
                let number = i64::try_from(waiting.unwrap_or_default()).unwrap_or(i64::MAX);
                Matches { number, is_all: true }
            }
            queue::DeadLetters::Jobs | queue::DeadLetters::None => {
                jobs::count_given_up(self.pool).await?.into()
            }
        };
        let stored: Matches = unreadable::count(self.pool).await?.into();
        let number = given_up.number.saturating_add(stored.number);
        Ok(Matches { number, is_all: given_up.is_all && stored.is_all })
    }

    /// Returns a dead letter with its message.
    pub(crate) async fn get(
        &self,
        id: &LetterId,
    ) -> Result<Option<(DeadLetter, LetterMessage)>, ActionError> {
        let dead_letter_queue = self.queue.dead_letter_queue().await.map_err(ActionError::DeadLetters)?;
        let message_id = match id {
            LetterId::Job(_) if dead_letter_queue.is_some() => return Ok(None),
            LetterId::Job(job) => {
                let found = jobs::given_up_job(self.pool, *job).await?;
                return Ok(found.map(|job| (DeadLetter::of_job(&job), LetterMessage::of_job(&job))));
            }
            LetterId::Message(id) => id,
        };
        if let Some((stored, body)) = unreadable::get(self.pool, message_id).await? {
            let message = LetterMessage { body, attributes: BTreeMap::new() };
            return Ok(Some((DeadLetter::of_stored(&stored), message)));
        }
        let Some(queue) = dead_letter_queue else { return Ok(None) };
        let mut found = None;
        let find = |letter: &Letter| match found.is_some() {
            true => Handling::Stop,
            false => {
                if letter.id == *message_id {
                    let message =
                        LetterMessage { body: letter.body.clone(), attributes: letter.attributes() };
                    found = Some((DeadLetter::of_letter(letter), message));
                }
                Handling::Leave
            }
        };
        queue.visit(find).await.map_err(ActionError::DeadLetters)?;
        Ok(found)
    }

    /// Carries out an action.
    pub(crate) async fn act(
        &self,
        which: WhichLetters,
        action: LetterAction,
    ) -> Result<Handled, ActionError> {
        let mut handled = Handled::default();
        let mut which = match which {
            WhichLetters::All => None,
            WhichLetters::Ids(ids) => Some(ids),
        };
        let dead_letter_queue = self.queue.dead_letter_queue().await.map_err(ActionError::DeadLetters)?;
        if dead_letter_queue.is_none() {
            self.handle_jobs(&mut which, action, &mut handled).await?;
        }
        // Before the queue, so that it is only read for the ids that the database does not have.
        self.handle_stored(&mut which, action, &mut handled).await?;
        if let Some(queue) = dead_letter_queue {
            let started = Utc::now();
            let handling = match action {
                LetterAction::Redrive => Handling::Redrive,
                LetterAction::Drop => Handling::Delete,
            };
            let choose = |letter: &Letter| {
                let is_chosen = match &mut which {
                    // Without the condition, messages that workers give up again during the action would never end.
                    None => letter.sent_at.is_none_or(|sent| sent <= started),
                    Some(ids) if ids.is_empty() => return Handling::Stop,
                    Some(ids) => ids.remove(&LetterId::Message(letter.id.clone())),
                };
                handled.count += u64::from(is_chosen);
                if is_chosen { handling } else { Handling::Leave }
            };
            queue.visit(choose).await.map_err(ActionError::DeadLetters)?;
        }
        handled.missing.extend(which.into_iter().flatten());
        handled.missing.sort_by_key(LetterId::to_string);
        Ok(handled)
    }

    async fn handle_stored(
        &self,
        which: &mut Option<HashSet<LetterId>>,
        action: LetterAction,
        handled: &mut Handled,
    ) -> Result<(), ActionError> {
        let ids: Vec<String> = match which.as_ref() {
            None => {
                let stored = unreadable::list(self.pool, i64::MAX).await?;
                stored.into_iter().map(|stored| stored.id).collect()
            }
            Some(ids) => ids.iter().filter_map(LetterId::message).map(str::to_owned).collect(),
        };
        for id in ids {
            let Some((_, body)) = unreadable::get(self.pool, &id).await? else { continue };
            if action == LetterAction::Redrive {
                self.queue.send_body(&id, &body).await.map_err(ActionError::DeadLetters)?;
            }
            unreadable::delete(self.pool, &id).await?;
            handled.count += 1;
            if let Some(ids) = which {
                ids.remove(&LetterId::Message(id));
            }
        }
        Ok(())
    }

    async fn handle_jobs(
        &self,
        which: &mut Option<HashSet<LetterId>>,
        action: LetterAction,
        handled: &mut Handled,
    ) -> Result<(), ActionError> {
        let Some(ids) = which else {
            let mut last = None;
            loop {
                let jobs = jobs::given_up(self.pool, last, JOBS_AT_ONCE).await?;
                let Some(oldest) = jobs.last() else { return Ok(()) };
                last = Some(oldest.id);
                for job in &jobs {
                    handled.count += u64::from(self.handle_job(job, action).await?);
                }
            }
        };
        let jobs: Vec<JobId> = ids.iter().filter_map(LetterId::job).collect();
        for id in jobs {
            let Some(job) = jobs::given_up_job(self.pool, id).await? else { continue };
            if self.handle_job(&job, action).await? {
                handled.count += 1;
                ids.remove(&LetterId::Job(id));
            }
        }
        Ok(())
    }

    /// Returns `false` if somebody else was faster: the job is running, done or deleted.
    async fn handle_job(&self, job: &GivenUp, action: LetterAction) -> Result<bool, ActionError> {
        let request =
            Request { owner: Owner(job.owner.clone()), actor: self.actor.to_owned(), idempotency: None };
        let done = match action {
            LetterAction::Redrive => reprocess(self.owners, Some(self.queue), &request, job.id).await,
            LetterAction::Drop => cancel(self.owners, &request, job.id).await,
        };
        match done {
            Ok(_) => Ok(true),
            Err(ActionError::Running(_) | ActionError::NoJob(_) | ActionError::Unfit { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl LetterId {
    fn job(&self) -> Option<JobId> {
        match self {
            LetterId::Job(job) => Some(*job),
            LetterId::Message(_) => None,
        }
    }

    fn message(&self) -> Option<&str> {
        match self {
            LetterId::Job(_) => None,
            LetterId::Message(id) => Some(id),
        }
    }
}

impl DeadLetter {
    fn of_letter(letter: &Letter) -> DeadLetter {
        DeadLetter {
            id: LetterId::Message(letter.id.clone()),
            job: Body::parse(&letter.body).ok().and_then(|body| body.job()),
            at: letter.sent_at,
            receives: Some(letter.receives),
            reason: letter.reason.clone(),
        }
    }

    fn of_stored(stored: &Stored) -> DeadLetter {
        DeadLetter {
            id: LetterId::Message(stored.id.clone()),
            job: None,
            at: Some(stored.received_at),
            receives: None,
            reason: Unreadable { raw: String::new(), reason: stored.reason.clone() }.to_string(),
        }
    }

    fn of_job(job: &GivenUp) -> DeadLetter {
        DeadLetter {
            id: LetterId::Job(job.id),
            job: Some(job.id),
            at: job.ended_at,
            receives: None,
            reason: job.reason.clone(),
        }
    }
}

impl LetterMessage {
    fn of_job(job: &GivenUp) -> LetterMessage {
        let body = JobMessage { job_id: job.id, s3_key: job.object_key.clone() }.to_json();
        let attributes = [("owner", &job.owner), ("file", &job.filename)];
        LetterMessage {
            body,
            attributes: attributes.map(|(name, value)| (name.to_owned(), value.clone())).into(),
        }
    }
}
