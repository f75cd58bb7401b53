//! Tests `c47 seq mv`, `cp`, `ln` and `rm`: against coreutils and pyseq, and with faults at every system
//! call.

#[path = "seq_mv/faults.rs"]
mod faults;
#[path = "seq_mv/kill.rs"]
mod kill;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use crate::support::{Output, Run, Scratch, binary, c47, can_be_two_users, give_to_nobody, peers};

/// Everything about a file that a user may lose: the content or the target, mode and time.
type State = (Vec<u8>, u32, i128);

/// The files in a directory by their names, without hidden ones.
type Tree = BTreeMap<OsString, State>;

fn tree(directory: &Path) -> Tree {
    let entries = fs::read_dir(directory).unwrap();
    let entries = entries.map(|entry| entry.unwrap().path());
    let is_directory = |path: &Path| fs::symlink_metadata(path).unwrap().is_dir();
    let files = entries.filter(|path| !hidden_name(path) && !is_directory(path));
    files
        .map(|path| {
            let found = fs::symlink_metadata(&path).unwrap();
            let content = match found.is_symlink() {
                true => fs::read_link(&path)
                    .unwrap()
                    .into_os_string()
                    .into_encoded_bytes(),
                false => fs::read(&path).unwrap(),
            };
            // The time of a symlink says nothing.
            let time = match found.is_symlink() {
                true => 0,
                false => i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec()),
            };
            let mode = found.mode() & 0o7777;
            (path.file_name().unwrap().to_owned(), (content, mode, time))
        })
        .collect()
}

fn hidden_name(path: &Path) -> bool {
    path.file_name().unwrap().as_bytes().starts_with(b".")
}

/// The hidden directories of unfinished runs.
fn hidden(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| hidden_name(path)).collect()
}

fn names(directory: &Path) -> Vec<String> {
    let names = tree(directory).into_keys();
    names.map(|name| name.into_string().unwrap()).collect()
}

/// A frame with a content, a mode and a time of its own.
fn frame(directory: &Path, name: impl AsRef<OsStr>, number: u64) {
    let path = directory.join(name.as_ref());
    fs::write(&path, format!("frame {number} in {}", path.display())).unwrap();
    fs::set_permissions(
        &path,
        Permissions::from_mode([0o644, 0o640, 0o444][number as usize % 3]),
    )
    .unwrap();
    let time = UNIX_EPOCH + Duration::new(1_000_000_000 + number, 123_456_789);
    let times = FileTimes::new().set_accessed(time).set_modified(time);
    File::open(&path).unwrap().set_times(times).unwrap();
}

/// A directory with frames `shot.<number>.exr`.
fn shot(numbers: &[&str]) -> Scratch {
    let scratch = Scratch::new("seq");
    for number in numbers {
        frame(
            scratch.path(),
            format!("shot.{number}.exr"),
            number.trim_matches('-').parse().unwrap(),
        );
    }
    scratch
}

fn seq(directory: &Path, words: &[&str]) -> Run {
    c47().arg("seq").args(words).current_dir(directory)
}

#[track_caller]
fn run(directory: &Path, words: &[&str], code: i32) -> Output {
    let output = seq(directory, words).run().expect_code(code);
    assert!(
        hidden(directory).is_empty(),
        "{:?}\n{}",
        hidden(directory),
        output.tell()
    );
    output
}

/// Refused: exit 2, one line and perhaps a hint, and nothing is touched.
#[track_caller]
fn refused(directory: &Path, words: &[&str], why: &str) {
    let before = tree(directory);
    let output = run(directory, words, 2);
    assert!(output.stderr_text().contains(why), "{}", output.tell());
    assert_eq!(tree(directory), before, "{}", output.tell());
}

