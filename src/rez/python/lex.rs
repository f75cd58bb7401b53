//! Splits Python into logical lines and tokens. Strings, brackets and continuations are parsed.
//! Numbers are words, and operators are single bytes.

/// A syntax error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rez) struct Fault {
    /// Counted from 1.
    pub line: usize,
    pub why: String,
}

impl Fault {
    pub(super) fn at<T>(line: usize, why: impl Into<String>) -> Result<T, Fault> {
        let why = why.into();
        Err(Fault { line, why })
    }
}

/// The lines, and whether they were parsed with certainty.
pub(super) enum Lexed {
    Sure(Vec<Line>),
    /// Some lines may be wrong, because f-strings nest differently in different Python versions.
    Unsure(Vec<Line>),
}

/// A logical line, without spaces and comments.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The number of its first physical line, counted from 1.
    pub number: usize,
    pub indent: Indent,
    pub tokens: Vec<Token>,
    /// How many brackets are open before each token.
    depths: Vec<usize>,
}

/// The whitespace before a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Indent {
    pub columns: usize,
    pub spaces: bool,
    pub tabs: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, a keyword or a number.
    Word(String),
    /// A string, with its value if it is a simple one.
    Text(Option<String>),
    /// One byte of an operator or a bracket.
    Op(u8),
}

impl Token {
    /// Whether the token at this position is outside of all brackets.
    pub(super) fn is_at_top(line: &Line, at: usize) -> bool {
        line.depths.get(at) == Some(&0)
    }
}

struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    number: usize,
    /// The open brackets and their lines.
    open: Vec<(u8, usize)>,
    line: Line,
    lines: Vec<Line>,
    is_sure: bool,
}

/// Splits a file.
///
/// # Errors
/// The first error that every Python version reports.
pub(super) fn lex(bytes: &[u8]) -> Result<Lexed, Fault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let line_of = |at: usize| {
        let before = bytes.get(..at).unwrap_or_default();
        1 + before.iter().filter(|&&byte| byte == b'\n').count()
    };
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        return Fault::at(line_of(at), "NUL byte");
    }
    if names_encoding(bytes) {
        return Ok(Lexed::Unsure(Vec::new()));
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        return Fault::at(line_of(error.valid_up_to()), "invalid UTF-8");
    }
    let mut lexer = Lexer {
        bytes,
        at: 0,
        number: 1,
        open: Vec::new(),
        line: Line::default(),
        lines: Vec::new(),
        is_sure: true,
    };
    match lexer.run() {
        Err(fault) if lexer.is_sure => Err(fault),
        Ok(()) if lexer.is_sure => Ok(Lexed::Sure(lexer.lines)),
        Ok(()) | Err(_) => Ok(Lexed::Unsure(lexer.lines)),
    }
}

