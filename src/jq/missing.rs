//! Takes the place of the filters in a build without the cargo feature `jq`.

use super::Output;
use super::options::{Job, Sinks};
use crate::error::Error;

/// No filter exists in this build.
pub(crate) enum Filter {}

impl Filter {
    /// # Errors
    /// Always: this build has no filters.
    pub(crate) fn compile(what: &str, _: &str) -> Result<Filter, Error> {
        Err(missing(&format!("{what}: ")))
    }

    pub(crate) fn outputs(&self, _: &str, _: &[u8]) -> Result<Vec<Output>, Error> {
        match *self {}
    }
}

/// # Errors
/// Always: this build has no filters.
pub(crate) fn run(_: Job, _: Sinks) -> Result<i32, Error> {
    Err(missing(""))
}

fn missing(what: &str) -> Error {
    Error::usage_hint(
        format!("{what}this build of c47 has no jq filters"),
        "build c47 with the cargo feature jq, which is on by default",
    )
}
