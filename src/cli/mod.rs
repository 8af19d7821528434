//! The command line: a thin layer over actions, store reads, the server and the worker.
//!
//! Data goes to stdout, everything else to stderr. The exit status is 0 if done, 1 on failure, 2 for wrong usage
//! or configuration, and 3 if there are issues for a person to resolve. A command that a signal has stopped ends with the
//! status that a shell reports for it, such as 130 for Ctrl-C.

mod assign;
mod backup;
mod browser_sessions;
mod check;
mod columns;
mod commands;
mod configuration;
mod confirm;
mod connections;
mod contacts;
mod corrections;
mod dead_letters;
mod decide;
mod definition;
mod doctor;
mod fleet;
mod health;
mod import;
mod interpretation;
mod job;
mod list;
mod local_token;
mod mapping;
mod migrate;
mod monitoring;
mod next_step;
mod note;
mod open;
mod output;
mod person;
mod progress;
mod retention;
mod retry;
mod row_filter;
mod running_server;
mod save;
mod serve;
mod session;
mod show;
mod table;
mod token;
mod undo;
mod undo_progress;
mod watch;
mod webhook;
mod wide_ids;

use std::process::ExitCode;

use commands::{Cli, Command};
use session::Session;

use crate::config::{self, LogLevel, SettingsError};
use crate::domain::decision::Decision;
use crate::telemetry::{self, Traces};

/// Runs the program: parses the command line and the environment, and carries out the command.
pub fn main() -> ExitCode {
    let refused = |error: &dyn std::fmt::Display| {
        eprintln!("ingest: {error}");
        ExitCode::from(2)
    };
    // Loads `.env` into the environment before any thread is started.
    let dotenv = match config::load_dotenv() {
        Ok(dotenv) => dotenv,
        Err(error) => return refused(&error),
    };
    if let Some(dotenv) = &dotenv {
        eprintln!("ingest: {dotenv}");
    }
    let parsed = match Cli::parse_checked(dotenv.as_ref()) {
        Ok(parsed) => parsed,
        Err(error) => return refused(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("ingest: the runtime cannot start: {error}");
            return Status::Failed.into();
        }
    };
    match runtime.block_on(run(parsed)) {
        Ok(status) => status.into(),
        Err(error) => report_error(&error),
    }
}

/// The outcome of a command, as its exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    /// Done.
    Done,
    /// There are issues for a person to resolve.
    NeedsReview,
    /// Failed.
    Failed,
    /// Stopped by the signal with this number; the worst status.
    Stopped(u8),
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        ExitCode::from(match status {
            Status::Done => 0,
            Status::Failed => 1,
            Status::NeedsReview => 3,
            Status::Stopped(signal) => 128 + signal,
        })
    }
}

/// Prints an error to stderr. The text may quote a file. Returns the exit status.
///
/// Prints nothing if the reader of the output has gone: then the program ends as SIGPIPE ends others.
fn report_error(error: &anyhow::Error) -> ExitCode {
    if output::is_reader_gone(error) {
        return Status::Stopped(SIGPIPE).into();
    }
    eprintln!("ingest: {}", output::printable_lines(&output::with_causes(error)));
    if let Some(step) = error.downcast_ref().and_then(next_step::after) {
        eprintln!("{step}");
    }
    match error.is::<SettingsError>() {
        true => ExitCode::from(2),
        false => Status::Failed.into(),
    }
}

/// The number of the signal of a closed pipe.
const SIGPIPE: u8 = 13;

/// Runs a parsed command line. Sends what waits to be sent to a collector of traces before it returns.
async fn run(cli: Cli) -> anyhow::Result<Status> {
    let export = cli.settings.traces.export(&cli.settings.otlp);
    let traces =
        export.map_err(anyhow::Error::from).and_then(|export| export.as_ref().map(Traces::start).transpose());
    start_log(&cli, traces.as_ref().ok().and_then(Option::as_ref));
    let traces = traces.unwrap_or_else(|error| {
        tracing::warn!(error = output::with_causes(&error), "no traces are sent");
        None
    });
    let result = run_command(cli).await;
    if let Some(traces) = traces {
        traces.finish().await;
    }
    result
}

fn start_log(cli: &Cli, traces: Option<&Traces>) {
    let service = matches!(cli.command, Command::Worker | Command::Serve { .. });
    let level = match cli.settings.log_level {
        // One-shot commands print their own progress.
        LogLevel::Info if !service => LogLevel::Warning,
        level => level,
    };
    let filter = telemetry::filter(level, &cli.settings.log_filter);
    telemetry::init(filter, cli.settings.log_format(service), service, traces);
}

