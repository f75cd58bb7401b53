//! The URL of a curl command, with the query that `-G` and `--url-query` add.

use super::data;
use crate::curl::{Command, Given, Meaning};
use crate::error::Error;
use crate::http::url::{form_encode, percent_decode, remove_dot_segments};
use crate::secret::Source;

/// The URL, which options of curl modify.
pub(super) struct CurlUrl {
    pub text: String,
    /// A query parameter whose value is a secret from a source: its name, and the source.
    pub sourced: Option<(String, Source)>,
}

/// Reads the URL; `data` is the data of `-G`.
///
/// # Errors
/// When there is no URL, more than one, or one that expands to several.
pub(super) fn read(command: &Command, data: Option<String>) -> Result<CurlUrl, Error> {
    let mut urls = command.all(Meaning::Url);
    let given = match (urls.next(), urls.next()) {
        (None, _) => return Err(Error::usage("the curl command has no URL")),
        (Some(_), Some(_)) => {
            return Err(Error::usage_hint(
                "the curl command has several URLs",
                "c47 makes one call: give one URL, and quote values that contain spaces",
            ));
        }
        (Some(given), None) => given,
    };
    let (text, sourced) = match (given.value.text(), given.value.text_and_source()) {
        (Some(text), _) => (text, None),
        (None, Some((before, source))) => {
            let (text, name) = last_member(before).ok_or_else(|| given.has_variable())?;
            (text, Some((name, source.clone())))
        }
        (None, None) => return Err(given.has_variable()),
    };
    let (text, _fragment) = text.split_once('#').unwrap_or((text, ""));
    let mut url = CurlUrl {
        text: with_scheme(text),
        sourced,
    };
    if !command.has(Meaning::Globoff) {
        ensure_one(&url, given)?;
    }
    if !command.has(Meaning::PathAsIs) {
        url.squash_path();
    }
    for query in command.all(Meaning::UrlQuery) {
        let text = query.text()?;
        match text.strip_prefix('+') {
            Some(raw) => url.push_query(raw),
            None => url.push_query(&data::urlencoded(text)?),
        }
    }
    if let Some(data) = data {
        url.push_query(&data);
    }
    Ok(url)
}

/// Splits off the last query parameter of a text that ends in `name=`.
fn last_member(text: &str) -> Option<(&str, String)> {
    let (before, member) = text.rsplit_once(['?', '&'])?;
    let name = member.strip_suffix('=').filter(|name| !name.is_empty())?;
    let name = String::from_utf8(percent_decode(name)).ok()?;
    Some((before, name))
}

/// Adds http, the default scheme of curl.
fn with_scheme(text: &str) -> String {
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let has_scheme = text.get(end..).is_some_and(|rest| rest.starts_with("//"))
        && text.get(..end).is_some_and(|scheme| scheme.ends_with(':'));
    match has_scheme {
        true => text.to_owned(),
        false => format!("http://{text}"),
    }
}

/// Ensures that curl would not expand the URL to several: `{a,b}`, `[1-9]`.
fn ensure_one(url: &CurlUrl, given: &Given) -> Result<(), Error> {
    let (_, tail) = url.split();
    match tail.contains(['{', '}', '[', ']']) {
        true => Err(given.refused(
            "with {…} or […], which expand to several URLs",
            "add -g to send the characters literally",
        )),
        false => Ok(()),
    }
}

impl CurlUrl {
    /// Splits the URL into scheme and authority, and path and query.
    fn split(&self) -> (&str, &str) {
        let start = self.text.find("://").map_or(0, |at| at + 3);
        let authority = self.text.get(start..).unwrap_or_default();
        let end = authority.find(['/', '?']).unwrap_or(authority.len());
        self.text.split_at_checked(start + end).unwrap_or_default()
    }

    fn squash_path(&mut self) {
        let (origin, tail) = self.split();
        let (path, query) = match tail.find('?').and_then(|at| tail.split_at_checked(at)) {
            Some(parts) => parts,
            None => (tail, ""),
        };
        if path.contains("/.") {
            self.text = format!("{origin}{}{query}", remove_dot_segments(path));
        }
    }

    fn push_query(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.text.push(match self.text.contains('?') {
            true if self.text.ends_with(['?', '&']) => return self.push_encoded(text),
            true => '&',
            false => '?',
        });
        self.push_encoded(text);
    }

    /// Encodes `#`, which would start a fragment.
    fn push_encoded(&mut self, text: &str) {
        self.text.push_str(&text.replace('#', "%23"));
    }

    /// Like `-T FILE`, adds the name of the file to a path that ends in a slash.
    pub(super) fn name_file(&mut self, path: &str) {
        let (origin, tail) = self.split();
        let (path_part, query) = match tail.find('?').and_then(|at| tail.split_at_checked(at)) {
            Some(parts) => parts,
            None => (tail, ""),
        };
        let name = path.rsplit('/').next().unwrap_or(path);
        if name != "-" && (path_part.is_empty() || path_part.ends_with('/')) {
            let slash = if path_part.is_empty() { "/" } else { "" };
            self.text = format!("{origin}{path_part}{slash}{}{query}", form_encode(name));
        }
    }

    /// The last segment of the path, which `-O` uses as the file name.
    pub(super) fn file_name(text: &str) -> Option<String> {
        let path = text.split('?').next().unwrap_or(text);
        let (_, after) = path.split_once("://")?;
        let (_, name) = after.rsplit_once('/')?;
        Some(name.to_owned()).filter(|name| !name.is_empty())
    }

    /// Removes the user and password.
    pub(super) fn take_user_info(&mut self) {
        let (origin, tail) = self.split();
        let Some((scheme, authority)) = origin.split_once("://") else {
            return;
        };
        if let Some((_, host)) = authority.rsplit_once('@') {
            self.text = format!("{scheme}://{host}{tail}");
        }
    }

    /// Sets the user and password.
    pub(super) fn set_user_info(&mut self, user: &str, password: &str) {
        self.take_user_info();
        let (scheme, rest) = self.text.split_once("://").unwrap_or(("http", &self.text));
        let (user, password) = (form_encode(user), form_encode(password));
        self.text = format!("{scheme}://{user}:{password}@{rest}");
    }
}
