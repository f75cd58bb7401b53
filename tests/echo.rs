//! `c47 echo`, asked by clients that are not ours: curl and Python.

use serde_json::{Value, json};

use crate::support::echo::{Echo, body, statuses};
use crate::support::{self, Run};

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
fn who_speaks_tls_is_told() {
    let echo = Echo::start(&[]);
    let Some(curl) = support::peers::tool("curl") else {
        return;
    };
    let url = format!("https://{}/", echo.address);
    let answer = Run::of(curl).args(["-sSk", "--noproxy", "*", &url]).run();
    assert_ne!(answer.code, 0);
    echo.child
        .wait_for_stderr("the client speaks TLS: this is plain http");
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

/// A service that asks for HS256 tokens of this key.
fn guarded(options: &[&str]) -> (Echo, support::Scratch) {
    let scratch = support::Scratch::new("key");
    let key = scratch.write("key", b"0123456789abcdef0123456789abcdef\n");
    let key = format!("file:{}", key.display());
    let options: Vec<&str> = ["--jwt-key", &key].iter().chain(options).copied().collect();
    (Echo::start(&options), scratch)
}

#[test]
fn without_a_good_token_the_answer_is_401_and_why() {
    let (echo, _scratch) = guarded(&[]);
    for (authorization, why) in [
        ("", "no bearer token"),
        ("Authorization: Basic eDp5\r\n", "no bearer token"),
        ("Authorization: Bearer\r\n", "no bearer token"),
        ("Authorization: Bearer nonsense\r\n", ""),
        (
            "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
            "several",
        ),
        // {"alg":"none"}.{}.
        ("Authorization: Bearer eyJhbGciOiJub25lIn0.e30.\r\n", "none"),
    ] {
        let answer = echo.raw(format!("GET /x HTTP/1.1\r\nHost: h\r\n{authorization}\r\n"));
        assert_eq!(statuses(&answer), ["401"], "{authorization}");
        let body = body(&answer);
        assert_eq!(body["error"], "invalid_token");
        let reason = body["reason"].as_str().unwrap();
        assert!(reason.contains(why), "{reason}");
        let challenge = "WWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"";
        assert!(answer.contains(challenge), "{answer}");
        echo.child.wait_for_stderr(&format!("ms: {reason}"));
    }
}

#[test]
fn echo_refuses_an_audience_that_it_was_not_started_with() {
    let for_audience = |options: &[&str]| {
        let (echo, scratch) = guarded(options);
        let key = format!("file:{}", scratch.path().join("key").display());
        let token = support::c47()
            .args(["jwt", "sign", "--alg=HS256", "--key", &key, "--ttl=5m"])
            .arg("--claim=aud=kitsu")
            .run()
            .expect_code(0);
        echo.raw(format!(
            "GET /x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n\r\n",
            token.stdout_text().trim_end()
        ))
    };
    for options in [&[][..], &["--aud=other"]] {
        let answer = for_audience(options);
        assert_eq!(statuses(&answer), ["401"], "{options:?}");
        let reason = body(&answer)["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains("aud is 'kitsu'"), "{reason}");
        assert_eq!(reason.contains("--any-aud"), options.is_empty(), "{reason}");
    }
    for options in [&["--aud=other", "--aud=kitsu"][..], &["--any-aud"]] {
        assert_eq!(statuses(&for_audience(options)), ["200"], "{options:?}");
    }
    support::c47()
        .args(["echo", "--any-aud"])
        .run()
        .expect_code(2);
}

#[test]
fn pyjwt_is_let_in() {
    let Some(python) = support::peers::python(&["jwt"]) else {
        return;
    };
    let (echo, _scratch) = guarded(&["--json", "--count", "5"]);
    let script = "
import json, jwt, sys, time, urllib.request, urllib.error
key = '0123456789abcdef0123456789abcdef'
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
def ask(claims, key=key):
    token = jwt.encode(claims, key, algorithm='HS256')
    request = urllib.request.Request('http://' + sys.argv[1], headers={'Authorization': 'Bearer ' + token})
    try:
        return json.load(opener.open(request))
    except urllib.error.HTTPError as error:
        assert error.code == 401
        return json.load(error)['reason']
now = int(time.time())
answer = ask({'sub': 'me', 'n': 1.5, 'exp': now + 600})
assert answer['claims'] == {'sub': 'me', 'n': 1.5, 'exp': now + 600}, answer
assert answer['headers'][-1]['value'] == 'Bearer ***' or 'Bearer ***' in str(answer), answer
assert ask({'sub': 'bot'})['claims'] == {'sub': 'bot'}
assert 'expired' in ask({'exp': now - 60})
assert 'signature' in ask({'sub': 'me'}, key='another key, of thirty-two bytes')
assert 'not' in ask({'nbf': now + 600})
";
    let client = Run::of(python).args(["-c", script, &echo.address]).run();
    client.expect_code(0);
    let output = echo.child.wait().expect_code(0);
    let lines: Vec<Value> = output
        .stdout_text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // A request's line is written after its answer: those of two connections may change places.
    let mut logged: Vec<String> = lines[1..]
        .iter()
        .map(|line| format!("{} {}", line["status"], line["claims"]["sub"]))
        .collect();
    logged.sort_unstable();
    assert_eq!(
        logged,
        [
            "200 \"bot\"",
            "200 \"me\"",
            "401 null",
            "401 null",
            "401 null"
        ]
    );
    let refused = lines.iter().filter(|line| line["status"] == 401);
    assert!(refused.into_iter().all(|line| line["claims"].is_null()));
}
