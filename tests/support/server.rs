//! A loopback HTTP server with the responses of a test. It records the requests, and fails the test if
//! it is never called.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request to the server.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// The request target as sent: path and query, or a whole URL for a proxy.
    pub target: String,
    /// Names and values in order, with the names as sent.
    pub headers: Vec<(String, String)>,
    /// The body without chunk headers.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn body_text(&self) -> &str {
        str::from_utf8(&self.body).expect("a body in UTF-8")
    }
}

/// A response, and what happens to the connection.
#[derive(Clone, Debug)]
pub struct Response {
    bytes: Vec<u8>,
    /// The pause between two bytes.
    pause: Option<Duration>,
    then: Then,
}

#[derive(Clone, Copy, Debug)]
enum Then {
    KeepOpen,
    Close,
    Hang,
}

impl Response {
    /// Sends these bytes and closes the connection.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Response {
        Response {
            bytes: bytes.into(),
            pause: None,
            then: Then::Close,
        }
    }

    /// A valid response with content-length. `headers` has further header lines, each with `\r\n`. The
    /// connection stays open.
    pub fn new(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Response {
        let body = body.as_ref();
        let head = format!(
            "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        Response::raw([head.as_bytes(), body].concat()).keep_open()
    }

    /// 200 and this body.
    pub fn ok(body: impl AsRef<[u8]>) -> Response {
        Response::new("200 OK", "", body)
    }

    /// 200 and this JSON.
    pub fn json(body: &str) -> Response {
        Response::new("200 OK", "content-type: application/json\r\n", body)
    }

    /// A redirect with this status (`302 Found`) to this location.
    pub fn redirect(status: &str, location: &str) -> Response {
        Response::new(status, &format!("location: {location}\r\n"), "")
    }

    /// Closes the connection without a response.
    pub fn close() -> Response {
        Response::raw("")
    }

    /// Sends one byte at a time, with this pause.
    pub fn drip(mut self, pause: Duration) -> Response {
        self.pause = Some(pause);
        self
    }

    /// Keeps the connection open for the next request.
    pub fn keep_open(mut self) -> Response {
        self.then = Then::KeepOpen;
        self
    }

    /// Keeps the connection open, but ignores everything after this.
    pub fn then_hang(mut self) -> Response {
        self.then = Then::Hang;
        self
    }
}

type Handler = dyn Fn(Arc<Shared>, TcpStream) + Send + Sync;

/// The state shared by the threads of the server and the test.
struct Shared {
    requests: Mutex<Vec<Request>>,
    connections: AtomicUsize,
    stopped: AtomicBool,
    failure: Mutex<Option<String>>,
}

/// A server on a free loopback port, until it is dropped.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    may_be_idle: bool,
}

impl Server {
    /// Responds to each request with the result of `answer`. An assertion in it fails the test.
    pub fn start(answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Server {
        Server::start_at("127.0.0.1:0", answer)
    }

    /// Responds to the first request with the first of these, and so on. A further request fails the
    /// test.
    pub fn script(answers: impl IntoIterator<Item = Response>) -> Server {
        let answers: Mutex<Vec<Response>> = Mutex::new(answers.into_iter().collect());
        Server::start(move |request| {
            let mut answers = answers.lock().unwrap();
            assert!(!answers.is_empty(), "no response is left for {request:?}");
            answers.remove(0)
        })
    }

    /// The same as `start` with another address: `127.0.0.2:0` is another host.
    pub fn start_at(
        address: &str,
        answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Server {
        Server::listen(address, move |shared, stream| {
            converse(&shared, stream, &answer);
        })
    }

    /// Passes each connection to `handle`, for other protocols than HTTP.
    pub fn connection(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> Server {
        Server::listen("127.0.0.1:0", move |_, stream| handle(stream))
    }

    fn listen(
        address: &str,
        handle: impl Fn(Arc<Shared>, TcpStream) + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            requests: Mutex::new(Vec::new()),
            connections: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            failure: Mutex::new(None),
        });
        let threads = Arc::clone(&shared);
        let handle: Arc<Handler> = Arc::new(handle);
        thread::spawn(move || accept(&listener, &threads, &handle));
        Server {
            shared,
            address,
            may_be_idle: false,
        }
    }

    /// Does not fail the test if the server is not called.
    pub fn may_be_idle(mut self) -> Server {
        self.may_be_idle = true;
        self
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `http://127.0.0.1:PORT` and this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far, in the order they were read.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The only request.
    #[track_caller]
    pub fn request(&self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "one request expected: {requests:#?}");
        requests.remove(0)
    }

    /// The number of connections so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let connections = self.connections();
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
        if thread::panicking() {
            return;
        }
        if let Some(failure) = self.shared.failure.lock().unwrap().take() {
            panic!("the server of the test failed: {failure}");
        }
        assert!(
            self.may_be_idle || connections > 0,
            "the server of the test was never called"
        );
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, handle: &Arc<Handler>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let (shared, handle) = (Arc::clone(shared), Arc::clone(handle));
        // Keeps the connection open until a failure is recorded, so that the test cannot end before.
        let held = stream.try_clone();
        thread::spawn(move || {
            let run = || handle(Arc::clone(&shared), stream);
            if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied());
                let text = text.unwrap_or("a panic").to_owned();
                shared.failure.lock().unwrap().get_or_insert(text);
            }
            drop(held);
        });
    }
}

