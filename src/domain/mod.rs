//! The domain of contact imports: pure values and rules, without async, I/O or a clock.
//!
//! Both flows use these rules, so that a row is validated identically whether it comes from a file or from the database.

pub mod access;
pub mod assigned;
pub mod bulk_decision;
pub mod column_names;
pub mod contact;
pub mod contact_cursor;
pub mod contact_filter;
pub mod decision;
pub mod edits;
pub mod email;
pub mod extra;
pub mod failure;
pub mod field;
pub mod file_check;
pub mod full_name;
pub(crate) mod html;
pub mod ids;
pub mod interpretation;
pub mod issue;
pub mod job;
pub(crate) mod job_event;
pub mod merge;
pub mod note;
pub mod oddity;
pub mod owner_pattern;
pub(crate) mod pause;
pub(crate) mod permission;
pub mod person;
pub mod progress;
pub mod refusal;
pub mod rejection;
pub mod replacement;
pub mod required;
pub mod row;
pub mod row_filter;
pub mod rules;
pub mod search;
pub mod snapshot;
pub mod suggest;
pub mod topic;
pub mod trace_parent;
pub mod webhook;
pub(crate) mod words;
pub mod worker_state;
