//! A run that is killed at any system call is finished or undone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;
use crate::support::{evenly, rounds};

/// What is done with `a/shot.#.exr`.
#[derive(Clone, Copy)]
struct Case {
    words: &'static [&'static str],
    /// Whether `b` is on another file system.
    far: bool,
    old_kernel: bool,
    /// As on NFS with frames of other users: no rename that needs a free name, and no hard links.
    no_links: bool,
}

/// The faults for a file system without such renames and links.
const NO_LINKS: [&str; 4] = [
    "-e",
    "inject=renameat2:error=EINVAL",
    "-e",
    "inject=link:error=EPERM",
];

const fn case(words: &'static [&'static str]) -> Case {
    Case {
        words,
        far: false,
        old_kernel: false,
        no_links: false,
    }
}

/// Two directories with frames.
struct Place {
    scratch: Scratch,
    memory: Option<Scratch>,
}

impl Place {
    fn new(far: bool) -> Place {
        let scratch = match far {
            true => Scratch::new("killed"),
            false => Scratch::in_memory("killed"),
        };
        let memory = far.then(|| Scratch::below(Path::new("/dev/shm"), "killed"));
        let place = Place { scratch, memory };
        fs::create_dir(place.a()).unwrap();
        fs::create_dir_all(place.b()).unwrap();
        for number in [1, 2, 3, 7] {
            frame(&place.a(), format!("shot.000{number}.exr"), number);
        }
        frame(&place.a(), "other.0002.exr", 20);
        frame(&place.b(), "comp.0002.exr", 30);
        frame(&place.b(), "comp.0009.exr", 31);
        place
    }

    fn a(&self) -> PathBuf {
        self.scratch.path().join("a")
    }

    fn b(&self) -> PathBuf {
        self.memory
            .as_ref()
            .unwrap_or(&self.scratch)
            .path()
            .join("b")
    }

    /// Everything that others see, with the paths of both directories as in each place.
    fn trees(&self) -> [Tree; 2] {
        [self.a(), self.b()].map(|directory| {
            let content = |content: Vec<u8>| {
                let text = String::from_utf8(content).unwrap();
                let text = text.replace(self.a().to_str().unwrap(), "a");
                text.replace(self.b().to_str().unwrap(), "b").into_bytes()
            };
            let files = tree(&directory).into_iter();
            let files =
                files.map(|(name, (bytes, mode, time))| (name, (content(bytes), mode, time)));
            files.collect()
        })
    }

    fn hidden(&self) -> Vec<PathBuf> {
        [hidden(&self.a()), hidden(&self.b())].concat()
    }

    /// The contents of all files, also of hidden ones.
    fn contents(&self) -> BTreeSet<Vec<u8>> {
        let directories = [vec![self.a(), self.b()], self.hidden()].concat();
        let entries = directories
            .iter()
            .flat_map(|directory| fs::read_dir(directory).unwrap());
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.is_file())
            .map(|path| fs::read(path).unwrap())
            .collect()
    }

    fn words(&self, words: &[&str]) -> Vec<OsString> {
        let (a, b) = (self.a(), self.b());
        let word = |word: &&str| -> OsString {
            match (word.strip_prefix("a/"), word.strip_prefix("b/")) {
                (Some(name), _) => a.join(name).into(),
                (_, Some(name)) => b.join(name).into(),
                (None, None) => word.into(),
            }
        };
        words.iter().map(word).collect()
    }

    fn run(&self, case: Case, tracer: &[&str]) -> Output {
        let strace = peers::tool("strace").unwrap();
        let faults = if case.no_links { &NO_LINKS[..] } else { &[] };
        let run = Run::of(strace)
            .args(["-f", "-qq"])
            .args(faults)
            .args(tracer);
        let run = run.arg(binary()).arg("seq").args(self.words(case.words));
        match case.old_kernel {
            true => run.on_old_kernel().run(),
            false => run.run(),
        }
    }

    fn recover(&self, option: &str) -> Output {
        let hidden = self.hidden();
        let stage = hidden.iter().find(|stage| stage.join("journal").exists());
        let stage = stage.unwrap_or(&hidden[0]);
        c47().args(["seq", "mv", option]).arg(stage).run()
    }
}

