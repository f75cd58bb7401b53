//! `--offline`: the request as it would go out, byte for byte but for secrets.

use std::io::Read;

use crate::error::{Error, reason};
use crate::http::body::Body;
use crate::http::request::{Request, Value};
use crate::json::Text;
use crate::{output, redact};

use super::show::secret_value;

/// Prints the request and sends nothing.
pub fn print(request: &Request) -> Result<(), Error> {
    output::bytes(head(request).as_bytes())?;
    output::bytes(&body(&request.body)?)
}

/// Request line and headers, up to the empty line.
pub fn head(request: &Request) -> String {
    let shown = request.shown_url();
    let origin = request.url.origin.to_string();
    let target = shown.strip_prefix(&origin).unwrap_or(&shown);
    let mut text = format!("{} {target} HTTP/1.1\r\n", request.method);
    for header in request.wire_headers() {
        let value = match &header.value {
            Value::Plain(value) => redact::header(&header.name, value).into_owned(),
            Value::Secret(secret) => secret_value(secret),
        };
        text.push_str(&format!("{}: {value}\r\n", header.name));
    }
    text.push_str("\r\n");
    text
}

/// The body's bytes; in JSON and forms the members that carry secrets are masked.
pub fn body(body: &Body) -> Result<Vec<u8>, Error> {
    let bytes = match body {
        Body::None => return Ok(Vec::new()),
        Body::Bytes { bytes, .. } => bytes.clone(),
        Body::Multipart(form) => return read(&Body::Multipart(form.masked())),
        // Whoever wants to read it leaves --compress out; a mask would not fit in.
        Body::Gzip(_) => return read(body),
        Body::File { path, .. } => std::fs::read(path).map_err(Error::file("read", path))?,
    };
    let kind = body.content_type().unwrap_or("");
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

fn read(body: &Body) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = body.stream().read_to_end(&mut bytes);
    read.map_err(|error| Error::malformed("the body cannot be read", reason(&error)))?;
    Ok(bytes)
}
