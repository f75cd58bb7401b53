//! Parses a curl command into options and values.

use super::options::{Curl, Takes, Treatment, find_long, find_short};
use super::quoting;
use super::{MAX_LENGTH, Meaning, Word};
use crate::error::Error;

/// The options of a command that affect the call, in order.
#[derive(Debug)]
pub(crate) struct Command {
    given: Vec<Given>,
}

/// An option as given.
#[derive(Debug)]
pub(crate) struct Given {
    pub meaning: Meaning,
    /// As written: `-H`, `--header`.
    pub name: String,
    /// Empty for a switch.
    pub value: Word,
}

impl Given {
    /// The value.
    ///
    /// # Errors
    /// When the value contains a shell variable.
    pub(crate) fn text(&self) -> Result<&str, Error> {
        self.value.text().ok_or_else(|| self.has_variable())
    }

    /// The error for a value that contains a shell variable.
    pub(crate) fn has_variable(&self) -> Error {
        let source = self.value.first_source();
        let source = source.map_or_else(String::new, |source| format!(" ({source})"));
        Error::usage_hint(
            format!(
                "curl's {} contains a variable{source} that c47 does not expand",
                self.name
            ),
            "write its value; a secret can be a whole header value or the password of -u",
        )
    }

    /// The error for a value that c47 has no equivalent for.
    pub(crate) fn refused(&self, what: &str, hint: &str) -> Error {
        Error::usage_hint(
            format!("c47 has no equivalent of curl's {} {what}", self.name),
            hint,
        )
    }
}

impl Command {
    /// Parses a command like a shell and curl.
    ///
    /// # Errors
    /// Names a program other than curl, or the option that c47 has no equivalent for.
    pub(crate) fn parse(text: &str) -> Result<Command, Error> {
        if text.len() as u64 > MAX_LENGTH {
            return Err(Error::usage("the curl command is longer than 1 MiB"));
        }
        if is_for_cmd(text) {
            return Err(Error::usage_hint(
                "the curl command is quoted for cmd.exe",
                "copy it for bash: 'Copy as cURL (bash)'",
            ));
        }
        let words = quoting::words(text)?;
        let mut words = words.into_iter().peekable();
        // A copied shell prompt.
        if words.peek().and_then(Word::text) == Some("$") {
            words.next();
        }
        let first = words.next();
        let program = first.as_ref().and_then(Word::text).unwrap_or_default();
        if !matches!(program.rsplit('/').next(), Some("curl" | "curl.exe")) {
            return Err(Error::usage_hint(
                "not a curl command: the first word is not curl",
                "--from-curl takes 'curl …', a file that contains it, or - for stdin",
            ));
        }
        let mut command = Command { given: Vec::new() };
        let mut only_urls = false;
        while let Some(word) = words.next() {
            let start = word.start().to_owned();
            if only_urls || !start.starts_with('-') || word.text() == Some("-") {
                command.push(Meaning::Url, "URL", word);
            } else if word.text() == Some("--") {
                only_urls = true;
            } else if start.starts_with("--") {
                command.long(&word, &mut words)?;
            } else {
                command.short(&word, &mut words)?;
            }
        }
        Ok(command)
    }

    fn push(&mut self, meaning: Meaning, name: &str, value: Word) {
        self.given.push(Given {
            meaning,
            name: name.to_owned(),
            value,
        });
    }

    fn long(&mut self, word: &Word, rest: &mut impl Iterator<Item = Word>) -> Result<(), Error> {
        let Some(name) = word.text() else {
            return Err(no_such(
                word.start(),
                "an option name cannot contain a variable",
            ));
        };
        if let Some(option) = find_long(name) {
            let value = match option.takes {
                Takes::Nothing => Word::default(),
                Takes::Value => rest.next().ok_or_else(|| no_value(name))?,
            };
            return self.take(option, name, value);
        }
        let positive = name.strip_prefix("--no-").map(|name| format!("--{name}"));
        match positive.as_deref().and_then(find_long) {
            Some(option) if option.takes == Takes::Nothing => {
                if let Treatment::Handled(meaning) = option.treatment {
                    self.given.retain(|given| given.meaning != meaning);
                }
                Ok(())
            }
            Some(_) | None => Err(no_such(
                name,
                match name.contains('=') {
                    true => "give the value as a separate word: --name value",
                    false => "curl's long options cannot be abbreviated here",
                },
            )),
        }
    }

    /// Parses letters after one dash: switches, and possibly one option that takes the rest as its
    /// value.
    fn short(&mut self, word: &Word, rest: &mut impl Iterator<Item = Word>) -> Result<(), Error> {
        let mut at = 1;
        let letters = word.start().to_owned();
        for letter in letters.chars().skip(1) {
            at += letter.len_utf8();
            let name = format!("-{letter}");
            let Some(option) = find_short(letter) else {
                return Err(no_such(&name, "curl --help all lists curl's options"));
            };
            if option.takes == Takes::Nothing {
                self.take(option, &name, Word::default())?;
                continue;
            }
            let attached = word.after(at);
            let value = match attached.is_empty() {
                true => rest.next().ok_or_else(|| no_value(&name))?,
                false => attached,
            };
            return self.take(option, &name, value);
        }
        match word.text() {
            Some(_) => Ok(()),
            None => Err(no_such(
                &letters,
                "an option name cannot contain a variable",
            )),
        }
    }

