//! Pass 1 over the file: its encoding, its rows judged by themselves, and the records by which they
//! are compared.

use super::compare::Comparison;
use super::{Context, Control, Phase, RunError, file};
use crate::csv::{Encoding, RawRow, Reader};
use crate::domain::row::email_hash;
use crate::domain::{email, rules};
use crate::objects::Version;
use crate::store::jobs::Claim;

/// Up to so many rows the e-mails themselves are kept, so that the owner's contacts can be asked for
/// each instead of being read from end to end.
const PROBED_ROWS: usize = 20_000;

/// What a pass over the file found.
pub struct Survey {
    /// The version of the file that was read.
    pub version: Version,
    /// The encoding of the whole file.
    pub encoding: Encoding,
    /// Data rows.
    pub rows: u64,
    /// Whether a row breaks a rule by itself.
    pub has_violations: bool,
    /// The rows, for comparison.
    pub comparison: Comparison,
    /// The lower-case e-mails, where there are few rows.
    pub keys: Option<Vec<String>>,
}

/// Reads the file once, or twice when the whole of it turns out to be of another encoding than its
/// beginning let expect.
pub async fn run(context: &Context, claim: &Claim, control: &Control) -> Result<Survey, RunError> {
    let pinned = match claim.checkpoint {
        0 => None,
        _ => claim.object_version.as_deref().map(Version::from),
    };
    let pass = file::open(context, claim, pinned.as_ref()).await?;
    let version = pass.version().clone();
    let mut found = Found::default();
    let first = Reader::sniffing(file::limits());
    let mut summary = pass.read(first, claim, control, |row| found.row(&row, control)).await?;
    if summary.reread {
        found = Found::default();
        let pass = file::open(context, claim, Some(&version)).await?;
        let second = Reader::with_encoding(summary.encoding, file::limits());
        summary = pass.read(second, claim, control, |row| found.row(&row, control)).await?;
    }
    tracing::debug!(rows = summary.rows, encoding = summary.encoding.as_str(), "survey ended");
    Ok(Survey {
        version,
        encoding: summary.encoding,
        rows: summary.rows,
        has_violations: found.has_violations,
        comparison: found.comparison,
        keys: (found.keys.len() < PROBED_ROWS).then_some(found.keys),
    })
}

#[derive(Default)]
struct Found {
    comparison: Comparison,
    has_violations: bool,
    keys: Vec<String>,
}

impl Found {
    fn row(&mut self, row: &RawRow<'_>, control: &Control) {
        let fields = file::fields(row);
        let residue = file::residue(row.damage.as_ref());
        let verdict = rules::check(&fields, row.damage.is_some());
        self.has_violations |= !verdict.is_clean();
        let key = verdict.is_comparable().then(|| email::key(&fields.email));
        self.comparison.push(row.number as u32, key.as_deref().map(email_hash), fields.hash(&residue));
        if let Some(key) = key.filter(|_| self.keys.len() < PROBED_ROWS) {
            self.keys.push(key.into_owned());
        }
        if row.number.is_multiple_of(8192) {
            control.report(Phase::Survey, row.number, None);
        }
    }
}
