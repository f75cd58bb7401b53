//! How callers prove who they are: one file a scheme, and the table of them. The parser of `--auth`,
//! the configuration's schema, messages, completions and the example configuration read the table.

mod basic;
mod bearer;
mod client_credentials;
mod definition;
mod device;
mod digest;
mod header;
mod jwt;
mod jwt_bearer;
mod login;
mod netrc;
mod none;
mod obtained;
mod option_stages;
mod password;
mod placed;
mod query;
mod refresh_token;

use std::rc::Rc;

use crate::config::key::Key;
use crate::config::read::Reader;
use crate::error::Error;
use crate::http::url::{Url, UserInfo};
use crate::secret::Secret;

pub(crate) use definition::{Definition, Lifetime, MintOptions, SharedScheme};
pub(crate) use option_stages::option_stages;

/// Every scheme, in the order in which lists name them.
pub(crate) const ALL: &[&Definition] = &[
    &none::DEFINITION,
    &basic::DEFINITION,
    &digest::DEFINITION,
    &netrc::DEFINITION,
    &bearer::DEFINITION,
    &header::DEFINITION,
    &query::DEFINITION,
    &jwt::DEFINITION,
    &client_credentials::DEFINITION,
    &jwt_bearer::DEFINITION,
    &refresh_token::DEFINITION,
    &device::DEFINITION,
    &login::DEFINITION,
];

/// Their names.
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

/// The forms of `--auth`: `bearer=SOURCE`, `basic=USER:SOURCE` and so on.
pub(crate) fn option_forms() -> impl Iterator<Item = &'static str> {
    ALL.iter()
        .filter_map(|definition| definition.option.as_ref())
        .flat_map(|option| option.syntax.iter().copied())
}

/// The keys of a profile that only schemes read.
pub(crate) fn keys() -> impl Iterator<Item = &'static Key> {
    ALL.iter()
        .flat_map(|definition| definition.keys)
        .flat_map(|group| group.iter())
}

/// Reads the value of `--auth`, with the options of a minted token, which must then be taken.
///
/// # Errors
/// Never repeats `text`: it may hold the secret itself, given by mistake.
pub(crate) fn from_option(text: &str, mint: Option<MintOptions>) -> Result<SharedScheme, String> {
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
        return Err(format!("unknown scheme; write one of {}", forms.join(", ")));
    };
    let mut mint = mint;
    let scheme = (option.parse)(rest, &mut mint)?;
    match mint {
        Some(options) => Err(options.without_scheme()),
        None => Ok(scheme),
    }
}

/// Reads the scheme of a profile; without `auth` it has none.
///
/// # Errors
/// What is wrong with its keys, and where.
pub(crate) fn from_profile(reader: &Reader, base: &Url) -> Result<SharedScheme, Error> {
    let Some(name) = reader.text("auth")? else {
        return Ok(none());
    };
    match ALL.iter().find(|definition| definition.name == name) {
        Some(definition) => (definition.from_profile)(reader, base),
        None => Err(reader.wrong("auth", format!("it is one of {}", NAMES.join(", ")))),
    }
}

/// No credentials.
pub(crate) fn none() -> SharedScheme {
    Rc::new(none::NoScheme)
}

/// The credentials of a URL: Basic.
pub(crate) fn from_user_info(user_info: UserInfo) -> SharedScheme {
    let password = user_info
        .password
        .unwrap_or_else(|| Secret::new(Vec::new()));
    basic::with_password(user_info.user, password)
}

impl MintOptions {
    /// The error where no token is minted.
    pub(crate) fn without_scheme(&self) -> String {
        let forms: Vec<&str> = jwt::FORM.to_vec();
        format!(
            "{} belongs to --auth {}",
            self.first_given,
            forms.join(", ")
        )
    }
}

#[cfg(test)]
mod tests;
