//! Whether a token is to be believed. The keys decide which algorithms are possible; the header
//! only chooses among them, and whatever it says of keys (`jwk`, `jku`, `x5u`) is not looked at.

mod audience;
mod claims;
mod rejected;
#[cfg(test)]
mod tests;

use super::algorithm::Algorithm;
use super::key::KeySet;
use super::quoted;
use super::token::{self, Parts};
use crate::crypto;
use crate::json::Text;
use crate::timestamp::Timestamp;

pub(crate) use audience::Audience;
pub(crate) use rejected::{Reason, Rejected};

/// What a token must be like, besides being signed by one of the keys.
pub(crate) struct Policy {
    /// The algorithms allowed; empty for all that the keys make possible.
    pub algorithms: Vec<Algorithm>,
    pub content: Content,
    pub audience: Audience,
    pub issuer: Option<String>,
    pub subject: Option<String>,
    /// Claims that must be there.
    pub required: Vec<String>,
    /// How far clocks may differ, in seconds.
    pub leeway_s: i64,
    pub now: Timestamp,
}

/// What a token carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Claims, which are checked (RFC 7519).
    Claims,
    /// Anything, which is not looked at (RFC 7515).
    Anything,
}

impl Policy {
    /// Any algorithm the keys make possible, claims with exact times, and no audience.
    pub(crate) fn at(now: Timestamp) -> Policy {
        Policy {
            algorithms: Vec::new(),
            content: Content::Claims,
            audience: Audience::Unnamed,
            issuer: None,
            subject: None,
            required: Vec::new(),
            leeway_s: 0,
            now,
        }
    }
}

/// A token that is to be believed.
#[derive(Debug)]
pub(crate) struct Verified {
    pub algorithm: Algorithm,
    pub kid: Option<String>,
    /// The claims; `None` only under [`Content::Anything`], for a payload that is no JSON.
    pub claims: Option<Text>,
}

/// Verifies a bare token (see [`super::bare`]).
///
/// # Errors
/// Says why the token is not to be believed.
pub(crate) fn verify(token: &[u8], keys: &KeySet, policy: &Policy) -> Result<Verified, Rejected> {
    let parts = token::parse(token).map_err(|why| Rejected::new(Reason::Malformed(why)))?;
    let mut seen = Rejected::new(Reason::Signature);
    let algorithm = match checked_signature(&parts, keys, policy, &mut seen) {
        Ok(algorithm) => algorithm,
        Err(reason) => return Err(seen.because(reason)),
    };
    // From here on the signer's words are known to be the signer's.
    let claims = match policy.content {
        Content::Anything => Text::from_bytes(&parts.payload).ok(),
        Content::Claims => match claims::read(&parts.payload) {
            Ok((text, members)) => {
                if let Err(reason) = claims::check(&members, policy) {
                    seen.claims = Some(text);
                    return Err(seen.because(reason));
                }
                Some(text)
            }
            Err(why) => return Err(seen.because(Reason::Malformed(why))),
        },
    };
    Ok(Verified {
        algorithm,
        kid: seen.kid,
        claims,
    })
}

/// The algorithm with which one of the keys signed the token. Notes in `seen` what the header
/// says, for the report.
fn checked_signature(
    parts: &Parts,
    keys: &KeySet,
    policy: &Policy,
    seen: &mut Rejected,
) -> Result<Algorithm, Reason> {
    let name = parts
        .header
        .string("alg")
        .and_then(|name| name.ok_or_else(|| "its header names no algorithm".to_owned()))
        .map_err(Reason::Malformed)?;
    seen.alg = Some(name.clone());
    seen.kid = parts.header.string("kid").map_err(Reason::Malformed)?;
    parts
        .header
        .ensure_understood()
        .map_err(Reason::Unsupported)?;
    let algorithm = Algorithm::named(&name).ok_or_else(|| unknown(&name))?;
    if !policy.algorithms.is_empty() && !policy.algorithms.contains(&algorithm) {
        let allowed: Vec<&str> = policy.algorithms.iter().map(|one| one.name()).collect();
        return Err(Reason::Algorithm(format!(
            "algorithm {algorithm} is not allowed: only {}",
            allowed.join(", ")
        )));
    }
    let candidates = keys
        .candidates(algorithm, seen.kid.as_deref())
        .map_err(Reason::Key)?;
    crypto::install();
    let signed_by_one = candidates.iter().any(|key| {
        let key = key.decoding_key();
        let algorithm = algorithm.foreign();
        jsonwebtoken::crypto::verify(parts.signature, parts.signed.as_bytes(), &key, algorithm)
            .unwrap_or(false)
    });
    if signed_by_one {
        Ok(algorithm)
    } else {
        Err(Reason::Signature)
    }
}

fn unknown(name: &str) -> Reason {
    Reason::Algorithm(match name {
        "ES512" => "algorithm ES512 is not supported: c47 has no P-521".to_owned(),
        // In any spelling: some readers took 'None' for it.
        _ if name.eq_ignore_ascii_case("none") => {
            "the token is not signed: algorithm 'none' is never allowed".to_owned()
        }
        _ => format!("algorithm {} is not supported", quoted(name)),
    })
}
