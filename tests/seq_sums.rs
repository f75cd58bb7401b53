//! `c47 seq sums` against md5sum, sha256sum and xxhsum, and its behaviour with hostile files and lists.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::fuzz_smoke::Random;
use crate::support::peers::tool;
use crate::support::{Output, Run, Scratch, c47, can_be_two_users, wait_until};

/// Algorithms, and the tool that has each.
const TOOLS: [(&str, &str, &[&str]); 7] = [
    ("md5", "md5sum", &[]),
    ("sha1", "sha1sum", &[]),
    ("sha256", "sha256sum", &[]),
    ("sha512", "sha512sum", &[]),
    ("xxh64", "xxhsum", &["-H64"]),
    ("xxh128", "xxhsum", &["-H128"]),
    ("xxh3", "xxhsum", &["-H3"]),
];

/// Names that a list must escape or keep as bytes. xxhsum before 0.8.2 escapes nothing.
const ODD: [&[u8]; 6] = [
    b"line\nbreak",
    b"back\\slash",
    b"caf\xe9.exr",
    b"(a) = b",
    b"*star",
    b" space ",
];

/// A directory `t` with files of many sizes, some with odd names.
fn tree(name: &str, odd: &[&[u8]]) -> Scratch {
    let scratch = Scratch::new(name);
    let mut random = Random(0x1234_5678);
    for size in [
        0, 1, 3, 8, 16, 17, 128, 129, 240, 241, 1023, 1024, 5000, 300_000,
    ] {
        let bytes: Vec<u8> = (0..size).map(|_| random.below(256) as u8).collect();
        scratch.write(&format!("t/sub/f.{size:04}.exr"), bytes);
    }
    scratch.write("t/large.mov", vec![7; 10 << 20]);
    for name in odd {
        let path = scratch.path().join("t").join(OsStr::from_bytes(name));
        fs::write(path, name).unwrap();
    }
    scratch
}

fn sums(directory: &Path) -> Run {
    c47().args(["seq", "sums"]).current_dir(directory)
}

