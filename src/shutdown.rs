//! Stops in two steps: receive nothing more, then bring work in progress to a safe point.
//!
//! The first SIGTERM or SIGINT requests both; work stops at the end of its current chunk, so that nothing is half
//! done. A second signal ends the process at once, with the status that a shell reports for a program killed by
//! it. Nothing here is global: whatever can be stopped receives a [`Shutdown`].
//!
//! SIGUSR1 quiets a service: its worker takes no new jobs, completes those in progress, and waits for the stop.

use std::io;
use std::sync::{Arc, OnceLock};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The two stop signals. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shutdown {
    /// Cancelled when no more work may be started.
    pub stop_receiving: CancellationToken,
    /// Cancelled when work in progress must end at its next safe point.
    pub stop_working: CancellationToken,
    /// Cancelled when the worker must take no new jobs, but complete those in progress. A stop does not cancel it.
    pub quiet: CancellationToken,
    /// The number of the signal that began the stop.
    signal: Arc<OnceLock<u8>>,
}

impl Shutdown {
    /// Creates signals that only [`Shutdown::begin`] triggers.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Creates signals that the first SIGTERM or SIGINT triggers; the second one exits with 143 or 130.
    ///
    /// The handlers are installed when this returns. Needs a Tokio runtime; fails if the operating system refuses
    /// a handler.
    pub(crate) fn on_signals() -> io::Result<Self> {
        let shutdown = Self::new();
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        tokio::spawn(obey(shutdown.clone(), terminate, interrupt));
        Ok(shutdown)
    }

    /// Lets SIGUSR1 quiet the worker. The handler is installed when this returns; without it, the signal ends the process.
    pub(crate) fn quiet_on_signal(&self) -> io::Result<()> {
        let mut quiet = signal(SignalKind::user_defined1())?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            if quiet.recv().await.is_some() {
                tracing::info!(signal = "SIGUSR1", "taking no new jobs; SIGTERM ends the process");
                shutdown.quiet.cancel();
            }
            // The handler stays, so that the signal does not end the process when it is sent again.
            while quiet.recv().await.is_some() {}
        });
        Ok(())
    }

    /// Returns the number of the signal that began the stop; `None` if none has.
    pub(crate) fn signal(&self) -> Option<u8> {
        self.signal.get().copied()
    }

    /// Starts the stop, as the first signal does.
    pub(crate) fn begin(&self) {
        self.stop_receiving.cancel();
        self.stop_working.cancel();
    }
}

async fn obey(shutdown: Shutdown, mut terminate: Signal, mut interrupt: Signal) {
    let (name, number) = either(&mut terminate, &mut interrupt).await;
    tracing::info!(signal = name, "stopping after the current chunk; a second signal stops immediately");
    shutdown.signal.get_or_init(|| number);
    shutdown.begin();
    let (_, number) = either(&mut terminate, &mut interrupt).await;
    std::process::exit(128 + i32::from(number));
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> (&'static str, u8) {
    tokio::select! {
        _ = terminate.recv() => ("SIGTERM", 15),
        _ = interrupt.recv() => ("SIGINT", 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begin_triggers_both_signals_of_every_clone() {
        let shutdown = Shutdown::new();
        let other = shutdown.clone();
        assert!(!other.stop_working.is_cancelled());
        shutdown.begin();
        assert!(other.stop_receiving.is_cancelled() && other.stop_working.is_cancelled());
    }
}
