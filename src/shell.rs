//! Words for a POSIX shell. A leaf: every module may use it.

use std::path::Path;

/// A path as a word for a POSIX shell: what a message offers as a command must do no more.
pub(crate) fn path(path: &Path) -> String {
    quote(&path.display().to_string())
}

/// A word for a POSIX shell: as it is where it is harmless, else in single quotes.
pub(crate) fn quote(word: &str) -> String {
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(is_harmless) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
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
        assert_eq!(in_quotes("a\"$b`\\"), "a\\\"\\$b\\`\\\\");
    }
}
