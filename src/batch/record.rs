//! One request of the input: a line of NDJSON, or a template with its values.

use std::path::PathBuf;

use super::fields::Value;
use crate::error::Error;
use crate::http::accept_encoding;
use crate::http::body::Body;
use crate::http::credential::{Credential, ensure_header_name};
use crate::http::part::Header;
use crate::http::request::{Request, USER_AGENT};
use crate::http::url::Url;
use crate::json::{Text, members};

/// More headers or query parameters than any request has.
const MAX_MEMBERS: usize = 100;

/// A request, independent of credentials and settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Where it starts in the input, from 1.
    pub line: u64,
    /// The user's name for it.
    pub id: Option<String>,
    pub method: Option<String>,
    /// As in the input; may be relative to a profile.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub query: Vec<(String, String)>,
    pub content: Content,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    None,
    Json(Text),
    /// An urlencoded form.
    Form(Vec<(String, String)>),
    Text(String),
    /// The unchanged bytes of a file, which is opened when the request is sent.
    File(PathBuf),
}

impl Record {
    /// Parses an object with `id`, `method`, `url`, `headers`, `query`, and one of `json`, `body` and
    /// `file`.
    ///
    /// # Errors
    /// When it is not such an object, or could not be sent.
    pub(crate) fn parse(line: u64, text: &[u8]) -> Result<Record, String> {
        let text = Text::from_bytes(text)?;
        let members = members(&text).map_err(|why| format!("it is not a JSON object: {why}"))?;
        let mut record = Record {
            line,
            id: None,
            method: None,
            url: String::new(),
            headers: Vec::new(),
            query: Vec::new(),
            content: Content::None,
        };
        for (name, value) in members {
            record
                .set(&name, value)
                .map_err(|why| format!("'{name}': {why}"))?;
        }
        record.ensure_valid()?;
        Ok(record)
    }

    fn set(&mut self, name: &str, value: Text) -> Result<(), String> {
        let text = |value: Text| Value::Json(value).text();
        match name {
            "id" => self.id = Some(text(value)?),
            "method" => self.method = Some(string(&value)?),
            "url" => self.url = string(&value)?,
            "headers" => self.headers = pairs(&value)?,
            "query" => self.query = pairs(&value)?,
            "json" | "body" | "file" if self.content != Content::None => {
                return Err("a request has only one of json, body and file".into());
            }
            "json" => self.content = Content::Json(value),
            "body" => self.content = Content::Text(string(&value)?),
            "file" => self.content = Content::File(string(&value)?.into()),
            _ => {
                return Err(
                    "unknown; use id, method, url, headers, query, json, body or file".into(),
                );
            }
        }
        Ok(())
    }

    /// Checks everything that decides about the shape of a request.
    ///
    /// # Errors
    /// Names the part.
    pub(super) fn ensure_valid(&self) -> Result<(), String> {
        if self.url.is_empty() {
            return Err("it has no url".into());
        }
        if let Some(method) = &self.method {
            ensure_header_name(method).map_err(|_| format!("'{method}' is not a method"))?;
            if method == "CONNECT" {
                return Err("the method CONNECT is for proxies".into());
            }
        }
        for (name, value) in &self.headers {
            ensure_header_name(name)?;
            if ["content-length", "transfer-encoding"]
                .iter()
                .any(|framing| name.eq_ignore_ascii_case(framing))
            {
                return Err(format!(
                    "'{name}' cannot be set; c47 derives it from the body"
                ));
            }
            if value.chars().any(|c| c.is_control() && c != '\t') {
                return Err(format!("header '{name}' contains a control character"));
            }
        }
        Ok(())
    }

    /// The name of the request for shards and messages: its id, or its line.
    pub(crate) fn name(&self) -> String {
        match &self.id {
            Some(id) => id.clone(),
            None => self.line.to_string(),
        }
    }

    /// The method that is sent: POST with a body, else GET.
    pub(crate) fn method(&self) -> &str {
        match (&self.method, &self.content) {
            (Some(method), _) => method,
            (None, Content::None) => "GET",
            (None, Content::Json(_) | Content::Form(_) | Content::Text(_) | Content::File(_)) => {
                "POST"
            }
        }
    }

