//! `c47 echo`, asked by clients that are not ours: curl, Python, and bare sockets that misbehave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use c47::echo::{Guard, Lifetime, Limits, Secrets, Server, Settings};
use serde_json::{Value, json};
use support::{Child, Output, Run};

/// A running service and where it listens.
struct Echo {
    child: Child,
    address: String,
}

impl Echo {
    #[track_caller]
    fn start(options: &[&str]) -> Echo {
        let mut child = support::c47().arg("echo").args(options).spawn();
        let line = child.stdout_line();
        let address = if options.contains(&"--json") {
            let line: Value = serde_json::from_str(&line).expect("a JSON line");
            line["listening"].as_str().expect("an address").to_owned()
        } else {
            line.strip_prefix("listening on ")
                .expect("words")
                .to_owned()
        };
        let address = address.strip_prefix("http://").expect("http").to_owned();
        Echo { child, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("a connection");
        let limit = Some(Duration::from_secs(50));
        stream.set_read_timeout(limit).unwrap();
        stream.set_write_timeout(limit).unwrap();
        stream
    }

    /// Sends these bytes, ends the sending, and returns all that comes back.
    fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        let _ = stream.write_all(bytes.as_ref());
        let _ = stream.shutdown(Shutdown::Write);
        all_from(stream)
    }

    fn curl(&self, arguments: &[&str], path: &str) -> Option<Output> {
        let curl = support::peers::tool("curl")?;
        let url = format!("http://{}{path}", self.address);
        Some(
            Run::of(curl)
                .args(["-sS", "--noproxy", "*"])
                .args(arguments)
                .arg(url)
                .run(),
        )
    }
}

fn all_from(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn statuses(answer: &str) -> Vec<&str> {
    answer
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| &answer[..3])
        .filter(|status| status.bytes().all(|b| b.is_ascii_digit()))
        .collect()
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    serde_json::from_str(body).expect("a JSON body")
}

fn header<'a>(picture: &'a Value, name: &str) -> &'a str {
    let headers = picture["headers"].as_array().unwrap();
    headers
        .iter()
        .find(|header| header["name"] == name)
        .and_then(|header| header["value"].as_str())
        .unwrap_or_else(|| panic!("no {name} in {picture}"))
}

#[test]
fn a_picture_of_what_curl_sends() {
    let echo = Echo::start(&[]);
    let Some(answer) = echo.curl(
        &[
            "-X",
            "PATCH",
            "-H",
            "Content-Type: application/json",
            "-H",
            "X-Empty;",
            "-d",
            r#"{"b":1.10,"a":[1e400],"password":"hunter2"}"#,
        ],
        "/a%20b?x=1%202&y&token=hunter2",
    ) else {
        return;
    };
    let answer = answer.expect_code(0);
    assert!(answer.stdout_text().contains("1.10") && answer.stdout_text().contains("1e400"));
    assert!(!answer.stdout_text().contains("hunter2"));
    // serde_json has no 1e400.
    let picture: Value =
        serde_json::from_str(&answer.stdout_text().replace("1e400", "1")).expect("JSON");
    assert_eq!(picture["method"], "PATCH");
    assert_eq!(picture["target"], "/a%20b?x=1%202&y&token=***");
    assert_eq!(picture["path"], "/a%20b");
    assert_eq!(
        picture["query"],
        json!([
            {"name": "x", "value": "1 2"},
            {"name": "y", "value": ""},
            {"name": "token", "value": "***"},
        ])
    );
    assert_eq!(picture["version"], "HTTP/1.1");
    assert_eq!(header(&picture, "X-Empty"), "");
    assert_eq!(picture["body"]["password"], "***");
    assert_eq!(picture["body_base64"], Value::Null);
    assert_eq!(picture["claims"], Value::Null);
}

