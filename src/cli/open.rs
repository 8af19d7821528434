//! `open`: opens the page of a job in the browser.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::output::stdout;
use super::session::Session;
use super::{Status, local_token, running_server, show};
use crate::domain::ids::JobId;

/// How long to wait for the program that opens the browser to fail.
const LAUNCH: Duration = Duration::from_secs(3);

/// Opens the page of a job, or prints its address if `only_print`.
pub(crate) async fn run(session: &Session, job: JobId, only_print: bool) -> anyhow::Result<Status> {
    let Server { origin, is_local } = server(session)?;
    let mut db = session.read().await?;
    show::job(&mut db, &session.owner, job).await?;
    db.rollback().await?;
    let address = format!("{origin}/jobs/{job}");
    match session.json {
        true => session.result(&json!({ "url": address }))?,
        false => writeln!(stdout(), "{address}")?,
    }
    let sign_in = is_local.then(|| sign_in(session, &address)).flatten();
    if !only_print {
        let opened = address.clone();
        // Without the token: other users of the machine can see the arguments of programs.
        let opened = tokio::task::spawn_blocking(move || ::open::that_detached_with_timeout(opened, LAUNCH));
        if let Err(error) = opened.await? {
            eprintln!("cannot open a browser ({error}); open the address above yourself");
        }
    }
    sign_in.iter().for_each(|address| eprintln!("if the browser is not signed in yet, open {address}"));
    Ok(Status::Done)
}

/// A server.
struct Server {
    /// Its address, such as `http://127.0.0.1:8080`.
    origin: String,
    /// Whether it runs with the data folder of this command, for one local user.
    is_local: bool,
}

/// Returns the server whose address is configured or, if none is, the one that runs with the data folder.
fn server(session: &Session) -> anyhow::Result<Server> {
    let serve = &session.settings.serve;
    let data_dir = session.settings.data_dir();
    let running = running_server::address(&data_dir);
    let running =
        running.with_context(|| format!("cannot read the server's address in {}", data_dir.display()))?;
    let configured = serve.public_url().map(str::to_owned);
    match configured.or_else(|| running.clone()) {
        // The token must not reach another server.
        Some(origin) => {
            Ok(Server { is_local: serve.oidc()?.is_none() && running.as_ref() == Some(&origin), origin })
        }
        None => bail!(
            "no server runs with the data folder {}; start one with `ingest serve`, or set PUBLIC_URL to the address of \
             another one",
            data_dir.display()
        ),
    }
}

/// Returns the address that signs a browser in, to show on a terminal only: others may be able to read a file or a journal.
fn sign_in(session: &Session, address: &str) -> Option<String> {
    if !std::io::stderr().is_terminal() {
        return None;
    }
    let token = local_token::load_or_make(&session.settings.data_dir()).ok()?;
    Some(format!("{address}?token={}", token.expose()))
}
