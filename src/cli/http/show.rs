//! Prints requests and responses for a terminal or a pipe.

use super::format::Parts;
use crate::error::Error;
use crate::http::Response;
use crate::http::request::Request;
use crate::http::response::ResponseHead;
use crate::redact::Secrets;
use crate::{escape, json, output, quantity};

/// Prints the request headers on stderr.
pub(super) fn request_headers(request: &Request, secrets: Secrets) {
    for line in super::offline::head(request, secrets)
        .trim_end_matches("\r\n")
        .split("\r\n")
    {
        output::say(format_args!("> {}", escape::one_line(line)));
    }
    output::say(">");
}

/// Prints the response headers on stderr.
pub(super) fn response_headers(head: &ResponseHead, secrets: Secrets) {
    output::say(format_args!("< {}", escape::one_line(&head.status_line())));
    for (name, value) in &head.headers {
        let value = String::from_utf8_lossy(value);
        output::say(format_args!(
            "< {name}: {}",
            escape::one_line(&secrets.header(name, &value))
        ));
    }
    output::say("<");
}

/// `--print`: prints the selected parts in order.
pub(super) fn parts(
    request: &Request,
    answer: &mut Response,
    parts: &Parts,
    max: u64,
    secrets: Secrets,
) -> Result<(), Error> {
    if parts.request_headers {
        print_headers(&super::offline::head(request, secrets))?;
    }
    if parts.request_body {
        let body = super::offline::body(&request.body, secrets)?;
        print_body(&body)?;
        if !body.is_empty() {
            output::bytes(b"\r\n\r\n")?;
        }
    }
    if parts.response_headers {
        let mut text = format!("{}\r\n", answer.head.status_line());
        for (name, value) in &answer.head.headers {
            let value = String::from_utf8_lossy(value);
            text.push_str(&format!("{name}: {}\r\n", secrets.header(name, &value)));
        }
        text.push_str("\r\n");
        print_headers(&text)?;
    }
    match parts.response_body {
        true => body(answer, max),
        false => Ok(()),
    }
}

/// `--offline`: prints the whole request on stdout.
pub(super) fn request(request: &Request, secrets: Secrets) -> Result<(), Error> {
    print_headers(&super::offline::head(request, secrets))?;
    print_body(&super::offline::body(&request.body, secrets)?)
}

/// Prints headers on stdout, unchanged for a pipe and escaped for a terminal.
fn print_headers(head: &str) -> Result<(), Error> {
    if output::stdout_is_terminal() {
        return output::bytes(escape::lines(&head.replace("\r\n", "\n")).as_bytes());
    }
    output::bytes(head.as_bytes())
}

/// Prints a request body on stdout, unchanged for a pipe and escaped for a terminal.
fn print_body(body: &[u8]) -> Result<(), Error> {
    if output::stdout_is_terminal() {
        return output::bytes(escape::lines(&String::from_utf8_lossy(body)).as_bytes());
    }
    output::bytes(body)
}

/// `--headers`: prints the response headers on stdout, unchanged.
pub(super) fn headers_only(head: &ResponseHead) -> Result<(), Error> {
    let mut text = head.status_line().into_bytes();
    text.push(b'\n');
    for (name, value) in &head.headers {
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value);
        text.push(b'\n');
    }
    if output::stdout_is_terminal() {
        return output::bytes(escape::lines(&String::from_utf8_lossy(&text)).as_bytes());
    }
    output::bytes(&text)
}

/// `--stream`: prints each line as it arrives.
pub(super) fn stream(answer: &mut Response) -> Result<(), Error> {
    if !output::stdout_is_terminal() {
        return to_stdout(answer);
    }
    let mut line = Vec::new();
    copy(answer, &mut |bytes| {
        for &byte in bytes {
            if byte != b'\n' && line.len() < MAX_LINE {
                line.push(byte);
                continue;
            }
            output::line(escape::lines(&String::from_utf8_lossy(&line)))?;
            line.clear();
            if byte != b'\n' {
                line.push(byte);
            }
        }
        Ok(())
    })?;
    match line.is_empty() {
        true => Ok(()),
        false => output::line(escape::lines(&String::from_utf8_lossy(&line))),
    }
}

/// A longer line is split on a terminal.
const MAX_LINE: usize = 64 << 10;

/// Prints the body: formatted on a terminal, unchanged in a pipe.
pub(super) fn body(answer: &mut Response, in_memory: u64) -> Result<(), Error> {
    if !output::stdout_is_terminal() {
        return to_stdout(answer);
    }
    held_body(COMMAND, &answer.body.read_all(in_memory)?)
}

/// The name of the command in messages.
pub(super) const COMMAND: &str = "c47 http";

/// Prints a body that was read before, for a command.
pub(super) fn held_body(command: &str, bytes: &[u8]) -> Result<(), Error> {
    if !output::stdout_is_terminal() {
        return output::bytes(bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        let size = quantity::format_size(bytes.len() as u64);
        output::say(format_args!(
            "{command}: the body is not text ({size}); use c47 http -o FILE to save it"
        ));
        return Ok(());
    };
    if text.is_empty() {
        return Ok(());
    }
    let safe = escape::lines(text.trim_end_matches('\n'));
    match json::Text::parse(safe.as_str()) {
        Ok(json) => output::line(json::layout(&json, output::stdout_colour())),
        Err(_) => output::line(safe),
    }
}

/// Copies the body to stdout until the reader closes it.
fn to_stdout(answer: &mut Response) -> Result<(), Error> {
    let mut buffer = vec![0; 64 << 10];
    while !output::reader_has_gone() {
        let count = answer.body.next(&mut buffer)?;
        if count == 0 {
            break;
        }
        output::bytes(buffer.get(..count).unwrap_or_default())?;
    }
    Ok(())
}

/// Passes the body to `write` in pieces.
///
/// # Errors
/// When the body is incomplete, and the errors of `write`.
pub(super) fn copy(
    answer: &mut Response,
    write: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = answer.body.next(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        write(buffer.get(..count).unwrap_or_default())?;
    }
}
