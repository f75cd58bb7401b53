//! Verifies tokens. The keys decide which algorithms are possible; the header only selects one of
//! them. Keys in the header (`jwk`, `jku`, `x5u`) are ignored.

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

/// The requirements for a token, in addition to a valid signature.
pub(crate) struct Policy {
    /// The allowed algorithms; empty for all that the keys support.
    pub algorithms: Vec<Algorithm>,
    pub content: Content,
    pub audience: Audience,
    pub issuer: Option<String>,
    pub subject: Option<String>,
    /// Required claims.
    pub required: Vec<String>,
    /// The allowed clock difference in seconds.
    pub leeway_s: i64,
    pub now: Timestamp,
}

/// The expected payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Claims, which are checked (RFC 7519).
    Claims,
    /// Anything; it is not checked (RFC 7515).
    Anything,
}

impl Policy {
    /// Any algorithm that the keys support, exact times, and no audience.
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

/// A verified token.
#[derive(Debug)]
pub(crate) struct Verified {
    pub algorithm: Algorithm,
    pub kid: Option<String>,
    /// The claims; `None` only with [`Content::Anything`], if the payload is not JSON.
    pub claims: Option<Text>,
}

/// Verifies a bare token (see [`super::bare`]).
///
/// # Errors
/// The reason why the token is rejected.
pub(crate) fn verify(token: &[u8], keys: &KeySet, policy: &Policy) -> Result<Verified, Rejected> {
    let parts = token::parse(token).map_err(|why| Rejected::new(Reason::Malformed(why)))?;
    let mut seen = Rejected::new(Reason::Signature);
    let algorithm = match verify_signature(&parts, keys, policy, &mut seen) {
        Ok(algorithm) => algorithm,
        Err(reason) => return Err(seen.because(reason)),
    };
    // The signature is valid from here on.
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

/// Checks the signature and returns its algorithm. Records the header's `alg` and `kid` in `seen`
/// for the report.
fn verify_signature(
    parts: &Parts,
    keys: &KeySet,
    policy: &Policy,
    seen: &mut Rejected,
) -> Result<Algorithm, Reason> {
    let name = parts
        .header
        .string("alg")
        .and_then(|name| name.ok_or_else(|| "its header has no alg".to_owned()))
        .map_err(Reason::Malformed)?;
    seen.alg = Some(name.clone());
    seen.kid = parts.header.string("kid").map_err(Reason::Malformed)?;
    parts
        .header
        .ensure_no_extensions()
        .map_err(Reason::Unsupported)?;
    let algorithm = Algorithm::named(&name).ok_or_else(|| unknown(&name))?;
    if !policy.algorithms.is_empty() && !policy.algorithms.contains(&algorithm) {
        let allowed: Vec<&str> = policy.algorithms.iter().map(|one| one.name()).collect();
        return Err(Reason::Algorithm(format!(
            "algorithm {algorithm} is not allowed, only {}",
            allowed.join(", ")
        )));
    }
    let candidates = keys
        .candidates(algorithm, seen.kid.as_deref())
        .map_err(Reason::Key)?;
    crypto::install();
    let signed_by_one = candidates.iter().any(|key| {
        let key = key.decoding_key();
        let algorithm = algorithm.to_jsonwebtoken();
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
        "ES512" => "algorithm ES512 is not supported (no P-521)".to_owned(),
        // In any case: some implementations accepted 'None'.
        _ if name.eq_ignore_ascii_case("none") => {
            "the token is not signed: algorithm 'none' is never allowed".to_owned()
        }
        _ => format!("algorithm {} is not supported", quoted(name)),
    })
}
