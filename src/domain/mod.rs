//! What the field is about, and nothing else: pure values and rules, no async, no I/O, no clock.
//!
//! Both flows decide by what stands here, so a row is judged alike whether it comes out of a file
//! or out of the database.

pub mod access;
pub mod column_names;
pub mod contact;
pub mod decision;
pub mod email;
pub mod field;
pub mod full_name;
pub mod ids;
pub mod issue;
pub mod job;
pub mod required;
pub mod row;
pub mod rules;
pub(crate) mod search;
pub mod suggest;
pub(crate) mod words;
