//! Finds errors in blocks, indentation, and sequences of tokens.

use super::lex::{Fault, Line, Token};

/// Keywords, soft keywords, and the statements of Python 2.
const KEYWORDS: [&str; 40] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield", "match", "case", "type", "print", "exec",
];

/// Finds the first error.
///
/// # Errors
/// The error and its line.
pub(super) fn check(lines: &[Line]) -> Result<(), Fault> {
    let has = |wanted: fn(&Line) -> bool| lines.iter().any(wanted);
    let is_mixed = has(|line| line.indent.tabs) && has(|line| line.indent.spaces);
    let blocks = if is_mixed { Ok(()) } else { blocks(lines) };
    let in_lines = lines.iter().try_for_each(tokens);
    match (blocks, in_lines) {
        (Err(first), Err(second)) if second.line < first.line => Err(second),
        (Err(fault), _) | (Ok(()), Err(fault)) => Err(fault),
        (Ok(()), Ok(())) => Ok(()),
    }
}

fn blocks(lines: &[Line]) -> Result<(), Fault> {
    let mut levels = vec![0];
    let mut opened: Option<usize> = None;
    for line in lines {
        let columns = line.indent.columns;
        let top = levels.last().copied().unwrap_or(0);
        match opened {
            Some(_) if columns > top => levels.push(columns),
            Some(by) => return no_block(by),
            None if columns > top => return Fault::at(line.number, "unexpected indent"),
            None => {
                levels.retain(|&level| level <= columns);
                if levels.last() != Some(&columns) {
                    return Fault::at(
                        line.number,
                        "unindent does not match any outer indentation level",
                    );
                }
            }
        }
        let opens = line.tokens.last() == Some(&Token::Op(b':'));
        opened = opens.then_some(line.number);
    }
    match opened {
        Some(by) => no_block(by),
        None => Ok(()),
    }
}

fn no_block(by: usize) -> Result<(), Fault> {
    Fault::at(by, "expected an indented block")
}

fn tokens(line: &Line) -> Result<(), Fault> {
    if let Some(Token::Op(op @ (b'=' | b',' | b':' | b'/' | b'%' | b'&' | b'|' | b'^' | b';'))) =
        line.tokens.first()
    {
        let why = format!("unexpected '{}'", char::from(*op));
        return Fault::at(line.number, why);
    }
    if let Some(Token::Op(op @ (b'=' | b'+' | b'-' | b'/' | b'%' | b'&' | b'|' | b'^'))) =
        line.tokens.last()
    {
        let why = format!("missing expression after '{}'", char::from(*op));
        return Fault::at(line.number, why);
    }
    let pairs = line.tokens.iter().zip(line.tokens.iter().skip(1));
    for (before, after) in pairs {
        if ends_value(before) && begins_value(after) && !are_strings(before, after) {
            return Fault::at(line.number, "missing operator or comma");
        }
    }
    Ok(())
}

fn are_strings(before: &Token, after: &Token) -> bool {
    matches!((before, after), (Token::Text(_), Token::Text(_)))
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// Whether only an operator, a bracket or a keyword may follow.
fn ends_value(token: &Token) -> bool {
    match token {
        // A keyword may follow a number without a space: 1if x else y.
        Token::Word(word) => !is_keyword(word) && !word.starts_with(|c: char| c.is_ascii_digit()),
        Token::Text(_) => true,
        Token::Op(_) => false,
    }
}

fn begins_value(token: &Token) -> bool {
    match token {
        Token::Word(word) => !is_keyword(word),
        Token::Text(_) => true,
        Token::Op(_) => false,
    }
}
