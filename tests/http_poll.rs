//! `c47 http --until` and `--while`: when the requests end, and with which exit code.

use std::time::Duration;

use crate::support::server::{Response, Server};
use crate::support::{Scratch, c47, wait_until};

const RUNNING: &str = "{\"status\":\"running\",\"frames\":40}";
const DONE: &str = "{\"status\":\"done\",\"frames\":100}";

#[test]
fn request_is_repeated_until_the_filter_is_true() {
    for (condition, filter) in [
        ("--until", ".status == \"done\""),
        ("--while", ".status == \"running\""),
    ] {
        let server = Server::script([RUNNING, RUNNING, DONE].map(Response::json));
        let run = c47().args([
            "http",
            &server.url("/job"),
            condition,
            filter,
            "--every=100ms",
        ]);
        let output = run.run().expect_code(0);
        assert_eq!(output.stdout_text(), DONE);
        assert_eq!(output.stderr_text(), "");
        assert_eq!(server.requests().len(), 3, "{condition}");
    }
}

#[test]
fn last_response_is_filtered_or_saved() {
    let scratch = Scratch::new("poll");
    let file = scratch.path().join("job.json");
    let server = Server::script([RUNNING, DONE, DONE, DONE].map(Response::json));
    let until = ["--until", ".status | . == \"done\"", "--every=0.1"];
    let run = || c47().args(["http", &server.url("/job")]).args(until);
    let output = run().args(["--jq", ".status", "-r"]).run().expect_code(0);
    assert_eq!(output.stdout_text(), "done\n");
    run().arg("-o").arg(&file).run().expect_code(0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), DONE);
    run()
        .args(["--jq", ".frames"])
        .arg("-o")
        .arg(&file)
        .run()
        .expect_code(0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "100\n");
}

#[test]
fn only_false_null_and_no_output_are_not_true() {
    for (body, code) in [("1", 0), ("0", 0), ("\"\"", 0), ("false", 8), ("null", 8)] {
        let server = Server::start(move |_| Response::json(body));
        c47()
            .args([
                "http",
                &server.url("/"),
                "--until=.",
                "--every=100ms",
                "--timeout=300ms",
            ])
            .run()
            .expect_code(code);
    }
    let server = Server::start(|_| Response::json("1"));
    let run = c47().args(["http", &server.url("/"), "--until=empty", "--every=100ms"]);
    run.arg("--timeout=300ms").run().expect_code(8);
    let run = c47().args(["http", &server.url("/"), "--while=empty"]);
    run.run().expect_code(0);
}

#[test]
fn end_of_patience_is_exit_8_with_the_last_value() {
    let server = Server::start(|_| Response::json("{ \"status\": \"running\" }"));
    let run = || {
        let words = [
            "http",
            &server.url("/job"),
            "--until=.status == \"done\"",
            "--every=100ms",
        ];
        c47().args(words).arg("--timeout=500ms")
    };
    let output = run().run().expect_code(8);
    assert_eq!(output.stdout_text(), "");
    assert_eq!(
        output.stderr_text(),
        "c47 http: --until .status == \"done\" is not true within the 500ms of --timeout; \
         the last value: {\"status\":\"running\"}\n"
    );
    assert!(server.requests().len() > 2);
    let output = run().args(["--jq=.status", "-q"]).run().expect_code(8);
    assert!(
        output
            .stderr_text()
            .ends_with("; the last value: \"running\"\n")
    );
    // The connection hangs until the end.
    let server = Server::connection(|stream| {
        std::thread::sleep(Duration::from_secs(5));
        drop(stream);
    });
    let url = format!("http://127.0.0.1:{}/", server.port());
    let output = c47()
        .args(["http", &url, "--until=.", "--timeout=300ms"])
        .run()
        .expect_code(8);
    assert!(
        output.stderr_text().contains("there was no value"),
        "{}",
        output.tell()
    );
}

#[test]
fn etag_is_sent_back_and_304_keeps_the_value() {
    let not_modified = || Response::raw("HTTP/1.1 304 Not Modified\r\nETag: \"2\"\r\n\r\n");
    let server = Server::script([
        Response::new("200 OK", "ETag: W/\"1\"\r\n", RUNNING),
        not_modified(),
        not_modified(),
        Response::new("200 OK", "", RUNNING),
        Response::new("200 OK", "ETag: \"3\"\r\n", DONE),
    ]);
    let words = [
        "http",
        &server.url("/"),
        "--until=.status == \"done\"",
        "--every=100ms",
    ];
    let output = c47().args(words).run().expect_code(0);
    assert_eq!(output.stdout_text(), DONE);
    let sent: Vec<Option<String>> = server
        .requests()
        .iter()
        .map(|request| request.header("if-none-match").map(str::to_owned))
        .collect();
    let first = Some("W/\"1\"".to_owned());
    assert_eq!(sent, [None, first.clone(), first.clone(), first, None]);
    // Without an ETag of an earlier response it is a response as any other.
    let server = Server::script([not_modified()]);
    let words = [
        "http",
        &server.url("/"),
        "If-None-Match:\"x\"",
        "--until=.",
        "--every=100ms",
    ];
    c47().args(words).run().expect_code(3);
}

