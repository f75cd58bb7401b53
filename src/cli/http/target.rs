//! Parses the positional arguments: method, URL or profile path, and items.

use super::Http;
use crate::auth::Profile;
use crate::cli::profile::named;
use crate::error::Error;
use crate::http::arguments::USUAL_METHODS;
use crate::http::item::Item;
use crate::http::url::Url;
use crate::outline::owned;

pub(super) use crate::http::arguments::{at_profile, parsed, words};

/// The parsed arguments.
pub(super) struct Target {
    pub method: Option<String>,
    pub url: Url,
    pub items: Vec<Item>,
    /// The profile that provides credentials and settings.
    pub profile: Option<Profile>,
}

/// Parses the arguments; `@NAME/path` or `--profile` selects a profile.
///
/// # Errors
/// For an invalid argument, an unknown profile, or a URL outside its profile.
pub(super) fn read(options: &Http) -> Result<Target, Error> {
    let (method, word, items) = words(&options.words)?;
    let (url, profile) = match (at_profile(word), &options.profile) {
        (None, None) => (Url::parse(word).map_err(Error::usage)?, None),
        (Some((name, path)), given) => {
            if given.as_deref().is_some_and(|given| given != name) {
                return Err(Error::usage(format!(
                    "'@{name}' and --profile name different profiles"
                )));
            }
            let profile = named("c47 http", name)?;
            (profile.join(path).map_err(Error::usage)?, Some(profile))
        }
        (None, Some(name)) => {
            let profile = named("c47 http", name)?;
            let url = Url::parse(word).map_err(Error::usage)?;
            if !profile.covers(&url) {
                return Err(Error::usage_hint(
                    format!(
                        "{url} is outside the profile {name}, {}",
                        profile.service.url
                    ),
                    format!(
                        "the profile's credentials are sent only below its URL; use @{name}/path"
                    ),
                ));
            }
            (url, Some(profile))
        }
    };
    Ok(Target {
        method,
        url,
        items: parsed(items)?,
        profile,
    })
}

/// Parses the arguments of a call to a profile that is already read, or without a profile.
///
/// # Errors
/// For an invalid argument, or a URL outside the profile.
pub(super) fn at(profile: Option<&Profile>, arguments: &[String]) -> Result<Target, Error> {
    let (method, word, items) = words(arguments)?;
    let url = match (at_profile(word), profile) {
        (Some((_, path)), Some(profile)) => profile.join(path),
        (Some(_), None) | (None, _) => Url::parse(word),
    };
    Ok(Target {
        method,
        url: url.map_err(Error::usage)?,
        items: parsed(items)?,
        profile: profile.cloned(),
    })
}

/// Parses only the method.
///
/// # Errors
/// For invalid arguments.
pub(super) fn method(options: &Http) -> Result<Option<String>, Error> {
    let (method, _, _) = words(&options.words)?;
    Ok(method)
}

/// Parses only the items.
///
/// # Errors
/// Names an invalid item.
pub(super) fn items(options: &Http) -> Result<Vec<Item>, Error> {
    let (_, _, items) = words(&options.words)?;
    parsed(items)
}

/// The methods that completions offer, and that may be written in lower case.
pub(super) fn methods() -> Vec<String> {
    owned(&USUAL_METHODS)
}
