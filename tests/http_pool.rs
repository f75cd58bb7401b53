//! Connections that later requests of a call use: with nginx, squid, and servers that close them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::peers::{self, Nginx};
use crate::support::server::{Response, Server};
use crate::support::{Output, c47};

/// Follows redirects; `-v` prints a line for each reused connection.
fn follow(url: &str, options: &[&str]) -> Output {
    let run = c47().args(["http", "-v", "--follow", url]).args(options);
    run.run()
}

fn reused(output: &Output) -> usize {
    let lines = output.stderr_text().lines();
    lines.filter(|line| *line == "* connection reused").count()
}

fn busy() -> Response {
    Response::new("503 Busy", "retry-after: 0\r\n", "later")
}

#[test]
fn redirects_and_retries_use_one_connection() {
    let server = Server::script([
        Response::new("302 Found", "location: /b\r\n", "a body that no one reads"),
        busy(),
        Response::new(
            "401 No",
            "www-authenticate: Digest realm=r, nonce=n\r\n",
            "no",
        ),
        Response::ok("done"),
    ]);
    let run = c47()
        .env("S", "x")
        .args(["http", "--follow", "--retry=1", "--json"]);
    let output = run
        .args([&server.url("/a"), "--auth", "digest=me:env:S"])
        .run()
        .expect_code(0);
    assert_eq!((server.requests().len(), server.connections()), (4, 1));
    let report = output.json();
    assert_eq!(report["connection_reused"], true);
    for step in ["resolve", "connect", "tls"] {
        assert_eq!(report["timing_ms"][step], serde_json::Value::Null);
    }
    let single = Server::script([Response::ok("")]);
    let output = c47().args(["http", "--json", &single.url("/")]).run();
    assert_eq!(output.json()["connection_reused"], false);
}

/// A response that ends its connection, or whose end is not known.
#[test]
fn responses_that_end_their_connection_are_honoured() {
    let long = "x".repeat(100_000);
    let of = |line: &str, more: &str, body: &str| {
        let length = body.len();
        let text =
            format!("{line}\r\nlocation: /b\r\n{more}content-length: {length}\r\n\r\n{body}");
        Response::raw(text).keep_open()
    };
    for first in [
        of("HTTP/1.1 302 Found", "connection: close\r\n", ""),
        of("HTTP/1.1 302 Found", "Connection: Foo, Close\r\n", "body"),
        of("HTTP/1.1 302 Found", "keep-alive: timeout=0\r\n", ""),
        of("HTTP/1.0 302 Found", "", "body"),
        of("HTTP/1.1 302 Found", "", &long),
        // More than was announced.
        Response::raw("HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
            .keep_open(),
        // Ends with the connection.
        Response::raw("HTTP/1.1 302 Found\r\nlocation: /b\r\n\r\nbody"),
        // Never ends.
        Response::raw("HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 9\r\n\r\nbody").then_hang(),
    ] {
        let about = format!("{first:?}");
        let server = Server::script([first, Response::ok("done")]);
        let output = follow(&server.url("/a"), &[]).expect_code(0);
        assert_eq!(output.stdout_text(), "done", "{about}");
        assert_eq!((server.connections(), reused(&output)), (2, 0), "{about}");
    }
    // The user may ask for it too.
    let server = Server::script([Response::redirect("302 Found", "/b"), Response::ok("")]);
    follow(&server.url("/a"), &["Connection:close"]).expect_code(0);
    assert_eq!(server.connections(), 2);
}

#[test]
fn http_1_0_connections_are_kept_only_if_the_server_says_so() {
    let response =
        "HTTP/1.0 302 Found\r\nlocation: /b\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n";
    let server = Server::script([Response::raw(response).keep_open(), Response::ok("")]);
    follow(&server.url("/a"), &[]).expect_code(0);
    assert_eq!(server.connections(), 1);
}

#[test]
fn compressed_bodies_are_read_to_the_end_of_the_response() {
    let compressed = |encoding: &str, bytes: &[u8]| {
        let mut response = format!(
            "HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-encoding: {encoding}\r\n\
             transfer-encoding: chunked\r\n\r\n{:x}\r\n",
            bytes.len()
        )
        .into_bytes();
        response.extend_from_slice(bytes);
        response.extend_from_slice(b"\r\n0\r\n\r\n");
        Response::raw(response).keep_open()
    };
    // "hello" with zlib and brotli.
    let zlib = b"\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15";
    let brotli = b"\x0b\x02\x80hello\x03";
    for first in [compressed("deflate", zlib), compressed("br", brotli)] {
        let about = format!("{first:?}");
        let server = Server::script([first, Response::ok("")]);
        follow(&server.url("/a"), &[]).expect_code(0);
        assert_eq!(server.connections(), 1, "{about}");
    }
}

/// Reads a request; the body of the tests is one line.
fn read_request(reader: &mut impl BufRead) -> String {
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut request).unwrap() > 0, "{request:?}");
    }
    if request.contains("content-length: 5") {
        reader.read_line(&mut request).unwrap();
    }
    request
}

