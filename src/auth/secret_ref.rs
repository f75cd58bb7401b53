//! A secret as an option or a configuration refers to it.

use crate::deadline::Deadline;
use crate::error::Error;
use crate::secret::{Secret, Source};

/// Where a secret is, or the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretRef {
    Source(Source),
    /// It was in the configuration file or in the URL itself.
    Literal(Secret),
}

impl SecretRef {
    /// A source, or else the secret itself.
    pub(crate) fn parse(text: &str) -> SecretRef {
        Source::parse(text).map_or_else(
            |_| SecretRef::Literal(Secret::new(text.as_bytes().to_vec())),
            SecretRef::Source,
        )
    }

    /// A key: a source, the path of a file that exists, or else the key itself.
    pub(crate) fn parse_key(text: &str) -> SecretRef {
        Source::parse_key(text).map_or_else(|_| SecretRef::parse(text), SecretRef::Source)
    }

    /// The secret, which must be text that a header or form can carry. `purpose` is what a prompt
    /// asks for.
    ///
    /// # Errors
    /// When its source has none.
    pub(crate) fn read_text(&self, purpose: &str, deadline: Deadline) -> Result<Secret, Error> {
        let secret = self.read(purpose, deadline)?;
        match (self, secret.expose_text()) {
            (_, Ok(_)) => Ok(secret),
            (SecretRef::Source(source), Err(why)) => Err(Error::Secret(source.failed(why))),
            (SecretRef::Literal(_), Err(why)) => Err(Error::usage(format!("{purpose}: {why}"))),
        }
    }

    /// The secret's bytes.
    ///
    /// # Errors
    /// When its source has none, or not before the deadline.
    pub(crate) fn read(&self, purpose: &str, deadline: Deadline) -> Result<Secret, Error> {
        match self {
            SecretRef::Source(source) => Ok(source.read_until(purpose, deadline)?),
            SecretRef::Literal(secret) => Ok(secret.clone()),
        }
    }

    /// Whether a person must be there to type it.
    pub(crate) fn is_prompt(&self) -> bool {
        *self == SecretRef::Source(Source::Prompt)
    }

    /// Whether a program gives it, which may take its time.
    pub(crate) fn is_command(&self) -> bool {
        matches!(self, SecretRef::Source(Source::Command(_)))
    }
}
