//! Decodes the content encoding of a body while it arrives (RFC 9110 §8.4), and limits the output:
//! a few megabytes of gzip can expand to ten gigabytes of zeros.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::rc::Rc;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::failure::Failure;

/// Up to this size, any ratio is accepted.
const FREE: u64 = 64 << 20;
/// The highest ratio above that size. JSON, text and images compress less; a bomb has a ratio of
/// about 1000.
const MAX_RATIO: u64 = 200;

/// A content encoding that c47 decodes.
struct Coding {
    name: &'static str,
    /// An alternative name (RFC 9110 §8.4.1.3).
    alias: Option<&'static str>,
    /// Decodes a body; up to two bytes are already read.
    decoder: for<'a> fn(Peeked<'a>, &[u8]) -> Box<dyn Read + 'a>,
}

/// The encodings, in the order of Accept-Encoding.
const CODINGS: &[Coding] = &[
    Coding {
        name: "gzip",
        alias: Some("x-gzip"),
        decoder: |body, _| Box::new(MultiGzDecoder::new(body)),
    },
    Coding {
        name: "deflate",
        alias: None,
        decoder: |body, first| match is_zlib(first) {
            true => Box::new(ZlibDecoder::new(body)),
            false => Box::new(DeflateDecoder::new(body)),
        },
    },
    Coding {
        name: "br",
        alias: None,
        decoder: |body, _| Box::new(brotli_decompressor::Decompressor::new(body, BUFFER)),
    },
];

/// The value of Accept-Encoding: all supported encodings.
pub(crate) fn accept_encoding() -> String {
    let names: Vec<&str> = CODINGS.iter().map(|coding| coding.name).collect();
    names.join(", ")
}

/// Whether a body starts like zlib: "deflate" means zlib in the RFC, but some servers send raw
/// deflate.
fn is_zlib(first: &[u8]) -> bool {
    match first {
        [method, flags] => u16::from_be_bytes([*method, *flags]) % 31 == 0 && method & 0x0f == 8,
        _ => false,
    }
}

/// The size of brotli's input buffer.
const BUFFER: usize = 8 << 10;

/// A decoded body.
pub(super) struct Decoded<'a> {
    inner: Box<dyn Read + 'a>,
    is_encoded: bool,
    encoded: Encoded<'a>,
    wire: Rc<Cell<u64>>,
    out: u64,
    max: Option<u64>,
}

/// An encoded body whose first bytes were read to detect the format.
type Peeked<'a> = io::Chain<io::Cursor<Vec<u8>>, Counted<Encoded<'a>>>;

/// The body as sent, which is also read after the decoder has found its end.
#[derive(Clone)]
struct Encoded<'a>(Rc<RefCell<Box<dyn Read + 'a>>>);

impl Read for Encoded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}

impl<'a> Decoded<'a> {
    /// Decodes `body` by the value of Content-Encoding; `max` limits the output, as
    /// [`super::Limits::body`].
    ///
    /// # Errors
    /// When the encoding is unsupported, or the first bytes cannot be read.
    pub(super) fn new(
        body: impl Read + 'a,
        encoding: &str,
        max: Option<u64>,
    ) -> io::Result<Decoded<'a>> {
        let wire = Rc::new(Cell::new(0));
        let encoded = Encoded(Rc::new(RefCell::new(Box::new(body))));
        let mut counted = Counted {
            inner: encoded.clone(),
            count: wire.clone(),
        };
        let (inner, is_encoded): (Box<dyn Read + 'a>, bool) = match coding(encoding)? {
            None => (Box::new(counted), false),
            Some(coding) => {
                let first = peek(&mut counted)?;
                let whole = io::Cursor::new(first.clone()).chain(counted);
                // A response without a body may still have a Content-Encoding.
                match first.is_empty() {
                    true => (Box::new(whole), false),
                    false => ((coding.decoder)(whole, &first), true),
                }
            }
        };
        Ok(Decoded {
            inner,
            is_encoded,
            encoded,
            wire,
            out: 0,
            max,
        })
    }

    fn ensure_bounded(&self) -> io::Result<()> {
        if self.max.is_some_and(|max| self.out > max) {
            let size = crate::quantity::format_size(self.max.unwrap_or_default());
            return Err(refuse(format!(
                "its body is larger than {size} (--max-body)"
            )));
        }
        if self.is_encoded && self.out > FREE && self.out / MAX_RATIO > self.wire.get() {
            return Err(refuse("its body expands too much when decompressed".into()));
        }
        Ok(())
    }
}

/// Finds the encoding in Content-Encoding; `None` if there is none.
fn coding(encoding: &str) -> io::Result<Option<&'static Coding>> {
    let name = encoding.trim().to_ascii_lowercase();
    if name.is_empty() || name == "identity" {
        return Ok(None);
    }
    let is_it = |coding: &&Coding| coding.name == name || coding.alias == Some(&name);
    let found = CODINGS.iter().find(is_it).map(Some);
    found.ok_or_else(|| refuse(format!("its encoding '{name}' is unsupported")))
}

