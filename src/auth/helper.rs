//! The protocol of credential helpers: a program that gets a description of a request as JSON on stdin, and
//! prints the headers of its credential as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use super::error::Error as AuthError;
use super::plan::HelperCall;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::escape::one_line;
use crate::exit::Exit;
use crate::http::body::read_bytes;
use crate::http::credential::ensure_settable_header;
use crate::http::part::{Header, QueryMember};
use crate::http::signer::{Signature, Unsigned};
use crate::http::url::form_encode;
use crate::json::Text;
use crate::program::{self, Excess, Failure};
use crate::redact;
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use std::time::Duration;

/// The time limit of a helper, if the call has none or a later one. Less than the lease of a login.
const TIMEOUT: Duration = Duration::from_secs(40);
/// The longest output. A Kerberos ticket has 2 to 16 KiB.
const MAX_OUTPUT: usize = 128 << 10;
/// The most headers, and the most query parameters.
const MOST: usize = 32;
const MAX_ERROR_CHARS: usize = 200;

/// Whether a helper gets the body of a request, or only its hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BodyShown {
    #[default]
    Hash,
    Whole,
}

/// What a helper printed.
#[derive(Debug)]
pub(crate) struct Reply {
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    /// Without an expiry it is for one request.
    pub expires: Option<Timestamp>,
}

/// The description of a request.
///
/// # Errors
/// If the body cannot be read until the deadline, or is too large to be shown.
pub(crate) fn describe(
    request: &Unsigned<'_>,
    body: BodyShown,
    deadline: Deadline,
) -> Result<Secret, Error> {
    let mut names: Vec<&str> = Vec::new();
    for header in request.headers {
        if !names.contains(&header.name.as_str()) {
            names.push(&header.name);
        }
    }
    let text = |bytes: &[u8]| Text::string(&String::from_utf8_lossy(bytes));
    let headers: Vec<(&str, Text)> = names
        .into_iter()
        .filter_map(|name| Some((name, text(&request.header(name)?))))
        .collect();
    let headers = Text::object(headers.iter().map(|(name, value)| (*name, value)));
    let (method, url) = (text(request.method.as_bytes()), request.url.to_string());
    let (url, hash) = (
        Text::string(&url),
        Text::string(&request.body_sha256(deadline)?),
    );
    let mut members = vec![
        ("method", &method),
        ("url", &url),
        ("headers", &headers),
        ("body_sha256", &hash),
    ];
    let whole = match body {
        BodyShown::Hash => None,
        BodyShown::Whole => Some(Text::string(&STANDARD.encode(read_bytes(request.body)?))),
    };
    members.extend(whole.iter().map(|whole| ("body", whole)));
    let mut line = Text::object(members).as_str().as_bytes().to_vec();
    line.push(b'\n');
    Ok(Secret::new(line))
}

/// Runs a helper.
///
/// # Errors
/// If it fails, is killed at the deadline, or prints something else.
pub(super) fn run(call: &HelperCall, deadline: Deadline) -> Result<Reply, Error> {
    let fail = |exit: Exit, why: String| {
        Error::Auth(AuthError::Helper {
            program: call.words.first().cloned().unwrap_or_default(),
            why,
            exit,
        })
    };
    crate::process_limits::forbid_core_files();
    let ended = program::run(&program::Call {
        words: program::words(&call.words),
        variables: &[],
        removed: &[],
        input: call.input.expose(),
        max_output: MAX_OUTPUT,
        excess: Excess::Refused,
        deadline: deadline.or_after(TIMEOUT),
    })
    .map_err(|failure| {
        let exit = match failure {
            Failure::TimedOut => Exit::TimedOut,
            Failure::Start(_) | Failure::Pipe(_) | Failure::TooMuch(_) => Exit::NoCredentials,
        };
        fail(exit, failure.to_string())
    })?;
    if !ended.status.success() {
        let mut why = program::ending(ended.status);
        if let Some(said) = last_line(&ended.stderr) {
            why.push_str(": ");
            why.push_str(&said);
        }
        return Err(fail(Exit::NoCredentials, why));
    }
    Reply::parse(&ended.stdout)
        .map_err(|why| fail(Exit::NoCredentials, format!("invalid output: {why}")))
}

/// The last line of a text that is not empty, without secrets and control characters.
fn last_line(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
    // Masking comes before truncation, because a truncated secret would not be recognized.
    let masked = one_line(&redact::text(line.trim()));
    Some(masked.chars().take(MAX_ERROR_CHARS).collect())
}

