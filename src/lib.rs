//! Gets messy CSV files of contacts into PostgreSQL, with a person deciding what a machine cannot.
//!
//! The modules in reading order:

/// What a person does.
pub mod actions;
/// The HTTP API, and its OpenAPI document.
mod api;
/// Who is asking: tokens, sign-in, secrets.
mod auth;
/// The command line.
pub mod cli;
/// Environment, `.env` and flags.
pub mod config;
/// Bytes of a file become rows: pure.
pub mod csv;
/// What the field is about, and the rules: pure.
pub mod domain;
/// What the API and the pages stand on.
pub mod http;
/// The store of the CSV files: S3 or a folder.
pub mod objects;
/// What happens to one job.
mod pipeline;
/// Where messages come from: SQS or the jobs table.
pub mod queue;
/// The two stop signals.
mod shutdown;
/// PostgreSQL: all SQL, and the private cluster.
pub mod store;
/// Logs.
mod telemetry;
/// Fair shares of what there is little of.
mod turns;
/// Pages for browsers.
mod web;
/// Receives messages and carries out their fates.
mod worker;
