//! Parses filters, with the syntax of jq 1.8, into the terms of the interpreter.

mod build;
mod define;
mod object;
mod parser;
mod single;
mod term;
mod token;

use std::collections::BTreeSet;

use jaq_core::load::{Arena, parse};

pub(super) use parser::Parser;

/// A term of the interpreter.
pub(super) type Term<'s> = parse::Term<&'s str>;
/// A definition.
pub(super) type Def<'s> = parse::Def<&'s str, Term<'s>>;

/// Names, with the number of their arguments.
pub(super) type Calls<'s> = BTreeSet<(&'s str, usize)>;

/// Names that a filter defines.
type Names<'s> = BTreeSet<&'s str>;

/// Why a text is not a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub message: String,
    /// Where, as a number of bytes.
    pub at: usize,
}

/// A filter as parsed.
pub(super) struct Program<'s> {
    pub term: Term<'s>,
    /// The names that it calls, with the number of arguments.
    pub calls: Calls<'s>,
}

/// Parses a filter.
pub(super) fn parse_filter<'s>(
    text: &'s str,
    arena: &'s Arena,
) -> Result<Program<'s>, SyntaxError> {
    let mut parser = Parser::new(text, arena);
    let term = parser.program()?;
    Ok(Program {
        term,
        calls: parser.into_calls(),
    })
}

/// Parses the definitions of a library.
pub(super) fn parse_definitions<'s>(
    text: &'s str,
    arena: &'s Arena,
) -> Result<Vec<(Def<'s>, Calls<'s>)>, SyntaxError> {
    Parser::new(text, arena).library()
}
