//! One connection: reads, answers and logs its requests, one after the other.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::exec::Ran;
use super::report::{Entry, RequestReport, ensure_boundary};
use super::request::{BodyLength, Refusal, RequestHeader, chunk_length, header_end, parse};
use super::response::{Response, Then, Wanted};
use super::service::{Admission, Service, take};
use super::signatures::Receipt;
use super::wire::{Fault, Wire};
use super::{Limits, Settings};
use crate::timestamp::Timestamp;

/// The longest line with a chunk size and extensions.
const MAX_CHUNK_LINE_BYTES: usize = 256;

/// Responds to all requests of a connection.
pub(super) fn serve(service: &Service, stream: TcpStream, client: SocketAddr) {
    let limits = &service.settings.limits;
    let mut wire = Wire::new(stream, limits);
    while wire.wait().is_ok() {
        let mut exchange = Exchange::new(service, client);
        let admission = match exchange.run(&mut wire) {
            Ok((Then::KeepAlive, _)) => {
                service.responded();
                continue;
            }
            Ok((Then::Close, admission)) => admission,
            Err(Fault::Gone) => break,
            Err(Fault::Refused(refusal)) => {
                exchange.refuse(&mut wire, refusal);
                Admission::Refuse
            }
        };
        wire.linger(limits.linger);
        if admission != Admission::Refuse {
            service.responded();
        }
        return;
    }
}

/// Responds to a connection with 503, because there are too many.
pub(super) fn refuse(service: &Service, stream: TcpStream, client: SocketAddr) {
    let limits = &service.settings.limits;
    let patience = Duration::from_millis(200);
    let hurried = Limits {
        silence: limits.silence.min(patience),
        connection: limits.connection.min(patience),
        ..*limits
    };
    let mut wire = Wire::new(stream, &hurried);
    let mut exchange = Exchange::new(service, client);
    exchange.refuse(&mut wire, Refusal::new(503, "too many connections"));
    wire.linger(patience);
}

/// A request and its response.
struct Exchange<'a> {
    service: &'a Service,
    client: IpAddr,
    started: Instant,
    /// The request as far as it was read.
    report: RequestReport,
    wanted: Wanted,
    /// How the program for the request has ended.
    ran: Option<Ran>,
}

/// A request that was not processed may be sent again.
fn forget(settings: &Settings, receipt: Option<Receipt>) {
    if let (Some(signatures), Some(receipt)) = (&settings.signatures, receipt) {
        signatures.forget(&receipt);
    }
}

impl Exchange<'_> {
    fn new(service: &Service, client: SocketAddr) -> Exchange<'_> {
        Exchange {
            service,
            client: client.ip(),
            started: Instant::now(),
            report: RequestReport::default(),
            wanted: Wanted::Whole,
            ran: None,
        }
    }

    fn run(&mut self, wire: &mut Wire) -> Result<(Then, Admission), Fault> {
        let settings = &self.service.settings;
        let header = read_header(wire, &settings.limits)?;
        self.report = RequestReport::new(&header, b"", settings.secrets);
        if header.method == "HEAD" {
            self.wanted = Wanted::HeadersOnly;
        }
        let body_length = header.body_length()?;
        ensure_boundary(&header)?;
        ensure_fits(body_length, &settings.limits)?;
        let expects_continue = header.expects_continue()?;
        if expects_continue && body_length != BodyLength::Empty && wire.unused().is_empty() {
            wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let mut body = Body::new(self.service);
        body.read(wire, body_length)?;
        self.report = RequestReport::new(&header, &body.bytes, settings.secrets);
        let admission = self.service.admit();
        if admission == Admission::Refuse {
            return Err(Refusal::new(503, "the server has sent its last response").into());
        }
        let then = if admission == Admission::Respond && header.keeps_alive() {
            Then::KeepAlive
        } else {
            Then::Close
        };
        let (response, refusal) = self.respond(&header, &body.bytes);
        wire.grant(settings.limits.silence); // a program may have run for long
        let bytes = response.bytes(self.wanted, then, Timestamp::now());
        let status = response.status;
        drop(response); // frees memory while a slow client reads
        let written = wire.write(&bytes);
        self.log(status, refusal);
        // The response counts also if the client has disconnected, so that --count ends the server.
        Ok((if written.is_ok() { then } else { Then::Close }, admission))
    }

    /// The response with the request, or 401. A program gets only a request that is accepted.
    fn respond(&mut self, header: &RequestHeader, body: &[u8]) -> (Response, Option<Refusal>) {
        let settings = &self.service.settings;
        let now = Timestamp::now();
        match settings.guard.check(&header.values("authorization"), now) {
            Ok(claims) => self.report.claims = claims,
            Err(reason) => {
                let response = Response::unauthorized(&reason);
                return (response, Some(Refusal::new(401, reason)));
            }
        }
        let mut receipt = None;
        if let Some(signatures) = &settings.signatures {
            match signatures.check(header, body, now) {
                Ok(verified) => {
                    self.report.verified = Some(verified.rule.to_owned());
                    receipt = verified.receipt;
                }
                Err(refusal) => return (Response::unsigned(&refusal), Some(refusal)),
            }
        }
        if let Some(exec) = &settings.exec {
            let client = self.client;
            let verified = self.report.verified.as_deref();
            let ran = match exec.run(header, body, client, verified, settings.secrets) {
                Ok(ran) => ran,
                Err(refusal) => {
                    forget(settings, receipt);
                    return (Response::refusal(&refusal), Some(refusal));
                }
            };
            let failure = ran.failure();
            let body = ran.to_body();
            self.ran = Some(ran);
            return match failure {
                Some(refusal) => {
                    forget(settings, receipt);
                    (Response::refusal(&refusal), Some(refusal))
                }
                None => (Response::with(settings.status, body), None),
            };
        }
        (Response::with(settings.status, self.report.to_body()), None)
    }

    /// Sends an error response with the reason.
    fn refuse(&mut self, wire: &mut Wire, refusal: Refusal) {
        let response = Response::refusal(&refusal);
        let bytes = response.bytes(self.wanted, Then::Close, Timestamp::now());
        wire.grant(self.service.settings.limits.linger);
        let _ = wire.write(&bytes); // the client may have disconnected; the log has the reason
        self.log(refusal.status, Some(refusal));
    }

    fn log(&mut self, status: u16, refusal: Option<Refusal>) {
        self.service.log(&Entry {
            report: std::mem::take(&mut self.report),
            status,
            client: self.client,
            took: self.started.elapsed(),
            refusal,
            ran: self.ran.take(),
        });
    }
}

