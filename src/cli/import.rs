//! `import` and `reprocess`: a job run here and now, with its progress and a summary.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tokio::io::AsyncRead;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Status;
use super::output::printable;
use super::progress;
use super::session::Session;
use crate::actions::{self, ActionError};
use crate::domain::job::{JobId, JobStatus};
use crate::pipeline::{Control, Outcome, Progress};
use crate::shutdown::Shutdown;
use crate::store::jobs;
use crate::worker::run::{self, End};

/// Imports files one after the other; the worst end is the status.
pub async fn run(session: &Session, files: &[PathBuf]) -> anyhow::Result<Status> {
    let shutdown = Shutdown::on_signals()?;
    let mut worst = Status::Done;
    for file in files {
        let status = match upload(session, file).await {
            Ok(job) => run_here(session, job, &name(file), &shutdown).await?,
            Err(error) => {
                eprintln!("{}: {error}", name(file));
                Status::Failed
            }
        };
        worst = worst.max(status);
        if shutdown.stop_working.is_cancelled() {
            break;
        }
    }
    Ok(worst)
}

/// Runs a job that exists.
pub async fn reprocess(session: &Session, job: JobId) -> anyhow::Result<Status> {
    let found = jobs::get(&session.context.pool, &session.owner, job).await?;
    let found =
        found.with_context(|| format!("{} has no job {job}; `ingest jobs` lists them", session.owner))?;
    run_here(session, job, &found.filename, &Shutdown::on_signals()?).await
}

fn name(file: &Path) -> String {
    match file.file_name() {
        Some(name) if file != Path::new("-") => name.to_string_lossy().into_owned(),
        _ => "stdin.csv".to_owned(),
    }
}

async fn upload(session: &Session, file: &Path) -> Result<JobId, ActionError> {
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
    let context = &session.context;
    let uploaded =
        actions::upload(&context.pool, &context.objects, &session.owner, &name(file), content, false).await?;
    Ok(uploaded.job)
}

async fn run_here(session: &Session, job: JobId, label: &str, shutdown: &Shutdown) -> anyhow::Result<Status> {
    let progress = watch::Sender::new(Progress::default());
    let done = CancellationToken::new();
    let shown = tokio::spawn(progress::show(printable(label), progress.subscribe(), done.clone()));
    let control = Control { progress, stop: shutdown.stop_working.clone(), lost: Vec::new() };
    let end = run::job(&session.context, &session.policy, job, &control).await;
    done.cancel();
    shown.await?;
    if matches!(end, End::Settled(_) | End::Refused(_) | End::GivenUp(_) | End::Completed) {
        jobs::unwant(&session.context.pool, job).await?;
    }
    tell(job, label, end)
}

fn tell(job: JobId, label: &str, end: End) -> anyhow::Result<Status> {
    let label = printable(label);
    let again = format!("`ingest reprocess {job}` goes on");
    match end {
        End::Settled(outcome) => return summary(job, &label, &outcome),
        End::Refused(reason) => eprintln!("{label}: job {job} FAILED: {}", printable(&reason)),
        End::GivenUp(reason) => {
            eprintln!("{label}: job {job} FAILED: {}\nwhen that is mended, {again}", printable(&reason))
        }
        End::Busy(left) => eprintln!(
            "{label}: job {job} is being worked on elsewhere, for {} s at least; `ingest jobs` tells when it is done",
            left.as_secs()
        ),
        End::Completed => {
            eprintln!("{label}: job {job} is COMPLETED already");
            return Ok(Status::Done);
        }
        End::Unknown => eprintln!("{label}: job {job} has been deleted"),
        End::Stopped => eprintln!("{label}: job {job} stopped; what is done is kept, {again}"),
        End::LeaseLost => {
            eprintln!("{label}: job {job} was taken over by another run; `ingest jobs` tells when it is done")
        }
        End::Unavailable(error, _) => {
            eprintln!("{label}: job {job} could not go on: {error}\nwhen that is mended, {again}")
        }
    }
    Ok(Status::Failed)
}

fn summary(job: JobId, label: &str, outcome: &Outcome) -> anyhow::Result<Status> {
    let counted = &outcome.statistics;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{label}: job {job} {}", outcome.status)?;
    let facts = [
        ("rows", counted.total_rows),
        ("valid", counted.valid_rows),
        ("with issues", counted.issue_rows),
        ("repeated, left out", counted.repeated_rows),
        ("contacts made", counted.contacts),
        ("open issues", outcome.open_issues()),
    ];
    for (fact, count) in facts {
        writeln!(out, "  {fact:<26}{count:>12}")?;
    }
    for (kind, count) in &outcome.open_issues {
        writeln!(out, "    {kind:<24}{count:>12}")?;
    }
    if outcome.status != JobStatus::NeedsReview {
        return Ok(Status::Done);
    }
    eprintln!(
        "next: `ingest issues {job}` shows them, `ingest edit ROW --email …` and `ingest discard ROW…` decide, \
         `ingest reprocess {job}` goes on"
    );
    Ok(Status::NeedsReview)
}
