//! The fields of a contact: their names, and a value for each of them.

use std::array;

use super::words::words;

words! {
    /// A field of a contact, by the name that the API and files of ours use. The columns of tables are named after it,
    /// such as `staging_email`.
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

/// How many fields there are.
pub(crate) const FIELDS: usize = Field::ALL.len();

impl Field {
    /// Whether a contact must have a value here where nobody has said otherwise: see
    /// [`RequiredFields`](super::required::RequiredFields).
    pub(crate) fn is_required(self) -> bool {
        match self {
            Field::Email | Field::FirstName | Field::LastName | Field::Company => true,
        }
    }
}

/// Lists of the fields.
impl Field {
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
    /// Joins what stands for each field by commas.
    pub(crate) fn list(text: impl FnMut(Field) -> String) -> String {
        Field::joined(", ", text)
    }

    /// Joins what stands for each field by `between`.
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

/// Returns the name of a column without what does not count when names are compared: case, white space, `_` and `-`.
pub fn folded(name: &str) -> String {
    name.to_lowercase()
        .chars()
        // A byte order mark is part of the first name where a program has put the name in quotes behind it.
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}'))
        .collect::<String>()
        // The two forms of é look the same, and either may come out of a spreadsheet.
        .replace("e\u{301}", "é")
}

/// A value for each field. In JSON an array, in the order of [`Field::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(into = "[T; FIELDS]", from = "[T; FIELDS]")]
#[serde(bound(serialize = "T: Clone + serde::Serialize", deserialize = "T: serde::Deserialize<'de>"))]
pub struct PerField<T> {
    /// That of the e-mail address.
    pub email: T,
    /// That of the first name.
    pub first_name: T,
    /// That of the last name.
    pub last_name: T,
    /// That of the company.
    pub company: T,
}

impl<T> PerField<T> {
    /// Makes the value of each field.
    pub(crate) fn from_fn(mut value: impl FnMut(Field) -> T) -> PerField<T> {
        array::from_fn(|at| value(Field::ALL[at])).into()
    }

    /// Makes the value of each field; the first error ends it.
    pub(crate) fn try_from_fn<E>(mut value: impl FnMut(Field) -> Result<T, E>) -> Result<PerField<T>, E> {
        let PerField { email, first_name, last_name, company } = PerField::from_fn(|field| field);
        Ok(PerField {
            email: value(email)?,
            first_name: value(first_name)?,
            last_name: value(last_name)?,
            company: value(company)?,
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

    /// The values, without the fields.
    pub fn values(&self) -> [&T; FIELDS] {
        [&self.email, &self.first_name, &self.last_name, &self.company]
    }

    /// The fields with their values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Field, &T)> {
        Field::ALL.iter().copied().zip(self.values())
    }

    /// The values by reference.
    pub(crate) fn each_ref(&self) -> PerField<&T> {
        self.values().into()
    }

    /// Makes another value of each.
    pub(crate) fn map<U>(self, value: impl FnMut(T) -> U) -> PerField<U> {
        <[T; FIELDS]>::from(self).map(value).into()
    }
}

impl<T> IntoIterator for PerField<T> {
    type Item = T;
    type IntoIter = array::IntoIter<T, FIELDS>;

    /// The values, without the fields.
    fn into_iter(self) -> Self::IntoIter {
        <[T; FIELDS]>::from(self).into_iter()
    }
}

impl<T> From<[T; FIELDS]> for PerField<T> {
    fn from([email, first_name, last_name, company]: [T; FIELDS]) -> Self {
        PerField { email, first_name, last_name, company }
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
    fn values_stand_with_their_fields() {
        let names = PerField::from_fn(Field::as_str);
        for (field, name) in names.iter() {
            assert_eq!((field.as_str(), *names.get(field)), (*name, *name));
        }
        assert_eq!(
            <[&str; FIELDS]>::from(names).as_slice(),
            Field::ALL.iter().map(|f| f.as_str()).collect::<Vec<_>>()
        );
        assert_eq!(serde_json::to_string(&names.map(str::len)).unwrap(), "[5,10,9,7]");
    }
}