/// The system calls of a complete run, each with its count among those of its name in its thread.
fn calls(case: Case) -> (Vec<(String, usize)>, [Tree; 2]) {
    let place = Place::new(case.far);
    let trace = place.scratch.path().join("trace");
    place
        .run(case, &["-o", trace.to_str().unwrap()])
        .expect_code(0);
    assert!(place.hidden().is_empty());
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in fs::read_to_string(trace).unwrap().lines() {
        let (thread, call) = line.split_once(' ').unwrap();
        if let Some((name, _)) = call.trim_start().split_once('(') {
            let is_resumed = name.starts_with("<...");
            *counts
                .entry((thread.to_owned(), name.to_owned()))
                .or_default() += usize::from(!is_resumed);
        }
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((_, name), count) in counts {
        let known = most.entry(name).or_default();
        *known = count.max(*known);
    }
    // execve starts the program, exit_group cannot be interrupted, and the others depend on timing.
    // So does the look at the width of a terminal (ioctl).
    let ignored = [
        "ioctl",
        "execve",
        "exit_group",
        "exit",
        "madvise",
        "futex",
        "set_robust_list",
    ];
    let has_fault = |name: &str| case.no_links && ["link", "renameat2"].contains(&name);
    let most = most
        .into_iter()
        .filter(|(name, _)| !ignored.contains(&name.as_str()) && !has_fault(name));
    let calls = most.flat_map(|(name, count)| (1..=count).map(move |at| (name.clone(), at)));
    (calls.collect(), place.trees())
}

/// The system calls that change files. All of these are tested, and some of the others.
const CHANGING: [&str; 18] = [
    "copy_file_range",
    "fchmod",
    "fchown",
    "fdatasync",
    "fsync",
    "ftruncate",
    "link",
    "linkat",
    "mkdir",
    "open",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "symlinkat",
    "unlink",
    "unlinkat",
    "write",
];

/// Kills a run at each of its system calls, once to undo and once to finish it.
fn kill_everywhere(case: Case) {
    if peers::tool("strace").is_none() {
        return;
    }
    let (calls, after) = calls(case);
    let before = Place::new(case.far).trees();
    assert_ne!(before, after);
    let (changing, others): (Vec<_>, Vec<_>) = calls
        .into_iter()
        .partition(|(name, _)| CHANGING.contains(&name.as_str()));
    let options = ["--undo", "--finish"];
    let both = changing.iter().map(|call| (call, &options[..]));
    // A call that changes nothing leaves what the one before it has left.
    let others = evenly(others, rounds(10));
    let one = others.iter().zip(options.chunks(1).cycle());
    let (mut undone, mut finished, mut late, mut missed) = (0, 0, 0, 0);
    for ((name, count), options) in both.chain(one) {
        let inject = format!("inject={name}:signal=SIGKILL:when={count}");
        for option in options.iter().copied() {
            let place = Place::new(case.far);
            let contents = place.contents();
            let killed = place.run(case, &["-o", "/dev/null", "-e", &inject]);
            let tell = || {
                format!(
                    "{:?} at {name} {count} {option}: {}",
                    case.words,
                    killed.tell()
                )
            };
            if killed.code == 0 {
                // strace counts the calls of each thread, and which thread makes one varies.
                missed += usize::from(CHANGING.contains(&name.as_str()));
                continue;
            }
            assert!(matches!(killed.code, -9 | 137), "{}", tell());
            if case.words[0] != "rm" && !case.words.contains(&"--overwrite") {
                assert!(place.contents().is_superset(&contents), "{}", tell());
            }
            let has_journal = place
                .hidden()
                .iter()
                .any(|stage| stage.join("journal").exists());
            if !has_journal {
                // Nothing has begun, or all is done. The next run removes an empty directory.
                let trees = place.trees();
                assert!(trees == before || trees == after, "{}", tell());
                let words = place.words(&["cp", "a/other.#.exr", "b/other.#.exr", "--dry-run"]);
                c47().arg("seq").args(words).run().expect_code(0);
                assert!(place.hidden().is_empty(), "{:?} {}", place.hidden(), tell());
                continue;
            }
            let output = place.recover(option);
            let tell = || format!("{}\n{}", tell(), output.tell());
            if option == "--undo" && output.code == 2 {
                assert!(
                    output.stderr_text().contains("already deleted"),
                    "{}",
                    tell()
                );
                place.recover("--finish").expect_code(0);
                late += 1;
            } else {
                assert_eq!(output.code, 0, "{}", tell());
            }
            let is_undone = option == "--undo" && output.code == 0;
            let expected = if is_undone { &before } else { &after };
            assert_eq!(&place.trees(), expected, "{}", tell());
            assert!(place.hidden().is_empty(), "{:?} {}", place.hidden(), tell());
            undone += usize::from(is_undone);
            finished += usize::from(option == "--finish");
        }
    }
    assert!(undone > 3 && finished > 3, "{undone} {finished}");
    assert!(
        missed <= changing.len() / 2,
        "{missed} of twice {}",
        changing.len()
    );
    let deletes = case.words[0] == "rm" || case.far || case.words.contains(&"--overwrite");
    assert_eq!(late > 0, deletes, "{late}");
}

#[test]
fn a_killed_shift_is_finished_or_undone() {
    kill_everywhere(case(&["mv", "a/shot.#.exr", "--offset", "1"]));
}

#[test]
fn a_killed_shift_is_finished_or_undone_without_renameat2() {
    kill_everywhere(Case {
        old_kernel: true,
        ..case(&["mv", "a/shot.#.exr", "--offset", "1"])
    });
}

#[test]
fn a_killed_shift_is_finished_or_undone_without_hard_links() {
    kill_everywhere(Case {
        no_links: true,
        ..case(&["mv", "a/shot.#.exr", "--offset", "1"])
    });
}

#[test]
fn a_killed_move_that_overwrites_is_finished_or_undone() {
    kill_everywhere(case(&["mv", "a/shot.#.exr", "b/comp.#.exr", "--overwrite"]));
}

#[test]
fn a_killed_move_to_another_file_system_is_finished_or_undone() {
    kill_everywhere(Case {
        far: true,
        ..case(&["mv", "a/shot.#.exr", "b/new.#.exr", "--jobs", "1"])
    });
}

#[test]
fn a_killed_copy_is_finished_or_undone() {
    kill_everywhere(case(&["cp", "a/shot.#.exr", "b/new.#.exr", "--jobs", "1"]));
}

#[test]
fn a_killed_copy_is_finished_or_undone_without_new_system_calls() {
    kill_everywhere(Case {
        old_kernel: true,
        ..case(&[
            "cp",
            "a/shot.#.exr",
            "b/new.#.exr",
            "--verify",
            "--jobs",
            "1",
        ])
    });
}

#[test]
fn a_killed_removal_is_finished_or_undone() {
    kill_everywhere(case(&["rm", "a/shot.#.exr", "b/comp.#.exr", "--yes"]));
}

#[test]
fn killed_links_are_finished_or_undone() {
    kill_everywhere(case(&["ln", "-s", "a/shot.#.exr", "b/new.#.exr"]));
}

/// Also a run that finishes or undoes another one may be killed.
#[test]
fn a_recovery_that_is_killed_is_recovered() {
    let Some(strace) = peers::tool("strace") else {
        return;
    };
    let case = case(&["mv", "a/shot.#.exr", "b/comp.#.exr", "--overwrite"]);
    let (_, after) = calls(case);
    let before = Place::new(false).trees();
    for (option, expected) in [("--undo", &before), ("--finish", &after)] {
        for old_kernel in [false, true] {
            for call in ["renameat2", "renameat", "link", "unlink", "unlinkat"] {
                for count in 1..6 {
                    let place = Place::new(false);
                    let first = "inject=renameat2:signal=SIGKILL:when=3";
                    place.run(case, &["-o", "/dev/null", "-e", first]);
                    let inject = format!("inject={call}:signal=SIGKILL:when={count}");
                    let run =
                        Run::of(&strace).args(["-f", "-qq", "-o", "/dev/null", "-e", &inject]);
                    let run = run.arg(binary()).args(["seq", "mv", option]).arg(place.b());
                    let run = if old_kernel { run.on_old_kernel() } else { run };
                    let killed = run.run();
                    if killed.code != 0 {
                        assert!(matches!(killed.code, -9 | 137), "{}", killed.tell());
                        let has_journal = |stage: &PathBuf| stage.join("journal").exists();
                        if place.hidden().iter().any(has_journal) {
                            let again = place.recover(option);
                            assert_eq!(again.code, 0, "{call} {count}: {}", again.tell());
                        }
                    }
                    assert_eq!(
                        &place.trees(),
                        expected,
                        "{option} {call} {count} {old_kernel}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_next_run_says_how_to_go_on() {
    if peers::tool("strace").is_none() {
        return;
    }
    let case = case(&["mv", "a/shot.#.exr", "b/new.#.exr"]);
    let place = Place::new(false);
    let inject = "inject=renameat2:signal=SIGKILL:when=3";
    place.run(case, &["-o", "/dev/null", "-e", inject]);
    let again = |words: &[&str]| c47().arg("seq").args(place.words(words)).run();
    let stage = hidden(&place.b()).remove(0);
    let hint = format!(
        "hint: finish it with 'c47 seq mv --finish {}'",
        stage.display()
    );
    let output = again(case.words).expect_code(2);
    let text = output.stderr_text();
    assert!(
        text.contains("an unfinished run of 'c47 seq mv' has 2 of the files"),
        "{text}"
    );
    assert!(text.contains(&hint), "{text}");
    // Other files are not held up.
    let output = again(&["cp", "a/other.#.exr", "b/other.#.exr"]).expect_code(0);
    assert!(
        output.stderr_text().contains("there is an unfinished run"),
        "{}",
        output.tell()
    );
    // A file with the name of one that was moved is kept.
    fs::write(place.a().join("shot.0001.exr"), "new").unwrap();
    let output = place.recover("--undo").expect_code(7);
    assert!(
        output.stderr_text().contains("cannot move back"),
        "{}",
        output.tell()
    );
    assert_eq!(fs::read(place.a().join("shot.0001.exr")).unwrap(), b"new");
    fs::remove_file(place.a().join("shot.0001.exr")).unwrap();
    place.recover("--undo").expect_code(0);
    assert_eq!(names(&place.a()).len(), 5);
}