/// The server closes a kept connection when it has read the next request.
#[test]
fn a_post_is_never_sent_twice_by_a_stale_connection() {
    for (method, body, code, expected) in [
        ("GET", None, 0, vec!["GET /a", "GET /b", "GET /b"]),
        ("PUT", Some("once\n"), 0, vec!["PUT /a", "PUT /b", "PUT /b"]),
        ("POST", Some("once\n"), 7, vec!["POST /a", "POST /b"]),
    ] {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let (requests, count) = (Arc::clone(&seen), AtomicUsize::new(0));
        let server = Server::connection(move |stream: TcpStream| {
            let mut reader = BufReader::new(&stream);
            let mut next = || {
                let request = read_request(&mut reader);
                let line = request.split(" HTTP").next().unwrap().to_owned();
                requests.lock().unwrap().push(line);
            };
            next();
            if count.fetch_add(1, Ordering::SeqCst) > 0 {
                let _ = (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone");
                return;
            }
            let moved = b"HTTP/1.1 307 Moved\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n";
            let _ = (&stream).write_all(moved);
            next();
            let _ = stream.shutdown(std::net::Shutdown::Both);
        });
        let raw = body.map_or(vec![], |body| vec!["--raw", body]);
        let output = c47()
            .args(["http", method, &server.url("/a"), "--follow"])
            .args(raw)
            .run()
            .expect_code(code);
        assert_eq!(*seen.lock().unwrap(), expected, "{method}");
        if code == 7 {
            let text = output.stderr_text();
            assert!(text.contains("closed early"), "{text}");
        }
    }
}

const CONNECTIONS: &str = "log_format connections '$connection_requests $request_uri';
    access_log @dir@/connections.log connections;";

/// The number of the request on its connection, for each request.
fn positions(nginx: &Nginx) -> Vec<String> {
    let log = std::fs::read_to_string(nginx.directory().join("connections.log")).unwrap();
    let position = |line: &str| line.split(' ').next().unwrap().to_owned();
    log.lines().map(position).collect()
}

const STEPS: &str = "location = /1 { return 302 /2; } location = /2 { return 302 /3; }
    location = /3 { return 302 /4; } location = /4 { return 200 'done'; }";

#[test]
fn nginx_limits_the_requests_of_a_connection() {
    let servers = format!(
        "{CONNECTIONS} server {{ listen 127.0.0.1:@port0@; keepalive_requests 2; {STEPS} }}"
    );
    let Some(nginx) = peers::nginx(&servers) else {
        return;
    };
    let url = format!("http://127.0.0.1:{}/1", nginx.port(0));
    let output = follow(&url, &[]).expect_code(0);
    assert_eq!((output.stdout_text(), reused(&output)), ("done", 2));
    assert_eq!(positions(&nginx), ["1", "2", "1", "2"]);
}

/// With and without TLS: the second attempt comes after nginx has closed the connection.
#[test]
fn a_connection_that_nginx_closed_meanwhile_is_replaced() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let good = &certificates.good;
    let servers = format!(
        "{CONNECTIONS} server {{ listen 127.0.0.1:@port0@; listen 127.0.0.1:@port1@ ssl;
            ssl_certificate {}; ssl_certificate_key {}; keepalive_timeout 1s;
            location / {{ add_header Retry-After 2 always; return 503; }} }}",
        good.certificate.display(),
        good.key.display(),
    );
    let Some(nginx) = peers::nginx(&servers) else {
        return;
    };
    for (scheme, number) in [("http", 0), ("https", 1)] {
        let url = format!("{scheme}://localhost:{}/", nginx.port(number));
        let output = c47()
            .args(["http", "-v", "--retry=1", &url, "--cacert"])
            .arg(&certificates.ca)
            .run()
            .expect_code(5);
        assert_eq!(reused(&output), 0);
    }
    assert_eq!(positions(&nginx), ["1", "1", "1", "1"]);
}