/// All files below `t`, sorted.
fn files(scratch: &Scratch) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from("t")];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(scratch.path().join(&directory)).unwrap() {
            let entry = entry.unwrap();
            let path = directory.join(entry.file_name());
            match entry.file_type().unwrap().is_dir() {
                true => open.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn lists_are_accepted_by_the_standard_tools() {
    for (algorithm, program, options) in TOOLS {
        let Some(program) = tool(program) else {
            continue;
        };
        let odd: &[&[u8]] = if options.is_empty() { &ODD } else { &ODD[2..] };
        let scratch = tree("sums-out", odd);
        // xxhsum 0.8.1 reads XXH3 only in the form with a tag.
        for form in [&["--tag"][..], &[]] {
            if algorithm == "xxh3" && form.is_empty() {
                continue;
            }
            let list = sums(scratch.path()).args(["t", "-a", algorithm]).args(form);
            let list = list.run().expect_code(0);
            fs::write(scratch.path().join("list"), &list.stdout).unwrap();
            let check = Run::of(&program).args(["-c", "--quiet", "--strict", "list"]);
            let checked = check.current_dir(scratch.path()).run();
            let checked = checked.expect_code(0);
            let said = format!("{}{}", checked.stdout_text(), checked.stderr_text());
            assert!(!said.contains("WARNING"), "{}", checked.tell());
            let lines = list.stdout.iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(lines, 15 + odd.len(), "{}", list.tell());
        }
    }
}

#[test]
fn lists_of_the_standard_tools_are_checked() {
    for (algorithm, program, options) in TOOLS {
        let Some(program) = tool(program) else {
            continue;
        };
        let odd: &[&[u8]] = if options.is_empty() { &ODD } else { &ODD[2..] };
        let scratch = tree("sums-in", odd);
        for form in [&["--tag"][..], &[]] {
            let list = Run::of(&program)
                .args(options)
                .args(form)
                .args(files(&scratch));
            let list = list.current_dir(scratch.path()).run().expect_code(0);
            fs::write(scratch.path().join("list"), &list.stdout).unwrap();
            let checked = sums(scratch.path())
                .args(["-c", "list"])
                .run()
                .expect_code(0);
            let expected = format!("{} files verified, ", 15 + odd.len());
            assert!(
                checked.stdout_text().starts_with(&expected),
                "{}",
                checked.tell()
            );
            // And the same list from c47, whose order is that of the paths.
            let own = sums(scratch.path()).args(["t", "-a", algorithm]).args(form);
            let own = own.run().expect_code(0);
            if algorithm != "xxh3" || !form.is_empty() {
                assert!(own.stdout == list.stdout, "{}\n{}", own.tell(), list.tell());
            }
        }
    }
}

#[test]
fn algorithms_of_the_same_length_are_told_apart() {
    let scratch = tree("sums-length", &[]);
    let list = |algorithm: &str| {
        let run = sums(scratch.path()).args(["t", "-a", algorithm]).run();
        String::from_utf8(run.expect_code(0).stdout).unwrap()
    };
    let xxh3 = list("xxh3").replace("XXH3_", "");
    let check = |text: &str| {
        fs::write(scratch.path().join("list"), text).unwrap();
        sums(scratch.path()).args(["-c", "list"]).run()
    };
    for text in [list("md5"), list("xxh128"), list("xxh64"), xxh3.clone()] {
        check(&text).expect_code(0);
    }
    let mixed = list("md5") + &list("xxh128");
    check(&mixed).expect_code(0);
    // The first file of the list is damaged.
    fs::write(scratch.path().join("t/large.mov"), "").unwrap();
    let found = check(&xxh3).expect_code(1);
    assert!(
        found.stdout_text().starts_with("t/large.mov: failed: "),
        "{}",
        found.tell()
    );
    assert!(
        found.stdout_text().contains("14 files verified, 1 failed"),
        "{}",
        found.tell()
    );
    // --algorithm decides: with the wrong one nothing is right.
    let wrong = sums(scratch.path())
        .args(["-c", "list", "-a", "xxh64"])
        .run();
    assert!(wrong.expect_code(1).stdout_text().contains("15 failed"));
}

#[test]
fn what_differs_is_named() {
    let scratch = tree("sums-findings", &[]);
    let list = sums(scratch.path()).args(["t/sub", "-o", "list"]).run();
    assert_eq!(list.expect_code(0).stdout_text(), "");
    let file = |name: &str| scratch.path().join("t/sub").join(name);
    fs::write(file("f.0001.exr"), "changed").unwrap();
    fs::remove_file(file("f.0003.exr")).unwrap();
    fs::remove_file(file("f.0008.exr")).unwrap();
    fs::create_dir(file("f.0008.exr")).unwrap();
    let mut text = fs::read_to_string(scratch.path().join("list")).unwrap();
    text.push_str("# a comment\r\n\nno checksum\n");
    fs::write(scratch.path().join("list"), text).unwrap();
    let found = sums(scratch.path())
        .args(["-c", "--json", "list"])
        .run()
        .expect_code(1);
    let found = found.json();
    assert_eq!(found["verified"], 11);
    let states: Vec<(String, String)> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["path"].to_string(), one["state"].to_string()))
        .collect();
    let expected = [
        ("list", "invalid"),
        ("t/sub/f.0001.exr", "failed"),
        ("t/sub/f.0003.exr", "missing"),
        ("t/sub/f.0008.exr", "unreadable"),
    ];
    let expected = expected.map(|(path, state)| (format!("\"{path}\""), format!("\"{state}\"")));
    assert_eq!(states, expected);
    let text = sums(scratch.path())
        .args(["-c", "-v", "list"])
        .run()
        .expect_code(1);
    let text = text.stdout_text();
    assert!(
        text.contains("t/sub/f.0000.exr: OK\nt/sub/f.0001.exr: failed: expected "),
        "{text}"
    );
    assert!(text.contains("\nt/sub/f.0003.exr: missing\n"), "{text}");
    assert!(
        text.contains("list: invalid: line 17: no supported checksum\n"),
        "{text}"
    );
}

