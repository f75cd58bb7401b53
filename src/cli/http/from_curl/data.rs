//! The data of `-d` and the options like it, joined to one text.

use super::body::Body;
use crate::curl::{Command, Given, Meaning};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::body::{read_text, within};
use crate::http::url::form_encode;

const MEANINGS: [Meaning; 5] = [
    Meaning::Data,
    Meaning::DataRaw,
    Meaning::DataBinary,
    Meaning::DataUrlencode,
    Meaning::Json,
];

/// One part of the data.
enum Piece {
    Text(String),
    /// A file, unchanged.
    File(String),
    /// A file without its line breaks.
    Lines(String),
}

/// Reads the data; a single unchanged file stays a file.
///
/// # Errors
/// When a file cannot be read, or a value contains a shell variable.
pub(super) fn read(command: &Command) -> Result<Body, Error> {
    let mut pieces = Vec::new();
    for given in command.all_of(&MEANINGS) {
        pieces.push((given.meaning, piece(given)?));
    }
    let stays_file = |path: &str| Body::File {
        path: path.to_owned(),
        is_upload: false,
    };
    match pieces.as_slice() {
        [] => return Ok(Body::None),
        [(_, Piece::File(path))] => return Ok(stays_file(path)),
        // Stdin and a pipe can be read only once.
        [(_, Piece::Lines(path))] if path != "-" => {
            let text = file(path)?;
            let without = without_lines(&text);
            return Ok(match without == text {
                true => stays_file(path),
                false => Body::Text(without),
            });
        }
        _ => {}
    }
    let mut text = String::new();
    for (at, (meaning, piece)) in pieces.into_iter().enumerate() {
        if at > 0 && meaning != Meaning::Json {
            text.push('&');
        }
        match piece {
            Piece::Text(piece) => text.push_str(&piece),
            Piece::File(path) => text.push_str(&file(&path)?),
            Piece::Lines(path) => text.push_str(&without_lines(&file(&path)?)),
        }
    }
    Ok(Body::Text(text))
}

fn piece(given: &Given) -> Result<Piece, Error> {
    let text = given.text()?;
    let is = |meaning| given.meaning == meaning;
    if is(Meaning::DataUrlencode) {
        return Ok(Piece::Text(urlencoded(text)?));
    }
    Ok(match text.strip_prefix('@') {
        Some(path) if is(Meaning::Data) => Piece::Lines(path.to_owned()),
        Some(path) if !is(Meaning::DataRaw) => Piece::File(path.to_owned()),
        Some(_) | None => Piece::Text(text.to_owned()),
    })
}

/// `content`, `=content`, `name=content`, `@file` and `name@file`, urlencoded.
pub(super) fn urlencoded(text: &str) -> Result<String, Error> {
    let at = text.find('=').or_else(|| text.find('@'));
    let (name, separator, content) = match at {
        Some(at) => {
            let (name, rest) = text.split_at_checked(at).unwrap_or((text, ""));
            let (separator, content) = rest.split_at_checked(1).unwrap_or((rest, ""));
            (name, separator, content)
        }
        None => ("", "=", text),
    };
    let content = match separator {
        "@" => file(content)?,
        _ => content.to_owned(),
    };
    let content = form_encode(&content).replace("%20", "+");
    Ok(match name.is_empty() {
        true => content,
        false => format!("{name}={content}"),
    })
}

fn file(path: &str) -> Result<String, Error> {
    let path = path.to_owned();
    within(Deadline::default(), move || read_text(&path))
}

/// `-d @FILE` removes line breaks.
fn without_lines(text: &str) -> String {
    text.replace(['\r', '\n', '\0'], "")
}
