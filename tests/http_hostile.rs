//! Malicious and broken servers: no call panics, exceeds its time limit, or leaves a wrong file.

use std::io::{Read, Write};
use std::time::Duration;

use crate::support::server::{Response, Server};
use crate::support::{Output, Scratch, c47};

fn get(server: &Server, options: &[&str]) -> Output {
    let output = c47().args(["http", &server.url("/")]).args(options).run();
    assert_ne!(output.code, 70, "a panic: {}", output.tell());
    output
}

fn raw(bytes: impl Into<Vec<u8>>) -> Server {
    let bytes = bytes.into();
    Server::start(move |_| Response::raw(bytes.clone()))
}

/// A truncated header is not a success (curl 7.88 accepts it); neither is a truncated body.
#[test]
fn response_truncated_at_any_byte_is_an_error() {
    let chunked = "HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n";
    let sized = "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 8\r\n\r\nhelloyou";
    for whole in [chunked, sized] {
        // The last line of a chunked body may be missing, because "0\r\n" already marks the end.
        let needed = whole.find("0\r\n\r\n").map_or(whole.len(), |at| at + 3);
        let scratch = Scratch::new("cut");
        let target = scratch.write("out", "old");
        for end in 0..whole.len() {
            let server = raw(&whole.as_bytes()[..end]);
            let output = get(
                &server,
                &["-o", target.to_str().unwrap(), "--timeout", "20s"],
            );
            if end < needed {
                assert_eq!(
                    output.code,
                    7,
                    "cut at {end} of {whole:?}: {}",
                    output.tell()
                );
                assert_eq!(std::fs::read(&target).unwrap(), b"old", "cut at {end}");
                assert_eq!(
                    output.stderr_text().lines().count(),
                    1,
                    "{}",
                    output.stderr_text()
                );
            }
        }
        get(&raw(whole), &["-o", target.to_str().unwrap()]).expect_code(0);
        assert_eq!(std::fs::read(&target).unwrap(), b"helloyou");
        std::fs::remove_file(&target).unwrap();
        assert_eq!(
            std::fs::read_dir(scratch.path()).unwrap().count(),
            0,
            "litter"
        );
    }
}

#[test]
fn invalid_lengths_and_chunks_are_errors() {
    let body = "Content-Length: 5\r\n\r\nhello";
    for head in [
        format!("Content-Length: 6\r\n{body}"),
        "Content-Length: +5\r\n\r\nhello".into(),
        "Content-Length: -5\r\n\r\nhello".into(),
        "Content-Length: 5, 6\r\n\r\nhello".into(),
        "Content-Length: 99999999999999999999999\r\n\r\nhello".into(),
        "Content-Length: 0x5\r\n\r\nhello".into(),
        "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n".into(),
        "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n".into(),
        "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n".into(),
        "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nhello".into(),
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n".into(),
        format!(
            "Transfer-Encoding: chunked\r\n\r\n5 {}\r\nhello",
            "x".repeat(200_000)
        ),
        "Content-Length: 500\r\nContent-Encoding: gzip\r\n\r\nno gzip at all".into(),
        "Content-Length: 14\r\nContent-Encoding: gzip\r\n\r\nno gzip at all".into(),
        "Content-Length: 5\r\nContent-Encoding: br\r\n\r\nhello".into(),
    ] {
        let server = raw(format!("HTTP/1.1 200 OK\r\n{head}"));
        let output = get(&server, &["--timeout", "20s"]);
        assert_eq!(output.code, 7, "{head:.80?}: {}", output.tell());
        assert_eq!(
            output.stderr_text().lines().count(),
            1,
            "{}",
            output.stderr_text()
        );
    }
}

#[test]
fn invalid_http_is_an_error() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX A: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A\x00: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: b\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"\0\0\0\0",
    ] {
        let output = get(&raw(bytes), &["--timeout", "20s"]);
        assert_eq!(output.code, 7, "{bytes:?}: {}", output.tell());
    }
}

