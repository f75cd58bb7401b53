//! `c47 http --retry`: what is retried, how it is reported, and what is not retried.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::server::{Response, Server};
use crate::support::{ClosedPort, Scratch, c47};

/// A 503 that asks for a retry at once.
fn busy() -> Response {
    Response::new("503 Busy", "retry-after: 0\r\n", "later")
}

#[test]
fn each_retry_is_reported_and_the_last_response_is_printed() {
    let server = Server::script([
        busy(),
        Response::new("429 Slow Down", "retry-after: 0\r\n", ""),
        Response::ok("done"),
    ]);
    let output = c47()
        .args(["http", &server.url("/"), "--retry", "3"])
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), "done");
    assert_eq!(
        output.stderr_text(),
        "c47 http: 503; retrying now (1 of 3)\n\
         c47 http: 429; retrying now (2 of 3)\n"
    );
}

#[test]
fn last_response_is_printed_when_all_attempts_fail() {
    let server = Server::script([busy(), busy(), busy()]);
    let output = c47()
        .args(["http", &server.url("/"), "--retry=2"])
        .run()
        .expect_code(5);
    assert_eq!(output.stdout_text(), "later");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn only_temporary_statuses_and_idempotent_methods_are_retried() {
    for (method, status, requests) in [
        ("PUT", "502 Bad", 2),
        ("DELETE", "504 Late", 2),
        ("HEAD", "408 Late", 2),
        ("GET", "500 Bug", 1),
        ("GET", "404 Nothing", 1),
        ("POST", "503 Busy", 1),
        ("PATCH", "429 Slow", 1),
    ] {
        let server = Server::start(move |request| {
            let body = if request.method == "HEAD" { "" } else { "x" };
            Response::new(status, "retry-after: 0\r\n", body)
        });
        c47()
            .args(["http", method, &server.url("/"), "--retry=1"])
            .run();
        assert_eq!(server.requests().len(), requests, "{method} {status}");
    }
    let server = Server::script([busy(), Response::ok("done")]);
    let output = c47()
        .args(["http", &server.url("/"), "a=b", "--retry=1"])
        .arg("--retry-unsafe")
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), "done");
    let [first, second] = &server.requests()[..] else {
        panic!("two requests")
    };
    assert_eq!(first.body_text(), r#"{"a":"b"}"#);
    assert_eq!(first.body, second.body);
}

/// A wait that exceeds the remaining time is not started: the response is printed at once.
#[test]
fn wait_beyond_the_time_limit_is_not_started() {
    for (value, option) in [
        // Longer than the time limit of the test runner: a program that waits fails the test.
        ("101", "--retry-max-time=100s"),
        ("101", "--timeout=100s"),
        ("99999999999999999999", "--retry-max-time=1m"),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "--retry-max-time=1m"),
        ("601", "--verbose"),
    ] {
        let head = format!("retry-after: {value}\r\n");
        let server = Server::start(move |_| Response::new("503 Busy", &head, "later"));
        let output = c47()
            .args(["http", &server.url("/"), "--retry=5", option])
            .run()
            .expect_code(5);
        assert_eq!(output.stdout_text(), "later");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn past_retry_after_date_means_no_wait() {
    let server = Server::script([
        Response::new(
            "503 Busy",
            "retry-after: Sunday, 06-Nov-94 08:49:37 GMT\r\n",
            "",
        ),
        Response::ok("done"),
    ]);
    c47()
        .args(["http", &server.url("/"), "--retry=1"])
        .run()
        .expect_code(0);
}

/// Nothing listens at the first attempt, so nothing was sent, and a POST may be retried.
#[test]
fn refused_connection_is_retried_for_any_method() {
    let port = ClosedPort::reserve();
    let url = format!("http://127.0.0.1:{}/", port.number());
    // Enough attempts that one comes after the port listens, even if this process is delayed.
    let child = c47().args(["http", &url, "a=b"]).arg("--retry=9").spawn();
    child.wait_for_stderr("(1 of 9)");
    let (mut stream, _) = port.listen().accept().unwrap();
    let mut request = [0; 4096];
    let count = stream.read(&mut request).unwrap();
    assert!(request[..count].starts_with(b"POST / "));
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .unwrap();
    let output = child.wait().expect_code(0);
    assert!(
        output
            .stderr_text()
            .contains("connection refused; retrying"),
        "{}",
        output.stderr_text()
    );
}

/// The request was sent: a GET may be sent twice, a POST may not.
#[test]
fn dropped_connection_is_retried_only_for_idempotent_methods() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Response::close(),
        _ => Response::ok("done"),
    });
    c47()
        .args(["http", &server.url("/"), "--retry=1"])
        .run()
        .expect_code(0);
    let dropping = Server::start(|_| Response::close());
    let output = c47()
        .args(["http", &dropping.url("/"), "a=b", "--retry=1"])
        .run()
        .expect_code(7);
    assert_eq!(dropping.requests().len(), 1);
    assert!(!output.stderr_text().contains("retrying"));
}