async fn run_command(cli: Cli) -> anyhow::Result<Status> {
    let migrate = match &cli.command {
        Command::Doctor => return doctor::run(&cli.settings, cli.json).await,
        Command::Health { ready } => return health::run(&cli.settings, *ready).await,
        Command::RestoreBackup { file } => return backup::restore(&cli.settings, file, cli.json).await,
        Command::Config { output } => return configuration::show(&cli.listed, output.format(cli.json)),
        Command::Completions { shell } => return definition::print_completions(*shell),
        Command::Manual { folder } => return definition::write_manual(folder),
        Command::Migrate(_) => session::Migrate::Apply,
        Command::Import { .. }
        | Command::Watch(_)
        | Command::Preview { .. }
        | Command::Check(_)
        | Command::Worker
        | Command::Workers { .. }
        | Command::Pause(_)
        | Command::Backup { .. }
        | Command::Resume
        | Command::Serve { .. }
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
        | Command::Export { .. }
        | Command::Correct { .. }
        | Command::Undo(_)
        | Command::Cancel { .. }
        | Command::Delete { .. }
        | Command::Audit { .. }
        | Command::Reprocess { .. }
        | Command::Reread { .. }
        | Command::Map { .. }
        | Command::Mappings(_)
        | Command::About { .. }
        | Command::Forget { .. }
        | Command::Retention { .. }
        | Command::DeadLetters(_)
        | Command::DeleteContacts(_)
        | Command::Contacts(_) => session::Migrate::from_flag(cli.no_migrate),
    };
    let session = Session::open(&cli.settings, migrate, cli.json).await?;
    let result = command(cli.command, &session).await;
    session.close().await;
    result
}

async fn command(command: Command, session: &Session) -> anyhow::Result<Status> {
    match command {
        Command::Import { files, how, force } => import::run(session, &files, &how, force).await,
        Command::Watch(args) => watch::run(session, &args).await,
        Command::Preview { file, reading } => columns::show(session, &file, &reading).await,
        Command::Check(args) => check::run(session, &args).await,
        Command::Worker => session.work().await,
        Command::Workers { output } => fleet::list(session, output.format(session.json)).await,
        Command::Pause(args) => fleet::pause(session, args).await,
        Command::Resume => fleet::resume(session).await,
        Command::Backup { file } => backup::back_up(session, &file).await,
        Command::Serve { no_worker } => serve::run(session, no_worker).await,
        Command::Token(command) => token::run(session, command).await,
        Command::Webhook(command) => webhook::run(session, command).await,
        Command::Session(command) => browser_sessions::run(session, command).await,
        Command::Migrate(args) => migrate::run(session, &args).await,
        Command::Open { job, print } => open::run(session, job, print).await,
        Command::Jobs(args) => show::jobs(session, args).await,
        Command::Issues { job, how } => show::issues(session, job, how).await,
        Command::Rows { job, issue, list } => show::rows(session, job, issue, &list).await,
        Command::Edit { row, values } => decide::edit(session, row, values).await,
        Command::Discard { rows } => decide::set_aside(session, &rows, &Decision::Discard).await,
        Command::Restore { rows } => decide::set_aside(session, &rows, &Decision::Restore).await,
        Command::Resolve { job, issue, decision } => {
            decide::resolve(session, job, vec![issue], decision).await
        }
        Command::Assign { job, how } => assign::assign(session, job, how).await,
        Command::Note { job, issue, text } => note::note(session, job, issue, &text).await,
        Command::Bulk { job, which, all, decision } => decide::bulk(session, job, which, all, decision).await,
        Command::Save(args) => save::run(session, args).await,
        Command::Export { job } => corrections::export(session, job).await,
        Command::Correct { job, file } => corrections::correct(session, job, &file).await,
        Command::Undo(args) => undo::run(session, &args).await,
        Command::Cancel { job } => job::cancel(session, job).await,
        Command::Delete { job, how } => job::delete(session, job, how).await,
        Command::Audit { job, row, list } => job::audit(session, job, row, &list).await,
        Command::Reprocess { job: Some(job), .. } => import::reprocess(session, job).await,
        Command::Reprocess { job: None, failed } => retry::run(session, failed).await,
        Command::Reread { job, reading } => import::reread(session, job, &reading).await,
        Command::Map { job, how } => mapping::map(session, job, &how).await,
        Command::Mappings(command) => mapping::run(session, command).await,
        Command::Contacts(args) => contacts::list(session, args).await,
        Command::DeleteContacts(args) => contacts::delete(session, &args).await,
        Command::DeadLetters(command) => dead_letters::run(session, command).await,
        Command::Retention { dry_run } => retention::run(session, dry_run).await,
        Command::About { email } => person::about(session, &email).await,
        Command::Forget { email, dry_run, yes } => person::forget(session, &email, dry_run, yes).await,
        // These have been run without a session.
        Command::Doctor
        | Command::Health { .. }
        | Command::RestoreBackup { .. }
        | Command::Config { .. }
        | Command::Completions { .. }
        | Command::Manual { .. } => Ok(Status::Done),
    }
}
