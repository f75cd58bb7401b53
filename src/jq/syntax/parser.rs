//! The parser: programs, pipes and operators.

use jaq_core::load::Arena;
use jaq_core::load::parse::BinaryOp;
use jaq_core::ops::{Cmp, Math};

use super::token::{Token, token};
use super::{Calls, Def, Names, SyntaxError, Term};

/// The deepest nesting of a filter. The parser, the compiler and the interpreter use recursion.
const DEEPEST: usize = 1_000;

/// A parser of a filter.
pub(in crate::jq) struct Parser<'s> {
    pub(super) text: &'s str,
    pub(super) arena: &'s Arena,
    /// The next token, where it begins and where it ends.
    next: (Token<'s>, usize, usize),
    depth: usize,
    /// How often the term that is being parsed will be copied, for each pattern of `?//` around it.
    pub(super) copies: usize,
    /// The number of variables that the parser has made up.
    made: usize,
    pub(super) calls: Calls<'s>,
    /// The names of the definitions so far, and of their parameters.
    pub(super) own: Names<'s>,
    pub(super) is_library: bool,
}

pub(super) type Parsed<T> = Result<T, SyntaxError>;

/// An operator with its precedence. Operators with the lowest bind least.
#[derive(Clone, Copy)]
struct Operator {
    sign: &'static str,
    precedence: u8,
    associativity: Associativity,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Associativity {
    Left,
    Right,
    /// `a == b == c` is an error.
    None,
}

const fn operator(sign: &'static str, precedence: u8, associativity: Associativity) -> Operator {
    Operator {
        sign,
        precedence,
        associativity,
    }
}

const OPERATORS: [Operator; 22] = [
    operator("//", 0, Associativity::Right),
    operator("=", 1, Associativity::None),
    operator("|=", 1, Associativity::None),
    operator("+=", 1, Associativity::None),
    operator("-=", 1, Associativity::None),
    operator("*=", 1, Associativity::None),
    operator("/=", 1, Associativity::None),
    operator("%=", 1, Associativity::None),
    operator("//=", 1, Associativity::None),
    operator("or", 2, Associativity::Left),
    operator("and", 3, Associativity::Left),
    operator("==", 4, Associativity::None),
    operator("!=", 4, Associativity::None),
    operator("<", 4, Associativity::None),
    operator(">", 4, Associativity::None),
    operator("<=", 4, Associativity::None),
    operator(">=", 4, Associativity::None),
    operator("+", 5, Associativity::Left),
    operator("-", 5, Associativity::Left),
    operator("*", 6, Associativity::Left),
    operator("/", 6, Associativity::Left),
    operator("%", 6, Associativity::Left),
];

impl<'s> Parser<'s> {
    pub(in crate::jq) fn new(text: &'s str, arena: &'s Arena) -> Parser<'s> {
        Parser {
            text,
            arena,
            next: (Token::End, 0, 0),
            depth: 0,
            copies: 1,
            made: 0,
            calls: Calls::new(),
            own: Names::new(),
            is_library: false,
        }
    }

