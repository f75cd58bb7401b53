//! GraphQL over HTTP: the operations of a document, the request, and the errors in a response. See
//! <https://spec.graphql.org> and <https://graphql.github.io/graphql-over-http>.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::Text;

/// The responses that are asked for.
pub(crate) const ACCEPT: &str = "application/graphql-response+json, application/json";

/// The request for an operation of a document.
pub(crate) fn request(document: &str, operation: Option<&str>, variables: Option<&Text>) -> Text {
    let (document, operation) = (Text::string(document), operation.map(Text::string));
    let members = [
        Some(("query", &document)),
        operation.as_ref().map(|name| ("operationName", name)),
        variables.map(|variables| ("variables", variables)),
    ];
    Text::object(members.into_iter().flatten())
}

/// An operation of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    /// Its name, which an operation need not have.
    pub name: Option<String>,
    pub kind: Kind,
}

/// Whether an operation may have an effect on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It reads only, as GET does.
    Query,
    /// A mutation or subscription.
    Other,
}

/// The operations of a document.
///
/// # Errors
/// When the text cannot be a document of operations and fragments, with the line.
pub(crate) fn operations(document: &str) -> Result<Vec<Operation>, String> {
    let mut lexer = Lexer {
        rest: document.trim_start_matches('\u{feff}'),
        line: 1,
    };
    let mut operations = Vec::new();
    let mut add = |kind: Option<Kind>, name: Option<&str>| {
        let name = name.map(str::to_owned);
        operations.extend(kind.map(|kind| Operation { name, kind }));
    };
    while let Some(token) = lexer.next()? {
        let kind = match token {
            Token::Open('{') => {
                add(Some(Kind::Query), None);
                lexer.skip_block(1)?;
                continue;
            }
            Token::Name("query") => Some(Kind::Query),
            Token::Name("mutation" | "subscription") => Some(Kind::Other),
            Token::Name("fragment") => None,
            other => {
                return Err(format!(
                    "line {}: expected query, mutation, subscription, fragment or {{, found {}",
                    lexer.line,
                    other.shown()
                ));
            }
        };
        match lexer.next()? {
            Some(Token::Name(name)) => {
                add(kind, Some(name));
                lexer.skip_block(0)?;
            }
            Some(Token::Open(opening)) => {
                add(kind, None);
                match opening {
                    '{' => lexer.skip_block(1)?,
                    _ => {
                        lexer.skip_parentheses()?;
                        lexer.skip_block(0)?;
                    }
                }
            }
            Some(Token::Close(_) | Token::Other(_)) => {
                add(kind, None);
                lexer.skip_block(0)?;
            }
            None => return Err(lexer.unfinished()),
        }
    }
    Ok(operations)
}

/// The parts of a document that matter for finding its operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Open(char),
    Close(char),
    /// Strings, numbers and punctuation.
    Other(char),
}

