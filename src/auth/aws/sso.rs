//! IAM Identity Center: the token that `aws sso login` stored is exchanged for the keys of a role.

use std::io::Read;

use serde_json::Value as Json;
use zeroize::Zeroizing;

use super::answer::{Members, Obtained};
use super::call;
use super::origin::Sso;
use crate::auth::error::Error as AuthError;
use crate::crypto::sha1;
use crate::deadline::Deadline;
use crate::descriptor;
use crate::error::Error;
use crate::hex;
use crate::http::Settings;
use crate::http::part::Header;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The directory of the tokens, below the home directory.
pub(super) const CACHE: &str = ".aws/sso/cache";

const MAX_BYTES: u64 = 1 << 20;

/// The file of the token for a session or a start URL.
pub(super) fn file_name(key: &str) -> String {
    format!("{}.json", hex::encode(&sha1(key.as_bytes())))
}

/// Gets the keys of the role.
///
/// # Errors
/// If there is no valid token, or the service does not respond.
pub(super) fn keys(
    sso: &Sso,
    profile: &str,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Obtained, Error> {
    let missing = |why: &str| {
        Error::Auth(AuthError::Missing {
            profile: profile.to_owned(),
            why: why.to_owned(),
            hint: Some(format!("run {}", sso.login)),
        })
    };
    let token = token(sso).map_err(missing)?;
    let mut url = sso.url.clone();
    url.path = format!("{}/federation/credentials", url.path.trim_end_matches('/'));
    url.push_query("role_name", &sso.role);
    url.push_query("account_id", &sso.account);
    let mut request = call::request("GET", url);
    request
        .headers
        .push(Header::secret("x-amz-sso_bearer_token", token));
    let answer = call::service(request, settings, deadline)?;
    if answer.status == 401 {
        return Err(missing("the login of IAM Identity Center has expired"));
    }
    Ok(Obtained::of_json(
        &answer,
        Members::Within("roleCredentials"),
    ))
}

/// The token, which is never renewed here: the AWS CLI owns it.
fn token(sso: &Sso) -> Result<Secret, &'static str> {
    let absent = "no login of IAM Identity Center is stored";
    let file = descriptor::open_at_once(&sso.cache).map_err(|_| absent)?;
    if !file.metadata().is_ok_and(|found| found.is_file()) {
        return Err(absent);
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|_| absent)?;
    let json: Json = serde_json::from_slice(&bytes).map_err(|_| absent)?;
    let text = |name: &str| json.get(name).and_then(Json::as_str);
    let token = text("accessToken").ok_or(absent)?;
    // Old versions of the CLI wrote UTC in place of Z.
    let expires = text("expiresAt").map(|text| text.replace("UTC", "Z"));
    let expires = expires.and_then(|text| Timestamp::parse(&text).ok());
    if expires.is_none_or(|at| at <= Timestamp::now()) {
        return Err("the login of IAM Identity Center has expired");
    }
    let token = Secret::new(token.as_bytes().to_vec());
    match token.expose_text() {
        Ok(_) => Ok(token),
        Err(_) => Err(absent),
    }
}
