//! The parser: definitions, and the names of the filter's own.

use super::parser::{Parsed, Parser};
use super::single::{is_certain_path, is_plain_path, is_single};
use super::token::Token;
use super::{Def, Term};

impl<'s> Parser<'s> {
    /// Whether the term is known to have exactly one output.
    pub(super) fn is_single(&self, term: &Term<'s>) -> bool {
        is_single(term, &self.own)
    }

    pub(super) fn is_certain_path(&self, term: &Term<'s>) -> bool {
        is_certain_path(term, &self.own)
    }

    pub(super) fn is_plain_path(&self, term: &Term<'s>) -> bool {
        is_plain_path(term, &self.own)
    }

    /// The name of a definition or parameter of the filter, as the interpreter gets it. Names of the
    /// library that terms are made of stay apart, as do constants, which jq never looks up.
    fn define(&mut self, name: &'s str, count: usize) -> &'s str {
        if self.is_library {
            return name;
        }
        self.own.insert(name);
        match name {
            "null" | "true" | "false" if count == 0 => self.keep(format!(" {name}")),
            name => self.renamed(name),
        }
    }

    /// The name that a call has in the interpreter.
    pub(super) fn renamed(&self, name: &'s str) -> &'s str {
        match name.starts_with('_') && self.own.contains(name) {
            true => self.keep(format!(" {name}")),
            false => name,
        }
    }

    /// `def name(arguments): body;`
    pub(super) fn definition(&mut self) -> Parsed<Def<'s>> {
        self.expect_word("def")?;
        let name = match self.peek() {
            Token::Word(name) if !name.contains("::") && !is_keyword(name) => name,
            token => {
                return Err(self.error(format!("expected a name, found {}", token.described())));
            }
        };
        self.advance()?;
        let args = self.parameters()?;
        let name = self.define(name, args.len());
        // `def f($x): …` is `def f(x): x as $x | …`: that matters if `x` is called.
        let filters: Vec<&str> = args
            .iter()
            .map(|arg| match arg.strip_prefix('$') {
                Some(bare) => self.define(bare, 0),
                None => arg,
            })
            .collect();
        self.expect(":")?;
        let mut body = self.query()?;
        self.expect(";")?;
        let mut variables = args.iter().zip(&filters).filter(|(arg, name)| arg != name);
        if !variables.any(|(_, name)| self.calls.contains(&(*name, 0))) {
            return Ok(Def { name, args, body });
        }
        for (arg, filter) in args.iter().zip(&filters).rev() {
            if arg != filter {
                body = Self::bind(self.call(filter, Vec::new()), arg, body);
            }
        }
        Ok(Def {
            name,
            args: filters,
            body,
        })
    }

    fn parameters(&mut self) -> Parsed<Vec<&'s str>> {
        let mut args = Vec::new();
        if !self.takes("(")? {
            return Ok(args);
        }
        loop {
            match self.peek() {
                Token::Word(name) if !is_keyword(name) => args.push(self.define(name, 0)),
                Token::Variable(name) => args.push(name),
                token => return Err(self.unexpected(token)),
            }
            self.advance()?;
            if !self.takes(";")? {
                break;
            }
        }
        self.expect(")")?;
        Ok(args)
    }
}

/// Whether a filter cannot have this name.
fn is_keyword(name: &str) -> bool {
    const KEYWORDS: [&str; 19] = [
        "def", "if", "then", "elif", "else", "end", "as", "and", "or", "reduce", "foreach", "try",
        "catch", "label", "break", "import", "include", "module", "__loc__",
    ];
    KEYWORDS.contains(&name)
}
