//! What a check of a file before its import has found.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::field::{Field, PerField, by_name};
use super::interpretation::ReadColumn;
use super::rules::{IssueType, Verdict};
use super::suggest;

/// Maximum number of examples.
const EXAMPLES: usize = 10;
/// Maximum number of domains that are counted.
const MOST_DOMAINS: usize = 20_000;
/// Maximum number of characters of a value in an example.
const SHOWN_CHARACTERS: usize = 200;

/// What an import of a file would find, if nobody changes the owner's contacts before.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FileCheck {
    /// The rows that were checked.
    pub rows: u64,
    /// Whether these are all rows of the file.
    pub is_whole: bool,
    /// Whether the file is an archive with several tables and no table is chosen. The first was checked.
    pub is_split: bool,
    /// Rows that become contacts without a question.
    pub valid_rows: u64,
    /// Rows that raise issues.
    pub issue_rows: u64,
    /// Rows that are skipped because they repeat an earlier one.
    pub repeated_rows: u64,
    /// Rows whose e-mail the owner has in a contact with the same values in all fields; `None` if there are too many to compare.
    pub identical_rows: Option<u64>,
    /// Whether the owner has contacts that another program has just inserted, with which rows cannot be compared yet.
    pub has_unknown_contacts: bool,
    /// The issues, by rule, in the order of [`IssueType::ALL`]; rules that no row breaks are left out.
    pub issues: Vec<FoundIssues>,
    /// Domains of valid rows that look misspelt, the most frequent first. No issue asks about them.
    pub misspelt_domains: Vec<MisspeltDomain>,
    /// The columns of the fields.
    pub columns: Vec<ReadColumn>,
    /// Lines that are not rows: titles, notes, totals.
    pub skipped_lines: u64,
    /// Some rows that raise issues, of as many rules as possible, in the order of the file.
    pub examples: Vec<CheckedRow>,
}

/// The issues of one rule.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FoundIssues {
    /// The rule.
    pub issue_type: IssueType,
    /// Its issues. Rows with the same e-mail share one.
    pub issues: u64,
    /// The rows that raise them.
    pub rows: u64,
}

/// A row that raises issues.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CheckedRow {
    /// Its number among the rows, from 1.
    pub number: u64,
    /// The line on which it starts, from 1.
    pub line: u64,
    /// Its values, shortened.
    #[serde(flatten, serialize_with = "by_name::serialize")]
    pub values: PerField<String>,
    /// What does not fit into its values, if it is malformed.
    pub residue: Option<String>,
    /// Its issues.
    pub issues: Vec<RowIssue>,
    /// Which rules it breaks.
    #[serde(skip)]
    pub(crate) verdict: Verdict,
}

/// An issue that a row raises.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RowIssue {
    /// The rule.
    pub issue_type: IssueType,
    /// The fields whose values break it; none if the whole row does.
    pub fields: Vec<Field>,
    /// What is wrong.
    pub reason: String,
}

/// A domain of e-mail addresses that looks misspelt.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MisspeltDomain {
    /// The domain, in lower case.
    pub domain: String,
    /// The domain that was probably intended.
    pub intended: String,
    /// The valid rows with an address in it.
    pub rows: u64,
}

/// Counts the domains of e-mail addresses.
#[derive(Debug, Default)]
pub(crate) struct Domains(HashMap<String, u64>);

impl Domains {
    /// Counts the domain of an address. Beyond a number of domains, others are not counted.
    pub(crate) fn add(&mut self, email: &str) {
        let Some((_, domain)) = email.rsplit_once('@') else { return };
        let domain = domain.to_lowercase();
        if self.0.len() < MOST_DOMAINS || self.0.contains_key(&domain) {
            *self.0.entry(domain).or_default() += 1;
        }
    }

    /// Returns the domains that look misspelt, the most frequent first.
    pub(crate) fn misspelt(self) -> Vec<MisspeltDomain> {
        let suspect = |(domain, rows): (String, u64)| {
            suggest::intended_domain(&domain).map(|intended| MisspeltDomain { domain, intended, rows })
        };
        let mut found: Vec<MisspeltDomain> = self.0.into_iter().filter_map(suspect).collect();
        found.sort_by(|one, other| other.rows.cmp(&one.rows).then_with(|| one.domain.cmp(&other.domain)));
        found.truncate(EXAMPLES);
        found
    }
}

