//! AssumeRole and AssumeRoleWithWebIdentity of STS.

use zeroize::Zeroizing;

use super::answer::{Obtained, Refusal};
use super::call::{self, Answer};
use super::keys::Keys;
use super::origin::{Role, Sts, WebIdentity};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Settings;
use crate::http::body::{self, Body};
use crate::http::part::Header;
use crate::http::request::Request;
use crate::secret::{Secret, Source};
use crate::timestamp::Timestamp;

const VERSION: &str = "2011-06-15";

/// Error codes that say nothing about the credentials.
const TEMPORARY: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "IDPCommunicationError",
];

/// Assumes a role with other keys.
///
/// # Errors
/// If the code of a person cannot be read, or STS does not respond.
pub(super) fn assume_role(
    role: &Role,
    base: Keys,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Obtained, Error> {
    let mut fields = vec![
        field("Action", "AssumeRole"),
        field("Version", VERSION),
        field("RoleArn", &role.arn),
        field("RoleSessionName", &session_name(&role.session_name)),
    ];
    let mut optional = |name: &str, value: Option<&str>| {
        fields.extend(value.map(|value| field(name, value)));
    };
    optional("ExternalId", role.external_id.as_deref());
    optional("DurationSeconds", role.duration.as_deref());
    if let Some(serial) = &role.mfa_serial {
        let prompt = format!("MFA code for {serial}");
        let code = Source::Prompt.read_until(&prompt, deadline)?;
        optional("SerialNumber", Some(serial));
        optional("TokenCode", code.expose_text().ok());
    }
    let request = request(&role.sts, &fields);
    let request = call::signed(request, base, "sts", &role.sts.region);
    judge(&call::service(request, settings, deadline)?)
}

/// Assumes a role with the token in a file. The request is not signed.
///
/// # Errors
/// If the token cannot be read, or STS does not respond.
pub(super) fn web_identity(
    identity: &WebIdentity,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Obtained, Error> {
    let source = Source::File(identity.token_file.clone());
    let token = source.read_until("web identity", deadline)?;
    let text = std::str::from_utf8(token.expose())
        .map_err(|_| Error::Secret(source.failed("it is not UTF-8 text")))?;
    let fields = [
        field("Action", "AssumeRoleWithWebIdentity"),
        field("Version", VERSION),
        field("RoleArn", &identity.arn),
        field("RoleSessionName", &session_name(&identity.session_name)),
        field("WebIdentityToken", text.trim_end()),
    ];
    let request = request(&identity.sts, &fields);
    judge(&call::service(request, settings, deadline)?)
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn session_name(given: &Option<String>) -> String {
    let time = Timestamp::now();
    given.clone().unwrap_or_else(|| format!("c47-{}", time.0))
}

fn request(sts: &Sts, fields: &[(String, String)]) -> Request {
    let body = body::form_of(fields);
    let mut request = call::request("POST", sts.url.clone());
    request.headers.retain(|header| header.name != "accept");
    request.headers.extend(
        body.content_type()
            .map(|kind| Header::plain("content-type", kind)),
    );
    Request {
        body: match body {
            Body::Bytes { bytes, .. } => Body::Bytes {
                bytes,
                content_type: None,
            },
            other @ (Body::None | Body::File { .. } | Body::Multipart(_) | Body::Gzip(_)) => other,
        },
        ..request
    }
}

fn judge(answer: &Answer) -> Result<Obtained, Error> {
    let text = |name: &str| element(&answer.body, name);
    if !answer.is_success() {
        let code = text("Code").unwrap_or_default();
        return Ok(Obtained::Refused(Refusal {
            is_temporary: answer.status >= 500 || TEMPORARY.contains(&code.as_str()),
            status: answer.status,
            code,
            message: text("Message").unwrap_or_default(),
            ahead: answer.ahead,
        }));
    }
    let secret = |name: &str| text(name).map(|text| Secret::new(text.into_bytes()));
    let keys = match (text("AccessKeyId"), secret("SecretAccessKey")) {
        (Some(id), Some(key)) => Keys::new(&id, key, secret("SessionToken")),
        (None, _) | (_, None) => Err("it has no keys".to_owned()),
    };
    let expires = text("Expiration").and_then(|text| Timestamp::parse(&text).ok());
    Ok(match keys {
        Ok(keys) => Obtained::Keys(Keys { expires, ..keys }),
        Err(why) => Obtained::Unusable(why),
    })
}

/// Whether a successful response of this text has keys.
pub(crate) fn has_keys(xml: &str) -> bool {
    let answer = Answer {
        status: 200,
        body: Zeroizing::new(xml.to_owned()),
        ahead: None,
    };
    matches!(judge(&answer), Ok(Obtained::Keys(_)))
}

/// The text of the first element of this name, which has no children.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once('<')?;
    let text = Zeroizing::new(text.trim().to_owned());
    let replaced = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_string(), |text, (entity, character)| {
        text.replace(entity, character)
    });
    Some(replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            body: Zeroizing::new(body.to_owned()),
            ahead: None,
        }
    }

    #[test]
    fn keys_are_read_from_the_response() {
        let body = "<AssumeRoleResponse><AssumeRoleResult><Credentials>\n<AccessKeyId>ASIA1</AccessKeyId>\
            <SecretAccessKey>a/b+c&amp;d</SecretAccessKey><SessionToken>t==</SessionToken>\
            <Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>";
        let Ok(Obtained::Keys(keys)) = judge(&answer(200, body)) else {
            panic!("no keys")
        };
        assert_eq!(keys.access_key, "ASIA1");
        assert_eq!(keys.secret_key.expose(), b"a/b+c&d");
        assert_eq!(keys.session_token.unwrap().expose(), b"t==");
        assert_eq!(keys.expires, Some(Timestamp(1_893_456_000)));
        let nothing = judge(&answer(200, "<html>"));
        assert!(matches!(nothing, Ok(Obtained::Unusable(_))));
    }

    #[test]
    fn refusals_are_told_from_temporary_failures() {
        for (status, code, temporary) in [
            (403, "AccessDenied", false),
            (403, "ExpiredToken", false),
            (400, "ValidationError", false),
            (400, "Throttling", true),
            (503, "ServiceUnavailable", true),
        ] {
            let body = format!("<Error><Code>{code}</Code><Message>no &lt;b&gt;</Message></Error>");
            let Ok(Obtained::Refused(refusal)) = judge(&answer(status, &body)) else {
                panic!("{code}")
            };
            assert_eq!(refusal.is_temporary, temporary, "{code}");
            assert_eq!(
                (refusal.code.as_str(), refusal.message.as_str()),
                (code, "no <b>")
            );
        }
    }
}
