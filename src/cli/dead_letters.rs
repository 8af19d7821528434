//! `dead-letters`: what workers have given up, for the operator.
//!
//! Only `drop` cannot be undone: it asks on a terminal, and needs `--yes` elsewhere.

use std::io::Write;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use super::output::{Format, OutputArgs, Printer, counted, printable, printable_lines, stdout};
use super::session::{self, Session};
use super::{Status, confirm};
use crate::actions::{DeadLetter, DeadLetters, Handled, LetterAction, LetterId, LetterMessage, WhichLetters};
use crate::store::Matches;

/// What to do with dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// List dead letters with their reasons, newest first.
    ///
    /// Reading a dead-letter queue of SQS hides its messages from other readers until the end, for a minute at most if the
    /// program is killed, and adds one to their receive counts.
    List {
        /// Maximum number of dead letters.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Show a dead letter: its whole message, its attributes, and what to do.
    Show {
        /// The id, as `ingest dead-letters list` shows it.
        id: LetterId,
    },
    /// Send messages back to their queue, and request another run of jobs, as `ingest reprocess` does.
    ///
    /// Fix the cause first. A message is sent before it is deleted. If the program is killed in between, both exist, which
    /// is harmless: the second one finds its job done, or runs it again.
    Redrive {
        #[command(flatten)]
        which: WhichArgs,
    },
    /// Delete messages for good, and cancel jobs, which stay with their rows.
    Drop {
        #[command(flatten)]
        which: WhichArgs,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// Some dead letters, or all.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct WhichArgs {
    /// The ids, as `ingest dead-letters list` shows them.
    ids: Vec<LetterId>,
    /// All dead letters, except those that arrive in the meantime.
    #[arg(long)]
    all: bool,
}

impl WhichArgs {
    fn which(self) -> WhichLetters {
        match self.all {
            true => WhichLetters::All,
            false => WhichLetters::Ids(self.ids.into_iter().collect()),
        }
    }
}

/// Runs the command.
pub(crate) async fn run(session: &Session, command: DeadLettersCommand) -> anyhow::Result<Status> {
    let queue = session::queue(&session.settings, &session.context.pool).await?;
    let actor = session.request().actor;
    let dead_letters =
        DeadLetters { pool: &session.context.pool, owners: &session.owners, queue: &queue, actor: &actor };
    match command {
        DeadLettersCommand::List { limit, output } => {
            list(&dead_letters, limit, output.format(session.json)).await
        }
        DeadLettersCommand::Show { id } => show(session, &dead_letters, &id).await,
        DeadLettersCommand::Redrive { which } => {
            let handled = dead_letters.act(which.which(), LetterAction::Redrive).await?;
            eprintln!("sent back {}", counted(handled.count, "dead letter"));
            finish(session, "redriven", &handled)
        }
        DeadLettersCommand::Drop { which, yes } => {
            let which = which.which();
            if !yes && !is_confirmed(&dead_letters, &which).await? {
                return Ok(Status::Failed);
            }
            let handled = dead_letters.act(which, LetterAction::Drop).await?;
            eprintln!("dropped {}", counted(handled.count, "dead letter"));
            finish(session, "dropped", &handled)
        }
    }
}

async fn list(dead_letters: &DeadLetters<'_>, limit: u32, format: Format) -> anyhow::Result<Status> {
    let listed = dead_letters.list(limit as usize).await?;
    let header = ["dead letter", "job", "when", "receives", "reason"];
    let mut printer = Printer::on_stdout(format, &header)?.with_note("reason");
    for letter in &listed.letters {
        printer.put(letter, |letter| {
            vec![
                letter.id.to_string(),
                letter.job.map(|job| job.to_string()).unwrap_or_default(),
                time(letter),
                letter.receives.map(|receives| receives.to_string()).unwrap_or_default(),
                letter.reason.clone(),
            ]
        })?;
    }
    printer.finish()?;
    if listed.more {
        let shown = counted(listed.letters.len() as u64, "dead letter");
        eprintln!("showed {shown}, and there are more; show more with `--limit`");
    }
    Ok(Status::Done)
}

fn time(letter: &DeadLetter) -> String {
    letter.at.map(|at| at.format("%Y-%m-%d %H:%M:%SZ").to_string()).unwrap_or_default()
}

/// A dead letter with its message as JSON.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    letter: DeadLetter,
    #[serde(flatten)]
    message: LetterMessage,
}

