//! `login`: gets a token with a request that the profile describes.

use super::definition::Definition;
use super::jwt;
use super::obtained::{self, Grant};
use crate::auth::plan::{Obtain, Refusals, Target};
use crate::config::key::Kind;
use crate::config::read::Reader;
use crate::error::Error;
use crate::http::url::form_encode;

const NAME: &str = "login";

pub(super) const DEFINITION: Definition = Definition {
    name: NAME,
    option: None,
    keys: &[obtained::KEYS, jwt::KEYS, &[("login", Kind::Request)]],
    from_profile: |reader, base| {
        let mut login = obtained::request(reader, "login", base)?
            .ok_or_else(|| reader.missing("login", ", a table with url and json or form"))?;
        // The path may contain `{user}`, for example an installation ID.
        if let Target::Url(url) = &mut login.target {
            url.path = fill_path(reader, &url.path)?;
        }
        let key = jwt::spec(reader, jwt::DEFAULT_TTL)?;
        let obtain = Obtain::Exchange(Box::new(login));
        let grant = Grant {
            kind: NAME,
            obtain,
            jwt: key,
            refusals: Refusals::Usual,
        };
        obtained::scheme(reader, base, grant)
    },
};

fn fill_path(reader: &Reader, path: &str) -> Result<String, Error> {
    // The URL parser has percent-encoded the braces.
    const USER: &str = "%7Buser%7D";
    if !path.contains(USER) {
        return Ok(path.to_owned());
    }
    let user = reader.need("user")?;
    Ok(path.replace(USER, &form_encode(&user)))
}
