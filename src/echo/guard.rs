//! Who may ask: anyone, or who brings a bearer token that verifies.

use std::fmt;

use crate::json::Text;
use crate::jwt::key::KeySet;
use crate::jwt::verify::{Audience, Policy, verify};
use crate::timestamp::Timestamp;

/// Decides over a request by its Authorization header.
pub enum Guard {
    /// Everyone is let in.
    Open,
    /// Whoever brings a token that one of these keys signed, and that is valid now.
    Bearer { keys: KeySet, audience: Audience },
}

impl Guard {
    /// The claims of the token a request brought, where one is asked for.
    ///
    /// # Errors
    /// Why the request is not let in, in words for its sender.
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

/// Keys show themselves to nobody.
impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Guard::Open => "Open",
            Guard::Bearer { .. } => "Bearer(***)",
        })
    }
}

/// The token of a request's one Authorization header (RFC 6750 §2.1).
fn bearer<'a>(authorizations: &[&'a [u8]]) -> Result<&'a [u8], String> {
    let value = match authorizations {
        [] => return Err("no bearer token: there is no Authorization header".into()),
        [value] => value.trim_ascii(),
        _ => return Err("there are several Authorization headers".into()),
    };
    let end = value.iter().position(|&b| b == b' ').unwrap_or(value.len());
    let (scheme, rest) = value.split_at_checked(end).unwrap_or((value, &[]));
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err("no bearer token: the Authorization header is of another scheme".into());
    }
    match rest.trim_ascii() {
        b"" => Err("no bearer token: there is nothing after 'Bearer'".into()),
        token => Ok(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_a_header() {
        assert_eq!(bearer(&[b"Bearer a.b.c"]), Ok(b"a.b.c".as_slice()));
        assert_eq!(bearer(&[b"bearer  a "]), Ok(b"a".as_slice()));
        for refused in ["Bearer", "Bearer ", "Basic eA==", "Bearera.b.c", ""] {
            assert!(bearer(&[refused.as_bytes()]).is_err(), "{refused}");
        }
        assert!(bearer(&[]).is_err());
        assert!(bearer(&[b"Bearer a", b"Bearer a"]).is_err());
    }
}