impl Reply {
    /// Reads the output of a helper: an object with `headers`, and optionally `query`, and `expires` or
    /// `expires_in`. The messages contain no value.
    ///
    /// # Errors
    /// Anything that is not understood is refused, so that a mistyped name is noticed.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Reply, String> {
        let json: Json = serde_json::from_slice(bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("it is not JSON (line {line}, column {column})")
        })?;
        let Json::Object(members) = json else {
            return Err("it is not a JSON object".into());
        };
        const NAMES: [&str; 4] = ["headers", "query", "expires", "expires_in"];
        if let Some(name) = members.keys().find(|name| !NAMES.contains(&name.as_str())) {
            let name = one_line(name).chars().take(40).collect::<String>();
            return Err(format!(
                "unknown member '{name}'; the members are {}",
                NAMES.join(", ")
            ));
        }
        let headers = texts(&members, "headers")?;
        for (name, value) in &headers {
            ensure_settable_header(name).map_err(|why| one_line(&why))?;
            if value.chars().any(|c| c.is_control() && c != '\t') {
                return Err(format!("header '{name}' contains a control character"));
            }
        }
        let query = texts(&members, "query")?;
        if headers.is_empty() && query.is_empty() {
            return Err("it has neither headers nor query".into());
        }
        Ok(Reply {
            headers,
            query,
            expires: expiry(&members)?,
        })
    }

    /// The token that is stored: the same object, without the expiry.
    pub(super) fn to_token(&self) -> Secret {
        let object = |pairs: &[(String, String)]| {
            let texts: Vec<(&str, Text)> = pairs
                .iter()
                .map(|(name, value)| (name.as_str(), Text::string(value)))
                .collect();
            Text::object(texts.iter().map(|(name, value)| (*name, value)))
        };
        let (headers, query) = (object(&self.headers), object(&self.query));
        let whole = Text::object([("headers", &headers), ("query", &query)]);
        Secret::new(whole.as_str().as_bytes().to_vec())
    }

    /// What it adds to a request.
    pub(crate) fn into_signature(self) -> Signature {
        let header = |(name, value): (String, String)| {
            Header::secret(&name, Secret::new(value.into_bytes()))
        };
        let member = |(name, value): (String, String)| QueryMember {
            name: form_encode(&name),
            value: Secret::new(form_encode(&value).into_bytes()),
        };
        Signature {
            headers: self.headers.into_iter().map(header).collect(),
            query: self.query.into_iter().map(member).collect(),
        }
    }
}

/// An object of texts.
fn texts(members: &Map<String, Json>, name: &str) -> Result<Vec<(String, String)>, String> {
    let object = match members.get(name) {
        None => return Ok(Vec::new()),
        Some(Json::Object(object)) => object,
        Some(_) => return Err(format!("'{name}' is not an object")),
    };
    if object.len() > MOST {
        return Err(format!("'{name}' has more than {MOST} members"));
    }
    let text = |(key, value): (&String, &Json)| match value {
        Json::String(text) if !key.is_empty() => Ok((key.clone(), text.clone())),
        _ => Err(format!("'{name}' has a value that is not a string")),
    };
    object.iter().map(text).collect()
}

/// `expires` is a time, in seconds since 1970 or by RFC 3339; `expires_in` is in seconds.
fn expiry(members: &Map<String, Json>) -> Result<Option<Timestamp>, String> {
    match (members.get("expires"), members.get("expires_in")) {
        (None | Some(Json::Null), None | Some(Json::Null)) => Ok(None),
        (Some(Json::String(text)), None) => Timestamp::parse(text)
            .map(Some)
            .map_err(|_| "'expires' is not a time".to_owned()),
        (Some(Json::Number(number)), None) => whole(number)
            .map(|seconds| Some(Timestamp(seconds)))
            .ok_or_else(|| "'expires' is not a time".to_owned()),
        (None, Some(Json::Number(number))) => whole(number)
            .filter(|seconds| *seconds >= 0)
            .map(|seconds| Some(Timestamp::now().plus(seconds)))
            .ok_or_else(|| "'expires_in' is not a number of seconds".to_owned()),
        (Some(_), None) => Err("'expires' is not a time".into()),
        (None, Some(_)) => Err("'expires_in' is not a number of seconds".into()),
        (Some(_), Some(_)) => Err("it has both 'expires' and 'expires_in'".into()),
    }
}

