//! What a run costs.

/// The cost of one run.
#[derive(Clone, Default)]
pub(crate) struct Cost {
    /// Seconds from the message to the last commit.
    pub seconds: f64,
    /// Processor seconds of the worker.
    pub worker_cpu: f64,
    /// Processor seconds of the server.
    pub server_cpu: f64,
    /// The worker's peak memory.
    pub peak_kib: u64,
    /// WAL written by the server.
    pub wal_bytes: i64,
    /// The parts of the run and their seconds; parts may run side by side.
    pub parts: Vec<(String, f64)>,
}
