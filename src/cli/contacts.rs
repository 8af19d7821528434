//! `contacts` and `delete-contacts`: lists contacts, and deletes them by number, or all that match.

use sqlx::PgConnection;

use super::Status;
use super::confirm;
use super::list::{List, search_text};
use super::output::{Format, OutputArgs, Printer, counted, counted_up, print};
use super::session::Session;
use super::show::{Others, header, in_words};
use crate::actions::{self, ActionError, DeletedContacts, DeletionPreview, RestoredContacts};
use crate::domain::contact_filter::ContactFilter;
use crate::domain::field::{Field, PerField};
use crate::domain::ids::ContactId;
use crate::domain::job::{JobId, Owner};
use crate::store::contacts::{self, Selected};
use crate::store::{extra_columns, jobs};

/// Contacts that are read at a time, however long the list is.
const AT_ONCE: i64 = 1_000;

/// The contacts to list, and how. A contact must meet every condition.
#[derive(Debug, clap::Args)]
pub(crate) struct ContactsArgs {
    /// Contacts whose values contain each word of this text, in any case.
    #[arg(long, value_parser = search_text)]
    text: Option<String>,
    /// Let letters of --text with and without accents match each other: muller finds Müller.
    #[arg(long, requires = "text")]
    fold_accents: bool,
    /// Contacts that this job created.
    #[arg(long)]
    job: Option<JobId>,
    #[command(flatten)]
    list: List,
}

/// Lists contacts, newest first.
pub(crate) async fn list(session: &Session, args: ContactsArgs) -> anyhow::Result<Status> {
    let ContactsArgs { text, fold_accents, job, list } = args;
    let (owner, limit) = (&session.owner, list.limit(session));
    let mut db = session.read().await?;
    let filter = ContactFilter { text, fold_accents, job, ..ContactFilter::default() };
    let search = filter.search();
    let of_job = match job {
        Some(job) => Some(selected(&mut db, owner, &filter, job).await?),
        None => None,
    };
    let fields = PerField::from_fn(Field::heading);
    let others = Others::of(extra_columns::of_owner(&mut db, owner).await?);
    let header = header(&["contact"], &fields, others.heading());
    let mut printer = Printer::on_stdout(list.format(session), &header)?;
    let (mut shown, mut next) = (0, list.after.map(ContactId));
    while shown < limit {
        let at_once = AT_ONCE.min(limit - shown);
        let page = match &of_job {
            Some(selected) => selected.page(&mut db, next, at_once).await?,
            None => contacts::search(&mut db, owner, search.as_ref(), next, at_once).await?,
        };
        for contact in &page.contacts {
            printer.put(contact, |contact| {
                let values = contact.values.values().map(String::clone);
                let id = [contact.id.to_string()].into_iter();
                id.chain(values).chain(others.cell(&contact.extra)).collect()
            })?;
        }
        shown += page.contacts.len() as i64;
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    printer.finish()?;
    if let Some(next) = next {
        let shown = match search.is_some() || job.is_some() {
            true => counted(shown, "contact"),
            false => {
                format!("{shown} of {}", counted_up(contacts::count(&mut db, owner).await?, "contact"))
            }
        };
        eprintln!("showed {shown}; continue with `--after {next}`");
    }
    Ok(Status::Done)
}

/// Returns the contacts that a job created and that match the filter.
async fn selected<'o>(
    db: &mut PgConnection,
    owner: &'o Owner,
    filter: &ContactFilter,
    job: JobId,
) -> anyhow::Result<Selected<'o>> {
    let found = jobs::get(db, owner, job).await?.ok_or(ActionError::NoJob(job))?;
    if found.rows_removed_at.is_some() {
        return Err(ActionError::RowsRemoved(job).into());
    }
    Ok(Selected::of(db, owner, filter, Some(found.tables())).await?)
}

