//! Receives the redirect of a browser at a port of this machine (RFC 8252 §7.3). Sizes, times and
//! connections are limited, and no response contains a part of a request.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::callback::{Callback, Stray};

const PATH: &str = "/callback";
/// More than any code, `state` and headers of a browser need.
const MAX_REQUEST_BYTES: usize = 32 << 10;
const MAX_HEADERS: usize = 100;
/// Connections at the same time. A browser opens some in advance.
const MAX_CONNECTIONS: usize = 16;
/// Time for one connection.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the browser is checked.
const TICK: Duration = Duration::from_millis(100);

/// A port that waits for the redirect.
pub(super) struct Loopback {
    listener: TcpListener,
    address: SocketAddr,
}

/// Why no redirect arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    /// The time is over.
    TimedOut,
    /// The browser could not be started.
    NoBrowser,
}

impl Loopback {
    /// Listens on the port; `None` is any free one.
    ///
    /// # Errors
    /// If the port is in use.
    pub(super) fn bind(port: Option<u16>) -> io::Result<Loopback> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0)))?;
        let address = listener.local_addr()?;
        Ok(Loopback { listener, address })
    }

    /// The URL that the issuer redirects to.
    pub(super) fn redirect_uri(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Waits for the redirect with this `state`. Other requests get an error response. `is_alive`
    /// says whether the browser could be started.
    ///
    /// # Errors
    /// If none arrives.
    pub(super) fn wait(
        self,
        state: &str,
        limit: Duration,
        mut is_alive: impl FnMut() -> bool,
    ) -> Result<Callback, Missed> {
        let (sender, receiver) = sync_channel(MAX_CONNECTIONS);
        let door = Arc::new(Door {
            address: self.address,
            state: state.to_owned(),
            is_closed: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let (guard, listener) = (Arc::clone(&door), self.listener);
        let accepting = thread::Builder::new().spawn(move || accept(&listener, &guard, &sender));
        let result = receive(&receiver, limit, &mut is_alive);
        door.is_closed.store(true, Ordering::SeqCst);
        if let Ok(accepting) = accepting {
            // Wakes the thread, which then closes the port.
            let _ = TcpStream::connect_timeout(&door.address, Duration::from_secs(1));
            let _ = accepting.join();
        }
        result
    }
}

fn receive(
    receiver: &Receiver<Callback>,
    limit: Duration,
    is_alive: &mut impl FnMut() -> bool,
) -> Result<Callback, Missed> {
    let started = Instant::now();
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(callback) => return Ok(callback),
            Err(RecvTimeoutError::Disconnected) => return Err(Missed::NoBrowser),
            Err(RecvTimeoutError::Timeout) if !is_alive() => return Err(Missed::NoBrowser),
            Err(RecvTimeoutError::Timeout) if started.elapsed() > limit => {
                return Err(Missed::TimedOut);
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// What all connections share.
struct Door {
    address: SocketAddr,
    state: String,
    is_closed: AtomicBool,
    /// The open connections, numbered in the order in which they came.
    open: Mutex<BTreeMap<u64, TcpStream>>,
}

impl Door {
    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a connection. If there are too many, the oldest one is closed: idle connections must not
    /// keep the redirect out.
    fn enter(&self, number: u64, stream: &TcpStream) -> io::Result<()> {
        let mut open = self.open();
        open.insert(number, stream.try_clone()?);
        if open.len() > MAX_CONNECTIONS
            && let Some((_, oldest)) = open.pop_first()
        {
            let _ = oldest.shutdown(Shutdown::Both); // it may have ended
        }
        Ok(())
    }
}

fn accept(listener: &TcpListener, door: &Arc<Door>, sender: &SyncSender<Callback>) {
    for number in 0.. {
        let accepted = listener.accept();
        if door.is_closed.load(Ordering::SeqCst) {
            return;
        }
        let Ok((stream, _)) = accepted else {
            // Out of descriptors: wait until other connections end.
            thread::sleep(TICK);
            continue;
        };
        if door.enter(number, &stream).is_err() {
            continue; // closes the connection
        }
        let (own, sender) = (Arc::clone(door), sender.clone());
        let serving = thread::Builder::new().spawn(move || {
            serve(&stream, &own, &sender);
            own.open().remove(&number);
        });
        if serving.is_err() {
            door.open().remove(&number);
        }
    }
}

/// Reads one request and responds to it.
fn serve(mut stream: &TcpStream, door: &Door, sender: &SyncSender<Callback>) {
    let deadline = Instant::now() + CONNECTION_TIMEOUT;
    let Some(bytes) = read_header(stream, deadline) else {
        return;
    };
    let (reply, callback) = match read_request(&bytes, door) {
        Ok(callback) => (Reply::Received, Some(callback)),
        Err(reply) => (reply, None),
    };
    let _ = stream.set_write_timeout(Some(CONNECTION_TIMEOUT));
    let _ = stream.write_all(reply.bytes().as_bytes());
    let _ = stream.shutdown(Shutdown::Write);
    if let Some(callback) = callback {
        // A second redirect of a login that is complete is ignored.
        let _ = sender.try_send(callback);
    }
    // Unread bytes would reset the connection, and the browser would lose the response.
    let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
    let _ = stream.read(&mut [0; 1024]);
}

/// The request up to its empty line; `None` if it is too large or too slow.
fn read_header(mut stream: &TcpStream, deadline: Instant) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_REQUEST_BYTES));
    let mut buffer = Zeroizing::new([0_u8; 4096]);
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return None;
        }
        match stream.read(buffer.as_mut_slice()) {
            Ok(0) => return None,
            Ok(count) => bytes.extend_from_slice(buffer.get(..count)?),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
        if bytes.len() > MAX_REQUEST_BYTES {
            return None;
        }
    }
    Some(bytes)
}

