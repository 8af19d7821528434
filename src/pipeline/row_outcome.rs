//! The outcome for one row: its own verdict, combined with the findings from comparing it with others.
//!
//! Runs and checks before an import use the same outcomes, so that both agree.

use super::compare::{Finding, Findings};
use super::{Statistics, file, survey};
use crate::csv::RawRow;
use crate::domain::contact::ContactKeys;
use crate::domain::job::Owner;
use crate::domain::required::RequiredFields;
use crate::domain::row::{Fields, OnExisting, RowHash, RowStatus};
use crate::domain::rules::{self, About, Residue, Verdict, Violation, encoding_in_doubt};

/// The group of the rows that share the issue about the encoding. Which row is its last is not known.
const ENCODING_GROUP: (u128, bool) = (0, false);

/// Applies the rules to the rows of a file that has been surveyed.
pub(crate) struct RowRules<'a> {
    keys: ContactKeys,
    required: RequiredFields,
    findings: &'a Findings,
    /// The description of the issue about the encoding.
    doubt: String,
}

/// A row with its outcome.
pub(crate) struct RuledRow<'r> {
    /// The values.
    pub fields: Fields<'r>,
    /// What becomes of it.
    pub outcome: RowOutcome,
    /// What it has in common with the rows that share its issues: see [`survey::group`].
    pub group: Option<u128>,
    finding: Finding,
}

impl<'a> RowRules<'a> {
    /// Returns the rules for the file. `doubts` describes values whose encoding is in doubt.
    pub(crate) fn new(
        owner: &Owner,
        required: RequiredFields,
        findings: &'a Findings,
        doubts: &[String],
    ) -> RowRules<'a> {
        RowRules { keys: ContactKeys::of(owner), required, findings, doubt: encoding_in_doubt(doubts) }
    }

    /// Applies the rules to a row.
    pub(crate) fn apply<'r>(&self, row: &RawRow<'r>) -> RuledRow<'r> {
        let finding = self.findings.about(row.number as u32);
        let fields = file::fields(row);
        let verdict = rules::check(&fields, row.damage.is_some(), self.required);
        let outcome = RowOutcome::new(verdict, finding, None);
        let group = outcome.verdict().and_then(|verdict| survey::group(&self.keys, &fields, verdict));
        RuledRow { fields, outcome, group, finding }
    }

    /// Returns the issues that a row raises; none for a repeat. An issue that it shares with other rows has their group, and
    /// whether this row is the last of them.
    pub(crate) fn issues(
        &self,
        row: &RuledRow<'_>,
        hash: RowHash,
        residue: Residue<'_>,
    ) -> Vec<(Violation, Option<(u128, bool)>)> {
        let Some(verdict) = row.outcome.verdict() else { return Vec::new() };
        let shared = row.group.filter(|_| row.finding.shared).map(|group| (group, row.finding.last));
        let with_group = |mut violation: Violation| {
            if violation.is_about_encoding() {
                violation.description.clone_from(&self.doubt);
                return (violation, Some(ENCODING_GROUP));
            }
            let group = shared.filter(|_| violation.issue_type.rule().about == About::Email);
            (violation, group)
        };
        verdict.violations(&row.fields, hash, residue).into_iter().map(with_group).collect()
    }
}

/// The outcome for a row that has no contact yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowOutcome {
    /// An earlier row has the same values: the row is skipped.
    Repeat,
    /// The row breaks no rule.
    Valid(Verdict),
    /// The row breaks these rules.
    Raises(Verdict),
}

impl RowOutcome {
    /// Combines a row's own verdict with the findings about it. `on_existing` is what a person decided about the
    /// contact with the row's e-mail.
    pub(crate) fn new(verdict: Verdict, finding: Finding, on_existing: Option<OnExisting>) -> RowOutcome {
        if finding.repeat {
            return RowOutcome::Repeat;
        }
        let verdict = verdict.with_conflicts(finding.conflicts, on_existing);
        match verdict.is_clean() {
            true => RowOutcome::Valid(verdict),
            false => RowOutcome::Raises(verdict),
        }
    }

    /// Returns the verdict on the row, or `None` for a repeat.
    pub(crate) fn verdict(&self) -> Option<&Verdict> {
        match self {
            RowOutcome::Repeat => None,
            RowOutcome::Valid(verdict) | RowOutcome::Raises(verdict) => Some(verdict),
        }
    }

    /// Returns the row's status until it has a contact.
    pub(crate) fn status(&self) -> RowStatus {
        match self {
            RowOutcome::Repeat => RowStatus::Discard,
            RowOutcome::Valid(_) => RowStatus::Ready,
            RowOutcome::Raises(_) => RowStatus::Issue,
        }
    }
}

impl Statistics {
    /// Counts a row without a contact.
    pub(crate) fn count(&mut self, outcome: &RowOutcome) {
        match outcome {
            RowOutcome::Repeat => self.repeated_rows += 1,
            RowOutcome::Valid(_) => self.valid_rows += 1,
            RowOutcome::Raises(_) => self.issue_rows += 1,
        }
    }

    /// Counts a row that has its contact.
    pub(crate) fn count_done(&mut self) {
        self.valid_rows += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::Conflicts;

    fn verdict(email: &str) -> Verdict {
        rules::check(&Fields::new(email, "Ann", "Lee", "Acme"), false, RequiredFields::default())
    }

    #[test]
    fn verdicts_and_findings_decide_the_outcome() {
        let none = Finding::default();
        let repeat = Finding { repeat: true, ..none };
        let found = |duplicate, existing| Finding { conflicts: Conflicts { duplicate, existing }, ..none };
        let (duplicate, existing) = (found(true, false), found(false, true));
        let (good, bad) = ("ann@example.com", "ann");
        let overwrite = Some(OnExisting::Overwrite);
        let cases = [
            (good, none, None, RowStatus::Ready, (1, 0, 0)),
            (good, repeat, None, RowStatus::Discard, (0, 0, 1)),
            (bad, repeat, None, RowStatus::Discard, (0, 0, 1)),
            (bad, none, None, RowStatus::Issue, (0, 1, 0)),
            (good, duplicate, None, RowStatus::Issue, (0, 1, 0)),
            (good, duplicate, overwrite, RowStatus::Issue, (0, 1, 0)),
            (good, existing, None, RowStatus::Issue, (0, 1, 0)),
            (good, existing, overwrite, RowStatus::Ready, (1, 0, 0)),
            (good, existing, Some(OnExisting::Fill), RowStatus::Ready, (1, 0, 0)),
            (bad, existing, overwrite, RowStatus::Issue, (0, 1, 0)),
        ];
        for (email, finding, on_existing, status, counts) in cases {
            let outcome = RowOutcome::new(verdict(email), finding, on_existing);
            let mut statistics = Statistics::default();
            statistics.count(&outcome);
            let Statistics { valid_rows, issue_rows, repeated_rows, .. } = statistics;
            let counted = (valid_rows, issue_rows, repeated_rows);
            assert_eq!((outcome.status(), counted), (status, counts), "{email} {finding:?} {on_existing:?}");
        }
    }
}