/// Collects examples: the first rows of each rule.
#[derive(Debug, Default)]
pub(crate) struct Examples {
    rows: Vec<CheckedRow>,
    counts: BTreeMap<IssueType, usize>,
}

impl Examples {
    /// Adds a row that breaks these rules, unless there are enough rows for each of them.
    pub(crate) fn add(&mut self, types: &[IssueType], row: impl FnOnce() -> CheckedRow) {
        let mut is_wanted = false;
        for issue_type in types {
            let count = self.counts.entry(*issue_type).or_default();
            is_wanted |= *count < EXAMPLES;
            *count += 1;
        }
        if is_wanted {
            self.rows.push(row());
        }
    }

    /// Chooses the examples: the first row of each rule, then the second one, and so on.
    pub(crate) fn chosen(self) -> Vec<CheckedRow> {
        let of_type = |issue_type: &IssueType| {
            let breaks =
                |(_, row): &(usize, &CheckedRow)| row.issues.iter().any(|of| of.issue_type == *issue_type);
            self.rows.iter().enumerate().filter(breaks).map(|(at, _)| at).collect::<Vec<usize>>()
        };
        let rows: Vec<Vec<usize>> = IssueType::ALL.iter().map(of_type).collect();
        let mut chosen = BTreeSet::new();
        for at in (0..EXAMPLES).flat_map(|turn| rows.iter().filter_map(move |rows| rows.get(turn))) {
            if chosen.len() < EXAMPLES {
                chosen.insert(*at);
            }
        }
        let rows = self.rows.into_iter().enumerate();
        rows.filter(|(at, _)| chosen.contains(at)).map(|(_, row)| row).collect()
    }
}

/// Returns a value as it is shown in an example.
///
/// ```
/// use ingest::domain::file_check::shown;
///
/// assert_eq!(shown("Ann"), "Ann");
/// assert_eq!(shown(&"x".repeat(1000)).chars().count(), 201);
/// ```
pub fn shown(value: &str) -> String {
    match value.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u64, types: &[IssueType]) -> CheckedRow {
        let issue = |issue_type: &IssueType| RowIssue {
            issue_type: *issue_type,
            fields: Vec::new(),
            reason: String::new(),
        };
        let (values, verdict) = (PerField::default(), Verdict::default());
        let issues = types.iter().map(issue).collect();
        CheckedRow { number, line: number + 1, values, residue: None, issues, verdict }
    }

    fn chosen(rows: &[(u64, &[IssueType])]) -> Vec<u64> {
        let mut examples = Examples::default();
        for (number, types) in rows {
            examples.add(types, || row(*number, types));
        }
        examples.chosen().iter().map(|row| row.number).collect()
    }

    #[test]
    fn examples_are_of_every_rule_in_the_order_of_the_file() {
        let missing: &[IssueType] = &[IssueType::MissingRequiredField];
        let invalid: &[IssueType] = &[IssueType::InvalidEmail];
        let mut rows: Vec<(u64, &[IssueType])> = (1..=100).map(|number| (number, missing)).collect();
        assert_eq!(chosen(&rows), (1..=10).collect::<Vec<u64>>());
        rows.extend([(101, invalid), (102, invalid)]);
        assert_eq!(chosen(&rows), [1, 2, 3, 4, 5, 6, 7, 8, 101, 102]);
    }

    #[test]
    fn misspelt_domains_are_listed_by_their_rows() {
        let mut domains = Domains::default();
        for email in ["a@Gmial.con", "b@gmail.com", "c@hotmial.com", "d@hotmial.com", "e@example.com", "none"]
        {
            domains.add(email);
        }
        let found: Vec<_> =
            domains.misspelt().into_iter().map(|found| (found.domain, found.intended, found.rows)).collect();
        let expected = [("hotmial.com", "hotmail.com", 2), ("gmial.con", "gmail.com", 1)];
        assert_eq!(found, expected.map(|(domain, intended, rows)| (domain.into(), intended.into(), rows)));
    }

    #[test]
    fn a_row_that_breaks_several_rules_is_one_example() {
        let both: &[IssueType] = &[IssueType::MissingRequiredField, IssueType::InvalidEmail];
        assert_eq!(chosen(&[(1, both), (2, both)]), [1, 2]);
        assert_eq!(chosen(&[]), [] as [u64; 0]);
    }
}
