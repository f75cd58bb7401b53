//! `--auth hmac` and `auth = "hmac"`: the signatures are those of GitHub, Slack and Python's hmac.

use serde_json::{Value, json};

use crate::support::echo::Echo;
use crate::support::server::{Request, Response, Server};
use crate::support::{Run, Scratch, c47, peers};

fn echoing() -> Server {
    Server::start(|_| Response::ok("{}"))
}

/// Makes a call with the secret in S, and returns what the server received.
fn sent(server: &Server, secret: &str, path: &str, words: &[&str]) -> Request {
    c47()
        .env("S", secret)
        .args(["http", &server.url(path)])
        .args(words)
        .run()
        .expect_code(0);
    server.requests().pop().unwrap()
}

/// The example in GitHub's documentation of webhooks.
#[test]
fn signature_is_that_of_githubs_example() {
    let server = echoing();
    let secret = "It's a Secret to Everybody";
    let expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    for scheme in ["hmac=sha256:env:S", "hmac=github:env:S"] {
        let request = sent(
            &server,
            secret,
            "/",
            &["--raw", "Hello, World!", "--auth", scheme],
        );
        assert_eq!(request.header("x-hub-signature-256"), Some(expected));
    }
}

/// Each request is signed when it is sent: the time and the nonce are part of the signature.
#[test]
fn signatures_are_those_of_pythons_hmac() {
    let Some(python) = peers::python(&[]) else {
        return;
    };
    let server = echoing();
    let scratch = Scratch::new("hmac");
    let file = scratch.write("large", "0123456789abcdef".repeat(5 << 20)); // larger than any buffer
    let file = file.to_str().unwrap();
    let all = "{method}|{path}|{query}|{target}|{url}|{host}|{body}|{body_sha256}|{timestamp}|{nonce}|{header:x-show}";
    let mut checks = Vec::new();
    for (number, hash) in ["sha1", "sha256", "sha384", "sha512"].iter().enumerate() {
        let secret = format!("secret {number} é");
        let auth = format!("hmac={hash}:env:S");
        for (form, coding) in [
            ("{hex}", "hex"),
            ("v1,{base64}", "base64"),
            ("{base64url}", "url"),
        ] {
            for body in [
                &["--raw", "caf\u{e9} \n{x}"][..],
                &["a=1", "b:=[1.10]"],
                &["--form", "a=1 2", "c=&"],
                &["--multipart", "a=1"],
                &["--method-without-body"],
                &["--body", file],
                &["--body", file, "--compress"],
            ] {
                // The large bodies once are enough.
                if body.contains(&file) && (coding, *hash) != ("hex", "sha256") {
                    continue;
                }
                let body = if body[0] == "--method-without-body" {
                    &[][..]
                } else {
                    body
                };
                let header = format!("X-Sign: {form}");
                let mut words = vec![
                    "--auth",
                    &auth,
                    "--hmac-sign",
                    all,
                    "--hmac-header",
                    &header,
                ];
                words.extend([
                    "--hmac-timestamp",
                    "X-Time",
                    "--hmac-nonce",
                    "X-Nonce",
                    "X-Show:tide",
                ]);
                words.extend(body);
                let request = sent(&server, &secret, "/a%20b/c?q=1&r=%C3%A9", &words);
                let text = |name: &str| request.header(name).unwrap_or_default().to_owned();
                let (path, query) = request.target.split_once('?').unwrap();
                let place = scratch.write(&format!("body{}", checks.len()), &request.body);
                checks.push(json!({
                    "secret": secret, "hash": hash, "coding": coding, "signature": text("x-sign"),
                    "body": place, "time": text("x-time"), "nonce": text("x-nonce"),
                    "parts": [request.method, path, query, request.target,
                        server.url(&request.target), text("host")],
                }));
            }
        }
    }
    let check = "import base64, hashlib, hmac, json, sys, time
for line in sys.stdin:
    it = json.loads(line)
    body = open(it['body'], 'rb').read()
    ends = [hashlib.sha256(body).hexdigest(), it['time'], it['nonce'], 'tide']
    assert abs(int(it['time']) - time.time()) < 300 and len(it['nonce']) == 32
    message = b'|'.join([p.encode() for p in it['parts']] + [body] + [p.encode() for p in ends])
    mac = hmac.new(it['secret'].encode(), message, it['hash']).digest()
    written = {'hex': mac.hex(), 'base64': 'v1,' + base64.b64encode(mac).decode(),
        'url': base64.urlsafe_b64encode(mac).decode().rstrip('=')}[it['coding']]
    assert it['signature'] == written, it
    print('ok')";
    let lines: Vec<String> = checks.iter().map(Value::to_string).collect();
    let judged = Run::of(python)
        .args(["-c", check])
        .stdin(lines.join("\n"))
        .run()
        .expect_code(0);
    assert_eq!(judged.stdout_text().lines().count(), checks.len());
    let nonces: std::collections::BTreeSet<String> =
        checks.iter().map(|it| it["nonce"].to_string()).collect();
    assert_eq!(nonces.len(), checks.len());
}

