//! The keys that requests are signed with.

use std::fmt;

use serde_json::Value as Json;

use crate::json::Text;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// An access key with its secret. Temporary ones have a session token and an expiry.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    pub access_key: String,
    pub secret_key: Secret,
    pub session_token: Option<Secret>,
    pub expires: Option<Timestamp>,
}

/// The access key is an identifier, but it is not printed either.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl Keys {
    /// Checks the parts, which become part of a header.
    ///
    /// # Errors
    /// Names the invalid part, without its value.
    pub(crate) fn new(
        access_key: &str,
        secret_key: Secret,
        session_token: Option<Secret>,
    ) -> Result<Keys, String> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b',' | b'=');
        if access_key.is_empty() || !access_key.bytes().all(is_plain) {
            return Err("the access key ID is empty or has invalid characters".into());
        }
        let checked = |what: &str, secret: &Secret| match secret.expose_text() {
            Ok("") => Err(format!("the {what} is empty")),
            Ok(_) => Ok(()),
            Err(why) => Err(format!("the {what} is invalid: {why}")),
        };
        checked("secret access key", &secret_key)?;
        session_token
            .iter()
            .try_for_each(|token| checked("session token", token))?;
        Ok(Keys {
            access_key: access_key.to_owned(),
            secret_key,
            session_token,
            expires: None,
        })
    }

    /// Reads the JSON of a credential process, of the metadata service, of a container, of IAM Identity
    /// Center, or of a queue role. They differ in upper and lower case and in the name of the token.
    ///
    /// # Errors
    /// Names the missing or invalid member.
    pub(crate) fn of_json(json: &Json) -> Result<Keys, String> {
        let find = |name: &str| {
            let mut members = json.as_object().into_iter().flatten();
            let found = members.find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value)
        };
        let text = |name: &str| find(name).and_then(Json::as_str);
        let need = |name: &str| text(name).ok_or_else(|| format!("it has no '{name}'"));
        let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
        let token = text("SessionToken").or_else(|| text("Token"));
        let mut keys = Keys::new(
            need("AccessKeyId")?,
            secret(need("SecretAccessKey")?),
            token.filter(|token| !token.is_empty()).map(secret),
        )?;
        keys.expires = match find("Expiration") {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => {
                Some(Timestamp::parse(text).map_err(|_| "'Expiration' is not a time".to_owned())?)
            }
            // Milliseconds.
            Some(value) => {
                let milliseconds = value.as_i64().filter(|at| *at >= 0);
                let at = milliseconds.ok_or("'Expiration' is not a time")?;
                Some(Timestamp(at / 1000))
            }
        };
        Ok(keys)
    }

    /// The JSON that a credential process prints.
    pub(crate) fn to_json(&self) -> Text {
        let secret = |secret: &Secret| Text::string(&String::from_utf8_lossy(secret.expose()));
        let mut members = vec![
            ("Version", Text::integer(1)),
            ("AccessKeyId", Text::string(&self.access_key)),
            ("SecretAccessKey", secret(&self.secret_key)),
        ];
        members.extend(
            self.session_token
                .iter()
                .map(|token| ("SessionToken", secret(token))),
        );
        members.extend(
            self.expires
                .map(|at| ("Expiration", Text::string(&at.to_string()))),
        );
        Text::object(members.iter().map(|(name, value)| (*name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Keys, String> {
        Keys::of_json(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn every_spelling_of_the_members_is_read() {
        for text in [
            r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t","Expiration":"2030-01-01T00:00:00Z"}"#,
            r#"{"Code":"Success","AccessKeyId":"A","SecretAccessKey":"s","Token":"t","Expiration":"2030-01-01T00:00:00Z"}"#,
            r#"{"accessKeyId":"A","secretAccessKey":"s","sessionToken":"t","expiration":1893456000000}"#,
        ] {
            let keys = read(text).unwrap();
            assert_eq!(keys.access_key, "A");
            assert_eq!(keys.secret_key.expose(), b"s");
            assert_eq!(keys.session_token.as_ref().unwrap().expose(), b"t");
            assert_eq!(keys.expires, Some(Timestamp(1_893_456_000)));
            assert_eq!(read(keys.to_json().as_str()), Ok(keys));
        }
        let lasting = read(r#"{"AccessKeyId":"A","SecretAccessKey":"s"}"#).unwrap();
        assert_eq!((&lasting.session_token, lasting.expires), (&None, None));
        assert_eq!(read(lasting.to_json().as_str()), Ok(lasting));
    }

    #[test]
    fn invalid_keys_are_refused_without_their_value() {
        for text in [
            "[]",
            r#"{"AccessKeyId":"hunter2"}"#,
            r#"{"AccessKeyId":"hunter2,","SecretAccessKey":"s"}"#,
            r#"{"AccessKeyId":"A","SecretAccessKey":""}"#,
            r#"{"AccessKeyId":"A","SecretAccessKey":"hunter2\r\n"}"#,
            r#"{"AccessKeyId":"A","SecretAccessKey":"s","Token":"hunter2\n"}"#,
            r#"{"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"hunter2"}"#,
            r#"{"AccessKeyId":"A","SecretAccessKey":"s","Expiration":{}}"#,
        ] {
            let why = read(text).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
        let keys = read(r#"{"AccessKeyId":"hunter2","SecretAccessKey":"hunter3"}"#).unwrap();
        assert!(!format!("{keys:?}").contains("hunter"));
    }
}
