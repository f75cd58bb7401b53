//! Redirects: what is sent to the new place. Each test covers a bug of another client.

use crate::support::c47;
use crate::support::server::{Request, Response, Server};

/// Everything in a request that may identify the sender.
fn all_of(request: &Request) -> String {
    format!(
        "{} {:?} {}",
        request.target,
        request.headers,
        request.body_text()
    )
}

const CREDENTIALS: [&[&str]; 10] = [
    &["--auth", "bearer=env:S"],
    &["--auth", "basic=me:env:S"],
    &["--auth", "header=X-Api-Key:env:S"],
    &["--auth", "query=token:env:S"],
    &[
        "--auth",
        "aws=sekrit:env:S",
        "--service",
        "s3",
        "--region",
        "x",
    ],
    &[
        "--auth",
        "hmac=sha256:env:S",
        "--hmac-header",
        "X-Mac: sekrit={hex}",
    ],
    &[
        "--auth",
        r#"helper=printf '%s' '{"headers": {"X-Ticket": "sekrit"}, "query": {"t": "sekrit"}}'"#,
    ],
    &["X-Studio:sekrit"],
    &["Cookie:session=sekrit"],
    &["Authorization:Bearer sekrit"],
];

/// CVE-2018-1000007, 2022-27774, 2022-27776, 2025-14524: another host or port is another origin.
#[test]
fn credentials_never_reach_another_host_or_port() {
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        for credential in CREDENTIALS {
            let other = Server::start(|_| Response::ok("there"));
            for place in [
                other.url("/x"),
                format!("http://localhost:{}/x", other.port()),
                format!("//127.0.0.1:{}/x", other.port()),
            ] {
                let first = Server::start(move |_| Response::redirect(status, &place));
                c47()
                    .env("S", "sekrit")
                    .args(["http", "--follow", &first.url("/")])
                    .args(credential)
                    .run()
                    .expect_code(0);
                assert!(
                    all_of(&first.request()).contains("sekrit")
                        || all_of(&first.request()).contains("Basic")
                );
            }
            for request in other.requests() {
                let told = all_of(&request);
                assert!(
                    !told.contains("sekrit") && !told.contains("Basic"),
                    "{status} {credential:?}: {told}"
                );
            }
        }
    }
}

#[test]
fn credentials_are_not_sent_after_a_redirect_back() {
    let home = Server::start(|request| match request.target.as_str() {
        "/home" => Response::ok("home"),
        away => Response::redirect(
            "302 Found",
            away.strip_prefix("/?to=")
                .unwrap_or("/home")
                .split('&')
                .next()
                .unwrap(),
        ),
    });
    let back = home.url("/home");
    let other = Server::start(move |_| Response::redirect("302 Found", &back));
    let start = home.url(&format!("/?to={}", other.url("/")));
    c47()
        .env("S", "sekrit")
        .args(["http", "--follow", &start, "--auth", "bearer=env:S"])
        .run()
        .expect_code(0);
    assert_eq!(
        home.requests().last().unwrap().header("authorization"),
        None
    );
}

#[test]
fn same_origin_redirect_keeps_credentials() {
    for credential in CREDENTIALS {
        let server = Server::start(|request| {
            if request.target.starts_with("/there") {
                Response::ok("")
            } else {
                Response::redirect("302 Found", "there?a=1")
            }
        });
        c47()
            .env("S", "sekrit")
            .args(["http", "--follow", &server.url("/here")])
            .args(credential)
            .run()
            .expect_code(0);
        let told = all_of(&server.requests()[1]);
        assert!(
            told.contains("sekrit") || told.contains("Basic"),
            "{credential:?}: {told}"
        );
    }
}

