//! Options of lists: the part to print, its format, and conditions.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::output::{Format, OutputArgs};
use super::session::Session;
use crate::domain::field::Field;
use crate::domain::job::JobStatus;
use crate::domain::refusal::Refusal;
use crate::domain::row::RowStatus;
use crate::domain::rules::{IssueType, RULES, Rule};
use crate::domain::search;

/// The part of a list to print, and its format.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    output: OutputArgs,
    /// Maximum number of entries to print [default: 100 in a table, otherwise all]
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..))]
    limit: Option<i64>,
    /// Start after this entry: its number in the first column.
    #[arg(long)]
    pub(super) after: Option<i64>,
}

impl List {
    /// Returns the format.
    pub(super) fn format(&self, session: &Session) -> Format {
        self.output.format(session.json)
    }

    /// Returns the maximum number of entries to print: a table is for people, other formats are for programs.
    pub(super) fn limit(&self, session: &Session) -> i64 {
        self.limit.unwrap_or(match self.format(session) {
            Format::Table => 100,
            Format::Json | Format::Csv => i64::MAX,
        })
    }
}

/// Parses a text to search for.
pub(super) fn search_text(text: &str) -> Result<String, String> {
    match search::refusal(text) {
        Some(flaw) => Err(Refusal::SearchText(flaw).to_string()),
        None => Ok(text.to_owned()),
    }
}

/// Parses an issue type. The help lists all of them.
pub(super) fn issue_type() -> impl TypedValueParser<Value = IssueType> {
    let value = |rule: &Rule| PossibleValue::new(rule.issue_type.as_str()).help(rule.when);
    PossibleValuesParser::new(RULES.map(value)).try_map(|word| word.to_uppercase().parse::<IssueType>())
}

/// Parses a job's status. The help lists all of them.
pub(super) fn job_status() -> impl TypedValueParser<Value = JobStatus> {
    let all = JobStatus::ALL.iter().map(|status| PossibleValue::new(status.as_str()));
    PossibleValuesParser::new(all).try_map(|word| word.to_uppercase().parse::<JobStatus>())
}

/// Parses a row's status. The help lists all of them.
pub(super) fn row_status() -> impl TypedValueParser<Value = RowStatus> {
    let all = RowStatus::ALL.iter().map(|status| PossibleValue::new(status.as_str()));
    PossibleValuesParser::new(all).try_map(|word| word.to_uppercase().parse::<RowStatus>())
}

/// Parses a field of a row. The help lists all of them.
pub(super) fn field() -> impl TypedValueParser<Value = Field> {
    let all = Field::ALL.iter().map(|field| PossibleValue::new(field.as_str()));
    PossibleValuesParser::new(all).try_map(|word| word.to_lowercase().parse::<Field>())
}
