//! `client_credentials`: a token for the program itself (RFC 6749 §4.4).

use std::time::Duration;

use super::definition::Definition;
use super::jwt;
use super::obtained::{self, Grant};
use crate::auth::oauth;
use crate::auth::plan::{Obtain, Refusals, TokenSpec};
use crate::config::read::Reader;
use crate::error::Error;
use crate::http::url::Url;

const NAME: &str = "client_credentials";

/// The lifetime of a client assertion.
const ASSERTION_TTL: Duration = Duration::from_secs(60);

pub(super) const DEFINITION: Definition = Definition {
    name: NAME,
    option: None,
    keys: &[obtained::KEYS, obtained::OAUTH_KEYS, jwt::KEYS],
    from_profile: |reader, base| {
        let url = obtained::token_url(reader, base)?;
        let client = obtained::client(reader)?;
        let assertion = match client {
            oauth::Client::PrivateKeyJwt => Some(assertion(reader, &url)?),
            oauth::Client::Basic | oauth::Client::Post | oauth::Client::Public => None,
        };
        let params = reader.templates("params")?;
        let exchange = oauth::client_credentials(url.clone(), client, &params);
        let obtain = Obtain::Exchange(Box::new(exchange));
        let grant = Grant {
            kind: NAME,
            obtain,
            jwt: assertion,
            refusals: Refusals::OAuth,
        };
        let mut plan = obtained::plan(reader, base, grant)?;
        plan.refresh
            .get_or_insert_with(|| oauth::refresh(url, client));
        obtained::finished(reader, plan)
    },
};

fn assertion(reader: &Reader, url: &Url) -> Result<TokenSpec, Error> {
    let spec = jwt::spec(reader, ASSERTION_TTL)?;
    let mut spec = spec.ok_or_else(|| reader.missing("key", " for private_key_jwt"))?;
    spec.claims.extend(oauth::client_claims(
        &reader.need("client_id")?,
        &reader.text("audience")?.unwrap_or_else(|| url.to_string()),
    ));
    Ok(spec)
}
