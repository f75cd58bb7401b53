//! Splits a command into words like a POSIX shell, including bash's `$'…'`. Shell syntax that needs
//! evaluation is refused, except a variable and `$(cat FILE)`, which become sources of a secret.

use super::word::Word;
use crate::error::Error;
use crate::secret::Source;
use crate::shell::is_variable;

/// Reads a text that contains exactly one command.
///
/// # Errors
/// Names the unsupported shell syntax: pipes, redirections, several commands, expansions.
pub(super) fn words(text: &str) -> Result<Vec<Word>, Error> {
    let mut reader = Reader::new(text, Ending::Text);
    reader.command()?;
    Ok(reader.words)
}

/// Where a command ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Text,
    /// The `)` of a command substitution.
    Parenthesis,
}

struct Reader<'a> {
    rest: &'a str,
    words: Vec<Word>,
    /// The current word, if one has started.
    word: Option<Word>,
    ending: Ending,
}

fn refused(what: &str, hint: &str) -> Error {
    Error::usage_hint(format!("the curl command has {what}"), hint)
}

fn unfinished(what: &str) -> Error {
    refused(
        &format!("an unterminated {what}"),
        "copy the whole command; c47 http --from-curl - reads it from stdin",
    )
}

fn substitution() -> Error {
    refused(
        "a command substitution",
        "c47 runs no commands; use $NAME or $(cat FILE) for a secret",
    )
}

fn redirection() -> Error {
    refused("a redirection", "remove it, or add it to the c47 command")
}

