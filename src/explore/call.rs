//! The call of a line: method, URL and items as `c47 http` reads them, with the values in their places.

use super::line::{Line, Word};
use super::service::Place;
use super::values::Values;
use crate::error::Error;
use crate::http::arguments::{parsed, words};
use crate::http::graphql_document::{self, Kind};
use crate::http::item::{Item, Value};
use crate::json;

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The method, if it is given.
    given: Option<String>,
    /// A path, a query, or a URL of the service.
    target: String,
    source: Source,
    /// The items as they are written.
    pub items: Vec<String>,
    parsed: Vec<Item>,
}

/// Where the target of a call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// It is written in the line, so that a path is one of the service.
    Line,
    /// It is a value of a response, so that a path is one of the origin.
    Link,
}

/// What a call may do to the data of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Impact {
    Reads,
    Writes,
}

/// A line whose call is checked, as far as that is possible without the values.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    target: Word,
    items: Vec<Word>,
    /// The call with the names of values in their places.
    sketch: Call,
}

impl Plan {
    /// Reads the words of a line.
    ///
    /// # Errors
    /// A usage error when there is no URL, or an item without values is invalid.
    pub(crate) fn of(line: &Line) -> Result<Plan, Error> {
        let written: Vec<String> = line.words.iter().map(Word::written).collect();
        if written.is_empty() {
            return Err(Error::usage_hint(
                "the line has no call",
                "write METHOD PATH [ITEM…] [| FILTER]",
            ));
        }
        let (given, url, items) = words(&written)?;
        let sketch = Call {
            given,
            target: url.to_owned(),
            source: Source::Line,
            items: items.to_vec(),
            parsed: parsed(items)?,
        };
        ensure_json(&line.words, &sketch)?;
        let first_item = written.len() - items.len();
        let (before, items) = line.words.split_at_checked(first_item).unwrap_or_default();
        let target = before.last().cloned().unwrap_or_default();
        Ok(Plan {
            target,
            items: items.to_vec(),
            sketch,
        })
    }

    /// Checks that the call is one of the service, as far as that is known without the values.
    ///
    /// # Errors
    /// A usage error for a target outside of the service.
    pub(crate) fn ensure_within(&self, place: &Place) -> Result<(), Error> {
        match self.target.has_values() {
            true => Ok(()),
            false => place.word(&self.sketch.target).map(drop),
        }
    }

    /// What the call may do, as far as that is known without the values.
    pub(crate) fn impact(&self) -> Impact {
        self.sketch.impact()
    }

    /// The method.
    pub(crate) fn method(&self) -> &str {
        self.sketch.method()
    }

    /// The call with the values.
    ///
    /// # Errors
    /// A usage error for an unknown or unsuitable value, and an invalid item.
    pub(crate) fn call(&self, values: &Values) -> Result<Call, Error> {
        let target = values.target(&self.target)?;
        let items = self.items.iter().map(|word| values.item(word));
        let items: Vec<String> = items.collect::<Result<_, _>>()?;
        Ok(Call {
            given: self.sketch.given.clone(),
            target,
            source: match self.target.is_value() {
                true => Source::Link,
                false => Source::Line,
            },
            parsed: parsed(&items)?,
            items,
        })
    }
}

/// Checks the JSON of items without values.
fn ensure_json(words: &[Word], sketch: &Call) -> Result<(), Error> {
    let items = words.iter().rev().zip(sketch.parsed.iter().rev());
    for (word, item) in items {
        let Item::Json {
            name,
            value: Value::Literal(text),
        } = item
        else {
            continue;
        };
        if !word.has_values() {
            json::check(text)
                .map_err(|why| Error::usage(format!("'{name}:=' is not valid JSON: {why}")))?;
        }
    }
    Ok(())
}

impl Call {
    /// The method, which depends on the items as in `c47 http`.
    pub(crate) fn method(&self) -> &str {
        let has_body = self.parsed.iter().any(|item| match item {
            Item::Field { .. } | Item::Json { .. } | Item::File { .. } => true,
            Item::Header { .. } | Item::NoHeader { .. } | Item::Query { .. } => false,
        });
        match (&self.given, has_body) {
            (Some(method), _) => method,
            (None, false) => "GET",
            (None, true) => "POST",
        }
    }

    /// What the call may do. A POST of a GraphQL query only reads.
    pub(crate) fn impact(&self) -> Impact {
        let reads = match self.method() {
            "GET" | "HEAD" | "OPTIONS" | "TRACE" => true,
            "POST" => self.is_graphql_query(),
            _ => false,
        };
        match reads {
            true => Impact::Reads,
            false => Impact::Writes,
        }
    }

