//! The command line: a thin face over actions, store reads, the server and the worker.
//!
//! Data goes to stdout, everything else to stderr. Exit status: 0 done, 1 failed, 2 wrong usage or
//! configuration, 3 a person has issues to decide.

mod browser_sessions;
mod columns;
mod connections;
mod corrections;
mod decide;
mod doctor;
mod import;
mod job;
mod local_token;
mod output;
mod progress;
mod serve;
mod session;
mod show;
mod token;
mod undo_progress;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{self, LogLevel, Settings, SettingsError};
use crate::domain::decision::Decision;
use crate::domain::ids::{ActionId, IssueId, JobId, RowId};
use crate::domain::issue::IssueType;
use crate::domain::rules::{RULES, Rule};
use crate::store::issues::{State, Which};
use crate::telemetry;
use output::Format;
use session::Session;

/// Gets messy CSV files of contacts into PostgreSQL, with a person deciding what a machine cannot.
///
/// With nothing configured everything is local: the program runs a private PostgreSQL and keeps files
/// in its data folder.
#[derive(Debug, Parser)]
#[command(name = "ingest", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    settings: Settings,
    /// Refuse to run on an older schema instead of bringing it up to date.
    #[arg(long, global = true)]
    no_migrate: bool,
}

impl Cli {
    /// Parses the command line; exits with usage if it is not one. Fails if it contains a secret.
    pub fn parse_checked() -> Result<Cli, SettingsError> {
        let matches = Cli::command().get_matches();
        config::refuse_secret_flags(&matches)?;
        Ok(Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()))
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Import CSV files: put, stage, validate, consolidate. Exit status 0: all COMPLETED, 3: a person has
    /// issues to decide, 1: a file failed.
    Import {
        /// The files; `-` reads standard input.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        how: import::How,
    },
    /// Show the beginning of a file as it is understood: encoding, delimiter, columns, first rows.
    Preview {
        /// The file.
        file: PathBuf,
    },
    /// Consume the queue until SIGTERM or SIGINT.
    Worker,
    /// Serve the HTTP API, with a worker inside, until SIGTERM or SIGINT.
    Serve {
        /// Leave the jobs to workers elsewhere.
        #[arg(long)]
        no_worker: bool,
    },
    /// Make, list and revoke API tokens of the HTTP server, for the user whose contacts the command line
    /// works for.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// End the sessions of browsers that have signed in to the HTTP server.
    #[command(subcommand)]
    Session(browser_sessions::SessionCommand),
    /// Bring the database's schema up to date.
    Migrate,
    /// List jobs, newest first.
    Jobs(List),
    /// List the open issues of a job, with the rows that each is about.
    Issues {
        /// The job's number.
        job: JobId,
        /// Settled issues too.
        #[arg(long)]
        all: bool,
        /// Only issues of this type.
        #[arg(long, value_name = "TYPE", value_parser = issue_type())]
        kind: Option<IssueType>,
        /// The most rows to print of each issue; `ingest rows` prints the rest.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..))]
        rows: i64,
        #[command(flatten)]
        list: List,
    },
    /// List the rows that an issue is about.
    Rows {
        /// The job's number.
        job: JobId,
        /// The issue's number, as `ingest issues` shows it.
        issue: IssueId,
        #[command(flatten)]
        list: List,
    },
    /// Change values of a row that is under review.
    #[command(group(clap::ArgGroup::new("given").required(true).multiple(true).args(["email", "first_name", "last_name", "company"])))]
    Edit {
        /// The row's number, as `ingest issues` shows it.
        row: RowId,
        #[command(flatten)]
        values: decide::Values,
    },
    /// Leave rows out of the import.
    Discard {
        /// Row numbers, as `ingest issues` shows them.
        #[arg(required = true)]
        rows: Vec<RowId>,
    },
    /// Take rows in again that were left out.
    Restore {
        /// Row numbers, as `ingest issues` shows them.
        #[arg(required = true)]
        rows: Vec<RowId>,
    },
    /// Decide about the rows of one issue.
    Resolve {
        /// The job's number.
        job: JobId,
        /// The issue's number, as `ingest issues` shows it.
        issue: IssueId,
        #[command(flatten)]
        decision: decide::DecisionArgs,
    },
    /// Decide about all rows of a job that meet what is asked; `--preview` shows what that would do.
    Bulk {
        /// The job's number.
        job: JobId,
        #[command(flatten)]
        which: decide::FilterArgs,
        #[command(flatten)]
        decision: decide::DecisionArgs,
    },
    /// Print the rows of a job that an open issue is about as CSV, to be corrected in a spreadsheet.
    Export {
        /// The job's number.
        job: JobId,
    },
    /// Take in a file of `ingest export` with corrections; rows are found by their row_key.
    Correct {
        /// The job's number.
        job: JobId,
        /// The file; `-` reads standard input.
        file: PathBuf,
    },
    /// Take back an action (its number), or the whole import of a job.
    Undo {
        /// The action's number, as `ingest audit` shows it.
        #[arg(required_unless_present = "import", conflicts_with = "import")]
        action: Option<ActionId>,
        /// Remove the contacts that this job made, and give those that it changed their earlier values.
        #[arg(long, value_name = "JOB")]
        import: Option<JobId>,
    },
    /// Call off a job that is not running.
    Cancel {
        /// The job's number.
        job: JobId,
    },
    /// Delete a job that is not running, with its rows and issues; its contacts stay.
    Delete {
        /// The job's number.
        job: JobId,
    },
    /// List who did what, newest first.
    Audit {
        /// To this job only.
        #[arg(long)]
        job: Option<JobId>,
        /// Only what changed this row.
        #[arg(long)]
        row: Option<RowId>,
        #[command(flatten)]
        list: List,
    },
    /// Judge a job's rows again, and consolidate it if nothing is open. Goes on with a job that was
    /// stopped, and tries a FAILED one again.
    Reprocess {
        /// The job's number.
        job: JobId,
    },
    /// List contacts.
    Contacts(List),
    /// Check the database, the store and the queue, and say what to do.
    Doctor,
}

