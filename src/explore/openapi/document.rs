//! The document as JSON, with `$ref` followed inside of it. References to other documents are ignored.

use serde_json::Value;

/// A chain of references is cut after this many.
const MAX_REFERENCES: usize = 16;

/// The longest name or text that is kept, in characters.
const MAX_TEXT: usize = 200;

/// A document.
pub(super) struct Document(Value);

impl Document {
    /// Reads JSON, nested at most 128 deep.
    pub(super) fn parse(bytes: &[u8]) -> Result<Document, String> {
        serde_json::from_slice(bytes)
            .map(Document)
            .map_err(|why| format!("it is not JSON: {why}"))
    }

    pub(super) fn root(&self) -> &Value {
        &self.0
    }

    /// The value that a value refers to, or itself. `None` if it is not in the document, or in a circle.
    pub(super) fn resolved<'a>(&'a self, value: &'a Value) -> Option<&'a Value> {
        let mut value = value;
        for _ in 0..MAX_REFERENCES {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return Some(value);
            };
            // `#/components/schemas/Shot` is a JSON pointer (RFC 6901).
            value = self.0.pointer(reference.strip_prefix('#')?)?;
        }
        None
    }

    /// The resolved member of an object.
    pub(super) fn member<'a>(&'a self, value: &'a Value, name: &str) -> Option<&'a Value> {
        self.resolved(value.get(name)?)
    }
}

/// The elements of a member that is a list.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let list = value.get(name).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// The text of a member, cut.
pub(super) fn text(value: &Value, name: &str) -> String {
    let text = value.get(name).and_then(Value::as_str).unwrap_or_default();
    let first = text.trim().lines().next().unwrap_or_default();
    first.chars().take(MAX_TEXT).collect()
}
