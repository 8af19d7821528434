//! Limits concurrency, per user and in total: of requests, and of work that takes long or much memory.
//!
//! A permit is acquired before a body is read or a file is generated, and released after the last byte. Without a
//! free permit the request is refused at once, with `Retry-After`: waiting would only move the queue into the
//! server's memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::RETRY_AFTER;

use super::throttle::Throttle;
use crate::domain::job::Owner;
use crate::domain::refusal::{Refusal, Work};
use crate::http::held::Held;
use crate::http::problem::{Kind, Problem};

/// Seconds after which a retry may succeed.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("2");

/// Maximum bytes of a JSON body that does not count as large.
pub(crate) const SMALL_BODY_BYTES: usize = 64 << 10;

/// Maximum number of concurrent JSON bodies beyond [`SMALL_BODY_BYTES`]: parsed, they take many times their size.
const LARGE_BODIES: AtOnce = AtOnce { per_user: 2, all: 6 };

/// Maximum concurrency of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AtOnce {
    /// Maximum for one user.
    pub per_user: usize,
    /// Maximum for all users together.
    pub all: usize,
}

/// The ceilings of the server.
pub struct Ceilings {
    /// Requests, until their responses are sent; excludes streamed responses, which have ceilings of their own.
    pub requests: Ceiling,
    /// Uploads of files.
    pub uploads: Ceiling,
    /// Uploads of corrections.
    pub corrections: Ceiling,
    /// Downloads of files.
    pub exports: Ceiling,
    /// Event streams.
    pub event_streams: Ceiling,
    /// JSON bodies beyond [`SMALL_BODY_BYTES`].
    pub large_bodies: Ceiling,
}

/// The maximum concurrency of each kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CeilingSettings {
    /// Requests.
    pub requests: AtOnce,
    /// Uploads of files.
    pub uploads: AtOnce,
    /// Uploads of corrections.
    pub corrections: AtOnce,
    /// Downloads of files.
    pub exports: AtOnce,
    /// Event streams.
    pub event_streams: AtOnce,
}

impl Ceilings {
    /// Creates the ceilings.
    pub(crate) fn new(settings: CeilingSettings) -> Ceilings {
        let CeilingSettings { requests, uploads, corrections, exports, event_streams } = settings;
        Ceilings {
            requests: Ceiling::shared(Work::Requests, requests),
            uploads: Ceiling::shared(Work::Uploads, uploads),
            corrections: Ceiling::shared(Work::Corrections, corrections),
            exports: Ceiling::shared(Work::Downloads, exports),
            event_streams: Ceiling::shared(Work::EventStreams, event_streams),
            large_bodies: Ceiling::firm(Work::LargeRequests, LARGE_BODIES),
        }
    }
}

/// The ceiling of one kind.
pub struct Ceiling {
    work: Work,
    at_once: AtOnce,
    /// Whether a user with less than an equal share is admitted even at the total ceiling. The total then stays
    /// within twice that ceiling.
    is_shared: bool,
    under_way: Arc<Mutex<UnderWay>>,
}

#[derive(Default)]
struct UnderWay {
    all: usize,
    of_user: HashMap<String, usize>,
    refused: Throttle,
}

impl Ceiling {
    /// Returns a ceiling for what may take long: a few users who never finish must not lock everybody out.
    fn shared(work: Work, at_once: AtOnce) -> Ceiling {
        Ceiling { work, at_once, is_shared: true, under_way: Arc::default() }
    }

    /// Returns a ceiling for what ends soon and takes much memory.
    fn firm(work: Work, at_once: AtOnce) -> Ceiling {
        Ceiling { work, at_once, is_shared: false, under_way: Arc::default() }
    }

