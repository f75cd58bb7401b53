//! `refresh_token`: uses a refresh token that was obtained elsewhere (RFC 6749 §6).

use super::definition::Definition;
use super::obtained::{self, Grant};
use crate::auth::oauth;
use crate::auth::plan::{Obtain, Refusals};
use crate::config::key::Kind;

const NAME: &str = "refresh_token";

pub(super) const DEFINITION: Definition = Definition {
    name: NAME,
    option: None,
    keys: &[
        obtained::KEYS,
        obtained::OAUTH_KEYS,
        &[("refresh_token", Kind::Secret)],
    ],
    from_profile: |reader, base| {
        let url = obtained::token_url(reader, base)?;
        let first = reader.need_secret("refresh_token")?;
        let refresh = oauth::refresh(url, obtained::client(reader)?);
        let obtain = Obtain::Exchange(Box::new(refresh.clone()));
        let grant = Grant {
            kind: NAME,
            obtain,
            jwt: None,
            refusals: Refusals::OAuth,
        };
        let mut plan = obtained::plan(reader, base, grant)?;
        plan.secrets.insert("refresh_token".into(), first);
        plan.refresh = Some(refresh);
        obtained::finished(reader, plan)
    },
};