/// Whether one of the first two lines declares an encoding (PEP 263) other than UTF-8.
fn names_encoding(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|&byte| byte == b'\n').take(2);
    lines.any(|line| {
        let text = String::from_utf8_lossy(line).to_ascii_lowercase();
        let is_comment = text.trim_start().starts_with('#');
        let found = ["coding:", "coding="]
            .iter()
            .find_map(|mark| text.split_once(mark));
        let is_utf8 = |name: &str| name.trim_start().replace('_', "-").starts_with("utf-8");
        is_comment && found.is_some_and(|(_, name)| !is_utf8(name))
    })
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn push(&mut self, token: Token) {
        if self.line.tokens.is_empty() {
            self.line.number = self.number;
        }
        self.line.tokens.push(token);
        self.line.depths.push(self.open.len());
    }

    fn run(&mut self) -> Result<(), Fault> {
        self.indent();
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\n' | b'\r' => self.newline(),
                b' ' | b'\t' | b'\x0c' => self.at += 1,
                b'#' => self.comment(),
                b'\\' => self.continuation()?,
                b'"' | b'\'' => self.string("")?,
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | 0x80.. => self.word()?,
                b'(' | b'[' | b'{' => {
                    self.push(Token::Op(byte));
                    self.open.push((byte, self.number));
                    self.at += 1;
                }
                b')' | b']' | b'}' => self.close(byte)?,
                b'$' | b'?' => {
                    let why = format!("invalid character '{}'", char::from(byte));
                    return Fault::at(self.number, why);
                }
                b'!' if self.peek(1) != Some(b'=') => {
                    return Fault::at(self.number, "'!' without '='");
                }
                _ => {
                    self.push(Token::Op(byte));
                    self.at += 1;
                }
            }
        }
        if let Some((bracket, line)) = self.open.last() {
            return Fault::at(
                *line,
                format!("'{}' was never closed", char::from(*bracket)),
            );
        }
        self.finish();
        Ok(())
    }

    fn newline(&mut self) {
        let is_pair = self.peek(0) == Some(b'\r') && self.peek(1) == Some(b'\n');
        self.at += if is_pair { 2 } else { 1 };
        self.number += 1;
        if self.open.is_empty() {
            self.finish();
            self.indent();
        }
    }

    fn finish(&mut self) {
        let line = std::mem::take(&mut self.line);
        if !line.tokens.is_empty() {
            self.lines.push(line);
        }
    }

    fn indent(&mut self) {
        let mut indent = Indent::default();
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' => {
                    indent.spaces = true;
                    indent.columns += 1;
                }
                b'\t' => {
                    indent.tabs = true;
                    indent.columns = (indent.columns / 8 + 1) * 8;
                }
                // A form feed resets the indentation.
                b'\x0c' => indent = Indent::default(),
                _ => break,
            }
            self.at += 1;
        }
        self.line.indent = indent;
    }

    fn comment(&mut self) {
        while self
            .peek(0)
            .is_some_and(|byte| !matches!(byte, b'\n' | b'\r'))
        {
            self.at += 1;
        }
    }

    fn continuation(&mut self) -> Result<(), Fault> {
        match (self.peek(1), self.peek(2)) {
            (Some(b'\r'), Some(b'\n')) => self.at += 3,
            (Some(b'\n' | b'\r'), _) => self.at += 2,
            (None, _) => return Fault::at(self.number, "backslash at the end of the file"),
            (Some(_), _) => {
                return Fault::at(self.number, "unexpected character after a backslash");
            }
        }
        self.number += 1;
        Ok(())
    }

    fn close(&mut self, byte: u8) -> Result<(), Fault> {
        let shown = char::from(byte);
        match self.open.pop() {
            None => Fault::at(self.number, format!("unmatched '{shown}'")),
            Some((open, line)) if pair(open) != byte => {
                let open = char::from(open);
                let why = format!("'{shown}' does not match '{open}' in line {line}");
                Fault::at(self.number, why)
            }
            Some(_) => {
                self.push(Token::Op(byte));
                self.at += 1;
                Ok(())
            }
        }
    }

    /// A name, a number, or the prefix of a string.
    fn word(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while let Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | 0x80..) = self.peek(0) {
            self.at += 1;
        }
        let word = self.bytes.get(start..self.at).unwrap_or_default();
        let word = String::from_utf8_lossy(word).into_owned();
        let foreign = ['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}', '\u{a0}'];
        if let Some(c) = word.chars().find(|c| foreign.contains(c)) {
            let why = format!("invalid character U+{:04X}", u32::from(c));
            return Fault::at(self.number, why);
        }
        let prefix = word.to_ascii_lowercase();
        let is_quote = matches!(self.peek(0), Some(b'"' | b'\''));
        let prefixes = [
            "r", "u", "b", "f", "t", "br", "rb", "fr", "rf", "tr", "rt", "ur",
        ];
        if is_quote && prefixes.contains(&prefix.as_str()) {
            return self.string(&prefix);
        }
        self.push(Token::Word(word));
        Ok(())
    }

    fn string(&mut self, prefix: &str) -> Result<(), Fault> {
        let quote = self.peek(0).unwrap_or_default();
        let is_triple = self.peek(1) == Some(quote) && self.peek(2) == Some(quote);
        let is_template = prefix.contains(['f', 't']);
        let first_line = self.number;
        // The token belongs to the line where the string starts.
        self.push(Token::Text(None));
        self.at += if is_triple { 3 } else { 1 };
        let start = self.at;
        let end = loop {
            match self.peek(0) {
                None if is_triple => {
                    self.is_sure &= !is_template;
                    return Fault::at(first_line, "unterminated triple-quoted string");
                }
                None | Some(b'\n' | b'\r') if !is_triple => {
                    self.is_sure &= !is_template;
                    return Fault::at(self.number, "unterminated string");
                }
                Some(b'\\') => {
                    self.at += 1;
                    let is_pair = self.peek(0) == Some(b'\r') && self.peek(1) == Some(b'\n');
                    self.number += usize::from(matches!(self.peek(0), Some(b'\n' | b'\r')));
                    self.at += if is_pair { 2 } else { 1 };
                }
                Some(byte) if byte == quote => {
                    let is_end = self.peek(1) == Some(quote) && self.peek(2) == Some(quote);
                    if !is_triple || is_end {
                        break self.at;
                    }
                    self.at += 1;
                }
                other => {
                    let is_pair = other == Some(b'\r') && self.peek(1) == Some(b'\n');
                    self.number += usize::from(!is_pair && matches!(other, Some(b'\n' | b'\r')));
                    self.at += 1;
                }
            }
        };
        let content = self.bytes.get(start..end).unwrap_or_default();
        self.at += if is_triple { 3 } else { 1 };
        let count = |wanted: u8| content.iter().filter(|&&byte| byte == wanted).count();
        if is_template && count(b'{') != count(b'}') {
            self.is_sure = false;
        }
        let is_plain = !is_template && !prefix.contains('b');
        let value = is_plain
            .then(|| value(content, prefix.contains('r')))
            .flatten();
        if let Some(token) = self.line.tokens.last_mut() {
            *token = Token::Text(value);
        }
        Ok(())
    }
}

fn pair(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

/// The value of a string. `None` if it has an escape that is not supported.
fn value(content: &[u8], is_raw: bool) -> Option<String> {
    let text = std::str::from_utf8(content).ok()?;
    if is_raw || !text.contains('\\') {
        return Some(text.to_owned());
    }
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                c @ ('\\' | '\'' | '"') => value.push(c),
                'n' => value.push('\n'),
                't' => value.push('\t'),
                '\n' => {}
                _ => return None,
            },
            c => value.push(c),
        }
    }
    Some(value)
}
