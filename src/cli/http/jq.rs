//! `--jq`: filters the body of a response, or the report of `--json`.

use super::Http;
use super::format::Show;
use super::sink::Sink;
use crate::error::Error;
use crate::escape;
use crate::http::response::ResponseHead;
use crate::jq::{Filter, Output};
use crate::json;
use crate::output::{self, Strings};

/// The filter of `--jq`.
pub(super) struct Jq {
    filter: Filter,
    strings: Strings,
}

impl Jq {
    /// Reads the options, and compiles the filter.
    ///
    /// # Errors
    /// A usage error, also for options that print no JSON.
    pub(super) fn of(options: &Http, show: &Show) -> Result<Option<Jq>, Error> {
        let Some(text) = &options.jq else {
            return match options.raw_output {
                true => Err(Error::usage("--raw-output requires --jq FILTER")),
                false => Ok(None),
            };
        };
        if let (false, Some(other)) = (matches!(show, Show::Json), show.option()) {
            return Err(Error::usage_hint(
                format!("--jq and {other} cannot be used together"),
                "--jq filters the body, or the report of --json; -o FILE writes the outputs to a file",
            ));
        }
        Ok(Some(Jq {
            filter: Filter::compile("--jq", text)?,
            strings: Strings::from_switch(options.raw_output),
        }))
    }

    /// The outputs for the body of a response.
    ///
    /// # Errors
    /// When the body is not JSON, or the filter fails.
    pub(super) fn of_body(&self, head: &ResponseHead, body: &[u8]) -> Result<Vec<Output>, Error> {
        of_body(
            "--jq",
            &|body| self.filter.outputs("--jq", body),
            head,
            body,
        )
    }

    /// The outputs for the report of `--json`.
    ///
    /// # Errors
    /// When the filter fails.
    pub(super) fn of_report(&self, report: &[u8]) -> Result<Vec<Output>, Error> {
        self.filter.outputs("--jq", report)
    }

    /// The outputs as they are written to stdout, one a line.
    pub(super) fn lines(&self, outputs: &[Output]) -> String {
        output::result_lines(outputs, self.strings)
    }

    /// Writes the outputs.
    ///
    /// # Errors
    /// As [`Sink::write`].
    pub(super) fn write(&self, outputs: &[Output], sink: &mut Sink) -> Result<(), Error> {
        outputs
            .iter()
            .try_for_each(|output| sink.output(output, self.strings))
    }
}

/// Applies a filter to a text.
pub(super) type Apply<'a> = &'a dyn Fn(&[u8]) -> Result<Vec<Output>, Error>;

/// The outputs of a filter, which `run` applies, for the body of a response. `option` names it.
///
/// # Errors
/// When the body is not JSON, or the filter fails.
pub(super) fn of_body(
    option: &str,
    run: Apply,
    head: &ResponseHead,
    body: &[u8],
) -> Result<Vec<Output>, Error> {
    run(body).map_err(|error| {
        let kind = content_type(head);
        let is_json = kind.contains("json") || std::str::from_utf8(body).is_ok_and(is_json);
        match is_json {
            true => error,
            false => not_json(option, head),
        }
    })
}

/// The error for a body that is not JSON.
pub(super) fn not_json(option: &str, head: &ResponseHead) -> Error {
    let kind = match content_type(head) {
        kind if kind.is_empty() => "it has no content type".to_owned(),
        kind => format!("its content type is {}", escape::one_line(&kind)),
    };
    Error::malformed(option, format!("the body is not JSON; {kind}"))
        .with_hint(format!("omit {option} to see the body"))
}

fn is_json(text: &str) -> bool {
    json::check(text).is_ok()
}

/// The media type without parameters, in lower case.
fn content_type(head: &ResponseHead) -> String {
    let text = head.header("content-type").unwrap_or_default();
    let kind = text.split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}
