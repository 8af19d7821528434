//! `token`: API tokens of the command line's user.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;
use serde::Serialize;

use super::Status;
use super::output::{Format, print};
use super::session::Session;
use crate::auth::{Role, Roles, Secret};
use crate::store::api_tokens::{self, ApiToken, MOST_LIVE};

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it, this once. It is sent as `Authorization: Bearer …`.
    Create {
        /// What to call it.
        name: String,
        /// What it may do: uploader, editor, or both. Without any it reads.
        #[arg(long, value_delimiter = ',')]
        roles: Vec<Role>,
        /// Days after which it ends by itself.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3_650))]
        expires_days: Option<u32>,
    },
    /// List tokens, newest first, also those that have ended.
    List {
        /// The form of the output.
        #[arg(long, short, value_enum, default_value = "table")]
        output: Format,
    },
    /// End a token at once.
    Revoke {
        /// The token's number, as `ingest token list` shows it.
        id: i64,
    },
}

/// Carries it out.
pub async fn run(session: &Session, command: TokenCommand) -> anyhow::Result<Status> {
    match command {
        TokenCommand::Create { name, roles, expires_days } => {
            create(session, &name, roles, expires_days).await
        }
        TokenCommand::List { output } => list(session, output).await,
        TokenCommand::Revoke { id } => revoke(session, id).await,
    }
}

async fn create(
    session: &Session,
    name: &str,
    roles: Vec<Role>,
    days: Option<u32>,
) -> anyhow::Result<Status> {
    let name = name.trim();
    let fits = (1..=100).contains(&name.chars().count()) && !name.contains(char::is_control);
    ensure!(fits, "a token's name takes 1 to 100 characters, none of them a control character");
    let lifetime = days.map(|days| Duration::from_secs(u64::from(days) * 86_400));
    let secret = Secret::random_api_token();
    let (pool, owner) = (&session.context.pool, &session.owner);
    let roles: Roles = roles.into_iter().collect();
    let made = api_tokens::insert(pool, owner, name, &secret.hash(), roles, lifetime).await?;
    let made = made.with_context(|| format!("{owner} has {MOST_LIVE} tokens already; revoke some"))?;
    println!("{}", secret.expose());
    eprintln!("token {} of {owner}; it is not shown again", made.id);
    Ok(Status::Done)
}

/// A token as JSON.
#[derive(Serialize)]
struct Shown {
    id: i64,
    name: String,
    roles: Vec<String>,
    created_at: chrono::DateTime<chrono::Utc>,
    expires_at: Option<chrono::DateTime<chrono::Utc>>,
    last_used_at: Option<chrono::DateTime<chrono::Utc>>,
    revoked_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl From<ApiToken> for Shown {
    fn from(token: ApiToken) -> Self {
        let ApiToken { id, owner: _, name, roles, created_at, expires_at, last_used_at, revoked_at } = token;
        Shown { id, name, roles: roles.words(), created_at, expires_at, last_used_at, revoked_at }
    }
}

async fn list(session: &Session, output: Format) -> anyhow::Result<Status> {
    let tokens = api_tokens::list(&session.context.pool, &session.owner).await?;
    let shown: Vec<Shown> = tokens.into_iter().map(Shown::from).collect();
    let header = ["token", "name", "roles", "created", "expires", "last used", "revoked"];
    print(output, &shown, &header, |token| {
        let time = |at: Option<chrono::DateTime<chrono::Utc>>| {
            at.map(|at| at.format("%Y-%m-%d %H:%MZ").to_string()).unwrap_or_default()
        };
        vec![
            token.id.to_string(),
            token.name.clone(),
            token.roles.join(" "),
            time(Some(token.created_at)),
            time(token.expires_at),
            time(token.last_used_at),
            time(token.revoked_at),
        ]
    })?;
    Ok(Status::Done)
}

async fn revoke(session: &Session, id: i64) -> anyhow::Result<Status> {
    if !api_tokens::revoke(&session.context.pool, &session.owner, id).await? {
        bail!("{} has no token {id}; `ingest token list` lists them", session.owner);
    }
    eprintln!("token {id} is revoked");
    Ok(Status::Done)
}
