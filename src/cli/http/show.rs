//! What a person or a pipe sees of an answer.

use super::plan::Parts;
use crate::error::Error;
use crate::http::Answer;
use crate::http::answer::AnswerHead;
use crate::http::request::Request;
use crate::redact::Secrets;
use crate::{escape, json, output, quantity};

/// The request's head on stderr.
pub(super) fn request_head(request: &Request, secrets: Secrets) {
    for line in super::offline::head(request, secrets)
        .trim_end_matches("\r\n")
        .split("\r\n")
    {
        output::say(format_args!("> {}", escape::one_line(line)));
    }
    output::say(">");
}

/// The response's head on stderr.
pub(super) fn answer_head(head: &AnswerHead, secrets: Secrets) {
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

/// `--print`: the parts asked for, in their order.
pub(super) fn parts(
    request: &Request,
    answer: &mut Answer,
    parts: &Parts,
    max: u64,
    secrets: Secrets,
) -> Result<(), Error> {
    if parts.request_head {
        print_head(&super::offline::head(request, secrets))?;
    }
    if parts.request_body {
        let body = super::offline::body(&request.body, secrets)?;
        print_body(&body)?;
        if !body.is_empty() {
            output::bytes(b"\r\n\r\n")?;
        }
    }
    if parts.answer_head {
        let mut text = format!("{}\r\n", answer.head.status_line());
        for (name, value) in &answer.head.headers {
            let value = String::from_utf8_lossy(value);
            text.push_str(&format!("{name}: {}\r\n", secrets.header(name, &value)));
        }
        text.push_str("\r\n");
        print_head(&text)?;
    }
    match parts.answer_body {
        true => body(answer, max),
        false => Ok(()),
    }
}

/// `--offline`: the whole request on stdout.
pub(super) fn request(request: &Request, secrets: Secrets) -> Result<(), Error> {
    print_head(&super::offline::head(request, secrets))?;
    print_body(&super::offline::body(&request.body, secrets)?)
}

/// A head on stdout, as it is on the wire, or safe for a terminal.
fn print_head(head: &str) -> Result<(), Error> {
    if output::stdout_is_terminal() {
        return output::bytes(for_terminal(&head.replace("\r\n", "\n")).as_bytes());
    }
    output::bytes(head.as_bytes())
}

/// A request's body on stdout, as it is on the wire, or safe for a terminal.
fn print_body(body: &[u8]) -> Result<(), Error> {
    if output::stdout_is_terminal() {
        return output::bytes(for_terminal(&String::from_utf8_lossy(body)).as_bytes());
    }
    output::bytes(body)
}

/// `--headers`: the head on stdout, as the server wrote it.
pub(super) fn head_only(head: &AnswerHead) -> Result<(), Error> {
    let mut text = head.status_line().into_bytes();
    text.push(b'\n');
    for (name, value) in &head.headers {
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value);
        text.push(b'\n');
    }
    if output::stdout_is_terminal() {
        return output::bytes(for_terminal(&String::from_utf8_lossy(&text)).as_bytes());
    }
    output::bytes(&text)
}

/// `--stream`: each line as it comes.
pub(super) fn stream(answer: &mut Answer) -> Result<(), Error> {
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
            output::line(for_terminal(&String::from_utf8_lossy(&line)))?;
            line.clear();
            if byte != b'\n' {
                line.push(byte);
            }
        }
        Ok(())
    })?;
    match line.is_empty() {
        true => Ok(()),
        false => output::line(for_terminal(&String::from_utf8_lossy(&line))),
    }
}

/// A longer line is broken on a terminal.
const MAX_LINE: usize = 64 << 10;

/// The body: laid out for a person, byte for byte for a pipe.
pub(super) fn body(answer: &mut Answer, in_memory: u64) -> Result<(), Error> {
    if !output::stdout_is_terminal() {
        return to_stdout(answer);
    }
    let bytes = answer.body.read_all(in_memory)?;
    let Ok(text) = std::str::from_utf8(&bytes) else {
        let size = quantity::say_size(bytes.len() as u64);
        output::say(format_args!(
            "c47 http: the body is not text ({size}); use -o FILE to save it"
        ));
        return Ok(());
    };
    if text.is_empty() {
        return Ok(());
    }
    let safe = for_terminal(text.trim_end_matches('\n'));
    match json::Text::parse(safe.as_str()) {
        Ok(json) => output::line(json::layout(&json, output::stdout_colour())),
        Err(_) => output::line(safe),
    }
}

/// Control characters made visible, but for line breaks and tabs: what a server sends must not
/// drive the terminal.
fn for_terminal(text: &str) -> String {
    let cells = |line: &str| {
        line.split('\t')
            .map(escape::one_line)
            .collect::<Vec<_>>()
            .join("\t")
    };
    text.split('\n').map(cells).collect::<Vec<_>>().join("\n")
}

/// The body on stdout as it is, as far as somebody reads it.
fn to_stdout(answer: &mut Answer) -> Result<(), Error> {
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

/// Gives the body to `write`, piece by piece.
///
/// # Errors
/// When the body is not whole, and those of `write`.
pub(super) fn copy(
    answer: &mut Answer,
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
