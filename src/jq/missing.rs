//! Takes the place of the filters in a build without the cargo feature `jq`.

use std::sync::Arc;

use super::Output;
use super::options::{Job, Sinks};
use crate::error::Error;

/// No filter exists in this build.
#[derive(Clone)]
pub(crate) enum Filter {}

impl Filter {
    /// # Errors
    /// Always: this build has no filters.
    pub(crate) fn compile(what: &str, _: &str) -> Result<Filter, Error> {
        Err(missing(&format!("{what}: ")))
    }

    /// # Errors
    /// Always: this build has no filters.
    pub(crate) fn compile_with(what: &str, _: &str, _: &[String]) -> Result<Filter, Error> {
        Err(missing(&format!("{what}: ")))
    }

    pub(crate) fn outputs_with(
        &self,
        _: &str,
        _: Arc<[u8]>,
        _: &[Arc<str>],
        _: usize,
    ) -> Result<Vec<Output>, Error> {
        match *self {}
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
