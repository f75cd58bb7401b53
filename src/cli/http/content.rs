//! The values of items and variables, which a file may contain.

use std::io::ErrorKind::NotFound;

use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::body;
use crate::http::item::Value;
use crate::process_limits::forbid_core_files;

/// Reads the value of an item; `before` is the item up to the value, `name=`.
pub(super) fn content(before: &str, value: Value, deadline: Deadline) -> Result<String, Error> {
    let path = match value {
        Value::Literal(text) => return Ok(text),
        Value::File(path) => path,
    };
    // The warning about a pasted secret advises to keep it in a file.
    forbid_core_files();
    let named = path.clone();
    body::within(deadline, move || body::read_text(&path)).map_err(|error| {
        let is_missing = matches!(&error, Error::File { source, .. } if source.kind() == NotFound);
        match is_missing {
            // A script may have inserted a text that starts with '@'.
            true => {
                let as_text = before.strip_suffix(":=").map(|name| format!("{name}="));
                let as_text = as_text.as_deref().unwrap_or(before);
                error.with_hint(format!(
                    "{before}@{named} reads the value from the file {named}; \
                     to send the text @{named}, write {as_text}\\@{named}"
                ))
            }
            false => error,
        }
    })
}
