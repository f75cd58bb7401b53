//! One connection: its requests read, answered and logged, one after the other.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Limits;
use super::picture::{Entry, Picture, ensure_boundary};
use super::request::{Extent, Head, Refusal, chunk_length, head_end, parse};
use super::response::{Response, Then, Wanted};
use super::service::{Promise, Service, take};
use super::wire::{Fault, Wire};
use crate::timestamp::Timestamp;

/// A chunk's size and its extensions.
const MAX_CHUNK_LINE_BYTES: usize = 256;

/// Answers all that comes on a connection.
pub(super) fn serve(service: &Service, stream: TcpStream, client: SocketAddr) {
    let limits = &service.settings.limits;
    let mut wire = Wire::new(stream, limits);
    while wire.wait().is_ok() {
        let mut exchange = Exchange::new(service, client);
        let promise = match exchange.run(&mut wire) {
            Ok((Then::KeepAlive, _)) => {
                service.kept();
                continue;
            }
            Ok((Then::Close, promise)) => promise,
            Err(Fault::Gone) => break,
            Err(Fault::Refused(refusal)) => {
                exchange.refuse(&mut wire, refusal);
                Promise::NoMore
            }
        };
        wire.farewell(limits.farewell);
        if promise != Promise::NoMore {
            service.kept();
        }
        return;
    }
}

/// Tells a connection that there are too many.
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
    exchange.refuse(
        &mut wire,
        Refusal::new(503, "too many connections at a time"),
    );
    wire.farewell(patience);
}

/// A request and its answer.
struct Exchange<'a> {
    service: &'a Service,
    client: IpAddr,
    started: Instant,
    /// What is known of the request so far.
    picture: Picture,
    wanted: Wanted,
}

impl Exchange<'_> {
    fn new(service: &Service, client: SocketAddr) -> Exchange<'_> {
        Exchange {
            service,
            client: client.ip(),
            started: Instant::now(),
            picture: Picture::default(),
            wanted: Wanted::Whole,
        }
    }

    fn run(&mut self, wire: &mut Wire) -> Result<(Then, Promise), Fault> {
        let settings = &self.service.settings;
        let head = read_head(wire, &settings.limits)?;
        self.picture = Picture::new(&head, b"", settings.secrets);
        if head.method == "HEAD" {
            self.wanted = Wanted::Head;
        }
        let extent = head.extent()?;
        ensure_boundary(&head)?;
        ensure_fits(extent, &settings.limits)?;
        let expects_continue = head.expects_continue()?;
        if expects_continue && extent != Extent::Empty && wire.unused().is_empty() {
            wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let mut body = Body::new(self.service);
        body.read(wire, extent)?;
        self.picture = Picture::new(&head, &body.bytes, settings.secrets);
        let promise = self.service.promise();
        if promise == Promise::NoMore {
            return Err(Refusal::new(503, "the last answer has been given").into());
        }
        let then = if promise == Promise::Answer && head.keeps_alive() {
            Then::KeepAlive
        } else {
            Then::Close
        };
        let (response, refusal) = self.answer(&head);
        let bytes = response.bytes(self.wanted, then, Timestamp::now());
        let status = response.status;
        drop(response); // it may be large, and the client slow
        let written = wire.write(&bytes);
        self.log(status, refusal);
        // A client that has gone was answered all the same: it must not keep the count from ending.
        Ok((if written.is_ok() { then } else { Then::Close }, promise))
    }

    /// The picture, or why the request may not have it.
    fn answer(&mut self, head: &Head) -> (Response, Option<Refusal>) {
        let settings = &self.service.settings;
        match settings
            .guard
            .check(&head.values("authorization"), Timestamp::now())
        {
            Ok(claims) => {
                self.picture.claims = claims;
                let response = Response {
                    status: settings.status,
                    challenge: (settings.status == 401).then(|| "Bearer".to_owned()),
                    body: self.picture.to_body(),
                };
                (response, None)
            }
            Err(reason) => {
                let response = Response::unauthorized(&reason);
                (response, Some(Refusal::new(401, reason)))
            }
        }
    }

    /// Tells the client why its request is not answered.
    fn refuse(&mut self, wire: &mut Wire, refusal: Refusal) {
        let response = Response::refusal(&refusal);
        let bytes = response.bytes(self.wanted, Then::Close, Timestamp::now());
        wire.grant(self.service.settings.limits.farewell);
        let _ = wire.write(&bytes); // it may have gone; the log tells of it
        self.log(refusal.status, Some(refusal));
    }

    fn log(&mut self, status: u16, refusal: Option<Refusal>) {
        self.service.tell(&Entry {
            picture: std::mem::take(&mut self.picture),
            status,
            client: self.client,
            took: self.started.elapsed(),
            refusal,
        });
    }
}

