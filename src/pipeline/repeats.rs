//! What repeats of a row say in columns that belong to no field.
//!
//! Repeats are not staged. Their values fill the empty ones of the row that is kept, and those that differ are reported.
//! Only a file with such repeats is read once more for that.

use std::collections::{BTreeMap, HashMap};

use super::budget::FILL_BYTES;
use super::compare::{MOST_REPEATS, Repeats};
use super::extra::{self, Fills};
use super::survey::Survey;
use super::{Context, Control, RunError};
use crate::csv::{ExtraColumn, RawRow};
use crate::domain::interpretation::{RepeatDifference, RepeatDifferences};
use crate::domain::row::normalise;
use crate::store::jobs::Claim;

/// Fills rows from their repeats and reports what differs. Reads the file if any repeat has other values.
pub(crate) async fn fill(
    context: &Context,
    claim: &Claim,
    control: &Control,
    survey: &mut Survey,
) -> Result<(), RunError> {
    let Some(repeats) = survey.repeats.take() else { return Ok(()) };
    let differing = tokio::task::block_in_place(|| repeats.differing(MOST_REPEATS))?;
    if differing == Repeats::default() {
        return Ok(());
    }
    let mut collected = Collected::new(differing);
    let pass = survey.file.pass(context, claim).await?;
    let reader = survey.file.reader(claim, survey.reading);
    pass.read(reader, claim, control, |row| {
        collected.row(&row);
        Ok(())
    })
    .await?;
    (survey.fills, survey.interpretation.repeats) = collected.finish();
    Ok(())
}

/// The rows that are kept, with the values of their repeats so far.
struct Collected {
    /// Repeats and the rows that are kept, in the order of the repeats, and how many of them are read.
    pairs: Vec<(u32, u32)>,
    read_pairs: usize,
    /// The rows that are kept, in order, and how many of them are read.
    kept: Vec<u32>,
    read_kept: usize,
    rows: HashMap<u32, Kept>,
    bytes: usize,
    columns: Vec<ExtraColumn>,
    report: RepeatDifferences,
}

/// A row that is kept.
struct Kept {
    line: u64,
    /// Its values by the positions of their columns.
    values: BTreeMap<usize, String>,
    is_filled: bool,
}

impl Collected {
    fn new(differing: Repeats) -> Collected {
        let Repeats { mut pairs, more } = differing;
        pairs.sort_unstable();
        let mut kept: Vec<u32> = pairs.iter().map(|(_, kept)| *kept).collect();
        kept.sort_unstable();
        kept.dedup();
        let report = RepeatDifferences { uncompared: more, ..RepeatDifferences::default() };
        let (rows, columns) = (HashMap::new(), Vec::new());
        Collected { pairs, read_pairs: 0, kept, read_kept: 0, rows, bytes: 0, columns, report }
    }

    fn row(&mut self, row: &RawRow<'_>) {
        let number = row.number as u32;
        if self.kept.get(self.read_kept) == Some(&number) {
            self.read_kept += 1;
            self.keep(row);
        }
        if let Some((repeat, kept)) = self.pairs.get(self.read_pairs)
            && *repeat == number
        {
            self.read_pairs += 1;
            self.compare(row, *kept);
        }
    }

    /// Remembers a row, unless the limit of memory is reached.
    fn keep(&mut self, row: &RawRow<'_>) {
        if self.columns.is_empty() {
            self.columns = row.extra.columns().to_vec();
        }
        let values: BTreeMap<usize, String> = values(row).collect();
        self.bytes += size_of::<Kept>() + values.values().map(|value| size(value)).sum::<usize>();
        if self.bytes <= FILL_BYTES {
            self.rows.insert(row.number as u32, Kept { line: row.line, values, is_filled: false });
        }
    }

    /// Fills the empty values of the row that is kept, and reports the others.
    fn compare(&mut self, row: &RawRow<'_>, kept: u32) {
        let Some(kept) = self.rows.get_mut(&kept) else {
            self.report.uncompared += 1;
            return;
        };
        let mut columns = Vec::new();
        for (index, value) in values(row) {
            match kept.values.get(&index) {
                Some(same) if *same == value => {}
                None if self.bytes + size(&value) <= FILL_BYTES => {
                    self.bytes += size(&value);
                    self.report.filled += 1;
                    kept.values.insert(index, value);
                    kept.is_filled = true;
                }
                Some(_) | None => columns.push(self.columns[index].shown()),
            }
        }
        if !columns.is_empty() {
            self.report.add(RepeatDifference { line: row.line, kept_line: kept.line, columns });
        }
    }

    fn finish(self) -> (Fills, RepeatDifferences) {
        let filled = self.rows.into_iter().filter(|(_, kept)| kept.is_filled);
        let encoded = filled.map(|(number, kept)| {
            let values = kept.values.iter().map(|(index, value)| (&self.columns[*index], value.as_str()));
            (number, extra::object(values))
        });
        (Fills { rows: encoded.collect() }, self.report)
    }
}

/// Returns the values of a row, with the positions of their columns.
fn values(row: &RawRow<'_>) -> impl Iterator<Item = (usize, String)> {
    let normalised = row.extra.iter().map(|(index, _, cell)| (index, normalise(&cell).into_owned()));
    normalised.filter(|(_, value)| !value.is_empty())
}

/// Returns the memory that a value takes, with its entry.
fn size(value: &str) -> usize {
    value.len() + size_of::<(usize, String)>() * 2
}
