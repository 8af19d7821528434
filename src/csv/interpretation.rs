//! Describes how a file was read, for people to check.

use super::extra::ExtraColumn;
use super::rows::Summary;
use crate::domain::field::Field;
use crate::domain::interpretation::{Certainty, ColumnsBy, Interpretation, ReadColumn, RepeatDifferences};
use crate::domain::rejection::ShownName;

/// Maximum number of columns in a list of those that belong to no field.
const LISTED: usize = 20;

impl Summary {
    /// Returns how the file was read. `is_set`: whether a person has set the encoding; `used`: whether each of the columns
    /// that belong to no field has a value in any row.
    pub(crate) fn interpretation(&self, is_set: bool, used: &[bool]) -> Interpretation {
        let header = &self.header;
        let column = |field: Field| header.source(field).column();
        let name = |field: Field| {
            header.names.get(column(field)).map(|name| ShownName::of(name).to_string()).unwrap_or_default()
        };
        let extra = header.extra.iter().enumerate();
        let kept = extra.filter(|(at, column)| column.is_named() || used.get(*at) == Some(&true));
        let kept: Vec<String> = kept.map(|(_, column)| column.shown()).collect();
        let excluded = header.excluded.iter().map(ExtraColumn::shown);
        Interpretation {
            containers: Vec::new(),
            encoding: self.encoding.as_str().to_owned(),
            certainty: certainty(is_set, self.rival.is_some()),
            readings: self.readings.clone(),
            delimiter: char::from(header.delimiter).to_string(),
            quote: header.quote,
            header_line: header.line,
            has_header: header.is_named,
            columns: Field::ALL
                .iter()
                .filter(|field| column(**field) < header.names.len())
                .map(|field| ReadColumn { field: *field, name: name(*field) })
                .collect(),
            columns_by: ColumnsBy::Names,
            values: header.values.clone(),
            kept_count: kept.len() as u64,
            kept: kept.into_iter().take(LISTED).collect(),
            repeats: RepeatDifferences::default(),
            unused: excluded.take(LISTED).collect(),
            unused_count: header.excluded.len() as u64,
            skipped: self.skipped.clone(),
        }
    }

    /// Returns the names of the columns that belong to no field and have a value in any row; `used` as for
    /// [`Summary::interpretation`].
    pub(crate) fn used_columns(&self, used: &[bool]) -> Vec<String> {
        let used = self.header.extra.iter().zip(used).filter(|(_, used)| **used);
        used.map(|(column, _)| column.name().to_owned()).collect()
    }
}

/// Returns how sure an encoding is.
pub(super) fn certainty(is_set: bool, has_rival: bool) -> Certainty {
    match (is_set, has_rival) {
        (true, _) => Certainty::Set,
        (false, true) => Certainty::Doubtful,
        (false, false) => Certainty::Sure,
    }
}
