//! How much each user, address or all of them may ask: requests a second, requests and transfers at once, bad credentials,
//! lines of the log.

mod bad_tokens;
mod ceilings;
mod permits;
mod rate;
mod refusal_log;
mod senders;
mod throttle;

pub use bad_tokens::{Bad, BadTokens};
pub use ceilings::{AtOnce, CeilingSettings, Ceilings, Permit, SMALL_BODY_BYTES};
pub use permits::Permits;
pub use rate::RateLimit;
pub use refusal_log::RefusalLog;
pub use senders::{Credentials, Senders};
pub use throttle::Throttle;
