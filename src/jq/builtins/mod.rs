//! The filters of jq: native ones, and definitions.

mod arrays;
mod calendar;
mod control;
mod definitions;
mod formats;
mod host;
mod local;
mod math;
mod regex;
mod strftime;
mod strings;
mod strptime;
mod time;

use jaq_core::native::{Fun, v};
use jaq_core::{Bind, Exn, RunPtr};

#[cfg(test)]
pub(super) use definitions::names;
pub(super) use definitions::needed;

use super::engine::{Call, Engine, Outputs};
use super::value::{Value, ValueResult};

/// A native filter: its name, its arguments and its function.
type Native = (&'static str, Box<[Bind]>, RunPtr<Engine>);

/// All native filters.
pub(super) fn natives() -> impl Iterator<Item = Fun<Engine>> {
    let core = jaq_core::funs().map(|(name, args, native)| {
        // Definitions check the number first.
        let name = match name {
            "limit" => "_limit",
            "skip" => "_skip",
            "range" => "_core_range",
            "keys_unsorted" => "_core_keys",
            name => name,
        };
        (name, args, native)
    });
    let groups = [
        arrays::natives(),
        formats::natives(),
        host::natives(),
        math::natives(),
        regex::natives(),
        strings::natives(),
        time::natives(),
    ];
    let own = groups.into_iter().flatten();
    let own = own.map(|(name, args, run)| (name, args, jaq_core::Native::<Engine>::new(run)));
    control::natives().into_iter().chain(own).chain(core)
}

/// The only output.
fn one<'a>(result: ValueResult) -> Outputs<'a> {
    Box::new(std::iter::once(result.map_err(Exn::from)))
}

/// The native filter `name` without arguments.
fn nullary(name: &'static str, run: RunPtr<Engine>) -> Native {
    (name, v(0), run)
}

/// The native filter `name` with `count` values as arguments.
fn with_values(name: &'static str, count: usize, run: RunPtr<Engine>) -> Native {
    (name, v(count), run)
}

/// The input and the argument.
fn unary(mut call: Call<'_>) -> (Value, Value) {
    let argument = call.0.pop_var();
    (call.1, argument)
}

/// The input and two arguments.
fn binary(mut call: Call<'_>) -> (Value, Value, Value) {
    let second = call.0.pop_var();
    let first = call.0.pop_var();
    (call.1, first, second)
}
