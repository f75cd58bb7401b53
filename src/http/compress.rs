//! gzip compression of request bodies (RFC 9110 §8.4.1.3).

use std::io::Read;

use flate2::Compression;
use flate2::read::GzEncoder;

use crate::error::Error;
use crate::io_error::reason;

/// Compresses a stream while it is read.
pub(super) fn encoder<R: Read>(from: R) -> GzEncoder<R> {
    GzEncoder::new(from, Compression::default())
}

/// Compresses a whole stream.
///
/// # Errors
/// When `from` cannot be read.
pub(super) fn whole(from: impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    match encoder(from).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Error::malformed("cannot compress the body", reason(&error))),
    }
}
