//! Pages of a GraphQL connection: the variable that takes the cursor, and the connection with
//! `pageInfo` in a response.

use super::body::{Body, read_bytes};
use crate::error::Error;
use crate::json::{self, Text};
use crate::sort::Sortable;

/// A query whose result has pages.
pub(crate) struct PagedQuery {
    /// The variable that takes the cursor.
    variable: String,
}

/// A connection in a response.
pub(super) struct Connection<'a> {
    /// The elements of `nodes`, or the nodes of `edges`; `None` if it has neither.
    pub items: Option<Vec<&'a str>>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

impl PagedQuery {
    /// Reads the query in a JSON body; `None` if the body has none.
    ///
    /// # Errors
    /// A usage error for a query that has no pages, and when a file cannot be read.
    pub(crate) fn of(body: &mut Body) -> Result<Option<PagedQuery>, Error> {
        if let Body::File { .. } = body {
            // The cursor changes the body, so that it must be in memory.
            let content_type = body.content_type();
            if content_type != Some("application/json") {
                return Ok(None);
            }
            *body = Body::Bytes {
                bytes: read_bytes(body)?,
                content_type: Some("application/json"),
            };
        }
        let Some(members) = members(body) else {
            return Ok(None);
        };
        let query = members.iter().find(|(name, _)| name == "query");
        let text = query.and_then(|(_, value)| value.read::<String>().ok());
        match text.filter(|text| is_graphql(text)) {
            Some(text) => paged(&text).map(Some).map_err(|why| {
                Error::usage_hint(
                    format!("--paginate: {why}"),
                    "a query with pages has a variable $after, passes it as after: $after, and \
                     selects pageInfo { hasNextPage endCursor }",
                )
            }),
            None => Ok(None),
        }
    }

    /// The body for the page after `cursor`: only the variable changes.
    pub(super) fn body_after(&self, body: &Body, cursor: &str) -> Option<Body> {
        let mut all = members(body)?;
        let variables = all.iter().find(|(name, _)| name == "variables");
        let mut inner = match variables {
            Some((_, variables)) => json::members(variables).unwrap_or_default(),
            None => Vec::new(),
        };
        set(&mut inner, &self.variable, Text::string(cursor));
        let inner = Text::object(inner.iter().map(|(name, value)| (name.as_str(), value)));
        set(&mut all, "variables", inner);
        let all = Text::object(all.iter().map(|(name, value)| (name.as_str(), value)));
        Some(Body::json(&all))
    }
}

fn set(members: &mut Vec<(String, Text)>, name: &str, value: Text) {
    match members.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => *old = value,
        None => members.push((name.to_owned(), value)),
    }
}

fn members(body: &Body) -> Option<Vec<(String, Text)>> {
    let Body::Bytes { bytes, .. } = body else {
        return None;
    };
    json::members(&Text::from_bytes(bytes).ok()?).ok()
}

/// Whether a text is a GraphQL document and not the words of a search.
fn is_graphql(text: &str) -> bool {
    let tokens = tokens(text);
    let first = tokens.first().map_or("", String::as_str);
    let is_named = matches!(first, "query" | "mutation" | "subscription" | "fragment");
    first == "{" || is_named && tokens.iter().any(|token| token == "{")
}

/// The variable for the cursor.
fn paged(text: &str) -> Result<PagedQuery, String> {
    let tokens = tokens(text);
    let has = |word: &str| tokens.iter().any(|token| token == word);
    if let Some(kind) = ["mutation", "subscription"]
        .into_iter()
        .find(|kind| tokens.first().is_some_and(|first| first == kind))
    {
        return Err(format!("a {kind} has no pages"));
    }
    if !has("pageInfo") {
        return Err("the GraphQL query does not select pageInfo".to_owned());
    }
    let mut variables: Vec<&str> = tokens
        .windows(3)
        .filter_map(|window| match window {
            [name, colon, variable] if name == "after" && colon == ":" => {
                variable.strip_prefix('$')
            }
            _ => None,
        })
        .collect();
    variables.order();
    variables.dedup();
    match variables.as_slice() {
        [variable] => Ok(PagedQuery {
            variable: (*variable).to_owned(),
        }),
        [] => {
            // Some services give the argument another name: `cursor: $cursor`.
            let usual = ["after", "cursor", "endCursor"];
            let found = usual.into_iter().find(|name| has(&format!("${name}")));
            let variable = found.ok_or("the GraphQL query has no variable for the cursor")?;
            Ok(PagedQuery {
                variable: variable.to_owned(),
            })
        }
        [one, other, ..] => Err(format!(
            "the GraphQL query pages several lists, after ${one} and ${other}; page one at a time"
        )),
    }
}

