//! Access by paths: arrays of keys, indices and slices.

use std::cmp::Ordering;
use std::rc::Rc;

use super::access::{bounds, place, place_to_set, replace_slice, slice_of};
use super::{Error, Value, ValueResult, fail};
use crate::sort::Sortable;

/// The longest path.
const LONGEST_PATH: usize = 10_000;

fn ensure_length(path: &[Value]) -> Result<(), Error> {
    match path.len() > LONGEST_PATH {
        true => Err(fail("Path too deep")),
        false => Ok(()),
    }
}

/// The value at `path`, null where there is none.
pub(in crate::jq) fn get_path(value: Value, path: &[Value]) -> ValueResult {
    ensure_length(path)?;
    path.iter().try_fold(value, |value, step| value.at(step))
}

/// The value with `new` at `path`.
pub(in crate::jq) fn set_path(value: Value, path: &[Value], new: Value) -> ValueResult {
    ensure_length(path)?;
    set(value, path, new)
}

fn set(value: Value, path: &[Value], new: Value) -> ValueResult {
    let Some((step, rest)) = path.split_first() else {
        return Ok(new);
    };
    match (value, step) {
        (Value::Null, Value::Str(_)) => set(Value::Object(Rc::default()), path, new),
        (Value::Object(mut members), Value::Str(key)) => {
            let own = Rc::make_mut(&mut members).entry(Rc::clone(key));
            *own = set(std::mem::take(own), rest, new)?;
            Ok(Value::Object(members))
        }
        (Value::Null, step) if step.is_number() || matches!(step, Value::Object(_)) => {
            set(Value::Array(Rc::default()), path, new)
        }
        (Value::Array(mut elements), step) if step.is_number() => {
            let place = place_to_set(step, elements.len())?;
            let list = Rc::make_mut(&mut elements);
            if place >= list.len() {
                list.resize(place + 1, Value::Null);
            }
            if let Some(own) = list.get_mut(place) {
                *own = set(std::mem::take(own), rest, new)?;
            }
            Ok(Value::Array(elements))
        }
        (Value::Array(mut elements), Value::Object(slice)) => {
            let slice = slice_of(slice)?;
            let range = bounds(elements.len(), slice.start, slice.end)?;
            let part = elements.get(range.clone()).unwrap_or_default().to_vec();
            let part = match part.is_empty() && elements.is_empty() {
                true => Value::Null,
                false => part.into(),
            };
            let new = set(part, rest, new)?;
            replace_slice(Rc::make_mut(&mut elements), range, new)?;
            Ok(Value::Array(elements))
        }
        (value @ Value::Str(_), Value::Object(_)) => {
            value.at(step)?;
            Err(fail("Cannot update string slices"))
        }
        (value, step) => {
            value.at(step)?;
            let (step, value) = (step.kind(), value.kind());
            Err(fail(format!(
                "Cannot update field at {step} index of {value}"
            )))
        }
    }
}

/// The value without what is at these paths.
pub(in crate::jq) fn delete_paths(value: Value, paths: &Value) -> ValueResult {
    let Some(paths) = paths.as_array() else {
        return Err(fail("Paths must be specified as an array"));
    };
    let mut sorted = Vec::with_capacity(paths.len());
    for path in paths {
        let Some(steps) = path.as_array() else {
            let kind = path.kind();
            return Err(fail(format!("Path must be specified as array, not {kind}")));
        };
        ensure_length(steps)?;
        sorted.push(steps);
    }
    sorted.order();
    match sorted.first() {
        Some([]) => Ok(Value::Null),
        Some(_) => delete(value, &sorted),
        None => Ok(value),
    }
}

/// Deletes what is at `paths`, which are sorted and not empty.
fn delete(mut value: Value, paths: &[&[Value]]) -> ValueResult {
    let mut whole: Vec<&Value> = Vec::new();
    let same_key = |one: &&[Value], two: &&[Value]| {
        one.first()
            .map(|key| two.first().map(|other| key.cmp(other)))
            == Some(Some(Ordering::Equal))
    };
    for group in paths.chunk_by(same_key) {
        let Some((key, _)) = group.first().and_then(|path| path.split_first()) else {
            continue;
        };
        if group.iter().any(|path| path.len() == 1) {
            whole.push(key);
            continue;
        }
        let below: Vec<&[Value]> = group.iter().filter_map(|path| path.get(1..)).collect();
        match value.at(key)? {
            Value::Null => {}
            part => {
                let part = delete(part, &below)?;
                value = set(value, std::slice::from_ref(key), part)?;
            }
        }
    }
    delete_keys(value, &whole)
}

fn delete_keys(value: Value, keys: &[&Value]) -> ValueResult {
    match value {
        value if keys.is_empty() => Ok(value),
        Value::Null => Ok(Value::Null),
        Value::Object(mut members) => {
            let mut names = std::collections::BTreeSet::new();
            for key in keys {
                let Value::Str(name) = key else {
                    return Err(fail(format!(
                        "Cannot delete {} field of object",
                        key.kind()
                    )));
                };
                names.insert(&**name);
            }
            Rc::make_mut(&mut members).retain(|name| !names.contains(name));
            Ok(Value::Object(members))
        }
        Value::Array(mut elements) => {
            let mut gone = vec![false; elements.len()];
            for key in keys {
                let range = match key {
                    Value::Object(slice) => {
                        let slice = slice_of(slice)?;
                        bounds(elements.len(), slice.start, slice.end)?
                    }
                    key if key.is_number() => match place(key, elements.len()) {
                        Some(place) if place < gone.len() => place..place + 1,
                        Some(_) | None => 0..0,
                    },
                    key => {
                        let kind = key.kind();
                        return Err(fail(format!("Cannot delete {kind} element of array")));
                    }
                };
                gone.get_mut(range).unwrap_or_default().fill(true);
            }
            let mut gone = gone.into_iter();
            Rc::make_mut(&mut elements).retain(|_| !gone.next().unwrap_or(false));
            Ok(Value::Array(elements))
        }
        value => Err(fail(format!("Cannot delete fields from {}", value.kind()))),
    }
}
