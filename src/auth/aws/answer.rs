//! What an origin of keys responds: keys, or why there are none.

use serde_json::Value as Json;

use super::call::Answer;
use super::keys::Keys;
use crate::auth::error::Error as AuthError;
use crate::auth::login_call;
use crate::error::Error;
use crate::escape::one_line;
use crate::redact;

/// The maximum length of the service's error text in a message.
const MAX_ERROR_CHARS: usize = 300;

/// The response of one origin.
#[derive(Debug)]
pub(super) enum Obtained {
    Keys(Keys),
    Refused(Refusal),
    /// A success without keys; the reason.
    Unusable(String),
}

/// Where the members of the keys are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Members {
    Top,
    /// In the member of this name.
    Within(&'static str),
}

impl Obtained {
    /// Reads a response in JSON.
    pub(super) fn of_json(answer: &Answer, members: Members) -> Obtained {
        let json = answer.json().unwrap_or(Json::Null);
        if !answer.is_success() {
            return Obtained::Refused(Refusal::of_json(answer, &json));
        }
        let keys = match members {
            Members::Top => Some(&json),
            Members::Within(name) => json.get(name),
        };
        match Keys::of_json(keys.unwrap_or(&Json::Null)) {
            Ok(keys) => Obtained::Keys(keys),
            Err(why) => Obtained::Unusable(why),
        }
    }
}

/// A response that is not a success.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: u16,
    pub code: String,
    pub message: String,
    /// It says nothing about the credentials.
    pub is_temporary: bool,
    pub ahead: Option<i64>,
}

impl Refusal {
    /// Reads the members of an error in JSON.
    fn of_json(answer: &Answer, json: &Json) -> Refusal {
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| json.get(name)?.as_str());
            found.unwrap_or_default().to_owned()
        };
        Refusal {
            status: answer.status,
            code: text(&["__type", "code", "Code", "error"]),
            message: text(&["message", "Message"]),
            is_temporary: answer.status >= 500 || answer.status == 429,
            ahead: answer.ahead,
        }
    }

    pub(super) fn into_error(self, profile: &str) -> Error {
        let parts = [self.code, self.message].map(|text| redact::text(&one_line(&text)));
        let parts: Vec<&str> = parts
            .iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        let message: String = parts.join(": ").chars().take(MAX_ERROR_CHARS).collect();
        let why = match message.is_empty() {
            true => format!("the service returned {}", self.status),
            false => format!("{} {message}", self.status),
        };
        let profile = profile.to_owned();
        let hint = login_call::skew(self.ahead);
        Error::Auth(match self.is_temporary {
            true => AuthError::Failed { profile, why, hint },
            false => AuthError::Refused { profile, why, hint },
        })
    }
}
