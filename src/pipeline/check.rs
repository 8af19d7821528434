//! Checks a file before its import: what a run would find in it. Nothing is written.
//!
//! The rows pass through the survey, the comparison and the rules of a run, so the result is that of a run, unless somebody
//! changes the owner's contacts in between.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::compare::{Comparison, Existing, Findings, SortMemory, Sorted};
use super::read_as::ReadAs;
use super::row_outcome::{RowRules, RuledRow};
use super::survey::RowSurvey;
use super::{Statistics, existing, file};
use crate::csv::{RawRow, Reader, Reading, Summary};
use crate::domain::file_check::{CheckedRow, Domains, Examples, FileCheck, FoundIssues, RowIssue, shown};
use crate::domain::interpretation::ReadColumn;
use crate::domain::job::{Columns, Owner, ParseSettings};
use crate::domain::rejection::Rejection;
use crate::domain::required::RequiredFields;
use crate::domain::row::{RowHash, normalise};
use crate::domain::rules::{IssueType, Residue, Verdict, Violation};
use crate::store::contacts::{self, Contact};
use crate::store::{OwnerPool, StoreError};

/// Memory for comparing the rows of one file; the rest goes to temporary files.
const SORT_BYTES: usize = 8 << 20;
/// The bytes of the text that are read at a time.
const BLOCK_BYTES: usize = 256 << 10;
/// Maximum number of rows that are compared value by value with existing contacts.
const MOST_COMPARED: usize = 100_000;
/// Contacts looked up per query.
const CONTACTS_PER_QUERY: usize = 1_000;

/// A file to be checked, unpacked if it was a container.
#[derive(Debug)]
pub(crate) struct FileToCheck {
    /// The text.
    pub text: File,
    /// Whether it is the whole text. Of the beginning of a text, the last row does not count: it may be incomplete.
    pub is_whole: bool,
    /// Whether the text is our own, of the cells of a workbook, and so in UTF-8.
    pub is_ours: bool,
    /// Whether it is the first of several tables of an archive.
    pub is_first: bool,
    /// The owner.
    pub owner: Owner,
    /// How it is read, as far as a person has set it.
    pub settings: ParseSettings,
    /// The columns of the fields, if a person matched them or they are remembered.
    pub columns: Option<Columns>,
    /// The fields that its rows must have.
    pub required: RequiredFields,
}

/// Why a file cannot be checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// The file cannot be imported as it is; its owner can correct it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The database, or a temporary file, failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<io::Error> for CheckError {
    fn from(error: io::Error) -> Self {
        StoreError::Scratch(error).into()
    }
}

/// Checks a file of its owner.
pub(crate) async fn check(owners: &OwnerPool, file: FileToCheck) -> Result<FileCheck, CheckError> {
    let file = Arc::new(file);
    let surveyed = in_background(&file, FileToCheck::survey).await?;
    let Surveyed { rows, comparison, doubts, summary } = surveyed;
    let mut db = owners.read(&file.owner).await?;
    let has_unknown_contacts = contacts::lack_keys(&mut db, &file.owner).await?;
    let none = Existing::new(&SortMemory::new(SORT_BYTES), &std::env::temp_dir());
    let existing = existing::look::<CheckError>(none, &mut db, &file.owner, None, &comparison).await?;
    db.rollback().await?;
    let reading = summary.reading();
    let found = in_background(&file, move |file| {
        let findings = comparison.findings(existing, 0)?;
        file.find(reading, &findings, &doubts)
    })
    .await?;
    let identical_rows = identical_rows(owners, &file.owner, found.with_contacts).await?;
    Ok(FileCheck {
        rows,
        is_whole: file.is_whole,
        is_split: file.is_first,
        valid_rows: found.counts.valid_rows,
        issue_rows: found.counts.issue_rows,
        repeated_rows: found.counts.repeated_rows,
        identical_rows,
        has_unknown_contacts,
        issues: found.issues.into_values().collect(),
        misspelt_domains: found.domains.misspelt(),
        columns: columns(&summary),
        skipped_lines: summary.skipped.count,
        examples: found.examples.chosen(),
    })
}