/// The names, variables and punctuators of a document, without strings and comments.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '"' => string_length(rest),
            '$' => 1 + name_length(rest.get(1..).unwrap_or_default()),
            c if is_name(c) => name_length(rest),
            c => c.len_utf8(),
        };
        let (token, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let is_blank = first == '"' || first == '#' || first == ',' || first.is_whitespace();
        if !is_blank && first != '\u{feff}' {
            tokens.push(token.to_owned());
        }
        rest = tail;
    }
    tokens
}

fn name_length(text: &str) -> usize {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.find(|c| !is_name(c)).unwrap_or(text.len())
}

/// The length of the string or block string at the beginning of `text`.
fn string_length(text: &str) -> usize {
    let quotes = if text.starts_with("\"\"\"") { 3 } else { 1 };
    let end = if quotes == 3 { "\"\"\"" } else { "\"" };
    let mut at = quotes;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(end) {
            return at + quotes;
        }
        let escaped = match (quotes, rest.strip_prefix('\\')) {
            (3, _) => rest.strip_prefix("\\\"\"\"").map(|_| 4),
            (_, Some(after)) => Some(1 + after.chars().next().map_or(0, char::len_utf8)),
            (_, None) => None,
        };
        at += escaped.unwrap_or_else(|| rest.chars().next().map_or(1, char::len_utf8));
    }
    text.len()
}

/// The connection in a response.
///
/// # Errors
/// When the response has errors, or not exactly one outermost `pageInfo`.
pub(super) fn connection(body: &str) -> Result<Connection<'_>, String> {
    let members = json::object(body).ok_or("the response is not a JSON object")?;
    if let Some(error) = first_error(&members) {
        return Err(format!("the service reports an error: {error}"));
    }
    let mut found = Vec::new();
    if let Some(data) = value_of(&members, "data") {
        find(data, &mut found);
    }
    match found.as_slice() {
        [connection] => read(connection),
        [] => Err("the response has no pageInfo".to_owned()),
        [..] => Err(format!(
            "the response has {} lists with pageInfo; page one at a time",
            found.len()
        )),
    }
}

/// The message of the first error, as text.
fn first_error(members: &[(String, &str)]) -> Option<String> {
    let errors = json::elements(value_of(members, "errors")?)?;
    let first = errors.first()?;
    let object = json::object(first);
    let message = object.as_ref().and_then(|error| value_of(error, "message"));
    let text = message.and_then(|message| serde_json::from_str::<String>(message).ok());
    Some(text.unwrap_or_else(|| (*first).to_owned()))
}

fn value_of<'a>(members: &[(String, &'a str)], name: &str) -> Option<&'a str> {
    let mut members = members.iter();
    let found = members.find(|(known, _)| known == name);
    found.map(|(_, value)| *value)
}

/// Adds the outermost objects with `pageInfo`. A checked text is nested at most 128 deep.
fn find<'a>(text: &'a str, found: &mut Vec<Vec<(String, &'a str)>>) {
    if let Some(members) = json::object(text) {
        match value_of(&members, "pageInfo") {
            Some(_) => found.push(members),
            None => members.iter().for_each(|(_, value)| find(value, found)),
        }
    } else if let Some(elements) = json::elements(text) {
        elements.iter().for_each(|value| find(value, found));
    }
}

