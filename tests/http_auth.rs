//! Digest and netrc, with httpbin and a server that counts requests.

use crate::support::server::{Response, Server};
use crate::support::{Scratch, c47, peers};

#[test]
fn digest_works_with_httpbin() {
    let Some(httpbin) = peers::httpbin() else {
        return;
    };
    for quality in ["auth", "auth-int"] {
        for algorithm in ["MD5", "SHA-256"] {
            let url = httpbin.url(&format!("/digest-auth/{quality}/me/pass/{algorithm}"));
            let call = |password: &str| {
                c47()
                    .env("P", password)
                    .args(["http", "-v", &url, "--auth", "digest=me:env:P"])
                    .run()
            };
            let good = call("pass").expect_code(0);
            assert!(
                good.stderr_text().contains("> authorization: Digest ***"),
                "{}",
                good.tell()
            );
            let bad = call("wrong").expect_code(4);
            assert_eq!(
                bad.stderr_text().matches("> GET").count(),
                2,
                "a wrong password is tried once"
            );
        }
    }
}

#[test]
fn auth_int_hashes_and_resends_the_body() {
    let server = Server::start(|request| match request.header("authorization") {
        None => Response::new(
            "401 Prove It",
            "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"\r\n",
            "",
        ),
        Some(_) => Response::ok("in"),
    });
    c47()
        .env("P", "pass")
        .args([
            "http",
            "PUT",
            &server.url("/x?y=1"),
            "a=b",
            "--auth",
            "digest=m\"e:env:P",
        ])
        .run()
        .expect_code(0);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(
        requests
            .iter()
            .all(|request| request.body_text() == r#"{"a":"b"}"#)
    );
    let answer = requests[1].header("authorization").unwrap();
    assert!(
        answer.contains(r#"username="m\"e""#) && answer.contains(r#"uri="/x?y=1""#),
        "{answer}"
    );
    assert!(
        answer.contains("qop=auth-int") && !answer.contains("pass"),
        "{answer}"
    );
}

#[test]
fn stale_nonce_is_retried_once_and_digest_stays_at_its_origin() {
    let server = Server::start(|_| {
        Response::new(
            "401 Stale",
            "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", stale=true\r\n",
            "",
        )
    });
    let run = |url: &str| {
        c47()
            .env("P", "pass")
            .args(["http", "--follow", url, "--auth", "digest=me:env:P"])
            .run()
    };
    run(&server.url("/")).expect_code(4);
    assert_eq!(server.requests().len(), 3);
    let asked = server.requests().len();
    let there = server.url("/there");
    let home = Server::start(move |_| Response::redirect("302 Found", &there));
    run(&home.url("/")).expect_code(4);
    assert_eq!(server.requests().len(), asked + 1);
    assert_eq!(server.requests()[asked].header("authorization"), None);
}

#[test]
fn netrc_is_used_only_for_its_hosts() {
    let server = Server::start(|_| Response::ok(""));
    let scratch = Scratch::new("netrc");
    let file = scratch.write(
        "netrc",
        "machine 127.0.0.1 login me password one\nmachine 127.0.0.1 login bot password two\n",
    );
    let port = server.port();
    let call = |url: String, words: &[&str]| {
        c47()
            .env("NETRC", &file)
            .args(["http", &url])
            .args(words)
            .run()
    };
    let output = call(server.url("/"), &["--auth", "netrc"]).expect_code(0);
    assert!(
        output.stderr_text().contains("chmod 600"),
        "others can read it: {}",
        output.tell()
    );
    call(
        format!("http://bot@127.0.0.1:{port}/"),
        &["--auth", "netrc"],
    )
    .expect_code(0);
    call(server.url("/"), &["--auth", "netrc=bearer"]).expect_code(0);
    call(
        server.url("/"),
        &["--auth", "netrc", "Authorization:Custom x"],
    )
    .expect_code(0);
    call(
        server.url("/"),
        &["--auth", "bearer=env:NETRC", "Authorization:Custom x"],
    )
    .expect_code(2);
    let sent: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(
        sent,
        [
            "Basic bWU6b25l",
            "Basic Ym90OnR3bw==",
            "Bearer one",
            "Custom x"
        ]
    );
    let nobody = call(
        format!("http://eve@127.0.0.1:{port}/"),
        &["--auth", "netrc"],
    )
    .expect_code(9);
    assert!(
        nobody.stderr_text().contains("'eve'") && !nobody.stderr_text().contains("one"),
        "{}",
        nobody.tell()
    );
    call(format!("http://localhost:{port}/"), &["--auth", "netrc"]).expect_code(9);
    call(
        format!("http://me:x@127.0.0.1:{port}/"),
        &["--auth", "netrc"],
    )
    .expect_code(2);
    // Without $NETRC, the file is in the home directory.
    scratch.write(".netrc", "default login any password three");
    c47()
        .env("HOME", scratch.path())
        .args(["http", &server.url("/"), "--auth", "netrc"])
        .run()
        .expect_code(0);
    assert_eq!(server.requests().len(), 5);
}
