//! The permits of one request.

use std::sync::{Arc, Mutex, PoisonError};

use super::ceilings::{Ceilings, Permit};
use crate::domain::job::Owner;
use crate::http::problem::Problem;

/// The permits of one request, stored in its extensions: acquired when its sender is known, released when its
/// response is sent.
#[derive(Clone)]
pub(crate) struct Permits {
    ceilings: Arc<Ceilings>,
    taken: Arc<Mutex<Vec<(Owner, Permit)>>>,
}

impl Permits {
    /// Creates an empty set of permits.
    pub(crate) fn new(ceilings: Arc<Ceilings>) -> Permits {
        Permits { ceilings, taken: Arc::default() }
    }

    /// Counts the request as one of `owner`'s.
    pub(crate) fn enter(&self, owner: &Owner) -> Result<(), Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        // A request whose sender is determined twice still counts once.
        if taken.is_empty() {
            taken.push((owner.clone(), self.ceilings.requests.enter(owner)?));
        }
        Ok(())
    }

    /// Returns who sends the request, once known.
    pub(crate) fn owner(&self) -> Option<Owner> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.first().map(|(owner, _)| owner.clone())
    }

    /// Counts the request as one with a large body. A request without a known sender is not counted.
    pub(crate) fn enter_large_body(&self) -> Result<(), Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((owner, _)) = taken.first() {
            let owner = owner.clone();
            let permit = self.ceilings.large_bodies.enter(&owner)?;
            taken.push((owner, permit));
        }
        Ok(())
    }
}
