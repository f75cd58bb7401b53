//! Takes the content encoding off a body as it comes (RFC 9110 §8.4), and bounds what comes out: a
//! few megabytes of gzip can be ten gigabytes of zeros.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::failure::Failure;

/// Up to here any ratio is taken.
const FREE: u64 = 64 << 20;
/// Beyond it: no JSON, text or image shrinks more than this; a bomb does a thousandfold.
const MAX_RATIO: u64 = 200;

/// The content codings that are decoded, as Accept-Encoding offers them.
pub(crate) const ACCEPT_ENCODING: &str = "gzip, deflate, br";

/// What brotli reads at a time.
const BUFFER: usize = 8 << 10;

/// A body without its encoding.
pub(super) struct Decoded<R: Read> {
    inner: Decoder<R>,
    wire: Rc<Cell<u64>>,
    out: u64,
    max: Option<u64>,
}

enum Decoder<R: Read> {
    Plain(Counted<R>),
    Gzip(Box<MultiGzDecoder<Peeked<R>>>),
    Zlib(Box<ZlibDecoder<Peeked<R>>>),
    Deflate(Box<DeflateDecoder<Peeked<R>>>),
    Brotli(Box<brotli_decompressor::Decompressor<Peeked<R>>>),
}

type Peeked<R> = io::Chain<io::Cursor<Vec<u8>>, Counted<R>>;

impl<R: Read> Decoded<R> {
    /// Reads `body` as `encoding` (Content-Encoding's value) says; `max` bounds the bytes that come
    /// out, as [`super::Limits::body`].
    ///
    /// # Errors
    /// When the encoding is none we asked for, or the first bytes cannot be read.
    pub(super) fn new(body: R, encoding: &str, max: Option<u64>) -> io::Result<Decoded<R>> {
        let wire = Rc::new(Cell::new(0));
        let mut counted = Counted {
            inner: body,
            count: wire.clone(),
        };
        let encoding = encoding.trim().to_ascii_lowercase();
        let inner = match encoding.as_str() {
            "" | "identity" => Decoder::Plain(counted),
            "gzip" | "x-gzip" | "deflate" | "br" => {
                let first = peek(&mut counted)?;
                match first.as_slice() {
                    // An answer without a body may still name an encoding.
                    [] => Decoder::Plain(counted),
                    _ if encoding == "br" => {
                        Decoder::Brotli(Box::new(brotli_decompressor::Decompressor::new(
                            io::Cursor::new(first).chain(counted),
                            BUFFER,
                        )))
                    }
                    _ if encoding != "deflate" => Decoder::Gzip(Box::new(MultiGzDecoder::new(
                        io::Cursor::new(first).chain(counted),
                    ))),
                    // "deflate" is zlib by the RFC, and bare deflate from some servers.
                    [method, flags]
                        if u16::from_be_bytes([*method, *flags]) % 31 == 0
                            && method & 0x0f == 8 =>
                    {
                        Decoder::Zlib(Box::new(ZlibDecoder::new(
                            io::Cursor::new(first).chain(counted),
                        )))
                    }
                    _ => Decoder::Deflate(Box::new(DeflateDecoder::new(
                        io::Cursor::new(first).chain(counted),
                    ))),
                }
            }
            other => {
                return Err(refuse(format!(
                    "its encoding '{other}' is none that was asked for"
                )));
            }
        };
        Ok(Decoded {
            inner,
            wire,
            out: 0,
            max,
        })
    }

    fn ensure_bounded(&self) -> io::Result<()> {
        if self.max.is_some_and(|max| self.out > max) {
            let size = crate::quantity::say_size(self.max.unwrap_or_default());
            return Err(refuse(format!(
                "its body is larger than {size} (--max-body)"
            )));
        }
        let is_encoded = !matches!(self.inner, Decoder::Plain(_));
        if is_encoded && self.out > FREE && self.out / MAX_RATIO > self.wire.get() {
            return Err(refuse(
                "its body grows without end when decompressed".into(),
            ));
        }
        Ok(())
    }
}

fn refuse(why: String) -> io::Error {
    ureq::Error::from(Failure::Malformed { why }).into_io()
}

/// The first two bytes, or as many as there are.
fn peek(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::with_capacity(2);
    from.by_ref().take(2).read_to_end(&mut first)?;
    Ok(first)
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.inner {
            Decoder::Plain(plain) => plain.read(buffer)?,
            Decoder::Gzip(gzip) => gzip.read(buffer).map_err(broken)?,
            Decoder::Zlib(zlib) => zlib.read(buffer).map_err(broken)?,
            Decoder::Deflate(deflate) => deflate.read(buffer).map_err(broken)?,
            Decoder::Brotli(brotli) => brotli.read(buffer).map_err(broken)?,
        };
        self.out += count as u64;
        self.ensure_bounded()?;
        Ok(count)
    }
}

/// What the decoder says of the bytes; what the connection says goes through.
fn broken(error: io::Error) -> io::Error {
    match error.kind() {
        _ if error
            .get_ref()
            .is_some_and(|inner| inner.is::<ureq::Error>()) =>
        {
            error
        }
        io::ErrorKind::UnexpectedEof => ureq::Error::from(Failure::Truncated {
            why: "its compressed body ends in the middle".into(),
        })
        .into_io(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            refuse("its compressed body is broken".into())
        }
        _ => error,
    }
}

/// A reader that counts what passed.
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
    fn every_encoding_asked_for() {
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
    fn a_bomb_ends_early() {
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
        assert!(error.to_string().contains("without end"), "{error}");
    }

    #[test]
    fn a_bound_and_a_cut() {
        let text = vec![b'x'; 100_000];
        let gzip = all(GzEncoder::new(text.as_slice(), Compression::default()));
        assert!(decode(&gzip, "gzip", Some(1000)).is_err());
        assert!(decode(&text, "", Some(1000)).is_err());
        for end in 1..gzip.len() {
            assert!(decode(&gzip[..end], "gzip", None).is_err(), "{end}");
        }
    }
}
