//! The tests' own tools do what they claim: a filter that lets everything through, or a runner
//! that forgives a hang, would make every other test worthless.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use support::{Run, Scratch, c47, empty_root, peers};

#[test]
fn the_old_kernel_knows_no_new_system_calls() {
    let Some(python) = peers::tool("python3") else {
        return;
    };
    // getcpu and getsockname, which 3.10 has; sched_setattr, getrandom, statx, clone3.
    let script = "import ctypes\n\
        libc = ctypes.CDLL(None, use_errno=True)\n\
        for number in (309, 51, 314, 318, 332, 435):\n\
        \x20   ctypes.set_errno(0)\n\
        \x20   libc.syscall(number, 0, 0, 0, 0, 0)\n\
        \x20   print(number, 'ENOSYS' if ctypes.get_errno() == 38 else 'known')\n";
    let run = || Run::of(&python).args(["-c", script]);
    let old = run().on_old_kernel().run().expect_code(0);
    assert_eq!(
        old.stdout_text(),
        "309 known\n51 known\n314 ENOSYS\n318 ENOSYS\n332 ENOSYS\n435 ENOSYS\n"
    );
    let own = run().run().expect_code(0);
    assert!(!own.stdout_text().contains("ENOSYS"), "{}", own.tell());
}

#[test]
fn the_binary_runs_on_the_old_kernel() {
    let output = c47().arg("--version").on_old_kernel().run().expect_code(0);
    assert!(output.stdout_text().starts_with("c47 "));
}

#[test]
fn the_binary_runs_in_an_empty_root() {
    let Some(output) = empty_root::run(["--version"]) else {
        return;
    };
    assert!(output.expect_code(0).stdout_text().starts_with("c47 "));
    // What is there besides the binary? Nothing, not even a shell.
    let shell = empty_root::empty_c47().unwrap();
    shell.arg("help").run().expect_code(0);
}

#[test]
fn the_environment_is_clean() {
    let output = Run::of("env").env("EXTRA", "1").run().expect_code(0);
    let mut names: Vec<&str> = output
        .stdout_text()
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["EXTRA", "HOME", "LANG", "PATH", "TMPDIR"]);
}

#[test]
#[should_panic(expected = "it does not end")]
fn a_hang_fails_the_test() {
    Run::of("cat")
        .silent_stdin()
        .limit(Duration::from_millis(100))
        .run();
}

#[test]
#[should_panic(expected = "it left a process behind")]
fn a_process_left_behind_fails_the_test() {
    Run::of("sh")
        .args(["-c", "sleep 5 &"])
        .limit(Duration::from_millis(300))
        .run();
}

#[test]
fn a_running_program_is_heard_and_ended() {
    let mut child = Run::of("sh")
        .args(["-c", "echo one; echo two; echo ready >&2; exec sleep 50"])
        .spawn();
    assert_eq!(child.stdout_line(), "one");
    assert_eq!(child.stdout_line(), "two");
    child.wait_for_stderr("ready");
    child.signal(libc::SIGTERM);
    let output = child.wait();
    assert_eq!(output.code, -libc::SIGTERM);
    assert_eq!(output.stdout_text(), "one\ntwo\n");
}

#[test]
fn a_scratch_directory_goes() {
    let scratch = Scratch::new("gone");
    let file = scratch.write("a/b", "x");
    assert!(file.exists());
    drop(scratch);
    assert!(!file.exists());
}