#[test]
fn frames_are_renumbered_as_mv_would_one_by_one() {
    for (words, from, to) in [
        (
            &["--offset", "1"][..],
            &["0001", "0002", "0003", "0010"][..],
            &["0002", "0003", "0004", "0011"][..],
        ),
        (
            &["--offset", "-1"],
            &["0001", "0002", "0003"],
            &["0000", "0001", "0002"],
        ),
        (&["--offset=+3"], &["9", "10"], &["12", "13"]),
        (
            &["--start", "1001"],
            &["1", "2", "10"],
            &["1001", "1002", "1010"],
        ),
        (&["--start", "-1"], &["0001", "0002"], &["-001", "0000"]),
        (&["--pad", "6"], &["1", "20"], &["000001", "000020"]),
        (&["--pad", "1"], &["0001", "0020"], &["1", "20"]),
        (&["--offset", "9990"], &["0009", "0010"], &["9999", "10000"]),
    ] {
        let (scratch, expected) = (shot(from), shot(from));
        // From the far end, so that mv overwrites nothing.
        let mut pairs: Vec<_> = from.iter().zip(to).collect();
        if words[0].contains("off") && !words.contains(&"-1") {
            pairs.reverse();
        }
        for (from, to) in pairs {
            let name = |number: &str| expected.path().join(format!("shot.{number}.exr"));
            Run::of("mv")
                .arg("-n")
                .arg(name(from))
                .arg(name(to))
                .run()
                .expect_code(0);
        }
        let planned = run(
            scratch.path(),
            &[&["mv", "shot.#.exr", "--dry-run"], words].concat(),
            0,
        );
        let lines: Vec<String> = from
            .iter()
            .zip(to)
            .map(|(from, to)| format!("shot.{from}.exr -> shot.{to}.exr\n"))
            .collect();
        assert_eq!(planned.stdout_text(), lines.concat());
        let output = run(scratch.path(), &[&["mv", "shot.#.exr"], words].concat(), 0);
        assert_eq!(
            output.stdout_text(),
            format!("{} files moved\n", from.len())
        );
        let content = |directory: &Path| {
            let rest = directory.as_os_str().len();
            let files = tree(directory).into_iter();
            let files = files.map(|(name, (content, mode, time))| {
                (
                    name,
                    content[..content.len().min(8)].to_vec(),
                    mode,
                    time,
                    rest,
                )
            });
            files
                .map(|(name, content, mode, time, _)| (name, content, mode, time))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            content(scratch.path()),
            content(expected.path()),
            "{words:?}"
        );
    }
}

#[test]
fn copies_have_content_mode_and_time_as_with_cp_p() {
    let scratch = shot(&["0001", "0002", "0003"]);
    let at = |path: &str| scratch.path().join(path);
    // Larger than a buffer, sparse, empty, and a symlink.
    fs::write(at("shot.0004.exr"), vec![7; 3 << 20]).unwrap();
    let sparse = File::create(at("shot.0005.exr")).unwrap();
    sparse.set_len(64 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"data", 40 << 20).unwrap();
    File::create(at("shot.0006.exr")).unwrap();
    symlink("shot.0001.exr", at("shot.0007.exr")).unwrap();
    for name in ["ours", "verified", "theirs"] {
        fs::create_dir(at(name)).unwrap();
    }
    let output = run(scratch.path(), &["cp", "shot.#.exr", "ours"], 0);
    assert!(
        output.stdout_text().starts_with("7 files copied, 67."),
        "{}",
        output.tell()
    );
    run(
        scratch.path(),
        &["cp", "--verify", "shot.#.exr", "verified", "--jobs", "3"],
        0,
    );
    let script = "cp -p shot.*.exr theirs";
    Run::of("sh")
        .args(["-c", script])
        .current_dir(scratch.path())
        .run()
        .expect_code(0);
    assert_eq!(tree(&at("ours")), tree(&at("theirs")));
    assert_eq!(tree(&at("verified")), tree(&at("theirs")));
    let blocks = |path: &str| fs::metadata(at(path)).unwrap().blocks();
    assert!(
        blocks("ours/shot.0005.exr") < 1000,
        "the copy of a sparse file is sparse"
    );
}

