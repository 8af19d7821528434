//! Serves and sends metrics beside a service.

use std::net::SocketAddr;

use anyhow::Context as _;
use futures::FutureExt as _;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::output;
use crate::config::Settings;
use crate::http::Monitored;
use crate::queue::Queue;
use crate::shutdown::Shutdown;
use crate::telemetry::MetricSender;

/// Runs `service` to its end, and meanwhile serves and sends its metrics, as configured. `pool` must not wait for the work of the
/// service.
pub(super) async fn run_monitored<T>(
    settings: &Settings,
    pool: &PgPool,
    queue: Queue,
    shutdown: &Shutdown,
    service: impl Future<Output = T>,
) -> anyhow::Result<T> {
    let sender = sender(settings);
    let listener = match settings.monitoring.metrics_address() {
        Some(address) => Some(listen(address).await?),
        None if sender.is_none() => return Ok(service.await),
        None => None,
    };
    let monitored =
        Monitored::new(pool.clone(), queue, shutdown.stop_receiving.clone(), shutdown.quiet.clone());
    let ended = CancellationToken::new();
    let service = async {
        let result = service.await;
        ended.cancel();
        result
    };
    let served = async {
        if let Some(listener) = listener {
            monitored.clone().serve(listener, ended.clone()).await;
        }
    };
    let sent = async {
        if let Some(sender) = sender {
            // Boxed: requests to SQS are futures that are nested deeper than the compiler's limit leaves room for.
            sender.run(async || monitored.text().boxed_local().await, &ended).await;
        }
    };
    let (result, (), ()) = tokio::join!(service, served, sent);
    Ok(result)
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot listen on {address} (METRICS_ADDRESS)"))?;
    tracing::info!(address = %listener.local_addr()?, "serving metrics");
    Ok(listener)
}

/// Returns what sends metrics, if they are to be sent. A value that is not supported is logged.
fn sender(settings: &Settings) -> Option<MetricSender> {
    let export = settings.metric_export.export(&settings.otlp).map_err(anyhow::Error::from);
    let sender = export.and_then(|export| export.as_ref().map(MetricSender::new).transpose());
    sender.unwrap_or_else(|error| {
        tracing::warn!(error = output::with_causes(&error), "no metrics are sent");
        None
    })
}
