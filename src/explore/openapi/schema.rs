//! The members of a body, from its schema.

use serde_json::Value;

use super::document::{Document, list, text};
use super::{Need, Parameter, Place};

/// The most parts of a schema that are combined.
const MAX_PARTS: usize = 64;
/// The most parameters of an operation.
pub(super) const MAX_PARAMETERS: usize = 500;
/// The most values that a parameter lists.
const MAX_CHOICES: usize = 200;

/// The members of an object. `allOf` is combined; of `oneOf` and `anyOf`, all alternatives are offered.
pub(super) fn members(document: &Document, schema: &Value) -> Vec<Parameter> {
    let mut found: Vec<Parameter> = Vec::new();
    let mut parts: Vec<&Value> = document.resolved(schema).into_iter().collect();
    let mut at = 0;
    while let Some(schema) = parts.get(at).copied() {
        at += 1;
        let lists = ["allOf", "oneOf", "anyOf"].map(|name| list(schema, name));
        for part in lists.into_iter().flatten().take(MAX_PARTS) {
            let part = document.resolved(part).filter(|_| parts.len() < MAX_PARTS);
            let is_new = |part: &&Value| !parts.iter().any(|known| std::ptr::eq(*known, *part));
            let part = part.filter(is_new);
            parts.extend(part);
        }
        let required = list(schema, "required");
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            continue;
        };
        for (name, property) in properties {
            if found.len() >= MAX_PARAMETERS || found.iter().any(|known| known.name == *name) {
                continue;
            }
            let property = document.resolved(property).unwrap_or(&Value::Null);
            if property.get("readOnly") == Some(&Value::Bool(true)) {
                continue;
            }
            let is_required = required.iter().any(|one| one.as_str() == Some(name));
            found.push(Parameter {
                name: name.clone(),
                place: match is_text(property) {
                    true => Place::Field,
                    false => Place::Json,
                },
                need: need(is_required),
                choices: choices(property),
                about: about(property),
            });
        }
    }
    found
}

pub(super) fn need(is_required: bool) -> Need {
    match is_required {
        true => Need::Required,
        false => Need::Optional,
    }
}

/// Whether a schema is that of a string. In 3.1 a type can be a list.
fn is_text(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|one| one == "string"),
        Some(one) => one == "string",
        None => false,
    }
}

/// The values that a schema lists.
pub(super) fn choices(schema: &Value) -> Vec<String> {
    let items = schema.get("items").unwrap_or(&Value::Null);
    let own = [schema, items].map(|schema| list(schema, "enum"));
    let values = own.into_iter().flatten().take(MAX_CHOICES);
    let texts = values.map(|value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    texts.collect()
}

/// The type of a schema and its description.
pub(super) fn about(schema: &Value) -> String {
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).take(8).collect();
            kinds.join("|")
        }
        Some(_) | None => String::new(),
    };
    let words = [kind, text(schema, "format"), text(schema, "description")];
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !word.is_empty())
        .collect();
    words.join(", ")
}
