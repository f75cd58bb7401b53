//! JSON values of foreign reports. They are compared and shown, so that numbers keep their text and
//! the members of objects are in order of their names.

use std::collections::BTreeMap;
use std::fmt;

use nanoserde::{SerJson, SerJsonState};

use crate::json::{self, Text};

/// Limit for the nesting; a report of `c47 host` has five levels.
const MAX_DEPTH: usize = 16;
/// Limit for the number of values; a report with 200 network mounts has 6000.
const MAX_VALUES: usize = 20_000;

/// The members of an object.
pub(super) type Members = BTreeMap<String, Value>;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Null,
    /// A number, `true` or `false`, as in the file; also a string that is not Unicode.
    Plain(String),
    Text(String),
    Array(Vec<Value>),
    Object(Members),
}

impl Value {
    /// Parses a JSON text.
    ///
    /// # Errors
    /// When it is not JSON, has a duplicate member, or exceeds a limit.
    pub(super) fn parse(bytes: &[u8]) -> Result<Value, String> {
        let text = Text::from_bytes(bytes)?;
        json::ensure_unique_members(&text)?;
        Parser { values: 0 }.value(text.as_str(), 0)
    }

    pub(super) fn members(&self) -> Option<&Members> {
        match self {
            Value::Object(members) => Some(members),
            Value::Null | Value::Plain(_) | Value::Text(_) | Value::Array(_) => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Null | Value::Plain(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The text of a number.
    pub(super) fn number(&self) -> Option<&str> {
        match self {
            Value::Plain(text) => Some(text),
            Value::Null | Value::Text(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub(super) fn is_scalar(&self) -> bool {
        match self {
            Value::Null | Value::Plain(_) | Value::Text(_) => true,
            Value::Array(_) | Value::Object(_) => false,
        }
    }
}

struct Parser {
    values: usize,
}

impl Parser {
    fn value(&mut self, text: &str, depth: usize) -> Result<Value, String> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(format!("it has more than {MAX_VALUES} values"));
        }
        if depth > MAX_DEPTH {
            return Err(format!("nested more than {MAX_DEPTH} deep"));
        }
        let text = text.trim_ascii();
        match text.bytes().next() {
            Some(b'{') => {
                let members = json::object(text).ok_or("the name of a member is not Unicode")?;
                let mut object = Members::new();
                for (name, value) in members {
                    object.insert(name, self.value(value, depth + 1)?);
                }
                Ok(Value::Object(object))
            }
            Some(b'[') => {
                let elements = json::elements(text).unwrap_or_default().into_iter();
                let values: Result<_, String> = elements
                    .map(|element| self.value(element, depth + 1))
                    .collect();
                Ok(Value::Array(values?))
            }
            Some(b'n') => Ok(Value::Null),
            _ => Ok(match serde_json::from_str::<String>(text) {
                Ok(string) => Value::Text(string),
                Err(_) => Value::Plain(text.to_owned()),
            }),
        }
    }
}

/// Compact JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = |at: usize| if at == 0 { "" } else { "," };
        match self {
            Value::Null => f.write_str("null"),
            Value::Plain(text) => f.write_str(text),
            Value::Text(text) => f.write_str(&text.serialize_json()),
            Value::Array(elements) => {
                f.write_str("[")?;
                for (at, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", separator(at))?;
                }
                f.write_str("]")
            }
            Value::Object(members) => {
                f.write_str("{")?;
                for (at, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}{}:{value}", separator(at), name.serialize_json())?;
                }
                f.write_str("}")
            }
        }
    }
}

impl SerJson for Value {
    fn ser_json(&self, _depth: usize, state: &mut SerJsonState) {
        state.out.push_str(&self.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_parsed_and_written() {
        let text =
            r#" { "b" : [1.10, -1e400, "\u00e9\n", "\ud800"], "a": {}, "c": null, "d": true } "#;
        let value = Value::parse(text.as_bytes()).unwrap();
        let expected = "{\"a\":{},\"b\":[1.10,-1e400,\"é\\n\",\"\\ud800\"],\"c\":null,\"d\":true}";
        assert_eq!(value.to_string(), expected);
        assert_eq!(Value::parse(expected.as_bytes()).unwrap(), value);
    }

    #[test]
    fn foreign_input_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for (text, why) in [
            (nested(18), "nested more than 16 deep"),
            (nested(100_000), "nested more than"),
            (
                format!("[{}1]", "1,".repeat(50_000)),
                "more than 20000 values",
            ),
            (r#"{"a":[{"b":1,"b":2}]}"#.into(), "duplicate member 'b'"),
            (r#"{"\ud800":1}"#.into(), "at line 1"),
            ("{".into(), "EOF"),
        ] {
            let error = Value::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert!(Value::parse(nested(17).as_bytes()).is_ok());
        assert!(Value::parse(b"\"\xff\"").is_err());
    }
}
