//! Quoting for POSIX shells. A leaf: every module may use it.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::escape::one_line;

/// A word for a POSIX shell, in single quotes if necessary.
pub(crate) fn quote(word: &str) -> String {
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(is_harmless) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A path for a POSIX shell. A path with unprintable characters is written as `$'…'`, which bash, zsh
/// and POSIX 2024 support. A path that starts with `-` is prefixed with `./`.
pub(crate) fn quote_path(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let dash = if bytes.starts_with(b"-") { "./" } else { "" };
    match path.to_str().filter(|text| one_line(text) == *text) {
        Some(text) => quote(&format!("{dash}{text}")),
        None => {
            let mut word = format!("$'{dash}");
            for &byte in bytes {
                match byte {
                    b'\'' | b'\\' => word.extend(['\\', char::from(byte)]),
                    b' '..=b'~' => word.push(char::from(byte)),
                    _ => word.push_str(&format!("\\{byte:03o}")),
                }
            }
            word.push('\'');
            word
        }
    }
}

/// Whether this is a valid name of a shell variable.
pub(crate) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Escapes text for use within double quotes.
pub(crate) fn in_quotes(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '"' | '\\' | '$' | '`' => out.extend(['\\', c]),
            // An interactive shell expands it as history, also within double quotes.
            '!' => out.push_str("\"'!'\""),
            _ => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_paths_are_quoted() {
        assert_eq!(quote("a/b:c"), "a/b:c");
        assert_eq!(quote("it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!(quote(""), "''");
        assert_eq!(in_quotes("a!"), "a\"'!'\"");
        let path = |bytes: &[u8]| quote_path(Path::new(std::ffi::OsStr::from_bytes(bytes)));
        assert_eq!(path(b"/a b"), "'/a b'");
        assert_eq!(path(b"-rf"), "./-rf");
        assert_eq!(path(b"/a\n'\xff\\"), "$'/a\\012\\'\\377\\\\'");
        assert_eq!(in_quotes("a\"$b`\\"), "a\\\"\\$b\\`\\\\");
    }
}
