//! Values from other types, and their text.

use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use super::{LARGEST_INT, Map, Value};

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<isize> for Value {
    fn from(value: isize) -> Value {
        Value::from(value as i64)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        match value.unsigned_abs() <= LARGEST_INT.unsigned_abs() {
            true => Value::Int(value),
            false => Value::Decimal(value.to_string().into()),
        }
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Value {
        Value::from(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Float(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Str(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Str(value.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(value: Vec<Value>) -> Value {
        Value::Array(Rc::new(value))
    }
}

impl From<Map> for Value {
    fn from(value: Map) -> Value {
        Value::Object(Rc::new(value))
    }
}

/// A slice in a path: `{"start": 1, "end": null}`.
impl From<Range<Option<Value>>> for Value {
    fn from(range: Range<Option<Value>>) -> Value {
        let mut map = Map::default();
        map.insert("start".into(), range.start.unwrap_or_default());
        map.insert("end".into(), range.end.unwrap_or_default());
        map.into()
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Value {
        Value::Array(Rc::new(values.into_iter().collect()))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json())
    }
}