impl Token<'_> {
    fn shown(self) -> String {
        match self {
            Token::Name(name) => format!("'{name}'"),
            Token::Open(c) | Token::Close(c) | Token::Other(c) => format!("'{c}'"),
        }
    }
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Result<Option<Token<'a>>, String> {
        loop {
            let blank = |c: char| c.is_whitespace() || c == ',';
            let start = self.rest.find(|c| !blank(c)).unwrap_or(self.rest.len());
            self.take(start);
            if !self.rest.starts_with('#') {
                break;
            }
            self.take(self.rest.find(['\n', '\r']).unwrap_or(self.rest.len()));
        }
        let Some(first) = self.rest.chars().next() else {
            return Ok(None);
        };
        let token = match first {
            '"' => {
                self.string()?;
                return Ok(Some(Token::Other('"')));
            }
            '{' | '(' | '[' => Token::Open(first),
            '}' | ')' | ']' => Token::Close(first),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let within = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let end = self.rest.find(|c| !within(c)).unwrap_or(self.rest.len());
                return Ok(Some(Token::Name(self.take(end))));
            }
            other => Token::Other(other),
        };
        self.take(first.len_utf8());
        Ok(Some(token))
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .unwrap_or((self.rest, ""));
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    /// Skips a string, or a block string in three quotes.
    fn string(&mut self) -> Result<(), String> {
        let start = self.line;
        let unfinished = || format!("line {start}: a string without an end");
        if self.rest.starts_with("\"\"\"") {
            self.take(3);
            loop {
                let end = self.rest.find("\"\"\"").ok_or_else(unfinished)?;
                let is_escaped = self
                    .rest
                    .get(..end)
                    .is_some_and(|text| text.ends_with('\\'));
                self.take(end + 3);
                if !is_escaped {
                    return Ok(());
                }
            }
        }
        let mut is_escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                '\n' | '\r' => return Err(unfinished()),
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => {
                    self.take(at + 1);
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(unfinished())
    }

    /// Skips up to the end of the definition: the brace that closes its selection.
    fn skip_block(&mut self, depth: usize) -> Result<(), String> {
        self.skip_to('}', depth)
    }

    /// Skips up to the parenthesis that closes the one before.
    fn skip_parentheses(&mut self) -> Result<(), String> {
        self.skip_to(')', 1)
    }

    fn skip_to(&mut self, last: char, mut depth: usize) -> Result<(), String> {
        while let Some(token) = self.next()? {
            match token {
                Token::Open(_) => depth += 1,
                Token::Close(_) if depth == 0 => {
                    return Err(format!("line {}: unexpected {}", self.line, token.shown()));
                }
                Token::Close(closing) => {
                    depth -= 1;
                    if depth == 0 && closing == last {
                        return Ok(());
                    }
                }
                Token::Name(_) | Token::Other(_) => {}
            }
        }
        Err(self.unfinished())
    }

    fn unfinished(&self) -> String {
        format!("line {}: it ends within a definition", self.line)
    }
}

/// The errors in a response, one text for each; none if it has only data.
///
/// # Errors
/// When the body is not a response of GraphQL: an object with `data` or `errors`.
pub(crate) fn errors(body: &[u8]) -> Result<Vec<String>, String> {
    let text = Text::from_bytes(body).map_err(|why| format!("the body is not JSON: {why}"))?;
    let members: BTreeMap<String, Box<RawValue>> = text
        .read()
        .map_err(|_| "the body is not a JSON object".to_owned())?;
    let errors = members.get("errors").map(|errors| errors.get());
    match errors {
        Some(errors) if errors != "null" => {
            let list: Result<Vec<Box<RawValue>>, _> = serde_json::from_str(errors);
            // Some services send an object or a text instead of a list.
            let list = list.map_err(|_| vec![shown(errors)]);
            Ok(list.map_or_else(
                |one| one,
                |list| list.iter().map(|error| shown(error.get())).collect(),
            ))
        }
        Some(_) | None if members.contains_key("data") => Ok(Vec::new()),
        Some(_) | None => Err("the object has neither data nor errors".to_owned()),
    }
}

#[derive(Deserialize)]
struct ErrorEntry {
    message: String,
    path: Option<Vec<Box<RawValue>>>,
    locations: Option<Vec<Location>>,
}

#[derive(Deserialize)]
struct Location {
    line: u64,
    column: u64,
}

