//! What a sentence advises to do: commands for those who can enter them, otherwise parts of a page.

use std::fmt;

use super::names::field_inline;
use super::text::{Text, english};
use crate::domain::field::Field;
use crate::domain::job::JobId;
use crate::domain::rejection::ColumnProposal;

/// The language of a sentence and the kind of its remedies.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    /// The language.
    pub(super) text: &'a Text,
    commands: Option<Job>,
}

/// The job that commands name.
#[derive(Clone, Copy)]
enum Job {
    /// There is none yet, or it is not known.
    Unknown,
    Known(JobId),
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Job::Unknown => f.write_str("JOB"),
            Job::Known(job) => job.fmt(f),
        }
    }
}

impl<'a> Reader<'a> {
    /// Somebody at a page.
    pub(super) fn of_page(text: &'a Text) -> Reader<'a> {
        Reader { text, commands: None }
    }
}

impl Reader<'static> {
    /// Somebody who can enter commands, which name a job as `JOB`.
    pub(super) fn of_commands() -> Reader<'static> {
        Reader { text: english(), commands: Some(Job::Unknown) }
    }

    /// Somebody who can enter commands for a job.
    pub(super) fn of_commands_for(job: JobId) -> Reader<'static> {
        Reader { text: english(), commands: Some(Job::Known(job)) }
    }
}

impl Reader<'_> {
    /// Returns the name of a field.
    pub(super) fn field(self, field: Field) -> String {
        match self.commands {
            Some(_) => field.as_str().to_owned(),
            None => field_inline(self.text, field),
        }
    }

    /// Returns the names of fields.
    pub(super) fn fields(self, fields: &[Field]) -> String {
        fields.iter().map(|field| self.field(*field)).collect::<Vec<String>>().join(", ")
    }

    /// Returns where to match the columns of fields.
    pub(super) fn match_columns(self, fields: &[Field], proposals: &[ColumnProposal]) -> String {
        match self.commands {
            Some(job) => {
                let on_page = self.on_job_page();
                format!("{on_page}, or with `ingest map {job} {}`", options(fields, proposals))
            }
            None => self.on_page(),
        }
    }

    /// Returns where to match any columns.
    pub(super) fn match_any(self) -> String {
        match self.commands {
            Some(job) => format!("{}, or with `ingest map {job} FIELD=COLUMN …`", self.on_job_page()),
            None => self.on_page(),
        }
    }

    /// Returns where to set an option of `ingest reread`.
    pub(super) fn reread(self, option: &str) -> String {
        match self.commands {
            Some(job) => format!("with `ingest reread {job} {option}` or {}", self.on_job_page()),
            None => self.on_page(),
        }
    }

    /// Returns where to set an option of `ingest reread` if the reader knows a job, or is at a page.
    pub(super) fn set(self, option: &str) -> Option<String> {
        match self.commands {
            Some(Job::Unknown) => None,
            Some(job @ Job::Known(_)) => Some(format!("with `ingest reread {job} {option}`")),
            None => Some(self.text.reason_under(self.text.upload_reading())),
        }
    }

    /// Returns `commands` to those who can enter them, otherwise what `page` returns.
    pub(super) fn either(self, commands: &str, page: impl FnOnce(&Text) -> String) -> String {
        match self.commands {
            Some(_) => commands.to_owned(),
            None => page(self.text),
        }
    }

    fn on_page(self) -> String {
        self.text.reason_under(self.text.upload_columns())
    }

    fn on_job_page(self) -> String {
        format!("under \"{}\" on the page of the job", self.text.upload_columns())
    }
}

/// Returns arguments that assign columns to the fields, with the proposed columns.
fn options(fields: &[Field], proposals: &[ColumnProposal]) -> String {
    let option = |field: &Field| {
        let proposal = proposals.iter().find(|proposal| proposal.field == *field);
        let column = proposal.map_or("N".to_owned(), |proposal| (proposal.column + 1).to_string());
        format!("{field}={column}")
    };
    fields.iter().map(option).collect::<Vec<String>>().join(" ")
}
