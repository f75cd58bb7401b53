//! Makes the requests of records: where they may be sent, and with which headers and credentials.

use crate::auth::service::Service;
use crate::batch::record::{Content, Record};
use crate::batch::run::Access;
use crate::error::Error;
use crate::http::body::Body;
use crate::http::part::Header;
use crate::http::request::Request;
use crate::http::url::{Origin, Url};
use crate::http::{self, Settings, guard};
use crate::io_error::reason;
use crate::redact::{self, is_secret_header};

use super::super::target::at_profile;

/// What an Authorization header of a record means for the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuthorizationItem {
    /// They are sent in another header.
    Allowed,
    /// The record does without them.
    ReplacesCredentials,
    /// They are given twice.
    Refused,
}

/// The rules for all requests of a batch.
#[derive(Clone)]
pub(super) struct Rules {
    /// The profile's service.
    pub service: Option<Service>,
    /// The only origin that gets the credentials of `--auth`.
    pub only: Option<Origin>,
    pub has_credentials: bool,
    pub authorization: AuthorizationItem,
    /// Whether the profile's headers contain a secret.
    pub has_secret_headers: bool,
    /// The profile's headers; empty until their sources are read.
    pub headers: Vec<Header>,
    pub compression: Compression,
    pub settings: Settings,
}

/// `--compress`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
}

/// The URL of a record: absolute, or below the profile's URL.
pub(super) fn resolve(text: &str, service: Option<&Service>) -> Result<Url, String> {
    let url = match (at_profile(text), service) {
        (Some((name, path)), Some(service)) if name == service.name => service.join(path)?,
        (Some((name, _)), Some(service)) => {
            return Err(format!(
                "@{name} is another profile than {}; all requests of a batch use one",
                service.name
            ));
        }
        (Some((name, _)), None) => {
            return Err(format!("@{name} requires --profile {name}"));
        }
        (None, Some(service)) if text.starts_with('/') => service.join(text)?,
        (None, Some(service)) => {
            let url = Url::parse(text)?;
            if !service.covers(&url) {
                return Err(format!(
                    "{} is outside the profile {}, {}",
                    redact::url(&url.to_string()),
                    service.name,
                    service.url
                ));
            }
            url
        }
        (None, None) if text.starts_with('/') => {
            return Err("a path as the URL requires --profile".into());
        }
        (None, None) => Url::parse(text)?,
    };
    match url.user_info {
        Some(_) => Err("credentials in the URL; use --auth".into()),
        None => Ok(url),
    }
}

impl Rules {
    /// Checks a record before anything is sent.
    ///
    /// # Errors
    /// Why it may not be sent.
    pub(super) fn ensure(&self, record: &Record) -> Result<(), String> {
        if let Content::File(path) = &record.content {
            let shown = path.display();
            match std::fs::metadata(path) {
                Ok(found) if found.is_file() => {}
                Ok(_) => return Err(format!("'file': {shown} is not a regular file")),
                Err(error) => {
                    return Err(format!("'file': cannot read {shown}: {}", reason(&error)));
                }
            }
        }
        self.decide(record).map(drop)
    }

    /// The request of a record, without its credential.
    ///
    /// # Errors
    /// When it may not be sent, or its body cannot be read.
    pub(super) fn request(&self, record: &Record) -> Result<(Request, Access), Error> {
        let (url, access) = self.decide(record).map_err(Error::usage)?;
        let mut request = record.request(url)?;
        let added: Vec<Header> = self
            .headers
            .iter()
            .filter(|header| !names_header(record, &header.name))
            .cloned()
            .collect();
        request.headers.retain(|header| {
            let mut added = added.iter();
            !added.any(|new| new.name.eq_ignore_ascii_case(&header.name))
        });
        request.headers.extend(added);
        request.path_prefix = self
            .service
            .as_ref()
            .map(|service| service.url.path.clone());
        if self.compression == Compression::Gzip && !matches!(request.body, Body::None) {
            request.body = http::gzip(request.body)?;
            request
                .headers
                .push(Header::plain("content-encoding", "gzip"));
        }
        Ok((request, access))
    }

    fn decide(&self, record: &Record) -> Result<(Url, Access), String> {
        let url = resolve(&record.url, self.service.as_ref())?;
        if let Some(only) = self.only.as_ref().filter(|only| **only != url.origin) {
            return Err(format!(
                "{} is not {only}, the origin of the first request; --auth is for one origin",
                url.origin
            ));
        }
        let access = match (
            self.has_credentials,
            names_header(record, "authorization"),
            self.authorization,
        ) {
            (false, _, _) => Access::Anonymous,
            (true, true, AuthorizationItem::Refused) => {
                return Err("Authorization given in both the request and --auth; use one".into());
            }
            (true, true, AuthorizationItem::ReplacesCredentials) => Access::Anonymous,
            (true, false, _) | (true, true, AuthorizationItem::Allowed) => Access::Shared,
        };
        if self.compression == Compression::Gzip && names_header(record, "content-encoding") {
            return Err(
                "Content-Encoding given in both the request and --compress; use one".into(),
            );
        }
        let own_secret = record
            .headers
            .iter()
            .any(|(name, _)| is_secret_header(name));
        if access == Access::Shared || self.has_secret_headers || own_secret {
            guard::ensure_confidential(&url.origin, &self.settings)
                .map_err(|error| error.to_string())?;
        }
        Ok((url, access))
    }
}

fn names_header(record: &Record, name: &str) -> bool {
    let mut headers = record.headers.iter();
    headers.any(|(known, _)| known.eq_ignore_ascii_case(name))
}
