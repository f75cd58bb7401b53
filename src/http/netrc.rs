//! Parses `.netrc` (curl(1), ftp(1)): logins by host.

use crate::secret::Secret;

/// A login for a host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Login {
    pub user: String,
    pub password: Secret,
}

/// Finds the login for `host`, and for `user` if given. `default` matches any host.
///
/// # Errors
/// When the file is invalid; never repeats its content.
pub(crate) fn find(text: &str, host: &str, user: Option<&str>) -> Result<Option<Login>, String> {
    let mut words = Words {
        rest: text,
        line: 1,
    };
    let mut entry: Option<Entry> = None;
    while let Some(word) = words.next()? {
        match word.as_str() {
            "machine" => {
                if let Some(login) = entry.take().and_then(|entry| entry.login(user)) {
                    return Ok(Some(login));
                }
                let machine = words.value("machine")?;
                entry = Some(Entry {
                    matches: machine.eq_ignore_ascii_case(host),
                    ..Entry::default()
                });
            }
            "default" => {
                if let Some(login) = entry.take().and_then(|entry| entry.login(user)) {
                    return Ok(Some(login));
                }
                entry = Some(Entry {
                    matches: true,
                    ..Entry::default()
                });
            }
            "login" | "user" => {
                let value = words.value("login")?;
                if let Some(entry) = &mut entry {
                    entry.user = Some(value);
                }
            }
            "password" => {
                let value = words.value("password")?;
                if let Some(entry) = &mut entry {
                    entry.password = Some(Secret::new(value.into_bytes()));
                }
            }
            "account" => {
                words.value("account")?;
            }
            "macdef" => words.skip_macro(),
            // Not repeated: it may be a part of a password with a space.
            _ => {
                return Err(format!("line {}: unknown keyword", words.line));
            }
        }
    }
    Ok(entry.and_then(|entry| entry.login(user)))
}

#[derive(Default)]
struct Entry {
    matches: bool,
    user: Option<String>,
    password: Option<Secret>,
}

impl Entry {
    fn login(self, wanted: Option<&str>) -> Option<Login> {
        let user = self.user.unwrap_or_default();
        let is_it = self.matches && wanted.is_none_or(|wanted| wanted == user);
        is_it.then_some(())?;
        Some(Login {
            user,
            password: self.password?,
        })
    }
}

/// Words separated by white space; quotes and backslashes escape, and `#` starts a comment.
struct Words<'a> {
    rest: &'a str,
    line: usize,
}

impl Words<'_> {
    fn next(&mut self) -> Result<Option<String>, String> {
        loop {
            let trimmed = self.rest.trim_start();
            self.advance_to(trimmed);
            if !trimmed.starts_with('#') {
                break;
            }
            let end = trimmed.find('\n').unwrap_or(trimmed.len());
            self.advance_to(trimmed.get(end..).unwrap_or(""));
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let mut word = String::new();
        let mut chars = self.rest.char_indices();
        let is_quoted = self.rest.starts_with('"');
        if is_quoted {
            chars.next();
        }
        let mut end = self.rest.len();
        let mut is_closed = !is_quoted;
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => word.extend(chars.next().map(|(_, escaped)| escaped)),
                '"' if is_quoted => {
                    (end, is_closed) = (at + 1, true);
                    break;
                }
                c if c.is_whitespace() && !is_quoted => {
                    end = at;
                    break;
                }
                c => word.push(c),
            }
        }
        if !is_closed {
            return Err(format!("line {}: unterminated quote", self.line));
        }
        self.advance_to(self.rest.get(end..).unwrap_or(""));
        Ok(Some(word))
    }

    fn value(&mut self, what: &str) -> Result<String, String> {
        self.next()?
            .ok_or_else(|| format!("line {}: '{what}' has no value", self.line))
    }

    /// Skips a macro, which ends at the next empty line.
    fn skip_macro(&mut self) {
        let end = self.rest.find("\n\n").map_or(self.rest.len(), |at| at + 2);
        self.advance_to(self.rest.get(end..).unwrap_or(""));
    }

    fn advance_to(&mut self, rest: &str) {
        let passed = self.rest.len() - rest.len();
        self.line += self.rest.get(..passed).unwrap_or("").matches('\n').count();
        self.rest = self.rest.get(passed..).unwrap_or("");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# studio\nmachine kitsu.lan login me password one # mine\nmachine kitsu.lan\n  login bot\n  password \"t w\\\"o\"\nmacdef init\n password hidden\n\nmachine nothing.lan login x\ndefault login anonymous password any\n";

    fn login(host: &str, user: Option<&str>) -> Option<(String, String)> {
        let login = find(FILE, host, user).unwrap()?;
        Some((
            login.user,
            String::from_utf8(login.password.expose().to_vec()).unwrap(),
        ))
    }

    fn pair(user: &str, password: &str) -> Option<(String, String)> {
        Some((user.into(), password.into()))
    }

    #[test]
    fn netrc_finds_the_first_login_or_that_of_the_user() {
        assert_eq!(login("kitsu.lan", None), pair("me", "one"));
        assert_eq!(login("KITSU.lan", Some("bot")), pair("bot", "t w\"o"));
        assert_eq!(login("other.lan", None), pair("anonymous", "any"));
    }

    /// CVE-2026-8926: `user@host` never uses the password of another user.
    #[test]
    fn netrc_never_returns_the_password_of_another_user() {
        assert_eq!(login("kitsu.lan", Some("eve")), None);
        assert_eq!(login("other.lan", Some("me")), None);
    }

    #[test]
    fn invalid_netrc_is_refused() {
        for wrong in [
            "machine",
            "machine a login",
            "machine a login \"b",
            "hunter2",
            "machine a login b password c d",
        ] {
            let why = find(wrong, "a", None).unwrap_err();
            assert!(
                why.starts_with("line 1: ") && !why.contains("hunter2"),
                "{why}"
            );
        }
        assert_eq!(find("", "a", None), Ok(None));
        assert_eq!(find("login a password b", "a", None), Ok(None));
    }
}
