//! `import` and `reprocess`: run a job in this process, with progress and a summary.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use tokio::io::AsyncRead;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::output::{printable, stdout};
use super::progress;
use super::session::Session;
use super::{Status, columns, interpretation, next_step, show};
use crate::actions::{self, ActionError, FieldSource, Remember, Reread, Upload, Uploaded};
use crate::domain::field::Field;
use crate::domain::job::{ImportPolicy, JobId, JobStatus, ParseSettings};
use crate::domain::progress::Progress;
use crate::pipeline::merge::{self, Extent};
use crate::pipeline::{Control, Outcome};
use crate::shutdown::Shutdown;
use crate::store::jobs::{self, Job, RowCounts};
use crate::store::wanted;
use crate::worker::run::{self, End};

/// How files are imported.
#[derive(Debug, clap::Args)]
pub(crate) struct How {
    /// HOLD imports the contacts after the review. AT_ONCE imports valid rows immediately.
    #[arg(long, default_value = "HOLD", value_parser = policy(), ignore_case = true)]
    policy: ImportPolicy,
    /// Column of a field, by its number from 1 or its name, such as --column email=3; without a column, the field is left
    /// empty. Remembered for files with the same header.
    #[arg(long = "column", value_name = "FIELD=COLUMN", value_parser = actions::field_source)]
    columns: Vec<(Field, FieldSource)>,
    #[command(flatten)]
    excluded: columns::ExcludeArgs,
    #[command(flatten)]
    values: columns::ValueArgs,
    #[command(flatten)]
    reading: columns::ReadingArgs,
}

/// Parses a policy. The help lists all of them.
fn policy() -> impl TypedValueParser<Value = ImportPolicy> {
    let all = ImportPolicy::ALL.iter().map(|policy| PossibleValue::new(policy.as_str()));
    PossibleValuesParser::new(all).try_map(|word| word.to_uppercase().parse::<ImportPolicy>())
}

/// How much later than at first a lease must expire to count as renewed; also the longest wait between two attempts.
const TOLERANCE: Duration = Duration::from_secs(1);

/// Imports files one after another, with `force` even if they were imported before. Returns the worst status.
pub(crate) async fn run(
    session: &Session,
    files: &[PathBuf],
    how: &How,
    force: bool,
) -> anyhow::Result<Status> {
    let shutdown = Shutdown::on_signals()?;
    let mut worst = Status::Done;
    let mut imported = Vec::new();
    for file in files {
        let status = match upload(session, file, how, force).await {
            Ok(uploaded) => {
                imported.extend(uploaded.jobs());
                run_parts(session, &uploaded, &name(file), &shutdown).await?
            }
            Err(error) => refused(file, &error),
        };
        worst = worst.max(status);
        if shutdown.stop_working.is_cancelled() {
            break;
        }
    }
    remove_leftovers(session, &shutdown).await;
    if session.json {
        let mut db = session.read().await?;
        let mut results = Vec::new();
        for job in imported {
            results.extend(jobs::get(&mut db, &session.owner, job).await?);
        }
        session.result(&results)?;
    }
    Ok(worst)
}

/// Reports a file that was refused before it became a job. Returns the status.
pub(super) fn refused(file: &Path, error: &ActionError) -> Status {
    eprintln!("{}: {}", printable(&name(file)), printable(&error.to_string()));
    next_step::after(error).into_iter().for_each(|step| eprintln!("{step}"));
    Status::Failed
}

/// Removes the files of killed uploads. Without a worker, nothing else does.
pub(super) async fn remove_leftovers(session: &Session, shutdown: &Shutdown) {
    if let Err(error) = session.context.objects.remove_abandoned(&shutdown.stop_working).await {
        tracing::warn!(%error, "cannot remove the leftovers of interrupted uploads");
    }
}