#[test]
fn names_are_kept_in_a_directory_and_follow_a_pattern() {
    let scratch = shot(&["7", "0008", "-002"]);
    fs::create_dir(scratch.path().join("to")).unwrap();
    run(scratch.path(), &["cp", "shot.#.exr", "to"], 0);
    assert_eq!(names(&scratch.path().join("to")), names(scratch.path()));
    run(scratch.path(), &["cp", "shot.#.exr", "to/comp_#.exr"], 0);
    run(
        scratch.path(),
        &["cp", "shot.7-8#.exr", "to/@@@.exr", "--offset", "1"],
        0,
    );
    let expected = [
        "008.exr",
        "009.exr",
        "comp_-002.exr",
        "comp_0008.exr",
        "comp_7.exr",
        "shot.-002.exr",
        "shot.0008.exr",
        "shot.7.exr",
    ];
    assert_eq!(names(&scratch.path().join("to")), expected);
    // Several sources, and single files.
    fs::create_dir(scratch.path().join("all")).unwrap();
    let words = [
        "mv",
        "to/comp_#.exr",
        "shot.7.exr",
        "shot.0008.exr",
        "to/@@@.exr",
        "all",
    ];
    let output = run(scratch.path(), &words, 0);
    assert_eq!(output.stdout_text(), "7 files moved\n");
    assert_eq!(names(scratch.path()), ["shot.-002.exr"]);
    assert_eq!(names(&scratch.path().join("all")).len(), 7);
}

#[test]
fn collisions_are_refused_before_anything_moves() {
    let scratch = shot(&["0001", "0002", "0003", "0010"]);
    let at = scratch.path();
    frame(at, "comp.0002.exr", 50);
    fs::create_dir(at.join("dir")).unwrap();
    fs::create_dir(at.join("x.0001.exr")).unwrap();
    frame(at, "shot.3.exr", 51);
    for (words, why) in [
        (
            &["mv", "shot.#.exr", "comp.####.exr"][..],
            "same name: comp.0003.exr",
        ),
        (
            &["mv", "shot.1-2#.exr", "comp.#.exr"],
            "overwritten: comp.0002.exr",
        ),
        (
            &["cp", "shot.1-2#.exr", "comp.#.exr"],
            "overwritten: comp.0002.exr",
        ),
        (
            &["ln", "shot.1-2#.exr", "comp.#.exr"],
            "overwritten: comp.0002.exr",
        ),
        (
            &["mv", "shot.1-2#.exr", "--offset", "1"],
            "overwritten: shot.0003.exr",
        ),
        (
            &["cp", "shot.1-2#.exr", "--offset", "1"],
            "overwritten: shot.0002.exr, shot.0003.exr",
        ),
        (
            &[
                "mv",
                "shot.####.exr",
                "--start",
                "3",
                "--dry-run",
                "--pad",
                "1",
            ],
            "overwritten: shot.3.exr",
        ),
        (
            &["mv", "shot.1-2#.exr", "nowhere/shot.#.exr"],
            "nowhere is not a directory",
        ),
        (
            &["mv", "shot.1-2#.exr", "nowhere"],
            "neither a directory nor a pattern",
        ),
        (
            &["mv", "shot.1-2#.exr", "comp.0002.exr"],
            "exists and is not a directory",
        ),
        (
            &["mv", "shot.1-2#.exr", "a.1-5#.exr"],
            "the destination has a range",
        ),
        (
            &["mv", "shot.1#.exr", "shot.2#.exr", "a.#.exr"],
            "several sources",
        ),
        (&["mv", "shot.0001.exr", "a.#.exr"], "single file"),
        (&["mv", "shot.#.exr"], "destination is missing"),
        (&["mv"], "no files given"),
        (&["mv", "dir", "a.#.exr"], "dir is not a file"),
        (&["mv", "x.#.exr", "a.#.exr"], "x.0001.exr is not a file"),
        (
            &["mv", "shot.1#.exr", "x.#.exr"],
            "directories are in the way: x.0001.exr",
        ),
        (
            &["mv", "shot.1#.exr", "x.#.exr", "--overwrite"],
            "directories are in the way: x.0001.exr",
        ),
        (
            &["mv", "shot.1#.exr", "a.<UDIM>.exr"],
            "0001 is not a UDIM tile",
        ),
        (&["mv", "shot.77#.exr", "a.#.exr"], "no frames found"),
        (&["mv", "shot.5-1x0#.exr", "a.#.exr"], "range"),
        (
            &["mv", "shot.#.exr", "--offset", "1", "--start", "2"],
            "exclude each other",
        ),
        (
            &["mv", "shot.#.exr", "--offset", "999999999999"],
            "too large",
        ),
        (
            &["mv", "shot.#.exr", "--undo", "."],
            "take no other arguments",
        ),
        (
            &["mv", "shot.#.exr", "a.#.exr", "--force"],
            "--force requires",
        ),
        (&["rm", "shot.#.exr"], "use --yes"),
        (&["rm", "shot.0001.exr", "--yes"], "names single files"),
    ] {
        match why {
            "no frames found" => drop(run(at, words, 1)),
            why => refused(at, words, why),
        }
    }
    // The list of collisions is short.
    for number in 4..10 {
        frame(at, format!("comp.000{number}.exr"), number);
        frame(at, format!("shot.000{number}.exr"), number);
    }
    refused(
        at,
        &["mv", "shot.4-9#.exr", "comp.#.exr"],
        "comp.0006.exr, and 3 more\nhint: use --overwrite",
    );
}