fn read_header(wire: &mut Wire, limits: &Limits) -> Result<RequestHeader, Fault> {
    // RFC 9112 §2.2: one empty line before the request is ignored.
    while wire.unused() == b"\r" {
        wire.more("the request header")?;
    }
    if wire.unused().starts_with(b"\r\n") {
        wire.skip(2);
    }
    let mut seen = 0;
    loop {
        if let Some(end) = header_end(wire.unused(), seen)? {
            let bytes = wire.unused().get(..end).unwrap_or_default();
            ensure_header_fits(end, limits)?;
            let header = parse(bytes, limits.headers)?;
            wire.skip(end);
            return Ok(header);
        }
        seen = wire.unused().len();
        ensure_header_fits(seen, limits)?;
        wire.more("the request header")?;
    }
}

fn ensure_header_fits(length: usize, limits: &Limits) -> Result<(), Refusal> {
    if length > limits.header_bytes {
        return Err(Refusal::new(
            431,
            format!(
                "the request header is larger than {} bytes",
                limits.header_bytes
            ),
        ));
    }
    Ok(())
}

fn ensure_fits(body_length: BodyLength, limits: &Limits) -> Result<(), Refusal> {
    match body_length {
        BodyLength::Bytes(length) if length > limits.body_bytes as u64 => Err(too_large(limits)),
        BodyLength::Empty | BodyLength::Bytes(_) | BodyLength::Chunked => Ok(()),
    }
}

fn too_large(limits: &Limits) -> Refusal {
    Refusal::new(
        413,
        format!("the body is larger than {} bytes", limits.body_bytes),
    )
}

/// A body being read. Its bytes count towards the limit for all bodies until it is dropped.
struct Body<'a> {
    service: &'a Service,
    bytes: Vec<u8>,
}

impl<'a> Body<'a> {
    fn new(service: &'a Service) -> Body<'a> {
        Body {
            service,
            bytes: Vec::new(),
        }
    }

    fn read(&mut self, wire: &mut Wire, body_length: BodyLength) -> Result<(), Fault> {
        match body_length {
            BodyLength::Empty => Ok(()),
            BodyLength::Bytes(length) => self.read_bytes(wire, length),
            BodyLength::Chunked => self.read_chunks(wire),
        }
    }

    fn read_bytes(&mut self, wire: &mut Wire, length: u64) -> Result<(), Fault> {
        let mut left = length;
        while left > 0 {
            if wire.unused().is_empty() {
                wire.more("the body")?;
            }
            let unused = wire.unused();
            let piece = unused
                .get(..usize::try_from(left).unwrap_or(usize::MAX))
                .unwrap_or(unused);
            let taken = piece.len();
            self.append(piece)?;
            wire.skip(taken);
            left -= taken as u64;
        }
        Ok(())
    }

    fn read_chunks(&mut self, wire: &mut Wire) -> Result<(), Fault> {
        let limits = &self.service.settings.limits;
        loop {
            let line = wire.line(MAX_CHUNK_LINE_BYTES, "a chunk size")?;
            let length = chunk_length(&line)?;
            if length == 0 {
                return skip_trailers(wire, limits);
            }
            if length > (limits.body_bytes - self.bytes.len()) as u64 {
                return Err(too_large(limits).into());
            }
            self.read_bytes(wire, length)?;
            while wire.unused().len() < 2 {
                wire.more("a chunk")?;
            }
            if !wire.unused().starts_with(b"\r\n") {
                return Err(Refusal::new(400, "a chunk is longer than its size").into());
            }
            wire.skip(2);
        }
    }

    fn append(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        let limit = self.service.settings.limits.all_bodies_bytes;
        if !take(&self.service.bodies_bytes, piece.len(), limit) {
            return Err(Refusal::new(503, "too many large bodies at the same time"));
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }
}

impl Drop for Body<'_> {
    fn drop(&mut self) {
        let held = self.bytes.len();
        self.service.bodies_bytes.fetch_sub(held, Ordering::SeqCst);
    }
}

/// Skips the trailer fields. They are not shown, because treating them as headers is unsafe.
fn skip_trailers(wire: &mut Wire, limits: &Limits) -> Result<(), Fault> {
    let mut left = limits.header_bytes;
    loop {
        let line = wire.line(left, "the trailers")?;
        if line.is_empty() {
            return Ok(());
        }
        let is_field = line
            .first()
            .is_some_and(|first| !first.is_ascii_whitespace());
        if !is_field || !line.contains(&b':') {
            return Err(Refusal::new(400, "a trailer field is malformed or folded").into());
        }
        left = left.saturating_sub(line.len() + 2);
    }
}
