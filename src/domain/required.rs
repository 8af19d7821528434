//! The fields that a contact must have.

use std::fmt;
use std::str::FromStr;

use super::field::Field;

/// A set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldSet(u8);

impl FieldSet {
    /// Returns whether the set is empty.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns whether the set contains the field.
    pub(crate) fn has(self, field: Field) -> bool {
        self.0 & FieldSet::of(field).0 != 0
    }

    /// Returns the fields, in the order of [`Field::ALL`].
    pub(crate) fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL.iter().copied().filter(move |field| self.has(*field))
    }

    /// Returns the set with the field added.
    pub(crate) fn with(self, field: Field) -> FieldSet {
        FieldSet(self.0 | FieldSet::of(field).0)
    }

    fn of(field: Field) -> FieldSet {
        FieldSet(1 << field as u8)
    }
}

impl FromIterator<Field> for FieldSet {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> FieldSet {
        fields.into_iter().fold(FieldSet::default(), FieldSet::with)
    }
}

/// The fields that must not be empty. The e-mail is always one of them, since it identifies a contact.
///
/// ```
/// use ingest::domain::required::RequiredFields;
///
/// assert_eq!(RequiredFields::default().to_string(), "email,first_name,last_name,company");
/// let required: RequiredFields = "email, last_name".parse().unwrap();
/// assert_eq!(required.to_string(), "email,last_name");
/// assert!("last_name".parse::<RequiredFields>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequiredFields(FieldSet);

/// The reason why a list of required fields is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequiredFieldsError {
    /// A name that no field has.
    #[error("`{0}` is not a field; the fields are {names}", names = Field::names())]
    Unknown(String),
    /// The e-mail is not in the list.
    #[error("the e-mail is always required; add `email`")]
    LacksEmail,
}

impl RequiredFields {
    /// Parses the names of fields.
    pub(crate) fn of<'a>(
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<RequiredFields, RequiredFieldsError> {
        let field = |name: &str| {
            name.trim().parse::<Field>().map_err(|_| RequiredFieldsError::Unknown(name.trim().to_owned()))
        };
        let fields = names.into_iter().map(field).collect::<Result<FieldSet, _>>()?;
        if !fields.has(Field::Email) {
            return Err(RequiredFieldsError::LacksEmail);
        }
        Ok(RequiredFields(fields))
    }

    /// Returns the fields that both require.
    pub(crate) fn both(self, other: RequiredFields) -> RequiredFields {
        RequiredFields(self.iter().filter(|field| other.has(*field)).collect())
    }

    /// Returns the fields without this one, unless it is the e-mail.
    pub(crate) fn without(self, optional: Field) -> RequiredFields {
        let is_kept = |field: &Field| *field != optional || optional == Field::Email;
        RequiredFields(self.iter().filter(is_kept).collect())
    }

    /// Returns the names of the fields.
    pub(crate) fn names(self) -> Vec<&'static str> {
        self.iter().map(Field::as_str).collect()
    }

    /// Returns whether the field is required.
    pub(crate) fn has(self, field: Field) -> bool {
        self.0.has(field)
    }

    /// Returns the fields, in the order of [`Field::ALL`].
    pub(crate) fn iter(self) -> impl Iterator<Item = Field> {
        self.0.iter()
    }
}

impl Default for RequiredFields {
    /// Returns the fields that are required unless configured otherwise.
    fn default() -> RequiredFields {
        RequiredFields(Field::ALL.iter().copied().filter(|field| field.is_required()).collect())
    }
}

impl FromStr for RequiredFields {
    type Err = RequiredFieldsError;

    fn from_str(names: &str) -> Result<RequiredFields, RequiredFieldsError> {
        RequiredFields::of(names.split(','))
    }
}

impl fmt::Display for RequiredFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_are_rejected() {
        let refused = "email,phone".parse::<RequiredFields>().unwrap_err();
        assert_eq!(
            refused.to_string(),
            "`phone` is not a field; the fields are email, first_name, last_name and company"
        );
        assert_eq!("".parse::<RequiredFields>(), Err(RequiredFieldsError::Unknown(String::new())));
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        let one: RequiredFields = "company,email,email".parse().unwrap();
        assert_eq!(one.to_string(), "email,company");
        assert!(one.has(Field::Company) && !one.has(Field::FirstName));
        assert_eq!(one.both("email,first_name".parse().unwrap()).to_string(), "email");
        assert_eq!(one.without(Field::Company).without(Field::Email).to_string(), "email");
    }
}
