//! Serves metrics beside a service.

use std::net::SocketAddr;

use anyhow::Context as _;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::http::Monitored;
use crate::queue::Queue;
use crate::shutdown::Shutdown;

/// Runs `service` to its end, and serves its metrics at `address` meanwhile, if there is one. `pool` must not wait for the work
/// of the service.
pub(super) async fn run_monitored<T>(
    address: Option<SocketAddr>,
    pool: &PgPool,
    queue: Queue,
    shutdown: &Shutdown,
    service: impl Future<Output = T>,
) -> anyhow::Result<T> {
    let Some(address) = address else { return Ok(service.await) };
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot listen on {address} (METRICS_ADDRESS)"))?;
    tracing::info!(address = %listener.local_addr()?, "serving metrics");
    let monitored =
        Monitored::new(pool.clone(), queue, shutdown.stop_receiving.clone(), shutdown.quiet.clone());
    let ended = CancellationToken::new();
    let service = async {
        let result = service.await;
        ended.cancel();
        result
    };
    let (result, ()) = tokio::join!(service, monitored.serve(listener, ended.clone()));
    Ok(result)
}
