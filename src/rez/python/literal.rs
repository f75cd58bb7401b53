//! Literal values: strings, and lists and tuples of values.

use super::lex::Token;

/// A literal value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rez) enum Literal {
    Text(String),
    /// A list or a tuple.
    List(Vec<Literal>),
    /// Something that only Python can evaluate.
    Unknown,
}

/// Limit for the nesting of lists.
const MOST_DEPTH: usize = 16;

/// The value of all these tokens.
pub(super) fn parse(tokens: &[Token]) -> Literal {
    let mut parser = Parser { tokens, at: 0 };
    match parser.value(0) {
        Some(literal) if parser.at == tokens.len() => literal,
        Some(_) | None => Literal::Unknown,
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// A value. `None` if it is not supported.
    fn value(&mut self, depth: usize) -> Option<Literal> {
        if depth > MOST_DEPTH {
            return None;
        }
        match self.peek()? {
            Token::Text(_) => self.text(),
            Token::Op(open @ (b'[' | b'(')) => {
                let close = if *open == b'[' { b']' } else { b')' };
                self.at += 1;
                self.list(close, depth)
            }
            Token::Word(_) | Token::Op(_) => None,
        }
    }

    /// Adjacent strings are concatenated.
    fn text(&mut self) -> Option<Literal> {
        let mut whole = String::new();
        while let Some(Token::Text(value)) = self.peek() {
            whole.push_str(value.as_deref()?);
            self.at += 1;
        }
        Some(Literal::Text(whole))
    }

    fn list(&mut self, close: u8, depth: usize) -> Option<Literal> {
        let mut items = Vec::new();
        let mut commas = 0;
        loop {
            if self.peek()? == &Token::Op(close) {
                self.at += 1;
                break;
            }
            let start = self.at;
            let item = self.value(depth + 1);
            items.push(match (item, self.peek()?) {
                (Some(item), Token::Op(b',')) => item,
                (Some(item), Token::Op(end)) if *end == close => item,
                (Some(_) | None, _) => {
                    self.at = start;
                    self.skip()?;
                    Literal::Unknown
                }
            });
            if self.peek()? == &Token::Op(b',') {
                self.at += 1;
                commas += 1;
            }
        }
        match (close, commas, items.as_slice()) {
            // Parentheses around a single value do not make a tuple.
            (b')', 0, [_]) => items.pop(),
            _ => Some(Literal::List(items)),
        }
    }

    /// Skips to the comma or bracket after an item.
    fn skip(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            match self.peek()? {
                Token::Op(b'(' | b'[' | b'{') => open += 1,
                Token::Op(b')' | b']' | b'}') if open == 0 => return Some(()),
                Token::Op(b')' | b']' | b'}') => open -= 1,
                Token::Op(b',') if open == 0 => return Some(()),
                Token::Word(_) | Token::Text(_) | Token::Op(_) => {}
            }
            self.at += 1;
        }
    }
}
