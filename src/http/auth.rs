//! How a caller proves who it is: schemes that need no configuration, each with the source of its
//! secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::url::UserInfo;
use crate::error::Error;
use crate::secret::{Secret, Source};

/// A scheme and what it takes.
#[derive(Clone, Debug)]
pub enum Auth {
    None,
    /// RFC 7617.
    Basic {
        user: String,
        password: Password,
    },
    /// RFC 6750.
    Bearer(Source),
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
}

/// A password from a source, or one that stood in the URL.
#[derive(Clone, Debug)]
pub enum Password {
    From(Source),
    Given(Secret),
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
}

/// The forms of `--auth`, for its help and its errors.
pub const FORMS: &str = "bearer=SOURCE, basic=USER:SOURCE, header=NAME:SOURCE or query=NAME:SOURCE";

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
            "bearer" => Ok(Auth::Bearer(Source::parse(rest)?)),
            "basic" => named("USER").map(|(user, source)| Auth::Basic {
                user,
                password: Password::From(source),
            }),
            "header" => named("NAME").and_then(|(name, value)| {
                ensure_header_name(&name)?;
                Ok(Auth::Header { name, value })
            }),
            "query" => named("NAME").map(|(name, value)| Auth::Query { name, value }),
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
            password: Password::Given(password),
        }
    }

    /// Whether there is anything to keep secret.
    pub fn is_none(&self) -> bool {
        matches!(self, Auth::None)
    }

    /// Gets the secret from its source and makes of it what is sent.
    ///
    /// # Errors
    /// When the source has none, or it cannot stand where it should.
    pub fn credential(&self) -> Result<Credential, Error> {
        let header = |name: &str, value: Zeroizing<Vec<u8>>| Credential::Header {
            name: name.to_owned(),
            value: Secret::new(value.to_vec()),
        };
        match self {
            Auth::None => Ok(Credential::None),
            Auth::Basic { user, password } => {
                let password = match password {
                    Password::From(source) => read_text(source, &format!("Password of {user}"))?,
                    Password::Given(secret) => secret.clone(),
                };
                let pair = Zeroizing::new([user.as_bytes(), b":", password.expose()].concat());
                let encoded = Zeroizing::new(STANDARD.encode(&*pair));
                Ok(header(
                    "authorization",
                    Zeroizing::new(format!("Basic {}", *encoded).into_bytes()),
                ))
            }
            Auth::Bearer(source) => {
                let token = read_text(source, "Token")?;
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
        }
    }
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
            "header=X Y:env:A",
            "basic=:env:A",
            "digest=hunter2",
        ] {
            let why = Auth::parse(wrong).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
