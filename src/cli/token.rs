//! `token`: API tokens of the command line's user.

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde::Serialize;
use serde_json::json;
use std::io::Write;

use super::Status;
use super::output::{Format, OutputArgs, counted, print, time};
use super::session::Session;
use crate::auth::{Role, Roles, Secret};
use crate::config::Settings;
use crate::domain::access::TokenDays;
use crate::domain::ids::TokenId;
use crate::store::api_tokens::{self, ApiToken, MOST_LIVE};

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token and print it once. Clients send it as `Authorization: Bearer …`.
    Create {
        /// Name of the token.
        name: String,
        /// Roles, separated by commas: uploader, editor, operator. Without roles it can only read.
        #[arg(long, value_delimiter = ',')]
        roles: Vec<Role>,
        /// Days until it expires, at most API_TOKEN_MAX_DAYS [default: API_TOKEN_DAYS]
        #[arg(long)]
        expires_days: Option<u32>,
    },
    /// List tokens, newest first, including expired and revoked ones.
    List {
        /// Of all users.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Revoke tokens immediately: some or all of a user (`--owner`), or of all users.
    #[command(group(clap::ArgGroup::new("which").required(true)))]
    Revoke {
        /// Token numbers, as `ingest token list` shows them.
        #[arg(group = "which")]
        ids: Vec<TokenId>,
        /// All tokens of the user.
        #[arg(long, group = "which")]
        every: bool,
        /// All tokens of all users.
        #[arg(long, group = "which")]
        all: bool,
    },
}

/// Runs the command.
pub(crate) async fn run(session: &Session, command: TokenCommand) -> anyhow::Result<Status> {
    match command {
        TokenCommand::Create { name, roles, expires_days } => {
            create(session, &name, roles, expires_days).await
        }
        TokenCommand::List { all, output } => list(session, all, output.format(session.json)).await,
        TokenCommand::Revoke { ids, every: false, all: false } => revoke(session, &ids).await,
        TokenCommand::Revoke { all, .. } => revoke_all(session, all).await,
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
    ensure!(fits, "a token's name must have 1 to 100 characters and no control characters");
    let limits = token_days(&session.settings)?;
    let lifetime = limits.lifetime(days);
    let lifetime = lifetime
        .with_context(|| format!("--expires-days must be 1 to {} (API_TOKEN_MAX_DAYS)", limits.max))?;
    let secret = Secret::random_api_token();
    let (pool, owner) = (&session.context.pool, &session.owner);
    let roles: Roles = roles.into_iter().collect();
    let created = api_tokens::insert(pool, owner, name, &secret.hash(), roles, lifetime).await?;
    let created = created.with_context(|| {
        format!("{owner} already has {MOST_LIVE} tokens; revoke one with `ingest token revoke`")
    })?;
    // The token is lost if this fails, so that is an error even if nobody reads the output.
    match session.json {
        true => {
            let (id, expires_at) = (created.id, created.expires_at);
            let shown = json!({ "id": id, "token": secret.expose(), "expires_at": expires_at });
            writeln!(std::io::stdout(), "{shown:#}")?;
        }
        false => writeln!(std::io::stdout(), "{}", secret.expose())?,
    }
    eprintln!(
        "created token {} for {owner}, valid until {}; it is not shown again",
        created.id,
        time(Some(created.expires_at))
    );
    let now = created.roles_now(session.settings.serve.oidc()?.is_some());
    if now != created.roles {
        let words = now.words();
        let most = if words.is_empty() { "no role".to_owned() } else { words.join(" and ") };
        eprintln!("the sign-in provider gives {owner} fewer roles: until that changes, the token has {most}");
    }
    Ok(Status::Done)
}

/// Returns the configured lifetimes of tokens.
pub(crate) fn token_days(settings: &Settings) -> anyhow::Result<TokenDays> {
    let (default, max) = settings.serve.access.token_days()?;
    Ok(TokenDays { default, max })
}

/// A token as JSON.
#[derive(Serialize)]
struct Shown {
    id: TokenId,
    owner: String,
    name: String,
    /// The roles that it was created with.
    roles: Vec<String>,
    /// The roles that it has at the moment.
    roles_now: Vec<String>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl Shown {
    fn new(token: ApiToken, by_provider: bool) -> Shown {
        Shown {
            roles: token.roles.words(),
            roles_now: token.roles_now(by_provider).words(),
            id: token.id,
            owner: token.owner.0,
            name: token.name,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            revoked_at: token.revoked_at,
        }
    }
}

async fn list(session: &Session, all: bool, output: Format) -> anyhow::Result<Status> {
    let owner = (!all).then_some(&session.owner);
    let by_provider = session.settings.serve.oidc()?.is_some();
    let tokens = api_tokens::list(&session.context.pool, owner).await?;
    let shown: Vec<Shown> = tokens.into_iter().map(|token| Shown::new(token, by_provider)).collect();
    let header = ["token", "owner", "name", "roles", "created", "expires", "last used", "revoked"];
    print(output, &shown, &header, |token| {
        vec![
            token.id.to_string(),
            token.owner.clone(),
            token.name.clone(),
            token.roles_now.join(" "),
            time(Some(token.created_at)),
            time(Some(token.expires_at)),
            time(token.last_used_at),
            time(token.revoked_at),
        ]
    })?;
    Ok(Status::Done)
}

async fn revoke(session: &Session, ids: &[TokenId]) -> anyhow::Result<Status> {
    let (mut missing, mut revoked) = (Vec::new(), 0);
    for id in ids {
        match api_tokens::revoke(&session.context.pool, &session.owner, *id).await? {
            true => {
                eprintln!("revoked token {id}");
                revoked += 1;
            }
            false => missing.push(id.to_string()),
        }
    }
    if !missing.is_empty() {
        let (owner, ids) = (&session.owner, missing.join(", "));
        bail!(
            "{owner} has no token {ids}; list all with `ingest token list --all`, and name the user with --owner"
        );
    }
    session.result(&json!({ "revoked": revoked }))?;
    Ok(Status::Done)
}

async fn revoke_all(session: &Session, of_all: bool) -> anyhow::Result<Status> {
    let owner = (!of_all).then_some(&session.owner);
    let revoked = api_tokens::revoke_all(&session.context.pool, owner).await?;
    let whose = owner.map_or("all owners".to_owned(), |owner| owner.to_string());
    eprintln!("revoked {} of {whose}", counted(revoked, "token"));
    session.result(&json!({ "revoked": revoked }))?;
    Ok(Status::Done)
}
