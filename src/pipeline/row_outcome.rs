//! The outcome for one row: its own verdict, combined with the findings from comparing it with others.

use super::Statistics;
use super::compare::Finding;
use crate::domain::row::{OnExisting, RowStatus};
use crate::domain::rules::Verdict;

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
    use crate::domain::required::RequiredFields;
    use crate::domain::row::Fields;
    use crate::domain::rules::{self, Conflicts};

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
