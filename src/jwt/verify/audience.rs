//! The audience of a verifier (RFC 7519 §4.1.3). A token for one audience is invalid for all others.

use super::Reason;
use crate::json::Text;
use crate::jwt::quoted;

/// The audience that the verifier accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// None: a token with an `aud` is for another audience.
    Unnamed,
    /// `aud` is required and must contain one of these.
    OneOf(Vec<String>),
    /// `aud` is not checked.
    Any,
}

impl Audience {
    /// Reads --aud and --any-aud.
    ///
    /// # Errors
    /// If both are given.
    pub(crate) fn from_options(named: &[String], any: bool) -> Result<Audience, &'static str> {
        match (named, any) {
            ([], false) => Ok(Audience::Unnamed),
            ([], true) => Ok(Audience::Any),
            (named, false) => Ok(Audience::OneOf(named.to_vec())),
            (_, true) => Err("--aud cannot be used with --any-aud"),
        }
    }

    /// Checks the value of a token's `aud`.
    pub(super) fn check(&self, value: Option<&Text>) -> Result<(), Reason> {
        match (self, value) {
            (Audience::Any, _) | (Audience::Unnamed, None) => Ok(()),
            (Audience::Unnamed, Some(value)) => Err(Reason::UnexpectedAudience(names(value)?)),
            (Audience::OneOf(_), None) => Err(Reason::Claim("the claim 'aud' is missing".into())),
            (Audience::OneOf(wanted), Some(value)) => {
                let found = names(value)?;
                if found.iter().any(|one| wanted.contains(one)) {
                    return Ok(());
                }
                let (found, wanted) = (list(&found, "and"), list(wanted, "or"));
                Err(Reason::Claim(format!("aud is {found}, not {wanted}")))
            }
        }
    }
}

/// The audiences of a token: a string, or an array of strings.
fn names(value: &Text) -> Result<Vec<String>, Reason> {
    value
        .read::<String>()
        .map(|one| vec![one])
        .or_else(|_| value.read())
        .map_err(|_| {
            Reason::Claim("the claim 'aud' is neither a string nor an array of strings".into())
        })
}

/// Lists audiences for a message, at most the first five.
pub(super) fn list(names: &[String], word: &str) -> String {
    const MOST: usize = 5;
    let mut quoted: Vec<String> = names.iter().take(MOST).map(|one| quoted(one)).collect();
    if names.len() > MOST {
        return format!("{} {word} {} more", quoted.join(", "), names.len() - MOST);
    }
    match (quoted.pop(), quoted.is_empty()) {
        (None, _) => "an empty list".to_owned(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} {word} {last}", quoted.join(", ")),
    }
}
