//! `--json`: prints request, response and timing as one object.

use std::time::Duration;

use base64::Engine;
use nanoserde::SerJson;

use crate::error::Error;
use crate::escape;
use crate::http::request::Request;
use crate::http::{ConnectionUse, Response};
use crate::json::{self, Text};
use crate::outline::{Field, JsonOutput, Shape};
use crate::output;
use crate::redact::Secrets;

/// The fields of the report.
pub(super) const JSON: JsonOutput = JsonOutput {
    when: "",
    shape: Shape::Object,
    fields: &[
        Field::object("request", "the request as sent"),
        Field::string("request.method", "method"),
        Field::string("request.url", "URL, secrets masked unless --show-secrets"),
        Field::objects(
            "request.headers",
            "headers, secrets masked unless --show-secrets",
        ),
        Field::string("request.headers[].name", "name"),
        Field::string("request.headers[].value", "value"),
        Field::object("response", "the response"),
        Field::number("response.status", "status"),
        Field::string("response.reason", "reason phrase"),
        Field::objects(
            "response.headers",
            "headers, secrets masked unless --show-secrets",
        ),
        Field::string("response.headers[].name", "name"),
        Field::string("response.headers[].value", "value"),
        Field::any(
            "response.body",
            "the JSON of the body, or its text as a string",
        )
        .or_null(),
        Field::string(
            "response.body_base64",
            "a body that is neither JSON nor text",
        )
        .or_null(),
        Field::boolean(
            "connection_reused",
            "whether an earlier request of this call had opened the connection",
        ),
        Field::object("timing_ms", "milliseconds that each step took"),
        Field::number("timing_ms.resolve", "DNS").or_null(),
        Field::number("timing_ms.connect", "connection").or_null(),
        Field::number("timing_ms.tls", "TLS handshake").or_null(),
        Field::number(
            "timing_ms.first_byte",
            "until the first byte of the response",
        )
        .or_null(),
        Field::number("timing_ms.transfer", "the body").or_null(),
        Field::number("timing_ms.total", "the whole call"),
    ],
};

#[derive(SerJson)]
struct RequestReport {
    method: String,
    url: String,
    headers: Vec<HeaderReport>,
}

#[derive(SerJson)]
struct HeaderReport {
    name: String,
    value: String,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct TimingReport {
    resolve: Option<f64>,
    connect: Option<f64>,
    tls: Option<f64>,
    first_byte: Option<f64>,
    transfer: Option<f64>,
    total: f64,
}

/// The body in the form in which it is printed.
enum Body {
    Empty,
    Json(String),
    Text(String),
    Bytes(Vec<u8>),
}

impl Body {
    fn of(bytes: Vec<u8>) -> Body {
        match String::from_utf8(bytes) {
            Ok(text) if text.is_empty() => Body::Empty,
            Ok(text) if json::check(&text).is_ok() => Body::Json(text),
            Ok(text) => Body::Text(text),
            Err(raw) => Body::Bytes(raw.into_bytes()),
        }
    }

    /// Writes the two fields of the body in pieces, because it may fill the memory.
    fn write(&self, write: &mut Write) -> Result<(), Error> {
        let no_base64 = ",\"body_base64\":null";
        match self {
            Body::Empty => write(&format!("\"body\":null{no_base64}")),
            Body::Json(text) => {
                write("\"body\":")?;
                in_pieces(text, &mut *write)?;
                write(no_base64)
            }
            Body::Text(text) => {
                write("\"body\":\"")?;
                in_pieces(text, &mut |text| {
                    let quoted = Text::string(text);
                    let quoted = quoted.as_str();
                    write(quoted.get(1..quoted.len() - 1).unwrap_or_default())
                })?;
                write(&format!("\"{no_base64}"))
            }
            Body::Bytes(bytes) => {
                write("\"body\":null,\"body_base64\":\"")?;
                // Pieces of a multiple of three bytes need no padding in between.
                for bytes in bytes.chunks(PIECE / 3 * 3) {
                    write(&base64::engine::general_purpose::STANDARD.encode(bytes))?;
                }
                write("\"")
            }
        }
    }
}

/// Receives the pieces of the report.
type Write<'a> = dyn FnMut(&str) -> Result<(), Error> + 'a;

/// The number of bytes that are written at a time.
const PIECE: usize = 64 << 10;

/// Prints a piece on stdout.
pub(super) fn piece(text: &str) -> Result<(), Error> {
    output::bytes(escape::json(text).as_bytes())
}

fn in_pieces(text: &str, write: &mut Write) -> Result<(), Error> {
    let mut rest = text;
    while !rest.is_empty() {
        let (one, more) = rest.split_at(rest.floor_char_boundary(PIECE));
        write(one)?;
        rest = more;
    }
    Ok(())
}

/// Reads the body, up to `in_memory` bytes, and writes the report in pieces.
pub(super) fn write(
    request: &Request,
    answer: &mut Response,
    in_memory: u64,
    secrets: Secrets,
    write: &mut Write,
) -> Result<(), Error> {
    let body = Body::of(answer.body.read_all(in_memory)?);
    let timing = answer.body.timing();
    let milliseconds = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    let request = RequestReport {
        method: request.method.clone(),
        url: request.shown_url(secrets),
        headers: request_headers(request, secrets),
    };
    let timing_ms = TimingReport {
        resolve: timing.resolve.map(milliseconds),
        connect: timing.connect.map(milliseconds),
        tls: timing.tls.map(milliseconds),
        first_byte: timing.first_byte.map(milliseconds),
        transfer: timing.transfer.map(milliseconds),
        total: milliseconds(timing.started.elapsed()),
    };
    write(&format!(
        "{{\"request\":{},\"response\":{{\"status\":{},\"reason\":{},\"headers\":{},",
        request.serialize_json(),
        answer.head.status,
        Text::string(&answer.head.reason),
        answer_headers(answer, secrets).serialize_json(),
    ))?;
    body.write(write)?;
    write(&format!(
        "}},\"connection_reused\":{},\"timing_ms\":{}}}
",
        timing.connection == ConnectionUse::Reused,
        timing_ms.serialize_json()
    ))
}

fn request_headers(request: &Request, secrets: Secrets) -> Vec<HeaderReport> {
    request
        .wire_headers()
        .into_iter()
        .map(|header| HeaderReport {
            value: header.shown_value(secrets).into_owned(),
            name: header.name,
        })
        .collect()
}

fn answer_headers(answer: &Response, secrets: Secrets) -> Vec<HeaderReport> {
    answer
        .head
        .headers
        .iter()
        .map(|(name, value)| HeaderReport {
            name: name.clone(),
            value: secrets
                .header(name, &String::from_utf8_lossy(value))
                .into_owned(),
        })
        .collect()
}
