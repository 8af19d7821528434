//! Pass 1 over the file: detects the encoding, checks each row on its own, and records the rows for comparison.

use std::io;

use super::budget::RESIDUE_BYTES;
use super::compare::{Comparison, OPEN, RepeatComparison, UNDECIDED};
use super::extra::{self, Fills};
use super::file::File;
use super::head_start::HeadStart;
use super::{Context, Control, RunError, file};
use crate::csv::{RawRow, Reading};
use crate::domain::contact::ContactKeys;
use crate::domain::interpretation::Interpretation;
use crate::domain::job::Owner;
use crate::domain::progress::Phase;
use crate::domain::rejection::Rejection;
use crate::domain::required::RequiredFields;
use crate::domain::row::{Fields, RowHash};
use crate::domain::rules::Verdict;
use crate::domain::{email, rules};
use crate::store::jobs::Claim;

/// Maximum number of values that the issue about the encoding describes.
const DOUBTS: usize = 20;

/// The result of the survey.
pub(crate) struct Survey {
    /// The file.
    pub file: File,
    /// The encoding of the whole file.
    pub reading: Reading,
    /// How the file was read, for people.
    pub interpretation: Interpretation,
    /// Descriptions of the first values whose encoding is in doubt.
    pub doubts: Vec<String>,
    /// Data rows.
    pub rows: u64,
    /// Bytes to be staged.
    pub bytes: u64,
    /// Whether any row breaks a rule on its own.
    pub has_violations: bool,
    /// The rows, for comparison.
    pub comparison: Comparison,
    /// The names of the columns that belong to no field and have values.
    pub extra_columns: Vec<String>,
    /// The rows, to find repeats with other values in these columns.
    pub repeats: Option<RepeatComparison>,
    /// The rows that are filled from their repeats.
    pub fills: Fills,
    /// The first contacts of a large file.
    pub head_start: Option<HeadStart>,
}

/// Reads the file once, or twice if the whole file turns out to have a different encoding than its beginning
/// suggested.
pub(crate) async fn run(
    context: &Context,
    claim: &Claim,
    control: &Control,
    file: File,
) -> Result<Survey, RunError> {
    let mut found = Found::new(context, claim);
    found.head_start = HeadStart::prepare(context, claim, &file).await?;
    let mut pass = file.pass(context, claim).await?;
    let first = file.first_reader(claim)?;
    let mut summary = pass.read(first, claim, control, |row| found.row(&row, control)).await?;
    let readings = std::mem::take(&mut summary.readings);
    if summary.reread {
        found = Found::new(context, claim);
        pass = file.pass(context, claim).await?;
        let second = file.reader(claim, summary.reading());
        summary = pass.read(second, claim, control, |row| found.row(&row, control)).await?;
    }
    tracing::debug!(
        rows = summary.rows,
        encoding = summary.encoding.as_str(),
        encoding_rival = summary.rival.map(|rival| rival.as_str()),
        header_line = summary.header.line,
        skipped_lines = summary.skipped.count,
        "survey ended"
    );
    let is_set = claim.settings.encoding.is_some() && !file.is_ours();
    let mut interpretation = summary.interpretation(is_set, &found.extra.used);
    interpretation.containers = file.containers().to_vec();
    interpretation.readings = readings;
    interpretation.columns_by = file::columns_by(claim);
    Ok(Survey {
        file,
        reading: summary.reading(),
        interpretation,
        doubts: found.rows.doubts,
        rows: summary.rows,
        bytes: found.bytes,
        has_violations: found.rows.has_violations,
        comparison: found.rows.comparison,
        extra_columns: summary.used_columns(&found.extra.used),
        repeats: Some(found.extra.repeats),
        fills: Fills::default(),
        head_start: found.head_start,
    })
}

struct Found {
    rows: RowSurvey,
    bytes: u64,
    extra: extra::Found,
    head_start: Option<HeadStart>,
}

impl Found {
    fn new(context: &Context, claim: &Claim) -> Found {
        Found {
            rows: RowSurvey::new(&claim.owner, claim.required, context.comparison()),
            bytes: 0,
            extra: extra::Found::new(context),
            head_start: None,
        }
    }

    fn row(&mut self, row: &RawRow<'_>, control: &Control) -> Result<(), RunError> {
        let surveyed = self.rows.row(row)?;
        let (fields, hash) = (&surveyed.fields, surveyed.hash);
        self.bytes += (fields.bytes() + surveyed.residue_bytes + self.extra.row(row, hash)?) as u64;
        self.rows.compare(row, &surveyed)?;
        if let Some(head_start) = &mut self.head_start {
            head_start.take(row, fields, surveyed.group.filter(|_| surveyed.is_clean));
        }
        if row.number.is_multiple_of(8192) {
            control.report(Phase::Reading, row.number, None);
        }
        Ok(())
    }
}

/// What the rows of a file show one by one, and what is needed to compare them.
pub(crate) struct RowSurvey {
    keys: ContactKeys,
    required: RequiredFields,
    /// The rows, for comparison.
    pub comparison: Comparison,
    /// Whether any row breaks a rule on its own.
    pub has_violations: bool,
    /// Descriptions of the first values whose encoding is in doubt.
    pub doubts: Vec<String>,
}

/// What is known of a row without a comparison with others.
pub(crate) struct SurveyedRow<'r> {
    fields: Fields<'r>,
    hash: RowHash,
    residue_bytes: usize,
    group: Option<u128>,
    is_clean: bool,
}

impl RowSurvey {
    /// Returns what is known before the first row.
    pub(crate) fn new(owner: &Owner, required: RequiredFields, comparison: Comparison) -> RowSurvey {
        let keys = ContactKeys::of(owner);
        RowSurvey { keys, required, comparison, has_violations: false, doubts: Vec::new() }
    }

    /// Checks a row on its own.
    ///
    /// Fails if too much of it does not fit into its fields.
    pub(crate) fn row<'r>(&mut self, row: &RawRow<'r>) -> Result<SurveyedRow<'r>, Rejection> {
        let fields = file::fields(row);
        let residue = file::residue(row.damage.as_ref());
        if residue.len() > RESIDUE_BYTES {
            return Err(Rejection::TooDamaged { line: row.line, limit_bytes: RESIDUE_BYTES });
        }
        let doubts = row.damage.as_ref().map(|damage| damage.doubts.as_slice()).unwrap_or_default();
        self.doubts.extend(doubts.iter().take(DOUBTS - self.doubts.len()).cloned());
        let hash = fields.hash(&residue);
        let verdict = rules::check(&fields, row.damage.is_some(), self.required);
        let is_clean = verdict.is_clean();
        self.has_violations |= !is_clean;
        let group = group(&self.keys, &fields, &verdict);
        Ok(SurveyedRow { fields, hash, residue_bytes: residue.len(), group, is_clean })
    }

    /// Adds a row to those that are compared. None of them has a contact or a decision yet.
    pub(crate) fn compare(&mut self, row: &RawRow<'_>, surveyed: &SurveyedRow<'_>) -> io::Result<()> {
        self.comparison.push(row.number as u32 | OPEN | UNDECIDED, surveyed.group, surveyed.hash)
    }
}

/// Returns what a row has in common with the rows that share its issues: the key of its e-mail, or of its invalid
/// value. Returns `None` if the row has no e-mail.
pub(crate) fn group(keys: &ContactKeys, fields: &Fields<'_>, verdict: &Verdict) -> Option<u128> {
    if fields.email.is_empty() {
        return None;
    }
    let key = email::key(&fields.email);
    Some(if verdict.is_comparable() { keys.key(&key) } else { keys.invalid(&key) })
}