/// How much of a list is printed, and in what form.
#[derive(Debug, clap::Args)]
struct List {
    /// The form of the output.
    #[arg(long, short, value_enum, default_value = "table")]
    output: Format,
    /// The most entries to print.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..))]
    limit: i64,
    /// Go on behind this entry (its number in the first column).
    #[arg(long)]
    after: Option<i64>,
}

/// What a command's end means to whoever called the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Done.
    Done,
    /// A person has issues to decide.
    NeedsReview,
    /// Failed: the worst.
    Failed,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        ExitCode::from(match status {
            Status::Done => 0,
            Status::Failed => 1,
            Status::NeedsReview => 3,
        })
    }
}

/// Tells a person why the program ends. The text may quote a file.
pub fn tell_error(error: &anyhow::Error) {
    eprintln!("ingest: {}", output::printable_lines(&format!("{error:#}")));
}

/// Carries out a parsed command line.
pub async fn run(cli: Cli) -> anyhow::Result<Status> {
    let service = matches!(cli.command, Command::Worker | Command::Serve { .. });
    let level = match cli.settings.log_level {
        // What a person started tells how it goes by itself.
        LogLevel::Info if !service => LogLevel::Warning,
        level => level,
    };
    telemetry::init(level, cli.settings.log_format(service), service);
    let migrate = session::Migrate::from_flag(cli.no_migrate);
    let session = match &cli.command {
        Command::Doctor => return doctor::run(&cli.settings).await,
        Command::Migrate => Session::open(&cli.settings, session::Migrate::Apply).await?,
        _ => Session::open(&cli.settings, migrate).await?,
    };
    let result = command(cli.command, &session).await;
    session.close().await;
    result
}

async fn command(command: Command, session: &Session) -> anyhow::Result<Status> {
    match command {
        Command::Import { files, how } => import::run(session, &files, &how).await,
        Command::Preview { file } => columns::show(session, &file).await,
        Command::Worker => session.work().await,
        Command::Serve { no_worker } => serve::run(session, no_worker).await,
        Command::Token(command) => token::run(session, command).await,
        Command::Session(command) => browser_sessions::run(session, command).await,
        Command::Migrate => {
            eprintln!("the schema is up to date");
            Ok(Status::Done)
        }
        Command::Jobs(list) => show::jobs(session, &list).await,
        Command::Issues { job, all, kind, rows, list } => {
            let state = if all { State::All } else { State::Open };
            show::issues(session, job, Which { kind, state, text: None }, rows, &list).await
        }
        Command::Rows { job, issue, list } => show::rows(session, job, issue, &list).await,
        Command::Edit { row, values } => decide::edit(session, row, values).await,
        Command::Discard { rows } => decide::set_aside(session, &rows, &Decision::Discard).await,
        Command::Restore { rows } => decide::set_aside(session, &rows, &Decision::Restore).await,
        Command::Resolve { job, issue, decision } => {
            decide::resolve(session, job, vec![issue], decision).await
        }
        Command::Bulk { job, which, decision } => decide::bulk(session, job, which, decision).await,
        Command::Export { job } => corrections::export(session, job).await,
        Command::Correct { job, file } => corrections::correct(session, job, &file).await,
        Command::Undo { action: Some(action), .. } => decide::undo(session, action).await,
        Command::Undo { import: Some(job), .. } => decide::undo_import(session, job).await,
        Command::Undo { action: None, import: None } => Ok(Status::Failed),
        Command::Cancel { job } => job::cancel(session, job).await,
        Command::Delete { job } => job::delete(session, job).await,
        Command::Audit { job, row, list } => job::audit(session, job, row, &list).await,
        Command::Reprocess { job } => import::reprocess(session, job).await,
        Command::Contacts(list) => show::contacts(session, &list).await,
        Command::Doctor => Ok(Status::Done),
    }
}

/// Parses an issue type. The help lists all of them.
fn issue_type() -> impl TypedValueParser<Value = IssueType> {
    let value = |rule: &Rule| PossibleValue::new(rule.issue_type.as_str()).help(rule.when);
    PossibleValuesParser::new(RULES.map(value)).try_map(|word| word.parse::<IssueType>())
}
