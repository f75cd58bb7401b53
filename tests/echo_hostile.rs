//! `c47 echo` with malformed requests and clients that disconnect, over raw sockets.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use c47::testing::{EchoSettings as Settings, Guard, Lifetime, Limits, Secrets, Server};

use crate::support::echo::{Echo, all_from, body, statuses};

#[test]
fn pipelined_requests_are_answered_in_order() {
    let echo = Echo::start(&[]);
    let response = echo.raw(
        "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab\r\n\
         POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n1\r\nb\r\n0\r\nX: y\r\n\r\n\
         GET /3 HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n\
         GET /4 HTTP/1.1\r\nHost: h\r\n\r\n",
    );
    assert_eq!(statuses(&response), ["200", "200", "200"]);
    assert_eq!(response.matches("\"body\": \"ab\"").count(), 2);
    assert_eq!(response.matches("Connection: close\r\n").count(), 1);
    assert!(!response.contains("\"/4\""));
    let old = echo.raw("GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n");
    assert_eq!(statuses(&old), ["200"]);
    assert!(old.contains("Connection: close\r\n"));
}

/// Requests that two parsers could understand differently are refused, and the connection is closed:
/// the next request gets no response.
#[test]
fn smuggled_requests_are_refused() {
    let echo = Echo::start(&[]);
    let after = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
    for (status, request) in [
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
        ),
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +0\r\n\r\n",
        ),
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 0\r\n\r\n",
        ),
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "501",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        ),
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "400",
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        ("400", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n"),
        ("400", "GET / HTTP/1.1\nHost: h\n\n"),
        ("400", "GET / HTTP/1.1\r\nHost: h\r\nX: a\rY: b\r\n\r\n"),
        ("400", "GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n"),
        ("400", "GET / HTTP/1.1\r\n\r\n"),
        ("400", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
        ),
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n 0\r\n\r\n",
        ),
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-0\r\n\r\n",
        ),
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
        ),
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
        ),
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\n0\r\n\r\n",
        ),
        (
            "400",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n folded: x\r\n\r\n",
        ),
        (
            "413",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        ),
        (
            "413",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1ffffffffffffffff\r\n",
        ),
        (
            "413",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n",
        ),
        (
            "413",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        ),
        (
            "417",
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\nContent-Length: 1\r\n\r\nx",
        ),
        ("505", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("501", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("400", "\u{16}\u{3}\u{1}\0\u{5}hello\r\n\r\n"),
    ] {
        let response = echo.raw(format!("{request}{after}"));
        assert_eq!(statuses(&response), [status], "{request:?}: {response}");
        assert!(response.contains("Connection: close\r\n"), "{response}");
        assert!(body(&response)["reason"].is_string(), "{response}");
    }
    assert_eq!(
        statuses(&echo.raw("GET / HTTP/1.1\r\nHost: h\r\n\r\n")),
        ["200"]
    );
}

#[test]
fn request_header_size_is_limited() {
    let echo = Echo::start(&[]);
    let one = format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}", "x".repeat(1 << 20));
    assert_eq!(statuses(&echo.raw(one)), ["431"]);
    let line = format!("GET /{}", "x".repeat(1 << 20));
    assert_eq!(statuses(&echo.raw(line)), ["431"]);
    let many = format!(
        "GET / HTTP/1.1\r\nHost: h\r\n{}\r\n",
        "X: y\r\n".repeat(100)
    );
    assert_eq!(statuses(&echo.raw(many)), ["431"]);
    let just = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "X: y\r\n".repeat(99));
    assert_eq!(statuses(&echo.raw(just)), ["200"]);
    let chunk = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let endless = format!("{chunk}1;{}", "x".repeat(1 << 20));
    assert_eq!(statuses(&echo.raw(endless)), ["400"]);
    let trailers = format!("{chunk}0\r\n{}", "X: y\r\n".repeat(20_000));
    assert_eq!(statuses(&echo.raw(trailers)), ["400"]);
}

#[test]
fn multipart_boundary_is_limited_to_70_bytes() {
    let echo = Echo::start(&[]);
    let ask = |boundary: usize, body: &str| {
        let header = format!(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary={}\r\nContent-Length: {}\r\n\r\n",
            "-".repeat(boundary),
            body.len()
        );
        statuses(&echo.raw(header + body)).join(" ")
    };
    assert_eq!(ask(70, "--"), "200");
    assert_eq!(ask(71, "--"), "400");
    assert_eq!(ask(60_000, ""), "400");
    echo.child
        .wait_for_stderr("the multipart boundary has 60000 bytes; RFC 2046 allows 70");
}