#[test]
fn every_credential_curl_knows_is_hidden() {
    let echo = Echo::start(&[]);
    let arguments = [
        "-u",
        "me:hunter2",
        "-b",
        "session=hunter2",
        "-e",
        "http://me:hunter2@h/?api_key=hunter2",
        "-H",
        "X-Api-Key: hunter2",
        "-H",
        "ftrack-api-key: hunter2",
        "-H",
        "Proxy-Authorization: Bearer hunter2",
        "-H",
        "X-Vault-Token: hunter2",
        "-H",
        "X-Hub-Signature-256: sha256=hunter2",
        "-d",
        "client_secret=hunter2&a=b&refresh_token=hunter2",
    ];
    let path = "/?tsid=hunter2&page=2";
    let Some(answer) = echo.curl(&arguments, path) else {
        return;
    };
    let picture = answer.expect_code(0).json();
    assert!(!picture.to_string().contains("hunter2"), "{picture}");
    assert_eq!(header(&picture, "Authorization"), "Basic ***");
    assert_eq!(header(&picture, "Proxy-Authorization"), "Bearer ***");
    assert_eq!(header(&picture, "Referer"), "http://***@h/?api_key=***");
    assert_eq!(picture["body"], "client_secret=***&a=b&refresh_token=***");
    echo.child
        .wait_for_stderr("127.0.0.1 POST /?tsid=***&page=2 200 ");

    let open = Echo::start(&["--show-secrets"]);
    let picture = open.curl(&arguments, path).unwrap().expect_code(0).json();
    assert_eq!(header(&picture, "X-Api-Key"), "hunter2");
    assert_eq!(
        picture["body"],
        "client_secret=hunter2&a=b&refresh_token=hunter2"
    );
}

#[test]
fn bodies_of_every_kind_from_curl() {
    let echo = Echo::start(&[]);
    let chunked = [
        "-H",
        "Transfer-Encoding: chunked",
        "--data-binary",
        "h\u{e9}llo",
    ];
    let Some(answer) = echo.curl(&chunked, "/") else {
        return;
    };
    assert_eq!(answer.json()["body"], "h\u{e9}llo");
    let upload = |bytes: &[u8], more: &[&str]| {
        let curl = Run::of("curl")
            .args(["-sS", "-i", "--noproxy", "*"])
            .args(more);
        let curl = curl.args(["--data-binary", "@-"]).stdin(bytes);
        let output = curl
            .arg(format!("http://{}", echo.address))
            .run()
            .expect_code(0);
        output.stdout_text().to_owned()
    };
    let answer = upload(b"\xff\x00\x01", &[]);
    assert_eq!(body(&answer)["body_base64"], "/wAB");
    // Larger than curl sends without asking first.
    let large = vec![b'x'; 3 << 20];
    let answer = upload(&large, &["-H", "Expect: 100-continue"]);
    assert_eq!(statuses(&answer), ["100", "200"]);
    assert!(answer.len() > large.len());
    let answer = upload(&vec![b'x'; 17 << 20], &[]);
    assert_eq!(statuses(&answer), ["413"]);
    let answer = upload(
        &vec![b'x'; 17 << 20],
        &["-H", "Transfer-Encoding: chunked", "-H", "Expect:"],
    );
    assert_eq!(statuses(&answer), ["413"]);
}

