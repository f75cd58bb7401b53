//! The parser: terms, and what follows them.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::BinaryOp;
use jaq_core::path::{Opt, Part, Path};

use super::parser::{Parsed, Parser, binary};
use super::token::Token;
use super::{SyntaxError, Term};

/// The formats, which are compiled as filters with their names.
const FORMATS: [&str; 12] = [
    "@text", "@json", "@csv", "@tsv", "@html", "@uri", "@urid", "@sh", "@base64", "@base64d",
    "@base32", "@base32d",
];

/// A term is copied for each pattern of `?//`, and each copy is copied by those around it.
const MOST_COPIES: usize = 1024;

impl<'s> Parser<'s> {
    /// A term with its suffixes.
    pub(super) fn term(&mut self) -> Parsed<Term<'s>> {
        let mut term = self.deeper(Self::primary)?;
        while let Token::Field(_) | Token::Sign("." | "[" | "?") = self.peek() {
            term = self.suffix(term)?;
        }
        Ok(term)
    }

    fn primary(&mut self) -> Parsed<Term<'s>> {
        match self.peek() {
            Token::Number(text) => {
                self.advance()?;
                Ok(Term::Num(text))
            }
            Token::Quote => self.string(None),
            Token::Format(name) => {
                self.advance()?;
                match self.peek() {
                    Token::Quote => self.string(Some(name)),
                    _ => Ok(self.format(name, None)),
                }
            }
            Token::Field(name) => {
                self.advance()?;
                self.indexed(Term::Id, text(name))
            }
            Token::Variable("$__loc__") => {
                let location = self.location();
                self.advance()?;
                Ok(location)
            }
            Token::Variable(name) => {
                self.advance()?;
                Ok(Term::Var(name))
            }
            Token::Word(word) => self.word(word),
            Token::Sign(sign) => self.sign(sign),
            Token::End => Err(self.unexpected(Token::End)),
        }
    }

    fn sign(&mut self, sign: &str) -> Parsed<Term<'s>> {
        match sign {
            "." => {
                self.advance()?;
                match self.peek() {
                    Token::Quote => {
                        let key = self.string(None)?;
                        self.indexed(Term::Id, key)
                    }
                    _ => Ok(Term::Id),
                }
            }
            ".." => {
                self.advance()?;
                Ok(Term::Recurse)
            }
            "-" => {
                self.advance()?;
                let term = self.term()?;
                Ok(Term::Neg(Box::new(term)))
            }
            "(" => {
                self.advance()?;
                let query = self.query()?;
                self.expect(")")?;
                Ok(query)
            }
            "[" => {
                self.advance()?;
                if self.takes("]")? {
                    return Ok(Term::Arr(None));
                }
                let query = self.query()?;
                self.expect("]")?;
                Ok(Term::Arr(Some(Box::new(query))))
            }
            "{" => self.object(),
            _ => Err(self.unexpected(self.peek())),
        }
    }

    fn word(&mut self, word: &'s str) -> Parsed<Term<'s>> {
        match word {
            "if" => self.condition(),
            "try" => {
                self.advance()?;
                let body = self.term()?;
                let catch = match self.takes_word("catch")? {
                    true => Some(Box::new(self.term()?)),
                    false => None,
                };
                Ok(Term::TryCatch(Box::new(body), catch))
            }
            "reduce" | "foreach" => self.fold(word == "reduce"),
            "break" => {
                self.advance()?;
                Ok(Term::Break(self.variable()?))
            }
            // Their bodies reach to the end of the pipe.
            "def" | "label" => self.query(),
            "then" | "elif" | "else" | "end" | "as" | "and" | "or" | "catch" | "import"
            | "include" | "module" => Err(self.unexpected(self.peek())),
            name => {
                self.advance()?;
                let mut args = Vec::new();
                if self.takes("(")? {
                    loop {
                        args.push(self.query()?);
                        if !self.takes(";")? {
                            break;
                        }
                    }
                    self.expect(")")?;
                }
                let name = self.renamed(name);
                Ok(self.call(name, args))
            }
        }
    }

    fn condition(&mut self) -> Parsed<Term<'s>> {
        self.advance()?;
        let mut branches = Vec::new();
        loop {
            let condition = self.query()?;
            self.expect_word("then")?;
            branches.push((condition, self.query()?));
            if !self.takes_word("elif")? {
                break;
            }
        }
        let other = match self.takes_word("else")? {
            true => Some(Box::new(self.query()?)),
            false => None,
        };
        self.expect_word("end")?;
        Ok(Term::IfThenElse(branches, other))
    }

    /// `reduce source as pattern (init; update)` and `foreach`, which may have a third part.
    fn fold(&mut self, is_reduce: bool) -> Parsed<Term<'s>> {
        self.advance()?;
        let source = self.operators(0)?;
        self.expect_word("as")?;
        let mut patterns = self.patterns()?;
        self.expect("(")?;
        let init = self.query()?;
        self.expect(";")?;
        let update = self.query()?;
        let extract = match !is_reduce && self.takes(";")? {
            true => Some(self.query()?),
            false => None,
        };
        self.expect(")")?;
        let Some(pattern) = patterns.pop().filter(|_| patterns.is_empty()) else {
            return Err(self.error("'?//' is not supported in reduce and foreach"));
        };
        Ok(match is_reduce {
            true => self.reduce(source, pattern, init, update),
            false => self.foreach(source, pattern, init, update, extract),
        })
    }

    /// The body of `source as pattern | body`.
    pub(super) fn destructuring(&mut self, source: Term<'s>) -> Parsed<Term<'s>> {
        let mut patterns = self.patterns()?;
        let outside = self.copies;
        self.copies = outside.saturating_mul(patterns.len());
        if self.copies > MOST_COPIES {
            return Err(self.error("too many '?//' in each other"));
        }
        self.expect("|")?;
        let body = self.query()?;
        self.copies = outside;
        match patterns.pop() {
            Some(pattern) if patterns.is_empty() => {
                Ok(binary(source, BinaryOp::Pipe(Some(pattern)), body))
            }
            last => {
                patterns.extend(last);
                self.alternatives(source, patterns, body)
            }
        }
    }

    /// A format: a filter, or for an unknown one the error of jq.
    pub(super) fn format(&mut self, name: &'s str, value: Option<Term<'s>>) -> Term<'s> {
        let format = match FORMATS.contains(&name) {
            true => self.call(name, Vec::new()),
            false => {
                let bare = name.trim_start_matches('@');
                self.call("format", vec![text(bare)])
            }
        };
        match value {
            Some(value) => binary(value, BinaryOp::Pipe(None), format),
            None => format,
        }
    }

    /// The value of `$__loc__` here.
    pub(super) fn location(&mut self) -> Term<'s> {
        let before = self.text.get(..self.place()).unwrap_or_default();
        let line = self.keep((before.matches('\n').count() + 1).to_string());
        Term::Obj(vec![
            (text("file"), Some(text("<top-level>"))),
            (text("line"), Some(Term::Num(line))),
        ])
    }

    /// What follows a term: `.name`, `[…]`, `?`.
    fn suffix(&mut self, term: Term<'s>) -> Parsed<Term<'s>> {
        Ok(match self.peek() {
            Token::Field(name) => {
                self.advance()?;
                self.indexed(term, text(name))?
            }
            Token::Sign(".") => {
                self.advance()?;
                match self.peek() {
                    Token::Quote => {
                        let key = self.string(None)?;
                        self.indexed(term, key)?
                    }
                    Token::Sign("[") => self.brackets(term)?,
                    token => return Err(self.unexpected(token)),
                }
            }
            Token::Sign("[") => self.brackets(term)?,
            Token::Sign("?") => {
                self.advance()?;
                Term::TryCatch(Box::new(term), None)
            }
            _ => term,
        })
    }

    /// `[]`, `[index]`, `[from:upto]`.
    fn brackets(&mut self, term: Term<'s>) -> Parsed<Term<'s>> {
        self.expect("[")?;
        if self.takes("]")? {
            return self.with_part(term, Part::Range(None, None));
        }
        if self.takes(":")? {
            let upto = self.query()?;
            self.expect("]")?;
            return self.with_part(term, Part::Range(None, Some(upto)));
        }
        let from = self.query()?;
        if self.takes(":")? {
            let upto = match self.peek() {
                // Not `[from:]`, which would iterate: the end is null.
                Token::Sign("]") => self.call("null", Vec::new()),
                _ => self.query()?,
            };
            self.expect("]")?;
            return self.with_part(term, Part::Range(Some(from), Some(upto)));
        }
        self.expect("]")?;
        self.indexed(term, from)
    }

    fn indexed(&mut self, term: Term<'s>, index: Term<'s>) -> Parsed<Term<'s>> {
        self.with_part(term, Part::Index(index))
    }

    fn with_part(&mut self, term: Term<'s>, part: Part<Term<'s>>) -> Parsed<Term<'s>> {
        let mut opt = Opt::Essential;
        while self.takes("?")? {
            opt = Opt::Optional;
        }
        // Parts that have several outputs, or end early, are kept apart, in the order of jq.
        let is_plain = match &part {
            Part::Index(index) => self.is_single(index),
            Part::Range(from, upto) => {
                from.as_ref().is_none_or(|term| self.is_single(term))
                    && upto.as_ref().is_none_or(|term| self.is_single(term))
            }
        };
        match term {
            Term::Path(inner, mut path) if is_plain => {
                path.0.push((part, opt));
                Ok(Term::Path(inner, path))
            }
            term => Ok(Term::Path(Box::new(term), Path(vec![(part, opt)]))),
        }
    }

    pub(super) fn wrong_key(&self, message: &str, at: usize) -> SyntaxError {
        SyntaxError {
            message: message.to_owned(),
            at,
        }
    }
}

/// A string without interpolation.
pub(super) fn text<'s>(text: &'s str) -> Term<'s> {
    Term::Str(None, vec![StrPart::Str(text)])
}
