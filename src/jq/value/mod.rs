//! The values of filters: JSON, with numbers as jq 1.8 has them.

mod access;
mod arithmetic;
mod construct;
mod map;
mod number;
mod order;
mod paths;
mod read;
mod write;

use std::rc::Rc;

pub(super) use arithmetic::split;
pub(super) use map::Map;
use number::{LARGEST_INT, float_text};
pub(super) use paths::{delete_paths, get_path, set_path};
pub(super) use read::{Malformed, Parsed, Reader};
pub(super) use write::{Indent, Style, write};

/// A value. Integers up to 2⁵³ are `Int`, results of calculations `Float`, and all other numbers of
/// the input or the filter `Decimal`, which keeps their text.
#[derive(Clone, Debug, Default)]
pub(super) enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A number as decNumber writes it: `1.50`, `1E+400`.
    Decimal(Rc<str>),
    Str(Rc<str>),
    Array(Rc<Vec<Value>>),
    Object(Rc<Map>),
}

/// An error of a filter.
pub(super) type Error = jaq_core::Error<Value>;
/// A value or an error.
pub(super) type ValueResult = Result<Value, Error>;

/// An error with this message.
pub(super) fn fail(message: impl Into<String>) -> Error {
    Error::new(Value::from(message.into()))
}

impl Value {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) | Value::Float(_) | Value::Decimal(_) => "number",
            Value::Str(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Value::Int(_) | Value::Float(_) | Value::Decimal(_))
    }

    /// The number as a double.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Value::Int(n) => Some(*n as f64),
            Value::Float(n) => Some(*n),
            Value::Decimal(text) => Some(text.parse().unwrap_or(f64::NAN)),
            Value::Null | Value::Bool(_) | Value::Str(_) | Value::Array(_) | Value::Object(_) => {
                None
            }
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// Whether it counts as true: everything except false and null.
    pub(super) fn is_true(&self) -> bool {
        !matches!(self, Value::Null | Value::Bool(false))
    }

    /// The value as compact JSON.
    pub(super) fn json(&self) -> String {
        let mut out = Vec::new();
        write(&mut out, self, &Style::compact(), 0);
        String::from_utf8(out).unwrap_or_default()
    }

    /// The kind and the beginning of the value, for messages: `number (1)`.
    pub(super) fn described(&self) -> String {
        format!("{} ({})", self.kind(), self.excerpt())
    }

    /// The beginning of the value as JSON, at most 29 bytes, as in messages of jq.
    pub(super) fn excerpt(&self) -> String {
        const MOST_BYTES: usize = 29;
        let mut text = self.json();
        if text.len() > MOST_BYTES {
            let closing = match self {
                Value::Str(_) => "\"",
                Value::Array(_) => "]",
                Value::Object(_) => "}",
                _ => "",
            };
            let mut end = MOST_BYTES - 3 - closing.len();
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push_str("...");
            text.push_str(closing);
        }
        text
    }

    /// An error about this value: `number (1) has no keys`.
    pub(super) fn unsuitable(&self, message: &str) -> Error {
        fail(format!("{} {message}", self.described()))
    }

    /// An error about two values: `number (1) and string ("a") cannot be added`.
    pub(super) fn incompatible(&self, other: &Value, message: &str) -> Error {
        fail(format!(
            "{} and {} {message}",
            self.described(),
            other.described()
        ))
    }
}
