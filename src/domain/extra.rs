//! The values of columns that belong to no field.

use std::collections::{BTreeMap, HashMap};

use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use super::row::unified;

/// The values of a row or contact in columns that belong to no field, by the names of the columns. Empty values are not
/// among them.
///
/// An object in JSON. The database does not preserve the order of its members, so [`Extra::sort`] restores it.
///
/// ```
/// use ingest::domain::extra::Extra;
///
/// let mut extra: Extra = serde_json::from_str(r#"{"Phone": "555", "Notes": "VIP"}"#).unwrap();
/// extra.sort(&["Notes".to_owned(), "Phone".to_owned()]);
/// assert_eq!(serde_json::to_string(&extra).unwrap(), r#"{"Notes":"VIP","Phone":"555"}"#);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(from = "Value")]
pub struct Extra(Vec<(String, String)>);

impl Extra {
    /// Returns whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names of the columns with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the value in a column, `None` if it is empty.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.iter().find(|(name, _)| *name == column).map(|(_, value)| value)
    }

    /// Returns the `new` values, by the names of their columns, that differ from these in more than line ends.
    pub(crate) fn differing(&self, new: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let differs = |(column, value): &(&String, &String)| {
            unified(self.get(column).unwrap_or_default()) != unified(value)
        };
        new.iter().filter(differs).map(|(column, value)| (column.clone(), value.clone())).collect()
    }

    /// Adds the values to a hash, which does not change if there are none.
    pub(crate) fn add_to(&self, hash: &mut blake3::Hasher) {
        for text in self.iter().flat_map(|(name, value)| [name, value]) {
            hash.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
    }

    /// Sorts the values by the order of their columns. Columns that are not in `order` follow in the order of their names.
    pub fn sort(&mut self, order: &[String]) {
        if self.0.len() < 2 {
            return;
        }
        let positions: HashMap<&str, usize> =
            order.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let position = |name: &str| positions.get(name).copied().unwrap_or(usize::MAX);
        self.0.sort_by(|(one, _), (other, _)| (position(one), one).cmp(&(position(other), other)));
    }
}

impl From<Value> for Extra {
    /// Reads the members of an object. Other programs may have written values that are not text.
    fn from(value: Value) -> Extra {
        let Value::Object(members) = value else { return Extra::default() };
        let text = |(name, value)| match value {
            Value::Null => None,
            Value::String(text) => Some((name, text)),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Some((name, value.to_string()))
            }
        };
        Extra(members.into_iter().filter_map(text).collect())
    }
}

impl Serialize for Extra {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Appends a text to `out` as a JSON string.
pub(crate) fn push_json(text: &str, out: &mut String) {
    use std::fmt::Write;
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[from..at]);
        from = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                let written = write!(out, "\\u{control:04x}");
                debug_assert!(written.is_ok(), "writing to a String cannot fail");
            }
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_encoded_as_in_json() {
        for text in ["", "Ann", "a\"b\\c", "\n\r\t\u{1}\u{1f} é 😀", "\u{7f}"] {
            let mut encoded = "x".to_owned();
            push_json(text, &mut encoded);
            assert_eq!(serde_json::from_str::<String>(&encoded[1..]).unwrap(), text, "{encoded}");
        }
    }

    #[test]
    fn values_of_other_programs_are_read_as_text() {
        let extra: Extra = serde_json::from_str(r#"{"a": 1, "b": null, "c": ["x"], "d": "text"}"#).unwrap();
        let values: Vec<(&str, &str)> = extra.iter().collect();
        assert_eq!(values, [("a", "1"), ("c", r#"["x"]"#), ("d", "text")]);
        assert_eq!((extra.get("d"), extra.get("b")), (Some("text"), None));
        assert!(serde_json::from_str::<Extra>("[1]").unwrap().is_empty());
    }

    #[test]
    fn line_ends_are_no_difference() {
        let extra: Extra = serde_json::from_str(r#"{"Notes": "a\r\nb", "Phone": "1"}"#).unwrap();
        let new = |values: &[(&str, &str)]| {
            values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let changes =
            extra.differing(&new(&[("Notes", "a\nb"), ("Phone", ""), ("Fax", ""), ("City", "Rome")]));
        assert_eq!(changes, new(&[("Phone", ""), ("City", "Rome")]));
    }

    #[test]
    fn columns_without_a_position_follow_by_name() {
        let mut extra: Extra = serde_json::from_str(r#"{"a": "1", "b": "2", "c": "3", "d": "4"}"#).unwrap();
        extra.sort(&["d".to_owned(), "b".to_owned()]);
        assert_eq!(serde_json::to_string(&extra).unwrap(), r#"{"d":"4","b":"2","a":"1","c":"3"}"#);
    }
}
