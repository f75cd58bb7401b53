//! `c47 selftest`, on this machine and on crippled ones.

use std::fs;

use serde_json::Value;

use crate::support::{self, Output, Run, Scratch, c47};

const NAMES: [&str; 9] = [
    "allocator",
    "clock",
    "entropy",
    "temp_dir",
    "localhost",
    "tokens",
    "http",
    "tls",
    "roots",
];

/// The status and detail of a check.
#[track_caller]
fn line<'a>(output: &'a Output, name: &str) -> (&'a str, &'a str) {
    let lines = output.stdout_text().lines();
    lines
        .filter_map(|line| line.split_once(": "))
        .find_map(|(start, detail)| {
            let (status, its_name) = start.split_once(' ')?;
            (its_name.trim() == name).then_some((status, detail))
        })
        .unwrap_or_else(|| panic!("no line for {name}\n{}", output.tell()))
}

#[test]
fn every_check_prints_a_line() {
    let output = c47().arg("selftest").run().expect_code(0);
    assert_eq!(
        output.stdout_text().lines().count(),
        NAMES.len(),
        "{}",
        output.tell()
    );
    for name in NAMES {
        let (status, _) = line(&output, name);
        assert!(matches!(status, "ok" | "warn"), "{}", output.tell());
    }
    let (_, tokens) = line(&output, "tokens");
    for name in [
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
        "ES384", "EdDSA",
    ] {
        assert!(tokens.contains(name), "{tokens}");
    }
    assert_eq!(output.stderr_text(), "");
}

#[test]
fn json_has_every_check() {
    let report = c47()
        .args(["selftest", "--json"])
        .run()
        .expect_code(0)
        .json();
    assert_eq!(report["ok"], true);
    let checks = report["checks"].as_array().unwrap();
    let names: Vec<&Value> = checks.iter().map(|check| &check["name"]).collect();
    assert_eq!(names, NAMES);
    for check in checks {
        assert!(
            check["status"] == "ok" || check["status"] == "warn",
            "{check}"
        );
        assert!(
            check["detail"].is_string() && check["milliseconds"].is_number(),
            "{check}"
        );
    }
}

#[test]
fn temporary_files_are_removed() {
    let scratch = Scratch::new("selftest");
    let run = c47().arg("selftest").env("TMPDIR", scratch.path()).run();
    assert_eq!(line(&run, "temp_dir").0, "ok");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn failed_check_does_not_stop_the_others() {
    let scratch = Scratch::new("selftest");
    let no_certificate = scratch.write("empty.pem", b"nothing");
    let run = c47()
        .arg("selftest")
        .env("TMPDIR", scratch.path().join("absent\nOK forged"))
        .env("SSL_CERT_FILE", &no_certificate)
        .run()
        .expect_code(1);
    assert_eq!(run.stdout_text().lines().count(), NAMES.len());
    assert_eq!(line(&run, "temp_dir").0, "FAIL");
    let (status, why) = line(&run, "roots");
    assert_eq!(status, "FAIL");
    assert!(
        why.contains("empty.pem") && why.contains("no PEM certificate"),
        "{why}"
    );
    for name in ["allocator", "clock", "entropy", "tokens", "http", "tls"] {
        assert_eq!(line(&run, name).0, "ok");
    }
    let json = c47()
        .args(["selftest", "--json"])
        .env("TMPDIR", "/dev/null")
        .run()
        .expect_code(1)
        .json();
    assert_eq!(json["ok"], false);
}

#[test]
fn roots_are_counted() {
    let bundle = "/etc/ssl/certs/ca-certificates.crt";
    let Ok(text) = fs::read_to_string(bundle) else {
        support::peers::missing::<()>("no bundle of roots here");
        return;
    };
    let run = c47().arg("selftest").env("SSL_CERT_FILE", bundle).run();
    let count = text.matches("-BEGIN CERTIFICATE-").count();
    assert_eq!(
        line(&run, "roots"),
        ("ok", format!("{count} roots from {bundle}").as_str())
    );
}

#[test]
fn selftest_passes_on_an_old_kernel() {
    c47().arg("selftest").on_old_kernel().run().expect_code(0);
}

#[test]
fn selftest_runs_in_an_empty_root() {
    if support::all_on_old_kernel() {
        return support::peers::skipped("the next test is this one on an old kernel");
    }
    let Some(run) = support::empty_root::run(["selftest"]) else {
        return;
    };
    let run = run.expect_code(1);
    assert_eq!(
        run.stdout_text().lines().count(),
        NAMES.len(),
        "{}",
        run.tell()
    );
    assert_eq!(line(&run, "temp_dir").0, "FAIL");
    assert_eq!(line(&run, "localhost").0, "warn");
    let (status, why) = line(&run, "roots");
    assert_eq!(status, "warn");
    assert!(why.contains("built into c47"), "{why}");
    for name in ["allocator", "clock", "tokens", "http", "tls"] {
        assert_eq!(line(&run, name).0, "ok");
    }
}

/// Linux 3.10 has no getrandom, and an empty root no /dev/urandom.
#[test]
fn selftest_runs_in_an_empty_root_on_an_old_kernel() {
    let Some(run) = support::empty_root::empty_c47() else {
        return;
    };
    let run = run.on_old_kernel().arg("selftest").run().expect_code(1);
    assert_eq!(
        run.stdout_text().lines().count(),
        NAMES.len(),
        "{}",
        run.tell()
    );
    assert_eq!(line(&run, "allocator").0, "ok");
    for name in ["entropy", "tokens", "http", "tls"] {
        assert_eq!(line(&run, name).0, "FAIL");
    }
}

#[test]
fn selftest_runs_without_a_network() {
    let Some(unshare) = support::peers::tool("unshare") else {
        return;
    };
    let without = |command: &std::path::Path| Run::of(&unshare).args(["-rn", "--"]).arg(command);
    if without("/bin/true".as_ref()).run().code != 0 {
        support::peers::missing::<()>("no namespaces here");
        return;
    }
    let run = without(support::binary())
        .arg("selftest")
        .run()
        .expect_code(1);
    assert_eq!(
        run.stdout_text().lines().count(),
        NAMES.len(),
        "{}",
        run.tell()
    );
    for name in ["http", "tls"] {
        assert_eq!(line(&run, name).0, "FAIL");
    }
    assert_eq!(line(&run, "tokens").0, "ok");
}