#[test]
fn nothing_to_do_is_no_error() {
    let scratch = shot(&["0001", "0002"]);
    let before = tree(scratch.path());
    for words in [
        &["mv", "shot.#.exr", "shot.#.exr"][..],
        &["cp", "shot.#.exr", "shot.####.exr"],
        &["mv", "shot.#.exr", "--offset", "0"],
        &["mv", "shot.0001.exr", "."],
    ] {
        let output = run(scratch.path(), words, 0);
        assert_eq!(output.stdout_text(), "nothing to do\n");
        assert_eq!(tree(scratch.path()), before);
    }
    // Another path of the same directory.
    symlink(".", scratch.path().join("same")).unwrap();
    let output = run(scratch.path(), &["mv", "shot.#.exr", "same/shot.#.exr"], 0);
    assert_eq!(output.stdout_text(), "nothing to do\n");
    run(
        scratch.path(),
        &["mv", "shot.#.exr", "same/shot.#.exr", "--offset", "1"],
        0,
    );
    let expected = ["same", "shot.0002.exr", "shot.0003.exr"];
    assert_eq!(names(scratch.path()), expected);
}

#[test]
fn overwrite_replaces_and_keeps_other_files() {
    for command in ["mv", "cp"] {
        let scratch = shot(&["0001", "0002", "0003"]);
        frame(scratch.path(), "comp.0002.exr", 50);
        frame(scratch.path(), "comp.0004.exr", 51);
        let before = tree(scratch.path());
        run(
            scratch.path(),
            &[command, "shot.#.exr", "comp.#.exr", "--overwrite"],
            0,
        );
        let after = tree(scratch.path());
        for number in 1..4 {
            let shot = &before[OsStr::new(&format!("shot.000{number}.exr"))];
            assert_eq!(&after[OsStr::new(&format!("comp.000{number}.exr"))], shot);
        }
        let other = OsStr::new("comp.0004.exr");
        assert_eq!(after[other], before[other]);
        assert_eq!(after.len(), if command == "mv" { 4 } else { 7 });
    }
    // Copies to names of other sources take what was there before.
    let scratch = shot(&["0001", "0002", "0003"]);
    let before = tree(scratch.path());
    run(
        scratch.path(),
        &["cp", "shot.#.exr", "--offset", "1", "--overwrite"],
        0,
    );
    let after = tree(scratch.path());
    for (old, new) in [
        ("0001", "0001"),
        ("0001", "0002"),
        ("0002", "0003"),
        ("0003", "0004"),
    ] {
        let name = |number: &str| OsString::from(format!("shot.{number}.exr"));
        assert_eq!(after[&name(new)], before[&name(old)]);
    }
}

#[test]
fn symlinks_never_replace_the_files_they_lead_to() {
    let scratch = shot(&["0001", "0002", "0003"]);
    let at = |path: &str| scratch.path().join(path);
    fs::create_dir(at("other")).unwrap();
    symlink("../other", at("other/back")).unwrap();
    for (number, target) in [
        (1, "shot.0001.exr"),
        // Another way to the same file, and through another symlink.
        (2, "other/../other/back/../shot.0002.exr"),
        (3, "way"),
    ] {
        symlink(target, at(&format!("link{number}.000{number}.exr"))).unwrap();
        // Not the file of the same frame.
        symlink(target, at(&format!("next{number}.0001.exr"))).unwrap();
    }
    symlink("shot.0003.exr", at("way")).unwrap();
    for number in 1..4 {
        for name in ["link", "next"] {
            let from = format!("{name}{number}.#.exr");
            let words = ["mv", &from, "shot.#.exr", "--overwrite"];
            match (name, number) {
                // It replaces another frame.
                ("next", 2 | 3) => {}
                _ => refused(scratch.path(), &words, "to a file that would be replaced"),
            }
        }
    }
    // A symlink may replace other files, and a copy has the content.
    let before = tree(scratch.path());
    let words = ["mv", "next2.#.exr", "shot.#.exr", "--overwrite"];
    run(scratch.path(), &words, 0);
    let words = ["cp", "link2.#.exr", "shot.#.exr", "--overwrite"];
    run(scratch.path(), &words, 0);
    let content = |tree: &Tree, name: &str| tree[OsStr::new(name)].0.clone();
    let after = tree(scratch.path());
    for (new, old) in [
        ("shot.0001.exr", "next2.0001.exr"),
        ("shot.0002.exr", "shot.0002.exr"),
    ] {
        assert_eq!(content(&after, new), content(&before, old));
    }
    assert!(at("shot.0002.exr").is_file() && !at("shot.0002.exr").is_symlink());
}

