//! Runs a job of `c47 jq`: compiles the filter, and applies it to all inputs.

use std::sync::Arc;

use super::deep;
use super::filter::{Invalid, compile};
use super::options::{Job, Sinks, code};
use super::parallel;
use super::runner::variable_names;
use super::sequence::in_sequence;
use crate::error::Error;

/// Runs a job, and gives the exit code. Errors are reported to the sinks.
///
/// # Errors
/// When stdout cannot be written.
pub(crate) fn run(job: Job, sinks: Sinks) -> Result<i32, Error> {
    let job = Arc::new(job);
    let own = Arc::clone(&job);
    let compiled = deep::run(move || compile(&own.filter, &variable_names(&own)));
    let compiled = match compiled {
        Ok(Ok(compiled)) => compiled,
        Ok(Err(Invalid(why))) => {
            (sinks.complain)(&Error::usage(format!("invalid filter: {why}")));
            return Ok(code::COMPILE);
        }
        Err(stopped) => {
            (sinks.complain)(&stopped.into_error("filter"));
            return Ok(code::COMPILE);
        }
    };
    match parallel::is_possible(&job, &compiled) {
        true => parallel::run(&job, compiled, sinks),
        false => in_sequence(&job, compiled, sinks, None),
    }
}
