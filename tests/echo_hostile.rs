//! `c47 echo` and those who mean harm, or go away: bare sockets.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use c47::testing::{EchoSettings as Settings, Guard, Lifetime, Limits, Secrets, Server};

use crate::support::echo::{Echo, all_from, body, statuses};

#[test]
fn requests_one_after_the_other_without_waiting() {
    let echo = Echo::start(&[]);
    let answer = echo.raw(
        "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab\r\n\
         POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n1\r\nb\r\n0\r\nX: y\r\n\r\n\
         GET /3 HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n\
         GET /4 HTTP/1.1\r\nHost: h\r\n\r\n",
    );
    assert_eq!(statuses(&answer), ["200", "200", "200"]);
    assert_eq!(answer.matches("\"body\": \"ab\"").count(), 2);
    assert_eq!(answer.matches("Connection: close\r\n").count(), 1);
    assert!(!answer.contains("\"/4\""));
    let old = echo.raw("GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n");
    assert_eq!(statuses(&old), ["200"]);
    assert!(old.contains("Connection: close\r\n"));
}

/// Whatever two readers could understand as two different requests is refused, and the
/// connection with it: what follows is never answered.
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
        let answer = echo.raw(format!("{request}{after}"));
        assert_eq!(statuses(&answer), [status], "{request:?}: {answer}");
        assert!(answer.contains("Connection: close\r\n"), "{answer}");
        assert!(body(&answer)["reason"].is_string(), "{answer}");
    }
    assert_eq!(
        statuses(&echo.raw("GET / HTTP/1.1\r\nHost: h\r\n\r\n")),
        ["200"]
    );
}

#[test]
fn heads_without_end() {
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
fn a_multipart_boundary_has_70_bytes_at_most() {
    let echo = Echo::start(&[]);
    let ask = |boundary: usize, body: &str| {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary={}\r\nContent-Length: {}\r\n\r\n",
            "-".repeat(boundary),
            body.len()
        );
        statuses(&echo.raw(head + body)).join(" ")
    };
    assert_eq!(ask(70, "--"), "200");
    assert_eq!(ask(71, "--"), "400");
    assert_eq!(ask(60_000, ""), "400");
    echo.child
        .wait_for_stderr("the multipart boundary has 60000 bytes; RFC 2046 allows 70");
}

/// Bodies made so that a search begins again at every byte.
#[test]
fn a_multipart_body_costs_no_more_time_than_another() {
    let echo = Echo::start(&[]);
    let size = 1 << 20;
    let boundary = format!("{}x", "-".repeat(69));
    for piece in ["-", "name=", "\r\n\r", "--", "\r\n\r\nname=key"] {
        let body = piece.repeat(size / piece.len());
        let head = format!(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary={boundary}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let started = Instant::now();
        assert_eq!(statuses(&echo.raw(head + &body)), ["200"], "{piece:?}");
        let took = started.elapsed();
        assert!(took < Duration::from_secs(15), "{piece:?}: {took:?}");
    }
}

#[test]
fn byte_by_byte_and_clients_that_go_away() {
    let echo = Echo::start(&["--count", "1"]);
    for lost in [
        "",
        "GE",
        "GET / HTTP/1.1\r\nHost: h\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
    ] {
        let answer = echo.raw(lost);
        let expected: &[&str] = if lost.is_empty() { &[] } else { &["400"] };
        assert_eq!(statuses(&answer), expected, "{lost:?}");
        drop(echo.connect().write_all(lost.as_bytes()));
    }
    let mut slow = echo.connect();
    for byte in
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    {
        slow.write_all(&[*byte]).unwrap();
    }
    let answer = all_from(slow);
    assert_eq!(body(&answer)["body"], "ab");
    echo.child.wait().expect_code(0);
}

#[test]
fn bodies_share_what_memory_there_is() {
    let address = in_process(Limits {
        all_bodies_bytes: 5,
        ..Limits::default()
    });
    let ask = |length: usize| {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n");
        let body = "x".repeat(length);
        stream.write_all((head + &body).as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        all_from(stream)
    };
    // What one body held is given back for the next, also by one that was refused.
    for (length, status) in [(5, "200"), (6, "503"), (5, "200"), (6, "503"), (5, "200")] {
        assert_eq!(statuses(&ask(length)), [status]);
    }
}

#[test]
fn many_clients_at_a_time() {
    let echo = Echo::start(&[]);
    // As many as there are places, each in the middle of its request.
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
    for answer in answers {
        assert!(matches!(statuses(&answer)[..], ["200" | "503"]), "{answer}");
    }
}

/// A service in this process, with other limits than the command's.
fn in_process(limits: Limits) -> SocketAddr {
    let settings = Settings {
        status: 200,
        lifetime: Lifetime::Endless,
        secrets: Secrets::Hidden,
        guard: Guard::Open,
        limits,
    };
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), settings).unwrap();
    let address = server.address();
    std::thread::spawn(|| server.run(Box::new(|_| Ok(()))));
    address
}

#[test]
fn slow_and_silent_clients_are_not_waited_for() {
    let address = in_process(Limits {
        silence: Duration::from_millis(100),
        connection: Duration::from_millis(400),
        ..Limits::default()
    });
    let connect = || TcpStream::connect(address).unwrap();
    // On a busy machine even the first byte may come too late: then there is no answer at all.
    let until_answered = |ask: &dyn Fn(TcpStream) -> String| loop {
        let answer = ask(connect());
        if !answer.is_empty() {
            return answer;
        }
    };

    let idle = connect();
    assert_eq!(all_from(idle), "", "who asked nothing is told nothing");

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
        // A byte now and then, without end, is never silent for long.
        let slow = until_answered(&|mut stream| {
            let _ = stream.write_all(start.as_bytes());
            let mut reader = stream.try_clone().unwrap();
            let answer = std::thread::spawn(move || {
                let mut status = [0; 12];
                let _ = reader.read_exact(&mut status);
                String::from_utf8_lossy(&status).replace('\0', "")
            });
            while !answer.is_finished() && stream.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(5));
            }
            answer.join().unwrap()
        });
        assert_eq!(slow, "HTTP/1.1 408", "{start}");
    }

    // Asks and never reads: it is cut off all the same.
    let mut deaf = connect();
    let length = 12 << 20;
    let request = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n");
    let _ = deaf.write_all(request.as_bytes());
    let _ = deaf.write_all(&vec![b'x'; length]);
    while deaf.write_all(&[b'x'; 65536]).is_ok() {}
}

#[test]
fn the_log_stays_on_its_line() {
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
fn it_ends_when_its_reader_has_gone() {
    let run = crate::support::c47()
        .args(["echo", "--json"])
        .stdout_closed()
        .run();
    assert_eq!(run.expect_code(0).stderr_text(), "");
}

#[test]
fn the_json_log_does_not_drive_a_terminal() {
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
