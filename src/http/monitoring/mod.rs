//! Metrics and health for the operator's monitoring, on an address of their own, since they ask for no credentials.

mod observed;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::observed::Observed;
use super::server::{self, ConnectionLimits};
use crate::metrics::METRICS;
use crate::queue::Queue;
use crate::store::pauses;

/// The media type of OpenMetrics' text format.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How long a check of the database may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections of monitoring systems are few and short.
const LIMITS: ConnectionLimits = ConnectionLimits {
    total: 64,
    per_peer: 64,
    head_timeout: Duration::from_secs(30),
    write_timeout: Duration::from_secs(30),
};

/// What is monitored. Clones share it.
#[derive(Clone)]
pub(crate) struct Monitored {
    pool: PgPool,
    queue_name: Arc<str>,
    stopping: CancellationToken,
    quiet: CancellationToken,
    observed: Arc<Observed>,
}

impl Monitored {
    /// Monitors a process that receives from `queue` until `stopping`, and takes no new jobs once `quiet` is cancelled. `pool`
    /// must not wait for the work of others.
    pub(crate) fn new(
        pool: PgPool,
        queue: Queue,
        stopping: CancellationToken,
        quiet: CancellationToken,
    ) -> Monitored {
        let queue_name = Arc::from(queue.name());
        let observed = Arc::new(Observed::new(pool.clone(), queue, PATIENCE));
        Monitored { pool, queue_name, stopping, quiet, observed }
    }

    /// Returns all metrics in OpenMetrics' text format.
    pub(crate) async fn text(&self) -> Result<String, std::fmt::Error> {
        METRICS.text(&self.observed.read().await.registry)
    }

    /// Answers `/metrics`, `/livez`, `/readyz` and `/version` until `stop`.
    pub(crate) async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let routes = Router::new()
            .route("/metrics", get(metrics))
            .route("/livez", get(|| async { "ok\n" }))
            .route("/readyz", get(readyz))
            .route("/version", get(version))
            .with_state(self);
        server::serve(listener, routes, LIMITS, |_| false, stop, PATIENCE).await;
    }
}

async fn version() -> axum::Json<serde_json::Value> {
    let commit = option_env!("INGEST_COMMIT").filter(|commit| !commit.is_empty());
    axum::Json(serde_json::json!({ "version": env!("CARGO_PKG_VERSION"), "commit": commit }))
}

async fn metrics(State(monitored): State<Monitored>) -> Response {
    match monitored.text().await {
        Ok(text) => ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// Checks that the process runs and reaches its database. The text says why it takes no new jobs, if it takes none: that is
/// what the operator wants, so the process is ready.
async fn readyz(State(monitored): State<Monitored>) -> Response {
    let Monitored { pool, queue_name, stopping, quiet, .. } = &monitored;
    let unready = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response();
    if stopping.is_cancelled() {
        return unready("stopping");
    }
    match tokio::time::timeout(PATIENCE, pauses::of(pool, queue_name)).await {
        Ok(Ok(_)) if quiet.is_cancelled() => "ok\nquiet: the worker takes no new jobs\n".into_response(),
        Ok(Ok(None)) => "ok\n".into_response(),
        Ok(Ok(Some(pause))) => format!("ok\n{pause}\n").into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready: the database does not answer");
            unready("the database does not answer")
        }
        Err(_) => unready("the database does not answer"),
    }
}
