//! What a worker does with new jobs.

use super::words::words;

words! {
    /// What a worker does with new jobs.
    WorkerState, "worker state" {
        /// Takes them.
        Working = "WORKING",
        /// Takes none until the pause ends.
        Paused = "PAUSED",
        /// Takes none until it is stopped.
        Quiet = "QUIET",
        /// Takes none, and ends.
        Stopping = "STOPPING",
    }
}
