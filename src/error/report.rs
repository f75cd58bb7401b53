//! A failure as a program reads it with `--json`.

use nanoserde::SerJson;

use super::Error;
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

#[derive(SerJson)]
struct Report {
    error: Failure,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Failure {
    kind: String,
    message: String,
    hint: Option<String>,
    exit: u8,
}

/// The report of a failure, as JSON.
pub(crate) fn json(error: &Error) -> String {
    let report = Report {
        error: Failure {
            kind: error.kind().word().to_owned(),
            message: error.to_string(),
            hint: error.hint(),
            exit: error.exit().code(),
        },
    };
    report.serialize_json()
}
