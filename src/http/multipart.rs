//! multipart/form-data (RFC 7578), with names escaped as browsers do.

use std::fs::File;
use std::io;
use std::path::Path;

use super::bounded::{read_bounded, read_stdin};
use super::stream::Segment;
use crate::crypto;
use crate::error::Error;
use crate::hex;
use crate::io_error::reason;

/// A multipart form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Multipart {
    /// Includes the boundary.
    pub content_type: String,
    pub segments: Vec<Segment>,
}

/// One field of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub name: String,
    pub content: Content,
}

/// The content of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Text(String),
    File {
        bytes: Segment,
        file_name: String,
        content_type: String,
    },
}

impl Part {
    /// A field that uploads the file at `path`, or stdin for `-`. The default type depends on the
    /// file extension.
    ///
    /// # Errors
    /// When the file cannot be read, or the type is invalid.
    pub(crate) fn file(
        name: String,
        path: &str,
        file_name: Option<String>,
        content_type: Option<String>,
    ) -> Result<Part, Error> {
        let bytes = segment(path)?;
        let last = Path::new(path).file_name();
        let own_name = last.map_or_else(|| path.to_owned(), |n| n.to_string_lossy().into_owned());
        let file_name = file_name.unwrap_or(own_name);
        let content_type = content_type.unwrap_or_else(|| type_of(&file_name).to_owned());
        // The type becomes a header of the part.
        if content_type.chars().any(char::is_control) || !content_type.contains('/') {
            return Err(Error::usage(format!(
                "'{content_type}' is not a valid content type; use type/subtype"
            )));
        }
        Ok(Part {
            name,
            content: Content::File {
                bytes,
                file_name,
                content_type,
            },
        })
    }
}

fn segment(path: &str) -> Result<Segment, Error> {
    if path == "-" {
        let bytes = read_stdin()?;
        return Ok(Segment::Text(bytes));
    }
    let path = Path::new(path);
    let file = File::open(path).map_err(Error::file("read", path))?;
    let found = file.metadata().map_err(Error::file("read", path))?;
    if found.is_dir() {
        let why = io::Error::other("it is a directory");
        return Err(Error::file("read", path)(why));
    }
    if found.is_file() {
        return Ok(Segment::File {
            path: path.to_owned(),
            length: found.len(),
        });
    }
    let bytes = read_bounded(file, &path.display().to_string())?;
    Ok(Segment::Text(bytes))
}

impl Multipart {
    /// Joins the parts in order, with a random boundary.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(crate) fn new(parts: Vec<Part>) -> Result<Multipart, Error> {
        let random = crypto::random(16)
            .map_err(|error| Error::malformed("cannot create a form boundary", reason(&error)))?;
        let boundary = format!("----c47-{}", hex::encode(&random));
        Ok(Multipart::behind(&boundary, parts))
    }

    fn behind(boundary: &str, parts: Vec<Part>) -> Multipart {
        let mut segments = Vec::with_capacity(2 * parts.len() + 1);
        let mut text = String::new();
        for part in parts {
            let name = escape(&part.name);
            text.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\""
            ));
            match part.content {
                Content::Text(value) => text.push_str(&format!("\r\n\r\n{value}")),
                Content::File {
                    bytes,
                    file_name,
                    content_type,
                } => {
                    let file_name = escape(&file_name);
                    text.push_str(&format!(
                        "; filename=\"{file_name}\"\r\nContent-Type: {content_type}\r\n\r\n"
                    ));
                    segments.push(Segment::Text(std::mem::take(&mut text).into_bytes()));
                    segments.push(bytes);
                }
            }
            text.push_str("\r\n");
        }
        text.push_str(&format!("--{boundary}--\r\n"));
        segments.push(Segment::Text(text.into_bytes()));
        Multipart {
            content_type: format!("multipart/form-data; boundary={boundary}"),
            segments,
        }
    }

    /// The length in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.segments.iter().map(Segment::length).sum()
    }
}

/// Escapes characters that would end the quoted name or the header, like the HTML standard.
fn escape(name: &str) -> String {
    name.replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace('"', "%22")
}

/// The type by the file extension, which servers use if there is no other.
pub(crate) fn type_of(file_name: &str) -> &'static str {
    let ending = file_name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "csv" => "text/csv",
        "exr" => "image/x-exr",
        "gif" => "image/gif",
        "jpg" | "jpeg" => "image/jpeg",
        "json" => "application/json",
        "mov" => "video/quicktime",
        "mp4" => "video/mp4",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "txt" | "log" => "text/plain",
        "xml" => "application/xml",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_end_their_header() {
        let part = Part {
            name: "a\"\r\nX: y".into(),
            content: Content::Text("value".into()),
        };
        let form = Multipart::behind("B", vec![part]);
        let [Segment::Text(text)] = form.segments.as_slice() else {
            panic!("{:?}", form.segments);
        };
        assert_eq!(
            String::from_utf8_lossy(text),
            "--B\r\nContent-Disposition: form-data; name=\"a%22%0D%0AX: y\"\r\n\r\nvalue\r\n--B--\r\n"
        );
        assert_eq!(form.length(), text.len() as u64);
    }

    #[test]
    fn file_types_are_derived_or_given() {
        let file = |path: &str, name: Option<&str>, kind: Option<&str>| {
            Part::file(
                "f".into(),
                path,
                name.map(str::to_owned),
                kind.map(str::to_owned),
            )
            .map(|part| part.content)
        };
        let Content::File {
            file_name,
            content_type,
            ..
        } = file("./Cargo.toml", None, None).unwrap()
        else {
            panic!("a text")
        };
        assert_eq!(
            (file_name.as_str(), content_type.as_str()),
            ("Cargo.toml", "application/octet-stream")
        );
        let Content::File { content_type, .. } = file("Cargo.toml", Some("a.PNG"), None).unwrap()
        else {
            panic!("a text")
        };
        assert_eq!(content_type, "image/png");
        assert!(file("Cargo.toml", None, Some("image/png\r\nX: y")).is_err());
        assert!(file("Cargo.toml", None, Some("png")).is_err());
        assert!(file("no-such-file", None, None).is_err());
        assert!(file("/", None, None).is_err());
    }

    #[test]
    fn boundaries_differ() {
        let form = || Multipart::new(Vec::new()).unwrap().content_type;
        assert_ne!(form(), form());
    }
}