/// The body makes a naive search restart at every byte.
#[test]
fn multipart_body_is_parsed_in_linear_time() {
    let echo = Echo::start(&[]);
    let size = 1 << 20;
    let boundary = format!("{}x", "-".repeat(69));
    for piece in ["-", "name=", "\r\n\r", "--", "\r\n\r\nname=key"] {
        let body = piece.repeat(size / piece.len());
        let header = format!(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary={boundary}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let started = Instant::now();
        assert_eq!(statuses(&echo.raw(header + &body)), ["200"], "{piece:?}");
        let took = started.elapsed();
        assert!(took < Duration::from_secs(15), "{piece:?}: {took:?}");
    }
}

#[test]
fn slow_requests_work_and_disconnects_do_no_harm() {
    let echo = Echo::start(&["--count", "1"]);
    for lost in [
        "",
        "GE",
        "GET / HTTP/1.1\r\nHost: h\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
    ] {
        let response = echo.raw(lost);
        let expected: &[&str] = if lost.is_empty() { &[] } else { &["400"] };
        assert_eq!(statuses(&response), expected, "{lost:?}");
        drop(echo.connect().write_all(lost.as_bytes()));
    }
    let mut slow = echo.connect();
    for byte in
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    {
        slow.write_all(&[*byte]).unwrap();
    }
    let response = all_from(slow);
    assert_eq!(body(&response)["body"], "ab");
    echo.child.wait().expect_code(0);
}

#[test]
fn memory_for_all_bodies_is_limited() {
    let address = in_process(Limits {
        all_bodies_bytes: 5,
        ..Limits::default()
    });
    let ask = |length: usize| {
        let mut stream = TcpStream::connect(address).unwrap();
        let header = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n");
        let body = "x".repeat(length);
        stream.write_all((header + &body).as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        all_from(stream)
    };
    // The memory of a body is released after its request, also if it was refused.
    for (length, status) in [(5, "200"), (6, "503"), (5, "200"), (6, "503"), (5, "200")] {
        assert_eq!(statuses(&ask(length)), [status]);
    }
}

#[test]
fn connections_are_limited() {
    let echo = Echo::start(&[]);
    // The maximum number of connections, each in the middle of a request.
    let mut waiting: Vec<TcpStream> = (0..64).map(|_| echo.connect()).collect();
    for stream in &mut waiting {
        stream
            .write_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nab")
            .unwrap();
    }
    let surplus = echo.raw("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(statuses(&surplus), ["503"], "{surplus}");
    echo.child.wait_for_stderr("127.0.0.1 - 503 ");
    for mut stream in waiting {
        stream.write_all(b"c").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(statuses(&all_from(stream)), ["200"]);
    }
    let answers: Vec<String> = std::thread::scope(|scope| {
        let ask = || echo.raw("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        let clients: Vec<_> = (0..100).map(|_| scope.spawn(ask)).collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    });
    for response in answers {
        assert!(
            matches!(statuses(&response)[..], ["200" | "503"]),
            "{response}"
        );
    }
}

/// A server in this process, with other limits than those of the command.
fn in_process(limits: Limits) -> SocketAddr {
    let settings = Settings {
        status: 200,
        lifetime: Lifetime::Endless,
        secrets: Secrets::Hidden,
        guard: Guard::Open,
        signatures: None,
        exec: None,
        limits,
    };
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), settings).unwrap();
    let address = server.address();
    std::thread::spawn(|| server.run(Box::new(|_| Ok(()))));
    address
}

#[test]
fn slow_and_silent_clients_time_out() {
    let address = in_process(Limits {
        silence: Duration::from_millis(100),
        connection: Duration::from_millis(400),
        ..Limits::default()
    });
    let connect = || TcpStream::connect(address).unwrap();
    // On a busy machine the first byte may be too late; then there is no response.
    let until_answered = |ask: &dyn Fn(TcpStream) -> String| loop {
        let response = ask(connect());
        if !response.is_empty() {
            return response;
        }
    };

    let idle = connect();
    assert_eq!(all_from(idle), "", "an idle client gets no response");

    let kept = until_answered(&|mut stream| {
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        all_from(stream)
    });
    assert_eq!(statuses(&kept), ["200"]);

    let body = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n";
    for start in ["GET /", body] {
        let silent = until_answered(&|mut stream| {
            let _ = stream.write_all(start.as_bytes());
            all_from(stream)
        });
        assert_eq!(statuses(&silent), ["408"], "{start}");
        // One byte at a time forever never reaches the idle timeout.
        let slow = until_answered(&|mut stream| {
            let _ = stream.write_all(start.as_bytes());
            let mut reader = stream.try_clone().unwrap();
            let response = std::thread::spawn(move || {
                let mut status = [0; 12];
                let _ = reader.read_exact(&mut status);
                String::from_utf8_lossy(&status).replace('\0', "")
            });
            while !response.is_finished() && stream.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(5));
            }
            response.join().unwrap()
        });
        assert_eq!(slow, "HTTP/1.1 408", "{start}");
    }

    // A client that never reads is disconnected too.
    let mut deaf = connect();
    let length = 12 << 20;
    let request = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n");
    let _ = deaf.write_all(request.as_bytes());
    let _ = deaf.write_all(&vec![b'x'; length]);
    while deaf.write_all(&[b'x'; 65536]).is_ok() {}
}

#[test]
fn log_entry_is_one_line() {
    let echo = Echo::start(&["--count", "1"]);
    echo.raw("GET /caf\u{e9}\u{9b}2J\u{202e}x?password=hunter2 HTTP/1.1\r\nHost: h\r\n\r\n");
    let output = echo.child.wait().expect_code(0);
    let log = output.stderr_text();
    assert!(
        !log.contains(['\u{9b}', '\u{202e}']) && log.lines().count() == 1,
        "{log}"
    );
    assert!(log.contains("?password=*** 200 "), "{log}");
}

#[test]
fn server_ends_when_its_stdout_is_closed() {
    let run = crate::support::c47()
        .args(["echo", "--json"])
        .stdout_closed()
        .run();
    assert_eq!(run.expect_code(0).stderr_text(), "");
}

#[test]
fn json_log_cannot_control_the_terminal() {
    let echo = Echo::start(&["--json", "--count", "1"]);
    echo.raw("POST /x?a=\u{9b}2J HTTP/1.1\r\nHost: h\r\nX-A: \u{202e}\u{61c}\r\nContent-Length: 14\r\n\r\n{\"a\":\"\u{9b}\u{200f}\u{7f}\"}");
    let output = echo.child.wait().expect_code(0);
    let log = output.stdout_text();
    assert!(
        !log.contains(['\u{9b}', '\u{202e}', '\u{61c}', '\u{200f}', '\u{7f}']),
        "{log:?}"
    );
    let entry: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(entry["body"]["a"], "\u{9b}\u{200f}\u{7f}");
}
