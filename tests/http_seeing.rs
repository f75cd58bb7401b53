//! What c47 prints about a call: the request before it is sent, the curl command, the parts, the
//! timing, and lines as they arrive.

use std::io::{Read, Write};
use std::sync::mpsc;
use std::time::Duration;

use crate::support::server::{Request, Response, Server};
use crate::support::{Effort, Run, Scratch, binary, c47, effort, peers};

/// Calls of every kind; the first word of each is the path.
fn calls() -> Vec<Vec<&'static str>> {
    vec![
        vec!["/"],
        vec![
            "/shots?x=1",
            "page==2",
            "q==a b&c'd",
            "X-Shot:it's \"sq\" $010",
            "X-Empty;",
        ],
        vec![
            "/json",
            "name=it's é",
            "n:=1.10",
            "a[b][]:=null",
            "User-Agent:",
            "Accept:text/plain",
        ],
        vec!["/form", "--form", "a b=c&d", "t=1"],
        vec!["/put?a", "--body", "body.bin", "PUT"],
        vec!["/purge", "PURGE"],
        vec!["/post", "POST"],
    ]
}

fn words(server: &Server, call: &[&'static str]) -> Vec<String> {
    let url = server.url(call[0]);
    let rest = call[1..].iter().map(|&word| word.to_owned());
    let (methods, rest): (Vec<_>, Vec<_>) =
        rest.partition(|word| word.bytes().all(|b| b.is_ascii_uppercase()));
    [methods, vec![url], rest].concat()
}

/// Whether the bytes contain the headers of a request and its whole announced body.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let Some((head, _)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    assert!(!head.contains("\r\ntransfer-encoding:"), "{head}");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    let end_of_head = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    bytes.len() >= end_of_head + 4 + length
}

