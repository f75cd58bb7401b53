//! `client_credentials`: a token for the program itself (RFC 6749 §4.4).

use super::definition::Definition;
use super::jwt;
use super::obtained::{self, Grant};
use crate::auth::oauth;
use crate::auth::plan::{Obtain, Refusals};

const NAME: &str = "client_credentials";

pub(super) const DEFINITION: Definition = Definition {
    name: NAME,
    option: None,
    keys: &[obtained::KEYS, obtained::OAUTH_KEYS, jwt::KEYS],
    from_profile: |reader, base| {
        let url = obtained::token_url(reader, base)?;
        let client = obtained::client(reader)?;
        let assertion = match client {
            oauth::Client::PrivateKeyJwt => {
                let audience = reader.text("audience")?.unwrap_or_else(|| url.to_string());
                Some(jwt::client_assertion(reader, audience)?)
            }
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
