//! A secret in an option or configuration file: its source, or a literal.

use crate::deadline::Deadline;
use crate::error::Error;
use crate::secret::{Secret, Source};

/// The source of a secret, or the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretRef {
    Source(Source),
    /// A literal in the configuration file or URL.
    Literal(Secret),
}

impl SecretRef {
    /// Reads a source; anything else is a literal.
    pub(crate) fn parse(text: &str) -> SecretRef {
        Source::parse(text).map_or_else(
            |_| SecretRef::Literal(Secret::new(text.as_bytes().to_vec())),
            SecretRef::Source,
        )
    }

    /// Reads the source of a key or the path of an existing file; anything else is a literal.
    pub(crate) fn parse_key(text: &str) -> SecretRef {
        Source::parse_key(text).map_or_else(|_| SecretRef::parse(text), SecretRef::Source)
    }

    /// Reads the secret, which must be valid in a header or form. `purpose` is the prompt text.
    ///
    /// # Errors
    /// If its source cannot be read.
    pub(crate) fn read_text(&self, purpose: &str, deadline: Deadline) -> Result<Secret, Error> {
        let secret = self.read(purpose, deadline)?;
        match (self, secret.expose_text()) {
            (_, Ok(_)) => Ok(secret),
            (SecretRef::Source(source), Err(why)) => Err(Error::Secret(source.failed(why))),
            (SecretRef::Literal(_), Err(why)) => Err(Error::usage(format!("{purpose}: {why}"))),
        }
    }

    /// Reads the secret as bytes.
    ///
    /// # Errors
    /// If its source cannot be read before the deadline.
    pub(crate) fn read(&self, purpose: &str, deadline: Deadline) -> Result<Secret, Error> {
        match self {
            SecretRef::Source(source) => Ok(source.read_until(purpose, deadline)?),
            SecretRef::Literal(secret) => Ok(secret.clone()),
        }
    }

    /// Whether a person must type it.
    pub(crate) fn is_prompt(&self) -> bool {
        *self == SecretRef::Source(Source::Prompt)
    }

    /// Whether it comes from a program, which may be slow.
    pub(crate) fn is_command(&self) -> bool {
        matches!(self, SecretRef::Source(Source::Command(_)))
    }
}
