//! All options and configuration keys read durations and sizes in the same way.

use std::time::Duration;

use crate::support::server::{Response, Server};
use crate::support::{Scratch, c47};

/// The seconds between iat and exp of a token with this lifetime.
fn lifetime(ttl: &str) -> i64 {
    let output = c47()
        .args([
            "jwt", "sign", "--alg", "HS256", "--key", "env:K", "--ttl", ttl,
        ])
        .env("K", "0123456789abcdef0123456789abcdef")
        .run()
        .expect_code(0);
    let decoded = c47()
        .args(["jwt", "decode", "--json", output.stdout_text().trim_end()])
        .run()
        .expect_code(0);
    let decoded: serde_json::Value = serde_json::from_str(decoded.stdout_text()).unwrap();
    let time = |name: &str| decoded["claims"][name].as_i64().unwrap();
    time("exp") - time("iat")
}

#[test]
fn bare_number_is_seconds_and_units_add_up() {
    for (ttl, seconds) in [
        ("30", 30),
        ("1m30s", 90),
        ("1.5m", 90),
        ("2000ms", 2),
        ("1d12h", 129_600),
        ("7d", 604_800),
    ] {
        assert_eq!(lifetime(ttl), seconds, "{ttl}");
    }
}

#[test]
fn timeout_may_have_a_fraction() {
    let server = Server::start(|_| Response::ok("x").drip(Duration::from_secs(60)));
    for timeout in ["0.3", "0.3s", "300ms"] {
        let output = c47()
            .args(["http", &server.url("/"), "--timeout", timeout])
            .run()
            .expect_code(8);
        assert!(
            output.stderr_text().contains("timed out"),
            "{}",
            output.tell()
        );
    }
}

#[test]
fn all_options_read_durations_and_sizes_alike() {
    let options: [(&[&str], &str); 8] = [
        (&["http", "a.lan", "--offline", "--timeout"], "time"),
        (&["http", "a.lan", "--offline", "--connect-timeout"], "time"),
        (
            &[
                "http",
                "a.lan",
                "--offline",
                "--retry",
                "1",
                "--retry-max-time",
            ],
            "time",
        ),
        (
            &[
                "http",
                "a.lan",
                "--offline",
                "--auth",
                "jwt=HS256:env:K",
                "--ttl",
            ],
            "time",
        ),
        (
            &["jwt", "verify", "x", "--key", "env:K", "--leeway"],
            "time",
        ),
        (&["auth", "token", "svc", "--min-ttl"], "time"),
        (&["http", "a.lan", "--offline", "--max-body"], "size"),
        (&["host", "check", "--free"], "size"),
    ];
    let scratch = Scratch::new("quantities");
    let config = scratch.write(
        "config.toml",
        "[profile.svc]\nurl = 'https://a.lan'\nauth = 'bearer'\ntoken = 'env:K'\n",
    );
    let good = |kind: &str| match kind {
        "time" => ["30", "2s", "1m30s", "1.5h", "12h"],
        _ => ["512", "10k", "1.5M", "1GiB", "1GB"],
    };
    for (words, kind) in options {
        let run = |value: &str| {
            let is_path = words.last() == Some(&"--free");
            let value = if is_path {
                format!("/tmp={value}")
            } else {
                value.to_owned()
            };
            c47()
                .args(words)
                .arg(value)
                .env("K", "0123456789abcdef0123456789abcdef")
                .env("C47_CONFIG_PATH", &config)
                .run()
        };
        for value in good(kind) {
            let output = run(value);
            assert_ne!(output.code, 2, "{words:?} {value}: {}", output.tell());
        }
        for value in ["", "x", "-1", "1y", "1.s", "99999999999999999999", "1e9d"] {
            let output = run(value).expect_code(2);
            assert!(output.stderr_text().contains("; use "), "{}", output.tell());
        }
    }
}

#[test]
fn sizes_are_powers_of_1000_or_1024() {
    for (bytes, size, code) in [
        (1000, "1kB", 0),
        (1001, "1kB", 7),
        (1024, "1k", 0),
        (1025, "1KiB", 7),
        (1536, "1.5k", 0),
        (1537, "1.5k", 7),
    ] {
        let server = Server::start(move |_| Response::ok("x".repeat(bytes)));
        c47()
            .args(["http", &server.url("/"), "--max-body", size])
            .run()
            .expect_code(code);
    }
}

