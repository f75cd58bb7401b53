//! Expands `$ORIGIN`, `$LIB` and `$PLATFORM` in search paths and names, and splits search paths.
//!
//! Source: ld.so(8), "Dynamic string tokens"; glibc's elf/dl-load.c for text that is not a token.

use std::collections::BTreeSet;

/// The values of the tokens.
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'a> {
    /// The directory of the object that has the path. `None` if it is unknown.
    pub origin: Option<&'a [u8]>,
    pub lib: &'a [u8],
    pub platform: &'a [u8],
}

/// Limit for the length of an expanded text. The kernel does not open a longer path.
const MOST_EXPANDED_BYTES: usize = 4096;
/// Limit for the number of directories in a search path.
const MOST_DIRECTORIES: usize = 1000;

/// The text with its tokens replaced. `None` if a token has no value (ld.so then ignores the text),
/// or if the result is too long.
pub(super) fn expand(text: &[u8], tokens: Tokens) -> Option<Vec<u8>> {
    let mut expanded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(dollar) = memchr::memchr(b'$', rest) {
        if expanded.len() > MOST_EXPANDED_BYTES {
            return None;
        }
        let (before, after) = rest.split_at_checked(dollar)?;
        expanded.extend_from_slice(before);
        let after = after.get(1..).unwrap_or_default();
        let names = [
            (&b"ORIGIN"[..], tokens.origin),
            (
                &b"PLATFORM"[..],
                Some(tokens.platform).filter(|platform| !platform.is_empty()),
            ),
            (&b"LIB"[..], Some(tokens.lib)),
        ];
        let found = names
            .iter()
            .find_map(|(name, value)| Some((after_name(after, name)?, *value)));
        rest = match found {
            Some((rest, value)) => {
                expanded.extend_from_slice(value?);
                rest
            }
            None => {
                expanded.push(b'$');
                after
            }
        };
    }
    expanded.extend_from_slice(rest);
    (expanded.len() <= MOST_EXPANDED_BYTES).then_some(expanded)
}

/// The rest of the text after `name` or `{name}`, if it starts with one.
fn after_name<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    if let Some(inner) = text.strip_prefix(b"{") {
        return inner.strip_prefix(name)?.strip_prefix(b"}");
    }
    let rest = text.strip_prefix(name)?;
    let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    (!rest.first().is_some_and(goes_on)).then_some(rest)
}

/// The directories of a search path without duplicates, each with one `/` at the end. An empty
/// element is the current directory and becomes "".
pub(super) fn directories(path: &[u8], separators: &[u8], tokens: Tokens) -> Vec<Vec<u8>> {
    let mut directories: Vec<Vec<u8>> = Vec::new();
    let mut seen: BTreeSet<Vec<u8>> = BTreeSet::new();
    for element in path.split(|byte| separators.contains(byte)) {
        let Some(expanded) = expand(element, tokens) else {
            continue;
        };
        let directory = with_one_slash(&expanded);
        if seen.insert(directory.clone()) {
            directories.push(directory);
        }
        if directories.len() >= MOST_DIRECTORIES {
            break;
        }
    }
    directories
}

fn with_one_slash(directory: &[u8]) -> Vec<u8> {
    let mut end = directory.len();
    while end > 1 && directory.get(end - 1) == Some(&b'/') {
        end -= 1;
    }
    let mut directory = directory.get(..end).unwrap_or_default().to_vec();
    if directory.last().is_some_and(|&last| last != b'/') {
        directory.push(b'/');
    }
    directory
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: Tokens = Tokens {
        origin: Some(b"/opt/a/bin"),
        lib: b"lib64",
        platform: b"x86_64",
    };

    #[test]
    fn tokens_are_expanded() {
        for (text, expected) in [
            ("$ORIGIN/../lib", "/opt/a/bin/../lib"),
            ("${ORIGIN}/x", "/opt/a/bin/x"),
            ("/a/$LIB/$PLATFORM", "/a/lib64/x86_64"),
            ("/a/${LIB}b", "/a/lib64b"),
            ("$LIBx", "$LIBx"),
            ("${LIB", "${LIB"),
            ("$", "$"),
            ("a$$LIB", "a$lib64"),
            ("", ""),
        ] {
            let got = expand(text.as_bytes(), TOKENS).unwrap();
            assert_eq!(String::from_utf8(got).unwrap(), expected, "{text}");
        }
        let lost = Tokens {
            origin: None,
            ..TOKENS
        };
        assert_eq!(expand(b"$ORIGIN/lib", lost), None);
    }

    #[test]
    fn search_path_is_split_into_unique_directories() {
        let split = |text: &str| {
            let all = directories(text.as_bytes(), b":", TOKENS);
            let all = all.into_iter().map(|one| String::from_utf8(one).unwrap());
            all.collect::<Vec<_>>()
        };
        assert_eq!(split("/a//:/b:/a"), ["/a/", "/b/"]);
        assert_eq!(split(":/x"), ["", "/x/"]);
        assert_eq!(split("/"), ["/"]);
        assert_eq!(split("$ORIGIN"), ["/opt/a/bin/"]);
        assert_eq!(
            split(&format!("/a:{}:/b", "$ORIGIN".repeat(500))),
            ["/a/", "/b/"]
        );
        let many: String = (0..5000).map(|number| format!("/{number}:")).collect();
        assert_eq!(split(&many).len(), MOST_DIRECTORIES);
    }
}
