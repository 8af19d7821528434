//! The commands with their arguments and help.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::list::List;
use super::output::OutputArgs;
use super::{
    assign, browser_sessions, check, columns, contacts, dead_letters, decide, fleet, import, job, mapping,
    migrate, note, retry, row_filter, save, show, token, undo, watch, webhook,
};
use crate::config::{Setting, Settings};
use crate::domain::field::Field;
use crate::domain::ids::{IssueId, JobId, RowId};
use crate::domain::note::Note;

/// Gets messy CSV files of contacts into PostgreSQL, with a person deciding what a machine cannot.
///
/// With nothing configured everything is local: the program runs a private PostgreSQL and keeps files
/// in its data folder.
#[derive(Debug, Parser)]
#[command(name = "ingest", version = version(), propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Print the result as JSON on stdout; of a list, the same as `--output json`.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Fail if the database schema is out of date instead of migrating it.
    #[arg(long, global = true)]
    pub(super) no_migrate: bool,
    #[command(flatten)]
    pub(super) settings: Settings,
    /// All settings, for `config`.
    #[arg(skip)]
    pub(super) listed: Vec<Setting>,
}

/// The version, with the commit if the build has set `INGEST_COMMIT`, as `make build` does.
fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    match option_env!("INGEST_COMMIT").filter(|commit| !commit.is_empty()) {
        Some(commit) => format!("{version} ({commit})"),
        None => version.to_owned(),
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Import CSV files.
    ///
    /// Exits with status 0 if all contacts were created, 3 if there are issues to resolve, and 1 if a file failed.
    Import {
        /// The files; `-` reads standard input.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        how: import::How,
        /// Import a file even if it was imported before.
        #[arg(long)]
        force: bool,
    },
    /// Import the files of a folder as they arrive, one after another, until SIGTERM or SIGINT.
    ///
    /// Imports each file that has stopped growing and whose name is not that of an unfinished one (.part, .crdownload, ~, hidden
    /// files). A file that was imported before is not imported again, so the command can be started again at any time. Files that
    /// failed are tried again at the next start, or when they change.
    Watch(watch::WatchArgs),
    /// Show how a file is read: encoding, delimiter, columns and first rows.
    Preview {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        reading: columns::ReadingArgs,
    },
    /// Check a file before its import: how many rows become contacts, and what will be asked about the others.
    ///
    /// Reads the whole file as an import does, compares its rows with each other and with the contacts, and stores nothing. Exits
    /// with status 0 if all rows become contacts, 3 if there would be issues to resolve, and 1 if the file would be refused.
    Check(check::CheckArgs),
    /// Run jobs from the queue until SIGTERM or SIGINT.
    ///
    /// SIGUSR1 quiets the worker: it takes no new jobs, completes those in progress, and waits for SIGTERM.
    Worker,
    /// List the workers that run, of all queues.
    Workers {
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Let the workers take no new jobs until `ingest resume`; those in progress are completed.
    ///
    /// Stays in force if workers are restarted. Jobs that this program runs itself, as `ingest import` does, are not affected.
    Pause(fleet::PauseArgs),
    /// End a pause: let the workers of the configured queue take new jobs.
    Resume,
    /// Serve the pages and the HTTP API, and run jobs, until SIGTERM or SIGINT.
    Serve {
        /// Run no jobs; leave them to other workers.
        #[arg(long)]
        no_worker: bool,
    },
    /// Create, list and revoke API tokens of the HTTP server for the user of --owner.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Create, list, test and delete webhooks: URLs that receive the changes of jobs of the user of --owner.
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),
    /// Sign browsers out of the HTTP server.
    #[command(subcommand)]
    Session(browser_sessions::SessionCommand),
    /// Migrate the database schema.
    Migrate(migrate::MigrateArgs),
    /// Open the page of a job in the browser.
    ///
    /// The address is PUBLIC_URL or, if that is not set, that of the `ingest serve` that runs with the same data folder.
    Open {
        /// The job's number.
        job: JobId,
        /// Only print the address.
        #[arg(long)]
        print: bool,
    },
    /// List jobs, newest first.
    Jobs(show::JobsArgs),
    /// List the open issues of a job with their rows.
    Issues {
        /// The job's number.
        job: JobId,
        #[command(flatten)]
        how: show::IssuesArgs,
    },
    /// List the rows of an issue.
    Rows {
        /// The job's number.
        job: JobId,
        /// The issue's number, as `ingest issues` shows it.
        issue: IssueId,
        #[command(flatten)]
        list: List,
    },
    /// Edit a row under review.
    #[command(group(clap::ArgGroup::new("given").required(true).multiple(true).args(Field::ALL.iter().map(|field| field.as_str()).chain([decide::OTHER]))))]
    Edit {
        /// The row's number, as `ingest issues` shows it.
        row: RowId,
        #[command(flatten)]
        values: decide::Values,
    },
    /// Discard rows: they are not imported.
    Discard {
        /// Row numbers, as `ingest issues` shows them.
        #[arg(required = true)]
        rows: Vec<RowId>,
    },
    /// Restore discarded rows.
    Restore {
        /// Row numbers, as `ingest issues` shows them.
        #[arg(required = true)]
        rows: Vec<RowId>,
    },
    /// Resolve one issue.
    Resolve {
        /// The job's number.
        job: JobId,
        /// The issue's number, as `ingest issues` shows it.
        issue: IssueId,
        #[command(flatten)]
        decision: decide::DecisionArgs,
    },
    /// Assign open issues of a job: those with these numbers, or those of all rows that match every option.
    ///
    /// That is a hint who wants to decide. It keeps nobody else from it.
    Assign {
        /// The job's number.
        job: JobId,
        #[command(flatten)]
        how: assign::AssignArgs,
    },
    /// Leave a note on an issue: what was asked or found out. Decisions leave one with `--note`.
    Note {
        /// The job's number.
        job: JobId,
        /// The issue's number, as `ingest issues` shows it.
        issue: IssueId,
        /// The text; an empty one removes the note.
        #[arg(value_parser = note::note_text)]
        text: Note,
    },
    /// Resolve the issues of all rows of a job that match; `--preview` shows the effect first.
    Bulk {
        /// The job's number.
        job: JobId,
        #[command(flatten)]
        which: row_filter::FilterArgs,
        /// Every row of the job.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        decision: decide::DecisionArgs,
    },
    /// Save contacts, or the rows of a job, as CSV, XLSX, JSON lines, Parquet or vCard.
    Save(save::SaveArgs),
    /// Print the rows with open issues as CSV, to correct them in a spreadsheet.
    Export {
        /// The job's number.
        job: JobId,
    },
    /// Apply a corrected file of `ingest export`; the column row_key identifies each row.
    Correct {
        /// The job's number.
        job: JobId,
        /// The file; `-` reads standard input.
        file: PathBuf,
    },
    /// Undo an action, or the whole import of a job.
    ///
    /// On a terminal, shows what would be removed and restored, and asks.
    Undo(undo::UndoArgs),
    /// Cancel a job that is not running.
    Cancel {
        /// The job's number.
        job: JobId,
    },
    /// Delete a job that is not running, with its rows and issues; its contacts stay.
    ///
    /// This cannot be undone, so it asks before, and says how many rows and issues there are, and whether the stored file is
    /// deleted.
    Delete {
        /// The job's number.
        job: JobId,
        #[command(flatten)]
        how: job::DeleteArgs,
    },
    /// List actions (who did what), newest first.
    Audit {
        /// Only actions on this job.
        #[arg(long)]
        job: Option<JobId>,
        /// Only actions that changed this row.
        #[arg(long)]
        row: Option<RowId>,
        #[command(flatten)]
        list: List,
    },
    /// Check a job's rows again and import them if no issue is open.
    ///
    /// Also resumes a job that was stopped, and retries one that FAILED. With --failed, workers run all failed jobs again.
    Reprocess {
        /// The job's number.
        #[arg(required_unless_present = "failed")]
        job: Option<JobId>,
        #[command(flatten)]
        failed: retry::RetryArgs,
    },
    /// Read the file of a job again, with other settings.
    ///
    /// What is not set is detected, except that the part of an archive or a workbook stays the same. The job's rows and all decisions about them are replaced.
    Reread {
        /// The job's number.
        job: JobId,
        #[command(flatten)]
        reading: columns::ReadingArgs,
    },
    /// Say which column of the file of a job is which, and read the file again.
    ///
    /// For a job that FAILED because its columns are not recognised, and for one with rows in the wrong columns. Without
    /// columns and values, shows the file as it is read. The columns are remembered for files with the same header.
    Map {
        /// The job's number.
        job: JobId,
        #[command(flatten)]
        how: mapping::MapArgs,
    },
    /// List, change and forget the columns that are remembered for files with the same header.
    #[command(subcommand)]
    Mappings(mapping::MappingsCommand),
    /// List contacts, newest first.
    Contacts(contacts::ContactsArgs),
    /// Delete contacts: those with these numbers, or all that match every option.
    ///
    /// Other runs of their jobs do not create them again. `ingest undo` restores them.
    DeleteContacts(contacts::DeleteArgs),
    /// Print everything that is known of a person, as JSON.
    ///
    /// Rows and contacts are the person's if they have the e-mail address, or had it. With their history, and what else
    /// contains the address.
    About {
        /// The e-mail address of the person.
        email: String,
    },
    /// Erase a person: contacts, rows, issues, what was recorded of them, and the stored files.
    ///
    /// Erases exactly what `ingest about` prints, of the owner's data. This cannot be undone. Exits with status 3 if jobs
    /// remain whose rows only the stored file has, since it may contain the person.
    Forget {
        /// The e-mail address of the person.
        email: String,
        /// Only say how much would be erased.
        #[arg(long)]
        dry_run: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Remove what is older than STAGING_RETENTION_DAYS, AUDIT_RETENTION_DAYS and FILE_RETENTION_DAYS, of all owners.
    ///
    /// Workers do the same every hour.
    Retention {
        /// Only say how much would be removed.
        #[arg(long)]
        dry_run: bool,
    },
    /// List, show, send back and drop what workers have given up: messages and jobs of all owners.
    ///
    /// A dead letter is a message in the dead-letter queue of SQS_QUEUE_URL; without a dead-letter queue, it is a message that
    /// could not be parsed, or a job that is FAILED for a reason that the operator must fix. For the operator: messages have
    /// no owner, so --owner does not limit this command.
    #[command(subcommand)]
    DeadLetters(dead_letters::DeadLettersCommand),
    /// Write the local data folder to a file: its database, and the files of its jobs.
    ///
    /// Other programs may go on using the folder. The file contains personal data and secrets; only its owner can read it.
    Backup {
        /// The file; it must not exist.
        file: PathBuf,
    },
    /// Restore a file of `ingest backup` into the data folder, which must be empty or missing.
    RestoreBackup {
        /// The file.
        file: PathBuf,
    },
    /// Check the database, the file store and the queue, and report what to fix.
    Doctor,
    /// Ask the worker or server of this machine or container whether it is alive; exits with status 1 if not.
    ///
    /// Asks /livez at METRICS_ADDRESS, which must be set as for the service. For health checks of containers.
    Health {
        /// Ask /readyz instead: whether it accepts work and reaches its database.
        #[arg(long)]
        ready: bool,
    },
    /// Print the settings, with their values and where these come from.
    ///
    /// Flags override the environment, and the environment overrides the file .env of the working directory. An empty
    /// value counts as unset.
    Config {
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Print the completions for a shell.
    Completions {
        /// The shell.
        #[arg(value_enum, ignore_case = true)]
        shell: clap_complete::Shell,
    },
    /// Write a manual page for each command.
    Manual {
        /// The folder, such as /usr/local/share/man/man1; it is created if it is missing.
        folder: PathBuf,
    },
}

impl Command {
    /// Returns what to say if the command has no result to print as JSON.
    pub(super) fn why_not_json(&self) -> Option<&'static str> {
        match self {
            Command::Worker | Command::Serve { .. } | Command::Migrate(_) => Some(
                "this command has no result that --json could print; its log is JSON with --log-format json",
            ),
            Command::Export { .. } => Some("a file of corrections is CSV; leave out --json"),
            Command::Completions { .. }
            | Command::Manual { .. }
            | Command::Watch(_)
            | Command::Health { .. } => Some("this command has no result that --json could print"),
            Command::Import { .. }
            | Command::Preview { .. }
            | Command::Check(_)
            | Command::Workers { .. }
            | Command::Pause(_)
            | Command::Backup { .. }
            | Command::RestoreBackup { .. }
            | Command::Resume
            | Command::Token(_)
            | Command::Webhook(_)
            | Command::Session(_)
            | Command::Open { .. }
            | Command::Jobs(_)
            | Command::Issues { .. }
            | Command::Rows { .. }
            | Command::Edit { .. }
            | Command::Discard { .. }
            | Command::Restore { .. }
            | Command::Resolve { .. }
            | Command::Assign { .. }
            | Command::Note { .. }
            | Command::Bulk { .. }
            | Command::Save(_)
            | Command::Correct { .. }
            | Command::Undo(_)
            | Command::Cancel { .. }
            | Command::Delete { .. }
            | Command::Audit { .. }
            | Command::Reprocess { .. }
            | Command::Reread { .. }
            | Command::Map { .. }
            | Command::Mappings(_)
            | Command::Contacts(_)
            | Command::DeleteContacts(_)
            | Command::About { .. }
            | Command::Forget { .. }
            | Command::Retention { .. }
            | Command::DeadLetters(_)
            | Command::Doctor
            | Command::Config { .. } => None,
        }
    }
}
