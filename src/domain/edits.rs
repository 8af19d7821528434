//! New values of rows and contacts.

use std::collections::BTreeMap;

use super::field::{Field, PerField, by_name};
use super::row::{Fields, normalise};

/// New values. Omitted fields and columns do not change.
///
/// ```
/// use ingest::domain::decision::{Edits, Field};
///
/// let edits: Edits = serde_json::from_str(r#"{"company": "Acme"}"#).unwrap();
/// assert_eq!(edits, Edits::of(Field::Company, "Acme"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Edits {
    #[serde(flatten, serialize_with = "by_name::serialize_given")]
    pub(crate) values: PerField<Option<String>>,
    /// New values in columns that belong to no field, by the names of the columns. An empty one removes the old value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) extra: BTreeMap<String, String>,
}

impl Edits {
    /// Returns a new value for one field.
    pub fn of(field: Field, value: impl Into<String>) -> Edits {
        Edits::default().with(field, value)
    }

    /// Adds a new value.
    #[must_use]
    pub fn with(mut self, field: Field, value: impl Into<String>) -> Edits {
        *self.values.get_mut(field) = Some(value.into());
        self
    }

    /// Adds a new value in a column that belongs to no field.
    #[must_use]
    pub fn with_other(mut self, column: impl Into<String>, value: impl Into<String>) -> Edits {
        self.extra.insert(column.into(), value.into());
        self
    }

    /// Returns the new value of a field.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.values.get(field).as_deref()
    }

    /// Returns the new values, `None` for fields that do not change.
    pub(crate) fn values(&self) -> PerField<Option<&str>> {
        self.values.each_ref().map(Option::as_deref)
    }

    /// Returns whether there are no new values.
    pub(crate) fn is_empty(&self) -> bool {
        self.extra.is_empty() && self.values().into_iter().all(|value| value.is_none())
    }

    /// Returns all new values.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let of_fields = self.values.values().into_iter().flatten();
        of_fields.chain(self.extra.values()).map(String::as_str)
    }

    /// Returns the same edits with an empty text instead of each value.
    pub(crate) fn without_texts(&self) -> Edits {
        Edits {
            values: self.values().map(|value| value.map(|_| String::new())),
            extra: self.extra.keys().map(|column| (column.clone(), String::new())).collect(),
        }
    }

    /// Returns the new values, normalised like values of a file ([`normalise`]).
    pub fn normalised(&self) -> Edits {
        let other = |(column, value): (&String, &String)| (column.clone(), normalise(value).into_owned());
        Edits {
            values: self.values().map(|value| value.map(|value| normalise(value).into_owned())),
            extra: self.extra.iter().map(other).collect(),
        }
    }

    /// Returns `fields` with the new values applied.
    pub(crate) fn applied_to<'a>(&'a self, fields: &Fields<'a>) -> Fields<'a> {
        let new = self.values();
        Fields::from_fn(|field| match *new.get(field) {
            Some(new) => normalise(new),
            None => fields.get(field).clone(),
        })
    }
}

// Derived, the error for a value of another type would not name its field.
impl<'de> serde::Deserialize<'de> for Edits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Edits, D::Error> {
        let (values, extra) = by_name::deserialize_beside("extra", deserializer)?;
        Ok(Edits { values, extra: extra.unwrap_or_default() })
    }
}

impl From<PerField<Option<String>>> for Edits {
    fn from(values: PerField<Option<String>>) -> Self {
        Edits { values, extra: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_normalised() {
        let edits = Edits::of(Field::Email, " a@b.co\u{a0}").with_other("Phone", " 5 ");
        assert_eq!(edits.normalised(), Edits::of(Field::Email, "a@b.co").with_other("Phone", "5"));
        let fields = Fields::new("x", "Ann", "Lee", "Acme");
        assert_eq!(edits.applied_to(&fields), Fields::new("a@b.co", "Ann", "Lee", "Acme"));
    }
}
