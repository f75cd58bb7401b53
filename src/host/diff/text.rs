//! Values of reports as text.

use super::fields::Row;
use super::value::Value;
use crate::quantity::{count, format_size};

/// The unit of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Unit {
    #[default]
    Plain,
    Bytes,
}

impl Unit {
    /// Of a member or a limit with this name.
    pub(super) fn of(name: &str) -> Unit {
        match name.ends_with("_bytes") {
            true => Unit::Bytes,
            false => Unit::Plain,
        }
    }
}

/// The value in one report, and its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Side {
    /// `None` if the report has no such member or element.
    pub value: Option<Value>,
    pub text: String,
}

/// Two different values, with different texts.
pub(super) fn sides(values: [Option<&Value>; 2], row: Option<&Row>, unit: Unit) -> [Side; 2] {
    let [mut a, mut b] = values.map(|value| Side {
        value: value.cloned(),
        text: text(value, row, unit),
    });
    if a.text == b.text {
        for side in [&mut a, &mut b] {
            side.text = side
                .value
                .as_ref()
                .map_or_else(|| MISSING.into(), Value::to_string);
        }
    }
    [a, b]
}

const MISSING: &str = "missing";

fn text(value: Option<&Value>, row: Option<&Row>, unit: Unit) -> String {
    let Some(value) = value else {
        return MISSING.to_owned();
    };
    match value {
        Value::Null => row.map_or("null", |row| row.null).to_owned(),
        Value::Plain(text) => match (text.as_str(), text.parse()) {
            ("true", _) => "yes".to_owned(),
            ("false", _) => "no".to_owned(),
            (_, Ok(bytes)) if unit == Unit::Bytes => format_size(bytes),
            _ => text.clone(),
        },
        Value::Text(text) if text.is_empty() => "''".to_owned(),
        Value::Text(text) => text.clone(),
        Value::Array(elements) if elements.is_empty() => "none".to_owned(),
        Value::Array(elements) if elements.iter().all(Value::is_scalar) => {
            let texts = elements.iter().map(|it| text(Some(it), None, unit));
            texts.collect::<Vec<_>>().join(", ")
        }
        Value::Array(elements) => count(elements.len(), "value"),
        Value::Object(members) => {
            let shown = row.map_or(&[][..], |row| row.shown);
            let texts: Vec<String> = shown
                .iter()
                .filter_map(|name| members.get(*name))
                .map(|it| text(Some(it), None, unit))
                .collect();
            match texts.is_empty() {
                true => value.to_string(),
                false => texts.join(" "),
            }
        }
    }
}