    /// Acquires a permit for `owner`, released when dropped. Returns a problem with `Retry-After` if the ceiling
    /// is reached.
    pub(crate) fn enter(&self, owner: &Owner) -> Result<Permit, Problem> {
        let Ceiling { work, at_once, is_shared, .. } = self;
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let of_user = under_way.of_user.get(&owner.0).copied().unwrap_or_default();
        if of_user >= at_once.per_user {
            let reason = Refusal::TooMuchWork { work: *work, count: of_user };
            return Err(Problem::because(Kind::TooMany, reason).header(RETRY_AFTER, RETRY_AFTER_SECONDS));
        }
        let users = under_way.of_user.len() + usize::from(of_user == 0);
        let has_share_left = *is_shared && of_user < at_once.all / users && under_way.all < 2 * at_once.all;
        if under_way.all >= at_once.all && !has_share_left {
            if let Some(times) = under_way.refused.due() {
                tracing::warn!(
                    times,
                    what = %work,
                    limit = at_once.all,
                    "rejected requests beyond the server's limit of concurrent requests"
                );
            }
            let reason = Refusal::ServerFull { work: *work };
            return Err(Problem::because(Kind::Unavailable, reason).header(RETRY_AFTER, RETRY_AFTER_SECONDS));
        }
        under_way.all += 1;
        under_way.of_user.insert(owner.0.clone(), of_user + 1);
        Ok(Permit { owner: owner.0.clone(), under_way: Arc::clone(&self.under_way) })
    }
}

/// A permit, released when dropped.
pub(crate) struct Permit {
    owner: String,
    under_way: Arc<Mutex<UnderWay>>,
}

impl Permit {
    /// Keeps the permit until `body` is sent or its client is gone.
    pub(crate) fn until_sent(self, body: Body) -> Body {
        Body::new(Held::new(body, self))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.all -= 1;
        let left = under_way.of_user.get_mut(&self.owner).map_or(0, |count| {
            *count -= 1;
            *count
        });
        if left == 0 {
            under_way.of_user.remove(&self.owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(name: &str) -> Owner {
        Owner(name.to_owned())
    }

    #[test]
    fn one_user_and_all_users_have_separate_ceilings() {
        let ceiling = Ceiling::firm(Work::Uploads, AtOnce { per_user: 2, all: 3 });
        let first = ceiling.enter(&owner("ann")).ok().unwrap();
        let _second = ceiling.enter(&owner("ann")).ok().unwrap();
        let refused = ceiling.enter(&owner("ann")).err().unwrap();
        assert!(refused.status() == 429 && refused.body().contains("2 uploads"), "{refused:?}");
        let _third = ceiling.enter(&owner("bob")).ok().unwrap();
        assert_eq!(ceiling.enter(&owner("carl")).err().unwrap().status(), 503);
        drop(first);
        assert!(ceiling.enter(&owner("carl")).is_ok() && ceiling.enter(&owner("ann")).is_ok());
    }

    #[test]
    fn a_shared_ceiling_admits_users_below_their_share() {
        let ceiling = Ceiling::shared(Work::Requests, AtOnce { per_user: 4, all: 8 });
        let enter = |name: &str| ceiling.enter(&owner(name));
        let _anns_and_bobs: Vec<Permit> = (0..8).map(|n| enter(["ann", "bob"][n % 2]).unwrap()).collect();
        let _carls: Vec<Permit> = (0..2).map(|_| enter("carl").unwrap()).collect();
        assert_eq!(enter("carl").err().unwrap().status(), 503, "a third of eight");
        assert_eq!(enter("ann").err().unwrap().status(), 429);
    }

    #[test]
    fn a_shared_ceiling_is_exceeded_at_most_twofold() {
        let ceiling = Ceiling::shared(Work::Requests, AtOnce { per_user: 4, all: 16 });
        let tries = (0..64).map(|n| ceiling.enter(&owner(&format!("user {}", n / 4))));
        let entered: Vec<Permit> = tries.flatten().collect();
        assert_eq!(entered.len(), 32);
    }

    #[test]
    fn idle_users_are_removed() {
        let ceiling = Ceiling::firm(Work::Uploads, AtOnce { per_user: 2, all: 3 });
        drop(ceiling.enter(&owner("ann")));
        let under_way = ceiling.under_way.lock().unwrap();
        assert!(under_way.all == 0 && under_way.of_user.is_empty());
    }
}