#[test]
fn links_are_hard_or_have_relative_targets() {
    let scratch = shot(&["0001", "0002"]);
    let at = |path: &str| scratch.path().join(path);
    fs::create_dir_all(at("to/deep")).unwrap();
    symlink("deep", at("to/short")).unwrap();
    run(scratch.path(), &["ln", "shot.#.exr", "to/hard.#.exr"], 0);
    let inode = |path: &str| fs::metadata(at(path)).unwrap().ino();
    assert_eq!(inode("shot.0001.exr"), inode("to/hard.0001.exr"));
    run(
        scratch.path(),
        &["ln", "-s", "shot.#.exr", "to/short/soft.#.exr"],
        0,
    );
    run(
        scratch.path(),
        &["ln", "-s", "shot.#.exr", "latest.#.exr"],
        0,
    );
    for path in ["to/deep/soft.0001.exr", "latest.0001.exr"] {
        assert_eq!(inode("shot.0001.exr"), inode(path), "{path}");
    }
    assert_eq!(
        fs::read_link(at("to/deep/soft.0002.exr")).unwrap(),
        Path::new("../../shot.0002.exr")
    );
    assert_eq!(
        fs::read_link(at("latest.0002.exr")).unwrap(),
        Path::new("shot.0002.exr")
    );
}

#[test]
fn removal_asks_for_a_range_or_for_yes() {
    let scratch = shot(&["0001", "0002", "0003"]);
    let output = run(scratch.path(), &["rm", "shot.2-3#.exr", "--dry-run"], 0);
    assert_eq!(output.stdout_text(), "shot.0002.exr\nshot.0003.exr\n");
    run(scratch.path(), &["rm", "shot.2-3#.exr"], 0);
    assert_eq!(names(scratch.path()), ["shot.0001.exr"]);
    if let Some(script) = peers::tool("script") {
        for (answer, code) in [("n\n", 1), ("\n", 1), ("", 1), ("y\n", 0)] {
            let command = format!("{} seq rm shot.#.exr", binary().display());
            let words = ["-qec", &command, "/dev/null"];
            let run = Run::of(&script)
                .args(words)
                .current_dir(scratch.path())
                .stdin(answer);
            let output = run.run().expect_code(code);
            let text = output.stdout_text();
            let question = "remove 1 file, the first is shot.0001.exr? [y/N] ";
            assert!(text.contains(question), "{}", output.tell());
            assert_eq!(names(scratch.path()).is_empty(), code == 0);
        }
        frame(scratch.path(), "shot.0001.exr", 1);
    }
    let output = run(scratch.path(), &["rm", "shot.#.exr", "--yes", "--json"], 0);
    assert_eq!(
        output.json(),
        serde_json::json!({"operation": "rm", "state": "done", "count": 1, "bytes": 0,
            "files": [{"from": "shot.0001.exr", "to": null}]})
    );
    assert!(names(scratch.path()).is_empty());
}

