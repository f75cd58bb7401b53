//! `--auth helper` and `auth = "helper"`: programs that make credentials, in sh and Python.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::support::server::{Request, Response, Server};
use crate::support::{Run, Scratch, c47, peers, source, wait_until};

/// A helper in sh that notes each run, and a profile `h` that uses it.
struct Job {
    scratch: Scratch,
    helper: PathBuf,
    config: PathBuf,
}

fn job(name: &str, server: &Server, script: &str, keys: &str) -> Job {
    let scratch = Scratch::new(name);
    let runs = scratch.path().join("runs");
    let helper = scratch.write(
        "helper",
        format!("#!/bin/sh\necho run >>{}\n{script}\n", runs.display()),
    );
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.h]\nurl = '{}'\nauth = 'helper'\nhelper = ['sh', '{}', 'a b']\n{keys}\n",
            server.url(""),
            helper.display()
        ),
    );
    Job {
        scratch,
        helper,
        config,
    }
}

impl Job {
    fn run(&self, words: &[&str]) -> Run {
        c47()
            .env("C47_CONFIG_PATH", &self.config)
            .env("C47_CACHE_DIR", self.scratch.path().join("cache"))
            .env("OUT", self.scratch.path())
            .args(words)
    }

    /// How often the helper ran.
    fn runs(&self) -> usize {
        let runs = fs::read_to_string(self.scratch.path().join("runs"));
        runs.unwrap_or_default().lines().count()
    }
}

fn echoing() -> Server {
    Server::start(|_| Response::ok("{}"))
}

/// The words of `--auth` for a helper that prints this.
fn printing(output: &str) -> String {
    format!("helper=printf '%s' '{output}'")
}

#[test]
fn helper_gets_the_request_and_its_headers_are_sent() {
    let server = echoing();
    let job = job(
        "helper-input",
        &server,
        r#"cat >"$OUT/input"; printf '%s' "$1" >"$OUT/argument"
           echo '{"headers": {"Authorization": "Negotiate YII=", "Accept": "text/x"}, "query": {"k": "a b"}}'"#,
        "send_body = false",
    );
    let words = ["http", "@h/x?q=1", "X-Show:tide", "--raw", "abc"];
    job.run(&words).run().expect_code(0);
    let request = server.request();
    assert_eq!(request.header("authorization"), Some("Negotiate YII="));
    assert_eq!(request.header("accept"), Some("text/x"));
    assert_eq!(request.target, "/x?q=1&k=a%20b");
    let read = |name: &str| fs::read_to_string(job.scratch.path().join(name)).unwrap();
    assert_eq!(read("argument"), "a b");
    let input: Value = serde_json::from_str(&read("input")).unwrap();
    assert_eq!(input["method"], "POST");
    assert_eq!(input["url"], server.url("/x?q=1"));
    assert_eq!(input["headers"]["x-show"], "tide");
    assert_eq!(input["headers"]["content-length"], "3");
    assert_eq!(
        input["body_sha256"],
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(input.get("body"), None);
    let config = fs::read_to_string(&job.config).unwrap();
    fs::write(
        &job.config,
        config.replace("send_body = false", "send_body = true"),
    )
    .unwrap();
    job.run(&words).run().expect_code(0);
    let input: Value = serde_json::from_str(&read("input")).unwrap();
    assert_eq!(input["body"], "YWJj");
}

#[test]
fn helper_without_an_expiry_runs_for_each_request() {
    let server = Server::start(|request| match request.target.as_str() {
        "/moved" => Response::redirect("302 Found", "/there"),
        _ => Response::new("503 Busy", "retry-after: 0\r\n", ""),
    });
    let job = job(
        "helper-each",
        &server,
        r#"echo "{\"headers\": {\"X-Run\": \"$(wc -l <"$OUT/runs")\"}}""#,
        "",
    );
    let words = ["http", "@h/moved", "--follow", "--retry", "1", "-q"];
    for round in 0..2 {
        job.run(&words).run().expect_code(5);
        assert_eq!(job.runs(), 3 * (round + 1));
    }
    let runs: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.header("x-run").unwrap().trim().to_owned())
        .collect();
    assert_eq!(runs, ["1", "2", "3", "4", "5", "6"]);
    // There is no login that could be missing.
    let status = job.run(&["auth", "status", "h"]).run().expect_code(0);
    assert!(
        status.stdout_text().contains("unneeded"),
        "{}",
        status.tell()
    );
    // Nothing of it was stored.
    let cache = fs::read_dir(job.scratch.path().join("cache")).unwrap();
    for entry in cache {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("X-Run"), "{text}");
    }
    // A batch with many at the same time, too.
    let lines = "GET /there\n"
        .repeat(20)
        .replace("GET /there", r#"{"url": "/there"}"#);
    let batch = job.scratch.write("lines.ndjson", lines);
    job.run(&[
        "http",
        "--profile",
        "h",
        "--batch",
        batch.to_str().unwrap(),
        "--jobs",
        "8",
        "-q",
    ])
    .run();
    assert_eq!(job.runs(), server.requests().len());
}

