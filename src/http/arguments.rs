//! The arguments of a call as words: method, URL or `@NAME/path`, and items.

use super::item::Item;
use super::url::Url;
use crate::error::Error;
use crate::escape;
use crate::nearest::nearest;

/// The methods that may be written in lower case.
pub(crate) const USUAL_METHODS: [&str; 7] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Splits the arguments into method, URL and items. The first word is the method if it is in
/// capitals or a usual method, and another word follows.
pub(crate) fn words(words: &[String]) -> Result<(Option<String>, &str, &[String]), Error> {
    let is_usual_in_small = |word: &str| {
        word.bytes().all(|b| b.is_ascii_lowercase())
            && USUAL_METHODS.contains(&word.to_ascii_uppercase().as_str())
    };
    let is_method = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase()) || is_usual_in_small(word)
    };
    match words {
        [] => Err(Error::usage_hint(
            "missing URL",
            "use c47 http [METHOD] URL [ITEM…]",
        )),
        [method, url, items @ ..] if is_method(method) => {
            Ok((Some(method.to_ascii_uppercase()), url, items))
        }
        [word, url, ..] if is_url(url) && looks_like_method(word) => {
            let near = nearest(&word.to_ascii_uppercase(), USUAL_METHODS);
            Err(Error::usage_hint(
                format!("'{}' is not a method", escape::one_line(word)),
                match near {
                    Some(near) => format!("did you mean {near}?"),
                    None => "write a custom method in capitals".to_owned(),
                },
            ))
        }
        [url, items @ ..] => Ok((None, url, items)),
    }
}

/// The profile's name and the path of `@NAME/path`.
pub(crate) fn at_profile(word: &str) -> Option<(&str, &str)> {
    let word = word.strip_prefix('@')?;
    let end = word.find(['/', '?', '#']).unwrap_or(word.len());
    Some(word.split_at(end))
}

/// Parses items.
///
/// # Errors
/// Names an invalid item.
pub(crate) fn parsed(items: &[String]) -> Result<Vec<Item>, Error> {
    let parsed = items.iter().map(|item| {
        ensure_no_url(item)?;
        Item::parse(item).map_err(Error::usage)
    });
    parsed.collect()
}

/// Refuses a URL as an item: `http://a` would be the header `http: //a`.
fn ensure_no_url(item: &str) -> Result<(), Error> {
    if !is_absolute(item) && !has_port(item) {
        return Ok(());
    }
    // The message does not repeat the user, password and query.
    let host = Url::parse(item).map(|url| url.origin.to_string());
    let what = host.unwrap_or_else(|_| "a URL".into());
    Err(Error::usage_hint(
        format!("{what} given in place of an item; c47 http takes one URL"),
        "use c47 http [METHOD] URL [ITEM…] once for each URL",
    ))
}

/// Whether a word starts like a URL.
fn is_absolute(word: &str) -> bool {
    const SCHEMES: [&str; 7] = ["http", "https", "ws", "wss", "ftp", "ftps", "file"];
    word.split_once("://")
        .is_some_and(|(scheme, _)| SCHEMES.iter().any(|name| scheme.eq_ignore_ascii_case(name)))
}

/// Whether a word is a host with a port and possibly a path: `localhost:8080`, `a.lan:8080/x`.
fn has_port(word: &str) -> bool {
    let Some((host, rest)) = word.split_once(':') else {
        return false;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let port = rest.get(..end).unwrap_or_default();
    let is_host = host.eq_ignore_ascii_case("localhost")
        || host.contains('.')
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
    is_host && !port.is_empty() && port.parse::<u16>().is_ok()
}

/// Whether a word is a URL and not an item: it starts like one, or names a host or a path.
fn is_url(word: &str) -> bool {
    is_absolute(word)
        || has_port(word)
        || word.starts_with([':', '@', '/'])
        || Item::parse(word).is_err() && is_host(word)
}

/// Whether a word before a URL can only be a mistyped method.
fn looks_like_method(word: &str) -> bool {
    !is_host(word)
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// Whether a word without a scheme can only be a host.
fn is_host(word: &str) -> bool {
    let end = word.find(['/', ':', '?']).unwrap_or(word.len());
    word.contains(['.', ':', '/']) || word.get(..end) == Some("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_distinguished_from_items() {
        for url in [
            "http://a",
            "HTTPS://a.lan/x",
            "ws://a",
            "localhost:80",
            "a.lan:8080/x",
            "10.0.0.1:80?a",
            ":8080/x",
            "@kitsu/x",
            "a.lan",
            "a/b",
            "localhost",
            "localhost/x",
            "/x",
        ] {
            assert!(is_url(url), "{url}");
        }
        for item in [
            "X:http://a",
            "url=http://a",
            "q==http://a",
            "file@/a.b",
            "X.Y:1a",
            "X.Y: 80",
            "X-Path://a",
            "a",
            "X-Port:80",
            "a:=1.5",
            "X;",
            "Host:a.lan:80",
        ] {
            assert!(!is_url(item), "{item}");
            assert!(ensure_no_url(item).is_ok(), "{item}");
        }
    }
}