/// Runs a part that computes for long beside the tasks of others.
async fn in_background<T: Send + 'static>(
    file: &Arc<FileToCheck>,
    part: impl FnOnce(&FileToCheck) -> Result<T, CheckError> + Send + 'static,
) -> Result<T, CheckError> {
    let file = Arc::clone(file);
    tokio::task::spawn_blocking(move || part(&file)).await.map_err(io::Error::other)?
}

/// What the first pass has found.
struct Surveyed {
    /// The number of rows.
    rows: u64,
    comparison: Sorted,
    doubts: Vec<String>,
    summary: Summary,
}

impl FileToCheck {
    /// Pass 1: as [`super::survey`] does.
    fn survey(&self) -> Result<Surveyed, CheckError> {
        let mut rows = self.row_survey();
        let mut summary = self.pass(self.read_as().first_reader()?, |row| survey_row(&mut rows, row))?;
        if summary.reread {
            rows = self.row_survey();
            let second = self.read_as().reader(summary.reading());
            summary = self.pass(second, |row| survey_row(&mut rows, row))?;
        }
        let comparison = rows.comparison.sort()?;
        Ok(Surveyed { rows: comparison.rows(), comparison, doubts: rows.doubts, summary })
    }

    fn row_survey(&self) -> RowSurvey {
        let comparison = Comparison::new(&SortMemory::new(SORT_BYTES), &std::env::temp_dir());
        RowSurvey::new(&self.owner, self.required, comparison)
    }

    /// Pass 2: the outcome of each row.
    fn find(&self, reading: Reading, findings: &Findings, doubts: &[String]) -> Result<Found, CheckError> {
        let rules = RowRules::new(&self.owner, self.required, findings, doubts);
        let mut found = Found::default();
        self.pass(self.read_as().reader(reading), |row| {
            found.row(row, &rules, self.required);
            Ok(())
        })?;
        Ok(found)
    }

    fn read_as(&self) -> ReadAs<'_> {
        let FileToCheck { columns, settings, required, is_ours, .. } = self;
        ReadAs { columns: columns.as_ref(), settings, required: *required, is_ours: *is_ours }
    }

    /// Reads the text and calls `on_row` with each complete row. Fails with the first error.
    fn pass(
        &self,
        mut reader: Reader,
        mut on_row: impl FnMut(&RawRow<'_>) -> Result<(), CheckError>,
    ) -> Result<Summary, CheckError> {
        let mut failed = None;
        let mut guarded = |row: RawRow<'_>| {
            if failed.is_none() {
                failed = on_row(&row).err();
            }
        };
        let (mut offset, end) = (0, self.end()?);
        let mut block = vec![0; BLOCK_BYTES];
        while offset < end {
            let wanted = block.len().min((end - offset) as usize);
            let read = self.text.read_at(&mut block[..wanted], offset)?;
            if read == 0 {
                break;
            }
            reader.feed(&block[..read], &mut guarded)?;
            offset += read as u64;
        }
        let summary = match self.is_whole {
            true => reader.finish(&mut guarded)?,
            false => reader.finish(&mut |_| ())?,
        };
        failed.map_or(Ok(summary), Err)
    }

    /// Returns where the text ends, without an incomplete last line, which would mislead the detection of its encoding.
    fn end(&self) -> io::Result<u64> {
        let bytes = self.text.metadata()?.len();
        if self.is_whole {
            return Ok(bytes);
        }
        let start = bytes.saturating_sub(BLOCK_BYTES as u64);
        let mut tail = vec![0; (bytes - start) as usize];
        self.text.read_exact_at(&mut tail, start)?;
        let line_end = tail.iter().rposition(|byte| *byte == b'\n');
        Ok(line_end.map_or(bytes, |at| start + at as u64 + 1))
    }
}

fn survey_row(rows: &mut RowSurvey, row: &RawRow<'_>) -> Result<(), CheckError> {
    let surveyed = rows.row(row)?;
    Ok(rows.compare(row, &surveyed)?)
}

/// What the second pass has found.
#[derive(Default)]
struct Found {
    counts: Statistics,
    issues: BTreeMap<IssueType, FoundIssues>,
    /// Whether the issue about the encoding is counted.
    has_encoding_issue: bool,
    examples: Examples,
    /// The domains of valid rows.
    domains: Domains,
    /// The keys of rows whose e-mail the owner has, with their identities; `None` if there are too many.
    with_contacts: WithContacts,
}

