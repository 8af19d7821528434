//! The JSON form of values by the names of their fields: members of an object, for `#[serde(flatten)]` and `#[serde(with)]`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{Field, PerField};

/// Serializes one member for each field, in the order of [`Field::ALL`].
pub(crate) fn serialize<T: Serialize, S: Serializer>(
    values: &PerField<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(values.iter().map(|(field, value)| (field.as_str(), value)))
}

/// Serializes one member for each field that has a value.
pub(crate) fn serialize_given<T: Serialize, S: Serializer>(
    values: &PerField<Option<T>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let given = values.iter().filter_map(|(field, value)| Some((field.as_str(), value.as_ref()?)));
    serializer.collect_map(given)
}

/// The values of fields, and the value of the member beside them.
pub(crate) type WithBeside<T, B> = (PerField<Option<T>>, Option<B>);

/// Deserializes the members with the names of fields and the one called `beside`: `None` where there is none. Ignores other
/// members.
pub(crate) fn deserialize_beside<'de, T: Deserialize<'de>, B: Deserialize<'de>, D: Deserializer<'de>>(
    beside: &'static str,
    deserializer: D,
) -> Result<WithBeside<T, B>, D::Error> {
    let members = Members { others: Others::Ignored, beside: Some(beside), value: PhantomData };
    deserializer.deserialize_map(members)
}

/// Deserializes the members with the names of fields and the one called `beside`, like [`deserialize_beside`], but rejects other
/// members.
pub(crate) fn deserialize_only_beside<'de, T: Deserialize<'de>, B: Deserialize<'de>, D: Deserializer<'de>>(
    beside: &'static str,
    deserializer: D,
) -> Result<WithBeside<T, B>, D::Error> {
    let members = Members { others: Others::Rejected, beside: Some(beside), value: PhantomData };
    deserializer.deserialize_map(members)
}

/// Deserializes the members with the names of fields, like [`deserialize_beside`], but rejects other members.
pub(crate) fn deserialize_only<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<PerField<Option<T>>, D::Error> {
    let members = Members::<T, IgnoredAny> { others: Others::Rejected, beside: None, value: PhantomData };
    Ok(deserializer.deserialize_map(members)?.0)
}

/// What to do with members that are no fields.
enum Others {
    Ignored,
    Rejected,
}

struct Members<T, B> {
    others: Others,
    /// A member that is no field and is returned.
    beside: Option<&'static str>,
    value: PhantomData<(T, B)>,
}

impl<'de, T: Deserialize<'de>, B: Deserialize<'de>> Visitor<'de> for Members<T, B> {
    type Value = WithBeside<T, B>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("values by the names of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut values, mut beside) = (PerField::from_fn(|_| None), None);
        while let Some(name) = map.next_key::<String>()? {
            match (name.parse::<Field>(), &self.others) {
                (Ok(field), _) if values.get(field).is_some() => {
                    return Err(Error::duplicate_field(field.as_str()));
                }
                (Ok(field), _) => *values.get_mut(field) = Some(map.next_value::<Option<T>>()?),
                (Err(_), _) if self.beside == Some(name.as_str()) => {
                    beside = map.next_value::<Option<B>>()?
                }
                (Err(_), Others::Ignored) => drop(map.next_value::<IgnoredAny>()?),
                (Err(_), Others::Rejected) => {
                    return Err(Error::custom(format_args!("{name}: unknown field `{name}`")));
                }
            }
        }
        Ok((values.map(Option::flatten), beside))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Row {
        #[serde(default)]
        line: u64,
        #[serde(flatten, serialize_with = "serialize_given", deserialize_with = "deserialize_only")]
        values: PerField<Option<String>>,
    }

    fn row(text: &str) -> Result<Row, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_members_in_the_order_of_the_fields() {
        let company = PerField { company: Some("Acme".to_owned()), ..PerField::default() };
        let values = PerField { email: Some("a@b.co".to_owned()), ..company };
        let text = r#"{"line":7,"email":"a@b.co","company":"Acme"}"#;
        assert_eq!(serde_json::to_string(&Row { line: 7, values: values.clone() }).unwrap(), text);
        assert_eq!(row(text), Ok(Row { line: 7, values: values.clone() }));
        assert_eq!(
            row(r#"{"company":"Acme","first_name":null,"line":7,"email":"a@b.co"}"#).unwrap().values,
            values
        );
    }

    #[test]
    fn members_that_are_repeated_or_unknown_are_rejected() {
        assert!(row(r#"{"email":"a","email":"b"}"#).unwrap_err().contains("duplicate field `email`"));
        assert!(row(r#"{"line":1,"colour":"red"}"#).unwrap_err().contains("unknown field `colour`"));
        let mut lenient = serde_json::Deserializer::from_str(r#"{"colour":"red","line":7,"company":"Acme"}"#);
        let (values, line): (PerField<Option<String>>, Option<u64>) =
            deserialize_beside("line", &mut lenient).unwrap();
        assert_eq!((values.company.as_deref(), line), (Some("Acme"), Some(7)));
    }

    #[test]
    fn only_objects_have_values_by_name() {
        let mut array = serde_json::Deserializer::from_str(r#"["a@b.co"]"#);
        let error = deserialize_beside::<String, u64, _>("line", &mut array).unwrap_err().to_string();
        assert!(error.contains("expected values by the names of fields"), "{error}");
    }
}
