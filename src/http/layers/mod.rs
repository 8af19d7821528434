//! The layers that every request and response pass through, from the outside in: metrics, headers, permits, problems, the
//! log of refusals, the guard of the local user, and, for some routes, a time limit.

mod headers;
mod permits;
mod problems;
mod refusals;
mod time;
mod timed;

pub(crate) use headers::safe_headers;
pub(crate) use permits::counted;
pub(crate) use problems::{ProblemPage, as_problems};
pub(crate) use refusals::observe;
pub(crate) use time::timeout;
pub(crate) use timed::timed;