#[test]
fn list_never_has_itself_and_is_complete_or_absent() {
    let scratch = tree("sums-own", &[]);
    let list = scratch.path().join("t/LIST");
    for _ in 0..2 {
        sums(scratch.path())
            .args(["t", "-o", "t/LIST"])
            .run()
            .expect_code(0);
        let text = fs::read_to_string(&list).unwrap();
        assert_eq!(text.lines().count(), 15, "{text}");
    }
    symlink("LIST", scratch.path().join("t/link")).unwrap();
    sums(scratch.path())
        .args(["t", "-o", "t/link"])
        .run()
        .expect_code(0);
    assert_eq!(fs::read_to_string(&list).unwrap().lines().count(), 15);
    let before = fs::read(&list).unwrap();
    let run = sums(scratch.path()).args(["t", "t/none.#.exr", "-o", "t/LIST"]);
    run.run().expect_code(1);
    // A file that cannot be read.
    symlink("/dev/null", scratch.path().join("t/sub/f.9999.exr")).unwrap();
    let run = sums(scratch.path())
        .args(["t/sub/f.#.exr", "-o", "t/LIST"])
        .run();
    let said = run.expect_code(7);
    assert!(
        said.stderr_text()
            .contains("f.9999.exr: unreadable: it is not a regular file")
    );
    assert!(
        said.stderr_text().contains("the list was not written"),
        "{}",
        said.tell()
    );
    assert_eq!(fs::read(&list).unwrap(), before);
    assert_eq!(fs::read_dir(scratch.path().join("t")).unwrap().count(), 4);
}

#[test]
fn number_of_threads_does_not_change_the_list() {
    let scratch = tree("sums-jobs", &[]);
    let list = |jobs: &str| {
        sums(scratch.path())
            .args(["t", "-j", jobs])
            .run()
            .expect_code(0)
            .stdout
    };
    assert_eq!(list("1"), list("8"));
    assert_eq!(list("1"), sums(scratch.path()).args(["t"]).run().stdout);
    let json = sums(scratch.path()).args(["t", "--json"]).run().json();
    assert_eq!(json["files"].as_array().unwrap().len(), 15);
    assert_eq!(json["files"][0]["size"], 10 << 20);
    for wrong in [
        &["t", "-j", "0"][..],
        &["t", "-j", "65"],
        &["t", "-a", "crc32"],
        &[],
    ] {
        sums(scratch.path()).args(wrong).run().expect_code(2);
    }
}

