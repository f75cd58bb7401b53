//! `c47 echo`, called by curl and Python.

use serde_json::{Value, json};

use crate::support::echo::{Echo, body, statuses};
use crate::support::{self, Run};

fn header<'a>(echoed: &'a Value, name: &str) -> &'a str {
    let headers = echoed["headers"].as_array().unwrap();
    headers
        .iter()
        .find(|header| header["name"] == name)
        .and_then(|header| header["value"].as_str())
        .unwrap_or_else(|| panic!("no {name} in {echoed}"))
}

#[test]
fn response_shows_the_request_of_curl() {
    let echo = Echo::start(&[]);
    let Some(response) = echo.curl(
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
    let response = response.expect_code(0);
    assert!(response.stdout_text().contains("1.10") && response.stdout_text().contains("1e400"));
    assert!(!response.stdout_text().contains("hunter2"));
    // serde_json cannot parse 1e400.
    let echoed: Value =
        serde_json::from_str(&response.stdout_text().replace("1e400", "1")).expect("JSON");
    assert_eq!(echoed["method"], "PATCH");
    assert_eq!(echoed["target"], "/a%20b?x=1%202&y&token=***");
    assert_eq!(echoed["path"], "/a%20b");
    assert_eq!(
        echoed["query"],
        json!([
            {"name": "x", "value": "1 2"},
            {"name": "y", "value": ""},
            {"name": "token", "value": "***"},
        ])
    );
    assert_eq!(echoed["version"], "HTTP/1.1");
    assert_eq!(header(&echoed, "X-Empty"), "");
    assert_eq!(echoed["body"]["password"], "***");
    assert_eq!(echoed["body_base64"], Value::Null);
    assert_eq!(echoed["claims"], Value::Null);
}

#[test]
fn credentials_sent_by_curl_are_masked() {
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
    let Some(response) = echo.curl(&arguments, path) else {
        return;
    };
    let echoed = response.expect_code(0).json();
    assert!(!echoed.to_string().contains("hunter2"), "{echoed}");
    assert_eq!(header(&echoed, "Authorization"), "Basic ***");
    assert_eq!(header(&echoed, "Proxy-Authorization"), "Bearer ***");
    assert_eq!(header(&echoed, "Referer"), "http://***@h/?api_key=***");
    assert_eq!(echoed["body"], "client_secret=***&a=b&refresh_token=***");
    echo.child
        .wait_for_stderr("127.0.0.1 POST /?tsid=***&page=2 200 ");

    let open = Echo::start(&["--show-secrets"]);
    let echoed = open.curl(&arguments, path).unwrap().expect_code(0).json();
    assert_eq!(header(&echoed, "X-Api-Key"), "hunter2");
    assert_eq!(
        echoed["body"],
        "client_secret=hunter2&a=b&refresh_token=hunter2"
    );
}

#[test]
fn bodies_sent_by_curl_are_shown() {
    let echo = Echo::start(&[]);
    let chunked = [
        "-H",
        "Transfer-Encoding: chunked",
        "--data-binary",
        "h\u{e9}llo",
    ];
    let Some(response) = echo.curl(&chunked, "/") else {
        return;
    };
    assert_eq!(response.json()["body"], "h\u{e9}llo");
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
    let response = upload(b"\xff\x00\x01", &[]);
    assert_eq!(body(&response)["body_base64"], "/wAB");
    // Large enough that curl sends Expect: 100-continue.
    let large = vec![b'x'; 3 << 20];
    let response = upload(&large, &["-H", "Expect: 100-continue"]);
    assert_eq!(statuses(&response), ["100", "200"]);
    assert!(response.len() > large.len());
    let response = upload(&vec![b'x'; 17 << 20], &[]);
    assert_eq!(statuses(&response), ["413"]);
    let response = upload(
        &vec![b'x'; 17 << 20],
        &["-H", "Transfer-Encoding: chunked", "-H", "Expect:"],
    );
    assert_eq!(statuses(&response), ["413"]);
}

#[test]
fn tls_client_gets_an_error() {
    let echo = Echo::start(&[]);
    let Some(curl) = support::peers::tool("curl") else {
        return;
    };
    let url = format!("https://{}/", echo.address);
    let response = Run::of(curl).args(["-sSk", "--noproxy", "*", &url]).run();
    assert_ne!(response.code, 0);
    echo.child
        .wait_for_stderr("the client uses TLS, but this server is plain HTTP");
}

#[test]
fn head_204_and_304_have_no_body() {
    for (status, has_body) in [("200", true), ("204", false), ("304", false), ("503", true)] {
        let echo = Echo::start(&["--status", status]);
        let response = echo.raw("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(statuses(&response), [status]);
        assert_eq!(!response.ends_with("\r\n\r\n"), has_body, "{response}");
        let response = echo.raw("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(statuses(&response), [status]);
        assert!(response.ends_with("\r\n\r\n"), "{response}");
        assert_eq!(response.contains("Content-Length: "), has_body);
    }
}

#[test]
fn python_reuses_the_connection() {
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
fn json_log_is_one_object_a_line() {
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
fn signals_end_the_server() {
    for (signal, code) in [(libc::SIGINT, 130), (libc::SIGTERM, 143)] {
        let echo = Echo::start(&[]);
        let _open = echo.connect();
        echo.child.signal(signal);
        echo.child.wait().expect_code(code);
    }
}

#[test]
fn bind_listens_on_other_addresses() {
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
fn invalid_options_are_reported() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = support::c47()
        .args(["echo", "--port", &port])
        .run()
        .expect_code(7);
    assert_eq!(
        output.stderr_text(),
        format!(
            "c47 echo: cannot listen on 127.0.0.1:{port}: address in use\nhint: use --port 0 for a free port\n"
        )
    );
    let output = support::c47()
        .args(["echo", "--bind", "192.0.2.1"])
        .run()
        .expect_code(7);
    assert!(
        output
            .stderr_text()
            .contains("hint: use an address of this machine for --bind")
    );
    for (options, why) in [
        (["--status", "199"], "200 to 599"),
        (["--status", "600"], "200 to 599"),
        (["--count", "0"], "1 or more"),
        (["--port", "65536"], "--port"),
        (["--bind", "localhost:80"], "not an IP address"),
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

/// A server that requires HS256 tokens.
fn guarded(options: &[&str]) -> (Echo, support::Scratch) {
    let scratch = support::Scratch::new("key");
    let key = scratch.write("key", b"0123456789abcdef0123456789abcdef\n");
    let key = format!("file:{}", key.display());
    let options: Vec<&str> = ["--jwt-key", &key].iter().chain(options).copied().collect();
    (Echo::start(&options), scratch)
}

#[test]
fn invalid_token_gets_401_with_the_reason() {
    let (echo, _scratch) = guarded(&[]);
    for (authorization, why) in [
        ("", "no bearer token"),
        ("Authorization: Basic eDp5\r\n", "no bearer token"),
        ("Authorization: Bearer\r\n", "no bearer token"),
        ("Authorization: Bearer nonsense\r\n", ""),
        (
            "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
            "more than one",
        ),
        // {"alg":"none"}.{}.
        ("Authorization: Bearer eyJhbGciOiJub25lIn0.e30.\r\n", "none"),
    ] {
        let response = echo.raw(format!("GET /x HTTP/1.1\r\nHost: h\r\n{authorization}\r\n"));
        assert_eq!(statuses(&response), ["401"], "{authorization}");
        let body = body(&response);
        assert_eq!(body["error"], "invalid_token");
        let reason = body["reason"].as_str().unwrap();
        assert!(reason.contains(why), "{reason}");
        let challenge = "WWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"";
        assert!(response.contains(challenge), "{response}");
        echo.child.wait_for_stderr(&format!("ms: {reason}"));
    }
}

#[test]
fn token_for_another_audience_is_refused() {
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
        let response = for_audience(options);
        assert_eq!(statuses(&response), ["401"], "{options:?}");
        let reason = body(&response)["reason"].as_str().unwrap().to_owned();
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
fn token_of_pyjwt_is_accepted() {
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
response = ask({'sub': 'me', 'n': 1.5, 'exp': now + 600})
assert response['claims'] == {'sub': 'me', 'n': 1.5, 'exp': now + 600}, response
assert response['headers'][-1]['value'] == 'Bearer ***' or 'Bearer ***' in str(response), response
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
    // Log lines are written after the response, so those of two connections may be swapped.
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