#[test]
fn helper_with_an_expiry_runs_once_for_many_processes() {
    let server = echoing();
    let job = job(
        "helper-shared",
        &server,
        r#"echo "{\"headers\": {\"X-Run\": \"t$(wc -l <"$OUT/runs" | tr -d ' ')\"}, \"expires_in\": 600}""#,
        "",
    );
    let children: Vec<_> = (0..20)
        .map(|_| job.run(&["http", "@h/x"]).spawn())
        .collect();
    for child in children {
        child.wait().expect_code(0);
    }
    assert_eq!(job.runs(), 1);
    let is_first = |request: &Request| request.header("x-run") == Some("t1");
    assert_eq!(
        server.requests().iter().filter(|it| is_first(it)).count(),
        20
    );
    let status = job.run(&["auth", "status"]).run().expect_code(0);
    let text = status.stdout_text();
    assert!(text.contains("good      expires in "), "{text}");
    let login = job.run(&["auth", "login", "h"]).run().expect_code(0);
    assert!(login.stderr_text().contains("expires"), "{}", login.tell());
    assert_eq!(job.runs(), 2);
    job.run(&["auth", "logout", "h"]).run().expect_code(0);
    job.run(&["http", "@h/x"]).run().expect_code(0);
    assert_eq!(job.runs(), 3);
}

#[test]
fn rejected_headers_of_a_helper_are_renewed_once() {
    let valid = std::sync::Arc::new(AtomicUsize::new(1));
    let now = std::sync::Arc::clone(&valid);
    let server = Server::start(move |request| {
        let token = format!("t{}", now.load(Ordering::SeqCst));
        match request.header("x-run") == Some(&token) {
            true => Response::ok("{}"),
            false => Response::new("401 Unauthorized", "", "{}"),
        }
    });
    let job = job(
        "helper-renewed",
        &server,
        r#"echo "{\"headers\": {\"X-Run\": \"t$(wc -l <"$OUT/runs" | tr -d ' ')\"}, \"expires\": $(($(date +%s) + 600))}""#,
        "",
    );
    job.run(&["http", "@h/x"]).run().expect_code(0);
    valid.store(2, Ordering::SeqCst);
    job.run(&["http", "@h/x"]).run().expect_code(0);
    assert_eq!((job.runs(), server.requests().len()), (2, 3));
    // Headers that the service rejects again are not renewed without end.
    valid.store(9, Ordering::SeqCst);
    job.run(&["http", "@h/x"]).run().expect_code(4);
    assert_eq!((job.runs(), server.requests().len()), (3, 5));
    // Without a profile they are kept for the process.
    let auth = format!("helper=sh {}", job.helper.display());
    let run = job.run(&["http", &server.url("/x"), "--auth", &auth, "-q"]);
    run.run().expect_code(4);
    assert_eq!((job.runs(), server.requests().len()), (5, 7));
}

