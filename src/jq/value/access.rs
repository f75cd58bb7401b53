//! Access to the parts of values, for the interpreter.

use std::ops::Range;
use std::rc::Rc;

use jaq_core::path::Opt;
use jaq_core::{Exn, ValT, ValX};

use super::{Error, Map, Value, ValueResult, fail};

/// The largest index of an array.
const LARGEST_INDEX: f64 = 536_870_911.0;

/// The values of an iteration.
type Values = Box<dyn Iterator<Item = ValueResult>>;

impl Value {
    fn cannot_index(&self, index: &Value) -> Error {
        fail(format!(
            "Cannot index {} with {}",
            self.kind(),
            index.described()
        ))
    }

    fn cannot_iterate(&self) -> Error {
        fail(format!("Cannot iterate over {}", self.described()))
    }

    /// The element or member at `index`; null where there is none.
    pub(in crate::jq) fn at(&self, index: &Value) -> ValueResult {
        match (self, index) {
            (Value::Object(members), Value::Str(key)) => {
                Ok(members.get(key).cloned().unwrap_or_default())
            }
            (Value::Array(elements), index) if index.is_number() => {
                let place = place(index, elements.len());
                let element = place.and_then(|place| elements.get(place));
                Ok(element.cloned().unwrap_or_default())
            }
            (Value::Array(elements), Value::Array(part)) => Ok(indices(elements, part)),
            (Value::Array(_) | Value::Str(_), Value::Object(bounds)) => {
                let range = slice_of(bounds)?;
                self.slice(range.start, range.end)
            }
            (Value::Null, Value::Str(_) | Value::Object(_)) => Ok(Value::Null),
            (Value::Null, index) if index.is_number() => Ok(Value::Null),
            (value, index) => Err(value.cannot_index(index)),
        }
    }

    /// A part of an array or a string.
    pub(in crate::jq) fn slice(&self, start: Option<&Value>, end: Option<&Value>) -> ValueResult {
        match self {
            Value::Array(elements) => {
                let range = bounds(elements.len(), start, end)?;
                Ok(elements.get(range).unwrap_or_default().to_vec().into())
            }
            Value::Str(text) => {
                let range = bounds(text.chars().count(), start, end)?;
                let mut starts = text.char_indices().map(|(at, _)| at).skip(range.start);
                let from = starts.next().unwrap_or(text.len());
                let rest = text.get(from..).unwrap_or_default();
                let mut ends = rest.char_indices().map(|(at, _)| at).skip(range.len());
                let until = ends.next().unwrap_or(rest.len());
                Ok(rest.get(..until).unwrap_or_default().into())
            }
            Value::Null => Ok(Value::Null),
            value => Err(value.cannot_index(&Value::from(start.cloned()..end.cloned()))),
        }
    }
}

/// The place of an index in an array of this length, if it is in it.
pub(super) fn place(index: &Value, length: usize) -> Option<usize> {
    let index = index.number().filter(|index| !index.is_nan())?;
    let index = index.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i64;
    match index < 0 {
        true => usize::try_from(index + i64::try_from(length).ok()?).ok(),
        false => usize::try_from(index).ok(),
    }
}

/// The places where `part` begins in `elements`.
pub(in crate::jq) fn indices(elements: &[Value], part: &[Value]) -> Value {
    if part.is_empty() {
        return Vec::new().into();
    }
    let windows = elements.windows(part.len()).enumerate();
    windows
        .filter(|(_, window)| *window == part)
        .map(|(at, _)| Value::from(at))
        .collect()
}

/// The bounds in an object that stands for a slice: it needs both.
pub(super) fn slice_of(members: &Map) -> Result<Range<Option<&Value>>, Error> {
    match (members.get("start"), members.get("end")) {
        (Some(start), Some(end)) => Ok(Some(start)..Some(end)),
        _ => Err(fail("Array/string slice indices must be integers")),
    }
}

/// The range of a slice of something of this length. Its start is rounded down, its end up.
pub(super) fn bounds(
    length: usize,
    start: Option<&Value>,
    end: Option<&Value>,
) -> Result<Range<usize>, Error> {
    let number = |bound: Option<&Value>| match bound {
        None | Some(Value::Null) => Ok(f64::NAN),
        Some(bound) => bound
            .number()
            .ok_or_else(|| fail("Array/string slice indices must be integers")),
    };
    let whole = length as f64;
    let absolute = |bound: f64| match bound < 0.0 {
        true => (bound + whole).max(0.0),
        false => bound.min(whole),
    };
    let (start, end) = (number(start)?, number(end)?);
    let start = if start.is_nan() { 0.0 } else { absolute(start) };
    let end = if end.is_nan() { whole } else { absolute(end) };
    let start = start.floor() as usize;
    let end = (end.ceil() as usize).min(length).max(start);
    Ok(start..end)
}

