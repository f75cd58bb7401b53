//! A parser for the parts of Python that package files use. It finds syntax errors that every
//! Python version reports, and literal values. In doubt it reports nothing, so no package that Rez
//! can load is reported as a fault.

mod lex;
mod literal;
mod structure;

pub(super) use lex::Fault;
use lex::{Lexed, Line, Token};
pub(super) use literal::Literal;

/// A parsed Python file.
pub(super) struct Module {
    lines: Vec<Line>,
    /// Whether each line is in the body of a function or class.
    in_body: Vec<bool>,
    /// Whether names may be bound in ways that the parser does not see.
    is_opaque: bool,
}

/// The value of a name at the top level of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    Absent,
    /// It is computed, or has a form that only Python can evaluate.
    Unknown,
    Known(Literal),
}

impl Module {
    /// Parses a file.
    ///
    /// # Errors
    /// The first certain syntax error.
    pub(super) fn parse(bytes: &[u8]) -> Result<Module, Fault> {
        let (lines, is_sure) = match lex::lex(bytes)? {
            Lexed::Sure(lines) => (lines, true),
            Lexed::Unsure(lines) => (lines, false),
        };
        if is_sure {
            structure::check(&lines)?;
        }
        let in_body = bodies(&lines);
        let is_opaque = !is_sure || binds_unseen(&lines);
        Ok(Module {
            lines,
            in_body,
            is_opaque,
        })
    }

    /// The value of a name at the top level of the module.
    pub(super) fn binding(&self, name: &str) -> Binding {
        let mut found = Binding::Absent;
        for (line, _) in self
            .lines
            .iter()
            .zip(&self.in_body)
            .filter(|(_, body)| !**body)
        {
            let mentioned = mention(line, name);
            found = match (mentioned, found) {
                (Mention::None, found) => found,
                (Mention::Value(literal), Binding::Absent) => Binding::Known(literal),
                (Mention::Use, Binding::Known(Literal::Text(text))) => {
                    // Strings are immutable, so a use cannot change the value.
                    Binding::Known(Literal::Text(text))
                }
                (Mention::Use, Binding::Absent) => Binding::Absent,
                (Mention::Value(_) | Mention::Use | Mention::Other, _) => return Binding::Unknown,
            };
        }
        match found {
            Binding::Absent if self.is_opaque => Binding::Unknown,
            Binding::Known(_) if self.is_opaque => Binding::Unknown,
            Binding::Known(Literal::Unknown) => Binding::Unknown,
            found @ (Binding::Absent | Binding::Unknown | Binding::Known(_)) => found,
        }
    }
}

/// How a line uses a name.
enum Mention {
    None,
    /// It is assigned a value.
    Value(Literal),
    /// It is read.
    Use,
    /// Anything else that may bind it.
    Other,
}

fn mention(line: &Line, name: &str) -> Mention {
    /// Words that may bind a name that is not the first word of its line.
    const BINDING: [&str; 14] = [
        "for", "del", "import", "from", "with", "global", "if", "elif", "while", "try", "else",
        "except", "async", "finally",
    ];
    let tokens = line.tokens.as_slice();
    let is_name = |token: &Token| matches!(token, Token::Word(word) if word == name);
    let first = match tokens.first() {
        Some(Token::Word(word)) => word.as_str(),
        _ => "",
    };
    match tokens {
        [Token::Word(word), second, ..] if word == "def" || word == "class" => {
            return if is_name(second) {
                Mention::Other
            } else {
                Mention::None
            };
        }
        [word, Token::Op(b'='), Token::Op(b'='), ..] if is_name(word) => return Mention::Use,
        [word, Token::Op(b'='), value @ ..] if is_name(word) && line.indent.columns == 0 => {
            return Mention::Value(literal::parse(value));
        }
        [word, ..] if is_name(word) => return Mention::Other,
        _ => {}
    }
    let last_assignment = (0..tokens.len())
        .rev()
        .find(|&at| Token::is_at_top(line, at) && is_assigned(tokens, at));
    let mut mention = Mention::None;
    for (at, _) in tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| is_name(token))
    {
        let is_attribute = at > 0 && matches!(tokens.get(at - 1), Some(Token::Op(b'.')));
        let is_argument = !Token::is_at_top(line, at) && is_assigned(tokens, at + 1);
        if is_attribute || is_argument {
            continue;
        }
        if BINDING.contains(&first) || last_assignment > Some(at) {
            return Mention::Other;
        }
        mention = Mention::Use;
    }
    mention
}

/// Whether there is a single `=` at this position.
fn is_assigned(tokens: &[Token], at: usize) -> bool {
    let is_equals = |at: usize| matches!(tokens.get(at), Some(Token::Op(b'=')));
    let before = at.checked_sub(1).and_then(|at| tokens.get(at));
    let is_compared = matches!(before, Some(Token::Op(b'=' | b'!' | b'<' | b'>')));
    is_equals(at) && !is_equals(at + 1) && !is_compared
}

/// Marks the lines in bodies of functions and classes, which bind no top-level names.
fn bodies(lines: &[Line]) -> Vec<bool> {
    let mut inside: Option<usize> = None;
    let mut marks = Vec::with_capacity(lines.len());
    for line in lines {
        if inside.is_some_and(|indent| line.indent.columns <= indent) {
            inside = None;
        }
        marks.push(inside.is_some());
        let mut words = line.tokens.iter().filter_map(|token| match token {
            Token::Word(word) => Some(word.as_str()),
            Token::Text(_) | Token::Op(_) => None,
        });
        let first = words.next();
        let opens = matches!(first, Some("def" | "class"))
            || (first == Some("async") && words.next() == Some("def"));
        if opens && inside.is_none() {
            inside = Some(line.indent.columns);
        }
    }
    marks
}

/// Whether the file may bind names dynamically.
fn binds_unseen(lines: &[Line]) -> bool {
    const CALLS: [&str; 8] = [
        "exec", "execfile", "eval", "globals", "locals", "vars", "setattr", "compile",
    ];
    lines.iter().any(|line| {
        let is_star = matches!(line.tokens.as_slice(), [Token::Word(from), .., Token::Op(b'*')] if from == "from");
        let calls = line.tokens.iter().any(|token| {
            matches!(token, Token::Word(word) if CALLS.contains(&word.as_str()) || word == "global")
        });
        is_star || calls
    })
}

#[cfg(test)]
mod tests;
