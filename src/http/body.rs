//! Request bodies: built from items, or the unchanged bytes of a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub(crate) use super::bounded::{MAX_IN_MEMORY, within};
use super::bounded::{read_bounded, read_stdin};
use super::compress;
use super::digest::Hash;
use super::multipart::Multipart;
use super::nested::Tree;
use super::stream::{Segment, Stream};
use super::url::form_encode;
use crate::error::Error;
use crate::json::Text;

/// A file up to this size is compressed in memory, so that its length can be sent: some servers do
/// not support chunks.
const MAX_COMPRESSED_AT_ONCE: u64 = 4 << 20;

/// A body that can be sent more than once, for redirects and retries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    None,
    Bytes {
        bytes: Vec<u8>,
        content_type: Option<&'static str>,
    },
    File {
        path: PathBuf,
        length: u64,
        content_type: Option<&'static str>,
    },
    /// A multipart form with files.
    Multipart(Multipart),
    /// Compressed while it is sent. The length is unknown, so it is sent in chunks.
    Gzip(Box<Body>),
}

impl Body {
    /// A JSON body.
    pub(crate) fn json(text: &Text) -> Body {
        Body::Bytes {
            bytes: text.as_str().as_bytes().to_vec(),
            content_type: Some("application/json"),
        }
    }

    /// A text, unchanged.
    pub(crate) fn text(text: &str) -> Body {
        Body::Bytes {
            bytes: text.as_bytes().to_vec(),
            content_type: None,
        }
    }

    /// The bytes of a file, or of stdin for `-`.
    ///
    /// # Errors
    /// When it cannot be read, or is a pipe with more than [`MAX_IN_MEMORY`].
    pub(crate) fn from_path(path: &str) -> Result<Body, Error> {
        let content_type = path.ends_with(".json").then_some("application/json");
        if path == "-" {
            let bytes = read_stdin()?;
            return Ok(Body::Bytes {
                bytes,
                content_type,
            });
        }
        let path = Path::new(path);
        let file = File::open(path).map_err(Error::file("read", path))?;
        let metadata = file.metadata().map_err(Error::file("read", path))?;
        if metadata.is_dir() {
            return Err(Error::file("read", path)(io::Error::other(
                "it is a directory",
            )));
        }
        if metadata.is_file() {
            return Ok(Body::File {
                path: path.to_owned(),
                length: metadata.len(),
                content_type,
            });
        }
        Ok(Body::Bytes {
            bytes: read_bounded(file, &path.display().to_string())?,
            content_type,
        })
    }

    /// The Content-Length; `None` without a body or with chunks.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Body::None | Body::Gzip(_) => None,
            Body::Multipart(form) => Some(form.length()),
            Body::Bytes { bytes, .. } => Some(bytes.len() as u64),
            Body::File { length, .. } => Some(*length),
        }
    }

    /// Whether the length is unknown until the body is sent.
    pub(crate) fn is_chunked(&self) -> bool {
        matches!(self, Body::Gzip(_))
    }

    /// The bytes from the start; can be called again.
    pub(crate) fn stream(&self) -> Box<dyn Read> {
        match self {
            Body::None => Box::new(io::empty()),
            Body::Bytes { bytes, .. } => Box::new(Stream::new([Segment::Text(bytes.clone())])),
            Body::File { path, length, .. } => Box::new(Stream::new([Segment::File {
                path: path.clone(),
                length: *length,
            }])),
            Body::Multipart(form) => Box::new(Stream::new(form.segments.iter().cloned())),
            Body::Gzip(inner) => Box::new(compress::encoder(inner.stream())),
        }
    }

    /// The hash of the body, for Digest with `auth-int`.
    ///
    /// # Errors
    /// When a file cannot be read, or is too large for the memory.
    pub(super) fn hashed(&self, hash: Hash) -> io::Result<String> {
        match self {
            Body::None => Ok(hash.of(b"")),
            Body::Bytes { bytes, .. } => Ok(hash.of(bytes)),
            Body::File { path, length, .. } if *length <= MAX_IN_MEMORY => {
                Ok(hash.of(&std::fs::read(path)?))
            }
            Body::Multipart(_) | Body::Gzip(_) => {
                let mut bytes = Vec::new();
                let mut bounded = self.stream().take(MAX_IN_MEMORY + 1);
                bounded.read_to_end(&mut bytes)?;
                match bytes.len() as u64 <= MAX_IN_MEMORY {
                    true => Ok(hash.of(&bytes)),
                    false => Err(too_large_to_hash()),
                }
            }
            Body::File { .. } => Err(too_large_to_hash()),
        }
    }

    /// The default Content-Type of the body.
    pub(crate) fn content_type(&self) -> Option<&str> {
        match self {
            Body::None => None,
            Body::Multipart(form) => Some(&form.content_type),
            Body::Gzip(inner) => inner.content_type(),
            Body::Bytes { content_type, .. } | Body::File { content_type, .. } => *content_type,
        }
    }
}

