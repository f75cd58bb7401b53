//! The parser: strings, objects and patterns.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern};

use super::parser::{Parsed, Parser, binary};
use super::term::text;
use super::token::Token;
use super::{SyntaxError, Term};

impl<'s> Parser<'s> {
    /// A string. `format` applies to what it interpolates.
    pub(super) fn string(&mut self, format: Option<&'s str>) -> Parsed<Term<'s>> {
        let mut at = self.end();
        // `None` stands for the next of the interpolated filters.
        let mut parts: Vec<Option<StrPart<&'s str, Term<'s>>>> = Vec::new();
        let mut values: Vec<Term<'s>> = Vec::new();
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            let Some(stop) = rest.find(['"', '\\']) else {
                return Err(self.error("the string has no closing quote"));
            };
            if stop > 0 {
                parts.push(Some(StrPart::Str(rest.get(..stop).unwrap_or_default())));
            }
            at += stop;
            if rest.as_bytes().get(stop) == Some(&b'"') {
                break;
            }
            if rest
                .get(stop + 1..)
                .is_some_and(|tail| tail.starts_with('('))
            {
                self.advance_from(at + 2)?;
                let value = self.query()?;
                if self.peek() != Token::Sign(")") {
                    return Err(self.error("expected ')' after the interpolated filter"));
                }
                at = self.end();
                values.push(value);
                parts.push(None);
                continue;
            }
            let (c, length) = escape(rest.get(stop..).unwrap_or_default())
                .map_err(|message| SyntaxError { message, at })?;
            parts.push(Some(StrPart::Char(c)));
            at += length;
        }
        self.advance_from(at + 1)?;
        Ok(self.interpolated(parts, values, format))
    }

