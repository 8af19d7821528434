//! The words of the pages: what the database's are to people, numbers, and times.

use chrono::{DateTime, Utc};

use crate::domain::decision::{ActionKind, BulkDecision, Field};
use crate::domain::job::JobStatus;
use crate::domain::row::RowStatus;
use crate::domain::rules::{RULES, Rule};
use crate::store::Count;

/// A number with its thousands apart.
pub(crate) fn number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('−');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number that is counted only as far as people want to know.
pub(crate) fn count(count: Count) -> String {
    match count.number() > Count::MOST {
        true => format!("{}+", number(Count::MOST)),
        false => number(count.number()),
    }
}

/// A number of things: `1 row`, `1,200 rows`.
pub(crate) fn many(count: i64, one: &str, more: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { more })
}

/// The same with a capital letter in front.
pub(crate) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// How long ago it was, as people say it.
pub(crate) fn ago(at: DateTime<Utc>) -> String {
    let seconds = Utc::now().signed_duration_since(at).num_seconds().max(0);
    let (count, unit) = match seconds {
        0..45 => return "just now".to_owned(),
        45..5_400 => ((seconds + 30) / 60, "minute"),
        5_400..129_600 => ((seconds + 1_800) / 3_600, "hour"),
        129_600..2_592_000 => ((seconds + 43_200) / 86_400, "day"),
        _ => return at.format("%-d %b %Y").to_string(),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

/// A time to the second.
pub(crate) fn exact(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y, %H:%M:%S UTC").to_string()
}

/// A length of time.
pub(crate) fn lasted(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let milliseconds = to.signed_duration_since(from).num_milliseconds().max(0);
    match milliseconds {
        0..1_000 => "less than a second".to_owned(),
        1_000..90_000 => many(milliseconds / 1_000, "second", "seconds"),
        _ => many(milliseconds / 60_000, "minute", "minutes"),
    }
}

/// What a status is to people: a word, a sign that is no colour, and the class of its style.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    /// The word.
    pub word: &'static str,
    /// The sign.
    pub sign: &'static str,
    /// The class.
    pub class: &'static str,
}

fn told(word: &'static str, sign: &'static str, class: &'static str) -> Told {
    Told { word, sign, class }
}

/// A job's status.
pub(crate) fn job_status(status: JobStatus) -> Told {
    match status {
        JobStatus::Pending => told("Waiting", "◌", "waiting"),
        JobStatus::Processing => told("Running", "◐", "running"),
        JobStatus::NeedsReview => told("Needs review", "◆", "review"),
        JobStatus::Completed => told("Completed", "✓", "done"),
        JobStatus::Failed => told("Failed", "✕", "failed"),
    }
}

/// A row's status.
pub(crate) fn row_status(status: Option<RowStatus>) -> Told {
    match status {
        Some(RowStatus::Ready) => told("Ready", "✓", "ready"),
        Some(RowStatus::Success) => told("Imported", "●", "imported"),
        Some(RowStatus::Discard) => told("Left out", "–", "left-out"),
        Some(RowStatus::Issue) => told("Has an issue", "◆", "issue"),
        None => told("Not judged yet", "◌", "waiting"),
    }
}

/// The rule that an address of a page names.
pub(crate) fn rule_of(slug: &str) -> Option<&'static Rule> {
    RULES.into_iter().find(|rule| rule.slug == slug)
}

/// A decision about many cases, on its button.
pub(crate) fn bulk_button(decision: BulkDecision) -> &'static str {
    match decision {
        BulkDecision::KeepFirst => "Keep the first row",
        BulkDecision::KeepLast => "Keep the last row",
        BulkDecision::Merge => "Merge rows",
        BulkDecision::Correct => "Take suggestions",
        BulkDecision::KeepContact => "Keep contacts",
        BulkDecision::Overwrite => "Overwrite contacts",
        BulkDecision::Fill => "Fill blanks",
        BulkDecision::Accept => "Accept as they are",
        BulkDecision::Discard => "Leave out",
        BulkDecision::FillIn => "Fill in",
    }
}

/// The same as the question before it is carried out.
pub(crate) fn bulk_question(decision: BulkDecision) -> &'static str {
    match decision {
        BulkDecision::KeepFirst => "Keep the first row of each",
        BulkDecision::KeepLast => "Keep the last row of each",
        BulkDecision::Merge => "Merge the rows of each",
        BulkDecision::Correct => "Take the suggested addresses",
        BulkDecision::KeepContact => "Keep the contacts as they are",
        BulkDecision::Overwrite => "Overwrite the contacts",
        BulkDecision::Fill => "Fill blanks of the contacts",
        BulkDecision::Accept => "Accept as they are",
        BulkDecision::Discard => "Leave out",
        BulkDecision::FillIn => "Fill in what is missing",
    }
}

/// A value's name.
pub(crate) fn field(field: Field) -> &'static str {
    match field {
        Field::Email => "E-mail",
        Field::FirstName => "First name",
        Field::LastName => "Last name",
        Field::Company => "Company",
    }
}

/// What somebody did.
pub(crate) fn action(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Upload => "uploaded the file",
        ActionKind::Edit => "edited",
        ActionKind::Discard => "left out",
        ActionKind::Restore => "took in again",
        ActionKind::Accept => "accepted as they are",
        ActionKind::KeepContact => "kept existing contacts",
        ActionKind::Overwrite => "chose to overwrite contacts",
        ActionKind::Fill => "chose to fill blanks of contacts",
        ActionKind::Correct => "took suggested addresses",
        ActionKind::KeepRow => "kept one of several rows",
        ActionKind::Merge => "merged rows",
        ActionKind::Corrections => "took in a file of corrections",
        ActionKind::Undo => "took back an action",
        ActionKind::UndoImport => "took back the import",
        ActionKind::Reprocess => "asked for a run",
        ActionKind::Cancel => "called the job off",
        ActionKind::Delete => "deleted the job",
        ActionKind::Policy => "changed when contacts are made",
        ActionKind::EditContact => "edited a contact",
    }
}

/// The same of so many rows.
pub(crate) fn action_on(kind: ActionKind, rows: &str) -> String {
    match kind {
        ActionKind::Edit => format!("edited {rows}"),
        ActionKind::Discard => format!("left out {rows}"),
        ActionKind::Restore => format!("took {rows} in again"),
        ActionKind::Accept => format!("accepted {rows} as they are"),
        ActionKind::KeepContact => format!("kept existing contacts, left out {rows}"),
        ActionKind::Overwrite => format!("chose to overwrite contacts with {rows}"),
        ActionKind::Fill => format!("chose to fill blanks of contacts from {rows}"),
        ActionKind::Correct => format!("took suggested addresses for {rows}"),
        ActionKind::KeepRow => format!("kept one of several rows, left out {rows}"),
        ActionKind::Merge => format!("merged rows, changed {rows}"),
        ActionKind::Undo => format!("took back what was done to {rows}"),
        kind => format!("{}: {rows}", action(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        for (value, expected) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567"), (-1000, "−1,000")]
        {
            assert_eq!(number(value), expected);
        }
        assert_eq!((many(1, "row", "rows"), many(0, "row", "rows")), ("1 row".into(), "0 rows".into()));
    }

    #[test]
    fn times_are_told_as_people_tell_them() {
        let before = |seconds| ago(Utc::now() - chrono::TimeDelta::seconds(seconds));
        assert_eq!(
            [before(3), before(60), before(7_200), before(200_000)],
            ["just now", "1 minute ago", "2 hours ago", "2 days ago"]
        );
    }
}