#[test]
fn names_that_are_not_utf8_hard_links_and_symlinks_are_moved() {
    let scratch = Scratch::new("seq");
    let directory = scratch.path().join(OsStr::from_bytes(b"d"));
    fs::create_dir(&directory).unwrap();
    let name = |number: &str| {
        OsStr::from_bytes(&[b"a\n".as_slice(), number.as_bytes(), b".\xff"].concat()).to_owned()
    };
    // A pattern that is not UTF-8 cannot be an argument, but a suffix may be any bytes of a frame.
    frame(&directory, name("1"), 1);
    frame(&directory, "a\n1.\u{1b}x", 2);
    // Frames that are held: hard links of one file, and symlinks.
    frame(&directory, "a\n2.\u{1b}x", 3);
    fs::hard_link(
        directory.join("a\n2.\u{1b}x"),
        directory.join("a\n3.\u{1b}x"),
    )
    .unwrap();
    symlink("gone", directory.join("a\n4.\u{1b}x")).unwrap();
    let before = tree(&directory);
    let output = run(&directory, &["mv", "a\n#.\u{1b}x", "--offset", "1"], 0);
    assert_eq!(output.stdout_text(), "4 files moved\n");
    let after = tree(&directory);
    for number in 1..5 {
        let name = |number| OsString::from(format!("a\n{number}.\u{1b}x"));
        assert_eq!(after[&name(number + 1)], before[&name(number)]);
    }
    assert_eq!(after[&name("1")], before[&name("1")]);
    let planned = run(
        &directory,
        &["mv", "a\n#.\u{1b}x", "--offset", "1", "--dry-run"],
        0,
    );
    assert!(
        planned
            .stdout_text()
            .starts_with("a\\n2.\\u{1b}x -> a\\n3."),
        "{}",
        planned.tell()
    );
}

#[test]
fn a_move_to_another_file_system_equals_mv() {
    let (scratch, memory) = (
        shot(&["0001", "0002", "0003"]),
        Scratch::below(Path::new("/dev/shm"), "seq"),
    );
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    if device(scratch.path()) == device(memory.path()) {
        return peers::skipped("/dev/shm is not another file system");
    }
    if can_be_two_users() {
        give_to_nobody(scratch.path().join("shot.0002.exr"));
    }
    // Symlinks stay symlinks: to a file, to nothing, and to a directory.
    for (number, target) in ["shot.0001.exr", "gone", "/"].iter().enumerate() {
        symlink(target, scratch.path().join(format!("shot.100{number}.exr"))).unwrap();
    }
    let (ours, theirs) = (memory.path().join("ours"), memory.path().join("theirs"));
    fs::create_dir(&ours).unwrap();
    fs::create_dir(&theirs).unwrap();
    let before = tree(scratch.path());
    let owners = |directory: &Path| -> Vec<(u32, u32)> {
        let names = names(directory).into_iter();
        let found = names.map(|name| fs::symlink_metadata(directory.join(name)).unwrap());
        found.map(|found| (found.uid(), found.gid())).collect()
    };
    let owned = owners(scratch.path());
    let words = ["mv", "--verify", "shot.#.exr", ours.to_str().unwrap()];
    run(scratch.path(), &words, 0);
    assert!(names(scratch.path()).is_empty() && hidden(&ours).is_empty());
    assert_eq!(
        (tree(&ours), owners(&ours)),
        (before.clone(), owned.clone())
    );
    // mv brings them back, and away again.
    let script = "mv \"$1\"/ours/* . && mv * \"$1\"/theirs";
    let run = Run::of("sh").args(["-c", script, "sh"]).arg(memory.path());
    run.current_dir(scratch.path()).run().expect_code(0);
    assert_eq!((tree(&theirs), owners(&theirs)), (before, owned));
}

#[test]
fn results_equal_those_of_pyseq() {
    let Some(python) = peers::python(&["pyseq"]) else {
        return;
    };
    let peer = |name: &str| {
        let script = format!("target/peers/venv/bin/{name}");
        Run::of(&python).arg(crate::support::source(&script))
    };
    for (command, name) in [("mv", "smv"), ("cp", "scopy")] {
        for (words, theirs_words) in [
            (&["to"][..], &["to"][..]),
            (&["to/comp.#.exr"], &["to/comp.%04d.exr"]),
            (&["to/comp.%06d.exr"], &["to/comp.%06d.exr", "--pad", "6"]),
            (&["to", "--start", "101"], &["to", "--renumber", "101"]),
            (
                &["to", "--start", "1001", "--pad", "6"],
                &["to", "--renumber", "1001", "--pad", "6"],
            ),
        ] {
            let (ours, theirs) = (shot(&["0001", "0002"]), shot(&["0001", "0002"]));
            for scratch in [&ours, &theirs] {
                fs::create_dir(scratch.path().join("to")).unwrap();
            }
            run(ours.path(), &[&[command, "shot.#.exr"], words].concat(), 0);
            let peer = peer(name).arg("shot.%04d.exr").args(theirs_words);
            let output = peer.current_dir(theirs.path()).run();
            assert_eq!(output.code, 0, "{}", output.tell());
            let content = |scratch: &Scratch, directory: &str| {
                let files = tree(&scratch.path().join(directory)).into_iter();
                let files = files.map(|(name, (content, _, time))| {
                    (
                        name,
                        String::from_utf8(content[..7].to_vec()).unwrap(),
                        time,
                    )
                });
                files.collect::<Vec<_>>()
            };
            for directory in ["", "to"] {
                let (ours, theirs) = (content(&ours, directory), content(&theirs, directory));
                assert_eq!(ours, theirs, "{name} {words:?}");
            }
        }
    }
}

