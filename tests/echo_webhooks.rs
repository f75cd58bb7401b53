//! `c47 echo` as the receiver of webhooks: `--verify`, against the libraries of GitHub and Slack and against
//! `--auth hmac`, and `--exec`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::support::echo::{Echo, all_from, body};
use crate::support::server::{Response, Server};
use crate::support::{Output, Run, Scratch, c47, peers, wait_until};

/// GitHub's published example.
const SECRET: &str = "It's a Secret to Everybody";
const PAYLOAD: &str = "Hello, World!";
const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

/// A server that verifies with this rule, whose secret is in a file.
fn verifying(scratch: &Scratch, rule: &str, options: &[&str]) -> Echo {
    let file = scratch.write("secret", SECRET);
    let rule = format!("{rule}=file:{}", file.display());
    Echo::start(&[&["--verify", &rule], options].concat())
}

/// Posts a body with these header lines, and returns the response.
fn post(echo: &Echo, headers: &str, body: &str) -> String {
    let length = body.len();
    echo.raw(format!(
        "POST /hook?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    ))
}

fn status(response: &str) -> &str {
    &response["HTTP/1.1 ".len()..][..3]
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

#[test]
fn only_a_valid_signature_of_github_is_accepted() {
    let scratch = Scratch::new("github");
    let echo = verifying(&scratch, "github", &[]);
    let header = |value: &str| format!("X-Hub-Signature-256: {value}\r\n");
    let accepted = post(&echo, &header(SIGNATURE), PAYLOAD);
    assert_eq!(status(&accepted), "200");
    assert_eq!(body(&accepted)["verified"], "github");
    let other = SIGNATURE.replace("757107", "757108");
    for (headers, payload, why) in [
        (
            String::new(),
            PAYLOAD,
            "the header X-Hub-Signature-256 is missing",
        ),
        (
            header(SIGNATURE),
            "Hello, World?",
            "the signature is invalid",
        ),
        (header(SIGNATURE), "", "the signature is invalid"),
        (header(&other), PAYLOAD, "the signature is invalid"),
        (
            header(&SIGNATURE[..SIGNATURE.len() - 2]),
            PAYLOAD,
            "the signature is invalid",
        ),
        (
            header(&SIGNATURE[..SIGNATURE.len() - 1]),
            PAYLOAD,
            "the header X-Hub-Signature-256 is malformed",
        ),
        (
            header(&SIGNATURE["sha256=".len()..]),
            PAYLOAD,
            "the header X-Hub-Signature-256 is malformed",
        ),
        (
            header(&SIGNATURE.replace("sha256", "sha1")),
            PAYLOAD,
            "the header X-Hub-Signature-256 is malformed",
        ),
        (
            header("sha256="),
            PAYLOAD,
            "the header X-Hub-Signature-256 is malformed",
        ),
        (
            header(SIGNATURE).repeat(2),
            PAYLOAD,
            "the request has more than one header X-Hub-Signature-256",
        ),
    ] {
        let refused = post(&echo, &headers, payload);
        assert_eq!(status(&refused), "401", "{headers}: {refused}");
        let body = body(&refused);
        assert_eq!(body["error"], "invalid_signature");
        assert_eq!(body["reason"], why, "{headers}");
        assert!(!refused.contains("757107"), "{refused}");
    }
}

#[test]
fn rules_and_forms_of_signatures() {
    let scratch = Scratch::new("rules");
    // printf 'Hello, World!' | openssl dgst -sha1 -hmac "It's a Secret to Everybody"
    let sha1 = "01dc10d0c83e72ed246219cdd91669667fe2ca59";
    let hex = &SIGNATURE["sha256=".len()..];
    let base64 = "dXEH6g6yUJ/CESIczphLijdXC211hsIsRvQ3nIsEPhc=";
    for (rule, header, value, code) in [
        (
            "github-sha1",
            "X-Hub-Signature",
            format!("sha1={sha1}"),
            "200",
        ),
        ("shotgrid", "X-SG-SIGNATURE", format!("sha1={sha1}"), "200"),
        ("shotgrid", "x-sg-signature", format!("sha1={sha1}"), "200"),
        ("shotgrid", "X-SG-SIGNATURE", format!("sha256={hex}"), "401"),
        ("hmac-sha256:X-Sign", "X-Sign", hex.to_owned(), "200"),
        ("hmac-sha256:X-Sign", "X-Sign", hex.to_uppercase(), "200"),
        (
            "hmac-sha256:X-Sign",
            "X-Sign",
            format!("sha256={hex}"),
            "200",
        ),
        ("hmac-sha256:X-Sign", "X-Sign", base64.to_owned(), "200"),
        ("hmac-sha256:X-Sign", "X-Sign", sha1.to_owned(), "401"),
        ("hmac-sha1:X-Sign", "X-Sign", sha1.to_owned(), "200"),
        ("hmac-sha1:X-Sign", "X-Sign", hex.to_owned(), "401"),
        ("hmac-sha512:X-Sign", "X-Sign", hex.to_owned(), "401"),
    ] {
        let echo = verifying(&scratch, rule, &[]);
        let response = post(&echo, &format!("{header}: {value}\r\n"), PAYLOAD);
        assert_eq!(status(&response), code, "{rule} {value}: {response}");
    }
    // One of several secrets is enough, as while a secret is replaced.
    let new = scratch.write("new", "another");
    let rule = format!("github=file:{}", new.display());
    let echo = verifying(&scratch, "github", &["--verify", &rule]);
    let response = post(
        &echo,
        &format!("X-Hub-Signature-256: {SIGNATURE}\r\n"),
        PAYLOAD,
    );
    assert_eq!(status(&response), "200");
}

#[test]
fn requests_of_slack_are_recent_and_accepted_once() {
    let scratch = Scratch::new("slack");
    let echo = verifying(&scratch, "slack", &[]);
    let server = Server::start(|_| Response::ok(""));
    c47()
        .env("S", SECRET)
        .args([
            "http",
            &server.url("/"),
            "--raw",
            "text=hi",
            "--auth",
            "hmac=slack:env:S",
        ])
        .run()
        .expect_code(0);
    let request = server.request();
    let time: u64 = request
        .header("x-slack-request-timestamp")
        .unwrap()
        .parse()
        .unwrap();
    let signature = request.header("x-slack-signature").unwrap();
    let headers = |time: u64| {
        format!("X-Slack-Request-Timestamp: {time}\r\nX-Slack-Signature: {signature}\r\n")
    };
    let refused = |headers: &str, why: &str| {
        let refused = post(&echo, headers, "text=hi");
        assert_eq!(status(&refused), "401", "{why}");
        let reason = body(&refused)["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains(why), "{reason}");
    };
    refused(&headers(time + 1), "the signature is invalid");
    refused(&headers(now() - 302), "old; the tolerance is 5m");
    refused(&headers(now() + 310), "in the future");
    refused(
        &headers(time).replacen("X-Slack-Request-Timestamp", "X-No", 1),
        "Timestamp is missing",
    );
    for text in ["-1", "+1", "1e9", "", "0x1", "99999999999999999999"] {
        let wrong = headers(time).replacen(&time.to_string(), text, 1);
        refused(&wrong, "the timestamp is malformed");
    }
    assert_eq!(status(&post(&echo, &headers(time), "text=hi")), "200");
    refused(&headers(time), "this is a replay");
}

/// Octokit signs requests for c47, and verifies those of c47.
#[test]
fn octokit_agrees() {
    let (Some(home), Some(node)) = (peers::webhooks(), peers::tool("node")) else {
        return;
    };
    let scratch = Scratch::new("octokit");
    let echo = verifying(&scratch, "github", &[]);
    let payloads = r#"["Hello, World!", "", "{\"a\": 1.10, \"é\": \"\\u0000\"}", "x\r\ny", "😀"]"#;
    let sign = format!(
        "import {{ sign }} from '@octokit/webhooks-methods';
        for (const payload of {payloads}) {{
            if (payload === '') continue;
            const signature = await sign({SECRET:?}, payload);
            for (const [body, status] of [[payload, 200], [payload + ' ', 401]]) {{
                const headers = {{'x-hub-signature-256': signature}};
                const response = await fetch('http://{}/', {{method: 'POST', body, headers}});
                if (response.status !== status) throw new Error(payload + ': ' + response.status);
            }}
            console.log('ok');
        }}",
        echo.address
    );
    let module = |text: &str| {
        let run = Run::of(&node)
            .current_dir(&home)
            .args(["--input-type=module", "-e", text]);
        run.run().expect_code(0)
    };
    assert_eq!(module(&sign).stdout_text(), "ok\n".repeat(4));
    let server = Server::start(|_| Response::ok(""));
    let payloads: Vec<String> = serde_json::from_str(payloads).unwrap();
    for payload in &payloads {
        let file = scratch.write("payload", payload);
        c47()
            .env("S", SECRET)
            .args([
                "http",
                "POST",
                &server.url("/"),
                "--auth",
                "hmac=github:env:S",
                "--body",
            ])
            .arg(file)
            .run()
            .expect_code(0);
    }
    let requests = server.requests();
    let signed: Vec<(&str, &str)> = requests
        .iter()
        .map(|it| (it.body_text(), it.header("x-hub-signature-256").unwrap()))
        .filter(|(body, _)| !body.is_empty())
        .collect();
    let verify = format!(
        "import {{ verify }} from '@octokit/webhooks-methods';
        for (const [body, signature] of {}) {{
            if (!await verify({SECRET:?}, body, signature)) throw new Error(body);
            if (await verify({SECRET:?}, body + 'x', signature)) throw new Error(body);
            console.log('ok');
        }}",
        serde_json::to_string(&signed).unwrap()
    );
    assert_eq!(module(&verify).stdout_text(), "ok\n".repeat(4));
}

/// Slack's own library signs requests for c47, and verifies those of c47.
#[test]
fn slack_sdk_agrees() {
    let (Some(home), Some(python)) = (peers::webhooks(), peers::python(&[])) else {
        return;
    };
    let scratch = Scratch::new("slack-sdk");
    let echo = verifying(&scratch, "slack", &[]);
    let run = |script: &str, words: &[&str]| {
        let run = Run::of(&python).env("PYTHONPATH", home.join("python"));
        run.args(["-c", script]).args(words).run().expect_code(0)
    };
    let send = "import sys, time, urllib.request, urllib.error
from slack_sdk.signature import SignatureVerifier
verifier = SignatureVerifier(sys.argv[1])
for age, body, expected in [(0, 'a=b&c=%20', 200), (0, 'é', 200), (290, 'x', 200), (400, 'y', 401), (-400, 'z', 401)]:
    stamp = str(int(time.time()) - age)
    headers = {'X-Slack-Request-Timestamp': stamp,
        'X-Slack-Signature': verifier.generate_signature(timestamp=stamp, body=body)}
    request = urllib.request.Request(sys.argv[2], body.encode(), headers)
    try: status = urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error: status = error.code
    assert status == expected, (age, body, status)
print('ok')";
    let url = format!("http://{}/", echo.address);
    assert_eq!(run(send, &[SECRET, &url]).stdout_text(), "ok\n");
    let server = Server::start(|_| Response::ok(""));
    c47()
        .env("S", SECRET)
        .args([
            "http",
            &server.url("/"),
            "a=1",
            "b=é",
            "--auth",
            "hmac=slack:env:S",
        ])
        .run()
        .expect_code(0);
    let request = server.request();
    let check = "import sys
from slack_sdk.signature import SignatureVerifier
secret, body, stamp, signature = sys.argv[1:]
verifier = SignatureVerifier(secret)
assert verifier.is_valid(body, stamp, signature)
assert not verifier.is_valid(body + 'x', stamp, signature)
print('ok')";
    let header = |name: &str| request.header(name).unwrap();
    let words = [
        SECRET,
        request.body_text(),
        header("x-slack-request-timestamp"),
        header("x-slack-signature"),
    ];
    assert_eq!(run(check, &words).stdout_text(), "ok\n");
}

#[test]
fn echo_verifies_what_http_signs_with_the_same_templates() {
    let scratch = Scratch::new("templates");
    let signed = "{method}\\n{path}\\n{query}\\n{target}\\n{host}\\n{body}\\n{body_sha256}\\n{timestamp}\\n{nonce}\\n{header:X-Show}";
    let value = "t={timestamp},n={nonce},s={base64url}";
    let echo = verifying(
        &scratch,
        "hmac-sha384:Authorization",
        &["--verify-sign", signed, "--verify-value", value],
    );
    let call = |words: &[&str]| {
        let header = format!("Authorization: {value}");
        c47()
            .env("S", SECRET)
            .args(["http", &format!("http://{}/a%20b?c=d", echo.address), "-q"])
            .args(["--auth", "hmac=sha384:env:S", "--hmac-sign", signed])
            .args(["--hmac-header", &header])
            .args(words)
            .run()
    };
    for _ in 0..2 {
        let output = call(&["X-Show:tide", "a=1"]).expect_code(0);
        assert_eq!(output.json()["verified"], "hmac-sha384:Authorization");
    }
    call(&["X-Show:tide", "--multipart", "a=1"]).expect_code(0);
    let large = scratch.write("large", "x".repeat(3 << 20));
    let large = large.to_str().unwrap();
    call(&["X-Show:tide", "--body", large, "--compress"]).expect_code(0);
    call(&["X-Show:", "X-Show:a", "X-Show:b"]).expect_code(4);
    // Standard Webhooks: three headers, and a version before the signature.
    let signed = "{header:webhook-id}.{timestamp}.{body}";
    let echo = verifying(
        &scratch,
        "hmac-sha256:webhook-signature",
        &[
            "--verify-sign",
            signed,
            "--verify-value",
            "v1,{base64}",
            "--verify-timestamp",
            "webhook-timestamp",
        ],
    );
    let output = c47()
        .env("S", SECRET)
        .args([
            "http",
            &format!("http://{}/", echo.address),
            "a=1",
            "webhook-id:msg_1",
        ])
        .args(["--auth", "hmac=sha256:env:S", "--hmac-sign", signed])
        .args(["--hmac-header", "webhook-signature: v1,{base64}"])
        .args(["--hmac-timestamp", "webhook-timestamp"])
        .run()
        .expect_code(0);
    assert_eq!(output.json()["verified"], "hmac-sha256:webhook-signature");
}

/// A script for `--exec`, run by sh.
fn script(scratch: &Scratch, text: &str) -> String {
    let file = scratch.write("on-push", text);
    format!("sh {}", file.display())
}

fn read(scratch: &Scratch, name: &str) -> String {
    fs::read_to_string(scratch.path().join(name)).unwrap_or_default()
}

#[test]
fn program_gets_only_verified_requests() {
    let scratch = Scratch::new("exec");
    let exec = script(
        &scratch,
        &format!(
            "cd '{}'; cat >>bodies; env >environment; echo done; echo token=sekrit >&2\n",
            scratch.path().display()
        ),
    );
    let mut echo = verifying(&scratch, "github", &["--exec", &exec, "--json"]);
    let header = format!(
        "X-Hub-Signature-256: {SIGNATURE}\r\nX-GitHub-Event: push\r\nLD-Preload: /x\r\nProxy: y\r\n"
    );
    let refused = post(&echo, &header, "Hello, World?");
    assert_eq!(status(&refused), "401");
    let line: Value = serde_json::from_str(&echo.child.stdout_line()).unwrap();
    assert_eq!(
        (&line["status"], &line["verified"]),
        (&401.into(), &Value::Null)
    );
    assert_eq!(
        (&line["exit_code"], &line["stdout"]),
        (&Value::Null, &Value::Null)
    );
    assert!(!scratch.path().join("bodies").exists());
    let accepted = post(&echo, &header, PAYLOAD);
    assert_eq!(status(&accepted), "200");
    assert_eq!(body(&accepted), serde_json::json!({"exit_code": 0}));
    let line: Value = serde_json::from_str(&echo.child.stdout_line()).unwrap();
    assert_eq!(line["verified"], "github");
    assert_eq!(line["exit_code"], 0);
    assert_eq!(line["stdout"], "done\n");
    assert_eq!(line["stderr"], "token=***\n");
    assert_eq!(read(&scratch, "bodies"), PAYLOAD);
    let environment = read(&scratch, "environment");
    let has = |line: &str| environment.lines().any(|it| it == line);
    for line in [
        "C47_REQUEST_METHOD=POST",
        "C47_REQUEST_PATH=/hook",
        "C47_REQUEST_QUERY=a=b",
        "C47_REQUEST_CLIENT=127.0.0.1",
        "C47_REQUEST_VERIFIED=github",
        "C47_REQUEST_HEADER_X_GITHUB_EVENT=push",
        "C47_REQUEST_HEADER_LD_PRELOAD=/x",
    ] {
        assert!(has(line), "{line}: {environment}");
    }
    assert!(!environment.contains("\nLD_PRELOAD") && !environment.contains("\nPROXY"));
}

#[test]
fn exit_code_of_the_program_decides_the_status() {
    let scratch = Scratch::new("exit");
    let exec = script(
        &scratch,
        "read -r line; case $line in no*) echo secret reason >&2; exit 3;; die*) kill -9 $$;; env*) exit $S;;\n\
         long*) sleep 600;; out*) yes | head -c 3000000; yes | head -c 3000000 >&2;; esac\n",
    );
    let mut echo = Echo::start(&[
        "--exec",
        &exec,
        "--exec-timeout",
        "2",
        "--status",
        "202",
        "--json",
    ]);
    for (line, code, reason) in [
        ("yes", "202", None),
        ("no", "500", Some("the program: exited with 3")),
        ("die", "500", Some("the program: killed by a signal")),
        ("long", "500", Some("the program: timed out and was killed")),
        ("out", "202", None),
    ] {
        let response = post(&echo, "", line);
        assert_eq!(status(&response), code, "{line}: {response}");
        assert!(!response.contains("secret reason"), "{response}");
        let log: Value = serde_json::from_str(&echo.child.stdout_line()).unwrap();
        assert_eq!(log["reason"].as_str(), reason, "{line}");
        match line {
            "no" => assert_eq!(log["stderr"], "secret reason\n"),
            "out" => {
                for stream in ["stdout", "stderr"] {
                    assert_eq!(log[stream].as_str().unwrap().len(), 65536, "{stream}");
                }
            }
            _ => {}
        }
    }
    drop(echo);
    let missing = Echo::start(&["--exec", "/nonexistent/x"]);
    let response = post(&missing, "", "");
    assert_eq!(status(&response), "500", "{response}");
    assert!(response.contains("cannot start it"), "{response}");
}

/// A request that was not processed is accepted again, one that was processed is not.
#[test]
fn request_whose_program_failed_may_be_sent_again() {
    let scratch = Scratch::new("again");
    let exec = script(
        &scratch,
        &format!(
            "cd '{}'; echo x >>runs; [ -e ready ]\n",
            scratch.path().display()
        ),
    );
    let echo = verifying(&scratch, "slack", &["--exec", &exec]);
    let server = Server::start(|_| Response::ok(""));
    c47()
        .env("S", SECRET)
        .args([
            "http",
            &server.url("/"),
            "--raw",
            "hi",
            "--auth",
            "hmac=slack:env:S",
        ])
        .run()
        .expect_code(0);
    let request = server.request();
    let headers: String = ["X-Slack-Request-Timestamp", "X-Slack-Signature"]
        .map(|name| format!("{name}: {}\r\n", request.header(name).unwrap()))
        .concat();
    let send = || status(&post(&echo, &headers, "hi")).to_owned();
    assert_eq!((send(), send()), ("500".to_owned(), "500".to_owned()));
    scratch.write("ready", "");
    assert_eq!((send(), send()), ("200".to_owned(), "401".to_owned()));
    assert_eq!(read(&scratch, "runs").lines().count(), 3);
}

#[test]
fn number_of_programs_is_limited_and_others_wait() {
    let scratch = Scratch::new("jobs");
    let exec = script(
        &scratch,
        &format!(
            "cd '{}'; mkdir \"running-$$\"; ls -d running-* | wc -l >>counts\n\
             while [ ! -e go ]; do sleep 0.05; done; rmdir \"running-$$\"\n",
            scratch.path().display()
        ),
    );
    let echo = Echo::start(&["--exec", &exec, "--exec-jobs", "2"]);
    let streams: Vec<_> = (0..6)
        .map(|_| {
            use std::io::Write;
            let mut stream = echo.connect();
            stream
                .write_all(
                    b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                )
                .unwrap();
            stream
        })
        .collect();
    wait_until("two are running", || {
        read(&scratch, "counts").lines().count() == 2
    });
    scratch.write("go", "");
    for stream in streams {
        assert_eq!(status(&all_from(stream)), "200");
    }
    let counts = read(&scratch, "counts");
    assert_eq!(counts.lines().count(), 6);
    for line in counts.lines() {
        assert!(line.trim().parse::<u32>().unwrap() <= 2, "{counts}");
    }
    // Who waits too long is refused.
    fs::remove_file(scratch.path().join("go")).unwrap();
    let echo = Echo::start(&["--exec", &exec, "--exec-jobs", "1", "--exec-timeout", "1"]);
    let statuses: Vec<String> = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| status(&post(&echo, "", "")).to_owned()))
            .collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(
        statuses.iter().all(|it| it == "500" || it == "503"),
        "{statuses:?}"
    );
    assert!(statuses.contains(&"500".to_owned()), "{statuses:?}");
}

fn fifo(scratch: &Scratch, name: &str) -> PathBuf {
    let pipe = scratch.path().join(name);
    Run::of("mkfifo").arg(&pipe).run().expect_code(0);
    pipe
}

/// Reads until no process has the pipe open any more.
fn until_all_have_ended(pipe: &Path, begun: impl FnOnce()) {
    let mut opened = fs::File::open(pipe).unwrap();
    let mut line = [0; 6];
    opened.read_exact(&mut line).unwrap();
    begun();
    let mut rest = Vec::new();
    opened.read_to_end(&mut rest).unwrap();
}

#[test]
fn programs_and_their_children_are_killed_with_the_server() {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let scratch = Scratch::new("killed");
        let pipe = fifo(&scratch, "pipe");
        let exec = script(
            &scratch,
            &format!(
                "exec 3>'{}'; sleep 600 & echo begun >&3; sleep 600\n",
                pipe.display()
            ),
        );
        let echo = Echo::start(&["--exec", &exec]);
        let mut stream = echo.connect();
        std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        until_all_have_ended(&pipe, || echo.child.signal(signal));
        echo.child.wait().expect_code(128 + signal);
    }
    // The same at the time limit, and for what a program leaves behind.
    for (rest, code) in [("sleep 600", "500"), ("", "200")] {
        let scratch = Scratch::new("left");
        let pipe = fifo(&scratch, "pipe");
        let exec = script(
            &scratch,
            &format!(
                "exec 3>'{}'; sleep 600 & echo begun >&3; {rest}\n",
                pipe.display()
            ),
        );
        let echo = Echo::start(&["--exec", &exec, "--exec-timeout", "1"]);
        std::thread::scope(|scope| {
            let sent = scope.spawn(|| status(&post(&echo, "", "")).to_owned());
            until_all_have_ended(&pipe, || {});
            assert_eq!(sent.join().unwrap(), code);
        });
    }
}

#[test]
fn program_does_not_get_the_secret_of_the_server() {
    let scratch = Scratch::new("environment");
    let exec = script(
        &scratch,
        &format!("env >'{}'\n", scratch.path().join("environment").display()),
    );
    let mut child = c47()
        .env("HOOK_SECRET", SECRET)
        .env("OTHER", "stays")
        .args([
            "echo",
            "--verify",
            "github=env:HOOK_SECRET",
            "--exec",
            &exec,
        ])
        .spawn();
    let line = child.stdout_line();
    let url = line.strip_prefix("listening on ").unwrap();
    c47()
        .env("S", SECRET)
        .args(["http", url, "a=1", "--auth", "hmac=github:env:S"])
        .run()
        .expect_code(0);
    let environment = read(&scratch, "environment");
    assert!(environment.contains("OTHER=stays"), "{environment}");
    assert!(!environment.contains("Everybody"), "{environment}");
}

#[test]
fn invalid_options_of_webhooks_are_reported() {
    let fails = |words: &[&str], why: &str| -> Output {
        let output = c47()
            .env("S", "sekrit")
            .arg("echo")
            .args(words)
            .run()
            .expect_code(2);
        assert!(
            output.stderr_text().contains(why),
            "{why}: {}",
            output.tell()
        );
        assert!(
            !output.stderr_text().contains("sekrit"),
            "{}",
            output.tell()
        );
        output
    };
    let general = "hmac-sha256:X-Sign=env:S";
    for (words, why) in [
        (&["--verify", "gitlab=env:S"][..], "write github=SOURCE"),
        (&["--verify", "github=sekrit"], "must be given as a source"),
        (
            &["--verify", "hmac-md5:X=env:S"],
            "unknown hash; use one of sha256",
        ),
        (
            &["--verify", "hmac-sha256:X Y=env:S"],
            "not a valid header name",
        ),
        (
            &["--verify-sign", "{body}"],
            "--verify-sign requires --verify hmac-HASH:HEADER=SOURCE",
        ),
        (
            &["--verify", "github=env:S", "--verify-value", "{hex}"],
            "--verify-value requires",
        ),
        (
            &["--verify", general, "--verify-sign", "{url}"],
            "{url} is not known to a server",
        ),
        (
            &["--verify", general, "--verify-sign", "{timestamp}{body}"],
            "no header has it",
        ),
        (
            &["--verify", general, "--verify-timestamp", "X-T"],
            "the timestamp must be signed",
        ),
        (
            &["--verify", general, "--verify-value", "abc"],
            "must have one of {hex}",
        ),
        (&["--tolerance", "5m"], "--tolerance requires --verify"),
        (&["--exec", ""], "--exec: no program given"),
        (&["--exec", "'a"], "--exec: unclosed quote"),
        (&["--exec-jobs", "2"], "--exec-jobs requires --exec"),
        (&["--exec-timeout", "2"], "--exec-timeout requires --exec"),
        (
            &["--exec", "true", "--bind", "0.0.0.0"],
            "for requests of other machines",
        ),
    ] {
        fails(words, why);
    }
}