#[test]
fn patterns_name_the_frames_in_their_range() {
    let scratch = tree("sums-pattern", &[]);
    let paths = |arguments: &[&str], code| {
        let run = sums(scratch.path()).args(arguments).run().expect_code(code);
        let text = run.stdout_text().lines();
        text.map(|line| line.split("  ").nth(1).unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(paths(&["t/sub/f.####.exr"], 0).len(), 14);
    let found = paths(&["t/sub/f.0-3x3####.exr", "t/sub/f.0000.exr"], 0);
    assert_eq!(found, ["t/sub/f.0000.exr", "t/sub/f.0003.exr"]);
    // A frame of the range that does not exist.
    assert_eq!(paths(&["t/sub/f.1-3####.exr"], 7).len(), 2);
}

#[test]
fn only_regular_files_below_a_directory_are_read() {
    let scratch = Scratch::new("sums-kinds");
    scratch.write("t/a", "a");
    symlink("/etc/passwd", scratch.path().join("t/outside")).unwrap();
    symlink(".", scratch.path().join("t/loop")).unwrap();
    let fifo = scratch.path().join("t/fifo");
    assert!(Run::of("mkfifo").arg(&fifo).run().code == 0);
    let list = sums(scratch.path())
        .arg("t")
        .limit(Duration::from_secs(20))
        .run();
    assert_eq!(list.expect_code(0).stdout_text().lines().count(), 1);
    // A named FIFO is not opened either.
    let list = sums(scratch.path())
        .arg("t/fifo")
        .limit(Duration::from_secs(20))
        .run();
    assert!(
        list.expect_code(7)
            .stderr_text()
            .contains("not a regular file")
    );
    let text = "d41d8cd98f00b204e9800998ecf8427e  t/fifo\n";
    let list = sums(scratch.path()).args(["-c", "-"]).stdin(text).run();
    list.expect_code(1);
    let stdin = sums(scratch.path())
        .args(["-", "-a", "md5"])
        .stdin("abc")
        .run();
    assert_eq!(
        stdin.expect_code(0).stdout_text(),
        "900150983cd24fb0d6963f7d28e17f72  -\n"
    );
}

#[test]
fn file_that_changes_while_it_is_read_is_reported() {
    let scratch = Scratch::new("sums-changing");
    let path = scratch.write("large", "");
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(1 << 30).unwrap();
    let is_done = AtomicBool::new(false);
    let report = std::thread::scope(|scope| {
        scope.spawn(|| {
            for at in 0.. {
                if is_done.load(Ordering::Relaxed) {
                    break;
                }
                file.write_all_at(&[1], (at * 4096) % (1 << 30)).unwrap();
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let output = sums(scratch.path()).args(["large", "--json"]).run();
        is_done.store(true, Ordering::Relaxed);
        output.expect_code(7).json()
    });
    assert_eq!(report["findings"][0]["state"], "changed");
}

#[test]
fn interrupt_leaves_no_file() {
    let scratch = Scratch::new("sums-interrupt");
    let file = File::create(scratch.path().join("large")).unwrap();
    file.set_len(64 << 30).unwrap();
    let child = sums(scratch.path()).args(["large", "-o", "list"]).spawn();
    let is_started = || fs::read_dir(scratch.path()).unwrap().count() == 2;
    wait_until("the list is begun", is_started);
    child.signal(libc::SIGINT);
    child.wait().expect_code(130);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
}

#[test]
fn unreadable_files_and_directories_are_reported() {
    let scratch = tree("sums-denied", &[]);
    if !can_be_two_users() {
        return;
    }
    let file = scratch.path().join("t/sub/f.0001.exr");
    fs::set_permissions(&file, PermissionsExt::from_mode(0o000)).unwrap();
    let directory = scratch.path().join("t/closed");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, PermissionsExt::from_mode(0o000)).unwrap();
    let run = sums(scratch.path())
        .arg("t")
        .run_by_nobody()
        .run()
        .expect_code(7);
    let said = run.stderr_text();
    assert!(
        said.contains("t/closed: unreadable: permission denied"),
        "{said}"
    );
    assert!(
        said.contains("t/sub/f.0001.exr: unreadable: permission denied"),
        "{said}"
    );
    assert_eq!(run.stdout_text().lines().count(), 14);
}

#[test]
fn altered_lists_are_read_in_time() {
    let line = "d41d8cd98f00b204e9800998ecf8427e  a.exr\n\\d41d8cd98f00b204e9800998ecf8427e  a\\\\b\n\
                MD5 (a) = d41d8cd98f00b204e9800998ecf8427e\nXXH3_2d06800538d394c2  b\n";
    let mut random = Random(77);
    let mut read = 0;
    for _ in 0..20_000 {
        read += ::c47::testing::checksums(&random.altered(line.as_bytes()));
    }
    assert!(read > 20_000, "{read}");
    // A list of one long line, and one of many lines.
    for text in [
        vec![b'('; 4 << 20],
        b"MD5 (".repeat(1 << 20),
        b"\\".repeat(4 << 20),
    ] {
        let run = c47().args(["seq", "sums", "-c", "-"]).stdin(text).run();
        run.expect_code(1);
    }
}

#[test]
fn names_are_escaped_on_a_terminal_only() {
    let scratch = Scratch::new("sums-escape");
    scratch.write("t/\x1b[31mred", "a");
    let list = sums(scratch.path()).arg("t").run().expect_code(0);
    assert!(list.stdout_text().contains("\x1b[31mred"));
    fs::write(
        scratch.path().join("list"),
        "d41d8cd98f00b204e9800998ecf8427e  \x1b[31mred\n",
    )
    .unwrap();
    let found: Output = sums(scratch.path())
        .args(["-c", "list"])
        .run()
        .expect_code(1);
    assert!(
        found.stdout_text().starts_with("\\u{1b}[31mred: missing\n"),
        "{}",
        found.tell()
    );
}

#[test]
fn closed_pipe_ends_the_work() {
    let scratch = Scratch::new("sums-pipe");
    for at in 0..200 {
        scratch.write(&format!("t/{at}"), "a");
    }
    sums(scratch.path())
        .arg("t")
        .stdout_closed()
        .run()
        .expect_code(0);
    let mut full = File::options().write(true).open("/dev/full").unwrap();
    assert!(full.write_all(b"x").is_err());
    sums(scratch.path())
        .arg("t")
        .stdout_to(full)
        .run()
        .expect_code(7);
}
