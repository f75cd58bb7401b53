//! gzip of what is sent (RFC 9110 §8.4.1.3).

use std::io::{self, Read};

use flate2::Compression;
use flate2::read::GzEncoder;

use super::body::Body;
use crate::error::Error;
use crate::io_error::reason;

/// A file up to here is compressed in memory, so that its length can be announced: there are
/// servers that take no chunks.
const IN_MEMORY: u64 = 4 << 20;

/// The body, compressed: at once where it is small or in memory anyway, else while it is sent.
///
/// # Errors
/// When a file cannot be read.
pub fn gzip(body: Body) -> Result<Body, Error> {
    match body {
        Body::None | Body::Gzip(_) => Ok(body),
        Body::Bytes {
            bytes,
            content_type,
        } => Ok(Body::Bytes {
            bytes: whole(encoder(bytes.as_slice()))?,
            content_type,
        }),
        Body::File {
            length,
            content_type,
            ..
        } if length <= IN_MEMORY => Ok(Body::Bytes {
            bytes: whole(encoder(body.stream()))?,
            content_type,
        }),
        Body::File { .. } | Body::Multipart(_) => Ok(Body::Gzip(Box::new(body))),
    }
}

/// The compressed bytes, as they are asked for.
pub fn encoder<R: Read>(from: R) -> GzEncoder<R> {
    GzEncoder::new(from, Compression::default())
}

fn whole(mut from: impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    match from.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(cannot(&error)),
    }
}

fn cannot(error: &io::Error) -> Error {
    Error::malformed("the body cannot be compressed", reason(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;

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
            length: IN_MEMORY + 1,
            content_type: None,
        };
        let large = gzip(large).unwrap();
        assert!(large.length().is_none() && large.is_chunked());
        assert_eq!(gzip(Body::None).unwrap(), Body::None);
    }
}
