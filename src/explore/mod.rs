//! Explores a service: calls that are written on one line, the values of their responses, and what can
//! be called next.

/// The screen.
#[cfg(feature = "tui")]
pub(crate) mod app;
/// The call of a line, with values in their places.
pub(crate) mod call;
/// What can be written next.
#[cfg(feature = "tui")]
pub(crate) mod complete;
/// The call that a value leads to.
#[cfg(feature = "tui")]
pub(crate) mod follow;
/// Schemas of GraphQL services.
#[cfg(feature = "tui")]
pub(crate) mod graphql;
/// The lines that were used before.
#[cfg(feature = "tui")]
pub(crate) mod history;
/// One line: a call, and a filter of its response.
pub(crate) mod line;
/// OpenAPI documents.
pub(crate) mod openapi;
/// The results of calls.
pub(crate) mod result;
/// The ids of earlier responses.
#[cfg(feature = "tui")]
pub(crate) mod seen;
/// The service that is explored.
pub(crate) mod service;
/// A response as a tree.
#[cfg(feature = "tui")]
pub(crate) mod tree;
/// Named values.
pub(crate) mod values;