#[test]
fn temporary_statuses_are_waited_out_and_others_end() {
    let statuses = ["408 Late", "429 Slow", "502 Bad", "503 Busy", "504 Late"];
    let mut answers: Vec<Response> = statuses
        .iter()
        .map(|status| Response::new(status, "", "<p>later"))
        .collect();
    answers.push(Response::json("true"));
    let server = Server::script(answers);
    let words = ["http", &server.url("/"), "--until=.", "--every=100ms"];
    let output = c47().args(words).run().expect_code(0);
    assert_eq!(output.stdout_text(), "true");
    assert_eq!(
        output
            .stderr_text()
            .matches("; the request is repeated\n")
            .count(),
        5
    );
    for (status, code) in [("404 Not Found", 4), ("500 Bug", 5), ("302 Found", 3)] {
        let server = Server::script([Response::json("false"), Response::new(status, "", "no")]);
        let words = ["http", &server.url("/"), "--until=.", "--every=100ms"];
        let output = c47().args(words).run().expect_code(code);
        assert_eq!(output.stdout_text(), "no");
        assert!(output.stderr_text().contains(status));
    }
}

/// A wait longer than the rest of the time is not begun.
#[test]
fn retry_after_is_honoured() {
    for status in ["200 OK", "202 Accepted", "503 Busy"] {
        let server = Server::script([Response::new(status, "retry-after: 100\r\n", "false")]);
        let words = [
            "http",
            &server.url("/"),
            "--until=.",
            "--every=100ms",
            "--timeout=90s",
        ];
        c47().args(words).run().expect_code(8);
    }
    let server = Server::script([
        Response::new("202 Accepted", "retry-after: 1\r\n", "false"),
        Response::json("true"),
    ]);
    let began = std::time::Instant::now();
    let words = ["http", &server.url("/"), "--until=.", "--every=100ms"];
    c47().args(words).run().expect_code(0);
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[test]
fn failed_connection_ends_unless_it_is_retried() {
    let answers = || {
        [
            Response::json("false"),
            // A failure on a connection that is used again counts only if a new one fails too.
            Response::close(),
            Response::close(),
            Response::json("true"),
        ]
    };
    let server = Server::script(answers());
    let words = ["--until=.", "--every=100ms"];
    c47()
        .args(["http", &server.url("/")])
        .args(words)
        .run()
        .expect_code(7);
    let server = Server::script(answers());
    let run = c47()
        .args(["http", &server.url("/"), "--retry=1"])
        .args(words);
    run.run().expect_code(0);
}

#[test]
fn body_that_is_not_json_ends_with_its_content_type() {
    let server = Server::start(|_| Response::new("200 OK", "content-type: text/html\r\n", "<p>"));
    let output = c47()
        .args(["http", &server.url("/"), "--until=."])
        .run()
        .expect_code(7);
    assert_eq!(
        output.stderr_text(),
        "c47 http: --until: the body is not JSON; its content type is text/html\n\
         hint: omit --until to see the body\n"
    );
}

#[test]
fn wrong_options_are_refused_before_anything_is_sent() {
    let server = Server::start(|_| Response::json("true")).may_be_idle();
    let url = server.url("/");
    for arguments in [
        &[&url, "--until=.a |"][..],
        &[&url, "--until=.", "--while=."],
        &[&url, "--until=.", "--every=50ms"],
        &[&url, "--until=.", "--every=often"],
        &[&url, "--every=5s"],
        &[&url, "--until=.", "--paginate"],
        &[&url, "--until=.", "--json"],
        &[&url, "--until=.", "--stream"],
        &["POST", &url, "--until=."],
        &[&url, "a=b", "--while=."],
    ] {
        c47().arg("http").args(arguments).run().expect_code(2);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn expired_token_is_renewed_while_waiting() {
    let logins = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |request| {
        if request.target == "/login" {
            let number = logins.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            return Response::json(&format!("{{\"access_token\":\"t{number}\"}}"));
        }
        match request.header("authorization") {
            Some("Bearer t2") => Response::json(DONE),
            _ if request.header("if-none-match").is_some() => {
                Response::new("401 Unauthorized", "", "expired")
            }
            _ => Response::new("200 OK", "etag: \"1\"\r\n", RUNNING),
        }
    });
    let scratch = Scratch::new("poll");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.a]\nurl = '{}'\nauth = 'login'\nuser = 'u'\npassword = 'env:P'\n\
             [profile.a.login]\nurl = '/login'\njson = {{ p = '{{password}}' }}\n",
            server.url("")
        ),
    );
    let output = c47()
        .env("C47_CONFIG_PATH", config)
        .env("P", "hunter2")
        .args([
            "http",
            "@a/x",
            "--until=.status == \"done\"",
            "--every=100ms",
        ])
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), DONE);
}

#[test]
fn interrupt_ends_the_wait() {
    let server = Server::start(|_| Response::json("false"));
    let child = c47()
        .args(["http", &server.url("/"), "--until=.", "--every=1h"])
        .spawn();
    wait_until("the request is sent", || server.requests().len() == 1);
    child.signal(libc::SIGINT);
    child.wait().expect_code(130);
}
