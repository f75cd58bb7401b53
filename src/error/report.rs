//! The JSON output of a command that fails.

use super::Error;
use crate::json::Text;
use crate::outline::{Field, JsonOutput, Shape};

/// The members of the report.
pub(crate) const JSON: JsonOutput = JsonOutput {
    when: "With --json, when the command fails",
    shape: Shape::Object,
    fields: &[
        Field::object("error", "the failure"),
        Field::string("error.kind", "kind, see below"),
        Field::string("error.message", "what failed and why, as on stderr"),
        Field::string("error.hint", "what to do about it").or_null(),
        Field::number("error.exit", "exit code"),
    ],
};

/// The error as JSON.
pub(crate) fn json(error: &Error) -> String {
    Text::object([("error", &object(error))]).to_string()
}

/// The member `error` of [`json`].
pub(crate) fn object(error: &Error) -> Text {
    let hint = error.hint();
    Text::object([
        ("kind", &Text::string(error.kind().word())),
        ("message", &Text::string(&error.to_string())),
        (
            "hint",
            &hint.map_or_else(Text::null, |hint| Text::string(&hint)),
        ),
        ("exit", &Text::integer(i64::from(error.exit().code()))),
    ])
}
