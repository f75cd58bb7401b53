//! Access control: everyone, or requests with a valid bearer token.

use std::fmt;

use crate::json::Text;
use crate::jwt::key::KeySet;
use crate::jwt::verify::{Audience, Policy, verify};
use crate::timestamp::Timestamp;

/// Accepts or refuses a request by its Authorization header.
pub enum Guard {
    /// Every request is accepted.
    Open,
    /// A token that is valid now and verifies with one of these keys is required.
    Bearer { keys: KeySet, audience: Audience },
}

impl Guard {
    /// Checks a request. Returns the claims of its token, if a token is required.
    ///
    /// # Errors
    /// Why the request is refused, as a message for its sender.
    pub fn check(&self, authorizations: &[&[u8]], now: Timestamp) -> Result<Option<Text>, String> {
        match self {
            Guard::Open => Ok(None),
            Guard::Bearer { keys, audience } => {
                let token = bearer(authorizations)?;
                let policy = Policy {
                    audience: audience.clone(),
                    ..Policy::at(now)
                };
                verify(token, keys, &policy)
                    .map(|verified| verified.claims)
                    .map_err(|rejected| match rejected.reason.hint() {
                        Some(hint) => format!("{rejected}; c47 echo has {hint}"),
                        None => rejected.to_string(),
                    })
            }
        }
    }
}

/// Keys are never printed.
impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Guard::Open => "Open",
            Guard::Bearer { .. } => "Bearer(***)",
        })
    }
}

/// The token of the Authorization header (RFC 6750 §2.1).
fn bearer<'a>(authorizations: &[&'a [u8]]) -> Result<&'a [u8], String> {
    let value = match authorizations {
        [] => return Err("no bearer token: the Authorization header is missing".into()),
        [value] => value.trim_ascii(),
        _ => return Err("the request has more than one Authorization header".into()),
    };
    let end = value.iter().position(|&b| b == b' ').unwrap_or(value.len());
    let (scheme, rest) = value.split_at_checked(end).unwrap_or((value, &[]));
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err("no bearer token: the Authorization header has another scheme".into());
    }
    match rest.trim_ascii() {
        b"" => Err("no bearer token: the Authorization header is empty after 'Bearer'".into()),
        token => Ok(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_taken_from_one_bearer_header() {
        assert_eq!(bearer(&[b"Bearer a.b.c"]), Ok(b"a.b.c".as_slice()));
        assert_eq!(bearer(&[b"bearer  a "]), Ok(b"a".as_slice()));
        for refused in ["Bearer", "Bearer ", "Basic eA==", "Bearera.b.c", ""] {
            assert!(bearer(&[refused.as_bytes()]).is_err(), "{refused}");
        }
        assert!(bearer(&[]).is_err());
        assert!(bearer(&[b"Bearer a", b"Bearer a"]).is_err());
    }
}
