//! The result of a call as a value for the next ones.

use std::sync::Arc;

use crate::jq::Output;
use crate::json::Text;

/// The value of a body: its JSON, or its text as a string. A body that is neither is null.
pub(crate) fn of_body(body: &[u8]) -> Arc<str> {
    match std::str::from_utf8(body) {
        Ok("") | Err(_) => "null".into(),
        Ok(text) => match crate::json::check(text) {
            Ok(()) => text.trim().into(),
            Err(_) => Text::string(text).as_str().into(),
        },
    }
}

/// The value of the outputs of a filter: one, or an array of several. Without an output it is null.
pub(crate) fn of_outputs(outputs: &[Output]) -> Arc<str> {
    match outputs {
        [] => "null".into(),
        [one] => one.json().into(),
        many => {
            let texts: Vec<&str> = many.iter().map(Output::json).collect();
            format!("[{}]", texts.join(",")).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_body_has_a_value() {
        assert_eq!(&*of_body(b" {\"a\": 1.50}\n"), "{\"a\": 1.50}");
        assert_eq!(&*of_body(b"plain \"text\""), "\"plain \\\"text\\\"\"");
        assert_eq!(&*of_body(b""), "null");
        assert_eq!(&*of_body(b"\xff"), "null");
        assert_eq!(&*of_outputs(&[]), "null");
    }
}
