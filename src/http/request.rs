//! A request that is ready to be sent: the user's part, and the credentials.

use super::body::Body;
use super::credential::Credential;
use super::decode::accept_encoding;
use super::digest::{Call, Challenge, Hash};
use super::failure::Failure;
use super::part::{CookieHeader, Exposure, Header, QueryMember};
use super::signer::Unsigned;
use super::url::{Url, percent_decode};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::redact::{self, Secrets};

/// The User-Agent. It does not look like a browser, because some services respond to browsers with
/// cookies.
pub(crate) const USER_AGENT: &str = concat!("c47/", env!("CARGO_PKG_VERSION"));

/// Whether a request of this method may be sent twice (RFC 9110 §9.2.2).
pub(crate) fn is_idempotent(method: &str) -> bool {
    ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"].contains(&method)
}

/// A request. The credential is separate, because it belongs to one origin.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// An RFC 9110 token, in the case that the user gave.
    pub method: String,
    pub url: Url,
    /// In the order in which they are sent; names may repeat.
    pub headers: Vec<Header>,
    pub credential: Credential,
    pub body: Body,
    /// The path that the credential and the headers are restricted to, including the paths below.
    /// `None` means the whole origin.
    pub path_prefix: Option<String>,
    /// The cookies of the jar. The caller sets them before each attempt.
    pub cookies: Option<CookieHeader>,
}

impl Request {
    /// Whether the credentials may also be sent to `next`.
    pub(crate) fn keeps_credentials_at(&self, next: &Url) -> bool {
        let prefix = self.path_prefix.as_deref().unwrap_or("/");
        next.origin == self.url.origin && (self.path_prefix.is_none() || next.is_below(prefix))
    }

    /// A GET without credentials.
    pub(crate) fn get(url: Url) -> Request {
        Request {
            method: "GET".into(),
            url,
            headers: vec![
                Header::plain("user-agent", USER_AGENT),
                Header::plain("accept", "*/*"),
                Header::plain("accept-encoding", accept_encoding()),
            ],
            credential: Credential::None,
            body: Body::None,
            path_prefix: None,
            cookies: None,
        }
    }

    /// All headers as they are sent, including credentials. Headers that HTTP requires come first.
    /// Names are in lower case, as ureq sends them.
    pub(crate) fn wire_headers(&self) -> Vec<Header> {
        let mut headers = Vec::with_capacity(self.headers.len() + 3);
        if !self.has_header("host") {
            headers.push(Header::plain("host", self.url.host_header()));
        }
        headers.extend(self.headers.iter().cloned());
        if let Some(cookies) = &self.cookies {
            // It contains those of the user.
            headers.retain(|header| !header.name.eq_ignore_ascii_case("cookie"));
            headers.push(Header::secret("cookie", cookies.value.clone()));
        }
        let wants_length = matches!(self.method.as_str(), "POST" | "PUT" | "PATCH");
        match self.body.length() {
            Some(length) => headers.push(Header::plain("content-length", length.to_string())),
            None if self.body.is_chunked() => {
                headers.push(Header::plain("transfer-encoding", "chunked"));
            }
            None if wants_length => headers.push(Header::plain("content-length", "0")),
            None => {}
        }
        match &self.credential {
            Credential::Header { name, value } => {
                headers.push(Header::secret(name, value.clone()));
            }
            // A header of the user replaces that of the credential.
            Credential::Several { headers: own, .. } => headers.extend(
                own.iter()
                    .filter(|header| !self.has_header(&header.name))
                    .cloned(),
            ),
            Credential::Digest { answer, .. } => headers.extend(
                answer
                    .iter()
                    .map(|answer| Header::secret("authorization", answer.clone())),
            ),
            Credential::Signed(signing) => {
                let signed = &signing.signature().headers;
                headers.retain(|header| {
                    !signed
                        .iter()
                        .any(|new| new.name.eq_ignore_ascii_case(&header.name))
                });
                headers.extend(signed.iter().cloned());
            }
            Credential::None | Credential::Query(_) => {}
        }
        for header in &mut headers {
            header.name.make_ascii_lowercase();
        }
        headers
    }

    /// The URL as it is sent, including a query credential.
    pub(crate) fn wire_url(&self) -> Url {
        let mut url = self.url.clone();
        let query = url.query.take().filter(|query| !query.is_empty());
        let members = self.secret_members().iter().map(|member| {
            let value = String::from_utf8_lossy(member.value.expose());
            format!("{}={value}", member.name)
        });
        let members: Vec<String> = query.into_iter().chain(members).collect();
        url.query = match (members.is_empty(), &self.url.query) {
            (true, query) => query.clone(),
            (false, _) => Some(members.join("&")),
        };
        url
    }

    /// The URL for display: a query credential is masked, whatever its name.
    pub(crate) fn shown_url(&self, secrets: Secrets) -> String {
        if secrets == Secrets::Shown {
            return self.wire_url().to_string();
        }
        let mut shown = redact::url(&self.url.to_string());
        let mut separator = if self.url.query.is_some() { '&' } else { '?' };
        for member in self.secret_members() {
            shown.push(separator);
            shown.push_str(&format!("{}={}", member.name, redact::MASK));
            separator = '&';
        }
        shown
    }

    /// Goes to another URL of the server, which may have copied the query credential of this request
    /// into it.
    pub(super) fn move_to(&mut self, mut url: Url) {
        for member in self.secret_members() {
            let name = percent_decode(&member.name);
            url.remove_query(&String::from_utf8_lossy(&name));
        }
        self.url = url;
    }

