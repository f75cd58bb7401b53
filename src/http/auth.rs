//! How a caller proves who it is: schemes that need no configuration, each with the source of its
//! secret.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::url::UserInfo;
use crate::error::Error;
use crate::jwt;
use crate::redact::MASK;
use crate::secret::{Secret, Source};
use crate::timestamp::Timestamp;

/// A scheme and what it takes.
#[derive(Clone, Debug)]
pub enum Auth {
    None,
    /// RFC 7617.
    Basic {
        user: String,
        password: Pending,
    },
    /// RFC 7616: the server's challenge is answered, the password never sent.
    Digest {
        user: String,
        password: Source,
    },
    /// RFC 6750.
    Bearer(Pending),
    /// A secret in a header of its own: `X-Api-Key`.
    Header {
        name: String,
        value: Source,
    },
    /// A secret in the query: `tsid`.
    Query {
        name: String,
        value: Source,
    },
    /// A token minted for this one request, sent as a bearer.
    Jwt(Box<Minted>),
}

/// A secret to be got from its source, or one already had: it stood in the URL or in netrc.
#[derive(Clone, Debug)]
pub enum Pending {
    From(Source),
    Had(Secret),
}

impl Pending {
    fn get(&self, purpose: &str) -> Result<Secret, Error> {
        match self {
            Pending::From(source) => read_text(source, purpose),
            Pending::Had(secret) => Ok(secret.clone()),
        }
    }
}

/// What a minted token is made of.
#[derive(Clone, Debug)]
pub struct Minted {
    pub algorithm: jwt::Algorithm,
    pub key: Source,
    pub kid: Option<String>,
    pub claims: Vec<jwt::claim::Claim>,
    pub ttl: Duration,
    pub jti: bool,
}

/// What goes onto the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    None,
    Header {
        name: String,
        value: Secret,
    },
    /// Percent-encoded already.
    Query {
        name: String,
        value: Secret,
    },
    /// Digest: nothing is sent until a challenge has been answered.
    Digest {
        user: String,
        password: Secret,
        answer: Option<Secret>,
    },
}

/// The forms of `--auth`, for its help and its errors.
pub const FORMS: &str = "bearer=SOURCE, basic=USER:SOURCE, digest=USER:SOURCE, header=NAME:SOURCE, query=NAME:SOURCE or jwt=ALG:SOURCE";

impl Auth {
    /// Reads `--auth`'s value. Claims, lifetime and key id of a minted token are added later.
    ///
    /// # Errors
    /// Never repeats `text`: it may hold the secret itself, given by mistake.
    pub fn parse(text: &str) -> Result<Auth, String> {
        let (scheme, rest) = text
            .split_once('=')
            .ok_or_else(|| format!("write {FORMS}"))?;
        let named = |what: &str| {
            let (name, source) = rest
                .split_once(':')
                .ok_or_else(|| format!("write {scheme}={what}:SOURCE"))?;
            if name.is_empty() {
                return Err(format!("write {scheme}={what}:SOURCE"));
            }
            Ok((name.to_owned(), Source::parse(source)?))
        };
        match scheme {
            "bearer" => Ok(Auth::Bearer(Pending::From(Source::parse(rest)?))),
            "basic" => named("USER").map(|(user, source)| Auth::Basic {
                user,
                password: Pending::From(source),
            }),
            "digest" => named("USER").map(|(user, password)| Auth::Digest { user, password }),
            "header" => named("NAME").and_then(|(name, value)| {
                ensure_header_name(&name)?;
                Ok(Auth::Header { name, value })
            }),
            "query" => named("NAME").map(|(name, value)| Auth::Query { name, value }),
            "jwt" => named("ALG").and_then(|(algorithm, key)| {
                Ok(Auth::Jwt(Box::new(Minted {
                    algorithm: jwt::Algorithm::parse(&algorithm)?,
                    key,
                    kid: None,
                    claims: Vec::new(),
                    ttl: Duration::from_secs(300),
                    jti: false,
                })))
            }),
            _ => Err(format!("there is no such scheme; write {FORMS}")),
        }
    }

    /// The credentials that stood in a URL: Basic.
    pub fn from_user_info(user_info: UserInfo) -> Auth {
        let password = user_info
            .password
            .unwrap_or_else(|| Secret::new(Vec::new()));
        Auth::Basic {
            user: user_info.user,
            password: Pending::Had(password),
        }
    }

    /// Whether there is anything to keep secret.
    pub fn is_none(&self) -> bool {
        matches!(self, Auth::None)
    }

    /// Whether it becomes an Authorization header.
    pub fn is_authorization(&self) -> bool {
        match self {
            Auth::None | Auth::Query { .. } => false,
            Auth::Header { name, .. } => name.eq_ignore_ascii_case("authorization"),
            Auth::Basic { .. } | Auth::Digest { .. } | Auth::Bearer(_) | Auth::Jwt(_) => true,
        }
    }

