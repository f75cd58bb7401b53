//! Describes what a scheme sends without reading its source, for requests that are only printed.

use super::secret_ref::SecretRef;
use crate::http::credential::{Credential, Placement};
use crate::http::part::Header;
use crate::redact::MASK;
use crate::secret::{Secret, Source};

/// The credentials that a request would have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Preview {
    None,
    /// A user and a password.
    Password {
        user: String,
        password: Origin,
        challenge: Challenge,
    },
    /// An entry of the netrc file.
    Netrc(NetrcUse),
    Token {
        placement: Placement,
        token: Origin,
    },
    /// A signature of AWS.
    Aws(AwsSigning),
    /// A token, and headers with values from the same login.
    Headers {
        token: Box<Preview>,
        headers: Vec<(String, Origin)>,
    },
    /// A signature, which exists only once the request is sent.
    Signed {
        /// The header that contains it.
        header: String,
    },
}

/// What is known of a signature of AWS before its keys are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AwsSigning {
    pub region: Option<String>,
    pub service: Option<String>,
    /// The ID of the access key, and its secret; `None` if they come from the sources of the AWS CLI.
    pub keys: Option<(String, Origin)>,
    pub session_token: Option<Origin>,
}

/// How the password is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    Basic,
    Digest,
}

/// How the password of a netrc entry is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetrcUse {
    Password,
    /// A bearer token.
    Bearer,
}

/// Where the secret would come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Source(Source),
    /// The output of this command.
    Printed(Vec<String>),
    /// A literal value, which is not printed.
    Hidden,
}

impl Origin {
    /// Where the secret comes from. `c47 auth token` prints a literal secret of a profile.
    pub(crate) fn of(secret: &SecretRef, profile: &str) -> Origin {
        match secret {
            SecretRef::Source(source) => Origin::Source(source.clone()),
            SecretRef::Literal(_) if profile.is_empty() => Origin::Hidden,
            SecretRef::Literal(_) => Origin::printed_by_auth_token(profile),
        }
    }

    /// A header that belongs to a profile's token.
    pub(crate) fn header_printed_by_auth_token(profile: &str, header: &str) -> Origin {
        Origin::Printed(
            ["c47", "auth", "token", profile, "--header", header]
                .map(str::to_owned)
                .to_vec(),
        )
    }

    /// A profile's token.
    pub(crate) fn printed_by_auth_token(profile: &str) -> Origin {
        Origin::Printed(
            ["c47", "auth", "token", profile]
                .map(str::to_owned)
                .to_vec(),
        )
    }
}

impl Preview {
    /// The credential with the secret masked.
    pub(crate) fn masked(&self) -> Credential {
        let authorization = |scheme: &str| Credential::Header {
            name: "authorization".into(),
            value: Secret::new(format!("{scheme} {MASK}").into_bytes()),
        };
        match self {
            // Digest needs the server's challenge first.
            Preview::None
            | Preview::Password {
                challenge: Challenge::Digest,
                ..
            } => Credential::None,
            Preview::Password {
                challenge: Challenge::Basic,
                ..
            }
            | Preview::Netrc(NetrcUse::Password) => authorization("Basic"),
            Preview::Netrc(NetrcUse::Bearer) => authorization("Bearer"),
            Preview::Token { placement, .. } => placement.masked(),
            Preview::Aws(_) => authorization("AWS4-HMAC-SHA256"),
            Preview::Headers { token, headers } => {
                let mask =
                    |(name, _): &(String, Origin)| Header::secret(name, Secret::new(MASK.into()));
                token.masked().with_headers(headers.iter().map(mask))
            }
            Preview::Signed { header } => Placement::Header(header.clone()).masked(),
        }
    }

    /// Whether it is an entry of the netrc file.
    pub(crate) fn is_netrc(&self) -> bool {
        matches!(self, Preview::Netrc(_))
    }

    /// Whether it becomes an Authorization header.
    pub(crate) fn is_authorization(&self) -> bool {
        match self {
            Preview::None => false,
            Preview::Password { .. } | Preview::Netrc(_) | Preview::Aws(_) => true,
            Preview::Token { placement, .. } => placement.is_authorization(),
            Preview::Headers { token, headers } => {
                let is_authorization = |name: &str| name.eq_ignore_ascii_case("authorization");
                token.is_authorization() || headers.iter().any(|(name, _)| is_authorization(name))
            }
            Preview::Signed { header } => header.eq_ignore_ascii_case("authorization"),
        }
    }
}
