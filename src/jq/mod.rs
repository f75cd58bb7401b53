//! jq filters: compiled once, and applied to JSON texts.
//!
//! Without the cargo feature `jq` nothing compiles: [`Filter::compile`] says what is missing.

#[cfg(feature = "jq")]
mod builtins;
#[cfg(feature = "jq")]
mod deep;
#[cfg(feature = "jq")]
mod engine;
#[cfg(feature = "jq")]
mod filter;
#[cfg(not(feature = "jq"))]
mod missing;
pub(crate) mod options;
mod output;
#[cfg(feature = "jq")]
mod overflow;
#[cfg(feature = "jq")]
mod parallel;
#[cfg(feature = "jq")]
mod program;
#[cfg(feature = "jq")]
mod runner;
#[cfg(feature = "jq")]
mod sequence;
#[cfg(feature = "jq")]
mod source;
#[cfg(feature = "jq")]
mod syntax;
#[cfg(feature = "jq")]
mod value;

#[cfg(feature = "jq")]
pub(crate) use filter::Filter;
#[cfg(not(feature = "jq"))]
pub(crate) use missing::{Filter, run};
pub(crate) use output::Output;
#[cfg(feature = "jq")]
pub(crate) use program::run;
