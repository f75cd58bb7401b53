//! Native filters with access to the inputs, the environment and stderr.

use jaq_core::Exn;

use super::super::deep;
use super::super::engine::{Call, Halt, Outputs};
use super::super::value::{Value, fail};
use super::{Native, nullary, one, with_values};

pub(super) fn natives() -> Vec<Native> {
    vec![
        nullary("input", |call| {
            one(input(&call).unwrap_or_else(|| Err(fail("break"))))
        }),
        nullary("inputs", |call| {
            Box::new(std::iter::from_fn(move || {
                input(&call).map(|input| input.map_err(Exn::from))
            }))
        }),
        nullary("env", |call| {
            one(Ok(call.0.data().host.environment.clone()))
        }),
        nullary("input_filename", |call| {
            let file = call.0.data().host.position.borrow().file.clone();
            one(Ok(file.map_or(Value::Null, Value::Str)))
        }),
        nullary("input_line_number", |call| {
            let line = call.0.data().host.position.borrow().line;
            one(Ok(Value::from(usize::try_from(line).unwrap_or(usize::MAX))))
        }),
        nullary("debug", |call| {
            let message = format!("[\"DEBUG:\",{}]\n", call.1.json());
            say(call, &message)
        }),
        nullary("stderr", |call| {
            let message = match &call.1 {
                Value::Str(text) => text.to_string(),
                value => value.json(),
            };
            say(call, &message)
        }),
        nullary("halt", |call| halt(&call, 0, Vec::new())),
        with_values("halt_error", 1, |mut call| {
            let code = call.0.pop_var();
            match code.number() {
                Some(code) => {
                    let message = match &call.1 {
                        Value::Str(text) => text.as_bytes().to_vec(),
                        value => format!("{}\n", value.json()).into_bytes(),
                    };
                    halt(&call, code as i32, message)
                }
                None => one(Err(call.1.unsuitable("halt_error/1: number required"))),
            }
        }),
        nullary("builtins", |_| one(Ok(builtins()))),
        nullary("now", |_| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            one(Ok(Value::Float(now.unwrap_or_default().as_secs_f64())))
        }),
    ]
}

fn input(call: &Call<'_>) -> Option<Result<Value, super::super::value::Error>> {
    let input = call.0.data().host.input()?;
    Some(input.map_err(|why| fail(format!("{}: {}", why.what, why.why))))
}

/// Writes to stderr, which holds a lock.
fn say<'a>(call: Call<'a>, message: &str) -> Outputs<'a> {
    if !deep::has_room() {
        return one(Err(fail(deep::TOO_DEEP)));
    }
    (call.0.data().host.say)(message.as_bytes());
    one(Ok(call.1))
}

fn halt<'a>(call: &Call<'a>, code: i32, message: Vec<u8>) -> Outputs<'a> {
    *call.0.data().host.halted.borrow_mut() = Some(Halt { code, message });
    Box::new(std::iter::once(Err(Exn::halt(code))))
}

/// The names of all filters, with the number of their arguments.
fn builtins() -> Value {
    let natives = super::natives().map(|(name, args, _)| (name.to_owned(), args.len()));
    let defined = super::definitions::names();
    let all: std::collections::BTreeSet<(String, usize)> = natives
        .chain(defined)
        .filter(|(name, _)| !name.starts_with(['_', '@']))
        .collect();
    all.into_iter()
        .map(|(name, count)| Value::from(format!("{name}/{count}")))
        .collect()
}
