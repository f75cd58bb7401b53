//! `--json`: request, response and timing in one object.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use nanoserde::SerJson;

use crate::error::Error;
use crate::http::Answer;
use crate::http::request::Request;
use crate::json::Text;
use crate::outline::{Field, JsonOutput, JsonType, Shape};
use crate::output::{self, Format};
use crate::redact;

/// The members of the report.
pub const JSON: JsonOutput = JsonOutput {
    when: "",
    shape: Shape::Object,
    fields: &[
        Field::new("request", JsonType::Object, "the request as sent"),
        Field::new("request.method", JsonType::String, "method"),
        Field::new("request.url", JsonType::String, "address, secrets redacted"),
        Field::new(
            "request.headers",
            JsonType::Objects,
            "headers, secrets redacted",
        ),
        Field::new("request.headers[].name", JsonType::String, "name"),
        Field::new("request.headers[].value", JsonType::String, "value"),
        Field::new("response", JsonType::Object, "the response"),
        Field::new("response.status", JsonType::Number, "status"),
        Field::new("response.reason", JsonType::String, "reason phrase"),
        Field::new(
            "response.headers",
            JsonType::Objects,
            "headers, secrets redacted",
        ),
        Field::new("response.headers[].name", JsonType::String, "name"),
        Field::new("response.headers[].value", JsonType::String, "value"),
        Field::new(
            "response.body",
            JsonType::Any,
            "the JSON of the body, or its text as a string",
        )
        .or_null(),
        Field::new(
            "response.body_base64",
            JsonType::String,
            "a body that is neither JSON nor text",
        )
        .or_null(),
        Field::new(
            "timing_ms",
            JsonType::Object,
            "milliseconds that each step took",
        ),
        Field::new("timing_ms.resolve", JsonType::Number, "DNS").or_null(),
        Field::new("timing_ms.connect", JsonType::Number, "connection").or_null(),
        Field::new("timing_ms.tls", JsonType::Number, "TLS handshake").or_null(),
        Field::new(
            "timing_ms.first_byte",
            JsonType::Number,
            "until the response began",
        )
        .or_null(),
        Field::new("timing_ms.transfer", JsonType::Number, "the body").or_null(),
        Field::new("timing_ms.total", JsonType::Number, "the whole call"),
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
pub fn print(request: &Request, answer: &mut Answer, in_memory: u64) -> Result<(), Error> {
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
