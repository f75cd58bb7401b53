//! Checks an ID token (OpenID Connect Core §3.1.3.7) with the verifier of `c47 jwt verify`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;

use crate::auth::plan::Issuer;
use crate::auth::records::Identity;
use crate::crypto;
use crate::jwt::Algorithm;
use crate::jwt::key::KeySet;
use crate::jwt::verify::{Audience, Policy, verify};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The allowed clock difference.
const LEEWAY_S: i64 = 60;
/// The maximum length of a claim that is stored.
const MAX_CLAIM_BYTES: usize = 1024;

/// Which nonce the token must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::auth) enum Nonce<'a> {
    /// That of the login.
    Required(&'a str),
    /// That of the first login, or none (OpenID Connect Core §12.2).
    IfPresent(&'a str),
    /// No nonce was sent.
    None,
}

/// What the token must be for.
pub(in crate::auth) struct Expected<'a> {
    pub issuer: &'a Issuer,
    pub nonce: Nonce<'a>,
    /// Who logged in before.
    pub sub: Option<&'a str>,
    /// The access token that came with it.
    pub access_token: &'a Secret,
}

/// Verifies the token and returns who it is about.
///
/// # Errors
/// The reason why it is rejected.
pub(in crate::auth) fn check(
    token: &Secret,
    keys: &KeySet,
    expected: &Expected,
    now: Timestamp,
) -> Result<Identity, String> {
    let policy = Policy {
        audience: Audience::OneOf(vec![expected.issuer.client_id.clone()]),
        issuer: Some(expected.issuer.name.clone()),
        required: ["sub", "exp", "iat"].map(str::to_owned).to_vec(),
        leeway_s: LEEWAY_S,
        ..Policy::at(now)
    };
    let verified =
        verify(token.expose(), keys, &policy).map_err(|rejected| rejected.to_string())?;
    let claims = verified.claims.as_ref().map(|text| text.as_str());
    let claims: Json = serde_json::from_str(claims.unwrap_or_default())
        .map_err(|_| "its claims are not JSON".to_owned())?;
    ensure_authorized_party(&claims, &expected.issuer.client_id)?;
    let nonce = text(&claims, "nonce")?;
    ensure_nonce(nonce.as_deref(), expected.nonce)?;
    ensure_access_token(&claims, verified.algorithm, expected.access_token)?;
    let sub = text(&claims, "sub")?.ok_or("the claim 'sub' is missing")?;
    if expected.sub.is_some_and(|before| before != sub) {
        return Err("it is for another person (sub) than before".into());
    }
    // What a person is called may be of any type; only a text is shown.
    let name = |claim: &str| text(&claims, claim).ok().flatten();
    Ok(Identity {
        sub,
        email: name("email"),
        username: name("preferred_username"),
        nonce,
    })
}

/// A claim that is a text of bounded length.
fn text(claims: &Json, name: &str) -> Result<Option<String>, String> {
    match claims.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) if text.len() <= MAX_CLAIM_BYTES => Ok(Some(text.clone())),
        Some(Json::String(_)) => Err(format!("the claim '{name}' is too long")),
        Some(_) => Err(format!("the claim '{name}' is not a string")),
    }
}

/// A token for several audiences must say that this client is the one it was issued to.
fn ensure_authorized_party(claims: &Json, client_id: &str) -> Result<(), String> {
    let audiences = claims
        .get("aud")
        .and_then(Json::as_array)
        .map_or(1, Vec::len);
    match text(claims, "azp")? {
        Some(party) if party == client_id => Ok(()),
        Some(_) => Err("the claim 'azp' is another client".into()),
        None if audiences > 1 => Err("it has several audiences and no 'azp'".into()),
        None => Ok(()),
    }
}

fn ensure_nonce(found: Option<&str>, expected: Nonce) -> Result<(), String> {
    match (expected, found) {
        (Nonce::Required(wanted), Some(found)) if found == wanted => Ok(()),
        (Nonce::Required(_), None) => Err("the claim 'nonce' is missing".into()),
        (Nonce::IfPresent(wanted), Some(found)) if found == wanted => Ok(()),
        (Nonce::Required(_) | Nonce::IfPresent(_), Some(_)) => {
            Err("the claim 'nonce' is that of another login".into())
        }
        (Nonce::IfPresent(_), None) | (Nonce::None, _) => Ok(()),
    }
}

/// `at_hash` binds the access token to the ID token (OpenID Connect Core §3.1.3.6).
fn ensure_access_token(
    claims: &Json,
    algorithm: Algorithm,
    access_token: &Secret,
) -> Result<(), String> {
    let Some(found) = text(claims, "at_hash")? else {
        return Ok(());
    };
    let token = access_token.expose();
    let digest = match algorithm.hash_bytes() {
        32 => crypto::sha256(token),
        48 => crypto::sha384(token),
        _ => crypto::sha512(token),
    };
    let half = digest.get(..digest.len() / 2).unwrap_or_default();
    match URL_SAFE_NO_PAD.encode(half) == found {
        true => Ok(()),
        false => Err("the claim 'at_hash' is that of another access token".into()),
    }
}
