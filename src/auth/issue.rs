//! What a profile's calls carry, whatever its scheme.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::error::Error as AuthError;
use super::exchange;
use super::kept::Kept;
use super::mint::Signing;
use super::plan::{Scheme, Send, TokenPlan};
use super::profile::Profile;
use super::store::Unusable;
use super::tokens::{self, Surroundings, Want};
use super::values::Values;
use crate::error::Error;
use crate::http::auth::Credential;
use crate::http::url::form_encode;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// A credential, ready to be sent.
pub struct Issued {
    pub credential: Credential,
    /// The token alone, for scripts; a password is none.
    pub token: Option<Secret>,
    pub expires: Option<Timestamp>,
    pub warnings: Vec<String>,
}

/// Gets what the profile's calls carry.
///
/// # Errors
/// When a secret cannot be had, or a login is refused.
pub fn issue(profile: &Profile, want: &Want, surroundings: &Surroundings) -> Result<Issued, Error> {
    let plain = |credential, token| {
        Ok(Issued {
            credential,
            token,
            expires: None,
            warnings: Vec::new(),
        })
    };
    match &profile.scheme {
        Scheme::None | Scheme::Netrc => plain(Credential::None, None),
        Scheme::Digest { user, password } => {
            let digest = Credential::Digest {
                user: user.clone(),
                password: password.read_text(&format!("Password of {user}"))?,
                answer: None,
            };
            plain(digest, None)
        }
        Scheme::Basic { user, password } => {
            let password = password.read_text(&format!("Password of {user}"))?;
            let pair = Zeroizing::new([user.as_bytes(), b":", password.expose()].concat());
            let encoded = Zeroizing::new(format!("Basic {}", STANDARD.encode(&*pair)));
            plain(header("authorization", encoded.as_bytes()), None)
        }
        Scheme::Bearer(given) => {
            let token = given.read_text("Token")?;
            plain(sent(&Send::Bearer, &token), Some(token))
        }
        Scheme::Header { name, value } => {
            let token = value.read_text(name)?;
            plain(sent(&Send::Header(name.clone()), &token), Some(token))
        }
        Scheme::Query { name, value } => {
            let token = value.read_text(name)?;
            plain(sent(&Send::Query(name.clone()), &token), Some(token))
        }
        Scheme::Jwt(order) => {
            let token = Signing::read(order)?.mint()?;
            let ttl = i64::try_from(order.ttl.as_secs()).unwrap_or(i64::MAX);
            Ok(Issued {
                credential: sent(&Send::Bearer, &token),
                token: Some(token),
                expires: Some(Timestamp::now().plus(ttl)),
                warnings: Vec::new(),
            })
        }
        Scheme::Token(plan) => {
            let had = tokens::get(profile, plan, want, surroundings)?;
            Ok(Issued {
                credential: sent(&plan.send, &had.kept.token),
                expires: had.kept.expires,
                token: Some(had.kept.token),
                warnings: had.warnings,
            })
        }
    }
}

fn header(name: &str, value: &[u8]) -> Credential {
    Credential::Header {
        name: name.to_owned(),
        value: Secret::new(value.to_vec()),
    }
}

fn sent(send: &Send, token: &Secret) -> Credential {
    match send {
        Send::Bearer => {
            let value = Zeroizing::new([b"Bearer ", token.expose()].concat());
            header("authorization", &value)
        }
        Send::Header(name) => header(name, token.expose()),
        Send::Query(name) => {
            let text = Zeroizing::new(String::from_utf8_lossy(token.expose()).into_owned());
            Credential::Query {
                name: form_encode(name),
                value: Secret::new(form_encode(&text).into_bytes()),
            }
        }
    }
}

/// Whether a dead token of this scheme can be followed by another.
pub fn is_renewable(scheme: &Scheme) -> bool {
    matches!(scheme, Scheme::Token(_))
}

/// What is kept of a token.
pub struct Status {
    pub file: std::path::PathBuf,
    pub kept: Option<Kept>,
}

/// Looks at what is kept, and at nothing else; `None` when nothing ever is.
///
/// # Errors
/// When the cache cannot be trusted.
pub fn status(profile: &Profile, cache: &std::path::Path) -> Result<Option<Status>, Error> {
    let Scheme::Token(plan) = &profile.scheme else {
        return Ok(None);
    };
    // Looking must not make the directory.
    if std::fs::symlink_metadata(cache).is_err() {
        return Ok(None);
    }
    match tokens::store(profile, plan, cache) {
        Ok(Some(store)) => Ok(Some(Status {
            kept: Kept::load(&store, &tokens::about(profile, plan))?,
            file: store.path("token"),
        })),
        Ok(None) => Ok(None),
        Err(Unusable::Unsafe(error)) => Err(error.into()),
        Err(Unusable::Unwritable(_)) => Ok(None),
    }
}

/// What a logout did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggedOut {
    /// There was nothing.
    Nothing,
    /// Forgotten here; the service has no way to be told.
    Forgotten,
    /// The service was told, and it is forgotten here.
    Revoked,
}

/// Forgets the token, after telling the service where it can be told.
///
/// # Errors
/// When the cache cannot be trusted. A service that cannot be told is an error after the token is
/// forgotten here.
pub fn logout(profile: &Profile, surroundings: &Surroundings) -> Result<LoggedOut, Error> {
    let Scheme::Token(plan) = &profile.scheme else {
        return Ok(LoggedOut::Nothing);
    };
    let Some(status) = status(profile, &surroundings.cache)? else {
        return Ok(LoggedOut::Nothing);
    };
    let store = match tokens::store(profile, plan, &surroundings.cache) {
        Ok(Some(store)) => store,
        _ => return Ok(LoggedOut::Nothing),
    };
    for kind in ["token", "refused", "failed"] {
        store.remove(kind);
    }
    match status.kept {
        None => Ok(LoggedOut::Nothing),
        Some(kept) => revoke(profile, plan, &kept, surroundings),
    }
}

fn revoke(
    profile: &Profile,
    plan: &TokenPlan,
    kept: &Kept,
    surroundings: &Surroundings,
) -> Result<LoggedOut, Error> {
    let Some(exchange) = &plan.revoke else {
        return Ok(LoggedOut::Forgotten);
    };
    let mut values = Values::new(&profile.name, plan);
    values.given.insert("token", kept.token.clone());
    if let Some(refresh) = &kept.refresh_token {
        values.given.insert("refresh_token", refresh.clone());
    }
    let said = exchange::ask(profile, exchange, &mut values, &surroundings.settings)?;
    match said.status {
        // A token that is no longer known needs no revoking.
        200..=299 | 401 | 422 => Ok(LoggedOut::Revoked),
        status => Err(Error::Auth(AuthError::Failed {
            profile: profile.name.clone(),
            why: format!("forgotten here, but the service answered {status} to the logout"),
            hint: None,
        })),
    }
}
