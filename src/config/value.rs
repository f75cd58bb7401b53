//! Configuration values with their places.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use toml::de::{DeTable, DeValue};

use crate::json::Text;

/// File, line and column, both counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub file: Rc<str>,
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A value and the place of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub value: Value,
    pub place: Place,
}

/// The TOML types that a profile uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Bool(bool),
    /// A float or date, as text.
    Other(String),
    List(Vec<Value>),
    Table(Table),
}

/// Members by name.
pub(super) type Table = BTreeMap<String, Entry>;

impl Value {
    /// The type, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Bool(_) => "a boolean",
            Value::Other(_) => "a number or date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// Converts to JSON. `text` converts each string.
    ///
    /// # Errors
    /// If `text` fails, or JSON has no such value.
    pub(crate) fn to_json(
        &self,
        text: &mut dyn FnMut(&str) -> Result<String, String>,
    ) -> Result<Text, String> {
        Ok(match self {
            Value::Text(value) => Text::string(&text(value)?),
            Value::Integer(number) => Text::integer(*number),
            Value::Bool(value) => Text::parse(value.to_string())?,
            Value::Other(value) => Text::parse(value.as_str())
                .map_err(|_| format!("'{value}' cannot be written as JSON"))?,
            Value::List(values) => {
                let values: Result<Vec<Text>, String> =
                    values.iter().map(|value| value.to_json(text)).collect();
                Text::array(&values?)
            }
            Value::Table(table) => {
                let mut members = Vec::new();
                for (name, entry) in table {
                    members.push((name.as_str(), entry.value.to_json(text)?));
                }
                Text::object(members.iter().map(|(name, value)| (*name, value)))
            }
        })
    }
}

/// Reads a TOML document.
///
/// # Errors
/// The message, with file, line and column first.
pub(super) fn parse(file: &str, text: &str) -> Result<Table, String> {
    let lines = Lines {
        file: file.into(),
        text,
    };
    match DeTable::parse(text) {
        Ok(table) => lines.table(table.get_ref()),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let message: Vec<&str> = error.message().lines().map(str::trim).collect();
            Err(format!("{}: {}", lines.place(at), message.join(", ")))
        }
    }
}

struct Lines<'a> {
    file: Rc<str>,
    text: &'a str,
}

impl Lines<'_> {
    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place {
            file: Rc::clone(&self.file),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or("").chars().count() + 1,
        }
    }

    fn table(&self, table: &DeTable) -> Result<Table, String> {
        let mut members = Table::new();
        for (key, value) in table {
            let place = self.place(key.span().start);
            let value = self
                .value(value.get_ref())
                .map_err(|why| format!("{place}: {}: {why}", key.get_ref()))?;
            members.insert(key.get_ref().to_string(), Entry { value, place });
        }
        Ok(members)
    }

    fn value(&self, value: &DeValue) -> Result<Value, String> {
        Ok(match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => Value::Integer(
                i64::from_str_radix(number.as_str(), number.radix())
                    .map_err(|_| "the number is too large".to_owned())?,
            ),
            DeValue::Float(number) => Value::Other(number.as_str().to_owned()),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Datetime(value) => Value::Other(value.to_string()),
            DeValue::Array(values) => Value::List(
                values
                    .iter()
                    .map(|value| self.value(value.get_ref()))
                    .collect::<Result<_, _>>()?,
            ),
            DeValue::Table(table) => Value::Table(self.table(table)?),
        })
    }
}

/// Merges `over` into `under`, key by key, at every depth.
pub(super) fn merge(under: &mut Table, over: Table) {
    for (name, entry) in over {
        match (under.get_mut(&name), entry) {
            (
                Some(Entry {
                    value: Value::Table(old),
                    ..
                }),
                Entry {
                    value: Value::Table(new),
                    ..
                },
            ) => merge(old, new),
            (_, entry) => {
                under.insert(name, entry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_line_and_column() {
        let table = parse("f", "# é\n[profile.a]\nurl = 'x'\nclaims = { n = 1 }\n").unwrap();
        let Value::Table(profile) = &table["profile"].value else {
            panic!("a table")
        };
        let Value::Table(a) = &profile["a"].value else {
            panic!("a table")
        };
        assert_eq!(a["url"].place.to_string(), "f:3:1");
        let Value::Table(claims) = &a["claims"].value else {
            panic!("a table")
        };
        assert_eq!(claims["n"].place.to_string(), "f:4:12");
    }

    #[test]
    fn invalid_toml_is_rejected() {
        for (text, place) in [
            ("a = \n", "f:1:"),
            ("a = 1\na = 2", "f:2:"),
            ("[x\n", "f:1:"),
        ] {
            let why = parse("f", text).unwrap_err();
            assert!(why.starts_with(place), "{why}");
        }
        assert!(parse("f", &format!("a = {}", "[".repeat(100_000))).is_err());
    }

    #[test]
    fn later_files_override_key_by_key() {
        let mut under = parse("a", "[p]\nx = 1\ny = 2\nh = {a = 1}").unwrap();
        merge(&mut under, parse("b", "[p]\ny = 3\nh = {b = 2}").unwrap());
        let json = Value::Table(under).to_json(&mut |text| Ok(text.to_owned()));
        assert_eq!(
            json.unwrap().as_str(),
            r#"{"p":{"h":{"a":1,"b":2},"x":1,"y":3}}"#
        );
    }
}