/// Reads requests and writes responses until one side closes the connection.
fn converse(shared: &Shared, stream: TcpStream, answer: &impl Fn(&Request) -> Response) {
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(&stream);
    while let Some(request) = read_request(&mut reader) {
        shared.requests.lock().unwrap().push(request.clone());
        let answer = answer(&request);
        let written = match answer.pause {
            None => (&stream).write_all(&answer.bytes),
            Some(pause) => answer.bytes.chunks(1).try_for_each(|byte| {
                thread::sleep(pause);
                (&stream).write_all(byte)
            }),
        };
        match answer.then {
            // The client may have closed the connection.
            _ if written.is_err() => return,
            Then::KeepOpen => {}
            Then::Close => return close(&stream),
            Then::Hang => return hang(shared, &stream),
        }
    }
}

/// Closes the connection so that the response arrives: unread bytes would cause a reset.
fn close(mut stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let mut rest = [0; 4096];
    while matches!(stream.read(&mut rest), Ok(1..)) {}
}

/// Waits until the client disconnects or the test ends.
fn hang(shared: &Shared, mut stream: &TcpStream) {
    let _ = stream.set_read_timeout(Some(Duration::from_millis(50)));
    let mut rest = [0; 4096];
    while !shared.stopped.load(Ordering::SeqCst) {
        if matches!(stream.read(&mut rest), Ok(0)) {
            return;
        }
    }
}

/// The next request; `None` when the client closes the connection before or in a request.
fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let first = read_line(reader)?;
    let mut words = first.splitn(3, ' ');
    let (Some(method), Some(target), Some("HTTP/1.1")) = (words.next(), words.next(), words.next())
    else {
        panic!("not a request line: {first:?}");
    };
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            panic!("not a header line: {line:?}");
        };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: Vec::new(),
    };
    request.body = read_body(reader, &request)?;
    Some(request)
}

fn read_body(reader: &mut impl BufRead, request: &Request) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    if request.header("transfer-encoding") == Some("chunked") {
        loop {
            let line = read_line(reader)?;
            let size = u64::from_str_radix(&line, 16)
                .unwrap_or_else(|_| panic!("not a chunk size: {line:?}"));
            take(reader, size, &mut body)?;
            read_line(reader)?;
            if size == 0 {
                return Some(body);
            }
        }
    }
    let length = request.header("content-length").unwrap_or("0");
    let length = length.parse().expect("a content-length");
    take(reader, length, &mut body)?;
    Some(body)
}

fn take(reader: &mut impl BufRead, size: u64, body: &mut Vec<u8>) -> Option<()> {
    let read = reader.by_ref().take(size).read_to_end(body).ok()?;
    (read as u64 == size).then_some(())
}

/// A line without its CRLF, which is required.
fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).ok()?;
    if !line.ends_with(b"\n") {
        return None;
    }
    assert!(
        line.ends_with(b"\r\n"),
        "a line must end in CRLF: {:?}",
        String::from_utf8_lossy(&line)
    );
    line.truncate(line.len() - 2);
    Some(String::from_utf8_lossy(&line).into_owned())
}
