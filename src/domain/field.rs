//! The fields of a contact: their names, and a value for each of them.

pub(crate) mod by_name;

use std::array;

use super::words::words;

words! {
    /// A field of a contact, named as in the API and in exported files. Columns of tables are named after it, such as
    /// `staging_email`.
    Field, "field" {
        /// The e-mail address.
        Email = "email",
        /// The first name.
        FirstName = "first_name",
        /// The last name.
        LastName = "last_name",
        /// The company.
        Company = "company",
    }
}

/// The number of fields.
pub(crate) const FIELDS: usize = Field::ALL.len();

impl Field {
    /// Returns whether the field is required unless configured otherwise: see
    /// [`RequiredFields`](super::required::RequiredFields). Files may lack a column for the others.
    pub(crate) fn is_required(self) -> bool {
        match self {
            Field::Email | Field::FirstName | Field::LastName | Field::Company => true,
        }
    }
}

/// Texts about the fields.
impl Field {
    /// Returns the name of the field in a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Field::Email => "e-mail",
            Field::FirstName => "first name",
            Field::LastName => "last name",
            Field::Company => "company",
        }
    }

    /// Returns the heading of its column in a table.
    pub(crate) fn heading(self) -> String {
        self.as_str().replace('_', " ")
    }

    /// Names all fields in a sentence.
    ///
    /// ```
    /// use ingest::domain::field::Field;
    ///
    /// assert_eq!(Field::names(), "email, first_name, last_name and company");
    /// ```
    pub fn names() -> String {
        let names: Vec<&str> = Field::ALL.iter().map(|field| field.as_str()).collect();
        match names.split_last() {
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

/// SQL over the fields of a row, in the order of [`Field::ALL`].
impl Field {
    /// Joins a text for each field with commas.
    pub(crate) fn list(text: impl FnMut(Field) -> String) -> String {
        Field::joined(", ", text)
    }

    /// Joins a text for each field with `between`.
    pub(crate) fn joined(between: &str, text: impl FnMut(Field) -> String) -> String {
        Field::ALL.iter().copied().map(text).collect::<Vec<_>>().join(between)
    }

    /// Returns the columns of a table that contain the fields, separated by commas.
    ///
    /// ```
    /// use ingest::domain::field::Field;
    ///
    /// assert_eq!(
    ///     Field::columns("staging"),
    ///     "staging_email, staging_first_name, staging_last_name, staging_company"
    /// );
    /// ```
    pub fn columns(prefix: &str) -> String {
        Field::list(|field| format!("{prefix}_{field}"))
    }
}

/// Folds the name of a column for comparison: ignores case, white space, `_` and `-`.
pub fn folded(name: &str) -> String {
    name.to_lowercase()
        .chars()
        // If a program quotes the first name after the byte order mark, the mark is part of the name.
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}'))
        .collect::<String>()
        // Spreadsheet programs write either form of é.
        .replace("e\u{301}", "é")
}

/// A value for each field. An array in JSON, in the order of [`Field::ALL`]; fields that were added since the array was
/// stored have the default value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(into = "[T; FIELDS]", try_from = "Vec<T>")]
#[serde(bound(
    serialize = "T: Clone + serde::Serialize",
    deserialize = "T: Default + serde::Deserialize<'de>"
))]
pub struct PerField<T> {
    /// The value of the e-mail address.
    pub email: T,
    /// The value of the first name.
    pub first_name: T,
    /// The value of the last name.
    pub last_name: T,
    /// The value of the company.
    pub company: T,
}

/// An array has more values than there are fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are only {FIELDS} fields")]
pub struct TooManyValues;

impl<T> PerField<T> {
    /// Calls `value` for each field.
    pub(crate) fn from_fn(mut value: impl FnMut(Field) -> T) -> PerField<T> {
        PerField {
            email: value(Field::Email),
            first_name: value(Field::FirstName),
            last_name: value(Field::LastName),
            company: value(Field::Company),
        }
    }