/// CVE-2023-38039: endless headers, in all forms.
#[test]
fn endless_headers_are_refused() {
    let forms: [(&str, &str); 4] = [
        ("HTTP/1.1 200 OK\r\n", "X-A: b\r\n"),
        ("HTTP/1.1 200 OK\r\nX-A: ", "bbbbbbbbbbbbbbbb"),
        ("", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
        ("HTTP/1.1 200 ", "OKOKOKOKOKOK"),
    ];
    for (start, again) in forms {
        let server = Server::connection(move |mut stream| {
            let mut ignored = [0; 4096];
            let _ = stream.read(&mut ignored);
            let _ = stream.write_all(start.as_bytes());
            let block = again.repeat(1000);
            while stream.write_all(block.as_bytes()).is_ok() {}
        });
        // 7, not 8: the size limit ends it, not the time limit.
        let output = get(&server, &["--timeout", "50s"]);
        assert_eq!(output.code, 7, "{again}: {}", output.tell());
    }
}

/// CVE-2022-32206, 2023-23916: ten megabytes of gzip that expand to ten gigabytes.
#[test]
fn decompression_bomb_is_refused() {
    let bomb = {
        let zeros = std::io::repeat(0).take(10 << 30);
        let mut encoder = flate2::read::GzEncoder::new(zeros, flate2::Compression::fast());
        // A tenth is enough, and faster to create.
        let mut bytes = Vec::new();
        encoder
            .by_ref()
            .take(5 << 20)
            .read_to_end(&mut bytes)
            .unwrap();
        bytes
    };
    let server = Server::start(move |_| {
        let head = "Content-Encoding: gzip\r\n";
        Response::new("200 OK", head, &bomb)
    });
    let scratch = Scratch::new("bomb");
    let target = scratch.path().join("out");
    let output = get(&server, &["-o", target.to_str().unwrap()]).expect_code(7);
    assert!(
        output.stderr_text().contains("expands too much"),
        "{}",
        output.stderr_text()
    );
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    let output = get(&server, &["--max-body", "1M"]).expect_code(7);
    assert!(
        output.stderr_text().contains("--max-body"),
        "{}",
        output.stderr_text()
    );
}

#[test]
fn slow_server_is_limited_by_the_timeout() {
    // The body takes longer than the time limit of the test runner.
    let body = "x".repeat(1000);
    let server = Server::start(move |_| Response::ok(&body).drip(Duration::from_millis(200)));
    let output = get(&server, &["--timeout", "1s"]).expect_code(8);
    assert!(
        output.stderr_text().contains("timed out"),
        "{}",
        output.stderr_text()
    );
}

#[test]
fn headers_cannot_forge_lines_on_a_terminal_or_in_a_log() {
    let server = raw(
        "HTTP/1.1 200 \x1b[2J\r\nX-A: \x1b]0;owned\x07\r\nX-B: caf\u{e9}\u{202e}\r\ncontent-length: 0\r\n\r\n",
    );
    let output = get(&server, &["-v"]);
    assert!(
        !output.stderr_text().contains(['\x1b', '\x07', '\u{202e}']),
        "{:?}",
        output.stderr_text()
    );
}

/// Responses of old or unusual servers that a client must accept.
#[test]
fn unusual_but_valid_responses_are_accepted() {
    for (answer, body) in [
        ("HTTP/1.0 200 OK\r\n\r\nuntil the end", "until the end"),
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end",
            "until the end",
        ),
        ("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "ok"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
            "ok",
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "ok",
        ),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "ok",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n",
            "ok",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
            "",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
            "ok",
        ),
    ] {
        let output = get(&raw(answer), &[]).expect_code(0);
        assert_eq!(output.stdout_text(), body, "{answer}");
    }
}

/// Sends `response` after the first byte of a request, then a reset because of unread bytes.
fn resetting(response: &'static str) -> Server {
    Server::connection(move |mut stream| {
        let mut first = [0; 1];
        let _ = stream.read_exact(&mut first);
        let _ = stream.write_all(response.as_bytes());
        std::thread::sleep(Duration::from_millis(200));
    })
}

/// curl: exit code 56. A reset can be forged on the network, so it does not end a body.
#[test]
fn reset_does_not_end_a_body_without_a_length() {
    let scratch = Scratch::new("reset");
    let target = scratch.write("out", "old");
    for head in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf",
        "HTTP/1.0 200 OK\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ] {
        let options = ["-o", target.to_str().unwrap()];
        let output = get(&resetting(head), &options).expect_code(7);
        let said = output.stderr_text();
        assert!(said.contains("incomplete"), "{head:?}: {said}");
        assert_eq!(std::fs::read(&target).unwrap(), b"old", "{head:?}");
        get(&resetting(head), &["--json"]).expect_code(7);
    }
}

/// A server that responds and closes the connection during the upload.
fn early(response: &'static str) -> Server {
    Server::connection(move |mut stream| {
        let mut start = [0; 1024];
        let _ = stream.read(&mut start);
        let _ = stream.write_all(response.as_bytes());
        std::thread::sleep(Duration::from_millis(100));
    })
}

#[test]
fn early_response_to_an_upload_is_read() {
    let scratch = Scratch::new("early");
    scratch.write("body", vec![b'x'; 32 << 20]);
    let response = "HTTP/1.1 413 Too Large\r\nContent-Length: 8\r\n\r\ntoo much";
    for options in [
        &["--body", "body"][..],
        &["file@body"],
        &["--body", "body", "--compress"],
    ] {
        let server = early(response);
        let output = c47()
            .current_dir(scratch.path())
            .args(["http", &server.url("/")])
            .args(options)
            .run()
            .expect_code(4);
        assert_eq!(output.stdout_text(), "too much", "{options:?}");
    }
    // A success is not accepted if the request was not read, nor is a truncated response.
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\n\r\ntoo much",
        "HTTP/1.1 413 Too",
        "",
    ] {
        let server = early(response);
        let output = c47()
            .current_dir(scratch.path())
            .args(["http", &server.url("/"), "--body", "body"])
            .run()
            .expect_code(7);
        let said = output.stderr_text();
        assert!(said.contains("incomplete"), "{response:?}: {said}");
    }
}
