//! `session`: sessions of signed-in browsers.

use clap::Subcommand;
use serde_json::json;

use super::Status;
use super::output::counted;
use super::session::Session;
use crate::store::sign_ins;

/// What to do with sessions.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// End sessions immediately: those of a user (`--owner`), or of all users.
    End {
        /// Of all users.
        #[arg(long)]
        all: bool,
    },
}

/// Runs the command.
pub(crate) async fn run(session: &Session, command: SessionCommand) -> anyhow::Result<Status> {
    match command {
        SessionCommand::End { all } => end(session, all).await,
    }
}

async fn end(session: &Session, all: bool) -> anyhow::Result<Status> {
    let owner = (!all).then_some(&session.owner);
    let ended = sign_ins::close_all(&session.context.pool, owner).await?;
    let whose = owner.map_or("all owners".to_owned(), |owner| owner.to_string());
    eprintln!("ended {} of {whose}", counted(ended, "session"));
    session.result(&json!({ "ended": ended }))?;
    Ok(Status::Done)
}
