//! Merges of rows with the same e-mail: the values of the merged row.

use std::collections::{BTreeMap, BTreeSet};

use super::edits::Edits;
use super::field::{Field, PerField, by_name};
use super::ids::RowId;

/// The values of a merged row: a new value, else that of the chosen row, else the first value of the rows that is not empty.
///
/// ```
/// use ingest::domain::decision::{Edits, Field};
/// use ingest::domain::ids::RowId;
/// use ingest::domain::merge::{ChosenRows, Merge};
///
/// let merge: Merge = serde_json::from_str(r#"{"company": "Acme", "from": {"last_name": 7}}"#).unwrap();
/// assert_eq!(merge.edits, Edits::of(Field::Company, "Acme"));
/// assert_eq!(merge.from, ChosenRows::default().with(Field::LastName, RowId(7)));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Merge {
    /// New values, which replace those of all rows.
    #[serde(flatten)]
    pub edits: Edits,
    /// The rows whose values are taken. Rows that do not include all of these are not merged.
    #[serde(default, skip_serializing_if = "ChosenRows::is_empty")]
    pub from: ChosenRows,
}

/// The rows whose values a merge takes, also empty ones: for each field and each other column, at most one row.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ChosenRows {
    #[serde(flatten, serialize_with = "by_name::serialize_given")]
    pub(crate) values: PerField<Option<RowId>>,
    /// Rows by the names of columns that belong to no field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) extra: BTreeMap<String, RowId>,
}

impl ChosenRows {
    /// Chooses the row for a field.
    #[must_use]
    pub fn with(mut self, field: Field, row: RowId) -> ChosenRows {
        *self.values.get_mut(field) = Some(row);
        self
    }

    /// Chooses the row for a column that belongs to no field.
    #[must_use]
    pub fn with_other(mut self, column: impl Into<String>, row: RowId) -> ChosenRows {
        self.extra.insert(column.into(), row);
        self
    }

    /// Returns whether no row is chosen.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows().is_empty()
    }

    /// Returns the chosen rows, each once, in ascending order.
    pub(crate) fn rows(&self) -> Vec<RowId> {
        let of_fields = self.values.values().into_iter().flatten();
        let rows: BTreeSet<RowId> = of_fields.chain(self.extra.values()).copied().collect();
        rows.into_iter().collect()
    }
}

impl<'de> serde::Deserialize<'de> for ChosenRows {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<ChosenRows, D::Error> {
        let (values, extra) = by_name::deserialize_only_beside("extra", deserializer)?;
        Ok(ChosenRows { values, extra: extra.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_rows_are_numbers_by_the_names_of_columns() {
        let chosen = ChosenRows::default().with(Field::LastName, RowId(7)).with_other("Phone", RowId(3));
        let text = r#"{"last_name":7,"extra":{"Phone":3}}"#;
        assert_eq!(serde_json::to_string(&chosen).unwrap(), text);
        assert_eq!(serde_json::from_str::<ChosenRows>(text).unwrap(), chosen);
        let unknown = serde_json::from_str::<ChosenRows>(r#"{"colour":7}"#).unwrap_err().to_string();
        assert!(unknown.contains("unknown field `colour`"), "{unknown}");
        assert!(serde_json::from_str::<ChosenRows>(r#"{"email":"x"}"#).is_err());
    }

    #[test]
    fn each_chosen_row_is_listed_once() {
        let chosen = ChosenRows::default().with(Field::Email, RowId(9)).with(Field::Company, RowId(2));
        assert_eq!(chosen.clone().with_other("Phone", RowId(9)).rows(), [RowId(2), RowId(9)]);
        assert!(!chosen.is_empty() && ChosenRows::default().is_empty());
    }
}
