//! The parts of a request that may be secret: headers and query parameters. A leaf.

use std::borrow::Cow;

use crate::redact::{self, Secrets};
use crate::secret::Secret;

/// A header of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub name: String,
    pub value: Value,
}

/// The value of a header, and whether it is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Public.
    Plain(String),
    /// A credential.
    Secret(Secret),
}

impl Header {
    /// A public header.
    pub(crate) fn plain(name: &str, value: impl Into<String>) -> Header {
        Header {
            name: name.to_owned(),
            value: Value::Plain(value.into()),
        }
    }

    /// A header with a credential.
    pub(crate) fn secret(name: &str, value: Secret) -> Header {
        Header {
            name: name.to_owned(),
            value: Value::Secret(value),
        }
    }

    /// The value as it is sent.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.value {
            Value::Plain(value) => value.as_bytes(),
            Value::Secret(secret) => secret.expose(),
        }
    }

    /// Whether the header is a secret, by its kind or its name.
    pub(crate) fn is_secret(&self) -> bool {
        matches!(self.value, Value::Secret(_)) || redact::is_secret_header(&self.name)
    }

    /// The value for display: a credential shows its scheme and a mask.
    pub(crate) fn shown_value(&self, secrets: Secrets) -> Cow<'_, str> {
        match (&self.value, secrets) {
            (Value::Plain(value), _) => secrets.header(&self.name, value),
            (Value::Secret(secret), Secrets::Shown) => String::from_utf8_lossy(secret.expose()),
            (Value::Secret(secret), Secrets::Hidden) => {
                redact::credential(&String::from_utf8_lossy(secret.expose())).into()
            }
        }
    }
}

/// The Cookie header of a request: the cookies of a jar, and those of the user's own header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CookieHeader {
    pub value: Secret,
    pub exposure: Exposure,
}

/// Who has already seen the cookies of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// Nobody but the server: they came over https, or from a file.
    Confidential,
    /// The server sent all of them over plain http.
    KnownInPlainText,
}

/// A query parameter that is a secret, percent-encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueryMember {
    pub name: String,
    pub value: Secret,
}
