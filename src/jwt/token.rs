//! Strict parser for the three parts of a token (RFC 7515 §7.1).

use super::{base64url, quoted};
use crate::json::{self, Text};

/// The maximum length of a token.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// A parsed token. None of it is trusted yet.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub header: Header,
    pub payload: Vec<u8>,
    /// The signature as valid base64url.
    pub signature: &'a str,
    /// The signed text.
    pub signed: &'a str,
}

/// A token's header.
#[derive(Debug)]
pub(super) struct Header {
    pub text: Text,
    members: Vec<(String, Text)>,
}

/// Removes surrounding white space and a leading `Bearer ` from a pasted token.
pub(crate) fn bare(pasted: &[u8]) -> &[u8] {
    const SCHEME: &[u8] = b"Bearer";
    let trimmed = pasted.trim_ascii();
    match trimmed.split_at_checked(SCHEME.len()) {
        Some((scheme, rest))
            if scheme.eq_ignore_ascii_case(SCHEME)
                && rest.first().is_none_or(u8::is_ascii_whitespace) =>
        {
            rest.trim_ascii()
        }
        _ => trimmed,
    }
}

/// Parses a token.
///
/// # Errors
/// The reason why it is malformed.
pub(super) fn parse(token: &[u8]) -> Result<Parts<'_>, String> {
    if token.len() > MAX_BYTES {
        return Err("it is larger than 1 MiB".into());
    }
    if token.is_empty() {
        return Err("it is empty".into());
    }
    let token = std::str::from_utf8(token)
        .ok()
        .filter(|token| token.is_ascii())
        .ok_or("it contains characters that are not allowed in a token")?;
    if token.starts_with('{') {
        return Err("it is a JWS in JSON form; only the compact form is supported".into());
    }
    let (header, payload, signature) = split(token)?;
    let signed = token
        .get(..header.len() + 1 + payload.len())
        .unwrap_or_default();
    let header = Header::parse(&decode("header", header)?)?;
    let payload = decode("payload", payload)?;
    decode("signature", signature)?;
    Ok(Parts {
        header,
        payload,
        signature,
        signed,
    })
}

fn split(token: &str) -> Result<(&str, &str, &str), String> {
    let mut parts = token.split('.');
    let first = (parts.next(), parts.next(), parts.next());
    match (first, parts.count()) {
        ((Some(header), Some(payload), Some(signature)), 0) => Ok((header, payload, signature)),
        ((_, _, Some(_)), 2) => {
            Err("it is encrypted (a JWE); only signed tokens are supported".into())
        }
        ((_, Some(_), None), _) => Err("it has 2 parts instead of 3".into()),
        ((_, None, _), _) => Err("it has no dots, so it is not a JSON Web Token".into()),
        (_, more) => Err(format!("it has {} parts instead of 3", 3 + more)),
    }
}

fn decode(name: &str, part: &str) -> Result<Vec<u8>, String> {
    base64url::decode(part.as_bytes())
        .map(|mut bytes| std::mem::take(&mut *bytes))
        .ok_or_else(|| format!("its {name} is not base64url"))
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Header, String> {
        let wrong = |why: String| format!("its header is not valid JSON: {why}");
        let text = Text::from_bytes(bytes).map_err(wrong)?;
        let members = json::members(&text).map_err(wrong)?;
        Ok(Header { text, members })
    }

    /// A member, if present.
    pub(super) fn get(&self, name: &str) -> Option<&Text> {
        self.members
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value)
    }

    /// A string member, if present.
    ///
    /// # Errors
    /// If it is not a string.
    pub(super) fn string(&self, name: &str) -> Result<Option<String>, String> {
        self.get(name)
            .map(|value| {
                value
                    .read()
                    .map_err(|_| format!("its header's {name} is not a string"))
            })
            .transpose()
    }

    /// Rejects extensions that change the meaning of a token: critical headers (RFC 7515 §4.1.11)
    /// and unencoded payloads (RFC 7797).
    pub(super) fn ensure_no_extensions(&self) -> Result<(), String> {
        if let Some(critical) = self.get("crit") {
            let names = critical.read::<Vec<String>>().unwrap_or_default();
            return Err(match names.first() {
                Some(name) => format!(
                    "it has the critical header {}, which is not supported",
                    quoted(name)
                ),
                None => "its header's crit is not a list of names".into(),
            });
        }
        match self.get("b64").map(|value| value.as_str().trim_ascii()) {
            None | Some("true") => Ok(()),
            Some(_) => {
                Err("its payload is not base64url-encoded (b64), which is not supported".into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(token: &str) -> String {
        parse(token.as_bytes()).unwrap_err()
    }

    fn token(header: &str) -> String {
        format!("{}.e30.AA", base64url::encode(header.as_bytes()))
    }

    #[test]
    fn token_has_three_parts() {
        let text = token(r#"{"alg":"HS256","kid":"a"}"#);
        let parts = parse(text.as_bytes()).unwrap();
        assert_eq!(parts.header.string("alg"), Ok(Some("HS256".into())));
        assert_eq!(parts.payload, b"{}");
        assert_eq!(format!("{}.AA", parts.signed), text);
    }

    #[test]
    fn malformed_tokens_are_rejected() {
        assert!(why("").contains("empty"));
        assert!(why("abc").contains("no dots"));
        assert!(why("a.b").contains("2 parts"));
        assert!(why("a.b.c.d").contains("4 parts"));
        assert!(why("a.b.c.d.e").contains("JWE"));
        assert!(why("a.b.c.d.e.f").contains("6 parts"));
        assert!(why("{\"payload\":\"\"}").contains("JSON form"));
        assert!(why("é.b.c").contains("characters"));
        assert!(why(&token("{}")[1..]).contains("header"));
        assert!(why(&token("[]")).contains("header"));
        assert!(why(&token(r#"{"alg":"a","alg":"b"}"#)).contains("duplicate member"));
        assert!(why(&"a".repeat(MAX_BYTES + 1)).contains("1 MiB"));
        assert!(why(&format!("{}=", token("{}"))).contains("signature"));
        assert!(why(&format!("{}\n", token("{}"))).contains("signature"));
    }

    #[test]
    fn bearer_prefix_and_white_space_are_removed() {
        for pasted in ["a.b.c", " a.b.c\r\n", "Bearer a.b.c", "bearer\t a.b.c\n"] {
            assert_eq!(bare(pasted.as_bytes()), b"a.b.c");
        }
        assert_eq!(bare(b"Bearera.b.c"), b"Bearera.b.c");
        assert_eq!(bare(b"Bearer"), b"");
    }

    #[test]
    fn extensions_are_rejected() {
        let accepted = |header: &str| {
            parse(token(header).as_bytes())
                .unwrap()
                .header
                .ensure_no_extensions()
        };
        assert!(accepted(r#"{"alg":"HS256","b64":true,"jku":"x"}"#).is_ok());
        assert!(
            accepted(r#"{"crit":["exp"]}"#)
                .unwrap_err()
                .contains("'exp'")
        );
        assert!(accepted(r#"{"crit":[]}"#).is_err());
        assert!(accepted(r#"{"crit":null}"#).is_err());
        assert!(accepted(r#"{"b64":false}"#).is_err());
    }
}