#[test]
fn configuration_accepts_durations_as_strings_or_numbers() {
    let server = Server::start(|_| Response::ok("x").drip(Duration::from_secs(60)));
    let scratch = Scratch::new("quantities");
    let run = |keys: &str| {
        let url = server.url("/");
        let config = scratch.write(
            "config.toml",
            format!("[profile.svc]\nurl = '{url}'\n{keys}"),
        );
        c47()
            .args(["http", "@svc/"])
            .env("C47_CONFIG_PATH", config)
            .env("K", "0123456789abcdef0123456789abcdef")
            .run()
    };
    for timeout in ["0.3", "'0.3'", "'300ms'", "'0.3s'"] {
        run(&format!("timeout = {timeout}\n")).expect_code(8);
    }
    run("timeout = 1\nconnect_timeout = 30\n").expect_code(8);
    for wrong in ["'x'", "-1", "1e3", "inf", "''", "'1y'"] {
        let output = run(&format!("timeout = {wrong}\n")).expect_code(2);
        let text = output.stderr_text();
        assert!(
            text.contains("timeout: ") && text.contains("; use 30"),
            "{}",
            output.tell()
        );
    }
    for wrong in ["true", "[1]"] {
        let output = run(&format!("timeout = {wrong}\n")).expect_code(2);
        assert!(
            output.stderr_text().contains("must be a duration"),
            "{}",
            output.tell()
        );
    }
    let keys = "auth = 'jwt'\nkey = 'env:K'\nalgorithm = 'HS256'\n";
    run(&format!("{keys}ttl = 90\ntimeout = '300ms'\n")).expect_code(8);
    let token = server.requests().pop().unwrap();
    let token = token
        .header("authorization")
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap();
    let decoded = c47()
        .args(["jwt", "decode", "--json", token])
        .run()
        .expect_code(0);
    let decoded: serde_json::Value = serde_json::from_str(decoded.stdout_text()).unwrap();
    let time = |name: &str| decoded["claims"][name].as_i64().unwrap();
    assert_eq!(time("exp") - time("iat"), 90);
}

#[test]
fn empty_profile_list_prints_a_message() {
    let scratch = Scratch::new("quantities");
    let config = scratch.write("config.toml", "");
    for words in [["auth", "profiles"], ["auth", "status"], ["config", "show"]] {
        let run = || c47().args(words).env("C47_CONFIG_PATH", &config);
        let output = run().run().expect_code(0);
        assert_eq!(output.stdout_text(), "", "{}", output.tell());
        let text = output.stderr_text();
        assert!(
            text.contains("no profiles configured: searched"),
            "{}",
            output.tell()
        );
        assert!(text.contains("config.toml"), "{}", output.tell());
        let output = run().arg("--json").run().expect_code(0);
        assert_eq!(output.stdout_text(), "[]\n");
        assert_eq!(output.stderr_text(), "");
    }
}

#[test]
fn singular_is_used_for_one() {
    let scratch = Scratch::new("quantities");
    scratch.place(crate::support::binary(), "only");
    let output = c47()
        .args(["elf", "dupes"])
        .arg(scratch.path())
        .run()
        .expect_code(0);
    assert!(
        output.stdout_text().starts_with("1 object, "),
        "{}",
        output.tell()
    );
    scratch.write(
        "repository/tool/1.0/package.py",
        "name = 'tool'\nversion = '1.0'\n",
    );
    let output = c47()
        .args(["rez", "check"])
        .arg(scratch.path().join("repository"))
        .run();
    assert!(
        output.stdout_text().contains("1 package, 1 version: "),
        "{}",
        output.tell()
    );
}

#[test]
fn long_ago_is_printed_in_years() {
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.AAAA";
    let output = c47().args(["jwt", "decode", token]).run().expect_code(0);
    let words: Vec<&str> = output.stdout_text().split_whitespace().collect();
    let at = words.iter().position(|word| *word == "expired").unwrap();
    assert!(words[at + 1].ends_with('y'), "{}", output.tell());
    assert_eq!(words[at + 2], "ago");
}
