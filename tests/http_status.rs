//! The line on stderr for a response outside 2xx, and `--quiet`.

use std::fs;

use crate::support::server::{Response, Server};
use crate::support::{Scratch, c47};

/// Every way to print a response.
const WAYS: [&[&str]; 8] = [
    &[],
    &["-o", "out"],
    &["--download"],
    &["--download", "-o", "out"],
    &["--json"],
    &["--stream"],
    &["--print", "b"],
    &["--headers"],
];

#[test]
fn response_outside_2xx_prints_one_line_on_stderr() {
    for (status, code) in [
        ("500 Internal Server Error", 5),
        ("404 Not Found", 4),
        ("304 Not Modified", 3),
    ] {
        for way in WAYS {
            let scratch = Scratch::new("status");
            let server = Server::start(move |_| Response::new(status, "", ""));
            let url = server.url("/x");
            let output = c47()
                .current_dir(scratch.path())
                .args(["http", &url])
                .args(way)
                .run()
                .expect_code(code);
            let start = format!("c47 http: {status} from GET {url}");
            let text = output.stderr_text();
            assert!(text.starts_with(&start), "{way:?}: {text}");
            assert_eq!(text.lines().count(), 1, "{way:?}: {text}");
            assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0, "{way:?}");
        }
    }
}

#[test]
fn success_prints_nothing_on_stderr() {
    for way in WAYS {
        let scratch = Scratch::new("success");
        let server = Server::start(|_| Response::new("201 Created", "", ""));
        let output = c47()
            .current_dir(scratch.path())
            .args(["http", &server.url("/x")])
            .args(way)
            .run()
            .expect_code(0);
        assert_eq!(output.stderr_text(), "", "{way:?}");
    }
}

#[test]
fn status_line_masks_secrets_and_names_location_and_challenge() {
    let stderr = |answer: Response, code: i32| {
        let server = Server::start(move |_| answer.clone());
        let output = c47()
            .env("S", "sekrit")
            .args(["http", "POST", &server.url("/x?token=sekrit")])
            .args(["--auth", "query=sid:env:S"])
            .run()
            .expect_code(code);
        let text = output.stderr_text().to_owned();
        assert!(!text.contains("sekrit"), "{text}");
        assert!(text.contains(" from POST http://127.0.0.1:"), "{text}");
        assert!(text.contains("/x?token=***&sid=***"), "{text}");
        text
    };
    let redirect = Response::redirect("302 Found", "https://u:sekrit@other.lan/y?key=sekrit&a=1");
    let text = stderr(redirect, 3);
    assert!(
        text.ends_with("; location: https://***@other.lan/y?key=***&a=1\n"),
        "{text}"
    );
    let challenges =
        "www-authenticate: Negotiate sekrit\r\nWWW-Authenticate: Bearer realm=\"a\"\r\n";
    let text = stderr(Response::new("401 Unauthorized", challenges, ""), 4);
    assert!(
        text.ends_with("; www-authenticate: Negotiate, Bearer\n"),
        "{text}"
    );
    // HTTP/1.1 allows an empty reason.
    let text = stderr(Response::new("503 ", "", ""), 5);
    assert!(
        text.starts_with("c47 http: 503 Service Unavailable from"),
        "{text}"
    );
    // A reason cannot forge a line or control the terminal.
    let text = stderr(Response::new("500 a\u{9b}31m", "", ""), 5);
    assert!(!text.contains('\u{9b}'), "{text:?}");
}

#[test]
fn status_line_names_the_last_request_after_redirects() {
    let server = Server::start(|request| match request.target.as_str() {
        "/a" => Response::redirect("302 Found", "/b"),
        _ => Response::new("410 Gone", "", ""),
    });
    for way in WAYS {
        let scratch = Scratch::new("redirected");
        let output = c47()
            .current_dir(scratch.path())
            .args(["http", &server.url("/a"), "--follow"])
            .args(way)
            .run()
            .expect_code(4);
        let start = format!("c47 http: 410 Gone from GET {}", server.url("/b"));
        assert!(
            output.stderr_text().starts_with(&start),
            "{}",
            output.tell()
        );
    }
}

#[test]
fn quiet_hides_the_status_but_not_errors() {
    for way in WAYS {
        for quiet in ["--quiet", "-q"] {
            let scratch = Scratch::new("quiet");
            let server = Server::start(|_| {
                Response::new("503 Service Unavailable", "retry-after: 0\r\n", "why")
            });
            let output = c47()
                .current_dir(scratch.path())
                .args(["http", &server.url("/x"), quiet, "--retry=1"])
                .args(way)
                .run()
                .expect_code(5);
            assert_eq!(output.stderr_text(), "", "{way:?}");
        }
    }
    let output = c47().args(["http", ":1", "-q"]).run().expect_code(7);
    assert!(
        output.stderr_text().contains("connection refused"),
        "{}",
        output.tell()
    );
}
