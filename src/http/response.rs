//! A response: its headers, and its body as a stream.

use std::io::{self, Read};
use std::time::Duration;

use super::decode::Decoded;
use super::failure::{Failure, Part, Phase};
use super::head::Head;
use super::limits::Limits;
use super::proxy::Proxy;
use super::settings::{Intake, Settings};
use super::timing::Timing;
use super::wire::Wire;

pub(crate) use super::head::Head as ResponseHead;

/// A response.
pub(crate) struct Response {
    pub head: Head,
    pub body: BodyStream,
    /// The proxy that forwarded the request: the response may come from it.
    pub proxy: Option<Proxy>,
}

/// The most of an unused body that is read, and the time for it. A longer or slower body ends its
/// connection.
const MAX_DISCARDED: u64 = 64 << 10;
const TIME_TO_DISCARD: Duration = Duration::from_millis(500);

impl Response {
    /// Reads the rest of an unused response, so that its connection can be used again.
    pub(super) fn discard(mut self) {
        let mut left = MAX_DISCARDED;
        if self.body.announced.is_some_and(|length| length > left) {
            return;
        }
        self.body.wire.hurry(TIME_TO_DISCARD);
        let mut buffer = [0; 8 << 10];
        while let Ok(count @ 1..) = self.body.next(&mut buffer) {
            match left.checked_sub(count as u64) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    }
}

/// The decoded bytes of the body, within the limits.
pub(crate) struct BodyStream {
    inner: Decoded<'static>,
    wire: Wire,
    limits: Limits,
    /// The length, if the server sends it and nothing is decoded.
    announced: Option<u64>,
}

impl BodyStream {
    pub(super) fn new(
        body: ureq::Body,
        head: &Head,
        wire: Wire,
        settings: &Settings,
    ) -> Result<BodyStream, Failure> {
        let limits = settings.limits;
        let encoding = match settings.intake {
            Intake::Decoded => head.header("content-encoding").unwrap_or("").to_owned(),
            Intake::AsSent => String::new(),
        };
        let inner = Decoded::new(body.into_reader(), &encoding, limits.body)
            .map_err(|error| body_failure(error, &limits))?;
        let announced = match encoding.as_str() {
            "" => head
                .header("content-length")
                .and_then(|text| text.parse().ok()),
            _ => None,
        };
        Ok(BodyStream {
            inner,
            wire,
            limits,
            announced,
        })
    }

    /// Reads the next bytes into `buffer`; 0 is the end.
    ///
    /// # Errors
    /// When the rest is late, invalid or too large.
    pub(crate) fn next(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        let count = self
            .inner
            .read(buffer)
            .map_err(|error| body_failure(error, &self.limits))?;
        if count == 0 {
            self.wire.with_timing(|timing| {
                let lap = timing.lap();
                timing.transfer.get_or_insert(lap);
            });
        }
        Ok(count)
    }

    /// Reads the whole body into memory, up to `max` bytes.
    ///
    /// # Errors
    /// As [`BodyStream::next`], and when the body is larger.
    pub(crate) fn read_all(&mut self, max: u64) -> Result<Vec<u8>, Failure> {
        let mut all = Vec::new();
        // A growing vector may need twice its memory, so the space for the known length is reserved
        // first.
        let announced = self.announced.unwrap_or(0).min(max);
        let _ = all.try_reserve_exact(usize::try_from(announced).unwrap_or(0));
        // Most bodies are small, and many requests may follow each other.
        let first = self.announced.unwrap_or(u64::MAX).clamp(256, 8 << 10);
        let mut buffer = vec![0; usize::try_from(first).unwrap_or(8 << 10)];
        loop {
            let count = self.next(&mut buffer)?;
            if count == 0 {
                return Ok(all);
            }
            all.extend_from_slice(buffer.get(..count).unwrap_or_default());
            if count == buffer.len() {
                buffer.resize(64 << 10, 0);
            }
            if all.len() as u64 > max {
                let size = crate::quantity::format_size(max);
                return Err(Failure::Malformed {
                    why: format!("its body is larger than {size}"),
                });
            }
        }
    }

    /// Reads the whole body, up to `max` bytes, and shows it to `look`. The body can be read again.
    ///
    /// # Errors
    /// As [`BodyStream::read_all`].
    pub(crate) fn inspect<T>(
        &mut self,
        max: u64,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Failure> {
        let bytes = self.read_all(max)?;
        let found = look(&bytes);
        self.inner = Decoded::new(io::Cursor::new(bytes), "", None)
            .map_err(|error| body_failure(error, &self.limits))?;
        Ok(found)
    }

    /// The time spent so far in each step.
    pub(crate) fn timing(&self) -> Timing {
        self.wire.with_timing(|timing| *timing)
    }
}

fn body_failure(error: io::Error, limits: &Limits) -> Failure {
    match Failure::from_ureq(ureq::Error::from(error), "the server", limits) {
        // The headers have arrived, so a timeout is one of the body.
        Failure::TimedOut {
            phase: Phase::Response,
            after,
        } => Failure::TimedOut {
            phase: Phase::Body,
            after,
        },
        Failure::Protocol { detail, .. } => Failure::Protocol {
            part: Part::Body,
            detail,
        },
        failure @ (Failure::Resolve { .. }
        | Failure::Connect { .. }
        | Failure::Tls { .. }
        | Failure::Proxy { .. }
        | Failure::TimedOut { .. }
        | Failure::Truncated { .. }
        | Failure::Malformed { .. }
        | Failure::Body { .. }
        | Failure::TooManyRedirects { .. }) => failure,
    }
}
