//! The operators of arithmetic.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::rc::Rc;

use super::{LARGEST_INT, Map, Value, ValueResult, fail};

/// The longest string that a repetition makes.
const LONGEST_STRING: usize = i32::MAX as usize;

/// The deepest merge of objects.
const DEEPEST_MERGE: usize = 10_000;

/// An integer if doubles have it, else the double next to it.
fn integer(exact: Option<i64>, float: f64) -> Value {
    match exact {
        Some(number) if number.unsigned_abs() <= LARGEST_INT.unsigned_abs() => Value::Int(number),
        Some(_) | None => Value::Float(float),
    }
}

/// The result for two numbers; `None` if one is not a number.
fn calculate(
    left: &Value,
    right: &Value,
    exact: fn(i64, i64) -> Option<i64>,
    float: fn(f64, f64) -> f64,
) -> Option<Value> {
    if let (Value::Int(one), Value::Int(two)) = (left, right) {
        return Some(integer(exact(*one, *two), float(*one as f64, *two as f64)));
    }
    Some(Value::Float(float(left.number()?, right.number()?)))
}

impl Add for Value {
    type Output = ValueResult;

    fn add(self, other: Value) -> ValueResult {
        match (self, other) {
            (Value::Null, value) | (value, Value::Null) => Ok(value),
            (Value::Str(left), Value::Str(right)) => {
                let mut text = String::with_capacity(left.len() + right.len());
                text.push_str(&left);
                text.push_str(&right);
                Ok(text.into())
            }
            (Value::Array(mut left), Value::Array(right)) => {
                let elements = Rc::make_mut(&mut left);
                match Rc::try_unwrap(right) {
                    Ok(right) => elements.extend(right),
                    Err(right) => elements.extend(right.iter().cloned()),
                }
                Ok(Value::Array(left))
            }
            (Value::Object(mut left), Value::Object(right)) => {
                let members = Rc::make_mut(&mut left);
                for (key, value) in Rc::unwrap_or_clone(right) {
                    members.insert(key, value);
                }
                Ok(Value::Object(left))
            }
            (left, right) => calculate(&left, &right, i64::checked_add, |a, b| a + b)
                .ok_or_else(|| left.incompatible(&right, "cannot be added")),
        }
    }
}

impl Sub for Value {
    type Output = ValueResult;

    fn sub(self, other: Value) -> ValueResult {
        match (self, other) {
            (Value::Array(mut left), Value::Array(right)) => {
                Rc::make_mut(&mut left).retain(|value| !right.contains(value));
                Ok(Value::Array(left))
            }
            (left, right) => calculate(&left, &right, i64::checked_sub, |a, b| a - b)
                .ok_or_else(|| left.incompatible(&right, "cannot be subtracted")),
        }
    }
}

impl Mul for Value {
    type Output = ValueResult;

    fn mul(self, other: Value) -> ValueResult {
        match (&self, &other) {
            (Value::Str(text), times) | (times, Value::Str(text)) if times.is_number() => {
                repeat(text, times.number().unwrap_or(f64::NAN))
            }
            (Value::Object(_), Value::Object(_)) => merge(self, other, 0),
            (left, right) => calculate(left, right, i64::checked_mul, |a, b| a * b)
                .ok_or_else(|| left.incompatible(right, "cannot be multiplied")),
        }
    }
}

fn repeat(text: &str, times: f64) -> ValueResult {
    if times < 0.0 || times.is_nan() {
        return Ok(Value::Null);
    }
    let times = times as usize;
    match text.len().checked_mul(times) {
        Some(bytes) if bytes < LONGEST_STRING => Ok(text.repeat(times).into()),
        Some(_) | None => Err(fail("Repeat string result too long")),
    }
}

/// Merges objects, and the objects in them.
fn merge(left: Value, right: Value, depth: usize) -> ValueResult {
    match (left, right) {
        (Value::Object(_), Value::Object(_)) if depth > DEEPEST_MERGE => {
            Err(fail("Object merge too deep"))
        }
        (Value::Object(mut left), Value::Object(right)) => {
            let members: &mut Map = Rc::make_mut(&mut left);
            for (key, value) in Rc::unwrap_or_clone(right) {
                let own = members.entry(key);
                *own = merge(std::mem::take(own), value, depth + 1)?;
            }
            Ok(Value::Object(left))
        }
        (_, right) => Ok(right),
    }
}

impl Div for Value {
    type Output = ValueResult;

    fn div(self, other: Value) -> ValueResult {
        match (&self, &other) {
            (Value::Str(text), Value::Str(separator)) => Ok(split(text, separator)),
            (left, right) if right.number() == Some(0.0) && left.is_number() => {
                Err(left.incompatible(right, "cannot be divided because the divisor is zero"))
            }
            (left, right) => {
                let exact = |a: i64, b: i64| match a.checked_rem(b) {
                    Some(0) => a.checked_div(b),
                    Some(_) | None => None,
                };
                calculate(left, right, exact, |a, b| a / b)
                    .ok_or_else(|| left.incompatible(right, "cannot be divided"))
            }
        }
    }
}

/// The parts of a text between separators. An empty separator is between all characters.
pub(in crate::jq) fn split(text: &str, separator: &str) -> Value {
    if text.is_empty() {
        return Vec::new().into();
    }
    if separator.is_empty() {
        let mut buffer = [0; 4];
        return text
            .chars()
            .map(|c| Value::from(&*c.encode_utf8(&mut buffer)))
            .collect();
    }
    text.split(separator).map(Value::from).collect()
}

impl Rem for Value {
    type Output = ValueResult;

    fn rem(self, other: Value) -> ValueResult {
        let (Some(left), Some(right)) = (self.number(), other.number()) else {
            return Err(self.incompatible(&other, "cannot be divided (remainder)"));
        };
        if left.is_nan() || right.is_nan() {
            return Ok(Value::Float(f64::NAN));
        }
        // A conversion to an integer saturates.
        match right as i64 {
            0 => {
                let message = "cannot be divided (remainder) because the divisor is zero";
                Err(self.incompatible(&other, message))
            }
            divisor => {
                let remainder = (left as i64).checked_rem(divisor).unwrap_or(0);
                Ok(integer(Some(remainder), remainder as f64))
            }
        }
    }
}

impl Neg for Value {
    type Output = ValueResult;

    fn neg(self) -> ValueResult {
        match self {
            Value::Int(number) => Ok(Value::Int(-number)),
            Value::Float(number) => Ok(Value::Float(-number)),
            Value::Decimal(text) => Ok(match text.strip_prefix('-') {
                Some(positive) => Value::Decimal(positive.into()),
                None => Value::Decimal(format!("-{text}").into()),
            }),
            Value::Null | Value::Bool(_) | Value::Str(_) | Value::Array(_) | Value::Object(_) => {
                Err(self.unsuitable("cannot be negated"))
            }
        }
    }
}
