//! Failing system calls, full disks, changed permissions and Ctrl-C.

use super::*;
use crate::support::NOBODY;

/// Runs c47 under strace with a fault.
fn faulty(directory: &Path, words: &[&str], fault: &str) -> Option<Run> {
    let run = Run::of(peers::tool("strace")?);
    let run = run.args(["-f", "-qq", "-o", "/dev/null", "-e", fault]);
    Some(
        run.arg(binary())
            .arg("seq")
            .args(words)
            .current_dir(directory),
    )
}

#[test]
fn what_was_done_is_undone_when_a_system_call_fails() {
    let move_ = &["mv", "shot.#.exr", "--offset", "1"][..];
    let replace = &["mv", "shot.#.exr", "comp.#.exr", "--overwrite"][..];
    let copy = &["cp", "shot.#.exr", "new.#.exr", "--jobs", "1"][..];
    let verify = &["cp", "shot.#.exr", "new.#.exr", "--verify", "--jobs", "2"][..];
    let remove = &["rm", "shot.#.exr", "--yes"][..];
    for (words, fault, why) in [
        (
            move_,
            "renameat2:error=EIO:when=3",
            "cannot move shot.0001.exr: I/O error",
        ),
        (
            move_,
            "renameat2:error=EACCES:when=2",
            "cannot move shot.0002.exr: permission denied",
        ),
        (
            move_,
            "renameat2:error=ENOSPC:when=1",
            "cannot move shot.0003.exr: no space",
        ),
        (move_, "fsync:error=EIO:when=1", "cannot write"),
        (move_, "fsync:error=ENOSPC:when=3", "cannot write"),
        (move_, "fsync:error=EIO:when=4", "cannot sync"),
        (move_, "mkdir:error=EROFS:when=1", "read-only file system"),
        (move_, "rename:error=EIO:when=1", "cannot write"),
        (replace, "renameat:error=EIO:when=1", "cannot move"),
        (
            replace,
            "renameat2:error=EDQUOT:when=3",
            "cannot move shot.0003.exr",
        ),
        (
            copy,
            "copy_file_range:error=ENOSPC:when=2",
            "cannot write new.0002.exr: no space",
        ),
        (copy, "fsync:error=EIO:when=5", "I/O error"),
        (
            copy,
            "fchmod:error=EPERM:when=2",
            "cannot write new.0002.exr",
        ),
        (
            copy,
            "utimensat:error=EIO:when=3",
            "cannot write new.0003.exr",
        ),
        (
            copy,
            "renameat:error=EIO:when=2",
            "cannot write new.0002.exr",
        ),
        (
            copy,
            "renameat2:error=ENOSPC:when=2",
            "cannot write new.0002.exr: no space",
        ),
        (copy, "fdatasync:error=EIO:when=1", "cannot write"),
        (verify, "read:error=EIO:when=2+", "I/O error"),
        (
            remove,
            "renameat:error=EACCES:when=3",
            "cannot move shot.0003.exr",
        ),
    ] {
        let scratch = shot(&["0001", "0002", "0003"]);
        frame(scratch.path(), "comp.0002.exr", 40);
        let before = tree(scratch.path());
        let Some(run) = faulty(scratch.path(), words, &format!("inject={fault}")) else {
            return;
        };
        let output = run.run().expect_code(7);
        let text = output.stderr_text();
        assert!(text.contains(why), "{fault}: {}", output.tell());
        assert_eq!(tree(scratch.path()), before, "{fault}: {}", output.tell());
        assert!(
            hidden(scratch.path()).is_empty(),
            "{fault}: {}",
            output.tell()
        );
    }
}

#[test]
fn reading_back_finds_a_copy_that_differs() {
    let scratch = shot(&["0001", "0002"]);
    let before = tree(scratch.path());
    // The second read of a file with zeros in place of its bytes.
    let words = ["cp", "shot.#.exr", "new.#.exr", "--verify", "--jobs", "1"];
    let mut found = false;
    for count in 1..30 {
        let fault = format!("inject=read:poke_exit=@arg2=00:when={count}");
        let Some(run) = faulty(scratch.path(), &words, &fault) else {
            return;
        };
        let output = run.run();
        let text = output.stderr_text().to_owned();
        if text.contains("differs from its source") {
            assert_eq!(output.code, 7);
            assert_eq!(tree(scratch.path()), before);
            found = true;
        }
        for name in names(scratch.path())
            .iter()
            .filter(|name| name.starts_with("new"))
        {
            fs::remove_file(scratch.path().join(name)).unwrap();
        }
        for stage in hidden(scratch.path()) {
            fs::remove_dir_all(stage).unwrap();
        }
    }
    assert!(found);
}

