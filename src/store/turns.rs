//! Turns of owners at the connections for requests, so that one owner cannot have them all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::job::Owner;

/// Connections that each owner may have at once. Clones share them.
#[derive(Clone)]
pub struct Turns {
    of_each: usize,
    owners: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

/// An owner's turn, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// So many of each owner's.
    pub fn new(of_each: usize) -> Turns {
        Turns { of_each, owners: Arc::default() }
    }

    /// Waits until one of the owner's turns is free.
    pub async fn take(&self, owner: &Owner) -> Turn {
        let turns = {
            let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
            // Those that nobody has or waits for are held by the map alone.
            owners.retain(|_, turns| Arc::strong_count(turns) > 1);
            let turns = owners.entry(owner.0.clone());
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
    async fn one_owner_waits_for_a_turn_and_others_do_not() {
        let turns = Turns::new(2);
        let (ann, bob) = (Owner("ann".to_owned()), Owner("bob".to_owned()));
        let (first, _second) = (turns.take(&ann).await, turns.take(&ann).await);
        let third = tokio::spawn({
            let (turns, ann) = (turns.clone(), ann.clone());
            async move { turns.take(&ann).await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!third.is_finished());
        let bobs = turns.take(&bob).await;
        drop(first);
        let third = third.await.unwrap();
        drop((third, _second, bobs));
        let _again = turns.take(&bob).await;
        assert_eq!(turns.owners.lock().unwrap().len(), 1, "who has no turn is forgotten");
    }
}