#[test]
fn each_attempt_and_redirect_is_signed_anew() {
    let server = Server::start(|request| match request.target.as_str() {
        "/moved" => Response::redirect("307 Temporary", "/busy?x"),
        _ if request.header("x-again").is_some() => Response::ok(""),
        _ => Response::new("503 Busy", "retry-after: 0\r\n", ""),
    });
    let words = [
        "--auth",
        "hmac=sha256:env:S",
        "--hmac-sign",
        "{target} {nonce}",
    ];
    c47()
        .env("S", "s")
        .args([
            "http",
            "PUT",
            &server.url("/moved"),
            "--follow",
            "--retry",
            "1",
            "-q",
        ])
        .args(words)
        .args(["--hmac-nonce", "X-Nonce"])
        .run()
        .expect_code(5);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for (at, request) in requests.iter().enumerate() {
        for other in &requests[..at] {
            for name in ["x-hub-signature-256", "x-nonce"] {
                assert!(request.header(name).is_some(), "{name}");
                assert_ne!(request.header(name), other.header(name), "{name}");
            }
        }
    }
}

#[test]
fn profile_signs_with_its_template() {
    let server = echoing();
    let scratch = Scratch::new("hmac-profile");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.hook]\nurl = '{}'\nauth = 'hmac'\nkey = 'env:S'\nalgorithm = 'slack'\n\
             [profile.own]\nurl = '{0}'\nauth = 'hmac'\nkey = 'env:S'\nsigned = \"{{method}}\\n{{body}}\"\n\
             header = 'Authorization'\nvalue = 'HMAC id=\"farm\", s={{base64}}'\n",
            server.url("")
        ),
    );
    let run = |path: &str, words: &[&str]| {
        c47()
            .env("C47_CONFIG_PATH", &config)
            .env("S", "sekrit")
            .args(["http", path])
            .args(words)
            .run()
    };
    run("@hook/x", &["a=1"]).expect_code(0);
    run("@own/x", &["--raw", "abc"]).expect_code(0);
    let requests = server.requests();
    assert!(requests[0].header("x-slack-request-timestamp").is_some());
    assert!(
        requests[0]
            .header("x-slack-signature")
            .unwrap()
            .starts_with("v0=")
    );
    // printf 'POST\nabc' | openssl dgst -sha256 -hmac sekrit -binary | base64
    assert_eq!(
        requests[1].header("authorization"),
        Some("HMAC id=\"farm\", s=EcXP9WvmVrbwSem96LXNYCFZWh65U4gJCI3sZpyU6rE=")
    );
    let shown = run("@own/x", &["--raw", "abc", "--offline"]).expect_code(0);
    assert!(
        shown.stdout_text().contains("authorization: ***"),
        "{}",
        shown.tell()
    );
    let shown = run("@own/x", &["--raw", "abc", "--offline", "--show-secrets"]).expect_code(0);
    assert!(
        shown.stdout_text().contains("s=EcXP9WvmVrb"),
        "{}",
        shown.tell()
    );
}