/// An error as text: `message (at shots.0.note, line 3 column 5)`; its JSON if it is none of the
/// specification.
fn shown(error: &str) -> String {
    let Ok(entry) = serde_json::from_str::<ErrorEntry>(error) else {
        return error.to_owned();
    };
    let part = |part: &RawValue| {
        let text: Result<String, _> = serde_json::from_str(part.get());
        text.unwrap_or_else(|_| part.get().to_owned())
    };
    let mut places: Vec<String> = Vec::new();
    if let Some(path) = entry.path.filter(|path| !path.is_empty()) {
        let parts: Vec<String> = path.iter().map(|one| part(one)).collect();
        places.push(format!("at {}", parts.join(".")));
    }
    if let Some(Location { line, column }) = entry.locations.iter().flatten().next() {
        places.push(format!("line {line} column {column}"));
    }
    match places.is_empty() {
        true => entry.message,
        false => format!("{} ({})", entry.message, places.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(document: &str) -> Vec<String> {
        let found = operations(document).unwrap();
        let name = |found: Operation| found.name.unwrap_or_else(|| "-".to_owned());
        found.into_iter().map(name).collect()
    }

    #[test]
    fn operations_of_a_document_are_found() {
        assert_eq!(named("{ a { b } }"), ["-"]);
        assert_eq!(named("\u{feff}# query X {\nquery A { a }"), ["A"]);
        assert_eq!(
            named(
                "query A($x: In = {a: [1, \"}\"]}) @d(if: true) { a(x: $x) { ...F } }\n\
                 fragment F on T { c }, mutation B { b }subscription{s}"
            ),
            ["A", "B", "-"]
        );
        assert_eq!(named("query ($a: Int) { a }"), ["-"]);
        assert_eq!(named("query @live { a }"), ["-"]);
        assert_eq!(
            named("query A { a(t: \"\"\"x \\\"\"\" } \"\"\") } query B { query }"),
            ["A", "B"]
        );
        assert_eq!(named("fragment F on T { c }"), [""; 0]);
        let kinds: Vec<Kind> = operations("{ a } query A { b } mutation B { c }")
            .unwrap()
            .into_iter()
            .map(|operation| operation.kind)
            .collect();
        assert_eq!(kinds, [Kind::Query, Kind::Query, Kind::Other]);
    }

    #[test]
    fn other_texts_are_refused_with_their_line() {
        for (text, why) in [
            ("query A {\n a", "line 2: it ends within a definition"),
            ("query", "line 1: it ends within a definition"),
            ("\ntype Shot { name: String }", "line 2: expected query"),
            ("query A { a } }", "line 1: expected query"),
            ("query A ) { a }", "line 1: unexpected ')'"),
            ("{ a(b: \"x) }", "line 1: a string without an end"),
            ("{ a(b: \"\"\"x) }", "line 1: a string without an end"),
            ("<html>", "line 1: expected query"),
        ] {
            let refused = operations(text).unwrap_err();
            assert!(refused.starts_with(why), "{text}: {refused}");
        }
        assert!(operations(&"{".repeat(1 << 20)).is_err());
    }

    #[test]
    fn request_has_only_the_members_that_are_needed() {
        let variables = Text::parse("{\"n\":1.10}").unwrap();
        assert_eq!(
            request("{ a }\n", None, None).as_str(),
            r#"{"query":"{ a }\n"}"#
        );
        assert_eq!(
            request("query A { a }", Some("A"), Some(&variables)).as_str(),
            r#"{"query":"query A { a }","operationName":"A","variables":{"n":1.10}}"#
        );
    }

    #[test]
    fn errors_of_a_response_are_listed_with_their_place() {
        let of = |body: &str| errors(body.as_bytes());
        assert_eq!(of(r#"{"data":null}"#), Ok(vec![]));
        assert_eq!(of(r#"{"data":{},"errors":null}"#), Ok(vec![]));
        assert_eq!(of(r#"{"data":{},"errors":[]}"#), Ok(vec![]));
        let full = r#"{"errors":[
            {"message":"a","path":["shots",0,"note"],"locations":[{"line":3,"column":5}]},
            {"message":"b","extensions":{}}, "c", {"code":4}], "data":{"x":1}}"#;
        let expected = [
            "a (at shots.0.note, line 3 column 5)",
            "b",
            "\"c\"",
            "{\"code\":4}",
        ];
        assert_eq!(of(full).unwrap(), expected);
        assert_eq!(of(r#"{"errors":"down"}"#).unwrap(), ["\"down\""]);
        for other in ["", "[]", "{}", "<html>", r#"{"message":"not found"}"#] {
            assert!(of(other).is_err(), "{other}");
        }
    }
}
