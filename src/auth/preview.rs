//! What a scheme sends, described without asking any source: for requests that are only shown.

use super::secret_ref::SecretRef;
use crate::http::credential::{Credential, Placement};
use crate::redact::MASK;
use crate::secret::{Secret, Source};

/// What would authenticate a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Preview {
    None,
    /// A user and a password; the challenge is Basic's or Digest's.
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
}

/// How a password is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    Basic,
    Digest,
}

/// What the password of a netrc entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetrcUse {
    Password,
    /// A bearer token.
    Bearer,
}

/// Where a secret would come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Source(Source),
    /// What this command prints.
    Printed(Vec<String>),
    /// It is known only as a value, which is not shown.
    Hidden,
}

impl Origin {
    /// Where the secret comes from; one that is a literal can be printed by c47 for a profile.
    pub(crate) fn of(secret: &SecretRef, profile: &str) -> Origin {
        match secret {
            SecretRef::Source(source) => Origin::Source(source.clone()),
            SecretRef::Literal(_) if profile.is_empty() => Origin::Hidden,
            SecretRef::Literal(_) => Origin::printed_by_auth_token(profile),
        }
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
    /// What is sent, with a mask for the secret.
    pub(crate) fn masked(&self) -> Credential {
        let authorization = |scheme: &str| Credential::Header {
            name: "authorization".into(),
            value: Secret::new(format!("{scheme} {MASK}").into_bytes()),
        };
        match self {
            // A digest answers a challenge, which has not come yet.
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
            Preview::Password { .. } | Preview::Netrc(_) => true,
            Preview::Token { placement, .. } => placement.is_authorization(),
        }
    }
}
