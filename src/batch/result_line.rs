//! One result as a line of NDJSON.

use std::time::Duration;

use base64::Engine;
use nanoserde::SerJson;

use super::finished::{Finished, Outcome};
use super::run::Event;
use crate::error::report;
use crate::json::Text;
use crate::outline::{Field, JsonOutput, Shape};

/// The fields of a result.
pub(crate) const JSON: JsonOutput = JsonOutput {
    when: "With --batch, one line for each request",
    shape: Shape::Object,
    fields: &[
        Field::string("id", "the id of the request").or_null(),
        Field::number("line", "its line in the input"),
        Field::string(
            "state",
            "done; failed; unknown: sent, but no whole response came; undecided: unknown since an \
             earlier run, and not sent again; invalid",
        ),
        Field::number("status", "status of the response").or_null(),
        Field::number(
            "ms",
            "milliseconds, with retries, without waits for the rate",
        )
        .or_null(),
        Field::number("attempts", "how often it was sent"),
        Field::any("body", "the JSON of the body, or its text as a string").or_null(),
        Field::string("body_base64", "a body that is neither JSON nor text").or_null(),
        Field::string("file", "the file with the body").or_null(),
        Field::object("error", "the failure, as for a single call").or_null(),
        Field::string("error.kind", "kind of the failure"),
        Field::string("error.message", "what failed"),
        Field::string("error.hint", "what to do").or_null(),
        Field::number("error.exit", "exit code of a single call"),
    ],
};

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Line {
    id: Option<String>,
    line: u64,
    state: String,
    status: Option<u16>,
    ms: Option<f64>,
    attempts: u32,
    body: Option<Text>,
    body_base64: Option<String>,
    file: Option<String>,
    error: Option<Text>,
}

impl Line {
    fn new(id: Option<String>, line: u64, state: &str) -> Line {
        Line {
            id,
            line,
            state: state.to_owned(),
            status: None,
            ms: None,
            attempts: 0,
            body: None,
            body_base64: None,
            file: None,
            error: None,
        }
    }

    fn with_body(&mut self, bytes: Vec<u8>) {
        match String::from_utf8(bytes) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => {
                let json = Text::parse(text.as_str()).map(|json| json.compacted());
                self.body = Some(json.unwrap_or_else(|_| Text::string(&text)));
            }
            Err(raw) => {
                let encoded = base64::engine::general_purpose::STANDARD.encode(raw.as_bytes());
                self.body_base64 = Some(encoded);
            }
        }
    }
}

/// The result as one line of JSON, without its end.
pub(crate) fn line(event: Event) -> String {
    match event {
        Event::Finished(finished) => of_finished(finished),
        Event::Invalid(invalid) => {
            let mut line = Line::new(None, invalid.line, "invalid");
            line.error = Some(report::object(&crate::error::Error::usage(invalid.why)));
            line
        }
        Event::Undecided(record) => Line::new(record.id, record.line, "undecided"),
    }
    .serialize_json()
}

fn of_finished(finished: Finished) -> Line {
    let state = finished.state();
    let mut line = Line::new(finished.id, finished.line, state);
    line.ms = Some(milliseconds(finished.time));
    line.attempts = finished.attempts;
    match finished.outcome {
        Outcome::Answered {
            status,
            body,
            saved,
        } => {
            line.status = Some(status);
            line.with_body(body);
            line.file = saved.map(|path| path.display().to_string());
        }
        Outcome::Failed(error) | Outcome::Unknown(error) => {
            line.error = Some(report::object(&error));
        }
        Outcome::Stopped => {}
    }
    line
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::input::Invalid;
    use crate::error::Error;

    fn finished(outcome: Outcome) -> Event {
        Event::Finished(Finished {
            number: 0,
            line: 7,
            id: Some("a\"b".into()),
            attempts: 2,
            time: Duration::from_micros(1500),
            outcome,
            unrecorded: None,
        })
    }

    fn answered(status: u16, body: &[u8]) -> Event {
        finished(Outcome::Answered {
            status,
            body: body.to_vec(),
            saved: None,
        })
    }

    #[test]
    fn a_result_is_one_line() {
        let pretty = b"{\n  \"n\": 1.10\n}\n";
        assert_eq!(
            line(answered(200, pretty)),
            r#"{"id":"a\"b","line":7,"state":"done","status":200,"ms":1.5,"attempts":2,"body":{"n":1.10},"body_base64":null,"file":null,"error":null}"#
        );
        for (event, parts) in [
            (
                answered(500, b"two\nlines"),
                vec![r#""state":"failed""#, r#""body":"two\nlines""#],
            ),
            (answered(204, b""), vec![r#""body":null"#]),
            (
                answered(200, b"\xff"),
                vec![r#""body":null"#, r#""body_base64":"/w==""#],
            ),
            (
                finished(Outcome::Unknown(Error::usage("why"))),
                vec![
                    r#""state":"unknown""#,
                    r#""status":null"#,
                    r#""message":"why""#,
                ],
            ),
            (
                Event::Invalid(Invalid {
                    line: 3,
                    why: "bad".into(),
                }),
                vec![r#""line":3,"state":"invalid""#, r#""message":"bad""#],
            ),
        ] {
            let line = line(event);
            assert!(
                Text::parse(line.as_str()).is_ok() && !line.contains('\n'),
                "{line}"
            );
            for part in parts {
                assert!(line.contains(part), "{part}: {line}");
            }
        }
    }

    #[test]
    fn every_field_is_declared() {
        let line = Text::parse(line(answered(200, b""))).unwrap();
        let members = crate::json::members(&line).unwrap();
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        let top = JSON.fields.iter().filter(|field| !field.path.contains('.'));
        let declared: Vec<&str> = top.map(|field| field.path).collect();
        assert_eq!(names, declared);
    }
}
