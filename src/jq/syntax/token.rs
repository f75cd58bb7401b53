//! The tokens of filters.

use super::SyntaxError;

/// A token. The text of a string is parsed from its quote on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'s> {
    End,
    /// A name or a keyword.
    Word(&'s str),
    /// `$name`.
    Variable(&'s str),
    /// The name in `.name`.
    Field(&'s str),
    /// `@name`.
    Format(&'s str),
    Number(&'s str),
    Quote,
    /// An operator or a bracket.
    Sign(&'static str),
}

impl Token<'_> {
    /// For messages.
    pub(super) fn described(self) -> String {
        match self {
            Token::End => "the end of the filter".into(),
            Token::Word(text)
            | Token::Variable(text)
            | Token::Format(text)
            | Token::Number(text) => {
                format!("'{text}'")
            }
            Token::Field(text) => format!("'.{text}'"),
            Token::Quote => "a string".into(),
            Token::Sign(text) => format!("'{text}'"),
        }
    }
}

/// The signs, the longer before those that they begin with.
const SIGNS: [&str; 33] = [
    "//=", "?//", "|=", "+=", "-=", "*=", "/=", "%=", "==", "!=", "<=", ">=", "//", "..", "[", "]",
    "{", "}", "(", ")", "|", ",", ":", ";", "=", "<", ">", "+", "-", "*", "/", "%", "?",
];

/// The token at `at`, and where it begins and ends.
pub(super) fn token(text: &str, at: usize) -> Result<(Token<'_>, usize, usize), SyntaxError> {
    let start = skip_space(text, at);
    let rest = text.get(start..).unwrap_or_default();
    let mut chars = rest.chars();
    let Some(first) = chars.next() else {
        return Ok((Token::End, start, start));
    };
    let second = chars.next();
    let found = |token, length| Ok((token, start, start + length));
    let prefix = |length: usize| rest.get(..length).unwrap_or_default();
    match (first, second) {
        ('"', _) => found(Token::Quote, 1),
        ('$', Some(c)) if is_letter(c) => {
            let length = 1 + name_length(rest.get(1..).unwrap_or_default());
            found(Token::Variable(prefix(length)), length)
        }
        ('@', Some(c)) if c.is_ascii_alphanumeric() || c == '_' => {
            let tail = rest.get(1..).unwrap_or_default();
            let length = 1 + tail.find(|c| !is_name(c)).unwrap_or(tail.len());
            found(Token::Format(prefix(length)), length)
        }
        ('.', Some(c)) if is_letter(c) => {
            let tail = rest.get(1..).unwrap_or_default();
            let length = tail.find(|c| !is_name(c)).unwrap_or(tail.len());
            found(
                Token::Field(tail.get(..length).unwrap_or_default()),
                length + 1,
            )
        }
        ('0'..='9', _) | ('.', Some('0'..='9')) => {
            let length = number_length(rest);
            found(Token::Number(prefix(length)), length)
        }
        (c, _) if is_letter(c) => {
            let length = name_length(rest);
            found(Token::Word(prefix(length)), length)
        }
        ('.', second) if second != Some('.') => found(Token::Sign("."), 1),
        _ => match SIGNS
            .iter()
            .find(|sign| **sign != "?//" && rest.starts_with(**sign))
        {
            Some(sign) => found(Token::Sign(sign), sign.len()),
            None => Err(SyntaxError {
                message: format!("unexpected character '{first}'"),
                at: start,
            }),
        },
    }
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The length of a name, with the modules before it: `module::name`.
fn name_length(text: &str) -> usize {
    let mut length = 0;
    loop {
        let tail = text.get(length..).unwrap_or_default();
        length += tail.find(|c| !is_name(c)).unwrap_or(tail.len());
        let tail = text.get(length..).unwrap_or_default();
        match tail.strip_prefix("::").and_then(|tail| tail.chars().next()) {
            Some(c) if is_letter(c) => length += 2,
            Some(_) | None => return length,
        }
    }
}

fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |at: usize| {
        let tail = bytes.get(at..).unwrap_or_default();
        tail.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') {
        length += 1 + digits(length + 1);
    }
    if let Some(b'e' | b'E') = bytes.get(length) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

/// Skips white space and comments. A comment goes on behind a line that ends with an odd number of
/// backslashes.
fn skip_space(text: &str, at: usize) -> usize {
    let mut rest = text.get(at..).unwrap_or_default();
    loop {
        rest = rest.trim_start();
        let Some(mut comment) = rest.strip_prefix('#') else {
            return text.len() - rest.len();
        };
        loop {
            let (line, tail) = comment.split_once('\n').unwrap_or((comment, ""));
            let line = line.strip_suffix('\r').unwrap_or(line);
            let slashes = line.len() - line.trim_end_matches('\\').len();
            comment = tail;
            if slashes % 2 == 0 || tail.is_empty() {
                break;
            }
        }
        rest = comment;
    }
}