    /// Whether the body is a GraphQL request whose operations all are queries.
    fn is_graphql_query(&self) -> bool {
        let mut documents = self.parsed.iter().filter_map(|item| match item {
            Item::Field { name, value } if name == "query" => Some(value),
            Item::Field { .. }
            | Item::Json { .. }
            | Item::File { .. }
            | Item::Header { .. }
            | Item::NoHeader { .. }
            | Item::Query { .. } => None,
        });
        // A later item would replace the document.
        let (Some(Value::Literal(document)), None) = (documents.next(), documents.next()) else {
            return false;
        };
        let is_other = |name: &str| {
            let name = name.split('[').next().unwrap_or_default();
            matches!(name, "variables" | "operationName")
        };
        let is_request = self.parsed.iter().all(|item| match item {
            Item::Field { name, .. } => name == "query" || is_other(name),
            Item::Json { name, .. } => is_other(name),
            Item::File { .. } => false,
            Item::Header { .. } | Item::NoHeader { .. } | Item::Query { .. } => true,
        });
        let operations = graphql_document::operations(document).unwrap_or_default();
        is_request && !operations.is_empty() && operations.iter().all(|one| one.kind == Kind::Query)
    }

    /// The target as it is written in a line. A link of a response may begin with the path of the service.
    fn target_at(&self, place: &Place) -> String {
        let link = match self.source {
            Source::Link if self.target.starts_with('/') => place.path_of(&self.target).ok(),
            Source::Link | Source::Line => None,
        };
        link.unwrap_or_else(|| self.target.clone())
    }

    /// The path and query below the URL of the service.
    pub(crate) fn path(&self, place: &Place) -> String {
        place.path_of_target(&self.target_at(place))
    }

    /// The words of `c47 http` for this call.
    ///
    /// # Errors
    /// A usage error for a target outside of the service.
    pub(crate) fn words(&self, place: &Place) -> Result<Vec<String>, Error> {
        let method = self.given.clone();
        let url = place.word(&self.target_at(place))?;
        let items = self.items.iter().cloned();
        Ok(method.into_iter().chain([url]).chain(items).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::url::Url;

    fn call(text: &str) -> Result<Call, String> {
        let mut values = Values::default();
        values.set("m", "\"DELETE\"".into()).unwrap();
        values.set("id", "\"47\"".into()).unwrap();
        values.set("path", "\"/api/x\"".into()).unwrap();
        values.set("own", "\"/data/x\"".into()).unwrap();
        values
            .set("link", "\"https://k.lan/api/x?page=2\"".into())
            .unwrap();
        let line = Line::parse(text)?;
        let plan = Plan::of(&line).map_err(|error| error.to_string())?;
        plan.call(&values).map_err(|error| error.to_string())
    }

    fn words(text: &str) -> String {
        let place = Place::Profile {
            name: "kitsu".into(),
            url: Url::parse("https://k.lan/api").unwrap(),
        };
        call(text).unwrap().words(&place).unwrap().join(" ")
    }

    #[test]
    fn line_becomes_the_words_of_c47_http() {
        assert_eq!(
            words("GET /data/$id page==2 | .[]"),
            "GET @kitsu/data/47 page==2"
        );
        assert_eq!(words("/data name=$id"), "@kitsu/data name=47");
        assert_eq!(words("get $link"), "GET @kitsu/x?page=2");
        assert_eq!(words("get $path"), "GET @kitsu/x");
        assert_eq!(words("get $own"), "GET @kitsu/data/x");
        assert_eq!(words("get /api/x"), "GET @kitsu/api/x");
        for wrong in [
            "",
            "| .a",
            "gte /x",
            "GET /x a",
            "GET /x http://a.lan/b",
            "GET",
        ] {
            let made = call(wrong).map(|call| call.target);
            assert!(
                made.as_deref() == Ok("GET") || made.is_err(),
                "{wrong}: {made:?}"
            );
        }
    }

    #[test]
    fn value_is_never_a_method() {
        let made = call("$m /x");
        assert!(made.is_err(), "{made:?}");
        assert_eq!(call("$m").unwrap().method(), "GET");
    }

    #[test]
    fn methods_that_change_data_are_known() {
        for (text, expected) in [
            ("GET /x", Impact::Reads),
            ("HEAD /x", Impact::Reads),
            ("/x a==1", Impact::Reads),
            ("/x a=1", Impact::Writes),
            ("POST /x", Impact::Writes),
            ("DELETE /x", Impact::Writes),
            ("PATCH /x a=1", Impact::Writes),
            ("PURGE /x", Impact::Writes),
            ("POST /graphql query='{ projects { name } }'", Impact::Reads),
            (
                "/graphql query='query A($n: Int) { a }' variables[n]:=1",
                Impact::Reads,
            ),
            ("/graphql query='mutation { a }'", Impact::Writes),
            ("/graphql query='{ a } mutation M { b }'", Impact::Writes),
            ("/graphql query='{ a }' delete:=true", Impact::Writes),
            (
                "/graphql query='{ a }' query='mutation { b }'",
                Impact::Writes,
            ),
            ("PUT /graphql query='{ a }'", Impact::Writes),
            (
                r#"/graphql query='{ a }' query:='"mutation { b }"'"#,
                Impact::Writes,
            ),
            ("/graphql query='{ a }' query=@mutation", Impact::Writes),
            ("/graphql query='{ a }' query[a]=b", Impact::Writes),
        ] {
            assert_eq!(call(text).unwrap().impact(), expected, "{text}");
        }
    }
}
