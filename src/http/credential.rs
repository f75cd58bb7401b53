//! Credentials as they are sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::part::{Header, QueryMember, Value};
use super::signer::Signing;
use super::url::form_encode;
use crate::redact::MASK;
use crate::secret::Secret;

/// The credential of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    None,
    Header {
        name: String,
        value: Secret,
    },
    Query(Vec<QueryMember>),
    /// A token, and other values that the service requires with it.
    Several {
        headers: Vec<Header>,
        query: Vec<QueryMember>,
    },
    /// RFC 7616: nothing is sent before a challenge.
    Digest {
        user: String,
        password: Secret,
        answer: Option<Secret>,
    },
    /// A signature of the request.
    Signed(Signing),
}

impl Credential {
    /// RFC 7617.
    pub(crate) fn basic(user: &str, password: &Secret) -> Credential {
        Credential::Header {
            name: "authorization".into(),
            value: basic(user, password),
        }
    }

    /// The credential with more headers. Digest and signatures have only their own.
    pub(crate) fn with_headers(self, more: impl IntoIterator<Item = Header>) -> Credential {
        let (mut headers, query) = match self {
            Credential::None => (Vec::new(), Vec::new()),
            Credential::Header { name, value } => (vec![Header::secret(&name, value)], Vec::new()),
            Credential::Query(query) => (Vec::new(), query),
            Credential::Several { headers, query } => (headers, query),
            Credential::Digest { .. } | Credential::Signed(_) => return self,
        };
        headers.extend(more);
        Credential::Several { headers, query }
    }

    /// The value of one of its headers, if that is known before the request is sent.
    pub(crate) fn header(&self, name: &str) -> Option<&Secret> {
        match self {
            Credential::Header { name: own, value } if own.eq_ignore_ascii_case(name) => {
                Some(value)
            }
            Credential::Several { headers, .. } => {
                headers.iter().find_map(|header| match &header.value {
                    Value::Secret(value) if header.name.eq_ignore_ascii_case(name) => Some(value),
                    Value::Secret(_) | Value::Plain(_) => None,
                })
            }
            Credential::None
            | Credential::Header { .. }
            | Credential::Query(_)
            | Credential::Digest { .. }
            | Credential::Signed(_) => None,
        }
    }
}

/// Where a token is placed in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// RFC 6750.
    Bearer,
    Header(String),
    Query(String),
}

impl Placement {
    /// The credential that puts `token` in this place.
    pub(crate) fn credential(&self, token: &Secret) -> Credential {
        let header = |name: &str, value: &[u8]| Credential::Header {
            name: name.to_owned(),
            value: Secret::new(value.to_vec()),
        };
        match self {
            Placement::Bearer => {
                let value = Zeroizing::new([b"Bearer ", token.expose()].concat());
                header("authorization", &value)
            }
            Placement::Header(name) => header(name, token.expose()),
            Placement::Query(name) => {
                let text = Zeroizing::new(String::from_utf8_lossy(token.expose()).into_owned());
                Credential::Query(vec![QueryMember {
                    name: form_encode(name),
                    value: Secret::new(form_encode(&text).into_bytes()),
                }])
            }
        }
    }

    /// The credential with a mask instead of the token, for a request that is only printed.
    pub(crate) fn masked(&self) -> Credential {
        match self {
            // Not percent-encoded, because it is only displayed.
            Placement::Query(name) => Credential::Query(vec![QueryMember {
                name: form_encode(name),
                value: Secret::new(MASK.into()),
            }]),
            Placement::Bearer | Placement::Header(_) => self.credential(&Secret::new(MASK.into())),
        }
    }

    /// Whether the credential is an Authorization header.
    pub(crate) fn is_authorization(&self) -> bool {
        match self {
            Placement::Bearer => true,
            Placement::Header(name) => name.eq_ignore_ascii_case("authorization"),
            Placement::Query(_) => false,
        }
    }
}

/// The value of an Authorization or Proxy-Authorization header (RFC 7617).
pub(crate) fn basic(user: &str, password: &Secret) -> Secret {
    let encoded = base64_pair(user.as_bytes(), password.expose());
    Secret::new([b"Basic ", encoded.as_bytes()].concat())
}

/// Encodes a user and a password for Basic.
pub(crate) fn base64_pair(user: &[u8], password: &[u8]) -> Zeroizing<String> {
    let pair = Zeroizing::new([user, b":", password].concat());
    Zeroizing::new(STANDARD.encode(&*pair))
}

/// Ensures that a text is a valid header name (RFC 9110 §5.1).
///
/// # Errors
/// Names the text.
pub(crate) fn ensure_header_name(name: &str) -> Result<(), String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    match !name.is_empty() && name.bytes().all(is_token) {
        true => Ok(()),
        false => Err(format!("'{name}' is not a valid header name")),
    }
}

/// The headers that belong to the connection and the length of a message (RFC 9110 §7.6.1, RFC 9112 §6).
/// Configuration and helpers cannot set them.
const OWN_HEADERS: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Ensures that a text is the name of a header that a configuration or a helper may set.
///
/// # Errors
/// As [`ensure_header_name`], and for the headers of the connection.
pub(crate) fn ensure_settable_header(name: &str) -> Result<(), String> {
    ensure_header_name(name)?;
    let is_own = |own: &&str| own.eq_ignore_ascii_case(name);
    match OWN_HEADERS.iter().any(is_own) {
        true => Err(format!("header '{name}' cannot be set")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_to_their_places() {
        let token = Secret::new(b"a b".to_vec());
        let header = |name: &str, value: &str| Credential::Header {
            name: name.into(),
            value: Secret::new(value.into()),
        };
        assert_eq!(
            Placement::Bearer.credential(&token),
            header("authorization", "Bearer a b")
        );
        assert_eq!(
            Placement::Header("X-Key".into()).credential(&token),
            header("X-Key", "a b")
        );
        assert_eq!(
            Placement::Query("t[]".into()).credential(&token),
            Credential::Query(vec![QueryMember {
                name: "t%5B%5D".into(),
                value: Secret::new(b"a%20b".to_vec()),
            }])
        );
        assert_eq!(
            Credential::basic("me", &Secret::new(b"p@ss".to_vec())),
            header("authorization", "Basic bWU6cEBzcw==")
        );
    }

    #[test]
    fn header_names() {
        assert!(ensure_header_name("X-Api-Key").is_ok());
        for wrong in ["", "X Y", "X:", "X\r\n", "é"] {
            assert!(ensure_header_name(wrong).is_err(), "{wrong}");
            assert!(ensure_settable_header(wrong).is_err(), "{wrong}");
        }
        assert!(ensure_settable_header("Authorization").is_ok());
        for own in ["Host", "Content-Length", "TRANSFER-ENCODING", "Connection"] {
            let why = ensure_settable_header(own).unwrap_err();
            assert_eq!(why, format!("header '{own}' cannot be set"));
        }
    }
}
