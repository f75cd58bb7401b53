//! Combines the items of a command line into headers, query and body.

use super::content::content;
use super::{Http, graphql};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::body::{self, Body};
use crate::http::item::Item;
use crate::http::multipart::{Content, Multipart, Part};
use crate::http::part::Header;
use crate::http::request::USER_AGENT;
use crate::http::url::Url;
use crate::http::{self, accept_encoding};
use crate::json::Text;

/// The combined items.
#[derive(Default)]
pub(super) struct Parts {
    headers: Vec<(String, Option<String>)>,
    json: Vec<(String, Text)>,
    form: Vec<(String, String)>,
    /// Each file with the number of form fields before it.
    files: Vec<(usize, Part)>,
}

impl Parts {
    /// Whether an item sets or removes this header.
    pub(super) fn names_header(&self, name: &str) -> bool {
        let mut headers = self.headers.iter();
        headers.any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// Whether an item sets this header.
    pub(super) fn has_header(&self, name: &str) -> bool {
        let mut headers = self.headers.iter();
        headers.any(|(known, value)| value.is_some() && known.eq_ignore_ascii_case(name))
    }

    pub(super) fn add(
        &mut self,
        item: Item,
        form: bool,
        url: &mut Url,
        deadline: Deadline,
    ) -> Result<(), Error> {
        match item {
            Item::Header { name, .. } if is_framing(&name) => Err(Error::usage(format!(
                "'{name}' cannot be set; c47 derives it from the body"
            )))?,
            Item::Header { name, value } => {
                let value = content(&format!("{name}:"), value, deadline)?;
                // The last line break of a file is not a part of the header.
                let value = value.strip_suffix('\n').unwrap_or(&value);
                // Nor are spaces around it (RFC 9110 §5.5): `Name: @x` is the text `@x`.
                let value = value.trim_matches([' ', '\t']).to_owned();
                if value.chars().any(|c| c.is_control() && c != '\t') {
                    return Err(Error::usage(format!(
                        "header '{name}' contains a control character"
                    )));
                }
                self.headers.push((name, Some(value)));
            }
            Item::NoHeader { name } => self.headers.push((name, None)),
            Item::Query { name, value } => {
                let value = content(&format!("{name}=="), value, deadline)?;
                url.push_query(&name, &value);
            }
            Item::Field { name, value } => {
                let value = content(&format!("{name}="), value, deadline)?;
                match form {
                    true => self.form.push((name, value)),
                    false => self.json.push((name, Text::string(&value))),
                }
            }
            Item::Json { name, .. } if form => {
                return Err(Error::usage(format!(
                    "'{name}:=' is a JSON value; a form supports only key=value"
                )));
            }
            Item::Json { name, value } => {
                let value = content(&format!("{name}:="), value, deadline)?;
                let text = Text::parse(value).map_err(|why| {
                    Error::usage_hint(
                        format!("'{name}:=' is not valid JSON: {why}"),
                        "for a string, use key=value",
                    )
                })?;
                self.json.push((name, text));
            }
            Item::File {
                name,
                path,
                content_type,
                file_name,
            } => {
                let part = body::within(deadline, move || {
                    Part::file(name, &path, file_name, content_type)
                })?;
                self.files.push((self.form.len(), part));
            }
        }
        Ok(())
    }

    /// Fields and files in the order given: some services require the file last.
    fn multipart(&self) -> Result<Body, Error> {
        let text = |(name, value): &(String, String)| Part {
            name: name.clone(),
            content: Content::Text(value.clone()),
        };
        let mut parts = Vec::new();
        let mut fields = self.form.iter();
        for (fields_before, file) in &self.files {
            let missing = fields_before.saturating_sub(self.form.len() - fields.len());
            parts.extend(fields.by_ref().take(missing).map(text));
            parts.push(file.clone());
        }
        parts.extend(fields.map(text));
        Multipart::new(parts).map(Body::Multipart)
    }

    pub(super) fn body(&self, options: &Http, deadline: Deadline) -> Result<Body, Error> {
        let has_fields = !self.json.is_empty() || !self.form.is_empty() || !self.files.is_empty();
        if let Some(text) = &options.raw {
            if has_fields || options.form || options.multipart || options.body.is_some() {
                return Err(Error::usage(
                    "--raw cannot be used with --body, --form, --multipart or body items",
                ));
            }
            let body = Body::text(text);
            return if options.compress {
                http::gzip(body)
            } else {
                Ok(body)
            };
        }
        if let Some(given) = &options.graphql {
            let body = graphql::body(options, given, deadline)?;
            return if options.compress {
                http::gzip(body)
            } else {
                Ok(body)
            };
        }
        let body = match &options.body {
            Some(_) if has_fields || options.form || options.multipart => Err(Error::usage(
                "--body cannot be used with --form, --multipart, key=value or key@file items",
            )),
            // Users of curl and xh write `@` before the file.
            Some(path) => {
                let path = path.strip_prefix('@').unwrap_or(path).to_owned();
                body::within(deadline, move || Body::from_path(&path))
            }
            None if !self.files.is_empty() || options.multipart => self.multipart(),
            None if options.form => Ok(body::form_of(&self.form)),
            None if has_fields => body::json_of(&self.json).map_err(Error::usage),
            None => Ok(Body::None),
        }?;
        if options.compress {
            http::gzip(body)
        } else {
            Ok(body)
        }
    }
}

/// Headers that set the length of a message: a second value would allow request smuggling.
fn is_framing(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding")
}

/// The default headers, except those that an item removes or sets, then the headers of the items.
pub(super) fn headers(parts: &Parts, body: &Body, options: &Http) -> Vec<Header> {
    let is_json = body.content_type() == Some("application/json");
    let accept = match is_json {
        _ if options.graphql.is_some() => http::graphql_document::ACCEPT,
        true => "application/json, */*;q=0.5",
        false => "*/*",
    };
    // A range of an encoded body is not a range of the file.
    let accept_encoding = if options.download {
        "identity".to_owned()
    } else {
        accept_encoding()
    };
    let mut headers = vec![
        Header::plain("user-agent", USER_AGENT),
        Header::plain("accept", accept),
        Header::plain("accept-encoding", accept_encoding),
    ];
    if let Some(content_type) = body.content_type() {
        headers.push(Header::plain("content-type", content_type));
    }
    if options.compress {
        headers.push(Header::plain("content-encoding", "gzip"));
    }
    // An item replaces the default header of the same name.
    let mut own: Vec<(&str, &str)> = parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
        .collect();
    let mut all = Vec::with_capacity(headers.len() + own.len());
    for header in headers {
        if !parts.names_header(&header.name) {
            all.push(header);
            continue;
        }
        own.retain(|(name, value)| {
            let is_it = name.eq_ignore_ascii_case(&header.name);
            all.extend(is_it.then(|| Header::plain(name, *value)));
            !is_it
        });
    }
    all.extend(
        own.into_iter()
            .map(|(name, value)| Header::plain(name, value)),
    );
    all
}

pub(super) fn ensure_compressible(options: &Http, parts: &Parts, body: &Body) -> Result<(), Error> {
    if options.compress && matches!(body, Body::None) {
        return Err(Error::usage("--compress requires a body"));
    }
    if options.compress && parts.has_header("content-encoding") {
        return Err(Error::usage(
            "Content-Encoding given in both an item and --compress; use one",
        ));
    }
    Ok(())
}
