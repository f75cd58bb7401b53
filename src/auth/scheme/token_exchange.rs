//! `token_exchange`: exchanges a token for one of another service (RFC 8693).

use super::definition::Definition;
use super::issuer;
use super::jwt;
use super::obtained::{self, Grant};
use super::oidc;
use crate::auth::oauth;
use crate::auth::plan::{Binding, Endpoint, Obtain, Refusals, Target};
use crate::config::key::Kind;
use crate::config::read::Reader;
use crate::error::Error;

const NAME: &str = "token_exchange";

/// Short names of token types (RFC 8693 §3).
const TOKEN_TYPES: [(&str, &str); 6] = [
    (
        "access_token",
        "urn:ietf:params:oauth:token-type:access_token",
    ),
    (
        "refresh_token",
        "urn:ietf:params:oauth:token-type:refresh_token",
    ),
    ("id_token", "urn:ietf:params:oauth:token-type:id_token"),
    ("jwt", "urn:ietf:params:oauth:token-type:jwt"),
    ("saml1", "urn:ietf:params:oauth:token-type:saml1"),
    ("saml2", "urn:ietf:params:oauth:token-type:saml2"),
];

/// The type of a token unless the profile sets it.
const DEFAULT_TYPE: &str = "access_token";

pub(super) const DEFINITION: Definition = Definition {
    name: NAME,
    option: None,
    keys: &[
        obtained::KEYS,
        obtained::OAUTH_KEYS,
        oidc::ISSUER_KEYS,
        jwt::KEYS,
        &[
            ("subject_token", Kind::Secret),
            ("subject_token_type", Kind::Text),
            ("actor_token", Kind::Secret),
            ("actor_token_type", Kind::Text),
            ("requested_token_type", Kind::Text),
        ],
    ],
    from_profile: |reader, base| {
        let issuer = issuer::issuer(reader)?;
        let (target, audience) = match (reader.url("token_url", Some(base))?, &issuer) {
            (Some(url), _) => (Target::Url(url.clone()), url.to_string()),
            (None, Some(issuer)) => (Target::Discovered(Endpoint::Token), issuer.name.clone()),
            (None, None) => return Err(reader.missing("token_url", " or 'issuer'")),
        };
        let client = obtained::client(reader)?;
        let subject = reader.need_secret("subject_token")?;
        let actor = reader.secret("actor_token")?;
        let exchange = oauth::token_exchange(target, client, &reader.templates("params")?);
        let grant = Grant {
            kind: NAME,
            obtain: Obtain::Exchange(Box::new(exchange)),
            jwt: oidc::assertion(reader, client, &audience)?,
            refusals: Refusals::OAuth,
        };
        let mut plan = obtained::plan(reader, base, grant)?;
        let mut set = |key: &str, default: Option<&str>| -> Result<(), Error> {
            if let Some(name) = token_type(reader, key, default)? {
                plan.variant.push_str(&format!("\n{key} {name}"));
                plan.texts.insert(key.to_owned(), name);
            }
            Ok(())
        };
        set("subject_token_type", Some(DEFAULT_TYPE))?;
        set("requested_token_type", None)?;
        if actor.is_some() {
            set("actor_token_type", Some(DEFAULT_TYPE))?;
        }
        plan.secrets.insert("subject_token".into(), subject);
        plan.secrets
            .extend(actor.map(|actor| ("actor_token".to_owned(), actor)));
        // The token speaks for the subject, who can be another one in the next job.
        plan.binding = Binding::Secrets;
        if let Some(issuer) = issuer {
            issuer::with_issuer(&mut plan, issuer);
        }
        obtained::finished(reader, plan)
    },
};

/// A token type: a short name, or a URI of any service.
fn token_type(reader: &Reader, key: &str, default: Option<&str>) -> Result<Option<String>, Error> {
    let given = reader.text(key)?;
    let Some(name) = given.or_else(|| default.map(str::to_owned)) else {
        return Ok(None);
    };
    match TOKEN_TYPES.iter().find(|(short, _)| *short == name) {
        Some((_, uri)) => Ok(Some((*uri).to_owned())),
        None if name.contains(':') => Ok(Some(name)),
        None => {
            let short: Vec<&str> = TOKEN_TYPES.iter().map(|(short, _)| *short).collect();
            let why = format!("must be a URI or one of {}", short.join(", "));
            Err(reader.wrong(key, why))
        }
    }
}
