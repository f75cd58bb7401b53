//! Words for a POSIX shell. A leaf: every module may use it.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::escape::one_line;

/// A word for a POSIX shell: as it is where it is harmless, else in single quotes.
pub(crate) fn quote(word: &str) -> String {
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(is_harmless) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A path for a POSIX shell, whatever bytes it has. Where it has other characters than a terminal
/// shows, in the form `$'…'` that bash, zsh and POSIX since 2024 read. Never taken for an option.
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

/// Whether a shell has variables of this name.
pub(crate) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Text within double quotes, without a meaning to the shell.
pub(crate) fn in_quotes(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '"' | '\\' | '$' | '`' => out.extend(['\\', c]),
            // An interactive shell replaces it by an earlier command, also within double quotes.
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
    fn words_for_a_shell() {
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
