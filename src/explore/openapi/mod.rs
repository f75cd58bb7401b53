//! OpenAPI documents (2.0 and 3.x) in JSON: the operations of a service, and what they take.
#![cfg_attr(not(feature = "tui"), allow(dead_code))] // the screen uses more of it

mod document;
mod read;
mod schema;

use crate::http::url::Url;
use crate::nearest::nearest;

/// The largest document in bytes.
const MAX_BYTES: u64 = 32 << 20;

/// The operations of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Api {
    /// In alphabetical order of their paths.
    pub operations: Vec<Operation>,
}

/// A method of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    /// In capitals.
    pub method: String,
    /// Below the URL of the service, with names in braces: `/data/projects/{project_id}`.
    pub path: String,
    pub summary: String,
    pub parameters: Vec<Parameter>,
}

/// What an operation takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub name: String,
    pub place: Place,
    pub need: Need,
    /// The values it may have, if they are listed.
    pub choices: Vec<String>,
    pub about: String,
}

/// Where a parameter is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
    /// A text in the body.
    Field,
    /// Another JSON value in the body.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
}

impl Place {
    /// What separates name and value in an item; `None` for a part of the path.
    pub(crate) fn separator(self) -> Option<&'static str> {
        match self {
            Place::Path => None,
            Place::Query => Some("=="),
            Place::Header => Some(":"),
            Place::Field => Some("="),
            Place::Json => Some(":="),
        }
    }
}

impl Api {
    /// Reads a document of the service at `base`.
    ///
    /// # Errors
    /// Why it is not a document that can be used.
    pub(crate) fn parse(bytes: &[u8], base: &Url) -> Result<Api, String> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err("the document is larger than 32 MiB".to_owned());
        }
        read::api(bytes, base)
    }

    /// The operation that a call is of.
    pub(crate) fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let fitting = self
            .operations
            .iter()
            .filter(|one| one.method == method && fits(&one.path, path));
        // `/shots/all` is not `/shots/{id}`.
        fitting.min_by_key(|one| one.path.matches('{').count())
    }

    /// The path that a mistyped one most likely means.
    pub(crate) fn nearest(&self, method: &str, path: &str) -> Option<&str> {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let own = self.operations.iter().filter(|one| one.method == method);
        let fitting = own.map(|one| one.path.as_str());
        let fitting = fitting.filter(|one| !fits(one, path));
        nearest(path, fitting)
    }
}

/// Whether a path is one of a template.
fn fits(template: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let all = template.split('/').all(|part| match parts.next() {
        Some(given) => part == given || is_name(part) && !given.is_empty(),
        None => false,
    });
    all && parts.next().is_none()
}

/// Whether a part of a template is a name in braces.
pub(crate) fn is_name(part: &str) -> bool {
    part.starts_with('{') && part.ends_with('}')
}

#[cfg(test)]
mod tests;
