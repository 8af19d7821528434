//! `serve`: the HTTP server, with a worker beside it.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::health::from_here;
use super::session::{self, Session};
use super::{Status, local_token, monitoring, running_server, token};
use crate::api;
use crate::auth::oidc::{Client, Provider, Trust};
use crate::auth::{LocalUser, RolesBy, Secret};
use crate::config::{AccessSettings, LimitSettings, OidcSettings, Settings, SettingsError};
use crate::http::{
    self, Access, App, AtOnce, BadTokens, CeilingSettings, Ceilings, ConnectionLimits, Parts, RateLimit,
    RefusalLog, Senders, TrustedProxies,
};
use crate::shutdown::Shutdown;
use crate::web;
use crate::worker;

/// How long a stop waits for requests in progress.
const DRAIN: Duration = Duration::from_secs(30);

/// How long a start waits for its database connections.
const FILL: Duration = Duration::from_secs(5);

/// Serves until a signal stops it. Then accepts no more connections, lets requests finish, and lets the worker
/// finish its chunk.
pub(crate) async fn run(session: &Session, no_worker: bool) -> anyhow::Result<Status> {
    let settings = &session.settings;
    let limits = connection_limits(&settings.serve.limits);
    let token_days = token::token_days(settings)?;
    let listener = listen(settings).await?;
    let address = listener.local_addr()?;
    let access = access(session, address)?;
    let shutdown = Shutdown::on_signals()?;
    if !no_worker {
        shutdown.quiet_on_signal()?;
    }
    let queue = session::queue(settings, &session.context.pool).await?;
    // Connections that are not open in time are opened when needed.
    let _ = tokio::time::timeout(FILL, session.owners.fill()).await;
    let app = App::new(Parts {
        owners: session.owners.clone().with_read_timeout(settings.serve.request_timeout()),
        pool: session.control.clone(),
        objects: session.context.objects.clone(),
        queue: queue.clone(),
        public_origin: public_origin(settings, &access, address)?,
        access,
        rate_limit: RateLimit::per_second(settings.serve.rate_limit_per_second),
        proxies: proxies(&settings.serve.access),
        bad_tokens: BadTokens::default(),
        refusal_log: RefusalLog::default(),
        token_days,
        session_idle: settings.serve.access.session_idle(),
        senders: Senders::default(),
        ceilings: Arc::new(ceilings(&settings.serve.limits)),
        body_idle_timeout: settings.serve.limits.idle(),
        upload_limit_bytes: settings.serve.upload_limit_bytes(),
        required: settings.required_fields,
        request_timeout: settings.serve.request_timeout(),
        stopping: shutdown.stop_receiving.clone(),
    });
    announce(&app.access, address, &settings.data_dir());
    // `ingest open` finds the address there. Another server with the same data folder may have recorded its own.
    let recorded = running_server::record(&settings.data_dir(), &app.public_origin);
    let _recorded =
        recorded.inspect_err(|error| tracing::warn!(%error, "cannot record the address for `ingest open`"));
    tracing::info!(%address, public_url = app.public_origin, "server started");
    let served = serve(listener, app, limits, shutdown.stop_receiving.clone());
    let work = async {
        match no_worker {
            true => worker::remove_expired_uploads(&session.context, &shutdown).await,
            false => worker::work(session.worker(queue.clone()), shutdown.clone()).await,
        }
    };
    let service = async { tokio::join!(served, work) };
    monitoring::run_monitored(settings, &session.control, queue.clone(), &shutdown, service).await?;
    tracing::info!("server stopped");
    Ok(Status::Done)
}

/// Prints the server's address for whoever started it by hand; the log may be for machines. Shows the token on a
/// terminal only: others may be able to read a file or a journal.
fn announce(access: &Access, address: SocketAddr, data_dir: &Path) {
    let address = from_here(address);
    match access {
        Access::Oidc(_) => eprintln!("serving http://{address}"),
        Access::Local(user) if std::io::stderr().is_terminal() => {
            eprintln!("serving http://{address}/?token={}", user.token());
        }
        Access::Local(_) => eprintln!(
            "serving http://{address}/?token=… (the token is in {})",
            local_token::path(data_dir).display()
        ),
    }
}