#[test]
fn failure_of_a_helper_is_one_line_and_sends_nothing() {
    let server = echoing().may_be_idle();
    let scratch = Scratch::new("helper-fails");
    for (script, code, why) in [
        (
            "echo 'kinit: no ticket token=sekrit' >&2; exit 3",
            9,
            "exited with 3: kinit: no ticket token=***",
        ),
        ("exit 1", 9, "exited with 1\n"),
        ("kill -9 $$", 9, "killed by a signal\n"),
        ("yes", 9, "printed more than 131072 bytes and was killed\n"),
        (
            "echo sekrit",
            9,
            "invalid output: it is not JSON (line 1, column 1)\n",
        ),
        (
            r#"echo '{"headers": {"Host": "sekrit"}}'"#,
            9,
            "invalid output: header 'Host' cannot be set\n",
        ),
        (
            r#"printf '%s' '{"headers": {"A": "sekrit\r\nB: c"}}'"#,
            9,
            "invalid output: header 'A' contains a control character\n",
        ),
        ("sleep 600", 8, "timed out and was killed\n"),
    ] {
        let helper = scratch.write("helper", format!("#!/bin/sh\n{script}\n"));
        let output = c47()
            .args(["http", &server.url("/"), "--timeout", "2"])
            .args(["--auth", &format!("helper=sh {}", helper.display())])
            .run()
            .expect_code(code);
        let text = output.stderr_text();
        assert!(text.contains(why), "{script}: {}", output.tell());
        assert!(
            text.starts_with("c47 http: helper sh: "),
            "{}",
            output.tell()
        );
        assert!(!text.contains("sekrit"), "{}", output.tell());
        assert_eq!(text.lines().count(), 1, "{}", output.tell());
    }
    for (auth, code, why) in [
        (
            "helper=/nonexistent/x",
            9,
            "helper /nonexistent/x: cannot start it: no such file",
        ),
        ("helper=", 2, "--auth: write helper=PROGRAM ARGS"),
        ("helper='a", 2, "--auth: unclosed quote"),
        (
            printing(r#"{"headers": {}}"#).as_str(),
            9,
            "neither headers nor query",
        ),
    ] {
        let output = c47()
            .args(["http", &server.url("/"), "--auth", auth])
            .run()
            .expect_code(code);
        assert!(output.stderr_text().contains(why), "{}", output.tell());
    }
    assert_eq!(server.connections(), 0);
}

/// The helper and its children hold a pipe open until they have ended.
#[test]
fn helper_is_killed_with_its_children_at_the_deadline_and_by_a_signal() {
    let server = echoing().may_be_idle();
    let scratch = Scratch::new("helper-killed");
    for signal in [None, Some(libc::SIGINT), Some(libc::SIGTERM)] {
        let pipe = scratch.path().join(format!("pipe{}", signal.unwrap_or(0)));
        let made = Run::of("mkfifo").arg(&pipe).run();
        made.expect_code(0);
        let script = format!(
            "#!/bin/sh\nexec 3>'{}'\nsleep 600 &\necho begun >&3\nsleep 600\n",
            pipe.display()
        );
        let helper = scratch.write("helper", &script);
        let timeout = if signal.is_some() { "600" } else { "1" };
        let child = c47()
            .args(["http", &server.url("/"), "--timeout", timeout])
            .args(["--auth", &format!("helper=sh {}", helper.display())])
            .spawn();
        let mut opened = fs::File::open(&pipe).unwrap();
        let mut begun = [0; 6];
        opened.read_exact(&mut begun).unwrap();
        let code = match signal {
            None => 8,
            Some(signal) => {
                child.signal(signal);
                128 + signal
            }
        };
        child.wait().expect_code(code);
        let mut rest = Vec::new();
        opened.read_to_end(&mut rest).unwrap(); // hangs while one of them lives
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn helper_has_no_terminal_and_no_limits_of_c47() {
    let server = echoing();
    let job = job(
        "helper-environment",
        &server,
        r#"(: </dev/tty) 2>/dev/null && echo tty >>"$OUT/tty"
           echo "{\"headers\": {\"X-Core\": \"$(ulimit -S -c)\", \"X-Session\": \"$(ps -o sid= -p $$ | tr -d ' ') $$\"}}""#,
        "",
    );
    job.run(&["http", "@h/x"]).run().expect_code(0);
    let request = server.request();
    let session = request.header("x-session").unwrap();
    let (session, own) = session.split_once(' ').unwrap();
    assert!(session.is_empty() || session == own, "{session} {own}");
    assert!(!job.scratch.path().join("tty").exists());
    wait_until("it ran", || job.runs() == 1);
}

/// The example of the manual, against a real KDC and Apache. A ticket is valid once.
#[test]
fn kerberos_example_of_the_manual_logs_in() {
    let Some(realm) = peers::kerberos() else {
        return;
    };
    let manual = fs::read_to_string(source("src/cli/http/manual.md")).unwrap();
    let (_, script) = manual.split_once("$ cat >negotiate <<'END'\n").unwrap();
    let (script, _) = script.split_once("\nEND\n").unwrap();
    assert!(script.lines().count() <= 10, "{script}");
    let script = realm.directory.write("negotiate", script);
    let helper = format!("helper={} {}", realm.python.display(), script.display());
    let url = format!("http://localhost:{}/jobs", realm.port);
    let call = |helper: &str| {
        let run = c47().args(["http", &url, "--auth", helper, "--show-secrets", "-v"]);
        realm.with_realm(run).run()
    };
    let refused = call(&helper).expect_code(9);
    assert!(
        refused
            .stderr_text()
            .contains("python3: exited with 1: gssapi"),
        "{}",
        refused.tell()
    );
    realm.log_in();
    let plain = c47().args(["http", &url, "-q"]).run();
    plain.expect_code(4);
    let tickets: Vec<String> = (0..2)
        .map(|_| {
            let output = call(&helper).expect_code(0);
            assert_eq!(output.stdout_text(), "{\"jobs\": 47}\n");
            let sent = output
                .stderr_text()
                .lines()
                .find(|line| line.contains("> authorization"));
            sent.expect("a ticket").to_owned()
        })
        .collect();
    assert!(
        tickets[0].contains("Negotiate YI") && tickets[0] != tickets[1],
        "{tickets:?}"
    );
}

#[test]
fn headers_that_cannot_be_stored_are_used_with_a_warning() {
    let server = echoing();
    let job = job(
        "helper-unstored",
        &server,
        r#"echo '{"headers": {"X-Ticket": "t"}, "expires_in": 600}'"#,
        "",
    );
    for round in 1..=2 {
        let file = job.scratch.write("file", "");
        let output = job
            .run(&["http", "@h/x"])
            .env("C47_CACHE_DIR", file.join("below"))
            .run()
            .expect_code(0);
        let text = output.stderr_text();
        assert!(
            text.contains("headers of the helper are not stored"),
            "{}",
            output.tell()
        );
        assert_eq!(job.runs(), round);
    }
    assert_eq!(server.requests()[1].header("x-ticket"), Some("t"));
}