/// Runs the job of an uploaded file, or of each table of an archive. Returns the worst status.
pub(super) async fn run_parts(
    session: &Session,
    uploaded: &Uploaded,
    label: &str,
    shutdown: &Shutdown,
) -> anyhow::Result<Status> {
    let mut worst = Status::Done;
    for part in &uploaded.parts {
        let label = format!("{label}, {}", part.part);
        worst = worst.max(run_unless_imported(session, part.job, part.earlier, &label, shutdown).await?);
        if shutdown.stop_working.is_cancelled() {
            break;
        }
    }
    match uploaded.parts.is_empty() {
        true => run_unless_imported(session, uploaded.job, uploaded.earlier, label, shutdown).await,
        false => Ok(worst),
    }
}

/// Runs the job of a file, unless the file was imported before.
async fn run_unless_imported(
    session: &Session,
    job: JobId,
    earlier: bool,
    label: &str,
    shutdown: &Shutdown,
) -> anyhow::Result<Status> {
    let mut db = session.read().await?;
    let found = jobs::get(&mut db, &session.owner, job).await?;
    db.rollback().await?;
    match found.filter(|_| earlier).map(|found| found.status) {
        Some(status @ (JobStatus::Completed | JobStatus::NeedsReview)) => {
            eprintln!(
                "{}: this file was already imported as job {job}, which is {status}; import it again with --force",
                printable(label)
            );
            Ok(if status == JobStatus::Completed { Status::Done } else { Status::NeedsReview })
        }
        Some(JobStatus::Pending | JobStatus::Processing | JobStatus::Failed) | None => {
            run_here(session, job, label, shutdown).await
        }
    }
}

