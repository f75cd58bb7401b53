//! `--json`: request, response and timing in one object.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use nanoserde::SerJson;

use crate::error::Error;
use crate::http::Answer;
use crate::http::request::Request;
use crate::json::Text;
use crate::outline::{Field, JsonOutput, Shape};
use crate::output::{self, Format};
use crate::redact;

/// The members of the report.
pub(super) const JSON: JsonOutput = JsonOutput {
    when: "",
    shape: Shape::Object,
    fields: &[
        Field::object("request", "the request as sent"),
        Field::string("request.method", "method"),
        Field::string("request.url", "address, secrets redacted"),
        Field::objects("request.headers", "headers, secrets redacted"),
        Field::string("request.headers[].name", "name"),
        Field::string("request.headers[].value", "value"),
        Field::object("response", "the response"),
        Field::number("response.status", "status"),
        Field::string("response.reason", "reason phrase"),
        Field::objects("response.headers", "headers, secrets redacted"),
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
        Field::object("timing_ms", "milliseconds that each step took"),
        Field::number("timing_ms.resolve", "DNS").or_null(),
        Field::number("timing_ms.connect", "connection").or_null(),
        Field::number("timing_ms.tls", "TLS handshake").or_null(),
        Field::number("timing_ms.first_byte", "until the response began").or_null(),
        Field::number("timing_ms.transfer", "the body").or_null(),
        Field::number("timing_ms.total", "the whole call"),
    ],
};

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Report {
    request: RequestReport,
    response: ResponseReport,
    timing_ms: TimingReport,
}

#[derive(SerJson)]
struct RequestReport {
    method: String,
    url: String,
    headers: Vec<HeaderReport>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct ResponseReport {
    status: u16,
    reason: String,
    headers: Vec<HeaderReport>,
    /// The JSON itself, or a string; null when empty or neither.
    body: Option<Text>,
    body_base64: Option<String>,
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

/// Reads the body, `in_memory` bytes at most, and prints the report.
pub(super) fn print(request: &Request, answer: &mut Answer, in_memory: u64) -> Result<(), Error> {
    let bytes = answer.body.read_all(in_memory)?;
    let timing = answer.body.timing();
    let milliseconds = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    let (body, body_base64) = match std::str::from_utf8(&bytes) {
        Ok("") => (None, None),
        Ok(text) => (
            Some(Text::parse(text).unwrap_or_else(|_| Text::string(text))),
            None,
        ),
        Err(_) => (
            None,
            Some(base64::engine::general_purpose::STANDARD.encode(&bytes)),
        ),
    };
    let report = Report {
        request: RequestReport {
            method: request.method.clone(),
            url: request.shown_url(),
            headers: request_headers(request),
        },
        response: ResponseReport {
            status: answer.head.status,
            reason: answer.head.reason.clone(),
            headers: answer_headers(answer),
            body,
            body_base64,
        },
        timing_ms: TimingReport {
            resolve: timing.resolve.map(milliseconds),
            connect: timing.connect.map(milliseconds),
            tls: timing.tls.map(milliseconds),
            first_byte: timing.first_byte.map(milliseconds),
            transfer: timing.transfer.map(milliseconds),
            total: milliseconds(timing.started.elapsed()),
        },
    };
    output::print(Format::Json, &report)
}

fn request_headers(request: &Request) -> Vec<HeaderReport> {
    request
        .wire_headers()
        .into_iter()
        .map(|header| HeaderReport {
            value: header.shown_value().into_owned(),
            name: header.name,
        })
        .collect()
}

fn answer_headers(answer: &Answer) -> Vec<HeaderReport> {
    answer
        .head
        .headers
        .iter()
        .map(|(name, value)| HeaderReport {
            name: name.clone(),
            value: redact::header(name, &String::from_utf8_lossy(value)).into_owned(),
        })
        .collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.serialize_json())
    }
}
