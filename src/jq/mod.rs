//! jq filters: compiled once, and applied to JSON texts.
//!
//! Without the cargo feature `jq` nothing compiles: [`Filter::compile`] says what is missing.

#[cfg(feature = "jq")]
mod deep;
#[cfg(feature = "jq")]
mod filter;
#[cfg(not(feature = "jq"))]
mod missing;
mod output;
#[cfg(feature = "jq")]
mod overflow;

#[cfg(feature = "jq")]
pub(crate) use filter::Filter;
#[cfg(not(feature = "jq"))]
pub(crate) use missing::Filter;
pub(crate) use output::Output;
