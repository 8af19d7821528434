//! Whether a worker takes new jobs. It does not before it knows whether it is paused.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The gate. Clones share it.
#[derive(Clone)]
pub(super) struct Gate {
    /// While the gate is open: the token that is cancelled when it closes.
    open: watch::Sender<Option<CancellationToken>>,
    stop: CancellationToken,
}

impl Gate {
    /// Returns a closed gate. `stop` cancels the token of an open gate as well.
    pub(super) fn new(stop: CancellationToken) -> Gate {
        Gate { open: watch::Sender::new(None), stop }
    }

    /// Opens or closes the gate. Returns whether that changed it.
    pub(super) fn set(&self, is_open: bool) -> bool {
        self.open.send_if_modified(|open| match (&*open, is_open) {
            (None, true) => {
                *open = Some(self.stop.child_token());
                true
            }
            (Some(token), false) => {
                token.cancel();
                *open = None;
                true
            }
            (Some(_), true) | (None, false) => false,
        })
    }

    /// Waits until the gate is open. Returns a token that is cancelled when it closes, or at the stop.
    pub(super) async fn opened(&self) -> CancellationToken {
        let mut open = self.open.subscribe();
        loop {
            if let Some(token) = &*open.borrow_and_update() {
                return token.clone();
            }
            // The sender is part of `self`, so this returns only after a change.
            if open.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_receive_that_begins_while_the_gate_is_open_ends_when_it_closes() {
        let stop = CancellationToken::new();
        let gate = Gate::new(stop.clone());
        let other = gate.clone();
        let opened = other.opened();
        tokio::pin!(opened);
        assert!(futures::poll!(&mut opened).is_pending());
        assert!(gate.set(true) && !gate.set(true));
        let token = opened.await;
        assert!(!token.is_cancelled());
        assert!(gate.set(false) && !gate.set(false));
        assert!(token.is_cancelled());
        gate.set(true);
        let token = gate.opened().await;
        assert!(!token.is_cancelled(), "each opening has its own token");
        stop.cancel();
        assert!(token.is_cancelled());
    }
}