    /// The request to send to `url`, which is that of the record, resolved.
    ///
    /// # Errors
    /// When the file of the body cannot be read.
    pub(crate) fn request(&self, mut url: Url) -> Result<Request, Error> {
        for (name, value) in &self.query {
            url.push_query(name, value);
        }
        let body = match &self.content {
            Content::None => Body::None,
            Content::Json(text) => Body::json(text),
            Content::Form(fields) => crate::http::body::form_of(fields),
            Content::Text(text) => Body::text(text),
            Content::File(path) => Body::from_path(&path.to_string_lossy())?,
        };
        let accept = match &self.content {
            Content::Json(_) => "application/json, */*;q=0.5",
            Content::None | Content::Form(_) | Content::Text(_) | Content::File(_) => "*/*",
        };
        let mut headers = vec![
            Header::plain("user-agent", USER_AGENT),
            Header::plain("accept", accept),
            Header::plain("accept-encoding", accept_encoding()),
        ];
        headers.extend(
            body.content_type()
                .map(|content_type| Header::plain("content-type", content_type)),
        );
        let is_own = |name: &str| {
            let mut own = self.headers.iter();
            own.any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        headers.retain(|header| !is_own(&header.name));
        let own = self.headers.iter();
        headers
            .extend(own.map(|(name, value)| Header::plain(name, value.trim_matches([' ', '\t']))));
        Ok(Request {
            method: self.method().to_owned(),
            url,
            headers,
            credential: Credential::None,
            body,
            path_prefix: None,
            cookies: None,
        })
    }
}

fn string(value: &Text) -> Result<String, String> {
    value
        .read::<String>()
        .map_err(|_| "it is not a string".to_owned())
}

/// Names and values of an object; an array is several values of one name.
fn pairs(value: &Text) -> Result<Vec<(String, String)>, String> {
    let members = members(value).map_err(|why| format!("it is not an object: {why}"))?;
    let mut pairs = Vec::new();
    for (name, value) in members {
        let values = match value.as_str().trim_start().starts_with('[') {
            true => value.read::<Vec<Box<serde_json::value::RawValue>>>()?,
            false => vec![value.read::<Box<serde_json::value::RawValue>>()?],
        };
        for value in values {
            let value = Value::Json(Text::parse(value.get())?).text();
            let value = value.map_err(|why| format!("'{name}': {why}"))?;
            pairs.push((name.clone(), value));
        }
        if pairs.len() > MAX_MEMBERS {
            return Err(format!("it has more than {MAX_MEMBERS} values"));
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Record, String> {
        Record::parse(7, text.as_bytes())
    }

    fn sent(text: &str) -> String {
        let record = parse(text).unwrap();
        let request = record.request(Url::parse(&record.url).unwrap()).unwrap();
        let headers: Vec<String> = request
            .headers
            .iter()
            .filter(|header| !["user-agent", "accept-encoding"].contains(&header.name.as_str()))
            .map(|header| {
                let value = header.shown_value(crate::redact::Secrets::Shown);
                format!("{}: {value}", header.name)
            })
            .collect();
        let mut body = String::new();
        std::io::Read::read_to_string(&mut request.body.stream(), &mut body).unwrap();
        format!("{} {} {headers:?} {body}", request.method, request.url)
    }

    #[test]
    fn records_become_requests() {
        for (text, expected) in [
            (
                r#"{"url":"http://a.lan/x"}"#,
                r#"GET http://a.lan/x ["accept: */*"] "#,
            ),
            (
                r#"{"id":1,"method":"PUT","url":"a.lan/x?a=1","query":{"b":"é&","c":[1,true]},
                    "headers":{"X-A":" v ","Accept":"text/plain","X-B":["1","2"]},"json":{"n":1.10}}"#,
                r#"PUT https://a.lan/x?a=1&b=%C3%A9%26&c=1&c=true ["content-type: application/json", "X-A: v", "Accept: text/plain", "X-B: 1", "X-B: 2"] {"n":1.10}"#,
            ),
            (
                r#"{"url":"a.lan","body":"text"}"#,
                r#"POST https://a.lan/ ["accept: */*"] text"#,
            ),
            (
                r#"{"url":"a.lan","method":"DELETE"}"#,
                r#"DELETE https://a.lan/ ["accept: */*"] "#,
            ),
        ] {
            assert_eq!(sent(text), expected);
        }
        let file = parse(r#"{"url":"a.lan","file":"LICENSE"}"#).unwrap();
        let request = file.request(Url::parse("a.lan").unwrap()).unwrap();
        assert_eq!(
            request.body.length(),
            Some(std::fs::metadata("LICENSE").unwrap().len())
        );
        let missing = parse(r#"{"url":"a.lan","file":"/no/such"}"#).unwrap();
        assert!(missing.request(Url::parse("a.lan").unwrap()).is_err());
    }

    #[test]
    fn the_name_is_the_id_or_the_line() {
        for (text, name) in [
            (r#"{"url":"a","id":"x y"}"#, "x y"),
            (r#"{"url":"a","id":1.0}"#, "1.0"),
            (r#"{"url":"a"}"#, "7"),
        ] {
            assert_eq!(parse(text).unwrap().name(), name);
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        for (text, why) in [
            ("", "EOF"),
            ("[]", "not a JSON object"),
            ("{}", "no url"),
            (r#"{"url":1}"#, "'url': it is not a string"),
            (r#"{"url":"a","uri":"b"}"#, "'uri': unknown"),
            (r#"{"url":"a","url":"b"}"#, "duplicate member"),
            (
                r#"{"url":"a","json":1,"body":"x"}"#,
                "'body': a request has only one",
            ),
            (r#"{"url":"a","id":null}"#, "'id': it is null"),
            (r#"{"url":"a","id":{}}"#, "'id': it is an object"),
            (r#"{"url":"a","method":"GET /x"}"#, "not a method"),
            (r#"{"url":"a","method":""}"#, "not a method"),
            (r#"{"url":"a","method":"CONNECT"}"#, "CONNECT"),
            (
                r#"{"url":"a","headers":{"A\r\nB":"x"}}"#,
                "not a valid header name",
            ),
            (
                r#"{"url":"a","headers":{"A":"x\r\nB: y"}}"#,
                "control character",
            ),
            (
                r#"{"url":"a","headers":{"Content-Length":"1"}}"#,
                "cannot be set",
            ),
            (
                r#"{"url":"a","headers":["A"]}"#,
                "'headers': it is not an object",
            ),
            (
                r#"{"url":"a","headers":{"A":[["x"]]}}"#,
                "'A': it is an array",
            ),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.contains(why), "{text}: {found}");
        }
    }
}
