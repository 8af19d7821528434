//! A person, found in stored data by an e-mail address.

use serde_json::Value;

use super::email;
use super::extra::Extra;
use super::field::{Field, PerField};
use super::refusal::Refusal;
use super::row::normalise;

/// What replaces a text that named an erased person, where a text is needed.
pub(crate) const ERASED: &str = "[erased]";
/// Maximum number of characters of an address.
const LONGEST: usize = 1_000;

/// The address of a person, compared like the addresses of contacts: in lower case, without white space at its ends.
///
/// ```
/// use ingest::domain::person::PersonAddress;
///
/// let ann = PersonAddress::parse(" Ann@Example.com").unwrap();
/// assert!(ann.is("ann@example.COM ") && ann.is_in("Ann Lee <ann@example.com>, VIP"));
/// assert!(!ann.is_in("joann@example.com") && !ann.is_in("ann@example.com.au"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PersonAddress {
    key: String,
}

/// How a row or contact is about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// It is the person's own.
    Own,
    /// It is somebody else's, and a value beside the address names the person.
    Beside,
}

/// The values of a row or contact.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// The fields.
    pub values: PerField<String>,
    /// What did not fit into the fields of a malformed row.
    pub residue: String,
    /// The values in columns that belong to no field, as a JSON object.
    pub extra: Option<Value>,
}

impl PersonAddress {
    /// Parses an address. An address that is not valid is accepted too, since rows have such addresses.
    pub fn parse(text: &str) -> Result<PersonAddress, Refusal> {
        let key = email::key(&normalise(text)).into_owned();
        if key.contains('\0') {
            return Err(Refusal::Nul);
        }
        match key.is_empty() || key.chars().count() > LONGEST {
            true => Err(Refusal::NoAddress),
            false => Ok(PersonAddress { key }),
        }
    }

    /// Returns the address in the form in which addresses are compared.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Returns whether an address is that of the person.
    pub fn is(&self, email: &str) -> bool {
        email::key(&normalise(email)) == self.key
    }

    /// Returns whether a text contains the address, on its own or among other words. Without an `@`, the address is a
    /// word that other texts may contain too, and is not searched for.
    pub fn is_in(&self, text: &str) -> bool {
        if !self.key.contains('@') {
            return false;
        }
        let normalised = normalise(text);
        let text = email::key(&normalised);
        text.match_indices(&self.key)
            .any(|(start, found)| begins_word(&text[..start]) && ends_word(&text[start + found.len()..]))
    }

    /// Returns how a row or contact is about the person; `None` if nothing in it names the person.
    ///
    /// A row without an address of its own that has the person's in another field is the person's, with its values in
    /// other columns than the header says.
    pub(crate) fn part_of(&self, texts: &Texts) -> Option<Part> {
        let email = &texts.values.email;
        if self.is(email) || self.is_in(email) {
            return Some(Part::Own);
        }
        let others = Field::ALL.iter().filter(|field| **field != Field::Email);
        let in_fields = others.map(|field| texts.values.get(*field)).chain([&texts.residue]);
        let is_in_fields = in_fields.into_iter().any(|text| self.is_in(text));
        if is_in_fields && !email.contains('@') {
            return Some(Part::Own);
        }
        let is_in_extra = texts.extra.as_ref().is_some_and(|extra| self.is_in_json(extra));
        (is_in_fields || is_in_extra).then_some(Part::Beside)
    }

    /// Returns whether a text in a JSON value, or the name of a member, contains the address.
    pub(crate) fn is_in_json(&self, value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
            Value::String(text) => self.is_in(text),
            Value::Array(items) => items.iter().any(|item| self.is_in_json(item)),
            Value::Object(members) => {
                members.iter().any(|(name, value)| self.is_in(name) || self.is_in_json(value))
            }
        }
    }

    /// Removes the values of a row or contact that name the person.
    pub(crate) fn erase(&self, texts: &mut Texts) {
        for field in Field::ALL.iter().copied() {
            if self.is_in(texts.values.get(field)) {
                texts.values.get_mut(field).clear();
            }
        }
        if self.is_in(&texts.residue) {
            // The row is still malformed.
            ERASED.clone_into(&mut texts.residue);
        }
        if let Some(Value::Object(members)) = &mut texts.extra {
            members.retain(|name, value| !self.is_in(name) && !self.is_in_json(value));
            if members.is_empty() {
                texts.extra = None;
            }
        }
    }

    /// Replaces each text in a JSON value that names the person, and removes members whose names do. Returns whether there
    /// were any.
    pub(crate) fn erase_in_json(&self, value: &mut Value) -> bool {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
            Value::String(text) => self.erase_in(text),
            Value::Array(items) => {
                let named = items.iter_mut().filter_map(|item| self.erase_in_json(item).then_some(()));
                named.count() > 0
            }
            Value::Object(members) => {
                let before = members.len();
                members.retain(|name, _| !self.is_in(name));
                let is_shorter = members.len() < before;
                let named = members.values_mut().filter_map(|value| self.erase_in_json(value).then_some(()));
                named.count() > 0 || is_shorter
            }
        }
    }

    /// Replaces a text that names the person. Returns whether it did.
    pub(crate) fn erase_in(&self, text: &mut String) -> bool {
        let is_named = self.is_in(text);
        if is_named {
            ERASED.clone_into(text);
        }
        is_named
    }
}

