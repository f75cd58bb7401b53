//! Parses the members of objects, in order. Duplicate members are refused, because parsers differ on
//! which one they use (RFC 8259 §4, RFC 7515 §4).

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Text, check};

/// The members of an object, in order, each with the text of its value.
///
/// # Errors
/// When it is not an object, or contains a duplicate member at any depth.
pub(crate) fn members(text: &Text) -> Result<Vec<(String, Text)>, String> {
    ensure_unique_members(text)?;
    Ok(own_members(text.as_str())?
        .into_iter()
        .map(|(name, value)| (name, Text(value.get().to_owned())))
        .collect())
}

/// The members of the object that `text` is, each with the text of its value; `None` if it is not an
/// object, or has a duplicate member.
pub(crate) fn object(text: &str) -> Option<Vec<(String, &str)>> {
    let members = own_members(text).ok()?.into_iter();
    Some(members.map(|(name, value)| (name, value.get())).collect())
}

/// The elements of the array that `text` is, unchanged; `None` if it is not an array.
pub(crate) fn elements(text: &str) -> Option<Vec<&str>> {
    let elements = serde_json::from_str::<Vec<&RawValue>>(text).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

/// Checks that no object at any depth has a duplicate member.
///
/// # Errors
/// Names the member.
pub(crate) fn ensure_unique_members(text: &Text) -> Result<(), String> {
    walk(text.as_str())
}

/// Checks a text as [`Text::parse`] and [`ensure_unique_members`] do, without a copy, for texts that
/// contain secrets.
///
/// # Errors
/// The reason, with line and column, or the name of the duplicate member.
pub(crate) fn ensure_sound(text: &str) -> Result<(), String> {
    check(text)?;
    walk(text)
}

/// Walks values as texts, because `1e400` is valid JSON but not a float. A checked text is nested at
/// most 128 deep.
fn walk(text: &str) -> Result<(), String> {
    match text.trim_ascii_start().bytes().next() {
        Some(b'{') => own_members(text)?
            .iter()
            .try_for_each(|(_, value)| walk(value.get())),
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(text)
            .map_err(|error| error.to_string())?
            .iter()
            .try_for_each(|value| walk(value.get())),
        _ => Ok(()),
    }
}

fn own_members(text: &str) -> Result<Vec<(String, &RawValue)>, String> {
    serde_json::Deserializer::from_str(text)
        .deserialize_map(UniqueMembers)
        .map_err(|error| error.to_string())
}

struct UniqueMembers;

impl<'de> Visitor<'de> for UniqueMembers {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Self::Value = Vec::new();
        // Not a HashSet, which needs random bytes: an old kernel without /dev has none.
        let mut seen = BTreeSet::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("duplicate member '{name}'")));
            }
            members.push((name, value));
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Text {
        Text::parse(text).unwrap()
    }

    #[test]
    fn members_keep_order_and_text() {
        let found = members(&parse(r#"{"b": 1.10, "a": [1, 2], "c": 1e400}"#)).unwrap();
        let expected = [("b", "1.10"), ("a", "[1, 2]"), ("c", "1e400")];
        assert_eq!(
            found,
            expected.map(|(name, value)| (name.to_owned(), parse(value)))
        );
        assert!(members(&parse("[]")).is_err());
        let own = object(r#" {"b": 1.10, "a": [{"x": 1, "x": 2}]} "#).unwrap();
        assert_eq!(
            own,
            [("b".into(), "1.10"), ("a".into(), r#"[{"x": 1, "x": 2}]"#)]
        );
        assert!(object("[1]").is_none() && object(r#"{"a":1,"a":2}"#).is_none());
        assert_eq!(elements(" [1.10, [2]]\n").unwrap(), ["1.10", "[2]"]);
        assert!(elements("{}").is_none() && elements("[1] 2").is_none());
    }

    #[test]
    fn text_is_checked_without_a_copy() {
        assert!(ensure_sound(r#"{"a":[{"b":1}]}"#).is_ok());
        assert!(ensure_sound(r#"{"a":[{"b":1,"b":2}]}"#).is_err());
        assert!(ensure_sound(r#"{"a":"#).is_err());
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(ensure_sound(&deep).is_err());
    }

    #[test]
    fn duplicate_members_are_refused_at_any_depth() {
        for twice in [
            r#"{"a":1,"a":2}"#,
            r#" [{"x": {"a":1,"b":2,"a":3}}]"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            assert!(
                ensure_unique_members(&parse(twice))
                    .unwrap_err()
                    .contains("duplicate member 'a'")
            );
        }
        assert!(ensure_unique_members(&parse(r#"[{"a":1},{"a":null},true,-1,1e400,"s"]"#)).is_ok());
    }
}
