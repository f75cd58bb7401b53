//! `c47 http` from the user's view: what it sends, what it prints, and its exit code.

use std::time::Duration;

use crate::support::server::{Response, Server};
use crate::support::{ClosedPort, Scratch, all_on_old_kernel, c47, empty_root, peers, wait_until};

fn echoing() -> Server {
    Server::start(|_| Response::json(r#"{"b": 1.10, "a": [1e400, "é"]}"#))
}

#[test]
fn items_set_headers_query_and_body() {
    let server = echoing();
    let scratch = Scratch::new("items");
    scratch.write("note.txt", "two\nlines");
    scratch.write("data.json", "[1.0]");
    c47()
        .current_dir(scratch.path())
        .args(["http", &server.url("/shots?x=1")])
        .args([
            "X-Shot:sq 010",
            "X-Empty;",
            "User-Agent:",
            "page==2",
            "q==a b&c",
        ])
        .args([
            "name=é",
            "a[b][]:=1.10",
            "a[b][]:=null",
            "note=@note.txt",
            "data:=@data.json",
            "k\\:e=v",
        ])
        .run()
        .expect_code(0);
    let request = server.request();
    assert_eq!(request.method, "POST");
    assert_eq!(request.target, "/shots?x=1&page=2&q=a%20b%26c");
    assert_eq!(request.header("x-shot"), Some("sq 010"));
    assert_eq!(request.header("x-empty"), Some(""));
    assert_eq!(request.header("user-agent"), None);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(
        request.body_text(),
        r#"{"name":"é","a":{"b":[1.10,null]},"note":"two\nlines","data":[1.0],"k:e":"v"}"#
    );
}

#[test]
fn get_sends_the_default_headers() {
    let server = echoing();
    c47()
        .args(["http", &server.url("/")])
        .silent_stdin()
        .run()
        .expect_code(0);
    let request = server.request();
    assert_eq!((request.method.as_str(), request.body.len()), ("GET", 0));
    assert!(request.header("user-agent").unwrap().starts_with("c47/"));
    assert_eq!(request.header("content-length"), None);
    assert_eq!(
        request.header("host"),
        Some(format!("127.0.0.1:{}", server.port()).as_str())
    );
}

#[test]
fn forms_and_raw_bodies_are_sent() {
    let server = echoing();
    let scratch = Scratch::new("bodies");
    scratch.write("frame.exr", [0, 159, 146, 150]);
    c47()
        .args(["http", "--form", &server.url("/"), "a b=é&", "t[]=1"])
        .run()
        .expect_code(0);
    c47()
        .current_dir(scratch.path())
        .args(["http", "PUT", &server.url("/"), "--body", "frame.exr"])
        .run()
        .expect_code(0);
    c47()
        .args(["http", &server.url("/"), "--body=-"])
        .stdin(b"from stdin".to_vec())
        .run()
        .expect_code(0);
    c47()
        .args(["http", "POST", &server.url("/")])
        .run()
        .expect_code(0);
    let [form, file, stdin, empty] = &server.requests()[..] else {
        panic!("four requests")
    };
    assert_eq!(form.body_text(), "a%20b=%C3%A9%26&t%5B%5D=1");
    assert!(
        form.header("content-type")
            .unwrap()
            .starts_with("application/x-www-form-urlencoded")
    );
    assert_eq!(
        (file.method.as_str(), &file.body[..]),
        ("PUT", &[0, 159, 146, 150][..])
    );
    assert_eq!(file.header("content-length"), Some("4"));
    assert_eq!(
        (stdin.method.as_str(), stdin.body_text()),
        ("POST", "from stdin")
    );
    assert_eq!(empty.header("content-length"), Some("0"));
}

#[test]
fn body_is_unchanged_in_a_pipe() {
    let body = b"{\"b\": 1.10,\n\x00\xff \"a\"".as_slice();
    let server = Server::start(move |_| Response::ok(body));
    let output = c47().args(["http", &server.url("/")]).run().expect_code(0);
    assert_eq!(output.stdout, body);
    assert_eq!(output.stderr_text(), "");
}

#[test]
fn exit_code_depends_on_the_status_and_the_body_is_printed() {
    for (status, code) in [
        ("204 No Content", 0),
        ("302 Found", 3),
        ("404 Not Found", 4),
        ("503 Busy", 5),
    ] {
        let server = Server::start(move |_| {
            Response::new(
                status,
                "",
                if status.starts_with("204") { "" } else { "why" },
            )
        });
        let output = c47()
            .args(["http", &server.url("/")])
            .run()
            .expect_code(code);
        assert_eq!(output.stdout_text(), if code == 0 { "" } else { "why" });
    }
}

#[test]
fn verbose_prints_headers_unchanged_with_masked_secrets() {
    let server = Server::start(|_| {
        Response::raw(
            "HTTP/1.1 200 Quite Fine\r\nX-ODD-Case: a\r\nSet-Cookie: session=sekrit\r\ncontent-length: 2\r\n\r\nok",
        )
    });
    let output = c47()
        .env("TOKEN", "sekrit")
        .args([
            "http",
            "-v",
            &server.url("/?access_token=sekrit"),
            "--auth",
            "bearer=env:TOKEN",
        ])
        .run()
        .expect_code(0);
    let heads = output.stderr_text();
    assert!(heads.contains("> authorization: Bearer ***"), "{heads}");
    assert!(
        heads.contains("< HTTP/1.1 200 Quite Fine") && heads.contains("< X-ODD-Case: a"),
        "{heads}"
    );
    assert!(!heads.contains("sekrit"), "{heads}");
    assert_eq!(
        server.request().header("authorization"),
        Some("Bearer sekrit")
    );
    let output = c47()
        .args(["http", "--headers", &server.url("/")])
        .run()
        .expect_code(0);
    assert_eq!(
        output.stdout_text(),
        "HTTP/1.1 200 Quite Fine\nX-ODD-Case: a\nSet-Cookie: session=sekrit\ncontent-length: 2\n"
    );
}

#[test]
fn json_reports_everything_with_masked_secrets() {
    let server = echoing();
    let output = c47()
        .env("TOKEN", "sekrit")
        .args([
            "http",
            "--json",
            &server.url("/x"),
            "--auth",
            "query=tok:env:TOKEN",
            "a=b",
        ])
        .run()
        .expect_code(0);
    assert!(!output.stdout_text().contains("sekrit"));
    assert!(
        output
            .stdout_text()
            .contains(r#""body":{"b": 1.10, "a": [1e400, "é"]}"#)
    );
    assert_eq!(server.request().target, "/x?tok=sekrit");
    let raw = Server::start(|_| Response::ok([0xff, 0xfe]));
    let output = c47()
        .args(["http", "--json", &raw.url("/")])
        .run()
        .expect_code(0);
    let report = output.json();
    assert_eq!(report["request"]["method"], "GET");
    assert_eq!(report["response"]["status"], 200);
    assert_eq!(report["response"]["body"], serde_json::Value::Null);
    assert_eq!(report["response"]["body_base64"], "//4=");
    assert!(report["timing_ms"]["total"].as_f64().unwrap() > 0.0);
    assert_eq!(report["timing_ms"]["tls"], serde_json::Value::Null);
}

#[test]
fn every_auth_scheme_sends_its_credentials() {
    let server = echoing();
    let scratch = Scratch::new("schemes");
    let file = scratch.write("key", "from a file\n");
    let url = server.url("/");
    for scheme in [
        "bearer=env:S".to_owned(),
        "basic=me:env:S".to_owned(),
        format!("header=X-Api-Key:file:{}", file.display()),
        "query=tsid:command:printf 'a b\\nsecond line'".to_owned(),
    ] {
        c47()
            .env("S", "s:1")
            .args(["http", &url, "--auth", &scheme])
            .run()
            .expect_code(0);
    }
    c47()
        .args([
            "http",
            &format!("http://me:p%40ss@127.0.0.1:{}/", server.port()),
        ])
        .run()
        .expect_code(0);
    let requests = server.requests();
    assert_eq!(requests[0].header("authorization"), Some("Bearer s:1"));
    assert_eq!(requests[1].header("authorization"), Some("Basic bWU6czox"));
    assert_eq!(requests[2].header("x-api-key"), Some("from a file"));
    assert_eq!(requests[3].target, "/?tsid=a%20b");
    assert_eq!(
        requests[4].header("authorization"),
        Some("Basic bWU6cEBzcw==")
    );
}

#[test]
fn jwt_scheme_mints_a_token_for_the_call() {
    let Some(python) = peers::python(&["jwt"]) else {
        return;
    };
    let server = echoing();
    c47()
        .env("KEY", "a shared secret of thirty-two bytes")
        .args([
            "http",
            &server.url("/"),
            "--auth",
            "jwt=HS256:env:KEY",
            "--ttl=2m",
            "--jti",
        ])
        .args([
            "--kid",
            "k1",
            "--claim",
            "sub=me",
            "--claim",
            "roles:=[\"td\", 1.10]",
        ])
        .run()
        .expect_code(0);
    let request = server.request();
    let token = request.header("authorization").unwrap();
    let token = token.strip_prefix("Bearer ").unwrap();
    let check = "import jwt, sys, json
token = sys.argv[1]
claims = jwt.decode(token, 'a shared secret of thirty-two bytes', algorithms=['HS256'])
print(json.dumps([jwt.get_unverified_header(token)['kid'], claims['sub'], claims['roles'], claims['exp'] - claims['iat'], len(claims['jti']) > 15]))";
    let answer = crate::support::Run::of(python)
        .args(["-c", check, token])
        .run()
        .expect_code(0);
    assert_eq!(
        answer.stdout_text().trim(),
        r#"["k1", "me", ["td", 1.1], 120, true]"#
    );
    for words in [
        &["--auth", "jwt=HS257:env:KEY"][..],
        &["--auth", "jwt=RS256:env:KEY"],
        &["--auth", "jwt=HS256:env:KEY", "--claim", "a:={"],
        &["--auth", "bearer=env:KEY", "--claim", "a=b"],
    ] {
        let run = c47().env("KEY", "hunter2").args(["http", &server.url("/")]);
        let output = run.args(words).run().expect_code(2);
        assert!(
            !output.stderr_text().contains("hunter2"),
            "{}",
            output.tell()
        );
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn missing_secret_sends_nothing() {
    let server = echoing().may_be_idle();
    for source in [
        "env:NONE",
        "env:EMPTY",
        "file:/nonexistent",
        "command:false",
        "command:/nonexistent",
        "prompt",
    ] {
        let output = c47()
            .env("EMPTY", "")
            .args([
                "http",
                &server.url("/"),
                "--auth",
                &format!("bearer={source}"),
            ])
            .run()
            .expect_code(9);
        assert!(
            output
                .stderr_text()
                .starts_with("c47 http: no secret from "),
            "{}",
            output.stderr_text()
        );
    }
    c47()
        .env("BAD", "a\r\nX-Evil: 1")
        .args(["http", &server.url("/"), "--auth", "bearer=env:BAD"])
        .run()
        .expect_code(9);
    assert_eq!(server.connections(), 0);
}

#[test]
fn usage_errors_send_nothing_and_repeat_no_secret() {
    let server = echoing().may_be_idle();
    let url = server.url("/");
    for words in [
        &["--auth", "bearer=hunter2"][..],
        &["--auth", "hunter2"],
        &["--auth", "basic=me:hunter2"],
        &["a:={nojson"],
        &["X Y:1"],
        &["a=1", "a[b]=2"],
        &["a=b", "--body", "-"],
        &["--timeout", "soon"],
        &["--max-body", "much"],
        &["--ttl", "5m"],
        &["--json", "--headers"],
        &["@file"],
        &["Content-Length:5"],
        &["transfer-encoding:chunked"],
    ] {
        let output = c47().args(["http", &url]).args(words).run().expect_code(2);
        assert!(
            !output.stderr_text().contains("hunter2"),
            "{}",
            output.stderr_text()
        );
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn credentials_over_plain_http_to_another_machine_are_refused() {
    for words in [
        &["--auth", "bearer=env:S"][..],
        &["--auth", "hmac=sha256:env:S"],
        &["--auth", r#"helper=printf '%s' '{"headers": {"A": "b"}}'"#],
        &["X-Api-Key:k"],
        &["Authorization:Bearer k"],
        &["Cookie:a=b"],
    ] {
        let output = c47()
            .env("S", "s")
            .args(["http", "http://service.invalid/"])
            .args(words)
            .run()
            .expect_code(2);
        assert!(output.stderr_text().contains("--allow-plaintext"));
    }
    // Through a proxy, even a request to localhost leaves the machine.
    let proxy = echoing().may_be_idle();
    let proxy_url = format!("http://127.0.0.1:{}", proxy.port());
    c47()
        .env("S", "s")
        .args([
            "http",
            "http://localhost:9/",
            "--auth",
            "bearer=env:S",
            "--proxy",
            &proxy_url,
        ])
        .run()
        .expect_code(2);
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn output_file_is_written_whole_or_not_at_all() {
    let scratch = Scratch::new("output");
    let target = scratch.write("out.json", "old");
    let into = |url: &str, code| {
        c47()
            .current_dir(scratch.path())
            .args(["http", url, "-o", "out.json"])
            .run()
            .expect_code(code)
    };
    let cut =
        Server::start(|_| Response::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"));
    into(&cut.url("/"), 7);
    let missing = Server::start(|_| Response::new("404 Not Found", "", "no such shot"));
    assert_eq!(into(&missing.url("/"), 4).stdout_text(), "no such shot");
    assert_eq!(std::fs::read(&target).unwrap(), b"old");
    let good = Server::start(|_| Response::ok("new"));
    into(&good.url("/"), 0);
    assert_eq!(std::fs::read(&target).unwrap(), b"new");
    assert_eq!(
        std::fs::read_dir(scratch.path()).unwrap().count(),
        1,
        "litter"
    );
    c47()
        .args(["http", &good.url("/"), "-o", "/nonexistent/x"])
        .run()
        .expect_code(7);
    c47()
        .args(["http", &good.url("/"), "-o", "/dev/full"])
        .run()
        .expect_code(7);
}

#[test]
fn ctrl_c_leaves_no_partial_file() {
    let scratch = Scratch::new("ctrl-c");
    let server = Server::start(|_| {
        Response::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").then_hang()
    });
    for (signal, code) in [(libc::SIGINT, 130), (libc::SIGTERM, 143)] {
        let child = c47()
            .current_dir(scratch.path())
            .args(["http", &server.url("/"), "-o", "x"])
            .spawn();
        // After the first bytes, a signal must remove the temporary file.
        wait_until("half a file is written", || {
            let mut files = std::fs::read_dir(scratch.path()).unwrap();
            files.any(|file| file.unwrap().metadata().is_ok_and(|file| file.len() == 4))
        });
        child.signal(signal);
        child.wait().expect_code(code);
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
}

#[test]
fn timeout_ends_the_call() {
    let silent = Server::start(|_| Response::raw("").then_hang());
    let output = c47()
        .args(["http", &silent.url("/"), "--timeout", "300ms"])
        .run()
        .expect_code(8);
    assert_eq!(
        output.stderr_text().lines().next(),
        Some("c47 http: timed out after 300ms")
    );
    let drip = Server::start(|_| {
        Response::raw(format!(
            "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{}",
            "x".repeat(1000)
        ))
        .drip(Duration::from_millis(20))
    });
    c47()
        .args(["http", &drip.url("/"), "--timeout", "500ms"])
        .run()
        .expect_code(8);
}

#[test]
fn unreachable_hosts_are_named() {
    let port = ClosedPort::reserve();
    let closed = port.number();
    let output = c47()
        .args(["http", &format!(":{closed}/")])
        .run()
        .expect_code(7);
    assert_eq!(
        output.stderr_text(),
        format!("c47 http: cannot connect to http://localhost:{closed}: connection refused\n")
    );
    let output = c47()
        .args(["http", "http://no-such-host.invalid/"])
        .limit(Duration::from_secs(60))
        .run()
        .expect_code(7);
    assert!(
        output
            .stderr_text()
            .starts_with("c47 http: cannot resolve host 'no-such-host.invalid'"),
        "{}",
        output.stderr_text()
    );
}

#[test]
fn httpbin_receives_what_was_sent() {
    let Some(httpbin) = peers::httpbin() else {
        return;
    };
    let http = |words: &[&str]| c47().env("S", "passwd").arg("http").args(words);
    http(&[
        &httpbin.url("/basic-auth/user/passwd"),
        "--auth",
        "basic=user:env:S",
    ])
    .run()
    .expect_code(0);
    http(&[
        &httpbin.url("/basic-auth/user/other"),
        "--auth",
        "basic=user:env:S",
    ])
    .run()
    .expect_code(4);
    let bearer = http(&[&httpbin.url("/bearer"), "--auth", "bearer=env:S"])
        .run()
        .expect_code(0);
    assert_eq!(bearer.json()["token"], "passwd");
    let gzip = http(&[&httpbin.url("/gzip")]).run().expect_code(0);
    assert_eq!(gzip.json()["gzipped"], true);
    let deflate = http(&[&httpbin.url("/deflate")]).run().expect_code(0);
    assert_eq!(deflate.json()["deflated"], true);
    for (status, code) in [("200", 0), ("301", 3), ("418", 4), ("500", 5)] {
        http(&[&httpbin.url(&format!("/status/{status}"))])
            .run()
            .expect_code(code);
    }
    http(&[&httpbin.url("/redirect/3")]).run().expect_code(3);
    http(&["--follow", &httpbin.url("/redirect/3")])
        .run()
        .expect_code(0);
    http(&["--follow", "--max-redirects=2", &httpbin.url("/redirect/3")])
        .run()
        .expect_code(6);
    let posted = http(&[&httpbin.url("/post"), "a=b", "n:=1.50"])
        .run()
        .expect_code(0);
    assert_eq!(posted.json()["json"]["a"], "b");
    assert_eq!(posted.json()["data"], r#"{"a":"b","n":1.50}"#);
    let form = http(&["--form", &httpbin.url("/post"), "a b=c&d"])
        .run()
        .expect_code(0);
    assert_eq!(form.json()["form"]["a b"], "c&d");
}

/// The output in a pipe is the same as with curl.
#[test]
fn responses_are_the_same_as_with_curl() {
    let (Some(httpbin), Some(curl)) = (peers::httpbin(), peers::tool("curl")) else {
        return;
    };
    for path in [
        "/html",
        "/json",
        "/xml",
        "/robots.txt",
        "/encoding/utf8",
        "/bytes/100000?seed=47",
        "/stream-bytes/100000?seed=47&chunk_size=1000",
        "/image/png",
        "/base64/YzQ3",
        "/status/418",
        "/drip?numbytes=5&duration=0.5&delay=0",
        "/redirect-to?url=/xml",
        "/response-headers?a=b",
    ] {
        let url = httpbin.url(path);
        let ours = c47().args(["http", "--follow", &url]).run();
        let theirs = crate::support::Run::of(&curl)
            .args(["-sSL", "--compressed", &url])
            .run()
            .expect_code(0);
        assert_eq!(ours.stdout, theirs.stdout, "{path}");
        assert_eq!(
            ours.code,
            if path == "/status/418" { 4 } else { 0 },
            "{path}"
        );
    }
}

/// A slow body is not idle, but the total time is limited.
#[test]
fn timeout_ends_a_slow_body() {
    let Some(httpbin) = peers::httpbin() else {
        return;
    };
    // The body takes longer than the time limit of the test runner.
    let url = httpbin.url("/drip?numbytes=240&duration=120&delay=0");
    c47()
        .args(["http", &url, "--timeout", "1s"])
        .run()
        .expect_code(8);
}

#[test]
fn http_works_in_an_empty_root() {
    let server = echoing();
    let Some(output) = empty_root::run(["http", &server.url("/")]) else {
        return;
    };
    assert!(output.expect_code(0).stdout_text().contains("1e400"));
    let Some(output) = empty_root::run(["http", "http://kitsu.invalid/"]) else {
        return;
    };
    let output = output.expect_code(7);
    assert!(
        output.stderr_text().contains("/etc/resolv.conf"),
        "{}",
        output.stderr_text()
    );
    let port = ClosedPort::reserve();
    let url = format!("https://127.0.0.1:{}/", port.number());
    let https = || empty_root::empty_c47().unwrap().args(["http", &url]);
    // Without getrandom(2) and /dev/random there are no random numbers, so TLS fails.
    for (run, why) in [
        (https(), "connection refused"),
        (https().on_old_kernel(), "cannot get random numbers for TLS"),
    ] {
        if why == "connection refused" && all_on_old_kernel() {
            continue;
        }
        let output = run.run().expect_code(7);
        assert!(output.stderr_text().contains(why), "{}", output.tell());
    }
}
