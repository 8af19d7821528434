//! `delete-contacts`: deletes contacts by number, or all that match.

use std::io::IsTerminal;

use super::Status;
use super::output::{Format, counted, print};
use super::session::Session;
use super::show::in_words;
use crate::actions::{self, DeletionPreview, RestoredContacts};
use crate::domain::contact_filter::ContactFilter;
use crate::domain::field::{Field, PerField};
use crate::domain::ids::ContactId;
use crate::domain::job::JobId;

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
    #[arg(long, short, value_enum, ignore_case = true, default_value = "table")]
    output: Format,
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
        return Ok(Status::Done);
    }
    if args.dry_run {
        show(args.output, &preview)?;
        eprintln!("would delete {}; run without --dry-run to delete", counted(preview.count, "contact"));
        return Ok(Status::Done);
    }
    if !args.yes && !is_confirmed(args.output, &preview)? {
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
fn is_confirmed(format: Format, preview: &DeletionPreview) -> anyhow::Result<bool> {
    anyhow::ensure!(
        std::io::stdin().is_terminal(),
        "nobody is there to confirm the deletion of {}; add --yes, or --dry-run to see them",
        counted(preview.count, "contact")
    );
    show(format, preview)?;
    eprint!("delete {}? Type yes: ", counted(preview.count, "contact"));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
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
