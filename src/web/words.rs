//! The names on pages of statuses, rules, decisions, fields and actions.

use crate::domain::bulk_decision::BulkDecision;
use crate::domain::decision::{ActionKind, Field};
use crate::domain::job::JobStatus;
use crate::domain::row::RowStatus;
use crate::domain::rules::{IssueType, PerLanguage, RULES, ResidueParts, Rule, Verdict, doubts_in};
use crate::store::{Count, Matches};
use crate::texts::{Language, Text, email_error, field_inline, oddities};

/// Returns the text with an initial capital and a full stop.
pub(crate) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let mut sentence: String =
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    if sentence.ends_with(|last: char| last.is_alphanumeric()) {
        sentence.push('.');
    }
    sentence
}

impl Text {
    /// Formats a count, with `+` if it exceeds the maximum.
    pub(crate) fn count(&self, count: Count) -> String {
        match count.number() > Count::MOST {
            true => format!("{}+", self.number(Count::MOST)),
            false => self.number(count.number()),
        }
    }

    /// Formats the number of matches, with `+` if there may be more.
    pub(crate) fn matches(&self, found: Matches) -> String {
        let number = self.number(found.number);
        if found.is_all { number } else { format!("{number}+") }
    }
}

/// A status on pages: a word, a symbol for people who cannot distinguish colours, and a CSS class.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    /// The word.
    pub(crate) word: String,
    /// The symbol.
    pub(crate) sign: &'static str,
    /// The CSS class.
    pub(crate) class: &'static str,
}

fn status(word: String, sign: &'static str, class: &'static str) -> Status {
    Status { word, sign, class }
}

/// Returns a job's status.
pub(crate) fn job_status(text: &Text, job_status: JobStatus) -> Status {
    match job_status {
        JobStatus::Pending => status(text.job_pending(), "◌", "waiting"),
        JobStatus::Processing => status(text.job_processing(), "◐", "running"),
        JobStatus::NeedsReview => status(text.job_needs_review(), "◆", "review"),
        JobStatus::Completed => status(text.job_completed(), "✓", "done"),
        JobStatus::Failed => status(text.job_failed(), "✕", "failed"),
    }
}

/// Returns the status of a job that may have been cancelled.
pub(crate) fn job_outcome(text: &Text, status: JobStatus, cancelled: bool) -> Status {
    let status = job_status(text, status);
    match cancelled {
        true => Status { word: text.job_cancelled(), ..status },
        false => status,
    }
}

/// Returns a row's status.
pub(crate) fn row_status(text: &Text, row_status: Option<RowStatus>) -> Status {
    match row_status {
        Some(RowStatus::Ready) => status(text.row_ready(), "✓", "ready"),
        Some(RowStatus::Success) => status(text.row_imported(), "●", "imported"),
        Some(RowStatus::Discard) => status(text.row_discarded(), "–", "discarded"),
        Some(RowStatus::Issue) => status(text.row_issue(), "◆", "issue"),
        None => status(text.row_new(), "◌", "waiting"),
    }
}

/// Returns the rule with the slug.
pub(crate) fn rule_of(slug: &str) -> Option<&'static Rule> {
    RULES.into_iter().find(|rule| rule.slug == slug)
}

/// Returns the name of a rule's issues.
pub(crate) fn rule(text: &Text, issue_type: IssueType) -> String {
    in_language(text, &issue_type.rule().name)
}

/// Returns what is wrong with a row that breaks a rule.
pub(crate) fn wrong(text: &Text, issue_type: IssueType) -> String {
    in_language(text, &issue_type.rule().wrong)
}

/// Returns what is wrong with a row that breaks a rule, with its missing fields or why its e-mail is invalid if the verdict says
/// so.
pub(crate) fn reason(text: &Text, issue_type: IssueType, verdict: &Verdict) -> String {
    match issue_type {
        IssueType::MissingRequiredField if !verdict.missing.is_empty() => {
            let names: Vec<String> = verdict.missing.iter().map(|field| field_inline(text, field)).collect();
            text.wrong_missing(names.join(", "))
        }
        IssueType::InvalidEmail => match verdict.invalid_email {
            Some(error) => text.wrong_invalid_reason(email_error(text, error)),
            None => wrong(text, issue_type),
        },
        IssueType::MissingRequiredField
        | IssueType::DuplicateEmail
        | IssueType::ExistingEmail
        | IssueType::MalformedRow => wrong(text, issue_type),
    }
}

fn in_language(text: &Text, texts: &PerLanguage) -> String {
    let text = match text.language() {
        Language::En => texts.en,
        Language::De => texts.de,
        Language::Es => texts.es,
    };
    text.to_owned()
}

/// Returns the label of a bulk decision's button.
pub(crate) fn bulk_button(text: &Text, decision: BulkDecision) -> String {
    match decision {
        BulkDecision::KeepFirst => text.bulk_keep_first(),
        BulkDecision::KeepLast => text.bulk_keep_last(),
        BulkDecision::Merge => text.bulk_merge(),
        BulkDecision::Correct => text.bulk_correct(),
        BulkDecision::KeepContact => text.bulk_keep_contact(),
        BulkDecision::Overwrite => text.bulk_overwrite(),
        BulkDecision::Fill => text.bulk_fill(),
        BulkDecision::Accept => text.bulk_accept(),
        BulkDecision::Discard => text.bulk_discard(),
        BulkDecision::FillIn => text.bulk_fill_in(),
        BulkDecision::Replace => text.grid_replace(),
    }
}

