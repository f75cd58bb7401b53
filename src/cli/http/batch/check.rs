//! `--check`: asks the service whether it processed a request of which no response came.

use crate::batch::fields::Fields;
use crate::batch::record::{Content, Record};
use crate::batch::run::{Access, Processed};
use crate::batch::template::{Encoding, Template};
use crate::error::Error;
use crate::http::Caller;
use crate::http::body::json_text;
use crate::http::credential::Credential;
use crate::jq::{Filter, Output};
use crate::json::Text;

use super::requests::Rules;

/// How the service is asked.
pub(super) struct CheckOption {
    /// What to GET; `None` for the URL of the request itself.
    url: Option<Template>,
    /// True if the request was processed; without it, a 2xx response says so.
    filter: Option<Filter>,
}

impl CheckOption {
    /// Parses `URL`, `FILTER` or `URL FILTER`.
    ///
    /// # Errors
    /// A usage error names `--check`.
    pub(super) fn parse(text: &str) -> Result<CheckOption, Error> {
        let is_url = ["http://", "https://", "@", "/"]
            .iter()
            .any(|start| text.starts_with(start));
        let (url, filter) = match (is_url, text.split_once(' ')) {
            (true, Some((url, filter))) => (Some(url), Some(filter)),
            (true, None) => (Some(text), None),
            (false, _) => (None, Some(text)),
        };
        let template = |url: &str| {
            let template = Template::parse(Some("GET"), url, Vec::new(), Encoding::Json)?;
            let known = FIELDS.map(str::to_owned);
            template
                .ensure_fields(&known)
                .map_err(|_| format!("a URL can have {{{}}}", FIELDS.join("} and {")))?;
            Ok(template)
        };
        Ok(CheckOption {
            url: url
                .map(template)
                .transpose()
                .map_err(|why: String| Error::usage(format!("--check: {why}")))?,
            filter: filter
                .map(|filter| Filter::compile("--check", filter.trim()))
                .transpose()?,
        })
    }

    /// Asks the service.
    ///
    /// # Errors
    /// When its response does not tell.
    pub(super) fn ask(
        &self,
        record: &Record,
        rules: &Rules,
        caller: &mut Caller,
        credential: &Credential,
        max_body: u64,
    ) -> Result<Processed, Error> {
        let asked = self.question(record)?;
        let (mut request, access) = rules.request(&asked)?;
        if access == Access::Shared {
            request.credential = credential.clone();
        }
        let mut answer = caller.call(&mut request)?;
        let status = answer.head.status;
        match (status, &self.filter) {
            (404 | 410, _) => Ok(Processed::No),
            (200..300, None) => Ok(Processed::Yes),
            (200..300, Some(filter)) => {
                let body = answer.body.read_all(max_body)?;
                judge(filter, record, status, &body)
            }
            (_, _) => {
                let what = answer.head.status_and_reason();
                Err(Error::malformed(
                    "--check",
                    format!("the response is {what}"),
                ))
            }
        }
    }

    /// The GET that asks.
    fn question(&self, record: &Record) -> Result<Record, Error> {
        let Some(template) = &self.url else {
            return Ok(Record {
                method: Some("GET".into()),
                content: Content::None,
                ..record.clone()
            });
        };
        let names = FIELDS.map(str::to_owned);
        // Without an id the line is the name, as for shards.
        let fields = Fields::of_row(&names, vec![record.name(), record.line.to_string()]);
        template.fill(record.line, &fields).map_err(Error::usage)
    }
}

/// The fields of the URL.
const FIELDS: [&str; 2] = ["id", "line"];

/// Filters an object with the request, and the status and body of the response.
fn judge(filter: &Filter, record: &Record, status: u16, body: &[u8]) -> Result<Processed, Error> {
    let number = |number: u64| Text::parse(number.to_string());
    let text = |text: &str| Ok(Text::string(text));
    let null = || Text::parse("null");
    let sent = match &record.content {
        Content::Json(json) => Ok(json.clone()),
        Content::None | Content::Form(_) | Content::Text(_) | Content::File(_) => null(),
    };
    let request = [
        ("id", text(&record.name())),
        ("line", number(record.line)),
        ("method", text(record.method())),
        ("url", text(&record.url)),
        ("json", sent),
    ];
    let object = |members: Vec<(&str, Result<Text, String>)>| {
        let members = members
            .into_iter()
            .map(|(name, value)| Ok((name.to_owned(), value?)));
        json_text(&members.collect::<Result<Vec<_>, String>>()?)
    };
    let input = object(vec![
        ("request", object(request.into())),
        ("status", number(status.into())),
        ("body", Text::from_bytes(body)),
    ]);
    let input = input.map_err(|why| Error::malformed("--check", why))?;
    let outputs = filter.outputs("--check", input.as_str().as_bytes())?;
    match outputs.last().is_some_and(Output::is_true) {
        true => Ok(Processed::Yes),
        false => Ok(Processed::No),
    }
}
