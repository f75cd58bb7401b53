//! `c47 http --jq`: filters the body of a response.

use crate::support::server::{Response, Server};
use crate::support::{Scratch, c47};

const SHOTS: &str = r#"{"shots":[{"name":"sh010","fps":24.0},{"name":"sh020","fps":null}]}"#;

#[test]
fn jq_prints_each_output_on_a_line() {
    let server = Server::start(|_| Response::json(SHOTS));
    for (filter, raw, expected) in [
        (
            ".shots[]",
            false,
            "{\"name\":\"sh010\",\"fps\":24.0}\n{\"name\":\"sh020\",\"fps\":null}\n",
        ),
        (".shots[].name", false, "\"sh010\"\n\"sh020\"\n"),
        (".shots[].name", true, "sh010\nsh020\n"),
        (".shots[] | .name, .fps", true, "sh010\n24.0\nsh020\nnull\n"),
        (".shots[5:][]", false, ""),
    ] {
        let run = c47().args(["http", &server.url("/"), "--jq", filter]);
        let run = if raw { run.arg("-r") } else { run };
        let output = run.run().expect_code(0);
        assert_eq!(output.stdout_text(), expected, "{filter}");
        assert_eq!(output.stderr_text(), "");
    }
}

#[test]
fn invalid_filter_is_refused_before_anything_is_sent() {
    let server = Server::start(|_| Response::json(SHOTS)).may_be_idle();
    let url = server.url("/");
    for arguments in [
        &["--jq", ".a |"][..],
        &["--jq", "nosuch(1)"],
        &["--jq", ".", "--stream"],
        &["--jq", ".", "--headers"],
        &["--jq", ".", "--print=b"],
        &["--jq", ".", "--download"],
        &["-r"],
    ] {
        let output = c47().args(["http", &url]).args(arguments).run();
        let output = output.expect_code(2);
        assert!(
            output
                .stderr_text()
                .contains(arguments[0].trim_start_matches("-r"))
        );
    }
    assert!(server.requests().is_empty());
}

#[test]
fn body_of_an_error_is_printed_without_the_filter() {
    let server = Server::start(|_| {
        Response::new(
            "404 Not Found",
            "content-type: application/json\r\n",
            r#"{"message": "none"}"#,
        )
    });
    let directory = Scratch::new("jq");
    let file = directory.path().join("out");
    for more in [&[][..], &["-o", file.to_str().unwrap()]] {
        let output = c47()
            .args(["http", &server.url("/"), "--jq", ".shots[]"])
            .args(more)
            .run()
            .expect_code(4);
        assert_eq!(output.stdout_text(), r#"{"message": "none"}"#);
        assert!(output.stderr_text().contains("404 Not Found"));
    }
    assert!(!file.exists());
}

#[test]
fn body_that_is_not_json_is_an_error_with_its_content_type() {
    for (headers, body, expected) in [
        (
            "content-type: text/html; charset=utf-8\r\n",
            "<p>log in</p>",
            "its content type is text/html",
        ),
        ("", "\u{1b}[2J", "it has no content type"),
    ] {
        let server = Server::start(move |_| Response::new("200 OK", headers, body));
        let output = c47().args(["http", &server.url("/"), "--jq", "."]).run();
        let output = output.expect_code(7);
        assert_eq!(
            output.stderr_text(),
            format!(
                "c47 http: --jq: the body is not JSON; {expected}\nhint: omit --jq to see the body\n"
            )
        );
        assert_eq!(output.stdout_text(), "");
    }
}

#[test]
fn filter_that_fails_is_an_error() {
    let server = Server::start(|_| Response::json(SHOTS));
    let output = c47()
        .args(["http", &server.url("/"), "--jq", ".shots.name"])
        .run();
    let output = output.expect_code(7);
    assert!(
        output.stderr_text().starts_with("c47 http: --jq: "),
        "{}",
        output.tell()
    );
    assert!(
        !output.stderr_text().contains("not JSON"),
        "{}",
        output.tell()
    );
}

#[test]
fn file_has_the_outputs_or_its_old_content() {
    let server = Server::start(|_| Response::json(SHOTS));
    let directory = Scratch::new("jq");
    let file = directory.path().join("out");
    let run = |filter: &str| {
        c47()
            .args(["http", &server.url("/"), "-r", "--jq", filter, "-o"])
            .arg(&file)
            .run()
    };
    run(".shots[].name").expect_code(0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "sh010\nsh020\n");
    run(".shots[].fps | .x.y").expect_code(7);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "sh010\nsh020\n");
}

#[test]
fn jq_filters_the_report_of_json() {
    let server = Server::start(|_| Response::new("404 Not Found", "", "x"));
    let output = c47()
        .args([
            "http",
            &server.url("/"),
            "--json",
            "--jq",
            "[.response.status, .response.body]",
        ])
        .run()
        .expect_code(4);
    assert_eq!(output.stdout_text(), "[404,\"x\"]\n");
}

#[test]
fn closed_pipe_keeps_the_exit_code() {
    let server = Server::start(|_| Response::new("404 Not Found", "", "x"));
    c47()
        .args(["http", &server.url("/"), "--json", "--jq", "."])
        .stdout_closed()
        .run()
        .expect_code(4);
}
