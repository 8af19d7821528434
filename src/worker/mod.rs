//! The worker: receives what it can start at once, runs it, and answers each message by its fate.

mod delivery;
mod receive;
pub mod run;

pub use receive::{Worker, work};
