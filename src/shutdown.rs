//! Stopping in two steps: receive nothing more, then bring what is under way to a safe point.
//!
//! The first SIGTERM or SIGINT asks for both; work stops at the end of the chunk that it is in, so
//! that nothing is half done. A second signal ends the process at once, with the status that a shell
//! gives to a program killed by it. Nothing here is global: whoever may be asked to stop is handed a
//! [`Shutdown`].

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The two stop signals. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shutdown {
    /// Cancelled when no more work is to be taken on.
    pub stop_receiving: CancellationToken,
    /// Cancelled when work under way is to end at its next safe point.
    pub stop_working: CancellationToken,
}

impl Shutdown {
    /// Signals that nothing but [`Shutdown::begin`] gives.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Signals that the first SIGTERM or SIGINT gives; the second one exits with 143 or 130.
    ///
    /// The handlers are in place when this returns. Needs a Tokio runtime; fails when the operating
    /// system refuses a handler.
    pub(crate) fn on_signals() -> io::Result<Self> {
        let shutdown = Self::new();
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        tokio::spawn(obey(shutdown.clone(), terminate, interrupt));
        Ok(shutdown)
    }

    /// Asks for the stop, as the first signal does.
    pub(crate) fn begin(&self) {
        self.stop_receiving.cancel();
        self.stop_working.cancel();
    }
}

async fn obey(shutdown: Shutdown, mut terminate: Signal, mut interrupt: Signal) {
    let name = either(&mut terminate, &mut interrupt).await.0;
    tracing::info!(signal = name, "stopping after the current chunk; a second signal stops immediately");
    shutdown.begin();
    let status = either(&mut terminate, &mut interrupt).await.1;
    std::process::exit(status);
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> (&'static str, i32) {
    tokio::select! {
        _ = terminate.recv() => ("SIGTERM", 143),
        _ = interrupt.recv() => ("SIGINT", 130),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginning_gives_both_signals_to_every_clone() {
        let shutdown = Shutdown::new();
        let other = shutdown.clone();
        assert!(!other.stop_working.is_cancelled());
        shutdown.begin();
        assert!(other.stop_receiving.is_cancelled() && other.stop_working.is_cancelled());
    }
}
