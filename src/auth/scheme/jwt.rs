//! `jwt`: c47 signs a bearer token for each request.

use std::rc::Rc;
use std::time::Duration;

use super::definition::{
    Definition, Lifetime, OptionForm, Scheme, SchemeOptions, SharedScheme, named_key,
};
use crate::auth::context::{Context, Issued, Storage, TokenRequirement};
use crate::auth::mint::Signing;
use crate::auth::oauth;
use crate::auth::plan::{SigningKey, TokenId, TokenSpec};
use crate::auth::preview::{Origin, Preview};
use crate::auth::secret_ref::SecretRef;
use crate::auth::service::Service;
use crate::config::key::{Key, Kind};
use crate::config::read::Reader;
use crate::error::Error;
use crate::http::credential::Placement;
use crate::jwt::Algorithm;
use crate::secret::Source;
use crate::timestamp::Timestamp;

/// The syntax in `--auth`.
pub(super) const FORM: &[&str] = &["jwt=ALG:SOURCE"];

/// The lifetime of a client assertion.
const ASSERTION_TTL: Duration = Duration::from_secs(60);

/// The default lifetime.
pub(super) const DEFAULT_TTL: Duration = Duration::from_secs(300);

/// The profile keys for a token that c47 signs.
pub(super) const KEYS: &[Key] = &[
    ("key", Kind::Key),
    ("key_password", Kind::Secret),
    ("service_account", Kind::Key),
    ("algorithm", Kind::Text),
    ("kid", Kind::Text),
    ("claims", Kind::Json),
    ("ttl", Kind::Duration),
];

pub(super) const DEFINITION: Definition = Definition {
    name: "jwt",
    option: Some(OptionForm {
        syntax: FORM,
        parse,
    }),
    keys: &[KEYS],
    from_profile: |reader, _| {
        let spec = spec(reader, DEFAULT_TTL)?;
        let spec = spec.ok_or_else(|| reader.missing("key", " to sign with"))?;
        Ok(Rc::new(Jwt(spec)))
    },
};

#[derive(Debug)]
struct Jwt(TokenSpec);

fn parse(rest: Option<&str>, options: &mut SchemeOptions) -> Result<SharedScheme, String> {
    let (algorithm, key) = named_key("jwt", "ALG", rest)?;
    let algorithm = Algorithm::parse(&algorithm)?;
    let options = options.mint.take().unwrap_or_default();
    let has_claim = |name: &str| options.claims.iter().any(|claim| claim.name == name);
    if options.ttl.is_some() && has_claim("exp") {
        return Err("--ttl cannot be used with the claim exp".into());
    }
    if options.token_id == TokenId::Random && has_claim("jti") {
        return Err("--jti cannot be used with the claim jti".into());
    }
    Ok(Rc::new(Jwt(TokenSpec {
        key: SigningKey::Plain {
            key: SecretRef::Source(key),
            password: options.key_password.map(SecretRef::Source),
        },
        algorithm: Some(algorithm),
        kid: options.kid,
        claims: options.claims,
        ttl: options.ttl.unwrap_or(DEFAULT_TTL),
        token_id: options.token_id,
    })))
}

impl Scheme for Jwt {
    fn issue(&self, _: &Service, _: &TokenRequirement, context: &Context) -> Result<Issued, Error> {
        let token = Signing::read(&self.0, context.deadline)?.mint()?;
        let ttl = i64::try_from(self.0.ttl.as_secs()).unwrap_or(i64::MAX);
        Ok(Issued {
            credential: Placement::Bearer.credential(&token),
            token: Some(token),
            expires: Some(Timestamp::now().plus(ttl)),
            storage: Storage::default(),
            warnings: Vec::new(),
        })
    }

    fn preview(&self, service: &Service) -> Preview {
        let token = match (&self.0.key, service.name.as_str()) {
            (
                SigningKey::Plain {
                    key: SecretRef::Source(key),
                    ..
                },
                "",
            ) => Origin::Printed(sign(&self.0, key)),
            (_, "") => Origin::Hidden,
            (_, profile) => Origin::printed_by_auth_token(profile),
        };
        Preview::Token {
            placement: Placement::Bearer,
            token,
        }
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime::OneRequest
    }
}

/// The command that signs the same token.
fn sign(spec: &TokenSpec, key: &Source) -> Vec<String> {
    let mut words = ["c47", "jwt", "sign"].map(str::to_owned).to_vec();
    let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
    if let Some(algorithm) = spec.algorithm {
        option("--alg", algorithm.name().to_owned());
    }
    option("--key", key.as_written());
    if let Some(SecretRef::Source(password)) = spec.key.password() {
        option("--key-password", password.as_written());
    }
    option("--ttl", format!("{}s", spec.ttl.as_secs()));
    for claim in &spec.claims {
        option("--claim", claim.as_written());
    }
    if let Some(kid) = &spec.kid {
        option("--kid", kid.clone());
    }
    if spec.token_id == TokenId::Random {
        words.push("--jti".into());
    }
    words
}

/// Reads the signing keys of a profile; `None` without a key.
///
/// # Errors
/// The first invalid key and its place.
pub(super) fn spec(reader: &Reader, default_ttl: Duration) -> Result<Option<TokenSpec>, Error> {
    let key = match (reader.key("service_account")?, reader.key("key")?) {
        (Some(account), _) => SigningKey::ServiceAccount(account),
        (None, Some(key)) => SigningKey::Plain {
            key,
            password: reader.secret("key_password")?,
        },
        (None, None) => return Ok(None),
    };
    let algorithm = reader
        .text("algorithm")?
        .map(|name| Algorithm::parse(&name).map_err(|why| reader.wrong("algorithm", why)))
        .transpose()?;
    let ttl = reader.duration("ttl")?.unwrap_or(default_ttl);
    if ttl.as_secs() == 0 || ttl.subsec_nanos() != 0 {
        return Err(reader.wrong("ttl", "must be whole seconds, at least 1s"));
    }
    Ok(Some(TokenSpec {
        key,
        algorithm,
        kid: reader.text("kid")?,
        claims: reader.claims("claims")?,
        ttl,
        token_id: TokenId::Random,
    }))
}

/// The assertion with which a client authenticates (RFC 7523 §2.2). Claims of the profile override.
///
/// # Errors
/// As [`spec`], and without a key.
pub(super) fn client_assertion(reader: &Reader, audience: String) -> Result<TokenSpec, Error> {
    let spec = spec(reader, ASSERTION_TTL)?;
    let mut spec = spec.ok_or_else(|| reader.missing("key", " for private_key_jwt"))?;
    for claim in oauth::client_claims(&reader.need("client_id")?, &audience) {
        if !spec.claims.iter().any(|own| own.name == claim.name) {
            spec.claims.push(claim);
        }
    }
    Ok(spec)
}