#[test]
fn a_failure_after_the_last_rename_says_what_is_left() {
    let scratch = shot(&["0001", "0002"]);
    let words = ["rm", "shot.#.exr", "--yes"];
    let Some(run) = faulty(scratch.path(), &words, "inject=unlinkat:error=EIO:when=2") else {
        return;
    };
    let output = run.run().expect_code(7);
    let text = output.stderr_text();
    assert!(
        text.contains("hint: the files are removed; delete what is left with 'c47 seq rm --finish"),
        "{text}"
    );
    assert!(names(scratch.path()).is_empty());
    seq(scratch.path(), &["rm", "--finish", "."])
        .run()
        .expect_code(0);
    assert!(hidden(scratch.path()).is_empty());
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    let Some(unshare) = peers::tool("unshare") else {
        return;
    };
    if !can_be_two_users() {
        return;
    }
    let scratch = Scratch::new("full");
    let at = scratch.path().join("small");
    fs::create_dir(&at).unwrap();
    // Copies that do not fit, and a journal that does not.
    let script = r#"
        mount -t tmpfs -o size=1m,nr_inodes=200 none "$1"; cd "$1"
        for frame in 1 2 3; do head -c 200000 /dev/urandom > a.$frame.exr; done
        ls -lA --time-style=full-iso > /tmp/before.$$; sha256sum a.* >> /tmp/before.$$
        "$2" seq cp a.#.exr b.#.exr; echo "exit $?"
        head -c 1m /dev/zero > full 2>/dev/null
        "$2" seq mv a.#.exr --offset 1; echo "exit $?"
        rm full
        ls -lA --time-style=full-iso > /tmp/after.$$; sha256sum a.* >> /tmp/after.$$
        cmp /tmp/before.$$ /tmp/after.$$ && echo same; rm /tmp/before.$$ /tmp/after.$$
    "#;
    let run = Run::of(unshare)
        .args(["-m", "sh", "-c", script, "sh"])
        .arg(&at)
        .arg(binary());
    let output = run.run().expect_code(0);
    assert_eq!(
        output.stdout_text(),
        "exit 7\nexit 7\nsame\n",
        "{}",
        output.tell()
    );
    assert_eq!(
        output
            .stderr_text()
            .matches("no space left on device")
            .count(),
        2,
        "{}",
        output.tell()
    );
}

#[test]
fn a_move_between_two_mounts_of_one_device_is_a_copy() {
    let Some(unshare) = peers::tool("unshare") else {
        return;
    };
    if !can_be_two_users() {
        return;
    }
    let scratch = shot(&["0001", "0002"]);
    let before = tree(scratch.path());
    fs::create_dir(scratch.path().join("to")).unwrap();
    let script = r#"mount --bind to to; "$1" seq mv shot.#.exr to"#;
    let run = Run::of(unshare).args(["-m", "sh", "-ec", script, "sh"]);
    let run = run.arg(binary()).current_dir(scratch.path());
    let output = run.run().expect_code(0);
    assert!(
        output.stdout_text().starts_with("2 files moved, "),
        "{}",
        output.tell()
    );
    assert_eq!(tree(&scratch.path().join("to")), before);
    assert!(names(scratch.path()).is_empty() && hidden(scratch.path()).is_empty());
    assert!(hidden(&scratch.path().join("to")).is_empty());
}

/// Runs as nobody, with a pause at the second rename.
fn slow(directory: &Path, words: &[&str]) -> Option<Run> {
    let fault = "inject=renameat2:delay_enter=1500000:when=2";
    faulty(directory, words, fault)
}