    /// The query parameters of the credential.
    fn secret_members(&self) -> &[QueryMember] {
        match &self.credential {
            Credential::Query(members) | Credential::Several { query: members, .. } => members,
            Credential::Signed(signing) => &signing.signature().query,
            Credential::None | Credential::Header { .. } | Credential::Digest { .. } => &[],
        }
    }

    /// Whether the request contains a credential or a secret header.
    pub(crate) fn carries_secret(&self) -> bool {
        let is_confidential = |cookies: &CookieHeader| cookies.exposure == Exposure::Confidential;
        self.credential != Credential::None
            || self.headers.iter().any(Header::is_secret)
            || self.cookies.as_ref().is_some_and(is_confidential)
    }

    /// Whether the user has set a header of this name.
    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|header| header.name.eq_ignore_ascii_case(name))
    }

    /// Sets the response to a server's challenge, from the credential.
    ///
    /// # Errors
    /// When the body cannot be read, or the system has no random numbers.
    pub(super) fn meet(&mut self, challenge: &Challenge) -> Result<(), Failure> {
        let target = self.url.path_and_query();
        let body = |hash: Hash| self.body.hashed(hash);
        let Credential::Digest { user, password, .. } = &self.credential else {
            return Ok(());
        };
        let call = Call {
            user,
            password,
            method: &self.method,
            target: &target,
            body: &body,
        };
        let met = challenge.answer(&call).map_err(|error| Failure::Body {
            why: crate::io_error::reason(&error),
        })?;
        if let Credential::Digest { answer, .. } = &mut self.credential {
            *answer = Some(met);
        }
        Ok(())
    }

    /// Signs the request as it is now, if its credential is a signature.
    ///
    /// # Errors
    /// As [`super::signer::Signer::sign`].
    pub(crate) fn sign(&mut self, deadline: Deadline) -> Result<(), Error> {
        let Credential::Signed(signing) = &self.credential else {
            return Ok(());
        };
        let mut signing = signing.unsigned();
        self.credential = Credential::None;
        let url = self.wire_url();
        let headers = self.wire_headers();
        let unsigned = Unsigned {
            method: &self.method,
            url: &url,
            headers: &headers,
            body: &self.body,
        };
        let result = signing.sign(&unsigned, deadline);
        self.credential = Credential::Signed(signing);
        result
    }

    /// Removes everything that must not reach another origin: all credentials, and all headers
    /// except those that describe the content.
    pub(crate) fn leave_origin(&mut self) {
        const HARMLESS: [&str; 8] = [
            "accept",
            "accept-encoding",
            "accept-language",
            "content-encoding",
            "content-type",
            "if-range",
            "range",
            "user-agent",
        ];
        self.credential = Credential::None;
        self.cookies = None;
        self.headers.retain(|header| {
            HARMLESS
                .iter()
                .any(|name| header.name.eq_ignore_ascii_case(name))
        });
        self.url.user_info = None;
    }

    /// Changes the request to a GET without a body, as after 303 (RFC 9110 §15.4.4).
    pub(crate) fn become_get(&mut self) {
        if self.method != "HEAD" {
            self.method = "GET".into();
        }
        self.body = Body::None;
        self.headers.retain(|header| {
            ![
                "content-type",
                "content-length",
                "content-encoding",
                "transfer-encoding",
            ]
            .iter()
            .any(|name| header.name.eq_ignore_ascii_case(name))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::part::Value;
    use crate::secret::Secret;

    fn request() -> Request {
        let plain = |name: &str, value: &str| Header {
            name: name.into(),
            value: Value::Plain(value.into()),
        };
        Request {
            method: "POST".into(),
            url: Url::parse("https://a.lan/x?y=1").unwrap(),
            headers: vec![
                plain("Accept", "*/*"),
                plain("X-Api-Key", "k"),
                plain("Cookie", "c"),
                plain("content-type", "t"),
            ],
            credential: Credential::Query(vec![QueryMember {
                name: "t".into(),
                value: Secret::new(b"s".to_vec()),
            }]),
            body: Body::Bytes {
                bytes: b"abc".to_vec(),
                content_type: None,
            },
            path_prefix: None,
            cookies: None,
        }
    }

    #[test]
    fn required_headers_are_added() {
        let request = request();
        let names: Vec<String> = request
            .wire_headers()
            .into_iter()
            .map(|header| header.name)
            .collect();
        assert_eq!(
            names,
            [
                "host",
                "accept",
                "x-api-key",
                "cookie",
                "content-type",
                "content-length"
            ]
        );
        assert_eq!(request.wire_url().to_string(), "https://a.lan/x?y=1&t=s");
        assert_eq!(request.url.to_string(), "https://a.lan/x?y=1");
    }

    #[test]
    fn cross_origin_redirect_drops_identifying_headers() {
        let mut request = request();
        request.leave_origin();
        let names: Vec<String> = request
            .headers
            .iter()
            .map(|header| header.name.clone())
            .collect();
        assert_eq!(names, ["Accept", "content-type"]);
        assert_eq!(request.wire_url().to_string(), "https://a.lan/x?y=1");
    }

    #[test]
    fn change_to_get_drops_the_body() {
        let mut request = request();
        request.become_get();
        assert_eq!(
            (request.method.as_str(), &request.body),
            ("GET", &Body::None)
        );
        assert!(!request.has_header("content-type") && request.has_header("cookie"));
    }
}
