//! Native filters on dates.

use super::super::value::{Error, Value, ValueResult, fail};
use super::calendar::{Time, broken_down, seconds};
use super::local::{Local, local, seconds as local_seconds};
use super::strftime::{Zone, strftime};
use super::{Native, nullary, one, strptime, unary, with_values};

/// Seconds since 1970 up to here are dates of years that fit into C's `int`.
const MOST_SECONDS: f64 = 6.7e16;

pub(super) fn natives() -> Vec<Native> {
    vec![
        nullary("gmtime", |call| one(gmtime(&call.1))),
        nullary("localtime", |call| one(localtime(&call.1))),
        nullary("mktime", |call| one(mktime(&call.1))),
        with_values("strftime", 1, |call| {
            let (value, format) = unary(call);
            one(format_time(&value, &format, "strftime/1", false))
        }),
        with_values("strflocaltime", 1, |call| {
            let (value, format) = unary(call);
            one(format_time(&value, &format, "strflocaltime/1", true))
        }),
        with_values("strptime", 1, |call| {
            let (value, format) = unary(call);
            one(parse_time(&value, &format))
        }),
    ]
}

/// The whole seconds of a number.
fn whole_seconds(value: &Value, name: &str) -> Result<(i64, f64), Error> {
    let number = value
        .number()
        .ok_or_else(|| fail(format!("{name}() requires numeric inputs")))?;
    match number.abs() < MOST_SECONDS {
        true => Ok((number as i64, number)),
        false => Err(fail(
            "error converting number of seconds since epoch to datetime",
        )),
    }
}

fn to_array(time: &Time, fraction: f64) -> Value {
    let second = match fraction == 0.0 {
        true => Value::Int(time.second),
        false => Value::Float(time.second as f64 + fraction),
    };
    let ints = [time.year, time.month, time.day, time.hour, time.minute];
    let ints = ints.into_iter().map(Value::Int);
    let days = [time.weekday, time.yearday].into_iter().map(Value::Int);
    ints.chain([second]).chain(days).collect()
}

fn gmtime(value: &Value) -> ValueResult {
    let (whole, number) = whole_seconds(value, "gmtime")?;
    Ok(to_array(&broken_down(whole), number - number.floor()))
}

fn localtime(value: &Value) -> ValueResult {
    let (whole, number) = whole_seconds(value, "localtime")?;
    match local(whole) {
        Some(found) => Ok(to_array(&found.time, number - number.floor())),
        None => Err(fail(
            "error converting number of seconds since epoch to datetime",
        )),
    }
}

/// The broken-down time in an array; `None` if something in it is not a number.
fn from_array(elements: &[Value]) -> Option<Time> {
    let mut parts = [0_i64; 8];
    for (part, value) in parts.iter_mut().zip(elements) {
        let number = value.number().filter(|number| !number.is_nan())?;
        *part = number.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i64;
    }
    let [year, month, day, hour, minute, second, weekday, yearday] = parts;
    Some(Time {
        year: if elements.is_empty() { 1900 } else { year },
        month,
        day,
        hour,
        minute,
        second,
        weekday,
        yearday,
    })
}

fn mktime(value: &Value) -> ValueResult {
    let Value::Array(elements) = value else {
        return Err(fail("mktime requires array inputs"));
    };
    match from_array(elements) {
        Some(time) => match seconds(&time) {
            -1 => Err(fail("invalid gmtime representation")),
            seconds => Ok(Value::from(seconds)),
        },
        None => Err(fail("mktime requires parsed datetime inputs")),
    }
}

fn format_time(value: &Value, format: &Value, name: &str, is_local: bool) -> ValueResult {
    let parsed = || fail(format!("{name} requires parsed datetime inputs"));
    let at = match value {
        Value::Array(elements) => {
            let time = from_array(elements).ok_or_else(parsed)?;
            match is_local {
                true => local_seconds(&time).unwrap_or_else(|| seconds(&time)),
                false => seconds(&time),
            }
        }
        value if value.is_number() => {
            whole_seconds(value, if is_local { "localtime" } else { "gmtime" })?.0
        }
        _ => return Err(parsed()),
    };
    let Value::Str(format) = format else {
        return Err(fail(format!("{name} requires a string format")));
    };
    let found = if is_local { local(at) } else { None };
    let (time, zone) = match found {
        Some(Local { time, offset, zone }) => (time, Zone { offset, name: zone }),
        None => (broken_down(at), Zone::utc()),
    };
    Ok(strftime(&time, &zone, at, format).into())
}

fn parse_time(value: &Value, format: &Value) -> ValueResult {
    let (Value::Str(text), Value::Str(format)) = (value, format) else {
        return Err(fail("strptime/1 requires string inputs and arguments"));
    };
    match strptime::strptime(text, format) {
        Some((time, rest))
            if rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_whitespace()) =>
        {
            let array = to_array(&time, 0.0);
            match rest {
                "" => Ok(array),
                rest => array + vec![Value::from(rest)].into(),
            }
        }
        Some(_) | None => Err(fail(format!(
            "date \"{text}\" does not match format \"{format}\""
        ))),
    }
}
