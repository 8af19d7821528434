//! Limits per user, per address and in total: request rate, concurrent requests and transfers, invalid
//! credentials, log lines.

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
