//! `--offline`: prints the request exactly as it would be sent, with masked secrets.

use std::io::Read;

use crate::error::Error;
use crate::http::body::{Body, MAX_IN_MEMORY};
use crate::http::request::Request;
use crate::io_error::reason;
use crate::json::Text;
use crate::redact::{self, Secrets};

/// The request line and the headers, up to the empty line.
pub(super) fn head(request: &Request, secrets: Secrets) -> String {
    let shown = request.shown_url(secrets);
    let origin = request.url.origin.to_string();
    let target = shown.strip_prefix(&origin).unwrap_or(&shown);
    let mut text = format!("{} {target} HTTP/1.1\r\n", request.method);
    for header in request.wire_headers() {
        let value = header.shown_value(secrets);
        text.push_str(&format!("{}: {value}\r\n", header.name));
    }
    text.push_str("\r\n");
    text
}

/// The bytes of the body, with secrets in JSON and forms masked. A body larger than
/// [`MAX_IN_MEMORY`] is an error.
pub(super) fn body(body: &Body, secrets: Secrets) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut bounded = body.stream().take(MAX_IN_MEMORY + 1);
    bounded
        .read_to_end(&mut bytes)
        .map_err(|error| Error::malformed("the body", reason(&error)))?;
    if bytes.len() as u64 > MAX_IN_MEMORY {
        return Err(Error::usage(
            "the body is larger than 64 MiB: too large to show",
        ));
    }
    if secrets == Secrets::Shown {
        return Ok(bytes);
    }
    let kind = body.content_type().unwrap_or("");
    if let Some((_, boundary)) = kind.split_once("boundary=") {
        return Ok(redact::multipart(&bytes, boundary.trim_matches('"')).into_owned());
    }
    if let Ok(text) = Text::from_bytes(&bytes) {
        return Ok(redact::body(&text).as_str().as_bytes().to_vec());
    }
    match String::from_utf8(bytes) {
        Ok(text) if kind.starts_with("application/x-www-form-urlencoded") => {
            Ok(redact::query(&text).into_bytes())
        }
        Ok(text) => Ok(text.into_bytes()),
        Err(raw) => Ok(raw.into_bytes()),
    }
}