/// Returns the question that confirms a bulk decision.
pub(crate) fn bulk_question(text: &Text, decision: BulkDecision) -> String {
    match decision {
        BulkDecision::KeepFirst => text.bulk_keep_first_question(),
        BulkDecision::KeepLast => text.bulk_keep_last_question(),
        BulkDecision::Merge => text.bulk_merge_question(),
        BulkDecision::Correct => text.bulk_correct_question(),
        BulkDecision::KeepContact => text.bulk_keep_contact_question(),
        BulkDecision::Overwrite => text.bulk_overwrite_question(),
        BulkDecision::Fill => text.bulk_fill_question(),
        BulkDecision::Accept => text.bulk_accept_question(),
        BulkDecision::Discard => text.bulk_discard_question(),
        BulkDecision::FillIn => text.bulk_fill_in_question(),
        BulkDecision::Replace => text.grid_replace_question(),
    }
}

/// Returns a field's name.
pub(crate) fn field(text: &Text, field: Field) -> String {
    match field {
        Field::Email => text.field_email(),
        Field::FirstName => text.field_first_name(),
        Field::LastName => text.field_last_name(),
        Field::Company => text.field_company(),
    }
}

/// Returns the names of all fields.
pub(crate) fn fields(text: &Text) -> Vec<String> {
    Field::ALL.iter().map(|known| field(text, *known)).collect()
}

/// Returns the description of an action.
pub(crate) fn action(text: &Text, kind: ActionKind) -> String {
    match kind {
        ActionKind::Upload => text.action_upload(),
        ActionKind::Edit => text.action_edit(),
        ActionKind::Discard => text.action_discard(),
        ActionKind::Restore => text.action_restore(),
        ActionKind::Accept => text.action_accept(),
        ActionKind::KeepContact => text.action_keep_contact(),
        ActionKind::Overwrite => text.action_overwrite(),
        ActionKind::Fill => text.action_fill(),
        ActionKind::Correct => text.action_correct(),
        ActionKind::Replace => text.action_replace(),
        ActionKind::KeepRow => text.action_keep_row(),
        ActionKind::Merge => text.action_merge(),
        ActionKind::Note => text.action_note(),
        ActionKind::Assign => text.action_assign(),
        ActionKind::Corrections => text.action_corrections(),
        ActionKind::Undo => text.action_undo(),
        ActionKind::UndoImport => text.action_undo_import(),
        ActionKind::Reprocess => text.action_reprocess(),
        ActionKind::Reread => text.action_reread(),
        ActionKind::Mapping => text.action_mapping(),
        ActionKind::Cancel => text.action_cancel(),
        ActionKind::Delete => text.action_delete(),
        ActionKind::Policy => text.action_policy(),
        ActionKind::EditContact => text.action_edit_contact(),
        ActionKind::DeleteContacts => text.action_delete_contacts(),
    }
}

/// Returns the description of an action on a number of rows.
pub(crate) fn action_on(text: &Text, kind: ActionKind, rows: i64) -> String {
    let rows = text.rows(rows);
    match kind {
        ActionKind::Edit => text.action_edit_rows(rows),
        ActionKind::Discard => text.action_discard_rows(rows),
        ActionKind::Restore => text.action_restore_rows(rows),
        ActionKind::Accept => text.action_accept_rows(rows),
        ActionKind::KeepContact => text.action_keep_contact_rows(rows),
        ActionKind::Overwrite => text.action_overwrite_rows(rows),
        ActionKind::Fill => text.action_fill_rows(rows),
        ActionKind::Correct => text.action_correct_rows(rows),
        ActionKind::Replace => text.action_replace_rows(rows),
        ActionKind::KeepRow => text.action_keep_row_rows(rows),
        ActionKind::Merge => text.action_merge_rows(rows),
        ActionKind::Undo => text.action_undo_rows(rows),
        ActionKind::Upload
        | ActionKind::Note
        | ActionKind::Assign
        | ActionKind::Corrections
        | ActionKind::UndoImport
        | ActionKind::Reprocess
        | ActionKind::Reread
        | ActionKind::Mapping
        | ActionKind::Cancel
        | ActionKind::Delete
        | ActionKind::Policy
        | ActionKind::EditContact
        | ActionKind::DeleteContacts => text.action_rows(action(text, kind), rows),
    }
}

/// Returns the labels and values of what does not fit into the values of a row; `others` is the label of what is neither an
/// extra nor an unreadable cell.
pub(crate) fn residue(text: &Text, residue: &str, others: String) -> Vec<(String, String)> {
    let ResidueParts { extra_cells, unreadable_cells, others: rest } = ResidueParts::of(residue);
    let extra = extra_cells.into_owned().into_iter().zip(1_i64..);
    let extra = extra.map(|(cell, at)| (text.case_extra_cell(text.number(at)), cell));
    let unreadable = unreadable_cells.into_owned().into_iter();
    let unreadable = unreadable.map(|cell| (text.case_unreadable_cell(), cell));
    let rest = Some(rest).filter(|rest| !rest.is_empty());
    let rest = rest.map(|rest| oddities(text, doubts_in(&rest)));
    extra.chain(unreadable).chain(rest.map(|rest| (others, rest))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::text;

    #[test]
    fn sentences_begin_with_a_capital_and_end_with_one_stop() {
        for (words, expected) in [("no file", "No file."), ("Why?", "Why?"), ("élan", "Élan."), ("", "")] {
            assert_eq!(sentence(words), expected);
        }
    }

    #[test]
    fn rules_and_statuses_have_different_names() {
        for language in ["en", "de", "es"] {
            let text = text(language);
            let mut names: Vec<String> = RULES.iter().map(|known| rule(&text, known.issue_type)).collect();
            names.extend(JobStatus::ALL.iter().map(|status| job_status(&text, *status).word));
            let all = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), all, "{language}: {names:?}");
        }
    }
}