    pub(super) fn into_calls(self) -> Calls<'s> {
        self.calls
    }

    /// A whole filter: definitions, and the filter itself, which may be missing.
    pub(super) fn program(&mut self) -> Parsed<Term<'s>> {
        self.advance()?;
        let term = match self.peek() {
            Token::End => Term::Id,
            Token::Word(word @ ("module" | "import" | "include")) => {
                return Err(self.error(format!("modules are not supported ('{word}')")));
            }
            _ => self.query()?,
        };
        match self.peek() {
            Token::End => Ok(term),
            token => Err(self.unexpected(token)),
        }
    }

    /// Definitions only, each with the names that it calls.
    pub(super) fn library(mut self) -> Parsed<Vec<(Def<'s>, Calls<'s>)>> {
        self.is_library = true;
        self.advance()?;
        let mut definitions = Vec::new();
        while self.peek() != Token::End {
            let definition = self.definition()?;
            definitions.push((definition, std::mem::take(&mut self.calls)));
        }
        Ok(definitions)
    }

    pub(super) fn peek(&self) -> Token<'s> {
        self.next.0
    }

    /// Where the next token begins.
    pub(super) fn place(&self) -> usize {
        self.next.1
    }

    /// Where the next token ends.
    pub(super) fn end(&self) -> usize {
        self.next.2
    }

    /// Goes to the next token.
    pub(super) fn advance(&mut self) -> Parsed<()> {
        self.advance_from(self.next.2)
    }

    pub(super) fn advance_from(&mut self, at: usize) -> Parsed<()> {
        self.next = token(self.text, at)?;
        Ok(())
    }

    pub(super) fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            message: message.into(),
            at: self.next.1,
        }
    }

    pub(super) fn unexpected(&self, token: Token) -> SyntaxError {
        self.error(match token {
            Token::End => "unexpected end of the filter".to_owned(),
            Token::Quote => "unexpected string".to_owned(),
            token => format!("unexpected {}", token.described()),
        })
    }

    /// Whether the next token is this sign, which is then skipped.
    pub(super) fn takes(&mut self, sign: &str) -> Parsed<bool> {
        let is_it = self.peek() == Token::Sign(known(sign));
        if is_it {
            self.advance()?;
        }
        Ok(is_it)
    }

    pub(super) fn takes_word(&mut self, word: &str) -> Parsed<bool> {
        let is_it = matches!(self.peek(), Token::Word(found) if found == word);
        if is_it {
            self.advance()?;
        }
        Ok(is_it)
    }

    pub(super) fn expect(&mut self, sign: &str) -> Parsed<()> {
        match self.takes(sign)? {
            true => Ok(()),
            false => {
                let found = self.peek().described();
                Err(self.error(format!("expected '{sign}', found {found}")))
            }
        }
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Parsed<()> {
        match self.takes_word(word)? {
            true => Ok(()),
            false => {
                let found = self.peek().described();
                Err(self.error(format!("expected '{word}', found {found}")))
            }
        }
    }

    /// A variable name that no filter can have.
    pub(super) fn fresh(&mut self) -> &'s str {
        self.made += 1;
        self.keep(format!("$ {}", self.made))
    }

    pub(super) fn keep(&self, text: String) -> &'s str {
        self.arena.alloc(text)
    }

    /// Runs `parse` one level deeper.
    pub(super) fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEEPEST {
            return Err(self.error(format!("nested more than {DEEPEST} deep")));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// A filter: parts with `|` and `,` between them.
    pub(super) fn query(&mut self) -> Parsed<Term<'s>> {
        self.deeper(|parser| {
            let mut parts = vec![parser.commas()?];
            while parser.takes("|")? {
                parts.push(parser.commas()?);
            }
            let last = parts.pop().unwrap_or_default();
            let pipe = |right, left| binary(left, BinaryOp::Pipe(None), right);
            Ok(parts.into_iter().rev().fold(last, pipe))
        })
    }

    fn commas(&mut self) -> Parsed<Term<'s>> {
        let mut left = self.item()?;
        while self.takes(",")? {
            left = binary(left, BinaryOp::Comma, self.item()?);
        }
        Ok(left)
    }

    /// A part of a pipe. A definition, a label and `as` reach up to the end of the pipe.
    fn item(&mut self) -> Parsed<Term<'s>> {
        match self.peek() {
            Token::Word("def") => self.deeper(|parser| {
                let mut definitions = Vec::new();
                while parser.peek() == Token::Word("def") {
                    definitions.push(parser.definition()?);
                }
                // Each definition sees the ones before it, also with the same name.
                let body = parser.query()?;
                let nest = |body, definition| Term::Def(vec![definition], Box::new(body));
                Ok(definitions.into_iter().rev().fold(body, nest))
            }),
            Token::Word("label") => {
                self.advance()?;
                let name = self.variable()?;
                self.expect("|")?;
                Ok(Term::Label(name, Box::new(self.query()?)))
            }
            _ => {
                let source = self.operators(0)?;
                match self.takes_word("as")? {
                    true => self.destructuring(source),
                    false => Ok(source),
                }
            }
        }
    }

    pub(super) fn variable(&mut self) -> Parsed<&'s str> {
        match self.peek() {
            Token::Variable(name) => {
                self.advance()?;
                Ok(name)
            }
            token => Err(self.error(format!(
                "expected a variable ('$name'), found {}",
                token.described()
            ))),
        }
    }

    /// Operators that bind at least as much as `least`, and their operands.
    pub(super) fn operators(&mut self, least: u8) -> Parsed<Term<'s>> {
        let mut left = self.term()?;
        let mut without = None;
        while let Some(operator) = self.operator() {
            if operator.precedence < least || without == Some(operator.precedence) {
                break;
            }
            self.advance()?;
            let above = match operator.associativity {
                Associativity::Left | Associativity::None => operator.precedence + 1,
                Associativity::Right => operator.precedence,
            };
            let right = self.deeper(|parser| parser.operators(above))?;
            left = self.operation(left, operator.sign, right);
            without = match operator.associativity {
                Associativity::None => Some(operator.precedence),
                Associativity::Left | Associativity::Right => None,
            };
        }
        Ok(left)
    }

    fn operator(&self) -> Option<&'static Operator> {
        let sign = match self.peek() {
            Token::Sign(sign) => sign,
            Token::Word(word @ ("and" | "or")) => word,
            _ => return None,
        };
        OPERATORS.iter().find(|operator| operator.sign == sign)
    }

    fn operation(&mut self, left: Term<'s>, sign: &str, right: Term<'s>) -> Term<'s> {
        match sign {
            "//" => binary(left, BinaryOp::Alt, right),
            "=" => self.assignment(left, right),
            "|=" => self.update(left, right),
            "//=" => self.update_alternative(left, right),
            "or" => binary(left, BinaryOp::Or, right),
            "and" => binary(left, BinaryOp::And, right),
            _ => match (math(sign), sign.strip_suffix('=').and_then(math)) {
                (Some(math), _) => self.in_order(left, BinaryOp::Math(math), right),
                (None, Some(math)) if sign != "==" => self.update_math(left, math, right),
                _ => self.in_order(left, BinaryOp::Cmp(comparison(sign)), right),
            },
        }
    }
}

pub(super) fn binary<'s>(left: Term<'s>, op: BinaryOp<&'s str>, right: Term<'s>) -> Term<'s> {
    Term::BinOp(Box::new(left), op, Box::new(right))
}

fn math(sign: &str) -> Option<Math> {
    Some(match sign {
        "+" => Math::Add,
        "-" => Math::Sub,
        "*" => Math::Mul,
        "/" => Math::Div,
        "%" => Math::Rem,
        _ => return None,
    })
}

fn comparison(sign: &str) -> Cmp {
    match sign {
        "!=" => Cmp::Ne,
        "<" => Cmp::Lt,
        ">" => Cmp::Gt,
        "<=" => Cmp::Le,
        ">=" => Cmp::Ge,
        _ => Cmp::Eq,
    }
}

/// The sign as the tokens have it.
fn known(sign: &str) -> &'static str {
    const PLAIN: [&str; 10] = [".", "[", "]", "{", "}", "(", ")", "|", ",", ":"];
    const REST: [&str; 5] = [";", "?", "..", "-", "//"];
    let mut all = PLAIN.iter().chain(&REST);
    all.find(|known| **known == sign).copied().unwrap_or("")
}
