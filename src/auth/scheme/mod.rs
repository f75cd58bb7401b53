//! Authentication schemes: one file for each scheme, and a table of all. The parser of `--auth`, the
//! configuration schema, messages, completions and the example configuration use the table.

mod aws;
mod basic;
mod bearer;
mod client_credentials;
mod definition;
mod device;
mod digest;
mod header;
mod helper;
mod hmac;
mod issuer;
mod jwt;
mod jwt_bearer;
mod login;
mod netrc;
mod none;
mod obtained;
mod oidc;
mod option_stages;
mod password;
mod placed;
mod query;
mod refresh_token;
mod token_exchange;

use std::rc::Rc;

use crate::config::key::Key;
use crate::config::read::Reader;
use crate::error::Error;
use crate::http::url::{Url, UserInfo};
use crate::secret::Secret;

pub(crate) use definition::{
    Definition, HmacOptions, Lifetime, MintOptions, SchemeOptions, SharedScheme, SigningOptions,
};
pub(crate) use option_stages::option_stages;

/// All schemes, in the order of lists.
pub(crate) const ALL: &[&Definition] = &[
    &none::DEFINITION,
    &basic::DEFINITION,
    &digest::DEFINITION,
    &netrc::DEFINITION,
    &bearer::DEFINITION,
    &header::DEFINITION,
    &query::DEFINITION,
    &jwt::DEFINITION,
    &aws::DEFINITION,
    &hmac::DEFINITION,
    &helper::DEFINITION,
    &client_credentials::DEFINITION,
    &jwt_bearer::DEFINITION,
    &refresh_token::DEFINITION,
    &device::DEFINITION,
    &oidc::DEFINITION,
    &token_exchange::DEFINITION,
    &login::DEFINITION,
];

/// The names of all schemes.
#[allow(clippy::indexing_slicing)] // a wrong index fails to compile
pub(crate) const NAMES: [&str; ALL.len()] = {
    let mut names = [""; ALL.len()];
    let mut at = 0;
    while at < ALL.len() {
        names[at] = ALL[at].name;
        at += 1;
    }
    names
};

/// The forms of `--auth`, for example `bearer=SOURCE` and `basic=USER:SOURCE`.
pub(crate) fn option_forms() -> impl Iterator<Item = &'static str> {
    ALL.iter()
        .filter_map(|definition| definition.option.as_ref())
        .flat_map(|option| option.syntax.iter().copied())
}

/// The profile keys of all schemes.
pub(crate) fn keys() -> impl Iterator<Item = &'static Key> {
    ALL.iter()
        .flat_map(|definition| definition.keys)
        .flat_map(|group| group.iter())
}

/// Reads the value of `--auth`. The scheme must use all `options`.
///
/// # Errors
/// The message never contains `text`, which may be a secret given by mistake.
pub(crate) fn from_option(text: &str, options: SchemeOptions) -> Result<SharedScheme, String> {
    let (name, rest) = match text.split_once('=') {
        Some((name, rest)) => (name, Some(rest)),
        None => (text, None),
    };
    let option = ALL
        .iter()
        .find(|definition| definition.name == name)
        .and_then(|definition| definition.option.as_ref());
    let Some(option) = option else {
        let forms: Vec<&str> = option_forms().collect();
        return Err(format!("unknown scheme; use one of {}", forms.join(", ")));
    };
    let mut options = options;
    let scheme = (option.parse)(rest, &mut options)?;
    match options.unused() {
        Some(why) => Err(why),
        None => Ok(scheme),
    }
}

/// Reads the scheme of a profile. Without `auth` there are no credentials.
///
/// # Errors
/// The first invalid key and its place.
pub(crate) fn from_profile(reader: &Reader, base: &Url) -> Result<SharedScheme, Error> {
    let Some(name) = reader.text("auth")? else {
        return Ok(none());
    };
    match ALL.iter().find(|definition| definition.name == name) {
        Some(definition) => (definition.from_profile)(reader, base),
        None => Err(reader.wrong("auth", format!("must be one of {}", NAMES.join(", ")))),
    }
}

/// No credentials.
pub(crate) fn none() -> SharedScheme {
    Rc::new(none::NoScheme)
}

/// Basic with the credentials in a URL.
pub(crate) fn from_user_info(user_info: UserInfo) -> SharedScheme {
    let password = user_info
        .password
        .unwrap_or_else(|| Secret::new(Vec::new()));
    basic::with_password(user_info.user, password)
}

impl SchemeOptions {
    /// The error if there are options that no scheme has taken.
    pub(crate) fn unused(&self) -> Option<String> {
        let (first_given, forms) = match (&self.mint, &self.hmac) {
            (Some(mint), _) if !mint.first_given.is_empty() => (mint.first_given, jwt::FORM),
            (_, Some(hmac)) => (hmac.first_given, hmac::FORM),
            (_, None) => return None,
        };
        Some(format!(
            "{first_given} requires --auth {}",
            forms.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests;