/// Hides the address, which must not get into logs.
impl std::fmt::Debug for PersonAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonAddress(…)")
    }
}

impl Texts {
    /// Returns the values in columns that belong to no field.
    pub(crate) fn extra(&self) -> Extra {
        self.extra.clone().map(Extra::from).unwrap_or_default()
    }
}

/// Returns whether an address can begin after `before`: it is not the end of a longer one.
fn begins_word(before: &str) -> bool {
    let mut last = before.chars().rev();
    match last.next() {
        None => true,
        Some('\'') => !last.next().is_some_and(char::is_alphanumeric),
        Some(letter) => !letter.is_alphanumeric() && !matches!(letter, '.' | '_' | '%' | '+' | '-'),
    }
}

/// Returns whether an address can end before `after`: it is not the beginning of a longer one.
fn ends_word(after: &str) -> bool {
    let mut next = after.chars();
    match next.next() {
        None => true,
        Some('.') => !next.next().is_some_and(char::is_alphanumeric),
        Some(letter) => !letter.is_alphanumeric() && !matches!(letter, '_' | '-'),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ann() -> PersonAddress {
        PersonAddress::parse("ANN@example.com").unwrap()
    }

    fn texts(email: &str, company: &str, extra: Option<Value>) -> Texts {
        let values = PerField { email: email.to_owned(), company: company.to_owned(), ..PerField::default() };
        Texts { values, residue: String::new(), extra }
    }

    #[test]
    fn an_address_is_found_among_other_words_and_not_within_longer_ones() {
        for text in ["ann@example.com", "<Ann@Example.com>", "mail ann@example.com.", "'ann@example.com'"] {
            assert!(ann().is_in(text), "{text}");
        }
        for text in ["joann@example.com", "jo.ann@example.com", "o'ann@example.com", "ann@example.community"]
        {
            assert!(!ann().is_in(text), "{text}");
        }
        let umlaut = PersonAddress::parse("J\u{f6}rg@b\u{fc}cher.example").unwrap();
        assert!(umlaut.is("JO\u{308}RG@B\u{dc}CHER.example") && umlaut.is_in("to Jörg@bücher.EXAMPLE"));
        let word = PersonAddress::parse("n/a").unwrap();
        assert!(word.is("N/A ") && !word.is_in("n/a"));
        assert_eq!(PersonAddress::parse(" \u{200b}"), Err(Refusal::NoAddress));
    }

    #[test]
    fn a_row_is_the_persons_or_names_the_person_beside_its_own_address() {
        let part = |email, company, extra| ann().part_of(&texts(email, company, extra));
        assert_eq!(part("ann@example.com; bo@example.com", "Acme", None), Some(Part::Own));
        assert_eq!(part("Lee", "ann@example.com", None), Some(Part::Own));
        assert_eq!(part("bo@example.com", "c/o ann@example.com", None), Some(Part::Beside));
        let extra = Some(json!({ "Manager": "Ann <ann@example.com>", "Phone": "1" }));
        assert_eq!(part("bo@example.com", "Acme", extra.clone()), Some(Part::Beside));
        assert_eq!(part("bo@example.com", "Acme", None), None);
        let mut row = texts("bo@example.com", "c/o ann@example.com", extra);
        ann().erase(&mut row);
        assert_eq!((row.values.company.as_str(), row.extra), ("", Some(json!({ "Phone": "1" }))));
    }

    #[test]
    fn texts_in_json_are_replaced() {
        let mut value = json!({ "filter": { "text": "ann@example.com" }, "ann@example.com": 1, "rows": [7] });
        assert!(ann().is_in_json(&value) && ann().erase_in_json(&mut value));
        assert_eq!(value, json!({ "filter": { "text": ERASED }, "rows": [7] }));
        assert!(!ann().erase_in_json(&mut value));
    }
}