async fn serve(listener: TcpListener, app: App, limits: ConnectionLimits, stop: CancellationToken) {
    let routes = api::routes(&app).merge(web::routes(&app));
    let router = http::router(app.clone(), routes, web::problem_page);
    let is_proxy = |peer| app.proxies.trusts(peer);
    if http::serve(listener, router, limits, is_proxy, stop, DRAIN).await {
        tracing::warn!("closed connections with requests still in progress");
    }
}

fn connection_limits(limits: &LimitSettings) -> ConnectionLimits {
    let total = http::open_files::make_room(limits.connections);
    ConnectionLimits {
        total,
        per_peer: limits.connections_per_peer.min(total),
        head_timeout: limits.keep_alive(),
        write_timeout: limits.idle(),
    }
}

fn ceilings(limits: &LimitSettings) -> Ceilings {
    let at_once = |(per_user, all)| AtOnce { per_user, all };
    Ceilings::new(CeilingSettings {
        requests: at_once(limits.requests_at_once),
        uploads: at_once(limits.uploads_at_once),
        corrections: at_once(limits.corrections_at_once),
        exports: at_once(limits.downloads_at_once),
        event_streams: at_once(limits.event_streams_at_once),
    })
}

async fn listen(settings: &Settings) -> anyhow::Result<TcpListener> {
    let address = settings.serve.listen_address;
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} (LISTEN_ADDRESS)"))
}

/// Returns who may use the server. With nothing configured, that is the local user, on a loopback address only.
fn access(session: &Session, address: SocketAddr) -> anyhow::Result<Access> {
    let serve = &session.settings.serve;
    let Some(oidc) = serve.oidc()? else {
        if !address.ip().is_loopback() && !serve.local_user {
            return Err(SettingsError::Together(format!(
                "LISTEN_ADDRESS {} can be reached from other machines, and nothing says who may use the server: \
                 set OIDC_ISSUER, or listen on 127.0.0.1; in a container whose port only this machine can reach, set \
                 LOCAL_USER=true",
                serve.listen_address
            ))
            .into());
        }
        let token = local_token::load_or_make(&session.settings.data_dir())?;
        return Ok(Access::Local(LocalUser::new(session.owner.clone(), token, address.port())));
    };
    Ok(Access::Oidc(Box::new(provider(oidc)?)))
}

/// Returns the configured provider.
pub(crate) fn provider(settings: OidcSettings) -> anyhow::Result<Provider> {
    let OidcSettings {
        issuer,
        audiences,
        accepts_id_tokens,
        client,
        scopes,
        roles_claims,
        uploader_groups,
        editor_groups,
        operator_groups,
    } = settings;
    let client = client.map(|(id, secret)| Client { id, secret: secret.map(Secret::from), scopes });
    let roles_by = RolesBy {
        claims: roles_claims,
        uploaders: uploader_groups,
        editors: editor_groups,
        operators: operator_groups,
    };
    Ok(Provider::new(Trust { issuer, audiences, accepts_id_tokens, client, roles_by })?)
}

fn proxies(settings: &AccessSettings) -> TrustedProxies {
    TrustedProxies::new(settings.trusted_proxies().to_vec(), settings.forwarded_header.clone())
}

/// Returns the URL at which browsers reach the server.
fn public_origin(settings: &Settings, access: &Access, address: SocketAddr) -> Result<String, SettingsError> {
    if let Some(url) = settings.serve.public_url() {
        return Ok(url.to_owned());
    }
    let signs_in = matches!(access, Access::Oidc(provider) if provider.client().is_some());
    if signs_in && address.ip().is_unspecified() {
        let words = "OIDC_CLIENT_ID needs PUBLIC_URL, to which the provider sends browsers back";
        return Err(SettingsError::Together(words.to_owned()));
    }
    Ok(format!("http://{}", from_here(address)))
}