fn read<'a>(connection: &[(String, &'a str)]) -> Result<Connection<'a>, String> {
    let info = value_of(connection, "pageInfo").and_then(json::object);
    let info = info.ok_or("its pageInfo is not an object")?;
    let next = match value_of(&info, "hasNextPage") {
        Some("true") => {
            let cursor = value_of(&info, "endCursor");
            let cursor = cursor.and_then(|text| serde_json::from_str::<String>(text).ok());
            Some(cursor.ok_or("there is a next page, but pageInfo has no endCursor")?)
        }
        Some("false") => None,
        Some(_) | None => return Err("its pageInfo has no hasNextPage".to_owned()),
    };
    let nodes = value_of(connection, "nodes").and_then(json::elements);
    let edges = value_of(connection, "edges").and_then(json::elements);
    let of_edges = |edges: Vec<&'a str>| {
        let node = |edge: &&'a str| value_of(&json::object(edge)?, "node");
        edges.iter().map(node).collect::<Option<Vec<&str>>>()
    };
    Ok(Connection {
        items: nodes.or_else(|| edges.and_then(of_edges)),
        next,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(query: &str) -> Result<String, String> {
        paged(query).map(|paged| paged.variable)
    }

    #[test]
    fn variable_of_the_cursor_is_found() {
        for (query, name) in [
            (
                "query ($c: String) { a(first: 2, after: $c) { pageInfo { endCursor } } }",
                "c",
            ),
            (
                "query($after:String){a(after:$after){pageInfo{x}} b(after:$after){y}}",
                "after",
            ),
            (
                "query($cursor: String) { a(from: $cursor) { pageInfo { x } } }",
                "cursor",
            ),
            (
                "# after: $no\nquery($c: String) { a(x: \"after: $no\", after: $c) { pageInfo { x } } }",
                "c",
            ),
            (
                "query($c: String) { a(x: \"\"\"a \" \\\"\"\" after: $no\"\"\", after: $c) { pageInfo { x } } }",
                "c",
            ),
        ] {
            assert_eq!(variable(query), Ok(name.to_owned()), "{query}");
        }
        for wrong in [
            "{ a { pageInfo { x } } }",
            "query($c: String) { a(after: $c) { x } }",
            "query($c: String, $d: String) { a(after: $c) { pageInfo { x } } b(after: $d) { x } }",
            "mutation { a(after: $c) { pageInfo { x } } }",
            "query { a(x: \"after: $c\") { pageInfo { x } } }",
        ] {
            assert!(variable(wrong).is_err(), "{wrong}");
        }
        assert!(is_graphql(" # x\n{ a }") && is_graphql("query { a }"));
        assert!(!is_graphql("query planner") && !is_graphql("sh010") && !is_graphql("\"{\""));
    }

    #[test]
    fn only_the_cursor_of_the_body_changes() {
        let paged = PagedQuery {
            variable: "after".into(),
        };
        for (body, expected) in [
            (
                r#"{"query":"q","variables":{"n":1.50,"after":"a"},"x":1}"#,
                r#"{"query":"q","variables":{"n":1.50,"after":"\"é"},"x":1}"#,
            ),
            (
                r#"{"query":"q"}"#,
                r#"{"query":"q","variables":{"after":"\"é"}}"#,
            ),
            (
                r#"{"query":"q","variables":null}"#,
                r#"{"query":"q","variables":{"after":"\"é"}}"#,
            ),
        ] {
            let next = paged.body_after(&Body::text(body), "\"é").unwrap();
            assert_eq!(next, Body::json(&Text::parse(expected).unwrap()));
        }
    }

    #[test]
    fn connection_is_found_at_any_depth() {
        let read = |text: &str| {
            connection(text).map(|found| {
                let items = found.items.map(|items| items.join(" "));
                (items.unwrap_or_default(), found.next.unwrap_or_default())
            })
        };
        let ok = |items: &str, next: &str| Ok((items.to_owned(), next.to_owned()));
        let inner = r#""pageInfo":{"hasNextPage":true,"endCursor":"c"}"#;
        assert_eq!(
            read(&format!(
                r#"{{"data":{{"p":{{"t":{{"nodes":[1,{{"x":{{{inner}}}}}],{inner}}}}}}}}}"#
            )),
            ok(&format!(r#"1 {{"x":{{{inner}}}}}"#), "c")
        );
        let last = r#""pageInfo":{"endCursor":null,"hasNextPage":false}"#;
        assert_eq!(
            read(&format!(
                r#"{{"data":[{{"edges":[{{"node":{{"a":1}}}}],{last}}}]}}"#
            )),
            ok(r#"{"a":1}"#, "")
        );
        for (text, why) in [
            (
                r#"{"errors":[{"message":"no such field"}],"data":null}"#,
                "no such field",
            ),
            (r#"{"data":{"a":1}}"#, "no pageInfo"),
            ("[]", "not a JSON object"),
            (
                &format!(r#"{{"data":{{"a":{{{inner}}},"b":{{{inner}}}}}}}"#),
                "2 lists",
            ),
            (
                r#"{"data":{"pageInfo":{"hasNextPage":true,"endCursor":null}}}"#,
                "no endCursor",
            ),
            (r#"{"data":{"pageInfo":{}}}"#, "no hasNextPage"),
        ] {
            assert!(read(text).unwrap_err().contains(why), "{text}");
        }
    }
}