    /// The string of these parts, in which `None` stands for the next value.
    fn interpolated(
        &mut self,
        parts: Vec<Option<StrPart<&'s str, Term<'s>>>>,
        values: Vec<Term<'s>>,
        format: Option<&'s str>,
    ) -> Term<'s> {
        let all_single = values.iter().all(|value| self.is_single(value));
        let mut outer = Vec::new();
        let mut formatted = Vec::with_capacity(values.len());
        for value in values {
            let value = match all_single {
                true => value,
                false => self.variable_for(value, &mut outer),
            };
            formatted.push(match format {
                Some(format) => self.format(format, Some(value)),
                None => value,
            });
        }
        let mut formatted = formatted.into_iter();
        let parts = parts
            .into_iter()
            .filter_map(|part| part.or_else(|| formatted.next().map(StrPart::Term)));
        // For each output of the last interpolated filter, all of those before it.
        let whole = Term::Str(None, parts.collect());
        let bind = |body, (name, source)| Self::bind(source, name, body);
        outer.into_iter().fold(whole, bind)
    }

    /// `{…}`
    pub(super) fn object(&mut self) -> Parsed<Term<'s>> {
        self.expect("{")?;
        let mut members = Vec::new();
        while !self.takes("}")? {
            members.push(self.member()?);
            if !self.takes(",")? {
                self.expect("}")?;
                break;
            }
        }
        Ok(self.object_of(members))
    }

    fn member(&mut self) -> Parsed<(Term<'s>, Option<Term<'s>>)> {
        let place = self.place();
        let (key, alone) = match self.peek() {
            Token::Variable("$__loc__") => {
                let location = self.location();
                self.advance()?;
                (text("__loc__"), Some(location))
            }
            Token::Variable(name) => {
                self.advance()?;
                let bare = name.trim_start_matches('$');
                match self.peek() {
                    Token::Sign(":") => (Term::Var(name), None),
                    _ => (text(bare), Some(Term::Var(name))),
                }
            }
            Token::Word(name) => {
                self.advance()?;
                (text(name), None)
            }
            Token::Quote => (self.string(None)?, None),
            Token::Format(name) => {
                self.advance()?;
                match self.peek() {
                    Token::Quote => (self.string(Some(name))?, None),
                    _ => (self.format(name, None), None),
                }
            }
            Token::Number(number) => {
                let message = format!("cannot use number ({number}) as object key");
                return Err(self.wrong_key(&message, place));
            }
            Token::Sign("(") => {
                self.advance()?;
                let key = self.query()?;
                self.ensure_key(&key, place)?;
                self.expect(")")?;
                if self.peek() != Token::Sign(":") {
                    return Err(self.error("expected ':' and a value after the key"));
                }
                (key, None)
            }
            token => return Err(self.unexpected(token)),
        };
        if alone.is_some() || !self.takes(":")? {
            return Ok((key, alone));
        }
        let mut value = self.operators(0)?;
        while self.takes("|")? {
            value = binary(value, BinaryOp::Pipe(None), self.operators(0)?);
        }
        Ok((key, Some(value)))
    }

    /// Refuses a constant that is not a string.
    fn ensure_key(&self, key: &Term<'s>, at: usize) -> Parsed<()> {
        let shown = match key {
            Term::Num(number) => format!("number ({number})"),
            Term::Call(word @ ("true" | "false"), args) if args.is_empty() => {
                format!("boolean ({word})")
            }
            Term::Call("null", args) if args.is_empty() => "null (null)".to_owned(),
            _ => return Ok(()),
        };
        Err(self.wrong_key(&format!("cannot use {shown} as object key"), at))
    }

    /// Whether `?//` follows.
    pub(super) fn is_alternative(&self) -> bool {
        let rest = self.text.get(self.place()..).unwrap_or_default();
        rest.starts_with("?//") && !rest.starts_with("?//=")
    }

    /// Patterns with `?//` between them.
    pub(super) fn patterns(&mut self) -> Parsed<Vec<Pattern<&'s str>>> {
        let mut patterns = vec![self.pattern()?];
        while self.is_alternative() {
            self.advance()?;
            self.advance()?;
            patterns.push(self.pattern()?);
        }
        Ok(patterns)
    }

    fn pattern(&mut self) -> Parsed<Pattern<&'s str>> {
        self.deeper(|parser| match parser.peek() {
            Token::Variable(name) => {
                parser.advance()?;
                Ok(Pattern::Var(name))
            }
            Token::Sign("[") => {
                parser.advance()?;
                let mut patterns = vec![parser.pattern()?];
                while parser.takes(",")? {
                    patterns.push(parser.pattern()?);
                }
                parser.expect("]")?;
                // jq takes the last element first, which shows in errors.
                let places = (0..patterns.len()).map(|place| parser.keep(place.to_string()));
                let places: Vec<&str> = places.collect();
                let members = places.into_iter().map(Term::Num).zip(patterns).rev();
                Ok(Pattern::Obj(members.collect()))
            }
            Token::Sign("{") => {
                parser.advance()?;
                let mut members = Vec::new();
                loop {
                    parser.member_pattern(&mut members)?;
                    if !parser.takes(",")? {
                        break;
                    }
                }
                parser.expect("}")?;
                Ok(Pattern::Obj(members))
            }
            token => Err(parser.error(format!(
                "expected a variable, '[' or '{{', found {}",
                token.described()
            ))),
        })
    }

    fn member_pattern(&mut self, members: &mut Vec<(Term<'s>, Pattern<&'s str>)>) -> Parsed<()> {
        let place = self.place();
        let key = match self.peek() {
            Token::Variable(name) => {
                self.advance()?;
                let bare = name.trim_start_matches('$');
                members.push((text(bare), Pattern::Var(name)));
                if !self.takes(":")? {
                    return Ok(());
                }
                members.push((text(bare), self.pattern()?));
                return Ok(());
            }
            Token::Word(name) => {
                self.advance()?;
                text(name)
            }
            Token::Quote => self.string(None)?,
            Token::Format(name) => {
                self.advance()?;
                self.string(Some(name))?
            }
            Token::Sign("(") => {
                self.advance()?;
                let key = self.query()?;
                self.ensure_key(&key, place)?;
                self.expect(")")?;
                key
            }
            token => return Err(self.unexpected(token)),
        };
        self.expect(":")?;
        members.push((key, self.pattern()?));
        Ok(())
    }
}

/// The character of the escape at the start of `rest`, and the length of the escape.
fn escape(rest: &str) -> Result<(char, usize), String> {
    let invalid = || "invalid escape in a string".to_owned();
    let unit = |at: usize| {
        let digits = rest.get(at..at + 4)?;
        let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        all_hex.then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let c = match rest.as_bytes().get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let high = unit(2).ok_or_else(invalid)?;
            if (0xd800..0xdc00).contains(&high) && rest.get(6..8) == Some("\\u") {
                let low = unit(8).filter(|low| (0xdc00..0xe000).contains(low));
                let code = low.map(|low| 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
                return match code.and_then(char::from_u32) {
                    Some(c) => Ok((c, 12)),
                    None => Err(invalid()),
                };
            }
            return Ok((
                char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER),
                6,
            ));
        }
        Some(_) | None => return Err(invalid()),
    };
    Ok((c, 2))
}