fn refuse(why: String) -> io::Error {
    ureq::Error::from(Failure::Malformed { why }).into_io()
}

/// Reads the first two bytes, or fewer at the end.
fn peek(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::with_capacity(2);
    from.by_ref().take(2).read_to_end(&mut first)?;
    Ok(first)
}

impl Read for Decoded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer);
        let count = match self.is_encoded {
            true => read.map_err(broken)?,
            false => read?,
        };
        if self.is_encoded && count == 0 && !buffer.is_empty() {
            // Some decoders stop before the end of the body, which the connection waits for. What
            // follows does not matter.
            let _ = self.encoded.read(&mut [0]);
        }
        self.out += count as u64;
        self.ensure_bounded()?;
        Ok(count)
    }
}

/// Converts an error of the decoder; an error of the connection is unchanged.
fn broken(error: io::Error) -> io::Error {
    match error.kind() {
        _ if error
            .get_ref()
            .is_some_and(|inner| inner.is::<ureq::Error>()) =>
        {
            error
        }
        io::ErrorKind::UnexpectedEof => ureq::Error::from(Failure::Truncated {
            why: "its compressed body is truncated".into(),
        })
        .into_io(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            refuse("its compressed body is corrupt".into())
        }
        _ => error,
    }
}

/// A reader that counts the bytes read.
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count.set(self.count.get() + count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};

    fn decode(bytes: &[u8], encoding: &str, max: Option<u64>) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Decoded::new(bytes, encoding, max)?.read_to_end(&mut out)?;
        Ok(out)
    }

    fn all(mut from: impl Read) -> Vec<u8> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn every_offered_encoding_is_decoded() {
        let text = b"frames frames frames".as_slice();
        let level = Compression::default();
        // Encoded with Google's brotli library.
        let brotli = b"\x1b\x13\x00\xf8\x056\xe0Hc\x1d\xde\x96\x8fx\"\x813\xd5\x07";
        for coding in CODINGS {
            let encoded = match coding.name {
                "gzip" => all(GzEncoder::new(text, level)),
                "deflate" => all(ZlibEncoder::new(text, level)),
                "br" => brotli.to_vec(),
                other => panic!("no sample of {other}"),
            };
            assert_eq!(decode(&encoded, coding.name, None).unwrap(), text);
        }
        assert_eq!(accept_encoding(), "gzip, deflate, br");
    }

    #[test]
    fn encodings_and_their_combinations_are_decoded() {
        let text = b"frames frames frames".as_slice();
        let level = Compression::default();
        for (bytes, encoding) in [
            (text.to_vec(), ""),
            (all(GzEncoder::new(text, level)), "gzip"),
            (
                [
                    all(GzEncoder::new(&text[..6], level)),
                    all(GzEncoder::new(&text[6..], level)),
                ]
                .concat(),
                "X-GZIP",
            ),
            (all(ZlibEncoder::new(text, level)), "deflate"),
            (all(DeflateEncoder::new(text, level)), "deflate"),
        ] {
            assert_eq!(decode(&bytes, encoding, None).unwrap(), text, "{encoding}");
        }
        assert_eq!(decode(b"", "gzip", None).unwrap(), b"");
        assert!(decode(b"\xff\xff\xff", "br", None).is_err());
        assert!(decode(text, "zstd", None).is_err());
        assert!(decode(text, "gzip", None).is_err());
    }

    #[test]
    fn decompression_bomb_is_refused() {
        let bomb = all(GzEncoder::new(
            io::repeat(0).take(1 << 30),
            Compression::fast(),
        ));
        let mut decoded = Decoded::new(bomb.as_slice(), "gzip", None).unwrap();
        let mut count = 0;
        let mut buffer = vec![0; 1 << 16];
        let error = loop {
            match decoded.read(&mut buffer) {
                Ok(0) => panic!("the bomb went through"),
                Ok(more) => count += more as u64,
                Err(error) => break error,
            }
        };
        assert!(count < 2 * FREE, "{count}");
        assert!(error.to_string().contains("expands too much"), "{error}");
    }

    #[test]
    fn size_limit_and_truncation_are_errors() {
        let text = vec![b'x'; 100_000];
        let gzip = all(GzEncoder::new(text.as_slice(), Compression::default()));
        assert!(decode(&gzip, "gzip", Some(1000)).is_err());
        assert!(decode(&text, "", Some(1000)).is_err());
        for end in 1..gzip.len() {
            assert!(decode(&gzip[..end], "gzip", None).is_err(), "{end}");
        }
    }
}
