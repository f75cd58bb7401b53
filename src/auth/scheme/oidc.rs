//! `oidc`: a person logs in at an OpenID Connect issuer: authorization code with PKCE, or a device login.

use super::definition::Definition;
use super::issuer;
use super::jwt;
use super::obtained::{self, Grant};
use crate::auth::oauth;
use crate::auth::oidc::login::OWN_PARAMS;
use crate::auth::plan::{BrowserLogin, Endpoint, Obtain, Refusals, Target, TokenSpec};
use crate::config::key::{Key, Kind};
use crate::config::read::Reader;
use crate::error::Error;

const NAME: &str = "oidc";

/// The profile keys for an issuer.
pub(super) const ISSUER_KEYS: &[Key] = &[
    ("issuer", Kind::Text),
    ("domain", Kind::Text),
    ("realm", Kind::Text),
    ("resource", Kind::Text),
];

pub(super) const DEFINITION: Definition = Definition {
    name: NAME,
    option: None,
    keys: &[
        obtained::KEYS,
        ISSUER_KEYS,
        jwt::KEYS,
        &[("redirect_port", Kind::Integer), ("params", Kind::Texts)],
    ],
    from_profile: |reader, base| {
        let issuer = issuer::issuer(reader)?.ok_or_else(|| reader.missing("issuer", ""))?;
        let client = obtained::client(reader)?;
        let at = Target::Discovered;
        let login = BrowserLogin {
            port: redirect_port(reader)?,
            params: params(reader)?,
            redeem: oauth::authorization_code(at(Endpoint::Token), client),
            device_code: oauth::device_code(at(Endpoint::DeviceAuthorization), client),
            device_poll: oauth::device_poll(at(Endpoint::Token), client),
        };
        let grant = Grant {
            kind: NAME,
            obtain: Obtain::Browser(Box::new(login)),
            jwt: assertion(reader, client, &issuer.name)?,
            refusals: Refusals::OAuth,
        };
        let mut plan = obtained::plan(reader, base, grant)?;
        plan.refresh = Some(oauth::renewal(at(Endpoint::Token), client));
        plan.revoke
            .get_or_insert_with(|| oauth::revoke(at(Endpoint::Revocation), client));
        issuer::with_issuer(&mut plan, issuer);
        obtained::finished(reader, plan)
    },
};

fn redirect_port(reader: &Reader) -> Result<Option<u16>, Error> {
    let Some(port) = reader.integer("redirect_port")? else {
        return Ok(None);
    };
    match u16::try_from(port) {
        Ok(port) if port > 0 => Ok(Some(port)),
        Ok(_) | Err(_) => Err(reader.wrong("redirect_port", "must be from 1 to 65535")),
    }
}

/// More parameters of the authorization request. They are a part of a URL that is shown, so they are
/// not secret.
fn params(reader: &Reader) -> Result<Vec<(String, String)>, Error> {
    let Some(table) = reader.below("params") else {
        return Ok(Vec::new());
    };
    let mut params = Vec::new();
    for name in table.table.keys() {
        if OWN_PARAMS.contains(&name.as_str()) {
            return Err(table.wrong(name, "is set by c47"));
        }
        params.push((name.clone(), table.need(name)?));
    }
    Ok(params)
}

/// The assertion that authenticates the client. Its audience is the issuer.
pub(super) fn assertion(
    reader: &Reader,
    client: oauth::Client,
    audience: &str,
) -> Result<Option<TokenSpec>, Error> {
    match client {
        oauth::Client::PrivateKeyJwt => {
            jwt::client_assertion(reader, audience.to_owned()).map(Some)
        }
        oauth::Client::Basic | oauth::Client::Post | oauth::Client::Public => Ok(None),
    }
}
