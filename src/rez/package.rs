//! package.py, the package definition that Rez reads.

use std::fmt;

use crate::timestamp::Timestamp;

/// A package of executables in `bin`. It has no variants, because a static binary needs none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub name: String,
    pub version: String,
    pub description: String,
    pub authors: Vec<String>,
    /// File names in `bin`.
    pub tools: Vec<String>,
    /// `rez env --time` ignores packages without a timestamp.
    pub timestamp: Timestamp,
    /// The command that `rez test` runs.
    pub smoke: String,
}

/// The text of package.py.
impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |texts: &[String]| {
            let texts: Vec<String> = texts.iter().map(|text| python(text)).collect();
            format!("[{}]", texts.join(", "))
        };
        writeln!(f, "format_version = 2\n")?;
        writeln!(f, "name = {}\n", python(&self.name))?;
        writeln!(f, "version = {}\n", python(&self.version))?;
        writeln!(f, "description = {}\n", python(&self.description))?;
        if !self.authors.is_empty() {
            writeln!(f, "authors = {}\n", list(&self.authors))?;
        }
        writeln!(f, "tools = {}\n", list(&self.tools))?;
        writeln!(f, "relocatable = True\n\ncachable = True\n")?;
        writeln!(f, "timestamp = {}\n", self.timestamp.0)?;
        writeln!(
            f,
            "tests = {{\"smoke\": {{\"command\": {}}}}}\n\n",
            python(&self.smoke)
        )?;
        // Requiring ~platform-linux would fail if that package was never bound.
        writeln!(f, "def commands():")?;
        writeln!(f, "    if system.platform != \"linux\":")?;
        writeln!(
            f,
            "        stop({})",
            python(&format!("{} runs on Linux only", self.name))
        )?;
        writeln!(f, "    env.PATH.prepend(\"{{root}}/bin\")")
    }
}

/// A Python string literal.
fn python(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            '\n' => literal.push_str("\\n"),
            '\t' => literal.push_str("\\t"),
            c if c.is_control() => literal.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}

/// Whether Rez accepts it as the name of a package (`rez/utils/formatting.py`).
pub(super) fn is_name(name: &str) -> bool {
    name.split('.')
        .all(|part| !part.is_empty() && part.chars().all(is_word))
}

/// Checks the name of a package.
///
/// # Errors
/// A message with the allowed characters.
pub(crate) fn ensure_name(name: &str) -> Result<(), String> {
    if is_name(name) && name.len() <= 100 {
        return Ok(());
    }
    Err(format!(
        "invalid package name '{name}'; use letters, digits, _ and dots, without a hyphen"
    ))
}

/// Checks a version: tokens of letters, digits and `_`, separated by `.` or `-`.
///
/// # Errors
/// A message with the allowed characters.
pub(crate) fn ensure_version(version: &str) -> Result<(), String> {
    let token = |token: &str| !token.is_empty() && token.chars().all(is_word);
    if version.split(['.', '-']).all(token) && version.len() <= 100 {
        return Ok(());
    }
    Err(format!(
        "invalid version '{version}'; use letters, digits and _, separated by . or -, such as 1.2.0"
    ))
}

/// Checks the file name of a tool. It must not need quoting in a shell or a format string.
///
/// # Errors
/// A message with the allowed characters.
pub(crate) fn ensure_tool_name(name: &str) -> Result<(), String> {
    let plain = |c: char| is_word(c) || matches!(c, '.' | '-' | '+');
    let starts_well = name.starts_with(|c: char| is_word(c));
    if starts_well && name.chars().all(plain) && name.len() <= 100 {
        return Ok(());
    }
    Err(format!(
        "invalid tool name '{name}'; use letters, digits, _ . - and +, and start with a letter or digit"
    ))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_validated() {
        for name in ["c47", "my_tool", "_x", "a.b", "3de4"] {
            assert!(ensure_name(name).is_ok(), "{name}");
        }
        for name in ["", "c-47", ".c47", "a..b", "a b", "é", "../x", "a/b", "a\n"] {
            assert!(ensure_name(name).is_err(), "{name}");
        }
        for version in ["1", "1.0.0", "1.0-beta_2", "v5"] {
            assert!(ensure_version(version).is_ok(), "{version}");
        }
        for version in ["", ".", "..", "1..0", "1/0", "-1", "1 0", ".ignore1"] {
            assert!(ensure_version(version).is_err(), "{version}");
        }
        assert!(ensure_tool_name("my-tool2.5").is_ok());
        for name in ["", "-rf", ".hidden", "a b", "{root}", "$x", "a/b"] {
            assert!(ensure_tool_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn python_literal_is_escaped() {
        assert_eq!(
            python("a\"b\\c\n\u{7}é{x}"),
            "\"a\\\"b\\\\c\\n\\u0007é{x}\""
        );
    }
}
