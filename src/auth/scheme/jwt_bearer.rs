//! `jwt_bearer`: exchanges an assertion signed by c47 for a token (RFC 7523 §2.1), as Google does.

use std::time::Duration;

use super::definition::Definition;
use super::jwt;
use super::obtained::{self, Grant};
use crate::auth::oauth;
use crate::auth::plan::{Obtain, Refusals, SigningKey, Target, TokenSpec};
use crate::json::Text;
use crate::jwt::claim::Claim;

const NAME: &str = "jwt_bearer";

/// The lifetime of the assertion, the maximum at Google.
const ASSERTION_TTL: Duration = Duration::from_secs(3600);

pub(super) const DEFINITION: Definition = Definition {
    name: NAME,
    option: None,
    keys: &[obtained::KEYS, obtained::OAUTH_KEYS, jwt::KEYS],
    from_profile: |reader, base| {
        let spec = jwt::spec(reader, ASSERTION_TTL)?;
        let mut spec = spec.ok_or_else(|| reader.missing("key", " or 'service_account'"))?;
        let is_account = matches!(spec.key, SigningKey::ServiceAccount(_));
        let target = match reader.url("token_url", Some(base))? {
            Some(url) => Target::Url(url),
            None if is_account => Target::TokenUri,
            None => return Err(reader.missing("token_url", "")),
        };
        // Google reads the scope from the assertion, other services from the form.
        if let Some(scope) = reader.text("scope")? {
            add_claim(&mut spec, "scope", &scope);
        }
        if let (Target::Url(url), false) = (&target, is_account) {
            let audience = reader.text("audience")?.unwrap_or_else(|| url.to_string());
            add_claim(&mut spec, "aud", &audience);
        }
        let exchange = oauth::jwt_bearer(target, &reader.templates("params")?);
        let obtain = Obtain::Exchange(Box::new(exchange));
        let grant = Grant {
            kind: NAME,
            obtain,
            jwt: Some(spec),
            refusals: Refusals::OAuth,
        };
        obtained::scheme(reader, base, grant)
    },
};

/// Adds a claim unless the profile sets it.
fn add_claim(spec: &mut TokenSpec, name: &str, value: &str) {
    if !spec.claims.iter().any(|claim| claim.name == name) {
        spec.claims.push(Claim::new(name, Text::string(value)));
    }
}
