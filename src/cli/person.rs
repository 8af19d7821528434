//! `about` and `forget`: what is known of one person, and its erasure.

use super::Status;
use super::confirm;
use super::output::{counted, print_json};
use super::session::Session;
use crate::actions::{self, ActionError, Forgotten};
use crate::domain::ids::JobId;
use crate::domain::person::PersonAddress;
use crate::store::erasures::PersonCounts;

/// Prints everything that is known of a person.
pub(crate) async fn about(session: &Session, email: &str) -> anyhow::Result<Status> {
    let known = actions::about(&session.owners, &session.owner, &address(email)?).await?;
    print_json(&known)?;
    report_unread(&known.unread_jobs);
    if !known.complete {
        eprintln!("there is more: lists end after a thousand rows and contacts");
    }
    Ok(Status::Done)
}

/// Erases a person.
pub(crate) async fn forget(
    session: &Session,
    email: &str,
    dry_run: bool,
    yes: bool,
) -> anyhow::Result<Status> {
    let address = address(email)?;
    let (owners, objects, request) = (&session.owners, &session.context.objects, session.request());
    let planned = actions::forget(owners, objects, &request, &address, true).await?;
    let report_rest = |forgotten: &Forgotten| -> anyhow::Result<Status> {
        session.result(forgotten)?;
        report_shared(&forgotten.shared_files);
        report_unread(&forgotten.unread_jobs);
        match forgotten.unread_jobs.is_empty() {
            true => Ok(Status::Done),
            false => Ok(Status::NeedsReview),
        }
    };
    if planned.counts.is_empty() {
        eprintln!("nothing is known of this person");
        return report_rest(&planned);
    }
    if dry_run {
        eprintln!("would erase {}; run without --dry-run to erase", in_words(&planned.counts));
        return report_rest(&planned);
    }
    if !yes && !is_confirmed(&planned.counts)? {
        eprintln!("erased nothing");
        return Ok(Status::Failed);
    }
    let forgotten = actions::forget(owners, objects, &request, &address, false).await?;
    match forgotten.erasure {
        Some(erasure) => eprintln!("erased {} (erasure {erasure})", in_words(&forgotten.counts)),
        None => eprintln!("nothing is known of this person"),
    }
    report_rest(&forgotten)
}

fn address(email: &str) -> Result<PersonAddress, ActionError> {
    PersonAddress::parse(email).map_err(|reason| ActionError::Invalid { field: "email", reason })
}

/// Asks on the terminal.
fn is_confirmed(counts: &PersonCounts) -> anyhow::Result<bool> {
    anyhow::ensure!(
        confirm::is_attended(),
        "erasing a person cannot be undone, and nobody is there to confirm it; add --yes, or --dry-run to see how much"
    );
    Ok(confirm::ask_for_yes(&format!("erase {}? This cannot be undone.", in_words(counts)))?)
}

fn in_words(counts: &PersonCounts) -> String {
    let PersonCounts {
        contacts,
        changes,
        rows,
        deleted_contacts,
        issues,
        decisions,
        mentions,
        records,
        files,
    } = *counts;
    let kinds = [
        (contacts, "contact"),
        (changes, "change of contacts"),
        (rows, "row"),
        (deleted_contacts, "deleted contact"),
        (issues, "issue"),
        (decisions, "recorded decision"),
        (mentions, "mention elsewhere"),
        (records, "record"),
        (files, "stored file"),
    ];
    let words: Vec<String> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| match (*count, *kind) {
            (1, kind) => counted(1, kind),
            (count, "change of contacts") => format!("{count} changes of contacts"),
            (count, "mention elsewhere") => format!("{count} mentions elsewhere"),
            (count, kind) => counted(count, kind),
        })
        .collect();
    words.join(", ")
}

fn report_unread(jobs: &[JobId]) {
    if !jobs.is_empty() {
        eprintln!(
            "not searched, since only the stored file has the rows: {}; delete these jobs with `ingest delete`, or run them \
             with `ingest reprocess`, and repeat this command",
            named(jobs)
        );
    }
}

fn report_shared(jobs: &[JobId]) {
    if !jobs.is_empty() {
        eprintln!("the stored file stays, since another owner's job reads it too: {}", named(jobs));
    }
}

fn named(jobs: &[JobId]) -> String {
    let names: Vec<String> = jobs.iter().map(|job| format!("job {job}")).collect();
    names.join(", ")
}
