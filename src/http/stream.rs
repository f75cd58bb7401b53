//! A body that is read while it is sent: texts and files in sequence, each with the announced
//! length.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;

use super::failure::Failure;
use crate::io_error::reason;

/// A part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Text(Vec<u8>),
    /// A regular file, and its length when the request headers were built.
    File {
        path: PathBuf,
        length: u64,
    },
}

impl Segment {
    /// The length in bytes.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Segment::Text(text) => text.len() as u64,
            Segment::File { length, .. } => *length,
        }
    }
}

/// Reads segments; opens each file when it is needed.
pub(crate) struct Stream {
    rest: VecDeque<Segment>,
    current: Current,
}

enum Current {
    None,
    Text(Cursor<Vec<u8>>),
    File {
        file: File,
        path: PathBuf,
        left: u64,
    },
}

impl Stream {
    /// A stream that starts at the first segment.
    pub(crate) fn new(segments: impl IntoIterator<Item = Segment>) -> Stream {
        Stream {
            rest: segments.into_iter().collect(),
            current: Current::None,
        }
    }

    fn open(segment: Segment) -> io::Result<Current> {
        match segment {
            Segment::Text(text) => Ok(Current::Text(Cursor::new(text))),
            Segment::File { path, length } => {
                let file = File::open(&path)
                    .map_err(|error| refuse(format!("{}: {}", path.display(), reason(&error))))?;
                Ok(Current::File {
                    file,
                    path,
                    left: length,
                })
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let count = match &mut self.current {
                Current::None => 0,
                Current::Text(text) => text.read(buffer)?,
                Current::File { file, path, left } => read_announced(file, path, left, buffer)?,
            };
            if count > 0 {
                return Ok(count);
            }
            match self.rest.pop_front() {
                Some(next) => self.current = Stream::open(next)?,
                None => return Ok(0),
            }
        }
    }
}

/// Reads exactly the announced length, even if a file grows meanwhile.
fn read_announced(
    file: &mut File,
    path: &std::path::Path,
    left: &mut u64,
    buffer: &mut [u8],
) -> io::Result<usize> {
    let count = file.by_ref().take(*left).read(buffer)?;
    if count == 0 && *left > 0 {
        let path = path.display();
        return Err(refuse(format!("{path} became shorter while it was sent")));
    }
    *left -= count as u64;
    Ok(count)
}

fn refuse(why: String) -> io::Error {
    ureq::Error::from(Failure::Body { why }).into_io()
}

/// Reports the progress of an upload.
#[derive(Clone, Default)]
pub(crate) struct Watch(Option<Arc<dyn Fn(u64) + Send + Sync>>);

impl Watch {
    /// `report` is called with the number of bytes sent so far; 0 when a body starts or ends.
    pub(crate) fn new(report: impl Fn(u64) + Send + Sync + 'static) -> Watch {
        Watch(Some(Arc::new(report)))
    }

    pub(super) fn over<R: Read>(&self, inner: R) -> Watched<R> {
        self.report(0);
        Watched {
            inner,
            sent: 0,
            watch: self.clone(),
        }
    }

    fn report(&self, sent: u64) {
        if let Watch(Some(report)) = self {
            report(sent);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// A body with progress reports.
pub(super) struct Watched<R> {
    inner: R,
    sent: u64,
    watch: Watch,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.sent += count as u64;
        self.watch.report(self.sent);
        Ok(count)
    }
}

impl<R> Drop for Watched<R> {
    fn drop(&mut self) {
        self.watch.report(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(length: u64) -> Segment {
        Segment::File {
            path: "LICENSE".into(),
            length,
        }
    }

    #[test]
    fn segments_are_sent_in_order() {
        let text = Segment::Text(b"--".to_vec());
        let empty = Segment::Text(Vec::new());
        let whole = std::fs::read("LICENSE").unwrap();
        let segments = [text.clone(), file(3), empty, file(whole.len() as u64), text];
        let length: u64 = segments.iter().map(Segment::length).sum();
        let mut read = Vec::new();
        Stream::new(segments).read_to_end(&mut read).unwrap();
        assert_eq!(read.len() as u64, length);
        assert_eq!(read, [b"--", &whole[..3], &whole, b"--"].concat());
    }

    #[test]
    fn file_shorter_than_announced_is_an_error() {
        let mut read = Vec::new();
        let error = Stream::new([file(1 << 30)])
            .read_to_end(&mut read)
            .unwrap_err();
        assert!(error.to_string().contains("became shorter"), "{error}");
    }
}