/// The place to write to in an array.
pub(super) fn place_to_set(index: &Value, length: usize) -> Result<usize, Error> {
    let number = index.number().unwrap_or(f64::NAN);
    if number.is_nan() {
        return Err(fail("Cannot set array element at NaN index"));
    }
    if number > LARGEST_INDEX {
        return Err(fail("Array index too large"));
    }
    place(index, length).ok_or_else(|| fail("Out of bounds negative array index"))
}

/// The values of a slice of an array, or of null, replaced.
pub(super) fn replace_slice(
    elements: &mut Vec<Value>,
    range: Range<usize>,
    new: Value,
) -> Result<(), Error> {
    match new {
        Value::Array(new) => {
            elements.splice(range, Rc::unwrap_or_clone(new));
            Ok(())
        }
        _ => Err(fail(
            "A slice of an array can only be assigned another array",
        )),
    }
}

/// The first output of an update; further ones are not used.
fn first<'a>(mut outputs: impl Iterator<Item = ValX<'a, Value>>) -> ValX<'a, Option<Value>, Value> {
    outputs.next().transpose()
}

impl ValT for Value {
    fn from_num(text: &str) -> ValueResult {
        Value::from_number_text(text).ok_or_else(|| fail(format!("{text} is not a number")))
    }

    fn from_map<I: IntoIterator<Item = (Value, Value)>>(members: I) -> ValueResult {
        let mut map = Map::default();
        for (key, value) in members {
            match key {
                Value::Str(key) => map.insert(key, value),
                key => {
                    let key = key.described();
                    return Err(fail(format!("Cannot use {key} as object key")));
                }
            }
        }
        Ok(map.into())
    }

    fn key_values(self) -> Box<dyn Iterator<Item = Result<(Value, Value), Error>>> {
        match self {
            Value::Array(elements) => {
                let elements = Rc::unwrap_or_clone(elements).into_iter().enumerate();
                Box::new(elements.map(|(at, value)| Ok((Value::from(at), value))))
            }
            Value::Object(members) => {
                let members = Rc::unwrap_or_clone(members).into_iter();
                Box::new(members.map(|(key, value)| Ok((Value::Str(key), value))))
            }
            value => Box::new(std::iter::once(Err(value.cannot_iterate()))),
        }
    }

    fn values(self) -> Values {
        match self {
            Value::Array(elements) => Box::new(Rc::unwrap_or_clone(elements).into_iter().map(Ok)),
            Value::Object(members) => {
                let members = Rc::unwrap_or_clone(members).into_iter();
                Box::new(members.map(|(_, value)| Ok(value)))
            }
            value => Box::new(std::iter::once(Err(value.cannot_iterate()))),
        }
    }

    fn index(self, index: &Value) -> ValueResult {
        self.at(index)
    }

