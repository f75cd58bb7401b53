//! The source of a TLS key or certificate. Redirects and retries open new connections, so a source
//! that can be read only once is cached.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::{Error, Secret, Source};
use crate::deadline::Deadline;

/// A source and its cached content.
#[derive(Clone)]
pub(crate) struct KeySource {
    source: Source,
    read: Arc<OnceLock<Secret>>,
    /// The password of an encrypted key.
    password: Option<Box<KeySource>>,
}

impl KeySource {
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// The path, if it is a regular file, which can be read again.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) if path != Path::new("-") => {
                let is_stream = std::fs::metadata(path).is_ok_and(|found| !found.is_file());
                (!is_stream).then_some(path.as_path())
            }
            Source::File(_) | Source::Env(_) | Source::Command(_) | Source::Prompt => None,
        }
    }

    /// The same source of a key, with the password that decrypts it.
    pub(crate) fn with_password(self, password: Option<Source>) -> KeySource {
        KeySource {
            password: password.map(|source| Box::new(source.into())),
            ..self
        }
    }

    /// The password of an encrypted key.
    pub(crate) fn password(&self) -> Option<&KeySource> {
        self.password.as_deref()
    }

    /// Reads the source once.
    ///
    /// # Errors
    /// If it cannot be read before the deadline.
    pub(crate) fn read_until(&self, purpose: &str, deadline: Deadline) -> Result<&Secret, Error> {
        if let Some(secret) = self.read.get() {
            return Ok(secret);
        }
        let secret = self.source.read_until(purpose, deadline)?;
        Ok(self.read.get_or_init(|| secret))
    }
}

impl From<Source> for KeySource {
    fn from(source: Source) -> KeySource {
        KeySource {
            source,
            read: Arc::default(),
            password: None,
        }
    }
}

/// Compares only the sources.
impl PartialEq for KeySource {
    fn eq(&self, other: &KeySource) -> bool {
        self.source == other.source && self.password == other.password
    }
}

impl Eq for KeySource {}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySource({})", self.source)
    }
}

/// A file as its path, any other source with its prefix.
impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::File(path) => path.display().fmt(f),
            other @ (Source::Env(_) | Source::Command(_) | Source::Prompt) => other.fmt(f),
        }
    }
}