/// The redirect, if the request is it.
fn read_request(bytes: &[u8], door: &Door) -> Result<Callback, Reply> {
    let mut space = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut space);
    let parsed = request.parse(bytes);
    let (Ok(httparse::Status::Complete(_)), Some(method), Some(target)) =
        (parsed, request.method, request.path)
    else {
        return Err(Reply::Malformed);
    };
    // Only this address: a page could make another name resolve to this machine.
    let wanted = door.address.to_string();
    let mut hosts = request
        .headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case("host"));
    let is_here = hosts
        .next()
        .is_some_and(|host| host.value == wanted.as_bytes());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if !is_here || path != PATH {
        return Err(Reply::NotFound);
    }
    if method != "GET" {
        return Err(Reply::Method);
    }
    Callback::read(query, &door.state).map_err(|stray| match stray {
        Stray::State => Reply::OtherLogin,
        Stray::Malformed => Reply::Malformed,
    })
}

/// The responses, all of them fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reply {
    Received,
    NotFound,
    Method,
    OtherLogin,
    Malformed,
}

impl Reply {
    fn bytes(self) -> String {
        let (status, text) = match self {
            Reply::Received => (
                "200 OK",
                "c47 has received the response. You can close this page; the terminal shows the result.\n",
            ),
            Reply::NotFound => ("404 Not Found", "not found\n"),
            Reply::Method => ("405 Method Not Allowed", "use GET\n"),
            Reply::OtherLogin => (
                "400 Bad Request",
                "This is not the response to the login that is waiting.\n",
            ),
            Reply::Malformed => ("400 Bad Request", "malformed\n"),
        };
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
             Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n{text}",
            text.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    /// Sends a request and returns the status line of the response.
    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        assert!(!text.contains("hunter2"), "{text}");
        text.lines().next().unwrap_or("").to_owned()
    }

    #[test]
    fn only_the_redirect_of_this_login_is_accepted() {
        let loopback = Loopback::bind(None).unwrap();
        let (address, uri) = (loopback.address, loopback.redirect_uri());
        assert_eq!(uri, format!("http://{address}/callback"));
        let browser = thread::spawn(move || {
            // A connection that a browser opens in advance, and never uses.
            let _idle = TcpStream::connect(address).unwrap();
            let get = |target: &str, host: &str| {
                ask(
                    address,
                    &format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
                )
            };
            let here = address.to_string();
            let long = format!("/callback?{}", "a".repeat(MAX_REQUEST_BYTES));
            let good = "/callback?code=c&state=s";
            [
                get("/favicon.ico", &here),
                get("/callback/?code=hunter2&state=s", &here),
                get("/callback?code=hunter2&state=x", &here),
                get("/callback?code=hunter2", &here),
                get(good, "localhost"),
                get(good, "evil.lan"),
                get(&long, &here),
                ask(
                    address,
                    &format!("POST {good} HTTP/1.1\r\nHost: {here}\r\n\r\n"),
                ),
                ask(address, "hunter2\r\n\r\n"),
                get(good, &here),
            ]
        });
        let callback = loopback.wait("s", LIMIT, || true).unwrap();
        assert!(matches!(callback, Callback::Code { .. }), "{callback:?}");
        let codes = browser.join().unwrap();
        let codes: Vec<&str> = codes
            .iter()
            .map(|line| line.get(9..12).unwrap_or(""))
            .collect();
        assert_eq!(
            codes,
            [
                "404", "404", "400", "400", "404", "404", "", "405", "400", "200"
            ]
        );
        // The port is closed.
        assert!(TcpListener::bind(address).is_ok() || TcpStream::connect(address).is_err());
    }

    #[test]
    fn waiting_ends_without_a_browser_and_after_its_limit() {
        let wait = |limit, is_alive| {
            let loopback = Loopback::bind(None).unwrap();
            loopback.wait("s", limit, || is_alive).err()
        };
        assert_eq!(wait(LIMIT, false), Some(Missed::NoBrowser));
        assert_eq!(wait(Duration::ZERO, true), Some(Missed::TimedOut));
    }

    #[test]
    fn idle_connections_do_not_keep_the_redirect_out() {
        let loopback = Loopback::bind(None).unwrap();
        let address = loopback.address;
        let flood = thread::spawn(move || {
            // More than are open at the same time; the oldest ones are closed for the others.
            let all: Vec<TcpStream> = (0..3 * MAX_CONNECTIONS)
                .map(|_| TcpStream::connect(address).unwrap())
                .collect();
            all[0].set_read_timeout(Some(LIMIT)).unwrap();
            let closed = (&all[0]).read(&mut [0]);
            let host = address.to_string();
            let good = format!("GET /callback?code=c&state=s HTTP/1.1\r\nHost: {host}\r\n\r\n");
            let reply = ask(address, &good);
            drop(all);
            (closed.unwrap_or(0), reply)
        });
        assert!(loopback.wait("s", LIMIT, || true).is_ok());
        assert_eq!(flood.join().unwrap(), (0, "HTTP/1.1 200 OK".to_owned()));
    }
}