#[test]
fn two_runs_at_once_lose_nothing() {
    for round in 0..15 {
        let numbers: Vec<String> = (1..40).map(|number| format!("{number:04}")).collect();
        let scratch = shot(&numbers.iter().map(String::as_str).collect::<Vec<_>>());
        let contents = |scratch: &Scratch| {
            let mut all: Vec<_> = tree(scratch.path()).into_values().collect();
            all.sort();
            all
        };
        let before = contents(&scratch);
        let offsets = [
            ["--offset", "1"],
            ["--offset", if round % 2 == 0 { "1" } else { "-1" }],
        ];
        let both = offsets.map(|offset| {
            let words = [&["mv", "shot.#.exr"][..], &offset].concat();
            seq(scratch.path(), &words).spawn()
        });
        let both = both.map(|child| child.wait());
        for output in &both {
            assert!([0, 1, 2, 7].contains(&output.code), "{}", output.tell());
        }
        assert!(both.iter().any(|output| output.code == 0));
        assert_eq!(contents(&scratch), before);
        assert!(
            hidden(scratch.path()).is_empty(),
            "{:?}",
            both.map(|output| output.tell())
        );
    }
}

#[test]
fn a_journal_of_another_user_is_not_followed() {
    if !can_be_two_users() {
        return;
    }
    let scratch = shot(&["0001"]);
    let secret = scratch.write("private/secret", "secret");
    let stage = scratch.path().join(".c47-seq-0-0-1-1");
    let private = scratch.path().join("private");
    let text = format!(
        "c47-seq-journal 1\nrun mv no\ndirectory {}\nstage {}\nstep 0 secret 0 open 0\nend\n",
        private.display(),
        stage.display()
    );
    let journal = scratch.write(".c47-seq-0-0-1-1/journal", text);
    give_to_nobody(&journal);
    for option in ["--finish", "--undo"] {
        let output = seq(scratch.path(), &["mv", option, ".", "--force"])
            .run()
            .expect_code(7);
        assert!(
            output.stderr_text().contains("belongs to another user"),
            "{}",
            output.tell()
        );
        assert!(secret.exists());
    }
    // It does not disturb other runs.
    let output = seq(scratch.path(), &["mv", "shot.#.exr", "a.#.exr"])
        .run()
        .expect_code(0);
    assert!(
        output.stderr_text().contains("belongs to another user"),
        "{}",
        output.tell()
    );
}

#[test]
fn a_file_that_is_no_journal_is_reported() {
    let scratch = shot(&["0001"]);
    for (text, why) in [
        ("", "malformed"),
        ("c47-seq-journal 1\nrun mv no\n", "not complete"),
        (
            "c47-seq-journal 1\nrun mv no\nstage /elsewhere\nend\n",
            "another directory",
        ),
    ] {
        scratch.write(".c47-seq-0-0-1-1/journal", text);
        let output = seq(scratch.path(), &["mv", "--undo", "."])
            .run()
            .expect_code(7);
        assert!(output.stderr_text().contains(why), "{}", output.tell());
    }
    fs::remove_dir_all(scratch.path().join(".c47-seq-0-0-1-1")).unwrap();
    let output = run(scratch.path(), &["mv", "--undo", "."], 1);
    assert!(
        output
            .stderr_text()
            .contains("no journal of an unfinished run"),
        "{}",
        output.tell()
    );
}