fn read_head(wire: &mut Wire, limits: &Limits) -> Result<Head, Fault> {
    // RFC 9112 §2.2: an empty line before the request is forgiven, once.
    while wire.unused() == b"\r" {
        wire.more("the head")?;
    }
    if wire.unused().starts_with(b"\r\n") {
        wire.skip(2);
    }
    let mut seen = 0;
    loop {
        if let Some(end) = head_end(wire.unused(), seen)? {
            let bytes = wire.unused().get(..end).unwrap_or_default();
            ensure_head_fits(end, limits)?;
            let head = parse(bytes, limits.headers)?;
            wire.skip(end);
            return Ok(head);
        }
        seen = wire.unused().len();
        ensure_head_fits(seen, limits)?;
        wire.more("the head")?;
    }
}

fn ensure_head_fits(length: usize, limits: &Limits) -> Result<(), Refusal> {
    if length > limits.head_bytes {
        return Err(Refusal::new(
            431,
            format!("the head is larger than {} bytes", limits.head_bytes),
        ));
    }
    Ok(())
}

fn ensure_fits(extent: Extent, limits: &Limits) -> Result<(), Refusal> {
    match extent {
        Extent::Bytes(length) if length > limits.body_bytes as u64 => Err(too_large(limits)),
        _ => Ok(()),
    }
}

fn too_large(limits: &Limits) -> Refusal {
    Refusal::new(
        413,
        format!("the body is larger than {} bytes", limits.body_bytes),
    )
}

/// A body being read; what it holds counts against that of all bodies until it is dropped.
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

    fn read(&mut self, wire: &mut Wire, extent: Extent) -> Result<(), Fault> {
        match extent {
            Extent::Empty => Ok(()),
            Extent::Bytes(length) => self.read_bytes(wire, length),
            Extent::Chunked => self.read_chunks(wire),
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
            let line = wire.line(MAX_CHUNK_LINE_BYTES, "a chunk's size")?;
            let length = chunk_length(&line)?;
            if length == 0 {
                return skip_trailers(wire, limits);
            }
            if length > (limits.body_bytes - self.bytes.len()) as u64 {
                return Err(too_large(limits).into());
            }
            self.read_bytes(wire, length)?;
            while wire.unused().len() < 2 {
                wire.more("a chunk's end")?;
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
            return Err(Refusal::new(503, "too many large bodies at a time"));
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

/// Fields after the last chunk belong to the request, but not to its picture: whoever takes them
/// for headers can be led astray.
fn skip_trailers(wire: &mut Wire, limits: &Limits) -> Result<(), Fault> {
    let mut left = limits.head_bytes;
    loop {
        let line = wire.line(left, "the trailers")?;
        if line.is_empty() {
            return Ok(());
        }
        let is_field = line
            .first()
            .is_some_and(|first| !first.is_ascii_whitespace());
        if !is_field || !line.contains(&b':') {
            return Err(Refusal::new(400, "a trailer is malformed, or folded").into());
        }
        left = left.saturating_sub(line.len() + 2);
    }
}