/// A number without its fraction, such as Python's `time.time() + 60`.
fn whole(number: &serde_json::Number) -> Option<i64> {
    const LATEST: f64 = 9e15;
    let float = number.as_f64()?;
    (float.abs() < LATEST).then_some(float as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_read_strictly() {
        let reply = Reply::parse(
            br#"{"headers": {"Authorization": "Negotiate YII"}, "query": {"a b": "c&d"}, "expires": "2026-11-23T16:00:00Z"}"#,
        )
        .unwrap();
        assert_eq!(reply.expires, Some(Timestamp(1_795_449_600)));
        let again = Reply::parse(reply.to_token().expose()).unwrap();
        assert_eq!(again.expires, None);
        let signature = again.into_signature();
        assert_eq!(signature, reply.into_signature());
        assert_eq!(signature.query[0].name, "a%20b");
        for (wrong, why) in [
            ("", "it is not JSON"),
            ("[]", "it is not a JSON object"),
            ("{}", "it has neither headers nor query"),
            (r#"{"headers": {}}"#, "it has neither headers nor query"),
            (r#"{"headers": {"A": "b"}} x"#, "it is not JSON"),
            (r#"{"header": {"A": "b"}}"#, "unknown member 'header'"),
            (r#"{"headers": []}"#, "'headers' is not an object"),
            (r#"{"headers": {"A": 1}}"#, "a value that is not a string"),
            (r#"{"headers": {"A B": "c"}}"#, "not a valid header name"),
            (r#"{"headers": {"A\r\nB": "c"}}"#, "not a valid header name"),
            (
                r#"{"headers": {"A": "b\r\nC: d"}}"#,
                "contains a control character",
            ),
            (
                r#"{"headers": {"A": "\u0000"}}"#,
                "contains a control character",
            ),
            (
                r#"{"headers": {"Host": "x"}}"#,
                "header 'Host' cannot be set",
            ),
            (r#"{"headers": {"content-length": "1"}}"#, "cannot be set"),
            (
                r#"{"headers": {"Transfer-Encoding": "chunked"}}"#,
                "cannot be set",
            ),
            (
                r#"{"headers": {"A": "b"}, "expires": "soon"}"#,
                "'expires' is not a time",
            ),
            (
                r#"{"headers": {"A": "b"}, "expires": 1e300}"#,
                "'expires' is not a time",
            ),
            (
                r#"{"headers": {"A": "b"}, "expires_in": -1}"#,
                "'expires_in' is not",
            ),
            (
                r#"{"headers": {"A": "b"}, "expires": 1, "expires_in": 1}"#,
                "both",
            ),
        ] {
            let found = Reply::parse(wrong.as_bytes()).unwrap_err();
            assert!(found.contains(why), "{wrong}: {found}");
        }
        let many: Vec<String> = (0..33).map(|n| format!("\"h{n}\": \"\"")).collect();
        assert!(
            Reply::parse(format!("{{\"headers\": {{{}}}}}", many.join(",")).as_bytes()).is_err()
        );
    }

    /// Random alterations, the same in each run: a reply is refused, or has only headers that can be sent.
    #[test]
    fn altered_output_is_refused_or_safe() {
        let whole = br#"{"headers": {"Authorization": "Negotiate \u00e9", "X-A": "b"}, "query": {"t": "s"}, "expires_in": 60.5}"#;
        let mut state = 47_u64;
        let mut below = |most: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % most as u64).unwrap()
        };
        let mut read = 0;
        for _ in 0..20_000 {
            let mut bytes = whole.to_vec();
            for _ in 0..=below(3) {
                let at = below(bytes.len());
                match below(3) {
                    0 => bytes[at] = u8::try_from(below(256)).unwrap(),
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, b"\n\r\0\\\"{}:, \tA"[below(12)]),
                }
            }
            let Ok(reply) = Reply::parse(&bytes) else {
                continue;
            };
            read += 1;
            assert!(reply.to_token().expose_text().is_ok());
            for header in reply.into_signature().headers {
                ensure_settable_header(&header.name).unwrap();
                assert!(!header.bytes().iter().any(|b| b"\r\n\0".contains(b)));
            }
        }
        assert!(read > 1000, "{read}");
    }

    #[test]
    fn error_text_is_one_line_without_secrets() {
        let said = last_line(b"begin\nno ticket: password=hunter2 \x1b[1m\n\n").unwrap();
        assert!(said.starts_with("no ticket"), "{said}");
        assert!(
            !said.contains("hunter2") && !said.contains('\x1b'),
            "{said}"
        );
        assert_eq!(last_line(b" \n\n"), None);
        assert_eq!(
            last_line(&b"x".repeat(5000)).unwrap().len(),
            MAX_ERROR_CHARS
        );
    }
}
