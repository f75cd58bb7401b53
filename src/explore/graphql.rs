//! The schema of a GraphQL service, by introspection (<https://spec.graphql.org>, section 4), for
//! completion: which fields a selection can have.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::http::graphql::tokens;

/// The query for the schema. It is the part of the usual one that completion needs.
pub(crate) const QUERY: &str = "query { __schema { queryType { name } mutationType { name } types { name \
     fields(includeDeprecated: false) { name description args { name type { ...T } } type { ...T } } } } } \
     fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// The most types and fields that are kept.
const MAX_TYPES: usize = 5_000;
const MAX_FIELDS: usize = 1_000;
/// The deepest selection.
const MAX_DEPTH: usize = 64;

/// The fields of the types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Schema {
    query: String,
    mutation: String,
    types: BTreeMap<String, Vec<Field>>,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub name: String,
    /// As in the schema language: `[Shot!]!`.
    kind: String,
    /// The name of the type of its value.
    of: String,
    arguments: Vec<String>,
}

impl Field {
    /// Its arguments and type.
    pub(crate) fn about(&self) -> String {
        match self.arguments.is_empty() {
            true => self.kind.clone(),
            false => format!("({}): {}", self.arguments.join(", "), self.kind),
        }
    }
}

impl Schema {
    /// Reads the response to [`QUERY`].
    ///
    /// # Errors
    /// Why it is not a schema.
    pub(crate) fn parse(body: &[u8]) -> Result<Schema, String> {
        let body: Value = serde_json::from_slice(body).map_err(|why| why.to_string())?;
        let schema = body
            .pointer("/data/__schema")
            .ok_or("the response has no schema")?;
        let name = |path: &str| {
            let name = schema.pointer(path).and_then(Value::as_str);
            name.unwrap_or_default().to_owned()
        };
        let types = schema.get("types").and_then(Value::as_array);
        let types = types
            .ok_or("the schema has no types")?
            .iter()
            .take(MAX_TYPES);
        let types = types.filter_map(|one| {
            let fields = one.get("fields")?.as_array()?.iter().take(MAX_FIELDS);
            Some((text(one, "name"), fields.map(field).collect()))
        });
        Ok(Schema {
            query: name("/queryType/name"),
            mutation: name("/mutationType/name"),
            types: types.collect(),
        })
    }

    /// The fields that can be written after `document`, which ends within a selection.
    pub(crate) fn fields(&self, document: &str) -> Vec<&Field> {
        let Some(path) = selection(document) else {
            return Vec::new();
        };
        let root = match document.trim_start().starts_with("mutation") {
            true => &self.mutation,
            false => &self.query,
        };
        let of = path.iter().try_fold(root, |of, name| {
            let fields = self.types.get(of)?.iter();
            fields
                .into_iter()
                .find(|field| field.name == *name)
                .map(|field| &field.of)
        });
        let fields = of.and_then(|of| self.types.get(of));
        fields.into_iter().flatten().collect()
    }
}

fn text(value: &Value, name: &str) -> String {
    let text = value.get(name).and_then(Value::as_str);
    text.unwrap_or_default().chars().take(200).collect()
}

fn field(value: &Value) -> Field {
    let kind = value.get("type").unwrap_or(&Value::Null);
    let arguments = value.get("args").and_then(Value::as_array);
    let arguments = arguments.into_iter().flatten().take(50).map(|argument| {
        let kind = argument.get("type").unwrap_or(&Value::Null);
        format!("{}: {}", text(argument, "name"), written(kind))
    });
    Field {
        name: text(value, "name"),
        kind: written(kind),
        of: innermost(kind),
        arguments: arguments.collect(),
    }
}

/// The type as it is written. The query asks for four levels.
fn written(kind: &Value) -> String {
    let of = || kind.get("ofType").map(written).unwrap_or_default();
    match kind.get("kind").and_then(Value::as_str) {
        Some("NON_NULL") => format!("{}!", of()),
        Some("LIST") => format!("[{}]", of()),
        Some(_) | None => text(kind, "name"),
    }
}

fn innermost(kind: &Value) -> String {
    match kind.get("ofType").filter(|of| !of.is_null()) {
        Some(of) => innermost(of),
        None => text(kind, "name"),
    }
}

/// The fields around the end of a document, from the outermost; `None` outside of a selection.
fn selection(document: &str) -> Option<Vec<String>> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut open = Vec::new();
    let mut last = String::new();
    let mut parentheses = 0_usize;
    let mut is_first = true;
    for token in tokens(document) {
        match token.as_str() {
            "(" => parentheses += 1,
            ")" => parentheses = parentheses.saturating_sub(1),
            _ if parentheses > 0 => {}
            "{" if open.len() >= MAX_DEPTH => return None,
            // The first one is that of the operation.
            "{" if std::mem::take(&mut is_first) => {}
            "{" => open.push(std::mem::take(&mut last)),
            "}" => {
                open.pop();
            }
            name if name.starts_with(is_name) => last = token,
            _ => {}
        }
    }
    (!is_first && parentheses == 0).then_some(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"{"data":{"__schema":{"queryType":{"name":"Query"},"mutationType":{"name":"M"},"types":[
      {"name":"Query","fields":[{"name":"shots","args":[{"name":"first","type":{"kind":"SCALAR","name":"Int"}}],
        "type":{"kind":"NON_NULL","name":null,"ofType":{"kind":"LIST","name":null,"ofType":{"kind":"OBJECT","name":"Shot"}}}}]},
      {"name":"Shot","fields":[{"name":"name","args":[],"type":{"kind":"SCALAR","name":"String"}},
        {"name":"project","args":[],"type":{"kind":"OBJECT","name":"Project"}}]},
      {"name":"Project","fields":[{"name":"code","args":[],"type":{"kind":"SCALAR","name":"String"}}]},
      {"name":"M","fields":[{"name":"add","args":[],"type":{"kind":"OBJECT","name":"Shot"}}]},
      {"name":"String","fields":null}]}}}"#;

    fn fields(document: &str) -> Vec<String> {
        let schema = Schema::parse(SCHEMA.as_bytes()).unwrap();
        let fields = schema.fields(document).into_iter();
        fields
            .map(|field| format!("{} {}", field.name, field.about()))
            .collect()
    }

    #[test]
    fn fields_of_the_selection_are_found() {
        assert_eq!(fields("{ "), ["shots (first: Int): [Shot]!"]);
        assert_eq!(
            fields("query A($n: Int) { shots(first: $n) { "),
            ["name String", "project Project"]
        );
        assert_eq!(fields("{ shots { project { "), ["code String"]);
        let odd = "{ # {\n shots(name: \"a)b{\") { project { ";
        assert_eq!(fields(odd), ["code String"]);
        assert_eq!(
            fields("{ a: shots { name project { code } "),
            ["name String", "project Project"]
        );
        assert_eq!(fields("mutation { "), ["add Shot"]);
        for none in [
            "",
            "query A(",
            "{ shots(",
            "{ nothing { ",
            "{ shots { name { ",
        ] {
            assert!(fields(none).is_empty(), "{none}");
        }
        assert!(fields(&"{ shots ".repeat(1000)).is_empty());
        assert!(Schema::parse(b"{\"errors\":[]}").is_err() && Schema::parse(b"").is_err());
        assert_eq!(
            Schema::parse(b"{\"data\":{\"__schema\":{\"types\":[]}}}"),
            Ok(Schema::default())
        );
    }
}
