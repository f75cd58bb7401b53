//! The named values of one row or object, which a template takes.

use crate::json::{Text, members};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// A cell of CSV.
    Cell(String),
    /// A member of a JSON object.
    Json(Text),
}

/// Named values, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, Value)>);

impl Fields {
    /// The cells of a row; `names` is the header.
    pub(crate) fn of_row(names: &[String], cells: Vec<String>) -> Fields {
        let named = names.iter().cloned().zip(cells);
        Fields(
            named
                .map(|(name, cell)| (name, Value::Cell(cell)))
                .collect(),
        )
    }

    /// The members of a JSON object.
    ///
    /// # Errors
    /// When the line is not a JSON object, or names a member twice.
    pub(crate) fn of_json(line: &[u8]) -> Result<Fields, String> {
        let text = Text::from_bytes(line)?;
        let members = members(&text).map_err(|why| format!("it is not a JSON object: {why}"))?;
        let named = members.into_iter();
        Ok(Fields(
            named
                .map(|(name, value)| (name, Value::Json(value)))
                .collect(),
        ))
    }

    /// The value of this name.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn get(&self, name: &str) -> Result<&Value, String> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value)
            .ok_or_else(|| format!("it has no field '{name}'"))
    }
}

impl Value {
    /// The value as a text, for a path, a query, a header or a JSON string.
    ///
    /// # Errors
    /// When it is null, an array or an object.
    pub(crate) fn text(&self) -> Result<String, String> {
        let json = match self {
            Value::Cell(cell) => return Ok(cell.clone()),
            Value::Json(json) => json,
        };
        let text = json.as_str().trim();
        match text.bytes().next() {
            Some(b'"') => json.read::<String>(),
            Some(b'{') => Err("it is an object".into()),
            Some(b'[') => Err("it is an array".into()),
            Some(b'n') => Err("it is null".into()),
            Some(_) | None => Ok(text.to_owned()),
        }
    }

    /// The value as JSON, for a place that is not inside a string. A cell must be a number, `true`,
    /// `false` or `null`: a text could be taken for something else.
    ///
    /// # Errors
    /// When a cell is something else.
    pub(crate) fn json(&self) -> Result<Text, String> {
        let cell = match self {
            Value::Json(json) => return Ok(json.clone()),
            Value::Cell(cell) => cell,
        };
        let is_scalar = !cell.starts_with(['"', '{', '[', ' ', '\t', '\r', '\n']);
        Text::parse(cell.as_str())
            .ok()
            .filter(|_| is_scalar)
            .ok_or_else(|| "it is not a JSON number, true, false or null".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_texts_or_json() {
        let fields = Fields::of_json(
            r#"{"s":"a\"é","n":1.10,"t":true,"z":null,"l":[1],"o":{"a":1}}"#.as_bytes(),
        )
        .unwrap();
        for (name, text, json) in [
            ("s", Ok("a\"é"), r#""a\"é""#),
            ("n", Ok("1.10"), "1.10"),
            ("t", Ok("true"), "true"),
            ("z", Err("it is null"), "null"),
            ("l", Err("it is an array"), "[1]"),
            ("o", Err("it is an object"), r#"{"a":1}"#),
        ] {
            let value = fields.get(name).unwrap();
            let text = text.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(value.text(), text, "{name}");
            assert_eq!(value.json().unwrap().as_str(), json);
        }
        assert_eq!(fields.get("x").unwrap_err(), "it has no field 'x'");
    }

    #[test]
    fn a_cell_is_never_taken_for_json_of_another_shape() {
        for (cell, is_json) in [
            ("1", true),
            ("-1.5e3", true),
            ("true", true),
            ("null", true),
            ("007", false),
            ("", false),
            (" 1", false),
            ("a", false),
            ("\"a\"", false),
            ("{}", false),
            ("[]", false),
            ("1,2", false),
        ] {
            assert_eq!(Value::Cell(cell.into()).json().is_ok(), is_json, "{cell}");
        }
    }

    #[test]
    fn only_an_object_with_unique_names_has_fields() {
        for wrong in [
            "",
            "[]",
            "1",
            "{\"a\":1,\"a\":2}",
            "{\"a\":1} x",
            "\u{feff}{}",
        ] {
            assert!(Fields::of_json(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(Fields::of_json(b"{\"a\":\"\xff\"}").is_err());
    }
}