#[test]
fn tls_and_unix_socket_connections_are_reused() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let good = &certificates.good;
    for protocol in ["TLSv1.2", "TLSv1.3"] {
        let servers = format!(
            "{CONNECTIONS} server {{ listen 127.0.0.1:@port0@ ssl; listen unix:@dir@/socket;
                ssl_certificate {}; ssl_certificate_key {}; ssl_protocols {protocol};
                absolute_redirect off; {STEPS} }}",
            good.certificate.display(),
            good.key.display(),
        );
        let Some(nginx) = peers::nginx(&servers) else {
            return;
        };
        let ca = certificates.ca.to_str().unwrap();
        let url = format!("https://localhost:{}/1", nginx.port(0));
        let output = follow(&url, &["--cacert", ca]).expect_code(0);
        assert_eq!((output.stdout_text(), reused(&output)), ("done", 3));
        let socket = nginx.directory().join("socket");
        let options = ["--unix-socket", socket.to_str().unwrap()];
        let output = follow("http://localhost/1", &options).expect_code(0);
        assert_eq!((output.stdout_text(), reused(&output)), ("done", 3));
        let once = ["1", "2", "3", "4"];
        assert_eq!(positions(&nginx), [once, once].concat());
    }
}

/// A client certificate is shown to the first origin only.
#[test]
fn a_redirect_back_uses_the_connection_with_the_client_certificate() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let good = &certificates.good;
    let tls = format!(
        "ssl_certificate {}; ssl_certificate_key {}; ssl_client_certificate {}; ssl_verify_client optional;",
        good.certificate.display(),
        good.key.display(),
        certificates.ca.display(),
    );
    let servers = format!(
        "log_format verified '$connection_requests $ssl_client_verify $request_uri';
        access_log @dir@/connections.log verified; {tls}
        server {{ listen 127.0.0.1:@port0@ ssl; location = /1 {{ return 302 https://localhost:@port1@/2; }}
            location = /3 {{ return 200 'done'; }} }}
        server {{ listen 127.0.0.1:@port1@ ssl; location = /2 {{ return 302 https://localhost:@port0@/3; }} }}"
    );
    let Some(nginx) = peers::nginx(&servers) else {
        return;
    };
    let client = &certificates.client;
    let url = format!("https://localhost:{}/1", nginx.port(0));
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let options = [
        "--cacert".to_owned(),
        path(&certificates.ca),
        "--cert".to_owned(),
        path(&client.certificate),
        "--key".to_owned(),
        path(&client.key),
    ];
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let output = follow(&url, &options).expect_code(0);
    assert_eq!(output.stdout_text(), "done");
    let log = std::fs::read_to_string(nginx.directory().join("connections.log")).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines, ["1 SUCCESS /1", "1 NONE /2", "2 SUCCESS /3"]);
}

#[test]
fn connections_through_squid_are_reused() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let good = &certificates.good;
    // Plain http from one server to another, and TLS.
    let servers = format!(
        "{CONNECTIONS} server {{ listen 127.0.0.1:@port0@ ssl; ssl_certificate {}; ssl_certificate_key {}; {STEPS} }}
        server {{ listen 127.0.0.1:@port1@; {STEPS} location = /other {{ return 302 http://localhost:@port2@/4; }} }}
        server {{ listen 127.0.0.1:@port2@; {STEPS} }}",
        good.certificate.display(),
        good.key.display(),
    );
    let Some(nginx) = peers::nginx(&servers) else {
        return;
    };
    let Some(squid) = peers::squid(nginx.port(0)) else {
        return;
    };
    let proxy = format!(
        "http://{}:p%40ss%3Aword@127.0.0.1:{}",
        peers::USER,
        squid.port
    );
    let ca = certificates.ca.to_str().unwrap();
    for (url, expected) in [
        (format!("https://localhost:{}/1", nginx.port(0)), 3),
        (format!("http://localhost:{}/1", nginx.port(1)), 3),
        // The proxy's connection serves any server, with the credentials of the proxy each time.
        (format!("http://localhost:{}/other", nginx.port(1)), 1),
    ] {
        let output = follow(&url, &["--proxy", &proxy, "--cacert", ca]).expect_code(0);
        let seen = (output.stdout_text(), reused(&output));
        assert_eq!(seen, ("done", expected), "{url}");
    }
    // One tunnel for four requests.
    let log = squid.access_log();
    assert_eq!(log.matches("CONNECT localhost").count(), 1, "{log}");
}
