//! The options that select rows of a job.

use anyhow::bail;

use super::list::{issue_type, row_status, search_text};
use crate::domain::assigned::AssignedTo;
use crate::domain::decision::{ColumnFilter, Field, Filter};
use crate::domain::job::{JobId, Owner};
use crate::domain::row::RowStatus;
use crate::domain::rules::IssueType;

/// Selects rows of a job; a row must match all filters.
#[derive(Debug, clap::Args)]
pub(crate) struct FilterArgs {
    /// Rows with an open issue of this type.
    #[arg(long = "type", value_name = "TYPE", value_parser = issue_type(), ignore_case = true)]
    issue_type: Option<IssueType>,
    /// Rows with an open issue that is assigned to this person: me, nobody or the name of a person.
    #[arg(long, value_name = "PERSON", value_parser = person)]
    assigned: Option<AssignedTo>,
    /// Rows with an open issue that contains this text in its key, its description, or a value of one of its first hundred rows.
    #[arg(long, value_parser = search_text)]
    issue_text: Option<String>,
    /// Rows that are still to be decided: with an open issue, and neither discarded nor imported.
    #[arg(long)]
    open: bool,
    /// Rows in this status.
    #[arg(long, value_parser = row_status(), ignore_case = true)]
    status: Option<RowStatus>,
    /// Rows with a value that contains this text.
    #[arg(long)]
    text: Option<String>,
    /// Rows with this value, such as company=Acme; `company=` finds rows without one.
    #[arg(long, value_name = "NAME=VALUE", value_parser = column)]
    column: Option<ColumnFilter>,
}

impl FilterArgs {
    /// Returns the filter, for the person `me`.
    pub(crate) fn filter(&self, me: &Owner) -> Filter {
        let FilterArgs { issue_type, assigned, issue_text, open, status, text, column } = self;
        Filter {
            issue_type: *issue_type,
            assigned: assigned.clone().map(|to| to.of(&me.0)),
            issue_text: issue_text.clone(),
            open: *open,
            status: *status,
            text: text.clone(),
            column: column.clone(),
            ..Filter::default()
        }
    }
}

fn column(text: &str) -> Result<ColumnFilter, String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as company=Acme")?;
    let name = name.parse().map_err(|_| format!("expected one of the columns {}", Field::names()))?;
    Ok(ColumnFilter { name, equals: Some(value.to_owned()), contains: None })
}

/// Parses a person, or nobody.
pub(super) fn person(text: &str) -> Result<AssignedTo, String> {
    search_text(text).map(AssignedTo::from)
}

/// Fails unless rows are chosen, either by conditions or by `all`.
pub(super) fn ensure_chosen(job: JobId, filter: &Filter, all: bool) -> anyhow::Result<()> {
    match (all, *filter == Filter::default()) {
        (false, true) => bail!(
            "this would apply to every row of job {job}; choose rows with --type, --assigned, --issue-text, --open, --status, \
             --text or --column, or apply it to every row with --all"
        ),
        (true, false) => {
            bail!("--all applies to every row of job {job}; leave out the other conditions, or --all")
        }
        (true, true) | (false, false) => Ok(()),
    }
}