fn too_large_to_hash() -> io::Error {
    io::Error::other("the server requires its hash (auth-int), and it is larger than 64 MiB")
}

/// Reads a body into memory.
///
/// # Errors
/// When a file cannot be read, or is too large for the memory.
pub(crate) fn read_bytes(body: &Body) -> Result<Vec<u8>, Error> {
    read_bounded(body.stream(), "the body")
}

/// Reads the text file of an `@file` item.
///
/// # Errors
/// When the file cannot be read, is too large, or is not UTF-8.
pub(crate) fn read_text(path: &str) -> Result<String, Error> {
    let bytes = if path == "-" {
        read_stdin()?
    } else {
        let path = Path::new(path);
        let file = File::open(path).map_err(Error::file("read", path))?;
        read_bounded(file, &path.display().to_string())?
    };
    String::from_utf8(bytes).map_err(|_| Error::malformed(path, "it is not UTF-8 text"))
}

/// Compresses a body: at once if it is small or in memory, else while it is sent.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn gzip(body: Body) -> Result<Body, Error> {
    match body {
        Body::None | Body::Gzip(_) => Ok(body),
        Body::Bytes {
            bytes,
            content_type,
        } => Ok(Body::Bytes {
            bytes: compress::whole(bytes.as_slice())?,
            content_type,
        }),
        Body::File {
            length,
            content_type,
            ..
        } if length <= MAX_COMPRESSED_AT_ONCE => Ok(Body::Bytes {
            bytes: compress::whole(body.stream())?,
            content_type,
        }),
        Body::File { .. } | Body::Multipart(_) => Ok(Body::Gzip(Box::new(body))),
    }
}

/// Builds a JSON body from `key=value` and `key:=json` items, in order.
///
/// # Errors
/// When two items contradict each other.
pub(crate) fn json_of(fields: &[(String, Text)]) -> Result<Body, String> {
    Ok(Body::json(&json_text(fields)?))
}

/// The JSON of [`json_of`].
///
/// # Errors
/// As [`json_of`].
pub(crate) fn json_text(fields: &[(String, Text)]) -> Result<Text, String> {
    let mut tree = Tree::default();
    for (key, value) in fields {
        tree.insert(key, value.clone())?;
    }
    Ok(tree.into_text())
}

/// Builds an urlencoded form.
pub(crate) fn form_of(fields: &[(String, String)]) -> Body {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", form_encode(name), form_encode(value)))
        .collect();
    Body::Bytes {
        bytes: pairs.join("&").into_bytes(),
        content_type: Some("application/x-www-form-urlencoded; charset=utf-8"),
    }
}

#[cfg(test)]
mod tests {
    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn forms() {
        let body = form_of(&[("a b".into(), "é&".into()), ("t[]".into(), "1".into())]);
        assert!(matches!(body, Body::Bytes { bytes, .. } if bytes == b"a%20b=%C3%A9%26&t%5B%5D=1"));
    }

    #[test]
    fn files_are_streamed_and_endless_pipes_refused() {
        assert!(matches!(
            Body::from_path("Cargo.toml"),
            Ok(Body::File { .. })
        ));
        assert!(Body::from_path("/").is_err());
        assert!(Body::from_path("/dev/zero").is_err());
        assert_eq!(Body::from_path("/dev/null").unwrap().length(), Some(0));
    }

    #[test]
    fn small_bodies_have_a_length_and_large_ones_stream() {
        let text = vec![b'x'; 100_000];
        let body = Body::Bytes {
            bytes: text.clone(),
            content_type: None,
        };
        let Body::Bytes { bytes, .. } = gzip(body).unwrap() else {
            panic!("no bytes")
        };
        assert!(bytes.len() < 1000);
        let mut back = Vec::new();
        GzDecoder::new(bytes.as_slice())
            .read_to_end(&mut back)
            .unwrap();
        assert_eq!(back, text);
        let large = Body::File {
            path: "x".into(),
            length: MAX_COMPRESSED_AT_ONCE + 1,
            content_type: None,
        };
        let large = gzip(large).unwrap();
        assert!(large.length().is_none() && large.is_chunked());
        assert_eq!(gzip(Body::None).unwrap(), Body::None);
    }
}
