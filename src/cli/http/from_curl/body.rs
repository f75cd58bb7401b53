//! The body of a curl command.

use super::{data, form};
use crate::curl::{Command, Meaning};
use crate::error::Error;

/// What is sent as a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    None,
    Text(String),
    /// A file as it is; `-T` sends no content type with it.
    File {
        path: String,
        is_upload: bool,
    },
    /// The items of a multipart form.
    Form(Vec<String>),
}

impl Body {
    pub(super) fn is_some(&self) -> bool {
        match self {
            Body::None => false,
            Body::Text(_) | Body::File { .. } | Body::Form(_) => true,
        }
    }
}

/// Reads the body, and with `-G` what goes into the query instead.
///
/// # Errors
/// When there are two bodies, or a file cannot be read.
pub(super) fn read(command: &Command) -> Result<(Body, Option<String>), Error> {
    let data = data::read(command)?;
    if command.has(Meaning::Get) {
        return match data {
            Body::None => Ok((Body::None, None)),
            Body::Text(text) => Ok((Body::None, Some(text))),
            Body::File { .. } | Body::Form(_) => Err(Error::usage_hint(
                "c47 has no equivalent of curl's -G with a file",
                "--data-urlencode NAME@FILE puts a file's text into the query",
            )),
        };
    }
    let form = form::read(command)?;
    let upload = match command.last(Meaning::UploadFile) {
        None => Body::None,
        Some(given) => match given.text()? {
            "." | "" => return Err(given.refused("with this file", "use -T FILE or -T -")),
            path if path.contains(['{', '}', '[', ']']) && !command.has(Meaning::Globoff) => {
                return Err(given.refused("with {…} or […]", "upload one file"));
            }
            path => Body::File {
                path: path.to_owned(),
                is_upload: true,
            },
        },
    };
    let mut bodies = [data, form, upload].into_iter().filter(Body::is_some);
    match (bodies.next(), bodies.next()) {
        (Some(_), Some(_)) => Err(Error::usage(
            "the curl command has two bodies: -d, -F and -T exclude each other",
        )),
        (Some(body), None) => Ok((body, None)),
        (None, _) => Ok((Body::None, None)),
    }
}