#[test]
fn incomplete_or_wrong_signatures_send_nothing() {
    let server = echoing().may_be_idle();
    for (words, why) in [
        (
            &["--auth", "hmac=md5:env:S"][..],
            "unknown algorithm; use one of sha256",
        ),
        (
            &["--auth", "hmac=sha256:env:S", "--hmac-sign", "{bdy}"],
            "--hmac-sign: unknown name '{bdy}'",
        ),
        (
            &[
                "--auth",
                "hmac=sha256:env:S",
                "--hmac-sign",
                "{timestamp}{body}",
            ],
            "{timestamp} is signed, but no header has it",
        ),
        (
            &["--auth", "hmac=sha256:env:S", "--hmac-header", "X-Sign"],
            "write NAME: TEMPLATE",
        ),
        (
            &[
                "--auth",
                "hmac=sha256:env:S",
                "--hmac-header",
                "X-Sign: abc",
            ],
            "must have one of {hex}",
        ),
        (
            &[
                "--auth",
                "hmac=sha256:env:S",
                "--hmac-header",
                "Host: {hex}",
            ],
            "header 'Host' cannot be set",
        ),
        (
            &[
                "--auth",
                "hmac=sha256:env:S",
                "--hmac-sign",
                "{header:date}",
            ],
            "the header 'date' is signed, but the request has none",
        ),
        (
            &["--auth", "bearer=env:S", "--hmac-sign", "{body}"],
            "--hmac-sign requires --auth hmac=HASH:SOURCE",
        ),
        (
            &["--hmac-nonce", "X-N"],
            "--hmac-nonce requires --auth hmac=HASH:SOURCE",
        ),
    ] {
        let output = c47()
            .env("S", "sekrit")
            .args(["http", &server.url("/")])
            .args(words)
            .run()
            .expect_code(2);
        assert!(
            output.stderr_text().contains(why),
            "{why}: {}",
            output.tell()
        );
    }
    assert_eq!(server.connections(), 0);
}

/// No output shows the secret, a signature, or what a helper printed.
#[test]
fn no_output_shows_a_signature_or_the_headers_of_a_helper() {
    let server = echoing().may_be_idle();
    let url = server.url("/");
    let helper = r#"helper=printf '%s' '{"headers": {"X-Ticket": "sekr1t", "Authorization": "Negotiate sekr1t"}, "query": {"t": "sekr1t"}}'"#;
    // printf abc | openssl dgst -sha256 -hmac hunter2
    let signature = "8db86ac5";
    for auth in ["hmac=sha256:env:S", helper] {
        for words in [
            &["-v"][..],
            &["--json"],
            &["--print", "HBhb"],
            &["-v", "--follow", "--retry", "1"],
            &["--offline"],
            &["--curl"],
        ] {
            let output = c47()
                .env("S", "hunter2")
                .args(["http", &url, "--raw", "abc", "--auth", auth])
                .args(words)
                .run()
                .expect_code(0);
            let all = format!("{}{}", output.stdout_text(), output.stderr_text());
            for secret in ["sekr1t", "hunter2", signature] {
                assert!(!all.contains(secret), "{}", output.tell());
            }
        }
    }
    let sent = server.requests();
    assert!(
        sent[0]
            .header("x-hub-signature-256")
            .unwrap()
            .contains(signature)
    );
    assert_eq!(sent.last().unwrap().header("x-ticket"), Some("sekr1t"));
}

/// Workers of a batch sign at the same time, and each page and poll gets its own signature.
#[test]
fn requests_of_a_batch_are_signed_each_for_itself() {
    let scratch = Scratch::new("hmac-batch");
    let key = scratch.write("key", "a secret");
    let rule = format!("github=file:{}", key.display());
    let echo = Echo::start(&["--verify", &rule]);
    let rows: String = (0..40).map(|n| format!("{{\"n\": {n}}}\n")).collect();
    let rows = scratch.write("rows.ndjson", rows);
    let output = c47()
        .args([
            "http",
            "POST",
            &format!("http://{}/x", echo.address),
            "n:={n}",
        ])
        .arg("--batch")
        .arg(rows)
        .args(["--jobs", "8", "--auth"])
        .arg(format!("hmac=sha256:{}", key.display()))
        .run()
        .expect_code(0);
    let lines: Vec<Value> = output
        .stdout_text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 40);
    for line in lines {
        assert_eq!(line["body"]["verified"], "github", "{line}");
    }
}
