//! The headers of a curl command: those of `-H`, and those that other options set.

use super::body::Body;
use crate::curl::{Command, Given, Meaning};
use crate::error::Error;
use crate::secret::Source;

/// The headers, in order.
#[derive(Default)]
pub(super) struct Headers {
    /// A header without a value is removed.
    list: Vec<(String, Option<String>)>,
    /// Headers whose value ends in a secret from a source: name, text before it, source.
    pub sourced: Vec<(String, String, Source)>,
}

/// Reads the headers.
///
/// # Errors
/// When a shell variable is only a part of a value.
pub(super) fn read(command: &Command) -> Result<Headers, Error> {
    let mut headers = Headers::default();
    for given in command.all(Meaning::Header) {
        headers.line(given)?;
    }
    // c47 requests the encodings that it can decode.
    if command.has(Meaning::Compressed) {
        headers.remove("accept-encoding");
    }
    if let Some(agent) = command.text(Meaning::UserAgent)? {
        headers.set_default("User-Agent", agent);
    }
    if let Some(referer) = command.text(Meaning::Referer)? {
        let referer = referer.strip_suffix(";auto").unwrap_or(referer);
        headers.set_default("Referer", referer);
    }
    if let Some(range) = command.text(Meaning::Range)? {
        headers.set_default("Range", &format!("bytes={range}"));
    }
    Ok(headers)
}

impl Headers {
    /// Reads a value of `-H`: `Name: value`, `Name:` (removed), `Name;` (empty).
    fn line(&mut self, given: &Given) -> Result<(), Error> {
        let Some(line) = given.value.text() else {
            let (before, source) = given
                .value
                .text_and_source()
                .ok_or_else(|| given.has_variable())?;
            let (name, before) = before.split_once(':').ok_or_else(|| given.has_variable())?;
            let before = before.trim_start_matches([' ', '\t']).to_owned();
            self.sourced.push((name.to_owned(), before, source.clone()));
            return Ok(());
        };
        if line.starts_with('@') {
            return Err(given.refused(
                "with a header file",
                "use one -H for each header; the item Name:@FILE reads one value from a file",
            ));
        }
        match line.split_once(':') {
            Some((name, value)) => {
                let value = value.trim_matches([' ', '\t']);
                self.push(name, Some(value.to_owned()).filter(|v| !v.is_empty()));
            }
            None => match line.trim_end().strip_suffix(';') {
                Some(name) => self.push(name, Some(String::new())),
                None => return Err(given.refused("without ':'", "write Name: value")),
            },
        }
        Ok(())
    }

    /// Adds the headers that describe the body.
    ///
    /// # Errors
    /// When a form is sent with another content type.
    pub(super) fn describe(&mut self, command: &Command, body: &Body) -> Result<(), Error> {
        let is_json = command.has(Meaning::Json) && !command.has(Meaning::Get);
        // c47 would set the content type from the file name, and accept JSON.
        if matches!(body, Body::File { path, .. } if path.ends_with(".json")) && !is_json {
            self.set_default("Accept", "*/*");
        }
        match body {
            Body::None => {}
            Body::Text(_)
            | Body::File {
                is_upload: false, ..
            } => {
                let kind = match is_json {
                    true => "application/json",
                    false => "application/x-www-form-urlencoded",
                };
                self.set_default("Content-Type", kind);
                if is_json {
                    self.set_default("Accept", "application/json");
                }
            }
            // c47 would set the content type from the file name.
            Body::File {
                is_upload: true, ..
            } => self.set_default("Content-Type", ""),
            Body::Form(_) => {
                let kind = self.value("content-type").unwrap_or("multipart/form-data");
                let kind = kind.split(';').next().unwrap_or(kind).trim();
                if !kind.eq_ignore_ascii_case("multipart/form-data") {
                    return Err(Error::usage_hint(
                        format!("c47 has no equivalent of curl's -F with the content type {kind}"),
                        "remove the Content-Type header; c47 sets it for a form",
                    ));
                }
                self.remove("content-type");
            }
        }
        Ok(())
    }

    fn push(&mut self, name: &str, value: Option<String>) {
        // c47 derives this header from the body.
        if !name.eq_ignore_ascii_case("content-length") {
            self.list.push((name.to_owned(), value));
        }
    }

    /// Sets a header that no `-H` sets; without a value it is removed.
    fn set_default(&mut self, name: &str, value: &str) {
        if !self.names(name) {
            self.push(name, Some(value.to_owned()).filter(|v| !v.is_empty()));
        }
    }

    fn names(&self, name: &str) -> bool {
        let mut names = self.list.iter().map(|(known, _)| known);
        names.any(|known| known.eq_ignore_ascii_case(name))
    }

    fn value(&self, name: &str) -> Option<&str> {
        let mut list = self.list.iter();
        let found = list.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| value.as_deref())
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.list
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    pub(super) fn add(&mut self, name: &str, value: String) {
        self.push(name, Some(value));
    }

    /// Returns the headers as items, except those of these names.
    pub(super) fn items(&self, except: &[&str]) -> Vec<String> {
        let is_excepted = |name: &str| except.iter().any(|known| known.eq_ignore_ascii_case(name));
        self.list
            .iter()
            .filter(|(name, _)| !is_excepted(name))
            .map(|(name, value)| match value.as_deref() {
                None => format!("{name}:"),
                Some("") => format!("{name};"),
                // The text must not form the separators `:@` and `:=`.
                Some(value) if value.starts_with(['@', '=']) => format!("{name}: {value}"),
                Some(value) => format!("{name}:{value}"),
            })
            .collect()
    }
}
