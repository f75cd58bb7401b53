//! Why a token is not to be believed, in words.

use std::fmt;
use std::time::Duration;

use super::audience::say as say_names;
use crate::json::Text;
use crate::quantity::{say_ago, say_duration};
use crate::shell;
use crate::timestamp::Timestamp;

/// A token that is not to be believed.
#[derive(Debug)]
pub(crate) struct Rejected {
    pub reason: Reason,
    /// What its header says, true or not.
    pub alg: Option<String>,
    pub kid: Option<String>,
    /// Its claims, where the signature is good and they are what is wrong.
    pub claims: Option<Text>,
}

impl Reason {
    /// What to do about it, where it is not the token that needs another: `--aud` and `--any-aud`
    /// are the options of every command that verifies tokens.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Reason::UnexpectedAudience(names) => Some(match names.first() {
                Some(first) => format!(
                    "--aud {} if you are that audience, or --any-aud",
                    shell::quote(first)
                ),
                None => "--any-aud".to_owned(),
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

/// What is wrong with a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It is no token.
    Malformed(String),
    /// It wants something that c47 does not do.
    Unsupported(String),
    /// Its algorithm is not allowed.
    Algorithm(String),
    /// No key may verify it.
    Key(String),
    /// None of the keys signed it, or it was altered.
    Signature,
    Expired {
        ago_s: i64,
    },
    NotYetValid {
        from: Timestamp,
        wait_s: i64,
    },
    /// It names audiences, and whoever verifies it said of none to be it.
    UnexpectedAudience(Vec<String>),
    /// A claim is missing, or not as asked for.
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
                "aud is {}, and no audience was asked for",
                say_names(names, "and")
            ),
            Reason::Signature => f.write_str("signature does not match"),
            Reason::Expired { ago_s } => {
                let since = Duration::from_secs(ago_s.unsigned_abs());
                write!(f, "expired {}", say_ago(since))
            }
            Reason::NotYetValid { from, wait_s } => {
                write!(f, "not valid before {from}, in {}", say(*wait_s))
            }
        }
    }
}

fn say(seconds: i64) -> String {
    say_duration(Duration::from_secs(seconds.unsigned_abs()))
}
