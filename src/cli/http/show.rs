//! What a person or a pipe sees of an answer.

use std::io::{IsTerminal, Write};
use std::path::Path;

use crate::atomic_file::AtomicFile;
use crate::error::Error;
use crate::http::Answer;
use crate::http::answer::AnswerHead;
use crate::http::request::{Request, Value};
use crate::{json, output, quantity, redact};

/// The request's head on stderr, secrets redacted.
pub fn request_head(request: &Request) {
    let shown = request.shown_url();
    let origin = request.url.origin.to_string();
    let target = shown.strip_prefix(&origin).unwrap_or(&shown);
    output::say(format_args!(
        "> {} {} HTTP/1.1",
        request.method,
        output::one_line(target)
    ));
    for header in request.wire_headers() {
        let value = match &header.value {
            Value::Plain(value) => redact::header(&header.name, value).into_owned(),
            Value::Secret(secret) => secret_value(secret),
        };
        output::say(format_args!(
            "> {}: {}",
            header.name,
            output::one_line(&value)
        ));
    }
    output::say(">");
}

/// A credential's scheme word may be seen, what follows may not.
pub fn secret_value(secret: &crate::secret::Secret) -> String {
    let text = String::from_utf8_lossy(secret.expose());
    match text.split_once(' ') {
        Some((scheme @ ("Basic" | "Bearer" | "Digest"), _)) => format!("{scheme} {}", redact::MASK),
        _ => redact::MASK.to_owned(),
    }
}

/// The answer's head on stderr, secrets redacted.
pub fn answer_head(head: &AnswerHead) {
    output::say(format_args!("< {}", output::one_line(&head.status_line())));
    for (name, value) in &head.headers {
        let value = String::from_utf8_lossy(value);
        output::say(format_args!(
            "< {name}: {}",
            output::one_line(&redact::header(name, &value))
        ));
    }
    output::say("<");
}

/// `--headers`: the head on stdout, as the server wrote it.
pub fn head_only(head: &AnswerHead) -> Result<(), Error> {
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

/// The body: laid out for a person, byte for byte for a pipe.
pub fn body(answer: &mut Answer, in_memory: u64) -> Result<(), Error> {
    if !output::stdout_is_terminal() {
        let mut stdout = std::io::stdout().lock();
        copy(answer, &mut |bytes| {
            stdout.write_all(bytes).map_err(Error::Output)
        })?;
        return stdout.flush().map_err(Error::Output);
    }
    let bytes = answer.body.read_all(in_memory)?;
    let Ok(text) = std::str::from_utf8(&bytes) else {
        let size = quantity::say_size(bytes.len() as u64);
        output::say(format_args!(
            "c47 http: {size} that are no text: -o FILE keeps them"
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
            .map(output::one_line)
            .collect::<Vec<_>>()
            .join("\t")
    };
    text.split('\n').map(cells).collect::<Vec<_>>().join("\n")
}

/// The body into a file, whole or not at all.
pub fn to_file(answer: &mut Answer, path: &Path) -> Result<(), Error> {
    // A device or a pipe is written through; there is nothing to replace.
    let is_special = std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    if is_special {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(Error::file("write", path))?;
        return copy(answer, &mut |bytes| {
            file.write_all(bytes).map_err(Error::file("write", path))
        });
    }
    let mut file = AtomicFile::create(path, 0o666)?;
    copy(answer, &mut |bytes| {
        file.write_all(bytes).map_err(Error::file("write", path))
    })?;
    file.commit()?;
    if std::io::stderr().is_terminal() {
        output::say(format_args!("c47 http: {} written", path.display()));
    }
    Ok(())
}

fn copy(
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