    fn take(&mut self, option: &Curl, name: &str, value: Word) -> Result<(), Error> {
        match option.treatment {
            // A repeated switch has no further effect.
            Treatment::Handled(meaning) if option.takes == Takes::Nothing && self.has(meaning) => {}
            Treatment::Handled(meaning) => self.push(meaning, name, value),
            Treatment::Ignored(_) => {}
            Treatment::Refused(hint) => {
                return Err(Error::usage_hint(
                    format!("c47 has no equivalent of curl's {name}"),
                    hint,
                ));
            }
        }
        Ok(())
    }

    /// All occurrences of an option.
    pub(crate) fn all(&self, meaning: Meaning) -> impl Iterator<Item = &Given> {
        self.given
            .iter()
            .filter(move |given| given.meaning == meaning)
    }

    /// All occurrences of these options, in order.
    pub(crate) fn all_of(&self, meanings: &[Meaning]) -> impl Iterator<Item = &Given> {
        self.given
            .iter()
            .filter(|given| meanings.contains(&given.meaning))
    }

    /// The last occurrence of an option, which takes effect.
    pub(crate) fn last(&self, meaning: Meaning) -> Option<&Given> {
        self.all(meaning).last()
    }

    /// Whether an option is given.
    pub(crate) fn has(&self, meaning: Meaning) -> bool {
        self.all(meaning).next().is_some()
    }

    /// The text of the last occurrence of an option.
    ///
    /// # Errors
    /// When the value contains a shell variable.
    pub(crate) fn text(&self, meaning: Meaning) -> Result<Option<&str>, Error> {
        self.last(meaning).map(Given::text).transpose()
    }
}

/// Whether the text is quoted for cmd.exe, with carets.
fn is_for_cmd(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.contains("curl ^\"") || first.contains("curl.exe ^\"") || first.ends_with(" ^")
}

fn no_such(name: &str, hint: &str) -> Error {
    Error::usage_hint(format!("curl has no option {name}"), hint)
}

fn no_value(name: &str) -> Error {
    Error::usage(format!("curl's {name} requires a value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// xorshift64: the same numbers in each run.
    fn numbers(seed: u64) -> impl FnMut() -> usize {
        let mut state = seed;
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 16).unwrap()
        }
    }

    const PIECES: [&str; 40] = [
        "curl ",
        "-",
        "--",
        "-H ",
        "-d",
        "-sSL",
        "--data-raw ",
        "--url",
        "--no-",
        "--expand-",
        "'",
        "\"",
        "$'",
        "\\",
        "\\\n",
        "\n",
        "\r\n",
        " ",
        "\t",
        "$",
        "${",
        "}",
        "$(",
        "$(cat ",
        ")",
        "`",
        "|",
        "&",
        ";",
        "<",
        "#",
        "~",
        "\\x",
        "\\u",
        "\\ud83d",
        "\\777",
        "é",
        "\u{1f600}",
        "\0",
        "https://a.lan/",
    ];

    #[test]
    fn arbitrary_text_does_not_panic() {
        let mut next = numbers(47);
        for _ in 0..20_000 {
            let length = next() % 20;
            let mut text = String::from("curl ");
            for _ in 0..length {
                text.push_str(PIECES[next() % PIECES.len()]);
            }
            let _ = Command::parse(&text);
            let bytes: Vec<u8> = (0..length)
                .map(|_| u8::try_from(next() % 256).unwrap())
                .collect();
            let _ = Command::parse(&format!("curl {}", String::from_utf8_lossy(&bytes)));
        }
    }

    /// A quadratic algorithm would not end in time on these.
    #[test]
    fn long_texts_are_read_in_linear_time() {
        let most = 64 << 10;
        for piece in PIECES.iter().chain(&[
            "-s ", "-s", "-L", "-d x ", "$(cat x)", "'a'", "$A", "a ", "\\a", "$'\\x41'",
        ]) {
            let text = format!("curl {}", piece.repeat((most - 5) / piece.len()));
            let _ = Command::parse(&text);
            let quoted = format!("curl -{}", piece.repeat((most - 6) / piece.len()));
            let _ = Command::parse(&quoted);
        }
        let most = usize::try_from(MAX_LENGTH).unwrap();
        let longest = format!("curl '{}'", "x".repeat(most - 7));
        assert!(Command::parse(&longest).is_ok());
        assert!(Command::parse(&format!("{longest} ")).is_err());
    }

    fn options(text: &str) -> Vec<String> {
        let command = Command::parse(text).unwrap();
        let shown = |given: &Given| format!("{:?} {}", given.meaning, given.value.text().unwrap());
        command.given.iter().map(shown).collect()
    }

    #[test]
    fn options_are_parsed_like_curl() {
        assert_eq!(
            options("curl -sSLXPUT -ofile -H'a: b' --data x -d y -- -u"),
            [
                "Location ",
                "Request PUT",
                "Output file",
                "Header a: b",
                "Data x",
                "Data y",
                "Url -u"
            ]
        );
        assert_eq!(
            options("/usr/bin/curl -L --no-location --no-compressed x"),
            ["Url x"]
        );
        assert_eq!(options("$ curl -o - -"), ["Output -", "Url -"]);
        assert_eq!(options("curl -d '' -kk x"), ["Data ", "Insecure ", "Url x"]);
    }
}