fn several() -> Error {
    refused(
        "several commands",
        "give one curl command; quote a URL that contains & or ;",
    )
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, ending: Ending) -> Reader<'a> {
        Reader {
            rest: text,
            words: Vec::new(),
            word: None,
            ending,
        }
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = self.rest.get(next.len_utf8()..).unwrap_or_default();
        Some(next)
    }

    fn skip(&mut self, start: &str) -> bool {
        let rest = self.rest.strip_prefix(start);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn word(&mut self) -> &mut Word {
        self.word.get_or_insert_default()
    }

    fn push(&mut self, c: char) {
        self.word().push_text(c.encode_utf8(&mut [0; 4]));
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn command(&mut self) -> Result<(), Error> {
        while let Some(c) = self.next() {
            match c {
                ' ' | '\t' => self.end_word(),
                '\r' if self.rest.starts_with('\n') => {}
                '\n' | ';' => {
                    self.end_word();
                    if !self.words.is_empty() {
                        self.ensure_nothing_follows()?;
                    } else if c == ';' {
                        return Err(several());
                    }
                }
                '#' if self.word.is_none() => self.comment(),
                '\'' => self.single_quoted()?,
                '"' => self.double_quoted()?,
                '\\' if self.skip("\n") || self.skip("\r\n") => {}
                '\\' => {
                    let escaped = self.next().ok_or_else(|| unfinished("last line"))?;
                    self.push(escaped);
                }
                '$' => self.dollar(false)?,
                '`' => return Err(substitution()),
                ')' if self.ending == Ending::Parenthesis => {
                    self.end_word();
                    return Ok(());
                }
                '|' if self.rest.starts_with('|') => return Err(several()),
                '|' => {
                    return Err(refused("a pipe", "remove it, or add it to the c47 command"));
                }
                '&' => return Err(several()),
                '<' | '>' => return Err(redirection()),
                '(' | ')' => {
                    return Err(refused("a parenthesis", "quote the word that contains it"));
                }
                '~' if self.word.is_none() => {
                    return Err(refused(
                        "a '~', which a shell expands",
                        "write the whole path",
                    ));
                }
                other => self.push(other),
            }
        }
        self.end_word();
        match self.ending {
            Ending::Text => Ok(()),
            Ending::Parenthesis => Err(unfinished("'$('")),
        }
    }

    fn comment(&mut self) {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        self.rest = self.rest.get(end..).unwrap_or_default();
    }

    /// Ensures that only blank lines and comments follow the command.
    fn ensure_nothing_follows(&mut self) -> Result<(), Error> {
        loop {
            self.rest = self.rest.trim_ascii_start();
            if !self.rest.starts_with('#') {
                break;
            }
            self.comment();
        }
        match self.rest.is_empty() || self.ending == Ending::Parenthesis {
            true => Ok(()),
            false => Err(several()),
        }
    }

    fn single_quoted(&mut self) -> Result<(), Error> {
        let (text, rest) = self
            .rest
            .split_once('\'')
            .ok_or_else(|| unfinished("'…' quote"))?;
        self.word().push_text(text);
        self.rest = rest;
        Ok(())
    }

    fn double_quoted(&mut self) -> Result<(), Error> {
        self.word(); // it may be empty
        loop {
            match self.next().ok_or_else(|| unfinished("\"…\" quote"))? {
                '"' => return Ok(()),
                '$' => self.dollar(true)?,
                '`' => return Err(substitution()),
                '\\' if self.skip("\n") || self.skip("\r\n") => {}
                '\\' if self.rest.starts_with(['$', '`', '"', '\\']) => {
                    let escaped = self.next().unwrap_or('\\');
                    self.push(escaped);
                }
                other => self.push(other),
            }
        }
    }

    /// Reads what follows a dollar sign.
    fn dollar(&mut self, in_quotes: bool) -> Result<(), Error> {
        let first = self.rest.chars().next().unwrap_or(' ');
        match first {
            '\'' if !in_quotes => {
                self.next();
                self.ansi_quoted()
            }
            '"' if !in_quotes => {
                self.next();
                self.double_quoted()
            }
            '(' => self.substitution(),
            '{' => {
                let inside = self.rest.get(1..).unwrap_or_default();
                let (name, rest) = inside.split_once('}').ok_or_else(|| unfinished("'${'"))?;
                if !is_variable(name) {
                    return Err(refused(
                        "an expansion that only a shell can do",
                        "c47 supports only $NAME and ${NAME}, for a secret",
                    ));
                }
                self.rest = rest;
                self.word().push_source(Source::Env(name.into()));
                Ok(())
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
                let end = self.rest.find(is_end).unwrap_or(self.rest.len());
                let (name, rest) = self.rest.split_at_checked(end).unwrap_or_default();
                self.rest = rest;
                self.word().push_source(Source::Env(name.into()));
                Ok(())
            }
            '0'..='9' | '@' | '*' | '#' | '?' | '-' | '$' | '!' => Err(refused(
                &format!("'${first}', which only a shell can expand"),
                "quote a literal dollar sign: '…'",
            )),
            _ => {
                self.push('$');
                Ok(())
            }
        }
    }

    /// Reads `$(cat FILE)` and `$(printenv NAME)`, which `--curl` prints for a source.
    fn substitution(&mut self) -> Result<(), Error> {
        if self.ending == Ending::Parenthesis {
            return Err(substitution());
        }
        let inside = self.rest.get(1..).unwrap_or_default();
        let mut reader = Reader::new(inside, Ending::Parenthesis);
        reader.command().map_err(|_| substitution())?;
        let texts: Option<Vec<&str>> = reader.words.iter().map(Word::text).collect();
        let source = match texts.unwrap_or_default().as_slice() {
            ["cat", path] if !path.starts_with('-') && !path.is_empty() => {
                Source::File((*path).into())
            }
            ["printenv", name] if !name.is_empty() && !name.contains('=') => {
                Source::Env((*name).into())
            }
            [..] => return Err(substitution()),
        };
        self.rest = reader.rest;
        self.word().push_source(source);
        Ok(())
    }

    /// Reads `$'…'`, which may escape the bytes of UTF-8 characters.
    fn ansi_quoted(&mut self) -> Result<(), Error> {
        let mut bytes = Vec::new();
        loop {
            match self.next().ok_or_else(|| unfinished("$'…' quote"))? {
                '\'' => break,
                '\\' => self.ansi_escape(&mut bytes)?,
                other => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        let text = String::from_utf8(bytes).map_err(|_| {
            refused(
                "text that is not UTF-8",
                "write the bytes to a file; --data-binary @FILE sends it",
            )
        })?;
        self.word().push_text(&text);
        Ok(())
    }

    fn ansi_escape(&mut self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let escape = self.next().ok_or_else(|| unfinished("$'…' quote"))?;
        let byte = match escape {
            'a' => 0x07,
            'b' => 0x08,
            'e' | 'E' => 0x1b,
            'f' => 0x0c,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 0x0b,
            '\\' | '\'' | '"' | '?' => u8::try_from(escape).unwrap_or(b'?'),
            'x' => match self.number(16, 2) {
                Some(number) => u8::try_from(number).unwrap_or(b'?'),
                None => {
                    bytes.extend_from_slice(b"\\x");
                    return Ok(());
                }
            },
            '0'..='7' => {
                let first = escape.to_digit(8).unwrap_or(0);
                let length = self.digits(8, 2);
                let number = self.number(8, 2).unwrap_or(0);
                u8::try_from((first << (3 * length) | number) & 0xff).unwrap_or(b'?')
            }
            'u' | 'U' => return self.unicode(escape, bytes),
            'c' => match self.next() {
                Some(control) if control.is_ascii() => u8::try_from(control).unwrap_or(b'?') & 0x1f,
                _ => {
                    return Err(refused(
                        "an invalid escape in a $'…' quote",
                        "quote it as '…'",
                    ));
                }
            },
            other => {
                bytes.push(b'\\');
                bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
        };
        match byte {
            0 => Err(refused(
                "a NUL byte",
                "write the bytes to a file; --data-binary @FILE sends it",
            )),
            byte => {
                bytes.push(byte);
                Ok(())
            }
        }
    }

    /// Reads `\uHHHH` and `\UHHHHHHHH`; browsers write a character beyond the BMP as two
    /// surrogates.
    fn unicode(&mut self, escape: char, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let wrong = || refused("an invalid escape in a $'…' quote", "quote it as '…'");
        let most = if escape == 'u' { 4 } else { 8 };
        let mut number = self.number(16, most).ok_or_else(wrong)?;
        if (0xd800..0xdc00).contains(&number) && self.skip("\\u") {
            let low = self.number(16, 4).filter(|n| (0xdc00..0xe000).contains(n));
            let low = low.ok_or_else(wrong)?;
            number = 0x10000 + ((number - 0xd800) << 10) + (low - 0xdc00);
        }
        let c = char::from_u32(number).filter(|c| *c != '\0');
        let c = c.ok_or_else(wrong)?;
        bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    /// The number of digits that follow, up to `most`.
    fn digits(&self, base: u32, most: usize) -> usize {
        let digits = self.rest.chars().take(most);
        digits.take_while(|c| c.is_digit(base)).count()
    }

    /// Reads a number of at most `most` digits.
    fn number(&mut self, base: u32, most: usize) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(self.digits(base, most))?;
        let number = u32::from_str_radix(digits, base).ok()?;
        self.rest = rest;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let words = words(text).map_err(|error| error.to_string())?;
        Ok(words
            .iter()
            .map(|word| match (word.text(), word.text_and_source()) {
                (Some(text), _) => text.to_owned(),
                (None, Some((text, source))) => format!("{text}<{source}>"),
                (None, None) => format!("{word:?}"),
            })
            .collect())
    }

    #[test]
    fn words_are_split_like_a_shell() {
        for (text, expected) in [
            ("a  b\tc\\d", vec!["a", "b", "cd"]),
            ("'a b'c\"d e\"", vec!["a bcd e"]),
            ("'' \"\" x", vec!["", "", "x"]),
            ("a \\\n  b \\\r\n c\r\n", vec!["a", "b", "c"]),
            ("\"a\\\"b\\c\\$d\\\ne\"", vec!["a\"b\\c$de"]),
            ("'it'\\''s'", vec!["it's"]),
            (
                "$'a\\n\\x41\\101\\u00e9\\'\\\\\\q'",
                vec!["a\nAA\u{e9}'\\\\q"],
            ),
            (
                "$'\\xc3\\xa9\\ud83d\\ude00\\U0001f600'",
                vec!["\u{e9}\u{1f600}\u{1f600}"],
            ),
            ("$'\\0101'", vec!["\u{8}1"]),
            (
                "\"a $T\" b${U} \"$(cat 'my key')\" $(printenv A.B)",
                vec!["a <env:T>", "b<env:U>", "<file:my key>", "<env:A.B>"],
            ),
            ("# a comment\n\na b # c\n# d\n", vec!["a", "b"]),
            ("a#b c; ", vec!["a#b", "c"]),
            ("5$ \"$\" a$.", vec!["5$", "$", "a$."]),
            ("", vec![]),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn shell_syntax_is_refused_by_name() {
        for (text, what) in [
            ("a | b", "a pipe"),
            ("a || b", "several commands"),
            ("a && b", "several commands"),
            ("a?x=1&b=2", "several commands"),
            ("a; b", "several commands"),
            ("a\nb", "several commands"),
            ("a > b", "a redirection"),
            ("a 2>/dev/null", "a redirection"),
            ("a <<EOF\nx\nEOF", "a redirection"),
            ("a `id`", "a command substitution"),
            ("a \"$(id)\"", "a command substitution"),
            ("a $(cat a | head)", "a command substitution"),
            ("a $(cat $(cat b))", "a command substitution"),
            ("(a)", "a parenthesis"),
            ("a ${B:-c}", "an expansion"),
            ("a $1", "'$1'"),
            ("a ~/b", "a '~'"),
            ("a 'b", "an unterminated '…' quote"),
            ("a \"b", "an unterminated \"…\" quote"),
            ("a $'b", "an unterminated $'…' quote"),
            ("a \\", "an unterminated last line"),
            ("a $'\\xff'", "not UTF-8"),
            ("a $'\\x00'", "a NUL byte"),
            ("a $'\\ud83d'", "an invalid escape"),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(what), "{text}: {why}");
        }
    }
}
