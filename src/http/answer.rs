//! An answer: its head, and its body as a stream.

use std::io::{self, Read};

use super::decode::Decoded;
use super::failure::{Failure, Part, Phase};
use super::head::Head;
use super::limits::Limits;
use super::proxy::Proxy;
use super::settings::{Intake, Settings};
use super::timing::Timing;
use super::wire::Wire;

pub(crate) use super::head::Head as AnswerHead;

/// What came back.
pub(crate) struct Answer {
    pub head: Head,
    pub body: BodyStream,
    /// The proxy that took the request whole: the response may be its own.
    pub proxy: Option<Proxy>,
}

/// The body's bytes, decoded, within the limits.
pub(crate) struct BodyStream {
    inner: Decoded<'static>,
    wire: Wire,
    limits: Limits,
    /// Its length, where the server says it and nothing is decoded.
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

    /// Fills `buffer` with what comes next; 0 is the end.
    ///
    /// # Errors
    /// When the rest is late, broken, or more than allowed.
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

    /// All of it in memory, `max` bytes at most.
    ///
    /// # Errors
    /// As [`BodyStream::next`], and when there is more.
    pub(crate) fn read_all(&mut self, max: u64) -> Result<Vec<u8>, Failure> {
        let mut all = Vec::new();
        // A vector that grows holds its bytes twice; that there is no room is seen when they come.
        let announced = self.announced.unwrap_or(0).min(max);
        let _ = all.try_reserve_exact(usize::try_from(announced).unwrap_or(0));
        let mut buffer = vec![0; 64 << 10];
        loop {
            let count = self.next(&mut buffer)?;
            if count == 0 {
                return Ok(all);
            }
            all.extend_from_slice(buffer.get(..count).unwrap_or_default());
            if all.len() as u64 > max {
                let size = crate::quantity::say_size(max);
                return Err(Failure::Malformed {
                    why: format!("its body is larger than {size}"),
                });
            }
        }
    }

    /// How long things took so far.
    pub(crate) fn timing(&self) -> Timing {
        self.wire.with_timing(|timing| *timing)
    }
}

fn body_failure(error: io::Error, limits: &Limits) -> Failure {
    match Failure::from_ureq(ureq::Error::from(error), "the server", limits) {
        // Once the head is there, a late byte is the body's.
        Failure::TimedOut {
            phase: Phase::Answer,
            after,
        } => Failure::TimedOut {
            phase: Phase::Body,
            after,
        },
        Failure::Protocol { detail, .. } => Failure::Protocol {
            part: Part::Body,
            detail,
        },
        failure => failure,
    }
}
