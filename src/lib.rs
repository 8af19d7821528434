//! Gets messy CSV files of contacts into PostgreSQL, with a person deciding what a machine cannot.
//!
//! The modules in reading order:

/// Actions of people.
pub mod actions;
/// The HTTP API, and its OpenAPI document.
mod api;
/// Authentication: tokens, sign-in, secrets.
mod auth;
/// The command line.
pub mod cli;
/// Environment, `.env` and flags.
pub mod config;
/// Parses the bytes of a file into rows: pure.
pub mod csv;
/// The domain types and the rules: pure.
pub mod domain;
/// What the API and the pages share.
pub mod http;
/// The store of the CSV files: S3 or a folder.
pub mod objects;
/// Processes one job.
mod pipeline;
/// The source of messages: SQS or the jobs table.
pub mod queue;
/// The two stop signals.
mod shutdown;
/// PostgreSQL: all SQL, and the private cluster.
pub mod store;
/// Logs.
mod telemetry;
/// Fair shares of scarce resources.
mod turns;
/// Pages for browsers.
mod web;
/// Receives messages, runs their jobs and answers.
mod worker;
