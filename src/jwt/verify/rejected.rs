//! The reasons why a token is rejected.

use std::fmt;
use std::time::Duration;

use super::audience::list;
use crate::json::Text;
use crate::quantity::{format_ago, format_duration};
use crate::shell;
use crate::timestamp::Timestamp;

/// A rejected token.
#[derive(Debug)]
pub(crate) struct Rejected {
    pub reason: Reason,
    /// From its header, unverified.
    pub alg: Option<String>,
    pub kid: Option<String>,
    /// Its claims, if the signature is valid.
    pub claims: Option<Text>,
}

impl Reason {
    /// The hint, if an option can accept the token. Every command that verifies tokens has `--aud`
    /// and `--any-aud`.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Reason::UnexpectedAudience(names) => Some(match names.first() {
                Some(first) => format!(
                    "use --aud {} if this is your audience, or --any-aud",
                    shell::quote(first)
                ),
                None => "use --any-aud".to_owned(),
            }),
            Reason::Malformed(_)
            | Reason::Unsupported(_)
            | Reason::Algorithm(_)
            | Reason::Key(_)
            | Reason::Signature
            | Reason::Expired { .. }
            | Reason::NotYetValid { .. }
            | Reason::Claim(_) => None,
        }
    }
}

/// Why a token is rejected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It is malformed.
    Malformed(String),
    /// It needs an extension that is not supported.
    Unsupported(String),
    /// Its algorithm is not allowed.
    Algorithm(String),
    /// No key may verify it.
    Key(String),
    /// No key matches the signature.
    Signature,
    Expired {
        ago_s: i64,
    },
    NotYetValid {
        from: Timestamp,
        wait_s: i64,
    },
    /// It has an audience, but the verifier has none.
    UnexpectedAudience(Vec<String>),
    /// A claim is missing or has another value.
    Claim(String),
}

impl Rejected {
    pub(super) fn new(reason: Reason) -> Rejected {
        Rejected {
            reason,
            alg: None,
            kid: None,
            claims: None,
        }
    }

    pub(super) fn because(self, reason: Reason) -> Rejected {
        Rejected { reason, ..self }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Malformed(why) => write!(f, "the token is malformed: {why}"),
            Reason::Unsupported(why) => write!(f, "the token cannot be checked: {why}"),
            Reason::Algorithm(why) | Reason::Key(why) | Reason::Claim(why) => f.write_str(why),
            Reason::UnexpectedAudience(names) => write!(
                f,
                "aud is {}, but no audience was given",
                list(names, "and")
            ),
            Reason::Signature => f.write_str("signature does not match"),
            Reason::Expired { ago_s } => {
                let since = Duration::from_secs(ago_s.unsigned_abs());
                write!(f, "expired {}", format_ago(since))
            }
            Reason::NotYetValid { from, wait_s } => {
                write!(f, "not valid before {from}, in {}", duration(*wait_s))
            }
        }
    }
}

fn duration(seconds: i64) -> String {
    format_duration(Duration::from_secs(seconds.unsigned_abs()))
}
