//! `device`: a person logs in on another device with a code (RFC 8628).

use super::definition::Definition;
use super::obtained::{self, Grant};
use crate::auth::oauth;
use crate::auth::plan::{Obtain, Refusals, Target};
use crate::config::key::Kind;

const NAME: &str = "device";

pub(super) const DEFINITION: Definition = Definition {
    name: NAME,
    option: None,
    keys: &[
        obtained::KEYS,
        obtained::OAUTH_KEYS,
        &[("device_url", Kind::Text)],
    ],
    from_profile: |reader, base| {
        let url = obtained::token_url(reader, base)?;
        let device_url = reader
            .url("device_url", Some(base))?
            .ok_or_else(|| reader.missing("device_url", ""))?;
        reader.need("client_id")?;
        let client = obtained::client(reader)?;
        let obtain = Obtain::Device {
            code: Box::new(oauth::device_code(Target::Url(device_url), client)),
            poll: Box::new(oauth::device_poll(Target::Url(url.clone()), client)),
        };
        let grant = Grant {
            kind: NAME,
            obtain,
            jwt: None,
            refusals: Refusals::OAuth,
        };
        let mut plan = obtained::plan(reader, base, grant)?;
        plan.refresh = Some(oauth::refresh(url, client));
        obtained::finished(reader, plan)
    },
};
