//! The response to an authorization request: the query of the redirect URL, or what a person pastes.

use crate::http::url::Url;
use crate::secret::Secret;

/// The response of the issuer.
#[derive(Debug)]
pub(super) enum Callback {
    Code {
        code: Secret,
        /// Who sent the response (RFC 9207); `None` if it does not say.
        issuer: Option<String>,
    },
    /// RFC 6749 §4.1.2.1.
    Error {
        code: String,
        description: Option<String>,
        issuer: Option<String>,
    },
}

/// Why a response is not one to this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stray {
    /// Its `state` is missing or that of another login.
    State,
    /// It has neither `code` nor `error`, or a parameter twice.
    Malformed,
}

impl Callback {
    /// Reads the query of the redirect URL.
    ///
    /// # Errors
    /// If it is not the response to the request with this `state`.
    pub(super) fn read(query: &str, state: &str) -> Result<Callback, Stray> {
        // The parser of URLs decodes the names and values.
        let url =
            Url::parse(&format!("http://127.0.0.1/?{query}")).map_err(|_| Stray::Malformed)?;
        let value = |name: &str| {
            let mut values = url.query_values(name);
            match (values.next(), values.next()) {
                (one, None) => Ok(one),
                (_, Some(_)) => Err(Stray::Malformed),
            }
        };
        if value("state")?.as_deref() != Some(state) {
            return Err(Stray::State);
        }
        let issuer = value("iss")?;
        match (value("code")?, value("error")?) {
            (Some(code), None) if !code.is_empty() => Ok(Callback::Code {
                code: Secret::new(code.into_bytes()),
                issuer,
            }),
            (None, Some(code)) => Ok(Callback::Error {
                code,
                description: value("error_description")?,
                issuer,
            }),
            _ => Err(Stray::Malformed),
        }
    }

    /// Reads what a person pastes: the redirect URL, its query, or the code alone, which has no `state`.
    ///
    /// # Errors
    /// As [`Callback::read`].
    pub(super) fn read_pasted(text: &str, state: &str) -> Result<Callback, Stray> {
        let text = text.trim();
        let query = match text.split_once('?') {
            Some((_, query)) => query,
            None if text.contains("://") => return Err(Stray::Malformed),
            None if text.contains("state=") => text,
            None if text.is_empty() || text.contains(char::is_whitespace) => {
                return Err(Stray::Malformed);
            }
            None => {
                return Ok(Callback::Code {
                    code: Secret::new(text.as_bytes().to_vec()),
                    issuer: None,
                });
            }
        };
        Callback::read(query, state)
    }

    /// The `iss` parameter.
    pub(super) fn issuer(&self) -> Option<&str> {
        match self {
            Callback::Code { issuer, .. } | Callback::Error { issuer, .. } => issuer.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(callback: Result<Callback, Stray>) -> Result<String, Stray> {
        match callback? {
            Callback::Code { code, .. } => Ok(code.expose_text().unwrap().to_owned()),
            Callback::Error { code, .. } => Ok(format!("error {code}")),
        }
    }

    #[test]
    fn response_must_have_the_state_and_each_parameter_once() {
        let read = |query| code(Callback::read(query, "s-1"));
        assert_eq!(read("code=a%2Fb&state=s-1"), Ok("a/b".into()));
        assert_eq!(
            read("error=access_denied&state=s-1"),
            Ok("error access_denied".into())
        );
        for stray in ["code=a", "code=a&state=s-2", "code=a&state="] {
            assert_eq!(read(stray), Err(Stray::State), "{stray}");
        }
        for malformed in [
            "state=s-1",
            "code=&state=s-1",
            "code=a&code=b&state=s-1",
            "code=a&state=s-1&state=s-1",
            "code=a&error=b&state=s-1",
        ] {
            assert_eq!(read(malformed), Err(Stray::Malformed), "{malformed}");
        }
    }

    #[test]
    fn person_may_paste_the_url_its_query_or_the_code() {
        let read = |text| code(Callback::read_pasted(text, "s"));
        for text in [
            "http://127.0.0.1:9/callback?code=a&state=s",
            " http://127.0.0.1:9/callback?state=s&code=a#x\n",
            "code=a&state=s",
            "a",
        ] {
            assert_eq!(read(text), Ok("a".into()), "{text}");
        }
        assert_eq!(
            read("http://127.0.0.1:9/?code=a&state=t"),
            Err(Stray::State)
        );
        for wrong in ["", "http://127.0.0.1:9/callback", "two words"] {
            assert_eq!(read(wrong), Err(Stray::Malformed), "{wrong}");
        }
    }
}
