//! The connections of the database pools.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use sqlx::PgPool;

use super::labels::{Connections, OfPool};

static POOLS: Mutex<Vec<(&'static str, PgPool)>> = Mutex::new(Vec::new());

/// Adds the connections of a pool to the metrics.
pub(crate) fn watch_pool(name: &'static str, pool: &PgPool) {
    // No panic can leave the list half-changed.
    POOLS.lock().unwrap_or_else(PoisonError::into_inner).push((name, pool.clone()));
}

/// Reads the pools when the metrics are read.
#[derive(Debug)]
pub(super) struct Pools;

impl Collector for Pools {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
        let help = "Open connections to the database";
        let mut family =
            encoder.encode_descriptor("db_client_connection_count", help, None, MetricType::Gauge)?;
        for (name, pool) in pools.iter() {
            let idle = pool.num_idle() as i64;
            let used = (i64::from(pool.size()) - idle).max(0);
            for (state, connections) in [("idle", idle), ("used", used)] {
                let labels =
                    Connections { db_client_connection_pool_name: name, db_client_connection_state: state };
                ConstGauge::new(connections).encode(family.encode_family(&labels)?)?;
            }
        }
        let help = "Maximum number of connections to the database";
        let mut family =
            encoder.encode_descriptor("db_client_connection_max", help, None, MetricType::Gauge)?;
        for (name, pool) in pools.iter() {
            let labels = OfPool { db_client_connection_pool_name: name };
            let most = i64::from(pool.options().get_max_connections());
            ConstGauge::new(most).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
