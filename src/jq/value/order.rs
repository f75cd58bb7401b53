//! Equality and order: null, false, true, numbers, strings, arrays, objects.

use std::cmp::Ordering;

use super::Value;
use super::number::compare_decimals;

impl Value {
    fn rank(&self) -> u8 {
        match self {
            Value::Null => 0,
            Value::Bool(false) => 1,
            Value::Bool(true) => 2,
            Value::Int(_) | Value::Float(_) | Value::Decimal(_) => 3,
            Value::Str(_) => 4,
            Value::Array(_) => 5,
            Value::Object(_) => 6,
        }
    }

    fn is_nan(&self) -> bool {
        matches!(self, Value::Float(number) if number.is_nan())
    }
}

/// The order of two numbers. Decimals are compared exactly. Not a number comes before all others.
fn compare_numbers(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => left.cmp(right),
        (Value::Decimal(left), Value::Decimal(right)) if left == right => Ordering::Equal,
        (Value::Decimal(left), Value::Decimal(right)) => {
            compare_decimals(left, right).unwrap_or(Ordering::Equal)
        }
        (Value::Int(left), Value::Decimal(right)) => {
            compare_decimals(&left.to_string(), right).unwrap_or(Ordering::Equal)
        }
        (Value::Decimal(left), Value::Int(right)) => {
            compare_decimals(left, &right.to_string()).unwrap_or(Ordering::Equal)
        }
        (left, right) => {
            let (one, two) = (left.number(), right.number());
            let order = one.partial_cmp(&two);
            order.unwrap_or_else(|| right.is_nan().cmp(&left.is_nan()))
        }
    }
}

/// For sorting.
impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Str(left), Value::Str(right)) => left.cmp(right),
            (Value::Array(left), Value::Array(right)) => left.cmp(right),
            (Value::Object(left), Value::Object(right)) => {
                let (left, right) = (left.sorted(), right.sorted());
                let keys = |members: &[(&std::rc::Rc<str>, &Value)]| -> Vec<std::rc::Rc<str>> {
                    members
                        .iter()
                        .map(|(key, _)| std::rc::Rc::clone(key))
                        .collect()
                };
                keys(&left).cmp(&keys(&right)).then_with(|| {
                    let pairs = left.iter().zip(&right);
                    let mut orders = pairs.map(|((_, one), (_, two))| one.cmp(two));
                    orders
                        .find(|order| order.is_ne())
                        .unwrap_or(Ordering::Equal)
                })
            }
            (left, right) if left.is_number() && right.is_number() => compare_numbers(left, right),
            (left, right) => left.rank().cmp(&right.rank()),
        }
    }
}

/// The order of `<`: not a number is also less than itself.
#[allow(clippy::non_canonical_partial_ord_impl)]
impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        match self.is_nan() && other.is_nan() {
            true => Some(Ordering::Less),
            false => Some(self.cmp(other)),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Str(left), Value::Str(right)) => left == right,
            (Value::Array(left), Value::Array(right)) => left == right,
            (Value::Object(left), Value::Object(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .all(|(key, value)| right.get(key) == Some(value))
            }
            (left, right) if left.is_number() && right.is_number() => {
                !left.is_nan() && compare_numbers(left, right).is_eq()
            }
            (left, right) => left.rank() == right.rank(),
        }
    }
}

impl Eq for Value {}