async fn show(session: &Session, dead_letters: &DeadLetters<'_>, id: &LetterId) -> anyhow::Result<Status> {
    let found = dead_letters.get(id).await?;
    let (letter, message) = found.with_context(|| missing(std::slice::from_ref(id)))?;
    if !session.json {
        print(&letter, &message)?;
    }
    eprintln!("{}", what_to_do(&letter));
    session.result(&Shown { letter, message })?;
    Ok(Status::Done)
}

fn print(letter: &DeadLetter, message: &LetterMessage) -> std::io::Result<()> {
    let mut out = stdout();
    let facts = [
        ("dead letter", Some(letter.id.to_string())),
        ("job", letter.job.map(|job| job.to_string())),
        ("when", letter.at.map(|_| time(letter))),
        ("receives", letter.receives.map(|receives| receives.to_string())),
        ("reason", Some(letter.reason.clone())),
    ];
    for (fact, value) in facts {
        if let Some(value) = value {
            writeln!(out, "{fact:<14}{}", printable(&value))?;
        }
    }
    let LetterMessage { body, attributes } = message;
    if !attributes.is_empty() {
        writeln!(out, "\nattributes")?;
    }
    for (name, value) in attributes {
        writeln!(out, "  {}: {}", printable(name), printable(value))?;
    }
    writeln!(out, "\nmessage\n{}", printable_lines(body))
}

/// Returns the next step for a dead letter.
fn what_to_do(letter: &DeadLetter) -> String {
    let id = &letter.id;
    match (&letter.id, letter.job) {
        (LetterId::Job(job), _) => format!(
            "fix the cause, then run the job again with `ingest dead-letters redrive {id}`; `drop` instead of `redrive` \
             cancels job {job}"
        ),
        (LetterId::Message(_), Some(_)) => format!(
            "fix the cause, then run the job again with `ingest dead-letters redrive {id}`; delete the message for good \
             with `ingest dead-letters drop {id}`"
        ),
        (LetterId::Message(_), None) => format!(
            "correct the program that sent it, and let it send the request again; then delete this message for good with \
             `ingest dead-letters drop {id}`"
        ),
    }
}

/// Asks on the terminal whether to drop dead letters.
async fn is_confirmed(dead_letters: &DeadLetters<'_>, which: &WhichLetters) -> anyhow::Result<bool> {
    let would = match which {
        WhichLetters::All => {
            let Matches { number, is_all } = dead_letters.count().await?;
            let at_least = if is_all { "" } else { "at least " };
            format!("drop all dead letters ({at_least}{number})")
        }
        WhichLetters::Ids(ids) => format!("drop {}", counted(ids.len() as u64, "dead letter")),
    };
    if !confirm::is_attended() {
        bail!("this would {would} for good, and nobody is there to confirm it; add --yes");
    }
    let confirmed = confirm::ask(&format!("{would} for good? [y/N]"), &["y", "yes"])?;
    if !confirmed {
        eprintln!("dropped nothing");
    }
    Ok(confirmed)
}

/// Prints the result of an action. Fails if dead letters were not found.
fn finish(session: &Session, verb: &str, handled: &Handled) -> anyhow::Result<Status> {
    session.result(&json!({ verb: handled.count, "missing": handled.missing }))?;
    if !handled.missing.is_empty() {
        bail!(missing(&handled.missing));
    }
    Ok(Status::Done)
}

fn missing(ids: &[LetterId]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!(
        "there is no dead letter {}, or another program is reading it; `ingest dead-letters list` lists them",
        ids.join(", ")
    )
}
