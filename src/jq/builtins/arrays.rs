//! Native filters on arrays and objects.

use std::rc::Rc;

use super::super::value::{Error, Map, Value, ValueResult, delete_paths, fail, set_path};
use super::{Native, binary, nullary, one, unary, with_values};
use crate::sort::Sortable;

pub(super) fn natives() -> Vec<Native> {
    let mut natives = without_arguments();
    natives.extend(with_arguments());
    natives
}

fn without_arguments() -> Vec<Native> {
    vec![
        nullary("keys", |call| one(keys(&call.1, true))),
        nullary("keys_unsorted", |call| one(keys(&call.1, false))),
        nullary("to_entries", |call| one(to_entries(&call.1))),
        nullary("sort", |call| one(sort(call.1))),
        nullary("unique", |call| {
            one(sort(call.1).map(|value| match value {
                Value::Array(mut elements) => {
                    Rc::make_mut(&mut elements).dedup();
                    Value::Array(elements)
                }
                value => value,
            }))
        }),
        nullary("_reverse", |call| {
            one(Ok(match call.1 {
                Value::Array(mut elements) => {
                    Rc::make_mut(&mut elements).reverse();
                    Value::Array(elements)
                }
                value => value,
            }))
        }),
        nullary("_sum", |call| one(sum(call.1))),
        nullary("min", |call| one(best(&call.1, &call.1, false))),
        nullary("max", |call| one(best(&call.1, &call.1, true))),
    ]
}

fn with_arguments() -> Vec<Native> {
    vec![
        with_values("has", 1, |call| {
            let (value, key) = unary(call);
            one(has(&value, &key))
        }),
        with_values("contains", 1, |call| {
            let (value, part) = unary(call);
            one(match value.kind() == part.kind() {
                true => Ok(Value::Bool(contains(&value, &part))),
                false => Err(value.incompatible(&part, "cannot have their containment checked")),
            })
        }),
        with_values("bsearch", 1, |call| {
            let (value, target) = unary(call);
            one(match &value {
                Value::Array(elements) => Ok(match search(elements, &target) {
                    Ok(at) => Value::from(at),
                    Err(at) => Value::from(-1 - i64::try_from(at).unwrap_or(i64::MAX)),
                }),
                value => Err(value.unsuitable("cannot be searched from")),
            })
        }),
        with_values("_sort_by_impl", 1, |call| {
            let (value, keys) = unary(call);
            one(by_keys(&value, &keys)
                .map(|pairs| pairs.into_iter().map(|(_, value)| value).collect()))
        }),
        with_values("_group_by_impl", 1, |call| {
            let (value, keys) = unary(call);
            one(groups(&value, &keys).map(|groups| groups.into_iter().map(Value::from).collect()))
        }),
        with_values("_unique_by_impl", 1, |call| {
            let (value, keys) = unary(call);
            one(groups(&value, &keys).map(|groups| {
                let firsts = groups
                    .into_iter()
                    .filter_map(|group| group.into_iter().next());
                firsts.collect()
            }))
        }),
        with_values("_min_by_impl", 1, |call| {
            let (value, keys) = unary(call);
            one(best(&value, &keys, false))
        }),
        with_values("_max_by_impl", 1, |call| {
            let (value, keys) = unary(call);
            one(best(&value, &keys, true))
        }),
        with_values("setpath", 2, |call| {
            let (value, path, new) = binary(call);
            one(match path.as_array() {
                Some(steps) => set_path(value, steps, new),
                None => Err(fail("Path must be specified as an array")),
            })
        }),
        with_values("delpaths", 1, |call| {
            let (value, paths) = unary(call);
            one(delete_paths(value, &paths))
        }),
    ]
}

fn keys(value: &Value, is_sorted: bool) -> ValueResult {
    match value {
        Value::Array(elements) => Ok((0..elements.len()).map(Value::from).collect()),
        Value::Object(members) => {
            let names = members.iter().map(|(key, _)| Rc::clone(key));
            let mut names: Vec<Rc<str>> = names.collect();
            if is_sorted {
                names.order();
            }
            Ok(names.into_iter().map(Value::Str).collect())
        }
        value => Err(value.unsuitable("has no keys")),
    }
}

fn to_entries(value: &Value) -> ValueResult {
    let entry = |key: Value, value: &Value| {
        let mut entry = Map::default();
        entry.insert("key".into(), key);
        entry.insert("value".into(), value.clone());
        Value::from(entry)
    };
    match value {
        Value::Object(members) => {
            let entries = members.iter();
            Ok(entries
                .map(|(key, value)| entry(Value::Str(Rc::clone(key)), value))
                .collect())
        }
        Value::Array(elements) => {
            let entries = elements.iter().enumerate();
            Ok(entries
                .map(|(at, value)| entry(Value::from(at), value))
                .collect())
        }
        value => Err(value.unsuitable("has no keys")),
    }
}

