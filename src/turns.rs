//! Fair shares of scarce resources, so that no user can take all of one: connections for requests are shared among
//! owners, and look-ups of credentials among senders.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Limits how many turns each `K` may have at a time. Clones share the limit.
pub(crate) struct Turns<K> {
    of_each: usize,
    takers: Arc<Mutex<HashMap<K, Arc<Semaphore>>>>,
}

impl<K> Clone for Turns<K> {
    fn clone(&self) -> Self {
        Turns { of_each: self.of_each, takers: Arc::clone(&self.takers) }
    }
}

/// A turn; ends when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

impl<K: Clone + Eq + Hash> Turns<K> {
    /// Creates a limit of `of_each` turns for each key.
    pub(crate) fn new(of_each: usize) -> Turns<K> {
        Turns { of_each, takers: Arc::default() }
    }

    /// Waits until the taker has a free turn.
    pub(crate) async fn take(&self, taker: &K) -> Turn {
        let turns = {
            let mut takers = self.takers.lock().unwrap_or_else(PoisonError::into_inner);
            // A count of 1 means that only the map refers to it: nobody has or awaits a turn.
            takers.retain(|_, turns| Arc::strong_count(turns) > 1);
            let turns = takers.entry(taker.clone());
            Arc::clone(turns.or_insert_with(|| Arc::new(Semaphore::new(self.of_each))))
        };
        // The semaphore is never closed, so there is always a permit.
        Turn { _permit: turns.acquire_owned().await.ok() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_taker_waits_only_for_its_own_turns() {
        let turns = Turns::new(2);
        let (ann, bob) = ("ann", "bob");
        let (first, _second) = (turns.take(&ann).await, turns.take(&ann).await);
        let third = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(&ann).await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!third.is_finished());
        let bobs = turns.take(&bob).await;
        drop(first);
        let third = third.await.unwrap();
        drop((third, _second, bobs));
        let _again = turns.take(&bob).await;
        assert_eq!(turns.takers.lock().unwrap().len(), 1, "a taker without a turn is removed");
    }
}