#[test]
fn offline_prints_exactly_the_sent_bytes() {
    let scratch = Scratch::new("offline");
    scratch.write("body.bin", [0, 159, 146, 150]);
    let (sender, receiver) = mpsc::channel();
    let server = Server::connection(move |mut stream| {
        let mut seen = Vec::new();
        let mut chunk = [0; 4096];
        while !is_whole(&seen) {
            let count = stream.read(&mut chunk).unwrap();
            assert!(count > 0, "a request cut short: {seen:?}");
            seen.extend_from_slice(&chunk[..count]);
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        // The client closes after the response; extra bytes after the request would be seen too.
        let _ = stream.read_to_end(&mut seen);
        sender.send(seen).unwrap();
    });
    for call in calls() {
        let words = words(&server, &call);
        let run = || c47().current_dir(scratch.path()).arg("http").args(&words);
        run().run().expect_code(0);
        let sent = receiver.recv_timeout(Duration::from_secs(10)).unwrap();
        let shown = run().arg("--offline").run().expect_code(0);
        assert_eq!(
            String::from_utf8_lossy(&shown.stdout),
            String::from_utf8_lossy(&sent),
            "{words:?}"
        );
    }
}

#[test]
fn offline_reads_no_source_and_shows_no_secret() {
    let run = |scheme: &str, words: &[&str]| {
        let run = c47()
            .env("S", "sekrit")
            .args(["http", "https://service.invalid/x?token=sekrit"]);
        run.args(["--offline", "--auth", scheme])
            .args(words)
            .run()
            .expect_code(0)
    };
    for (scheme, shown) in [
        ("bearer=env:NONE", "authorization: Bearer ***"),
        ("basic=me:prompt", "authorization: Basic ***"),
        ("header=X-Api-Key:command:false", "x-api-key: ***"),
        ("query=tsid:env:S", "&tsid=***"),
        ("jwt=HS256:env:NONE", "authorization: Bearer ***"),
        ("hmac=sha256:env:NONE", "x-hub-signature-256: ***"),
        ("helper=false sekrit", "authorization: ***"),
    ] {
        let output = run(
            scheme,
            &["password=sekrit", "X-Api-Token:sekrit", "shot=sh010"],
        );
        assert!(output.stdout_text().contains(shown), "{}", output.tell());
        assert!(output.stdout_text().contains("sh010"), "{}", output.tell());
        assert!(
            !output.stdout_text().contains("sekrit"),
            "{}",
            output.tell()
        );
    }
}

/// The parts of a request that do not depend on the client.
fn essence(request: &Request) -> String {
    let headers = [
        "content-type",
        "accept",
        "authorization",
        "x-shot",
        "x-empty",
        "x-api-key",
        "accept-encoding",
    ];
    let seen: Vec<String> = headers
        .iter()
        .map(|name| format!("{name}={:?}", request.header(name)))
        .collect();
    format!(
        "{} {} {seen:?} {:?}",
        request.method, request.target, request.body
    )
}

#[test]
fn curl_makes_the_same_call() {
    let Some(curl) = peers::tool("curl") else {
        return;
    };
    let scratch = Scratch::new("curl");
    scratch.write("body.bin", [0, 159, 146, 150]);
    scratch.write("key file", "from a file\n");
    let with_auth = [
        vec!["/a", "--auth", "bearer=env:S"],
        vec!["/b", "--auth", "basic=me:env:S"],
        vec!["/b?a[1]=1&b={x}"],
        vec!["/c", "--auth", "header=X-Api-Key:file:key file"],
        vec!["/d?x=1", "--auth", "query=tsid:command:printf 'a1\\nb'"],
    ];
    for call in calls().into_iter().chain(with_auth) {
        let server = Server::start(|_| Response::ok(""));
        let run = || {
            c47()
                .env("S", "it's \"a\" secret")
                .current_dir(scratch.path())
                .arg("http")
                .args(words(&server, &call))
        };
        run().run().expect_code(0);
        let command = run()
            .arg("--curl")
            .run()
            .expect_code(0)
            .stdout_text()
            .trim()
            .to_owned();
        assert!(
            !command.contains("a\" secret") && !command.contains("from a file"),
            "{command}"
        );
        let shell = Run::of("/bin/sh")
            .env("S", "it's \"a\" secret")
            .env("PATH", path_with(&curl));
        shell
            .current_dir(scratch.path())
            .args(["-c", &command])
            .run()
            .expect_code(0);
        let requests = server.requests();
        // curl offers the encodings that it supports.
        let encodings = requests[1]
            .header("accept-encoding")
            .unwrap_or("")
            .to_owned();
        let expected = essence(&requests[0]).replace("gzip, deflate, br", &encodings);
        assert_eq!(essence(&requests[1]), expected, "{command}");
    }
}

fn path_with(program: &std::path::Path) -> String {
    format!("{}:/usr/bin:/bin", program.parent().unwrap().display())
}

#[test]
fn curl_mints_its_token_with_c47() {
    let command = |words: &[&str]| {
        c47()
            .args(["http", "https://a.lan/", "--curl"])
            .args(words)
            .run()
            .expect_code(0)
            .stdout_text()
            .to_owned()
    };
    let line = command(&[
        "--auth",
        "jwt=HS256:file:my key",
        "--claim",
        "sub=it's me",
        "--ttl",
        "2m",
    ]);
    assert!(line.contains(r#"-H "authorization: Bearer $(c47 jwt sign --alg HS256 --key 'file:my key' --ttl 120s --claim 'sub=it'\''s me')""#), "{line}");
    let line = command(&[
        "--follow",
        "--insecure",
        "-4",
        "--timeout=5s",
        "--proxy",
        "http://me:sekrit@p:1",
        "-o",
        "a b",
    ]);
    for part in ["-L --max-redirs 10", "-k", "-4", "-m 5", "-o 'a b'"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!line.contains("sekrit"), "{line}");
}

#[test]
fn curl_sends_the_same_form_with_files() {
    let Some(curl) = peers::tool("curl") else {
        return;
    };
    let scratch = Scratch::new("form");
    scratch.write("plate.exr", "pixels");
    let server = Server::start(|_| Response::ok(""));
    let run = || {
        let run = c47().current_dir(scratch.path());
        run.args([
            "http",
            &server.url("/"),
            "plate@plate.exr;type=image/x-exr",
            "note=it's <b>",
            "password=sekrit",
        ])
    };
    let shown = run().arg("--offline").run().expect_code(0);
    let text = shown.stdout_text();
    assert!(
        text.contains("pixels") && text.contains("<b>") && !text.contains("sekrit"),
        "{text}"
    );
    let command = run()
        .arg("--curl")
        .run()
        .expect_code(0)
        .stdout_text()
        .trim()
        .to_owned();
    assert!(!command.contains("sekrit"), "{command}");
    let shell = Run::of("/bin/sh")
        .env("PATH", path_with(&curl))
        .current_dir(scratch.path());
    shell.args(["-c", &command]).run().expect_code(0);
    let sent = server.request();
    assert!(
        sent.header("content-type")
            .unwrap()
            .starts_with("multipart/form-data; boundary=")
    );
    for part in [
        "name=\"plate\"; filename=\"plate.exr\"",
        "Content-Type: image/x-exr",
        "it's <b>",
        "pixels",
    ] {
        assert!(sent.body_text().contains(part), "{}", sent.body_text());
    }
}

#[test]
fn print_selects_the_parts() {
    let server = Server::start(|_| {
        Response::raw("HTTP/1.1 200 OK\r\nX-One: 1\r\ncontent-length: 2\r\n\r\nok")
    });
    let print = |letters: &str| {
        c47()
            .args(["http", &server.url("/x"), "a=b", "--print", letters])
            .run()
    };
    let all = print("bhBH").expect_code(0);
    let text = all.stdout_text();
    let places: Vec<_> = [
        "POST /x HTTP/1.1\r\n",
        "{\"a\":\"b\"}",
        "HTTP/1.1 200 OK\r\nX-One: 1\r\n",
        "\r\n\r\nok",
    ]
    .map(|part| {
        text.find(part)
            .unwrap_or_else(|| panic!("{part} is missing: {text}"))
    })
    .to_vec();
    assert!(places.is_sorted(), "{text}");
    assert_eq!(print("b").expect_code(0).stdout_text(), "ok");
    assert_eq!(print("").expect_code(0).stdout_text(), "");
    print("x").expect_code(2);
}

#[test]
fn timing_prints_a_chart_on_stderr() {
    let server = Server::start(|_| Response::ok("body"));
    let output = c47()
        .args(["http", &server.url("/"), "--timing"])
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), "body");
    for part in ["connect", "first byte", "transfer", "total"] {
        assert!(output.stderr_text().contains(part), "{}", output.tell());
    }
    assert!(!output.stderr_text().contains("TLS"));
}

#[test]
fn stream_prints_lines_as_they_arrive() {
    let (go, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let server = Server::connection(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: 1\n").unwrap();
        // The second line is sent only after the first was printed.
        wait.lock()
            .unwrap()
            .recv_timeout(Duration::from_secs(20))
            .expect("the first line was passed on");
        stream.write_all(b"data: 2\n").unwrap();
    });
    let mut child = c47()
        .args(["http", &server.url("/events"), "--stream"])
        .spawn();
    assert_eq!(child.stdout_line(), "data: 1");
    go.send(()).unwrap();
    assert_eq!(child.stdout_line(), "data: 2");
    child.wait().expect_code(0);
}

#[test]
fn brotli_is_decoded() {
    let Some(httpbin) = peers::httpbin() else {
        return;
    };
    let output = c47()
        .args(["http", &httpbin.url("/brotli")])
        .run()
        .expect_code(0);
    assert_eq!(output.json()["brotli"], true);
}

#[test]
fn output_options_are_mutually_exclusive() {
    for words in [
        &["--json", "--stream"][..],
        &["--headers", "-o", "x"],
        &["--print=b", "--json"],
    ] {
        c47().args(["http", ":9"]).args(words).run().expect_code(2);
    }
}

fn with_header_source(scratch: &Scratch) -> crate::support::Run {
    let config = scratch.write(
        "c47.toml",
        format!(
            "[profile.a]\nurl = 'https://a.invalid'\n\
             headers = {{ X-Api-Key = 'command:touch {}/was-run', X-Site = 'lyon' }}\n",
            scratch.path().display()
        ),
    );
    c47().env("C47_CONFIG_PATH", config)
}

#[test]
fn printing_a_request_runs_no_source_of_a_header() {
    let scratch = Scratch::new("shown");
    let offline = with_header_source(&scratch)
        .args(["http", "@a/x", "--offline"])
        .run()
        .expect_code(0);
    let shown = offline.stdout_text();
    assert!(
        shown.contains("x-api-key: ***\r\n") && shown.contains("x-site: lyon"),
        "{shown}"
    );
    let curl = with_header_source(&scratch)
        .args(["http", "@a/x", "--curl"])
        .run()
        .expect_code(0);
    let shown = curl.stdout_text();
    assert!(
        shown.contains("\"X-Api-Key: $(touch ") && shown.contains("'X-Site: lyon'"),
        "{shown}"
    );
    assert!(!scratch.path().join("was-run").exists());
}

/// The words of a printed curl command, as a shell parses them: `curl` is replaced by a function
/// that prints its arguments.
fn words_of(command: &str, scratch: &Scratch) -> Vec<String> {
    let script = format!("curl() {{ printf '%s\\n' \"$@\"; }}; {command}");
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(scratch.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn printed_curl_command_quotes_shell_syntax() {
    let scratch = Scratch::new("curl-words");
    let evil = "`touch pwned`$(touch pwned)";
    for words in [
        &["--auth", "bearer=env:A};touch pwned;${A"][..],
        &["--auth", "bearer=env:A b"],
        &["--auth", "bearer=file:/nowhere'; touch pwned; '"],
        &["--auth", &format!("basic=me{evil}:env:A")],
        &["--auth", "basic=me!touch:env:A"],
        &["--auth", &format!("query=t{evil}:env:A")],
        &[&format!("X-A:{evil}")],
        &[&format!("a={evil}")],
        &["-o", &format!("{evil}'")],
        &["--proxy", &format!("http://p/{evil}")],
        &["--cacert", &format!("{evil} x")],
        &["--unix-socket", &format!("/{evil};touch pwned")],
    ] {
        let output = c47()
            .args(["http", "https://a.invalid/", "--curl"])
            .args(words)
            .run();
        // Characters that no request can contain are refused.
        if output.code == 2 {
            continue;
        }
        let output = output.expect_code(0);
        let command = output.stdout_text();
        assert!(command.lines().count() == 1, "{command}");
        let seen = words_of(command, &scratch);
        assert!(
            seen.last()
                .is_some_and(|url| url.starts_with("https://a.invalid/")),
            "{command}"
        );
        assert!(!scratch.path().join("pwned").exists(), "{command}");
    }
}

/// The report holds the body once, not as text, JSON and report at the same time.
#[test]
fn json_report_holds_a_large_body_only_once() {
    let length = match effort() {
        Effort::Quick => 16 << 20,
        Effort::Usual | Effort::Full => 64 << 20,
    };
    let json = format!("\"{}\"", "x".repeat(length));
    let text = "y\n".repeat(length / 2);
    let most_bytes = length;
    for (body, length) in [
        (json.into_bytes(), length),
        (text.into_bytes(), length),
        (vec![0xff; length], length.div_ceil(3) * 4),
    ] {
        let server = Server::start(move |_| Response::ok(&body));
        // Memory for the body, and about 28 MiB for the program, without optimization.
        let limit_kib = (most_bytes >> 10) + (40 << 10);
        let limit = format!("ulimit -v {limit_kib}; exec \"$@\"");
        let limited = Run::of("sh")
            .args(["-c", &limit, "sh"])
            .arg(binary())
            .args(["http", &server.url("/"), "--json", "--max-body=1G"])
            .run()
            .expect_code(0);
        let report = limited.json();
        let response = &report["response"];
        let found = match response["body"].as_str() {
            Some(body) => body.len(),
            None => response["body_base64"].as_str().unwrap().len(),
        };
        assert_eq!(found, length);
    }
}

#[test]
fn show_secrets_applies_to_request_and_response() {
    let server = Server::start(|_| {
        let head = "set-cookie: sid=baked\r\nx-renewed-token: fresh\r\n";
        Response::new("200 OK", head, "")
    });
    let url = server.url("/x?key=inurl");
    let call = |options: &[&str]| {
        let output = c47()
            .env("S", "sourced")
            .args(["http", &url, "--auth", "bearer=env:S"])
            .args(["X-Api-Key:pasted", "password=typed"])
            .args(options)
            .run()
            .expect_code(0);
        format!("{}{}", output.stdout_text(), output.stderr_text())
    };
    let request = ["inurl", "sourced", "pasted"];
    let response = ["sid=baked", "fresh"];
    for (options, secrets) in [
        (&["-v"][..], [&request[..], &response].concat()),
        (&["--json"], [&request[..], &response].concat()),
        (
            &["--print", "HBh"],
            [&request[..], &["typed"], &response].concat(),
        ),
        (&["--offline"], [&request[..], &["typed"]].concat()),
    ] {
        let hidden = call(options);
        let shown = call(&[options, &["--show-secrets"]].concat());
        for secret in secrets {
            assert!(!hidden.contains(secret), "{options:?}: {hidden}");
            assert!(shown.contains(secret), "{options:?}: {secret}: {shown}");
        }
        assert!(!shown.contains("***"), "{options:?}: {shown}");
    }
    for options in [&[][..], &["-o", "x"], &["--curl"], &["--curl", "-v"]] {
        c47()
            .args(["http", &url, "--show-secrets"])
            .args(options)
            .run()
            .expect_code(2);
    }
}

/// No login is sent for a request that is only printed.
#[test]
fn offline_with_show_secrets_sends_no_login() {
    let scratch = Scratch::new("no-login");
    let server = Server::start(|_| Response::ok("")).may_be_idle();
    let config = format!(
        "[profile.a]\nurl = '{}'\npreset = 'kitsu'\nuser = 'bot'\npassword = 'env:PW'\n",
        server.url("/api")
    );
    let output = c47()
        .env("C47_CONFIG_PATH", scratch.write("c47.toml", config))
        .env("PW", "sekrit")
        .args(["http", "@a/x", "--offline", "--show-secrets"])
        .run()
        .expect_code(0);
    assert!(
        output.stdout_text().contains("authorization: Bearer ***"),
        "{}",
        output.tell()
    );
    assert_eq!(server.connections(), 0);
}

#[test]
fn harmless_headers_with_secret_like_names_are_shown() {
    let server = Server::start(|_| {
        let head = "access-control-allow-credentials: true\r\nidempotency-key: k1\r\n\
            x-ratelimit-remaining-tokens: 99\r\nx-author: sophie\r\nx-studio-token: sekrit\r\n";
        Response::new("200 OK", head, "")
    });
    let output = c47()
        .args(["http", &server.url("/"), "-v", "Sec-WebSocket-Key:nonce"])
        .run()
        .expect_code(0);
    let text = output.stderr_text();
    for shown in [
        "access-control-allow-credentials: true",
        "idempotency-key: k1",
        "x-ratelimit-remaining-tokens: 99",
        "x-author: sophie",
        "sec-websocket-key: nonce",
        "x-studio-token: ***",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
}
