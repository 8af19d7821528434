//! How much each user, address or all of them may ask: requests a second, requests and transfers at once, bad credentials,
//! lines of the log.

mod bad_tokens;
mod ceilings;
mod permits;
mod rate;
mod refusal_log;
mod senders;
mod throttle;

pub(crate) use bad_tokens::{Bad, BadTokens};
pub(crate) use ceilings::{AtOnce, CeilingSettings, Ceilings, Permit, SMALL_BODY_BYTES};
pub(crate) use permits::Permits;
pub(crate) use rate::RateLimit;
pub(crate) use refusal_log::RefusalLog;
pub(crate) use senders::{Credentials, Senders};
pub(crate) use throttle::Throttle;