    /// What is sent, with a mask for the secret: for a request that is only shown.
    pub fn masked(&self) -> Credential {
        let mask = |scheme: &str| Secret::new([scheme, MASK].concat().into_bytes());
        let header = |name: &str, value: Secret| Credential::Header {
            name: name.to_owned(),
            value,
        };
        match self {
            // A digest answers a challenge, which is yet to come.
            Auth::None | Auth::Digest { .. } => Credential::None,
            Auth::Basic { .. } => header("authorization", mask("Basic ")),
            Auth::Bearer(_) | Auth::Jwt(_) => header("authorization", mask("Bearer ")),
            Auth::Header { name, .. } => header(name, mask("")),
            Auth::Query { name, .. } => Credential::Query {
                name: super::url::form_encode(name),
                value: mask(""),
            },
        }
    }

    /// Gets the secret from its source and makes of it what is sent.
    ///
    /// # Errors
    /// When the source has none, or it cannot stand where it should.
    pub fn credential(&self, now: Timestamp) -> Result<Credential, Error> {
        let header = |name: &str, value: Zeroizing<Vec<u8>>| Credential::Header {
            name: name.to_owned(),
            value: Secret::new(value.to_vec()),
        };
        match self {
            Auth::None => Ok(Credential::None),
            Auth::Basic { user, password } => {
                let password = password.get(&format!("Password of {user}"))?;
                let pair = Zeroizing::new([user.as_bytes(), b":", password.expose()].concat());
                let encoded = Zeroizing::new(STANDARD.encode(&*pair));
                Ok(header(
                    "authorization",
                    Zeroizing::new(format!("Basic {}", *encoded).into_bytes()),
                ))
            }
            Auth::Digest { user, password } => Ok(Credential::Digest {
                user: user.clone(),
                password: password.read(&format!("Password of {user}"))?,
                answer: None,
            }),
            Auth::Bearer(token) => {
                let token = token.get("Token")?;
                Ok(header("authorization", bearer(&token)))
            }
            Auth::Header { name, value } => {
                let value = read_text(value, name)?;
                Ok(header(name, Zeroizing::new(value.expose().to_vec())))
            }
            Auth::Query { name, value } => {
                let value = read_text(value, name)?;
                let text = Zeroizing::new(String::from_utf8_lossy(value.expose()).into_owned());
                Ok(Credential::Query {
                    name: super::url::form_encode(name),
                    value: Secret::new(super::url::form_encode(&text).into_bytes()),
                })
            }
            Auth::Jwt(minted) => Ok(header("authorization", bearer(&mint(minted, now)?))),
        }
    }
}

fn mint(minted: &Minted, now: Timestamp) -> Result<Secret, Error> {
    let key = jwt::key::Key::parse(&minted.key.read("Key")?)?;
    let token = jwt::Mint {
        kid: minted.kid.clone(),
        claims: minted.claims.clone(),
        ttl: Some(minted.ttl),
        jti: minted.jti,
        ..jwt::Mint::new(minted.algorithm, &key, now)
    };
    Ok(jwt::mint(&token)?)
}

fn bearer(token: &Secret) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([b"Bearer ", token.expose()].concat())
}

fn read_text(source: &Source, purpose: &str) -> Result<Secret, Error> {
    let secret = source.read(purpose)?;
    match secret.expose_text() {
        Ok(_) => Ok(secret),
        Err(why) => Err(Error::Secret(source.failed(why))),
    }
}

/// Ensures that this can be a header's name (RFC 9110 §5.1).
///
/// # Errors
/// Says that it cannot.
pub fn ensure_header_name(name: &str) -> Result<(), String> {
    match super::item::Item::parse(&format!("{name}:x")) {
        Ok(super::item::Item::Header { name: parsed, .. }) if parsed == name => Ok(()),
        _ => Err(format!("'{name}' is no header name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes() {
        assert!(matches!(Auth::parse("bearer=env:T"), Ok(Auth::Bearer(_))));
        assert!(
            matches!(Auth::parse("basic=me:file:/p"), Ok(Auth::Basic { user, .. }) if user == "me")
        );
        assert!(matches!(
            Auth::parse("header=X-Api-Key:prompt"),
            Ok(Auth::Header { .. })
        ));
        assert!(matches!(
            Auth::parse("query=tsid:env:T"),
            Ok(Auth::Query { .. })
        ));
        assert!(matches!(Auth::parse("jwt=HS256:env:K"), Ok(Auth::Jwt(_))));
    }

    #[test]
    fn a_secret_given_by_mistake_is_not_repeated() {
        for wrong in [
            "hunter2",
            "bearer=hunter2",
            "basic=me:hunter2",
            "basic=hunter2",
            "header=X:hunter2",
            "query=q:hunter2",
            "jwt=HS256:hunter2",
            "header=X Y:env:A",
            "basic=:env:A",
            "digest=me:hunter2",
            "ntlm=me:hunter2",
        ] {
            let why = Auth::parse(wrong).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
