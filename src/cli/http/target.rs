//! What the words of the command line name: a method, a URL or a path of a profile, items.

use super::Http;
use crate::auth::Profile;
use crate::cli::profile::named;
use crate::error::Error;
use crate::http::item::Item;
use crate::http::url::Url;

/// What is called.
pub(super) struct Target {
    pub method: Option<String>,
    pub url: Url,
    pub items: Vec<Item>,
    /// The profile whose credentials and settings go along.
    pub profile: Option<Profile>,
}

/// Reads the words; a profile is named by `@NAME/path` or `--profile`.
///
/// # Errors
/// A wrong word, an unknown profile, or a URL that is not within its profile.
pub(super) fn read(options: &Http) -> Result<Target, Error> {
    let (method, word, items) = words(&options.words)?;
    let (url, profile) = match (word.strip_prefix('@'), &options.profile) {
        (None, None) => (Url::parse(word).map_err(Error::usage)?, None),
        (Some(word), given) => {
            let end = word.find(['/', '?', '#']).unwrap_or(word.len());
            let (name, path) = word.split_at(end);
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
                        "{url} is not within profile {name}, {}",
                        profile.service.url
                    ),
                    format!("its credentials go nowhere else; write @{name}/path"),
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

/// The items alone.
///
/// # Errors
/// Names a wrong one.
pub(super) fn items(options: &Http) -> Result<Vec<Item>, Error> {
    let (_, _, items) = words(&options.words)?;
    parsed(items)
}

fn parsed(items: &[String]) -> Result<Vec<Item>, Error> {
    let items: Result<Vec<Item>, String> = items.iter().map(|item| Item::parse(item)).collect();
    items.map_err(Error::usage)
}

/// Method, URL and items. The first word is the method when it is in capitals, or a usual one, and
/// another word follows.
fn words(words: &[String]) -> Result<(Option<String>, &str, &[String]), Error> {
    const USUAL: [&str; 7] = ["get", "head", "post", "put", "patch", "delete", "options"];
    let is_method = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase()) || USUAL.contains(&word)
    };
    match words {
        [] => Err(Error::usage_hint(
            "a URL is missing",
            "c47 http [METHOD] URL [ITEM …]",
        )),
        [method, url, items @ ..] if is_method(method) => {
            Ok((Some(method.to_ascii_uppercase()), url, items))
        }
        [url, items @ ..] => Ok((None, url, items)),
    }
}