/// CVE-2022-32221, 2023-28322: 303 becomes GET; 307 and 308 keep method and body.
#[test]
fn status_decides_method_and_body() {
    for (status, method, body) in [
        ("301 Moved", "GET", ""),
        ("302 Found", "GET", ""),
        ("303 See Other", "GET", ""),
        ("307 Temporary", "POST", r#"{"a":"b"}"#),
        ("308 Permanent", "POST", r#"{"a":"b"}"#),
    ] {
        let server = Server::start(move |request| {
            if request.target == "/there" {
                Response::ok("")
            } else {
                Response::redirect(status, "/there")
            }
        });
        c47()
            .args(["http", "--follow", &server.url("/"), "a=b"])
            .run()
            .expect_code(0);
        let second = &server.requests()[1];
        assert_eq!(
            (second.method.as_str(), second.body_text()),
            (method, body),
            "{status}"
        );
        assert_eq!(
            second.header("content-type").is_some(),
            !body.is_empty(),
            "{status}"
        );
    }
}

#[test]
fn streamed_file_is_resent_from_the_start() {
    let scratch = crate::support::Scratch::new("resend");
    let body = vec![b'x'; 300_000];
    scratch.write("body", &body);
    let server = Server::start(|request| {
        if request.target == "/there" {
            Response::ok("")
        } else {
            Response::redirect("307 Temporary", "/there")
        }
    });
    c47()
        .current_dir(scratch.path())
        .args([
            "http",
            "--follow",
            "PUT",
            &server.url("/"),
            "--body",
            "body",
        ])
        .run()
        .expect_code(0);
    assert!(server.requests().iter().all(|request| request.body == body));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn redirects_are_opt_in_and_limited() {
    let server = Server::start(|_| Response::redirect("302 Found", "/again"));
    c47().args(["http", &server.url("/")]).run().expect_code(3);
    assert_eq!(server.requests().len(), 1);
    let output = c47()
        .args(["http", "--follow", &server.url("/")])
        .run()
        .expect_code(6);
    assert_eq!(
        output.stderr_text().lines().next(),
        Some("c47 http: more than 10 redirects")
    );
    assert_eq!(server.requests().len(), 12);
    c47()
        .args(["http", "--follow", "--max-redirects", "0", &server.url("/")])
        .run()
        .expect_code(6);
}

#[test]
fn invalid_location_is_not_followed() {
    for location in [
        "ftp://a.lan/",
        "mailto:me@a.lan",
        "http://a%2Fb/",
        "http://[::1/",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ] {
        let server = Server::start(move |_| Response::redirect("302 Found", location));
        let output = c47()
            .args(["http", "--follow", &server.url("/")])
            .run()
            .expect_code(3);
        assert!(
            output.stderr_text().contains("not followed"),
            "{location}: {}",
            output.stderr_text()
        );
    }
}

/// CVE-2014-8150, 2012-0036: no item and no URL can add a line to the request.
#[test]
fn line_breaks_never_reach_the_wire() {
    let server = Server::start(|_| Response::ok("")).may_be_idle();
    let url = server.url("/");
    for words in [
        &[url.as_str(), "X-A:b\r\nX-Evil: 1"][..],
        &[url.as_str(), "X-A\r\n:b"],
        &[url.as_str(), "X-A:b\nX-Evil: 1"],
        &[&format!("{url}\r\nX-Evil: 1")],
        &["G\nET", &url],
        &["GET\r\nX-Evil:", &url],
    ] {
        let output = c47().arg("http").args(words).run();
        assert!(output.code == 2, "{words:?}: {}", output.tell());
    }
    c47()
        .args(["http", &url, "q==a\r\nX-Evil: 1"])
        .run()
        .expect_code(0);
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.header("x-evil").is_none())
    );
    assert_eq!(server.requests().len(), 1);
}

/// CVE-2022-27780, 2016-8624: the host name has one unambiguous end.
#[test]
fn ambiguous_host_names_are_refused() {
    for url in [
        "http://127.0.0.1%2Fx/",
        "http://127.0.0.1%23@evil.invalid%2F/",
        "http://evil.invalid\\@127.0.0.1/",
        "http://127.0.0.1 .invalid/",
        "http://bücher.invalid/",
    ] {
        c47().args(["http", url]).run().expect_code(2);
    }
}

/// CVE-2020-8169, 2021-22876: a password in a URL is never sent to DNS or printed.
#[test]
fn password_in_a_url_is_never_shown() {
    let output = c47()
        .args(["http", "-v", "https://me:se@krit@no-such-host.invalid/"])
        .run()
        .expect_code(7);
    assert!(
        !output.tell().replace("me:se@krit@", "").contains("krit@"),
        "{}",
        output.tell()
    );
    assert!(
        output.stderr_text().contains("'no-such-host.invalid'"),
        "{}",
        output.stderr_text()
    );
    let server = Server::start(|_| Response::redirect("302 Found", "/x"));
    let output = c47()
        .args([
            "http",
            "-v",
            "--json",
            &format!("http://me:sekrit@127.0.0.1:{}/", server.port()),
        ])
        .run()
        .expect_code(3);
    assert!(!output.stderr_text().contains("sekrit") && !output.stdout_text().contains("sekrit"));
    assert_eq!(server.request().header("referer"), None);
}

/// 307 and 308, and 301 and 302 for a PUT, repeat the body; to another origin only with the option.
#[test]
fn body_goes_to_another_origin_only_with_redirect_body() {
    for (status, method) in [
        ("307 Temporary", "POST"),
        ("308 Permanent", "POST"),
        ("302 Found", "PUT"),
    ] {
        let other = Server::start(|_| Response::ok("there")).may_be_idle();
        let place = other.url("/x");
        let first = Server::start(move |_| Response::redirect(status, &place));
        let call = || c47().args(["http", "--follow", method, &first.url("/"), "shot=secret"]);
        let output = call().run().expect_code(3);
        let said = output.stderr_text();
        assert!(
            said.contains("not followed") && said.contains("--redirect-body"),
            "{said}"
        );
        assert!(other.requests().is_empty(), "{status}");
        call().arg("--redirect-body").run().expect_code(0);
        assert_eq!(other.request().body_text(), r#"{"shot":"secret"}"#);
    }
}

#[test]
fn redirect_that_drops_the_body_needs_no_option() {
    let other = Server::start(|_| Response::ok("there"));
    let place = other.url("/x");
    let first = Server::start(move |_| Response::redirect("303 See Other", &place));
    c47()
        .args(["http", "--follow", &first.url("/"), "a=b"])
        .run()
        .expect_code(0);
    assert_eq!(other.request().body_text(), "");
    let output = c47()
        .args(["http", &first.url("/"), "a=b", "--redirect-body"])
        .run()
        .expect_code(2);
    let said = output.stderr_text();
    assert!(said.contains("--follow"), "{said}");
}

/// Some services copy the whole query into Location.
#[test]
fn query_credential_in_a_redirect_is_sent_once_and_not_shown() {
    let server = Server::start(|request| match request.target.as_str() {
        "/a?site=hunter2" => Response::redirect("302 Found", "/b?n=2&site=hunter2"),
        "/b?n=2&site=hunter2" => Response::new("404 Not Found", "", "no"),
        other => panic!("{other}"),
    });
    let output = c47()
        .args([
            "http",
            &server.url("/a"),
            "--auth",
            "query=site:env:T",
            "--follow",
        ])
        .env("T", "hunter2")
        .run()
        .expect_code(4);
    assert!(
        !output.stderr_text().contains("hunter2"),
        "{}",
        output.tell()
    );
    assert_eq!(server.requests().len(), 2);
}