#[test]
fn statuses_and_methods_without_a_body() {
    for (status, has_body) in [("200", true), ("204", false), ("304", false), ("503", true)] {
        let echo = Echo::start(&["--status", status]);
        let answer = echo.raw("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(statuses(&answer), [status]);
        assert_eq!(!answer.ends_with("\r\n\r\n"), has_body, "{answer}");
        let answer = echo.raw("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(statuses(&answer), [status]);
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        assert_eq!(answer.contains("Content-Length: "), has_body);
    }
}

#[test]
fn python_keeps_the_connection() {
    let Some(python) = support::peers::tool("python3") else {
        return;
    };
    let echo = Echo::start(&["--count", "4"]);
    let script = "
import http.client, json, sys, urllib.request
host = sys.argv[1]
c = http.client.HTTPConnection(host)
for n in range(3):
    c.request('PUT', f'/{n}', body=json.dumps({'n': n}), headers={'Content-Type': 'application/json'})
    local = c.sock.getsockname()
    r = c.getresponse()
    assert r.status == 200 and json.load(r)['body'] == {'n': n}
    assert c.sock and c.sock.getsockname() == local, 'closed'
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
r = opener.open(f'http://{host}/?q=1', data=iter([b'a', b'b']))
assert json.load(r)['body'] == 'ab'
assert r.headers['Connection'] == 'close'
";
    let client = Run::of(python).args(["-c", script, &echo.address]).run();
    client.expect_code(0);
    echo.child.wait().expect_code(0);
}

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

/// A service in this process, more impatient than the command's.
fn impatient() -> std::net::SocketAddr {
    let limits = Limits {
        silence: Duration::from_millis(100),
        connection: Duration::from_millis(400),
        ..Limits::default()
    };
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
    let address = impatient();
    let connect = || TcpStream::connect(address).unwrap();

    let idle = connect();
    assert_eq!(all_from(idle), "", "who asked nothing is told nothing");

    let mut kept = connect();
    kept.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        .unwrap();
    assert_eq!(statuses(&all_from(kept)), ["200"]);

    for silent in [
        "GET /",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na",
    ] {
        let mut stream = connect();
        stream.write_all(silent.as_bytes()).unwrap();
        assert_eq!(statuses(&all_from(stream)), ["408"], "{silent}");
    }

    // A byte now and then, without end, is never silent for long.
    for start in [
        "GET /",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n",
    ] {
        let mut stream = connect();
        stream.write_all(start.as_bytes()).unwrap();
        let mut reader = stream.try_clone().unwrap();
        let answer = std::thread::spawn(move || {
            let mut status = [0; 12];
            reader.read_exact(&mut status).map(|()| status)
        });
        while !answer.is_finished() && stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(&answer.join().unwrap().unwrap(), b"HTTP/1.1 408", "{start}");
    }

    // Asks and never reads: its place is free again.
    let mut deaf = connect();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{}",
        12 << 20,
        "x".repeat(12 << 20)
    );
    deaf.write_all(request.as_bytes()).unwrap();
    while deaf.write_all(&[b'x'; 65536]).is_ok() {}
}

#[test]
fn json_is_one_object_a_line() {
    let echo = Echo::start(&["--json", "--count", "2"]);
    echo.raw("POST /?key=x HTTP/1.1\r\nHost: h\r\nContent-Length: 16\r\n\r\n{\r\n\"a\" :\n[1.10]}");
    echo.raw("nonsense\r\n\r\n");
    echo.raw("GET /\u{1b}[2J HTTP/1.1\r\nHost: h\r\n\r\n");
    echo.raw("GET /x HTTP/1.1\r\nHost: h\r\nX: \u{202e}\r\n\r\n");
    let output = echo.child.wait().expect_code(0);
    assert_eq!(output.stderr_text(), "");
    let lines: Vec<Value> = output
        .stdout_text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(lines[1]["target"], "/?key=***");
    assert_eq!(lines[1]["body"]["a"][0].to_string(), "1.1");
    assert_eq!(lines[1]["status"], 200);
    assert_eq!(lines[1]["client"], "127.0.0.1");
    assert_eq!(lines[2]["status"], 400);
    assert_eq!(lines[2]["method"], Value::Null);
    assert!(lines[2]["reason"].is_string());
    assert_eq!(lines[4]["target"], "/x");
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
    let run = support::c47()
        .args(["echo", "--json"])
        .stdout_closed()
        .run();
    assert_eq!(run.expect_code(0).stderr_text(), "");
}

#[test]
fn signals_end_it() {
    for (signal, code) in [(libc::SIGINT, 130), (libc::SIGTERM, 143)] {
        let echo = Echo::start(&[]);
        let _open = echo.connect();
        echo.child.signal(signal);
        echo.child.wait().expect_code(code);
    }
}

#[test]
fn other_addresses() {
    let echo = Echo::start(&["--bind", "0.0.0.0", "--count", "1"]);
    echo.child
        .wait_for_stderr("c47 echo: warning: other machines can reach 0.0.0.0:");
    echo.raw("GET / HTTP/1.0\r\n\r\n");
    echo.child.wait().expect_code(0);
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        let echo = Echo::start(&["--bind", "::1", "--count", "1"]);
        assert!(echo.address.starts_with("[::1]:"), "{}", echo.address);
        echo.raw("GET / HTTP/1.0\r\n\r\n");
        assert!(
            echo.child
                .wait()
                .expect_code(0)
                .stderr_text()
                .starts_with("::1 GET / 200 ")
        );
    }
}

#[test]
fn what_cannot_be_done_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = support::c47()
        .args(["echo", "--port", &port])
        .run()
        .expect_code(7);
    assert_eq!(
        output.stderr_text(),
        format!(
            "c47 echo: cannot listen on 127.0.0.1:{port}: address in use\nhint: --port 0 takes any free port\n"
        )
    );
    let output = support::c47()
        .args(["echo", "--bind", "192.0.2.1"])
        .run()
        .expect_code(7);
    assert!(
        output
            .stderr_text()
            .contains("hint: --bind takes an address of this machine")
    );
    for (options, why) in [
        (["--status", "199"], "200 to 599"),
        (["--status", "600"], "200 to 599"),
        (["--count", "0"], "1 or more"),
        (["--port", "65536"], "--port"),
        (["--bind", "localhost:80"], "no address"),
        (["--jwt-key", "hunter2"], "source"),
    ] {
        let output = support::c47()
            .arg("echo")
            .args(options)
            .run()
            .expect_code(2);
        assert!(output.stderr_text().contains(why), "{}", output.tell());
        assert!(!output.stderr_text().contains("hunter2"));
    }
    let absent = support::c47()
        .args(["echo", "--jwt-key", "file:absent"])
        .run();
    absent.expect_code(9);
}
