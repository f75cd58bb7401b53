//! Decodes compressed data only to check it: the result is counted, and rarely kept. Each function
//! returns a short reason when the data is invalid.

use flate2::{Decompress, FlushDecompress, Status};

/// The size of the buffer for the result.
const BUFFER_BYTES: usize = 32 << 10;

/// A zlib stream that arrives in parts.
pub(super) struct Inflater {
    stream: Decompress,
    buffer: Vec<u8>,
    has_ended: bool,
}

impl Inflater {
    pub(super) fn new() -> Inflater {
        Inflater {
            stream: Decompress::new(true),
            buffer: vec![0; BUFFER_BYTES],
            has_ended: false,
        }
    }

    /// Whether the end of the stream, with its checksum, was there.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Inflates a part. `sink` returns false when it has too much.
    pub(super) fn push(
        &mut self,
        mut data: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<(), &'static str> {
        while !self.has_ended {
            let (read, written) = (self.stream.total_in(), self.stream.total_out());
            let status = self
                .stream
                .decompress(data, &mut self.buffer, FlushDecompress::None)
                .map_err(|_| "invalid zlib data")?;
            let read = usize::try_from(self.stream.total_in() - read).unwrap_or(usize::MAX);
            let written = usize::try_from(self.stream.total_out() - written).unwrap_or(usize::MAX);
            data = data.get(read..).unwrap_or_default();
            if !sink(self.buffer.get(..written).unwrap_or_default()) {
                return Err("more data than the image has");
            }
            match status {
                Status::StreamEnd => self.has_ended = true,
                // More input is needed.
                Status::Ok | Status::BufError if read == 0 && written == 0 => break,
                Status::Ok | Status::BufError => {}
            }
        }
        Ok(())
    }
}

/// Checks that a zlib stream has exactly `expected` bytes.
pub(super) fn zlib(data: &[u8], expected: u64) -> Result<(), &'static str> {
    zlib_to(data, expected, &mut |_| {})
}

/// The same, with the inflated bytes.
pub(super) fn zlib_bytes(data: &[u8], expected: u64) -> Result<Vec<u8>, &'static str> {
    let mut bytes = Vec::new();
    zlib_to(data, expected, &mut |part| bytes.extend_from_slice(part))?;
    Ok(bytes)
}

fn zlib_to(data: &[u8], expected: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), &'static str> {
    let mut inflater = Inflater::new();
    let mut total = 0;
    inflater.push(data, &mut |part| {
        total += part.len() as u64;
        sink(part);
        total <= expected
    })?;
    match (inflater.has_ended(), total == expected) {
        (true, true) => Ok(()),
        (true, false) => Err("less data than the image has"),
        (false, _) => Err("the zlib data ends too early"),
    }
}

/// Checks that run-length encoded data of an EXR file has exactly `expected` bytes.
pub(super) fn rle(data: &[u8], expected: u64) -> Result<(), &'static str> {
    let mut total = 0_u64;
    rle_runs(data, &mut |run, times| {
        total = total.saturating_add(run.len() as u64 * times);
        total <= expected
    })?;
    exact(total, expected)
}

/// The same, with the decoded bytes.
pub(super) fn rle_bytes(data: &[u8], expected: u64) -> Result<Vec<u8>, &'static str> {
    let mut bytes = Vec::new();
    rle_runs(data, &mut |run, times| {
        for _ in 0..times {
            bytes.extend_from_slice(run);
        }
        bytes.len() as u64 <= expected
    })?;
    exact(bytes.len() as u64, expected).map(|()| bytes)
}

pub(super) fn exact(total: u64, expected: u64) -> Result<(), &'static str> {
    match total == expected {
        true => Ok(()),
        false => Err("less data than the image has"),
    }
}

/// Each run: bytes, and how often they follow each other.
fn rle_runs(mut data: &[u8], sink: &mut dyn FnMut(&[u8], u64) -> bool) -> Result<(), &'static str> {
    while let Some((count, rest)) = data.split_first() {
        // A negative count precedes as many bytes; another one a byte that is repeated once more.
        let count = i8::from_le_bytes([*count]);
        let is_literal = count < 0;
        let length = usize::from(count.unsigned_abs());
        let taken = if is_literal { length } else { 1 };
        let times = if is_literal { 1 } else { length as u64 + 1 };
        let (run, rest) = rest.split_at_checked(taken).ok_or("a run ends too early")?;
        if !sink(run, times) {
            return Err("more data than the image has");
        }
        data = rest;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn zlib_needs_the_exact_size_and_the_checksum() {
        let data = [7_u8; 100_000];
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&data).unwrap();
        let packed = encoder.finish().unwrap();
        assert_eq!(zlib(&packed, 100_000), Ok(()));
        assert_eq!(zlib_bytes(&packed, 100_000).unwrap(), data);
        assert!(zlib(&packed, 99_999).is_err() && zlib(&packed, 100_001).is_err());
        for length in 0..packed.len() {
            assert!(zlib(&packed[..length], 100_000).is_err(), "{length}");
        }
        let mut wrong = packed.clone();
        *wrong.last_mut().unwrap() ^= 1;
        assert!(zlib(&wrong, 100_000).is_err());
    }

    #[test]
    fn runs_are_counted() {
        // Three different bytes, and a byte that is repeated four times.
        let data = [0xfd, 1, 2, 3, 3, 9];
        assert_eq!(rle_bytes(&data, 7).unwrap(), [1, 2, 3, 9, 9, 9, 9]);
        assert_eq!(rle(&data, 7), Ok(()));
        assert!(rle(&data, 6).is_err() && rle(&data, 8).is_err());
        assert!(rle(&data[..5], 7).is_err() && rle(&data[..3], 7).is_err());
        assert_eq!(rle(&[], 0), Ok(()));
    }
}