/// The contacts to delete, and how.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("which").required(true).multiple(true).args(["contacts", "text", "job", "all"])))]
pub(crate) struct DeleteArgs {
    /// Contact numbers, as `ingest contacts` shows them.
    contacts: Vec<ContactId>,
    /// Contacts whose values contain each word of this text.
    #[arg(long)]
    text: Option<String>,
    /// Let letters of --text with and without accents match each other: muller finds Müller.
    #[arg(long, requires = "text")]
    fold_accents: bool,
    /// Contacts that this job created.
    #[arg(long)]
    job: Option<JobId>,
    /// All contacts.
    #[arg(long, conflicts_with_all = ["contacts", "text", "job"])]
    all: bool,
    /// Only show what would be deleted.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Output format of the preview.
    #[command(flatten)]
    output: OutputArgs,
}

impl DeleteArgs {
    fn filter(&self) -> ContactFilter {
        ContactFilter {
            contacts: (!self.contacts.is_empty()).then(|| self.contacts.clone()),
            text: self.text.clone(),
            fold_accents: self.fold_accents,
            job: self.job,
            all: self.all,
        }
    }
}

/// Deletes contacts.
pub(crate) async fn delete(session: &Session, args: &DeleteArgs) -> anyhow::Result<Status> {
    let filter = args.filter();
    let preview = actions::preview_deletion(&session.owners, &session.owner, &filter).await?;
    if preview.count == 0 {
        eprintln!("no contacts match");
        match args.dry_run {
            true => session.result(&preview)?,
            false => session.result(&DeletedContacts { action: None, deleted: 0 })?,
        }
        return Ok(Status::Done);
    }
    if args.dry_run {
        match session.json {
            true => session.result(&preview)?,
            false => show(args.output.format(false), &preview)?,
        }
        eprintln!("would delete {}; run without --dry-run to delete", counted(preview.count, "contact"));
        return Ok(Status::Done);
    }
    if !args.yes && !is_confirmed(&preview)? {
        eprintln!("deleted nothing");
        return Ok(Status::Failed);
    }
    let expected = Some(preview.count);
    let done = actions::delete_contacts(&session.owners, &session.request(), &filter, expected).await?;
    match done.action {
        Some(action) => {
            eprintln!("deleted {}; undo with `ingest undo {action}`", counted(done.deleted, "contact"));
        }
        None => eprintln!("no contacts match"),
    }
    session.result(&done)?;
    Ok(Status::Done)
}

/// Prints the first contacts of a preview.
fn show(format: Format, preview: &DeletionPreview) -> std::io::Result<()> {
    let fields = PerField::from_fn(Field::heading);
    let mut header = vec!["contact"];
    header.extend(fields.values().map(String::as_str));
    header.push("other columns");
    print(format, &preview.examples, &header, |contact| {
        let id = [contact.id.to_string()].into_iter();
        let values = contact.values.values().map(String::clone);
        id.chain(values).chain([in_words(&contact.extra)]).collect()
    })
}

/// Asks on the terminal.
fn is_confirmed(preview: &DeletionPreview) -> anyhow::Result<bool> {
    anyhow::ensure!(
        confirm::is_attended(),
        "nobody is there to confirm the deletion of {}; add --yes, or --dry-run to see them",
        counted(preview.count, "contact")
    );
    show(Format::Table, preview)?;
    Ok(confirm::ask_for_yes(&format!("delete {}?", counted(preview.count, "contact")))?)
}

/// Reports what the undo of a deletion did.
pub(super) fn report_restored(contacts: &RestoredContacts) {
    let RestoredContacts { restored, email_taken, first_taken, values_removed } = contacts;
    eprintln!("restored {}", counted(*restored, "contact"));
    if *email_taken > 0 {
        let numbers: Vec<String> = first_taken.iter().map(ToString::to_string).collect();
        eprintln!(
            "skipped {} whose e-mail another contact has now: {}",
            counted(*email_taken, "contact"),
            numbers.join(", ")
        );
    }
    if *values_removed > 0 {
        eprintln!("skipped {} whose values were removed", counted(*values_removed, "contact"));
    }
}
