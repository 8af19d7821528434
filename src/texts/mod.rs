//! The texts that people read, in every language: the messages of `locales/`, and the sentences for why a file, a job or
//! a value was refused. The texts of rules are in `domain/rules/`.
//!
//! The English sentences are also those of the API, of the command line and of `jobs.job_failure`: there the remedies name
//! commands, on pages what is on the page.

mod emails;
mod failures;
mod names;
mod oddities;
mod refusals;
mod rejections;
mod remedies;
mod text;

pub(crate) use emails::email_error;
pub(crate) use failures::{failure_for_job, failure_on_page};
pub(crate) use names::{container_format, field_inline};
pub(crate) use oddities::oddities;
pub(crate) use refusals::refusal_on_page;
pub(crate) use rejections::rejection_for_job;
#[cfg(test)]
pub(crate) use text::text;
pub(crate) use text::{Language, Text};
