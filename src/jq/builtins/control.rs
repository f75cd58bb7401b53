//! Native filters that can be parts of paths.

use jaq_core::native::{Fun, v};
use jaq_core::{Exn, Native};

use super::super::engine::Engine;
use super::super::value::{Error, Value, get_path};
use super::one;

pub(super) fn natives() -> Vec<Fun<Engine>> {
    vec![
        ("empty", v(0), empty()),
        ("error", v(0), error()),
        ("error", v(1), error_with()),
        ("getpath", v(1), getpath()),
    ]
}

fn empty() -> Native<Engine> {
    Native::new(|_| Box::new(std::iter::empty()))
        .with_paths(|_| Box::new(std::iter::empty()))
        .with_update(|call, _| Box::new(std::iter::once(Ok(call.1))))
}

fn error() -> Native<Engine> {
    Native::new(|call| one(Err(Error::new(call.1))))
        .with_paths(|call| Box::new(std::iter::once(Err(Exn::from(Error::new(call.1.0))))))
}

fn error_with() -> Native<Engine> {
    Native::new(|mut call| one(Err(Error::new(call.0.pop_var())))).with_paths(|mut call| {
        let error = Error::new(call.0.pop_var());
        Box::new(std::iter::once(Err(Exn::from(error))))
    })
}

fn steps(path: &Value) -> Result<&[Value], Error> {
    path.as_array()
        .ok_or_else(|| super::super::value::fail("Path must be specified as an array"))
}

fn getpath() -> Native<Engine> {
    Native::new(|mut call| {
        let path = call.0.pop_var();
        one(steps(&path).and_then(|steps| get_path(call.1, steps)))
    })
    .with_paths(|(mut context, (value, mut trail))| {
        let path = context.pop_var();
        let found = steps(&path).and_then(|steps| get_path(value, steps));
        let found = found.map(|value| {
            for step in path.as_array().unwrap_or_default() {
                trail = std::mem::take(&mut trail).cons(step.clone());
            }
            (value, trail)
        });
        Box::new(std::iter::once(found.map_err(Exn::from)))
    })
}