/// The rows whose e-mail the owner has, by key, with the first half of their hashes.
struct WithContacts(Option<Vec<(u128, u64)>>);

impl Default for WithContacts {
    fn default() -> Self {
        WithContacts(Some(Vec::new()))
    }
}

impl WithContacts {
    fn push(&mut self, key: u128, hash: RowHash) {
        if self.0.as_ref().is_some_and(|rows| rows.len() >= MOST_COMPARED) {
            self.0 = None;
        }
        if let Some(rows) = &mut self.0 {
            rows.push((key, identity(hash)));
        }
    }
}

/// Returns what the hash says about the values alone.
fn identity(hash: RowHash) -> u64 {
    (hash.0 >> 64) as u64
}

impl Found {
    fn row(&mut self, row: &RawRow<'_>, rules: &RowRules<'_>, required: RequiredFields) {
        let ruled = rules.apply(row);
        self.counts.count(&ruled.outcome);
        let Some(verdict) = ruled.outcome.verdict() else { return };
        if verdict.is_clean() {
            self.domains.add(&ruled.fields.email);
            return;
        }
        let damage = row.damage.as_ref();
        let text = file::residue(damage);
        let residue = Residue { text: &text, is_about_encoding: file::is_about_encoding(damage) };
        let hash = ruled.fields.hash(residue.text);
        if verdict.existing
            && let Some(key) = ruled.group
        {
            self.with_contacts.push(key, hash);
        }
        let issues = rules.issues(&ruled, hash, residue);
        for (violation, group) in &issues {
            self.count(violation, *group);
        }
        let types: Vec<IssueType> = issues.iter().map(|(violation, _)| violation.issue_type).collect();
        self.examples.add(&types, || example(row, &ruled, verdict, &text, issues, required));
    }

    fn count(&mut self, violation: &Violation, group: Option<(u128, bool)>) {
        let is_new = match group {
            _ if violation.is_about_encoding() => !std::mem::replace(&mut self.has_encoding_issue, true),
            None => true,
            Some((_, is_last)) => is_last,
        };
        let issue_type = violation.issue_type;
        let none = FoundIssues { issue_type, issues: 0, rows: 0 };
        let found = self.issues.entry(issue_type).or_insert(none);
        found.issues += u64::from(is_new);
        found.rows += 1;
    }
}

fn example(
    row: &RawRow<'_>,
    ruled: &RuledRow<'_>,
    verdict: &Verdict,
    residue: &str,
    issues: Vec<(Violation, Option<(u128, bool)>)>,
    required: RequiredFields,
) -> CheckedRow {
    let issue = |(violation, _): (Violation, _)| RowIssue {
        issue_type: violation.issue_type,
        fields: violation.issue_type.rule().causes(required, &ruled.fields),
        reason: violation.description,
    };
    CheckedRow {
        number: row.number,
        line: row.line,
        values: ruled.fields.each_ref().map(|value| shown(value)),
        residue: Some(residue).filter(|text| !text.is_empty()).map(shown),
        issues: issues.into_iter().map(issue).collect(),
        verdict: verdict.clone(),
    }
}

/// Returns the names of the columns of the fields.
fn columns(summary: &Summary) -> Vec<ReadColumn> {
    summary.interpretation(false, &[]).columns
}

/// Returns how many rows have the values of the contact with their e-mail; `None` if there are too many rows to compare.
async fn identical_rows(
    owners: &OwnerPool,
    owner: &Owner,
    rows: WithContacts,
) -> Result<Option<u64>, CheckError> {
    let Some(rows) = rows.0 else { return Ok(None) };
    let mut db = owners.read(owner).await?;
    let mut identical = 0;
    for batch in rows.chunks(CONTACTS_PER_QUERY) {
        let keys: Vec<u128> = batch.iter().map(|(key, _)| *key).collect();
        let found = contacts::with_keys(&mut db, owner, &keys).await?;
        let known: HashMap<u128, u64> =
            found.iter().map(|(key, contact)| (*key, identity(hash_of(contact)))).collect();
        identical += batch.iter().filter(|(key, row)| known.get(key) == Some(row)).count() as u64;
    }
    db.rollback().await?;
    Ok(Some(identical))
}

fn hash_of(contact: &Contact) -> RowHash {
    contact.values.each_ref().map(|value| normalise(value)).hash("")
}