fn sort(value: Value) -> ValueResult {
    match value {
        Value::Array(mut elements) => {
            Rc::make_mut(&mut elements).sort();
            Ok(Value::Array(elements))
        }
        value => Err(value.unsuitable("cannot be sorted, as it is not an array")),
    }
}

fn sum(value: Value) -> ValueResult {
    let elements = match value {
        Value::Array(elements) => elements,
        Value::Object(members) => {
            let values = Rc::unwrap_or_clone(members).into_iter();
            Rc::new(values.map(|(_, value)| value).collect())
        }
        value => return Err(fail(format!("Cannot iterate over {}", value.described()))),
    };
    if let Some(text) = concatenated(&elements) {
        return Ok(text.into());
    }
    let mut elements = Rc::unwrap_or_clone(elements).into_iter();
    elements.try_fold(Value::Null, |sum, value| sum + value)
}

/// The concatenation, if all elements are strings.
fn concatenated(elements: &[Value]) -> Option<String> {
    match elements {
        [] => None,
        elements => elements.iter().map(Value::as_str).collect(),
    }
}

fn has(value: &Value, key: &Value) -> ValueResult {
    Ok(Value::Bool(match (value, key) {
        (Value::Null, _) => false,
        (Value::Object(members), Value::Str(key)) => members.contains(key),
        (Value::Array(elements), key) if key.is_number() => {
            let index = key.number().unwrap_or(f64::NAN);
            !index.is_nan() && index > -1.0 && index < elements.len() as f64
        }
        (value, key) => {
            let (value, key) = (value.kind(), key.kind());
            return Err(fail(format!(
                "Cannot check whether {value} has a {key} key"
            )));
        }
    }))
}

fn contains(value: &Value, part: &Value) -> bool {
    match (value, part) {
        (Value::Object(members), Value::Object(parts)) => parts.iter().all(|(key, part)| {
            let own = members.get(key);
            own.is_some_and(|own| own.kind() == part.kind() && contains(own, part))
        }),
        (Value::Array(elements), Value::Array(parts)) => parts.iter().all(|part| {
            let mut elements = elements.iter();
            elements.any(|own| own.kind() == part.kind() && contains(own, part))
        }),
        (Value::Str(text), Value::Str(part)) => text.contains(&**part),
        (value, part) => value == part,
    }
}

/// The elements with their keys, sorted by the keys.
fn by_keys(value: &Value, keys: &Value) -> Result<Vec<(Value, Value)>, Error> {
    let (Some(elements), Some(keys)) = (value.as_array(), keys.as_array()) else {
        let message = "cannot be sorted, as they are not both arrays";
        return Err(value.incompatible(keys, message));
    };
    let mut pairs: Vec<(Value, Value)> =
        keys.iter().cloned().zip(elements.iter().cloned()).collect();
    pairs.order_by(|one, other| one.0.cmp(&other.0));
    Ok(pairs)
}

fn groups(value: &Value, keys: &Value) -> Result<Vec<Vec<Value>>, Error> {
    let pairs = by_keys(value, keys)?;
    let same = |one: &(Value, Value), other: &(Value, Value)| one.0 == other.0;
    let groups = pairs.chunk_by(same);
    Ok(groups
        .map(|group| group.iter().map(|(_, value)| value.clone()).collect())
        .collect())
}

/// The first of the elements with the least key, or the last of those with the greatest.
fn best(value: &Value, keys: &Value, is_max: bool) -> ValueResult {
    let (Some(elements), Some(keys)) = (value.as_array(), keys.as_array()) else {
        return Err(value.incompatible(keys, "cannot be iterated over"));
    };
    let pairs = keys.iter().zip(elements);
    let best = pairs.reduce(|best, next| match (next.0.cmp(best.0), is_max) {
        (std::cmp::Ordering::Less, false) => next,
        (std::cmp::Ordering::Greater | std::cmp::Ordering::Equal, true) => next,
        _ => best,
    });
    Ok(best.map(|(_, value)| value.clone()).unwrap_or_default())
}

/// The place of `target`, found in the steps of jq: with equal elements it matters which is found.
fn search(elements: &[Value], target: &Value) -> Result<usize, usize> {
    let (mut start, mut end) = (0, elements.len());
    while start < end {
        let middle = start + (end - start) / 2;
        let order = elements.get(middle).map(|element| target.cmp(element));
        match order.unwrap_or(std::cmp::Ordering::Equal) {
            std::cmp::Ordering::Equal => return Ok(middle),
            std::cmp::Ordering::Less => end = middle,
            std::cmp::Ordering::Greater => start = middle + 1,
        }
    }
    Err(start)
}