#[test]
fn a_directory_that_becomes_read_only_can_be_repaired() {
    if !can_be_two_users() {
        return;
    }
    let scratch = shot(&["0001", "0002", "0003"]);
    give_to_nobody(scratch.path());
    for name in names(scratch.path()) {
        give_to_nobody(scratch.path().join(name));
    }
    let before = tree(scratch.path());
    let words = ["mv", "shot.#.exr", "--offset", "1"];
    let Some(run) = slow(scratch.path(), &words) else {
        return;
    };
    let child = run.run_by_nobody().spawn();
    crate::support::wait_until("the first rename", || {
        scratch.path().join("shot.0004.exr").exists()
    });
    fs::set_permissions(scratch.path(), Permissions::from_mode(0o555)).unwrap();
    let output = child.wait();
    fs::set_permissions(scratch.path(), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(output.code, 7, "{}", output.tell());
    let text = output.stderr_text();
    assert!(
        text.contains("it could not be undone: cannot move back shot.0004.exr"),
        "{text}"
    );
    let undo = seq(scratch.path(), &["mv", "--undo", "."]).run_by_nobody();
    let output = undo.run().expect_code(0);
    assert_eq!(output.stdout_text(), "undone: 3 files as before\n");
    assert_eq!(tree(scratch.path()), before);
    assert!(hidden(scratch.path()).is_empty());
    assert_eq!(fs::metadata(scratch.path()).unwrap().uid(), NOBODY);
}

#[test]
fn a_directory_that_is_renamed_meanwhile_is_left_clean() {
    let scratch = Scratch::new("renamed");
    let at = |name: &str| scratch.path().join(name);
    fs::create_dir(at("a")).unwrap();
    for number in 1..4 {
        frame(&at("a"), format!("shot.{number}.exr"), number);
    }
    let words = ["mv", "shot.#.exr", "--offset", "10"];
    let Some(run) = slow(&at("a"), &words) else {
        return;
    };
    let child = run.spawn();
    crate::support::wait_until("the first rename", || at("a/shot.11.exr").exists());
    fs::rename(at("a"), at("b")).unwrap();
    child.wait().expect_code(0);
    assert_eq!(
        names(&at("b")),
        ["shot.11.exr", "shot.12.exr", "shot.13.exr"]
    );
    assert!(hidden(&at("b")).is_empty());
    // A journal says where it can be used.
    let strace = peers::tool("strace").unwrap();
    let killed = Run::of(strace).args(["-f", "-qq", "-o", "/dev/null"]);
    let killed = killed.args(["-e", "inject=renameat2:signal=SIGKILL:when=2"]);
    let killed = killed.arg(binary()).arg("seq").args(words);
    killed.current_dir(at("b")).run();
    assert_eq!(hidden(&at("b")).len(), 1);
    fs::rename(at("b"), at("c")).unwrap();
    let output = seq(&at("c"), &["mv", "--undo", "."]).run().expect_code(7);
    let hint = format!("where the directory has the path {}", at("b").display());
    assert!(output.stderr_text().contains(&hint), "{}", output.tell());
    fs::rename(at("c"), at("b")).unwrap();
    seq(&at("b"), &["mv", "--undo", "."]).run().expect_code(0);
    assert_eq!(names(&at("b")).len(), 3);
}

#[test]
fn ctrl_c_stops_between_two_steps() {
    for (option, expected) in [("--finish", 2), ("--undo", 1)] {
        let scratch = shot(&["0001", "0002", "0003"]);
        let Some(run) = slow(
            scratch.path(),
            &["mv", "shot.#.exr", "--offset", "1", "--json"],
        ) else {
            return;
        };
        let child = run.spawn();
        crate::support::wait_until("the first rename", || {
            scratch.path().join("shot.0004.exr").exists()
        });
        // While it runs, no other run may have these files.
        let output = seq(scratch.path(), &["mv", "shot.#.exr", "a.#.exr"])
            .run()
            .expect_code(2);
        assert!(
            output.stderr_text().contains("is working on"),
            "{}",
            output.tell()
        );
        let output = seq(scratch.path(), &["mv", "--undo", "."])
            .run()
            .expect_code(2);
        assert!(
            output.stderr_text().contains("has not ended"),
            "{}",
            output.tell()
        );
        let traced = fs::read_dir("/proc").unwrap().flatten().find(|entry| {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            line.starts_with(binary().as_os_str().as_bytes())
                && fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == scratch.path())
        });
        let process = traced.unwrap().file_name().into_string().unwrap();
        Run::of("kill")
            .args(["-INT", &process])
            .run()
            .expect_code(0);
        let output = child.wait();
        assert_eq!(output.code, 130, "{}", output.tell());
        assert_eq!(output.json()["state"], "stopped");
        let text = output.stderr_text();
        assert!(
            text.contains("c47 seq mv: interrupted\nhint: finish it with"),
            "{text}"
        );
        seq(scratch.path(), &["mv", option, "."])
            .run()
            .expect_code(0);
        assert_eq!(names(scratch.path())[0], format!("shot.000{expected}.exr"));
        assert!(hidden(scratch.path()).is_empty());
    }
}
