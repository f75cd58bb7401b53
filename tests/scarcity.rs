//! Limited resources: no new threads, small files, no random numbers. The result is an error message,
//! never a panic or a signal.

use std::fs;

use crate::support::server::{Response, Server};
use crate::support::{Output, Run, Scratch, binary, c47, can_be_two_users, empty_root, peers};

/// Checks that it did not end with a signal or a panic.
#[track_caller]
fn ensure_reported(output: &Output) {
    assert!([0, 1, 7, 9].contains(&output.code), "{}", output.tell());
    assert!(!output.stderr_text().contains("bug"), "{}", output.tell());
}

/// Runs c47 as another user, without new threads: the limit does not apply to root.
fn without_threads() -> Option<Run> {
    if !can_be_two_users() {
        return None;
    }
    let setpriv = peers::tool("setpriv")?;
    Some(
        Run::of(setpriv)
            .args(["--reuid=65533", "--regid=65533", "--clear-groups"])
            .args(["prlimit", "--nproc=1"])
            .arg(binary())
            .current_dir("/"),
    )
}

#[test]
fn commands_without_new_threads_work_or_report_an_error() {
    let commands: [&[&str]; 7] = [
        &["echo", "--port", "0"],
        &["elf", "dupes", "/usr/bin"],
        &["elf", "glibc", "/usr/bin"],
        &["selftest"],
        &["host"],
        &["http", "c47.invalid/"],
        &["jwt", "decode", "--token", "command:printf x"],
    ];
    for words in commands {
        let Some(run) = without_threads() else {
            return;
        };
        ensure_reported(&run.args(words).run());
    }
}

#[test]
fn file_size_limit_is_an_error_and_keeps_the_old_file() {
    let scratch = Scratch::new("limit");
    let server = Server::start(|_| Response::ok("x".repeat(1 << 20)));
    let old = scratch.write("old", "old");
    let run = Run::of("/bin/sh")
        .args(["-c", "ulimit -f 8 && exec \"$@\"", "sh"])
        .arg(binary())
        .args(["http", &server.url("/"), "-o", "old"])
        .current_dir(scratch.path());
    let output = run.run().expect_code(7);
    assert!(
        output.stderr_text().contains("file too large"),
        "{}",
        output.tell()
    );
    assert_eq!(fs::read_to_string(old).unwrap(), "old");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
}

#[test]
fn started_program_gets_the_file_size_signal() {
    let output = c47()
        .args(["jwt", "decode", "--token"])
        .arg("command:sh -c 'kill -s XFSZ $$; echo survived'")
        .run();
    assert!(
        output.stderr_text().contains("killed by a signal"),
        "{}",
        output.tell()
    );
}

/// Rust's runtime aborts in this case.
#[test]
fn closed_stdin_without_dev_null_does_not_abort() {
    if !rustix::process::geteuid().is_root() {
        return peers::skipped("only root can change the root");
    }
    let Some(chroot) = peers::tool("chroot") else {
        return;
    };
    let scratch = Scratch::new("closed");
    scratch.place(binary(), "c47");
    let run = |words: &[&str]| {
        Run::of("/bin/sh")
            .args(["-c", "exec \"$@\" <&-", "sh"])
            .arg(&chroot)
            .arg(scratch.path())
            .arg("/c47")
            .args(words)
            .run()
    };
    let version = run(&["--version"]).expect_code(0);
    assert!(version.stdout_text().starts_with("c47 "));
    let unread = run(&["jwt", "decode", "-"]).expect_code(7);
    assert!(
        unread.stderr_text().contains("cannot read standard input"),
        "{}",
        unread.tell()
    );
}

/// Linux 3.10 has no getrandom, and an empty root no /dev/urandom.
#[test]
fn commands_without_random_numbers_work_or_report_an_error() {
    let commands: [&[&str]; 9] = [
        &["elf", "info", "/c47"],
        &["elf", "glibc", "/c47"],
        &["elf", "glibc", "--target", "host", "/c47"],
        &["elf", "ldd", "/c47"],
        &["elf", "rpath", "/c47"],
        &["elf", "dupes", "/"],
        &["host"],
        &["config", "check"],
        &["http", "127.0.0.1:9/"],
    ];
    for words in commands {
        let Some(run) = empty_root::empty_c47() else {
            return;
        };
        let output = run.on_old_kernel().args(words).run();
        ensure_reported(&output);
    }
}
