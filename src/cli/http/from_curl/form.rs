//! The fields of `-F` and `--form-string`, converted to items.

use super::body::Body;
use crate::curl::{Command, Given, Meaning};
use crate::error::Error;
use crate::http::item::written_name;
use crate::http::multipart::type_of;

/// Reads the fields.
///
/// # Errors
/// Names the field that c47 has no equivalent for.
pub(super) fn read(command: &Command) -> Result<Body, Error> {
    let mut items = Vec::new();
    for given in command.all_of(&[Meaning::Form, Meaning::FormString]) {
        items.push(item(given)?);
    }
    Ok(match items.is_empty() {
        true => Body::None,
        false => Body::Form(items),
    })
}

fn item(given: &Given) -> Result<String, Error> {
    let (name, value) = given
        .text()?
        .split_once('=')
        .ok_or_else(|| given.refused("without '='", "write NAME=VALUE"))?;
    let name = written_name(name)
        .ok_or_else(|| given.refused(&format!("with the name '{name}'"), "remove the backslash"))?;
    if given.meaning == Meaning::FormString {
        return text_item(given, &name, value);
    }
    if value.starts_with('(') || value == ")" {
        return Err(given.refused("with nested parts", "send each part as a field"));
    }
    let (kind, rest) = match value.chars().next() {
        Some(kind @ ('@' | '<')) => (Some(kind), value.get(1..).unwrap_or_default()),
        Some(_) | None => (None, value),
    };
    let mut words = parameters(rest);
    let content = words.remove(0);
    match kind {
        Some('@') => file_item(given, &name, &content, &words),
        _ if !words.is_empty() => Err(given.refused(
            "with ';' and a type in a text field",
            "--form-string sends a text with ';' as it is",
        )),
        Some(_) => Ok(format!("{name}=@{content}")),
        None => text_item(given, &name, &content),
    }
}

fn text_item(given: &Given, name: &str, value: &str) -> Result<String, Error> {
    match value.starts_with('@') {
        true => Err(given.refused(
            "with a text that starts with '@'",
            "write the text to a file: -F 'NAME=<FILE'",
        )),
        false => Ok(format!("{name}={value}")),
    }
}

fn file_item(
    given: &Given,
    name: &str,
    path: &str,
    parameters: &[String],
) -> Result<String, Error> {
    if path.contains(',') {
        return Err(given.refused("with several files", "use one -F for each file"));
    }
    let (mut content_type, mut file_name) = (None, None);
    for parameter in parameters {
        match parameter.trim_start().split_once('=') {
            Some(("type", value)) => content_type = Some(value.to_owned()),
            Some(("filename", value)) => file_name = Some(value.to_owned()),
            // A parameter of the content type itself.
            Some(("charset" | "boundary", _)) if content_type.is_some() => {
                let whole = content_type.take().unwrap_or_default();
                content_type = Some(format!("{whole};{parameter}"));
            }
            Some(_) | None => {
                return Err(given.refused(
                    &format!("with ';{parameter}'"),
                    "only ;type= and ;filename= are supported",
                ));
            }
        }
    }
    let shown = file_name.as_deref().unwrap_or(path);
    let content_type = content_type.or_else(|| {
        let of_curl = curl_type(shown)
            .or_else(|| curl_type(path))
            .unwrap_or("application/octet-stream");
        let last = shown.rsplit('/').next().unwrap_or(shown);
        (of_curl != type_of(last)).then(|| of_curl.to_owned())
    });
    let kind = content_type.map(|kind| format!(";type={kind}"));
    let shown = file_name.map(|name| format!(";filename={name}"));
    let more = [kind, shown].map(Option::unwrap_or_default).concat();
    Ok(format!("{name}@{path}{more}"))
}

/// The content type that curl gives a file without one.
fn curl_type(name: &str) -> Option<&'static str> {
    const TYPES: [(&str, &str); 10] = [
        (".gif", "image/gif"),
        (".jpg", "image/jpeg"),
        (".jpeg", "image/jpeg"),
        (".png", "image/png"),
        (".svg", "image/svg+xml"),
        (".txt", "text/plain"),
        (".htm", "text/html"),
        (".html", "text/html"),
        (".pdf", "application/pdf"),
        (".xml", "application/xml"),
    ];
    let name = name.to_ascii_lowercase();
    let found = TYPES.iter().find(|(ending, _)| name.ends_with(ending));
    found.map(|(_, kind)| *kind)
}

/// Splits a text at semicolons and trims the parts; never returns an empty list. Within double
/// quotes, semicolons and spaces are literal.
fn parameters(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut was_quoted, mut quoted, mut escaped, mut begins) = (false, false, false, true);
    for c in text.chars() {
        match c {
            ';' if !quoted => {
                words.push(finished(&word, was_quoted));
                word.clear();
                (was_quoted, begins) = (false, true);
                continue;
            }
            '"' if quoted && !escaped => quoted = false,
            '"' if begins => (quoted, was_quoted) = (true, true),
            '\\' if quoted && !escaped => {
                escaped = true;
                continue;
            }
            other => {
                if escaped && !matches!(other, '"' | '\\') {
                    word.push('\\');
                }
                word.push(other);
            }
        }
        escaped = false;
        // In `filename="a"` the quotes start at the value.
        begins = c == '=';
    }
    words.push(finished(&word, was_quoted));
    words
}

fn finished(word: &str, was_quoted: bool) -> String {
    match was_quoted {
        true => word.to_owned(),
        false => word.trim_ascii().to_owned(),
    }
}