/// A failure that would repeat is not retried.
#[test]
fn permanent_failures_are_not_retried() {
    let server = Server::start(|_| Response::raw("HTTP/1.1 nonsense\r\n\r\n"));
    c47()
        .args(["http", &server.url("/"), "--retry=1"])
        .run()
        .expect_code(7);
    assert_eq!(server.connections(), 1);
    let idle = Server::start(|_| busy()).may_be_idle();
    c47()
        .args(["http", &idle.url("/"), "--retry=1"])
        .args(["--auth", "bearer=env:NO_SUCH_VARIABLE"])
        .run()
        .expect_code(9);
    assert_eq!(idle.connections(), 0);
    c47()
        .args(["http", &idle.url("/"), "--retry-unsafe"])
        .run()
        .expect_code(2);
}

/// A token for one request is not sent twice.
#[test]
fn token_is_minted_for_each_attempt() {
    let server = Server::script([busy(), Response::ok("done")]);
    let scratch = Scratch::new("minted");
    let key = scratch.write("key", "0123456789abcdef0123456789abcdef");
    c47()
        .args(["http", &server.url("/"), "--retry=1", "--jti", "--auth"])
        .arg(format!("jwt=HS256:file:{}", key.display()))
        .run()
        .expect_code(0);
    let [first, second] = &server.requests()[..] else {
        panic!("two requests")
    };
    let token = |request: &crate::support::server::Request| {
        request.header("authorization").unwrap().to_owned()
    };
    assert!(token(first).starts_with("Bearer "));
    assert_ne!(token(first), token(second));
}

/// CVE-2022-32221, 2023-28322: after a 303, the GET is retried, not the POST.
#[test]
fn retry_after_a_redirect_keeps_the_changed_method() {
    let seen = AtomicUsize::new(0);
    let server = Server::start(move |request| match request.method.as_str() {
        "POST" => Response::redirect("303 See Other", "/result"),
        _ if seen.fetch_add(1, Ordering::SeqCst) == 0 => busy(),
        _ => Response::ok("done"),
    });
    c47()
        .args(["http", &server.url("/"), "a=b", "--follow", "--retry=1"])
        .run()
        .expect_code(0);
    let methods: Vec<String> = server.requests().into_iter().map(|r| r.method).collect();
    assert_eq!(methods, ["POST", "GET", "GET"]);
}

#[test]
fn body_from_stdin_is_resent() {
    let server = Server::script([busy(), Response::ok("done")]);
    c47()
        .args(["http", "PUT", &server.url("/"), "--body=-", "--retry=1"])
        .stdin("frames")
        .run()
        .expect_code(0);
    let bodies: Vec<Vec<u8>> = server.requests().into_iter().map(|r| r.body).collect();
    assert_eq!(bodies, [b"frames", b"frames"]);
}
