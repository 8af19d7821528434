//! Gets messy CSV files of contacts into PostgreSQL, with a person deciding what a machine cannot.
//!
//! The modules in reading order: pure values first, then what happens to a file, then what people do about it and who may
//! ask for it.
//!
//! No input may cause a panic: what can fail is a `Result`, and an `expect` says why it cannot.

#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::panic, clippy::unreachable, clippy::todo, clippy::unimplemented)
)]

/// The domain types (contacts, fields, rows, rules, issues): pure values that every other module uses.
pub mod domain;

/// Parses the bytes of a file into rows, block by block, without I/O.
pub mod csv;

/// Files that hold a table in another form: compressed files, archives, workbooks.
mod containers;

/// Contacts and rows as files: CSV, XLSX, JSON lines, Parquet and vCard.
pub mod exports;

/// The texts that people read, in every language, and the sentences for why something was refused.
mod texts;

/// PostgreSQL: all SQL, one file a table, and the private cluster.
pub mod store;

/// The store of the CSV files: S3 or a folder.
pub mod objects;

/// Messages that ask for a run of a job (SQS or the jobs table), and the heartbeat of a run.
pub mod queue;

/// Processes one job: survey, staging, recheck, contacts.
mod pipeline;

/// Sends the changes of jobs to the URLs that their owners have chosen.
mod webhooks;

/// Publishes the changes of the jobs of all owners to an SNS topic.
mod topic;

/// Receives messages, runs their jobs, retries transient failures and answers.
mod worker;

/// Actions of people: uploads, decisions, corrections, undo.
pub mod actions;

/// Authentication: tokens, sign-in, secrets.
mod auth;

/// What the API and the pages share: server, sender, limits, problems, files in and out.
pub mod http;

/// The HTTP API, and its OpenAPI document.
mod api;

/// Pages for browsers.
mod web;

/// The command line, which connects all of these.
pub mod cli;

/// Settings: environment, `.env` and flags.
pub mod config;

/// Logs, and the spans of traces on their way to a collector.
mod telemetry;

/// Traces that continue in other processes.
mod propagation;

/// Metrics.
mod metrics;

/// The two stop signals: stop receiving, stop working.
mod shutdown;

/// Fair shares of scarce resources.
mod turns;
