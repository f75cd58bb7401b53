//! Which audiences a verifier answers to (RFC 7519 §4.1.3): a token that names an audience is
//! invalid for everybody else.

use super::Reason;
use crate::json::Text;
use crate::jwt::quoted;

/// The audience that whoever verifies a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// It is none: a token with an `aud` is meant for somebody else.
    Unnamed,
    /// `aud` must be there, and name one of these.
    OneOf(Vec<String>),
    /// `aud` is not looked at.
    Any,
}

impl Audience {
    /// The audience that the options of a command describe.
    ///
    /// # Errors
    /// When both kinds of options are given.
    pub(crate) fn from_options(named: &[String], any: bool) -> Result<Audience, &'static str> {
        match (named, any) {
            ([], false) => Ok(Audience::Unnamed),
            ([], true) => Ok(Audience::Any),
            (named, false) => Ok(Audience::OneOf(named.to_vec())),
            (_, true) => Err("--aud and --any-aud exclude each other"),
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
                let (found, wanted) = (say(&found, "and"), say(wanted, "or"));
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

/// Audiences in a sentence; of very many the first.
pub(super) fn say(names: &[String], word: &str) -> String {
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