/// Runs an existing job again.
pub(crate) async fn reprocess(session: &Session, job: JobId) -> anyhow::Result<Status> {
    let mut db = session.read().await?;
    let found = jobs::get(&mut db, &session.owner, job).await?;
    db.rollback().await?;
    let found =
        found.with_context(|| format!("{} has no job {job}; `ingest jobs` lists them", session.owner))?;
    match actions::reprocess(&session.owners, None, &session.request(), job).await {
        // The end of the run reports these errors.
        Ok(_) | Err(ActionError::Running(_) | ActionError::Unfit { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let status = run_here(session, job, &found.label(), &Shutdown::on_signals()?).await?;
    show::result_of(session, job).await?;
    Ok(status)
}

/// Reads the file of a job again, with other settings.
pub(crate) async fn reread(
    session: &Session,
    job: JobId,
    reading: &columns::ReadingArgs,
) -> anyhow::Result<Status> {
    let reread = Reread {
        settings: &reading.settings(),
        assignment: None,
        remember: Remember::Nothing,
        required: session.policy.required,
    };
    reread_and_run(session, job, &reread).await
}

/// Reads the file of a job again.
pub(crate) async fn reread_and_run(
    session: &Session,
    job: JobId,
    reread: &Reread<'_>,
) -> anyhow::Result<Status> {
    let (objects, request) = (&session.context.objects, session.request());
    actions::reread(&session.owners, objects, None, &request, job, reread).await?;
    let mut db = session.read().await?;
    let found = jobs::get(&mut db, &session.owner, job).await?;
    db.rollback().await?;
    let label = found.map(|found| found.label()).unwrap_or_default();
    let status = run_here(session, job, &label, &Shutdown::on_signals()?).await?;
    show::result_of(session, job).await?;
    Ok(status)
}

/// Returns the name of a file.
pub(super) fn name(file: &Path) -> String {
    match file.file_name() {
        Some(name) if file != Path::new("-") => name.to_string_lossy().into_owned(),
        _ => "stdin.csv".to_owned(),
    }
}

/// Makes a job of a file, unless the owner has one and `force` is not set.
pub(super) async fn upload(
    session: &Session,
    file: &Path,
    how: &How,
    force: bool,
) -> Result<Uploaded, ActionError> {
    let read = |source| ActionError::Read { file: file.display().to_string(), source };
    let content: Box<dyn AsyncRead + Send + Unpin> = match file == Path::new("-") {
        true => Box::new(tokio::io::stdin()),
        false => {
            let opened = tokio::fs::File::open(file).await.map_err(read)?;
            if opened.metadata().await.map_err(read)?.is_dir() {
                return Err(read(std::io::Error::from(std::io::ErrorKind::IsADirectory)));
            }
            Box::new(opened)
        }
    };
    let (context, request) = (&session.context, session.request());
    let values = actions::checked_values(how.values.values())?;
    let settings = ParseSettings { values, ..how.reading.settings() };
    let assignment = columns::assignment(&how.columns, &how.excluded);
    let remember = how.values.remember(assignment.is_some());
    // To remember values, the columns that the names show are assigned.
    let assignment = assignment.or((remember != Remember::Nothing).then(Default::default));
    let upload = Upload {
        filename: &name(file),
        policy: how.policy,
        force,
        limit: u64::MAX,
        columns: None,
        assignment,
        remember,
        settings,
        required: session.policy.required,
    };
    actions::upload(&session.owners, &context.objects, None, &request, &upload, content).await
}

async fn run_here(session: &Session, job: JobId, label: &str, shutdown: &Shutdown) -> anyhow::Result<Status> {
    let progress = watch::Sender::new(Progress::default());
    let done = CancellationToken::new();
    let shown = tokio::spawn(progress::show(printable(label), progress.subscribe(), done.clone()));
    let control = Control { progress, stop: shutdown.stop_working.clone(), lost: Vec::new() };
    let end = run_when_free(session, job, label, &control).await;
    done.cancel();
    shown.await?;
    if matches!(end, End::Finished(_) | End::Refused(_) | End::GivenUp(_) | End::Completed) {
        wanted::unwant(&session.context.pool, job).await?;
    }
    let stopped_by = shutdown.signal().filter(|_| matches!(end, End::Stopped));
    let status = match end {
        End::Finished(outcome) => finished(session, job, &printable(label), &outcome).await,
        end => report(job, label, end),
    };
    let status = status.map(|status| stopped_by.map_or(status, Status::Stopped));
    // Without a worker, nobody else would.
    if let Err(error) = merge::advance(&session.context, Extent::Excess, &shutdown.stop_working).await {
        tracing::warn!(%error, "cannot merge the tables of earlier large jobs; the next import tries again");
    }
    status
}

/// Runs the job. If another run has its lease, waits until the lease expires, since that run may have been killed, or is
/// renewed, since then it lives.
async fn run_when_free(session: &Session, job: JobId, label: &str, control: &Control) -> End {
    let mut expires: Option<Instant> = None;
    loop {
        let end = run::job(&session.context, &session.policy, job, None, control).await;
        let End::Busy(left) = end else { return end };
        let now = Instant::now();
        match expires {
            None => eprintln!(
                "{}: waiting up to {} s for an earlier run of job {job}, which may have been killed",
                printable(label),
                left.as_secs() + 1
            ),
            Some(expires) if now + left > expires + TOLERANCE => return End::Busy(left),
            Some(_) => {}
        }
        expires = expires.or(Some(now + left));
        tokio::select! {
            () = tokio::time::sleep(left.clamp(TOLERANCE / 10, TOLERANCE)) => {}
            () = control.stop.cancelled() => return End::Stopped,
        }
    }
}

/// Reports a run that nobody has stopped.
async fn finished(session: &Session, job: JobId, label: &str, outcome: &Outcome) -> anyhow::Result<Status> {
    if !session.json {
        let mut db = session.read().await?;
        if let Some(found) = jobs::get(&mut db, &session.owner, job).await? {
            summary(&found, label, outcome)?;
        }
    }
    Ok(next_steps(job, outcome))
}

/// Reports a run that has not finished.
fn report(job: JobId, label: &str, end: End) -> anyhow::Result<Status> {
    let label = printable(label);
    let again = format!("`ingest reprocess {job}`");
    match end {
        End::Finished(outcome) => return Ok(next_steps(job, &outcome)),
        End::Refused(error) => {
            eprintln!("{label}: job {job} FAILED: {}", printable(&error.refusal(job)));
            if error.may_be_misread() {
                eprintln!(
                    "if its encoding or header line was detected wrongly, set it with \
                     `ingest reread {job} --encoding NAME --header-line N`"
                );
            }
        }
        End::GivenUp(error) => {
            eprintln!(
                "{label}: job {job} FAILED: {}\nfix the cause, then retry with {again}",
                printable(&error.to_string())
            )
        }
        End::Busy(left) => eprintln!(
            "{label}: another worker is running job {job} (its lease lasts {} s); see `ingest jobs` for its status",
            left.as_secs()
        ),
        End::Completed => {
            eprintln!("{label}: job {job} is already COMPLETED");
            return Ok(Status::Done);
        }
        End::Failed => eprintln!("{label}: job {job} has failed; run it again with {again}"),
        End::Cancelled => {
            eprintln!("{label}: job {job} was cancelled; run it again with {again}")
        }
        End::RowsRemoved => {
            eprintln!("{label}: the rows of job {job} were removed after their time of retention")
        }
        End::Unknown => eprintln!("{label}: job {job} was deleted"),
        End::Stopped => eprintln!("{label}: stopped job {job}; its progress is kept, resume with {again}"),
        End::LeaseLost => {
            eprintln!("{label}: another worker took over job {job}; see `ingest jobs` for its status")
        }
        End::Unavailable(error, _) => {
            let error = printable(&error.to_string());
            eprintln!("{label}: job {job} was interrupted: {error}\nfix the cause, then resume with {again}")
        }
    }
    Ok(Status::Failed)
}

/// Prints the counts of a job, the same as in lists and on its page, and how the run has read the file.
fn summary(job: &Job, label: &str, outcome: &Outcome) -> anyhow::Result<()> {
    let Job { total_rows, counts, .. } = job;
    let RowCounts { ready, with_issues, discarded, consolidated, repeated } = *counts;
    let run = &outcome.statistics;
    let mut out = stdout();
    writeln!(out, "{label}: job {} {}", job.id, outcome.status)?;
    let read = outcome.interpretation.as_deref();
    for (fact, value) in read.map(interpretation::facts).unwrap_or_default() {
        writeln!(out, "  {fact:<26}{value}")?;
    }
    let rows = |count: i64| count.unsigned_abs();
    let facts = [
        ("rows", rows((*total_rows).into())),
        ("valid", rows(ready + consolidated)),
        ("with issues", rows(with_issues)),
        ("discarded", rows(discarded)),
        ("repeated, skipped", rows(repeated)),
        ("contacts created", run.contacts),
        ("contacts updated", run.updated_contacts),
        ("open issues", outcome.open_issues()),
    ];
    for (fact, count) in facts.into_iter().filter(|(fact, count)| *fact != "discarded" || *count > 0) {
        writeln!(out, "  {fact:<26}{count:>12}")?;
    }
    for (kind, count) in &outcome.open_issues {
        writeln!(out, "    {kind:<24}{count:>12}")?;
    }
    if let Some(read) = read.filter(|read| read.skipped.count > 0) {
        writeln!(out, "  {:<26}{:>12}", "lines skipped", read.skipped.count)?;
        for line in interpretation::skipped(&read.skipped.first) {
            writeln!(out, "{line}")?;
        }
    }
    let mut repeats = read.map(|read| read.repeats.clone()).unwrap_or_default();
    repeats.extend(outcome.repeats.clone());
    for (fact, count, lines) in interpretation::repeats(&repeats) {
        writeln!(out, "  {fact:<26}{count:>12}")?;
        for line in lines {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// Says what to do after a run. Returns its status.
fn next_steps(job: JobId, outcome: &Outcome) -> Status {
    if outcome.status != JobStatus::NeedsReview {
        return Status::Done;
    }
    let read = outcome.interpretation.as_deref();
    if let Some(read) = read.filter(|read| !read.readings.is_empty()) {
        eprintln!("the encoding of the file is in doubt; in which of these are all letters right?");
        interpretation::readings(&read.readings).for_each(|line| eprintln!("{line}"));
        eprintln!("read the file in that one with `ingest reread {job} --encoding NAME`");
    }
    eprintln!(
        "next: list the issues with `ingest issues {job}`, resolve them with `ingest edit ROW --email …` or \
         `ingest discard ROW…`, then import with `ingest reprocess {job}`"
    );
    Status::NeedsReview
}