    /// Calls `value` for each field. Fails at the first error.
    pub(crate) fn try_from_fn<E>(mut value: impl FnMut(Field) -> Result<T, E>) -> Result<PerField<T>, E> {
        Ok(PerField {
            email: value(Field::Email)?,
            first_name: value(Field::FirstName)?,
            last_name: value(Field::LastName)?,
            company: value(Field::Company)?,
        })
    }

    /// Returns the value of a field.
    pub(crate) fn get(&self, field: Field) -> &T {
        match field {
            Field::Email => &self.email,
            Field::FirstName => &self.first_name,
            Field::LastName => &self.last_name,
            Field::Company => &self.company,
        }
    }

    /// Returns a mutable reference to the value of a field.
    pub(crate) fn get_mut(&mut self, field: Field) -> &mut T {
        match field {
            Field::Email => &mut self.email,
            Field::FirstName => &mut self.first_name,
            Field::LastName => &mut self.last_name,
            Field::Company => &mut self.company,
        }
    }

    /// Returns the values in the order of [`Field::ALL`].
    pub fn values(&self) -> [&T; FIELDS] {
        [&self.email, &self.first_name, &self.last_name, &self.company]
    }

    /// Returns the fields with their values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Field, &T)> {
        Field::ALL.iter().copied().zip(self.values())
    }

    /// Returns references to the values.
    pub(crate) fn each_ref(&self) -> PerField<&T> {
        self.values().into()
    }

    /// Applies a function to each value.
    pub(crate) fn map<U>(self, mut value: impl FnMut(T) -> U) -> PerField<U> {
        let PerField { email, first_name, last_name, company } = self;
        PerField {
            email: value(email),
            first_name: value(first_name),
            last_name: value(last_name),
            company: value(company),
        }
    }
}

impl<T> IntoIterator for PerField<T> {
    type Item = T;
    type IntoIter = array::IntoIter<T, FIELDS>;

    /// Returns the values in the order of [`Field::ALL`].
    fn into_iter(self) -> Self::IntoIter {
        <[T; FIELDS]>::from(self).into_iter()
    }
}

impl<T> From<[T; FIELDS]> for PerField<T> {
    fn from([email, first_name, last_name, company]: [T; FIELDS]) -> Self {
        PerField { email, first_name, last_name, company }
    }
}

impl<T: Default> TryFrom<Vec<T>> for PerField<T> {
    type Error = TooManyValues;

    fn try_from(values: Vec<T>) -> Result<Self, TooManyValues> {
        let mut values = values.into_iter();
        let all = PerField::from_fn(|_| values.next().unwrap_or_default());
        if values.next().is_some() { Err(TooManyValues) } else { Ok(all) }
    }
}

impl<T> From<PerField<T>> for [T; FIELDS] {
    fn from(PerField { email, first_name, last_name, company }: PerField<T>) -> Self {
        [email, first_name, last_name, company]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_belong_to_their_fields() {
        let names = PerField::from_fn(Field::as_str);
        for (field, name) in names.iter() {
            assert_eq!((field.as_str(), *names.get(field)), (*name, *name));
        }
        assert_eq!(
            <[&str; FIELDS]>::from(names).as_slice(),
            Field::ALL.iter().map(|f| f.as_str()).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_stored_array_may_lack_fields_that_were_added_since() {
        let positions = PerField::from_fn(|field| Some(field as u16));
        let text = serde_json::to_string(&positions).unwrap();
        assert_eq!(serde_json::from_str::<PerField<Option<u16>>>(&text).unwrap(), positions);
        let shorter: PerField<Option<u16>> = serde_json::from_str("[0,1]").unwrap();
        assert_eq!((shorter.first_name, shorter.last_name), (Some(1), None));
        let longer = text.replace(']', ",9]");
        assert!(serde_json::from_str::<PerField<Option<u16>>>(&longer).is_err());
    }
}
