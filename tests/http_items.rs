//! The arguments of `c47 http`: which are the method, the URL and the items.

use crate::support::server::{Response, Server};
use crate::support::{Scratch, c47};

#[test]
fn url_as_an_item_is_refused_and_nothing_is_sent() {
    let server = Server::start(|_| Response::ok("")).may_be_idle();
    let url = server.url("/");
    for word in [
        "http://other.lan/",
        "HTTPS://other.lan",
        "https://me:hunter2@other.lan/?token=hunter2",
        "ftp://other.lan/x",
        "localhost:8080/x",
        "other.lan:8080",
        "other.lan/x",
        "other.lan",
        ":8080/x",
    ] {
        for words in [
            &[&url, word][..],
            &["GET", &url, word],
            &[&url, "a==b", word],
        ] {
            let output = c47().arg("http").args(words).run().expect_code(2);
            let text = output.stderr_text();
            assert!(text.contains("item"), "{}", output.tell());
            assert!(!text.contains("hunter2"), "{}", output.tell());
        }
    }
    assert!(server.requests().is_empty());
}

#[test]
fn mistyped_method_is_refused_with_a_suggestion() {
    let server = Server::start(|_| Response::ok("")).may_be_idle();
    let url = server.url("/");
    let port = format!(":{}/", server.port());
    let host = format!("localhost:{}/", server.port());
    for (word, meant) in [
        ("gte", "GET"),
        ("Get", "GET"),
        ("psot", "POST"),
        ("delet", "DELETE"),
    ] {
        for url in [&url, &port, &host] {
            // The credentials would be sent to a host of that name.
            let output = c47()
                .args(["http", word, url, "--auth", "bearer=env:T"])
                .env("T", "hunter2")
                .run()
                .expect_code(2);
            let expected =
                format!("c47 http: '{word}' is not a method\nhint: did you mean {meant}?\n");
            assert_eq!(output.stderr_text(), expected);
        }
    }
    let output = c47().args(["http", "xyzzy", &url]).run().expect_code(2);
    assert!(output.stderr_text().contains("in capitals"));
    assert!(server.requests().is_empty());
}

#[test]
fn host_of_one_label_is_a_url() {
    let server = Server::start(|request| Response::ok(&request.method));
    for (words, line) in [
        (&["render01"][..], "GET / HTTP/1.1"),
        (&["render01", "a=b"], "POST / HTTP/1.1"),
        (&["render01", "X-A:b", "c==d"], "GET /?c=d HTTP/1.1"),
        (&["PURGE", "render01"], "PURGE / HTTP/1.1"),
        (&["get", "render01"], "GET / HTTP/1.1"),
    ] {
        let output = c47()
            .arg("http")
            .args(words)
            .arg("--offline")
            .run()
            .expect_code(0);
        let mut lines = output.stdout_text().lines();
        assert_eq!(
            lines.next().map(str::trim_end),
            Some(line),
            "{}",
            output.tell()
        );
        assert_eq!(lines.next().map(str::trim_end), Some("host: render01"));
    }
    let output = c47()
        .args(["http", "patch", &server.url("/")])
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), "PATCH");
}

#[test]
fn backslash_sends_a_value_that_starts_with_an_at_sign() {
    let scratch = Scratch::new("items");
    scratch.write("Joe", "text of a file");
    let server = Server::start(|_| Response::ok(""));
    c47()
        .current_dir(scratch.path())
        .args(["http", &server.url("/"), r"a=\@Joe", r"b=\\@Joe", "c=@Joe"])
        .args([r"q==\@Joe", r"X-A:\@Joe"])
        .run()
        .expect_code(0);
    let request = server.request();
    assert_eq!(
        request.body_text(),
        r#"{"a":"@Joe","b":"\\@Joe","c":"text of a file"}"#
    );
    assert_eq!(request.target, "/?q=%40Joe");
    assert_eq!(request.header("X-A"), Some("@Joe"));
}

#[test]
fn missing_file_of_a_value_explains_both_forms() {
    let server = Server::start(|_| Response::ok("")).may_be_idle();
    for (item, text) in [
        ("comment=@Joe", r"comment=\@Joe"),
        ("q==@Joe", r"q==\@Joe"),
        ("X-A:@Joe", r"X-A:\@Joe"),
        ("a:=@Joe", r"a=\@Joe"),
    ] {
        let output = c47()
            .args(["http", &server.url("/"), item])
            .run()
            .expect_code(7);
        let expected = format!(
            "c47 http: cannot read Joe: no such file or directory\nhint: {item} reads the value \
             from the file Joe; to send the text @Joe, write {text}\n"
        );
        assert_eq!(output.stderr_text(), expected);
        // The text that the hint suggests is sent as a text.
        c47()
            .args(["http", "a.lan", text, "--offline"])
            .run()
            .expect_code(0);
    }
    assert!(server.requests().is_empty());
}
