//! Where a key or certificate of TLS is. Connections are made again, for a redirect or a retry: what
//! can be read only once is kept.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::{Error, Secret, Source};
use crate::deadline::Deadline;

/// A source, and what it gave.
#[derive(Clone)]
pub(crate) struct KeySource {
    source: Source,
    read: Arc<OnceLock<Secret>>,
}

impl KeySource {
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// The file, where it can be read again and again.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) if path != Path::new("-") => {
                let is_stream = std::fs::metadata(path).is_ok_and(|found| !found.is_file());
                (!is_stream).then_some(path.as_path())
            }
            Source::File(_) | Source::Env(_) | Source::Command(_) | Source::Prompt => None,
        }
    }

    /// What the source gives, asked for once.
    ///
    /// # Errors
    /// When it gives nothing, or not before the deadline.
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
        }
    }
}

/// The same source is the same key.
impl PartialEq for KeySource {
    fn eq(&self, other: &KeySource) -> bool {
        self.source == other.source
    }
}

impl Eq for KeySource {}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySource({})", self.source)
    }
}

/// A path as it is, any other source as it is written.
impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::File(path) => path.display().fmt(f),
            other @ (Source::Env(_) | Source::Command(_) | Source::Prompt) => other.fmt(f),
        }
    }
}
