//! Turns at what there is little of, so that no one of those who want it can have all of it: of owners at the
//! connections for requests, of senders at the look-up of their credentials.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many turns each `K` may have at once. Clones share them.
pub(crate) struct Turns<K> {
    of_each: usize,
    takers: Arc<Mutex<HashMap<K, Arc<Semaphore>>>>,
}

impl<K> Clone for Turns<K> {
    fn clone(&self) -> Self {
        Turns { of_each: self.of_each, takers: Arc::clone(&self.takers) }
    }
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

impl<K: Clone + Eq + Hash> Turns<K> {
    /// So many of each.
    pub(crate) fn new(of_each: usize) -> Turns<K> {
        Turns { of_each, takers: Arc::default() }
    }

    /// Waits until one of the taker's turns is free.
    pub(crate) async fn take(&self, taker: &K) -> Turn {
        let turns = {
            let mut takers = self.takers.lock().unwrap_or_else(PoisonError::into_inner);
            // Those that nobody has or waits for are held by the map alone.
            takers.retain(|_, turns| Arc::strong_count(turns) > 1);
            let turns = takers.entry(taker.clone());
            Arc::clone(turns.or_insert_with(|| Arc::new(Semaphore::new(self.of_each))))
        };
        // Never closed, so there is always a permit.
        Turn { _permit: turns.acquire_owned().await.ok() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn one_taker_waits_for_a_turn_and_others_do_not() {
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
        assert_eq!(turns.takers.lock().unwrap().len(), 1, "who has no turn is forgotten");
    }
}