    fn range(self, range: Range<Option<&Value>>) -> ValueResult {
        self.slice(range.start, range.end)
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Value>>>(
        self,
        opt: Opt,
        f: impl Fn(Value) -> I,
    ) -> ValX<'a, Value> {
        match self {
            Value::Array(mut elements) => {
                let mut new = Vec::with_capacity(elements.len());
                for value in std::mem::take(Rc::make_mut(&mut elements)) {
                    new.extend(first(f(value))?);
                }
                *Rc::make_mut(&mut elements) = new;
                Ok(Value::Array(elements))
            }
            Value::Object(mut members) => {
                let mut gone = false;
                let map = Rc::make_mut(&mut members);
                let mut kept = Vec::with_capacity(map.len());
                for value in map.values_mut() {
                    let new = first(f(std::mem::take(value)))?;
                    kept.push(new.is_some());
                    gone |= new.is_none();
                    *value = new.unwrap_or_default();
                }
                if gone {
                    let mut kept = kept.into_iter();
                    map.retain(|_| kept.next().unwrap_or(true));
                }
                Ok(Value::Object(members))
            }
            value => opt.fail(value, |value| Exn::from(value.cannot_iterate())),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Value>>>(
        self,
        index: &Value,
        opt: Opt,
        f: impl Fn(Value) -> I,
    ) -> ValX<'a, Value> {
        match (self, index) {
            (Value::Object(members), Value::Str(key)) => map_member(members, key, f),
            (Value::Null, Value::Str(key)) => match first(f(Value::Null))? {
                Some(value) => Ok(Map::from_iter([(Rc::clone(key), value)]).into()),
                None => Ok(Value::Null),
            },
            (value @ (Value::Array(_) | Value::Null), index) if index.is_number() => {
                map_element(value, index, f)
            }
            (value @ (Value::Array(_) | Value::Null | Value::Str(_)), Value::Object(bounds)) => {
                value.map_range(slice_of(bounds)?, opt, f)
            }
            (value @ Value::Array(_), Value::Array(_)) => opt.fail(value, |_| {
                Exn::from(fail("Cannot update field at array index of array"))
            }),
            (value, index) => opt.fail(value, |value| Exn::from(value.cannot_index(index))),
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Value>>>(
        self,
        range: Range<Option<&Value>>,
        opt: Opt,
        f: impl Fn(Value) -> I,
    ) -> ValX<'a, Value> {
        match self {
            Value::Array(mut elements) => {
                let found = bounds(elements.len(), range.start, range.end)?;
                let part = elements.get(found.clone()).unwrap_or_default().to_vec();
                let new = first(f(part.into()))?.unwrap_or_else(|| Vec::new().into());
                replace_slice(Rc::make_mut(&mut elements), found, new)?;
                Ok(Value::Array(elements))
            }
            Value::Null => {
                match bounds(0, range.start, range.end).map(|_| first(f(Value::Null)))?? {
                    None | Some(Value::Null) => Ok(Value::Null),
                    Some(new) => {
                        let mut elements = Vec::new();
                        replace_slice(&mut elements, 0..0, new)?;
                        Ok(elements.into())
                    }
                }
            }
            Value::Str(_) => {
                first(f(self.slice(range.start, range.end)?))?;
                Err(Exn::from(fail("Cannot update string slices")))
            }
            value => {
                let index = Value::from(range.start.cloned()..range.end.cloned());
                opt.fail(value, |value| Exn::from(value.cannot_index(&index)))
            }
        }
    }

    fn as_bool(&self) -> bool {
        self.is_true()
    }

    fn into_string(self) -> Value {
        match self {
            Value::Str(_) => self,
            value => value.json().into(),
        }
    }
}

fn map_member<'a, I: Iterator<Item = ValX<'a, Value>>>(
    mut members: Rc<Map>,
    key: &Rc<str>,
    f: impl Fn(Value) -> I,
) -> ValX<'a, Value> {
    if !members.contains(key) {
        if let Some(value) = first(f(Value::Null))? {
            Rc::make_mut(&mut members).insert(Rc::clone(key), value);
        }
        return Ok(Value::Object(members));
    }
    let map = Rc::make_mut(&mut members);
    let old = std::mem::take(map.entry(Rc::clone(key)));
    match first(f(old))? {
        Some(value) => map.insert(Rc::clone(key), value),
        None => map.retain(|own| *own != **key),
    }
    Ok(Value::Object(members))
}

fn map_element<'a, I: Iterator<Item = ValX<'a, Value>>>(
    value: Value,
    index: &Value,
    f: impl Fn(Value) -> I,
) -> ValX<'a, Value> {
    let was_null = matches!(value, Value::Null);
    let mut elements = match value {
        Value::Array(elements) => elements,
        _ => Rc::default(),
    };
    let found = place(index, elements.len()).filter(|place| *place < elements.len());
    let Some(found) = found else {
        return Ok(match first(f(Value::Null))? {
            Some(value) => {
                let place = place_to_set(index, elements.len())?;
                let list = Rc::make_mut(&mut elements);
                list.resize(place, Value::Null);
                list.push(value);
                Value::Array(elements)
            }
            None if was_null => Value::Null,
            None => Value::Array(elements),
        });
    };
    let list = Rc::make_mut(&mut elements);
    let old = list.get_mut(found).map(std::mem::take).unwrap_or_default();
    match first(f(old))? {
        Some(value) => list.splice(found..=found, [value]).for_each(drop),
        None => list.splice(found..=found, []).for_each(drop),
    }
    Ok(Value::Array(elements))
}
