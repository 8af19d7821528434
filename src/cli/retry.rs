//! `reprocess --failed`: runs all failed jobs again that match.

use anyhow::bail;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::list::search_text;
use super::output::counted;
use super::session::{self, Session};
use super::{Status, confirm, fleet};
use crate::actions::{self, Retried};
use crate::store::jobs::FailedFilter;

/// The jobs to run again, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct RetryArgs {
    /// All jobs that are FAILED, except those that a person has cancelled. Workers run them.
    #[arg(long, conflicts_with = "job")]
    failed: bool,
    /// With --failed: only jobs that failed since this date or time, such as 2026-11-01 or 2026-11-01T09:30:00Z.
    #[arg(long, requires = "failed", value_parser = moment)]
    since: Option<DateTime<Utc>>,
    /// With --failed: only jobs whose file name contains this text, in any case.
    #[arg(long, requires = "failed", value_parser = search_text)]
    text: Option<String>,
    /// With --failed: only say how many jobs would run.
    #[arg(long, requires = "failed")]
    dry_run: bool,
    /// With --failed: do not ask.
    #[arg(long, requires = "failed")]
    yes: bool,
}

/// Parses a date, which means its first moment in UTC, or a time.
fn moment(text: &str) -> Result<DateTime<Utc>, &'static str> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(date.and_time(NaiveTime::MIN).and_utc());
    }
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|time| time.to_utc())
        .map_err(|_| "expected a date such as 2026-11-01, or a time such as 2026-11-01T09:30:00Z")
}

/// Runs the jobs again.
pub(crate) async fn run(session: &Session, args: RetryArgs) -> anyhow::Result<Status> {
    let RetryArgs { since, text, dry_run, yes, .. } = args;
    let (request, which) = (session.request(), FailedFilter { since, text });
    let count = actions::count_failed(&session.owners, &request, &which).await?;
    let jobs = counted(count, "failed job");
    let mut all = Retried { jobs: 0, skipped: 0, next: None };
    if dry_run {
        eprintln!("would run {jobs} again; run without --dry-run to do it");
        session.result(&Retried { jobs: count, ..all })?;
        return Ok(Status::Done);
    }
    if count > 0 && !yes && !is_confirmed(&jobs)? {
        return Ok(Status::Failed);
    }
    let queue = session::queue(&session.settings, &session.context.pool).await?;
    loop {
        let done = actions::retry_failed(&session.owners, &queue, &request, &which, all.next).await?;
        all = Retried { jobs: all.jobs + done.jobs, skipped: all.skipped + done.skipped, next: done.next };
        if all.next.is_none() {
            break;
        }
    }
    eprintln!("{} will run again, as soon as a worker takes it", counted(all.jobs, "job"));
    if all.skipped > 0 {
        eprintln!("skipped {} that somebody else has changed meanwhile", counted(all.skipped, "job"));
    }
    fleet::say_if_paused(session).await?;
    session.result(&all)?;
    Ok(Status::Done)
}

/// Asks on the terminal.
fn is_confirmed(jobs: &str) -> anyhow::Result<bool> {
    if !confirm::is_attended() {
        bail!(
            "this would run {jobs} again, and nobody is there to confirm it; add --yes, or --dry-run to count them"
        );
    }
    let confirmed = confirm::ask(&format!("run {jobs} again? [y/N]"), &["y", "yes"])?;
    if !confirmed {
        eprintln!("ran nothing");
    }
    Ok(confirmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_first_moment() {
        let time = |text| moment(text).map(|time| time.to_rfc3339());
        assert_eq!(time("2026-11-01"), Ok("2026-11-01T00:00:00+00:00".to_owned()));
        assert_eq!(time("2026-11-01T09:30:00+02:00"), Ok("2026-11-01T07:30:00+00:00".to_owned()));
        assert!(time("yesterday").is_err() && time("2026-13-01").is_err());
    }
}
