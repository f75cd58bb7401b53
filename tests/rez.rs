//! Tests `c47 rez` with the real Rez.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::support::{self, Output, Run, Scratch, c47, peers, sample, source};

/// A command of Rez with these repositories.
fn rez(repositories: &[&Path]) -> Option<Run> {
    peers::python(&["rez"])?;
    let paths: Vec<String> = repositories
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let rez = Run::of(source("target/peers/venv/bin/rez"));
    Some(
        rez.env("REZ_PACKAGES_PATH", paths.join(":"))
            .env("SHELL", "/bin/bash"),
    )
}

fn install(repository: &Path) -> Run {
    c47().args(["rez", "install", "--repo"]).arg(repository)
}

/// A shell script named `say` that prints `word`.
fn say(scratch: &Scratch, word: &str) -> PathBuf {
    let path = scratch.write(&format!("{word}/say"), format!("#!/bin/sh\necho {word}\n"));
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path
}

fn install_say(repository: &Path, version: &str, tool: &Path) -> Run {
    install(repository)
        .args(["--name", "say", "--pkg-version", version, "--tool"])
        .arg(tool)
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn rez_finds_runs_views_tests_and_copies_the_package() {
    let (scratch, copies) = (Scratch::new("repo"), Scratch::new("copies"));
    let version = env!("CARGO_PKG_VERSION");
    let output = install(scratch.path()).run().expect_code(0);
    let place = scratch.path().join("c47").join(version);
    assert_eq!(output.stdout_text(), format!("{}\n", place.display()));
    assert!(output.stderr.is_empty(), "{}", output.tell());
    let Some(rez) = rez(&[scratch.path()]) else {
        return;
    };
    rez.args(["env", "c47", "--", "c47", "selftest"])
        .run()
        .expect_code(0);
    let on = |repository: &Scratch| self::rez(&[repository.path()]).unwrap();
    // The exit code is passed on.
    on(&scratch)
        .args(["env", "c47", "--", "c47", "--no-such"])
        .run()
        .expect_code(2);
    let found = on(&scratch).args(["search", "c47"]).run().expect_code(0);
    assert_eq!(found.stdout_text().trim(), format!("c47-{version}"));
    let shown = on(&scratch).args(["view", "c47"]).run().expect_code(0);
    for line in [
        format!("version: {version}"),
        "- c47".into(),
        "relocatable: true".into(),
    ] {
        assert!(shown.stdout_text().contains(&line), "{}", shown.tell());
    }
    let tested = on(&scratch).args(["test", "c47"]).run().expect_code(0);
    assert!(
        tested.stdout_text().contains("1 succeeded"),
        "{}",
        tested.tell()
    );
    let wanted = format!("c47-{version}");
    let copy = on(&scratch)
        .args(["cp", "--allow-empty", "--dest-path"])
        .arg(copies.path());
    copy.arg(wanted).run().expect_code(0);
    let copied = on(&copies)
        .args(["env", "c47", "--", "c47", "--version"])
        .run()
        .expect_code(0);
    assert_eq!(copied.stdout_text(), format!("c47 {version}\n"));
    // It has a timestamp, so a resolve for an earlier time does not find it.
    let earlier = on(&scratch)
        .args(["env", "--time", "1000000000", "c47", "--", "true"])
        .run();
    assert_ne!(earlier.code, 0, "{}", earlier.tell());
}

#[test]
fn rez_tests_a_package_of_tools() {
    let scratch = Scratch::new("repo");
    let (one, two) = (say(&scratch, "one"), scratch.path().join("two-2.0+x"));
    fs::copy(&one, &two).unwrap();
    let repository = scratch.path().join("packages");
    fs::create_dir(&repository).unwrap();
    let run = install_say(&repository, "1.0", &one).arg("--tool").arg(two);
    let output = run.run().expect_code(0);
    assert!(
        output.stderr_text().contains("say is a script"),
        "{}",
        output.tell()
    );
    let Some(rez) = rez(&[&repository]) else {
        return;
    };
    let tested = rez.args(["test", "say"]).run().expect_code(0);
    assert!(
        tested.stdout_text().contains("1 succeeded"),
        "{}",
        tested.tell()
    );
}

#[test]
fn package_file_has_the_requested_values() {
    let Some(python) = peers::python(&[]) else {
        return;
    };
    let odd = "a \"quoted\" \\ {root} 'text'\nin two lines, é ✓\t\u{7}";
    let scratch = Scratch::new("package");
    let run = c47().args([
        "rez",
        "package",
        "--stdout",
        "--name",
        "my_tools",
        "--description",
    ]);
    let run = run
        .arg(odd)
        .args(["--pkg-version", "1.2-beta", "--tool"])
        .arg(say(&scratch, "a"));
    let output = run.run().expect_code(0);
    let file = scratch.write("package.py", &output.stdout);
    let read = "import json, sys\n\
        names = {}\n\
        exec(open(sys.argv[1], encoding='utf-8').read(), names)\n\
        print(json.dumps({k: v for k, v in names.items() if k[0] != '_' and k != 'commands'}))";
    let values = Run::of(python)
        .args(["-c", read])
        .arg(file)
        .run()
        .expect_code(0)
        .json();
    assert_eq!(values["name"], "my_tools");
    assert_eq!(values["version"], "1.2-beta");
    assert_eq!(values["description"], odd);
    assert_eq!(values["tools"], serde_json::json!(["say"]));
    assert_eq!(values["relocatable"], true);
    assert_eq!(values["cachable"], true);
    assert_eq!(values["format_version"], 2);
    assert!(values["timestamp"].as_i64().unwrap() > 1_700_000_000);
    let values = values.as_object().unwrap();
    assert_eq!(values.len(), 9, "{values:?}");
    assert!(
        !output
            .stdout_text()
            .contains(&scratch.path().display().to_string())
    );
}

#[test]
fn existing_package_file_is_not_overwritten() {
    let scratch = Scratch::new("package");
    let run = || {
        c47()
            .args(["rez", "package"])
            .current_dir(scratch.path())
            .run()
    };
    assert_eq!(run().expect_code(0).stdout_text(), "package.py\n");
    let output = run().expect_code(7);
    assert!(output.stderr_text().contains("exists"), "{}", output.tell());
}

#[test]
fn existing_version_is_not_overwritten_without_the_option() {
    let scratch = Scratch::new("repo");
    let (old, new) = (say(&scratch, "old"), say(&scratch, "new"));
    let repository = scratch.path().join("packages");
    fs::create_dir(&repository).unwrap();
    install_say(&repository, "1.0", &old).run().expect_code(0);
    let output = install_say(&repository, "1.0", &new).run().expect_code(7);
    assert!(
        output
            .stderr_text()
            .contains("already exists\nhint: use --overwrite")
    );
    let tool = repository.join("say/1.0/bin/say");
    assert!(fs::read_to_string(&tool).unwrap().contains("old"));
    install_say(&repository, "1.0", &new)
        .arg("--overwrite")
        .run()
        .expect_code(0);
    assert!(fs::read_to_string(&tool).unwrap().contains("new"));
    assert_eq!(names(&repository.join("say")), ["1.0"]);
}

#[test]
fn failed_install_leaves_no_files() {
    let scratch = Scratch::new("repo");
    let tool = say(&scratch, "tool");
    let plain = scratch.write("plain", "no program");
    let odd = scratch.write("odd", "no program");
    fs::set_permissions(&odd, PermissionsExt::from_mode(0o755)).unwrap();
    let repository = scratch.path().join("packages");
    fs::create_dir(&repository).unwrap();
    let cases: [(Run, i32, &str); 8] = [
        (
            install(&scratch.path().join("absent")),
            7,
            "is not a directory\nhint: create it with mkdir",
        ),
        (
            install(&repository).args(["--name", "my-tool"]),
            2,
            "without a hyphen",
        ),
        (
            install(&repository).args(["--pkg-version", "../1"]),
            2,
            "invalid version",
        ),
        (
            install(&repository).arg("--tool").arg(&tool),
            2,
            "--tool requires --name",
        ),
        (install_say(&repository, "1", &plain), 2, "not executable"),
        (
            install_say(&repository, "1", &odd),
            2,
            "neither an ELF program nor a script",
        ),
        (
            install_say(&repository, "1", &scratch.path().join("absent")),
            2,
            "no such file",
        ),
        (
            install_say(&repository, "1", &tool)
                .arg("--tool")
                .arg(&tool),
            2,
            "two tools are named",
        ),
    ];
    for (run, code, why) in cases {
        let output = run.run().expect_code(code);
        assert!(output.stderr_text().contains(why), "{}", output.tell());
        assert!(names(&repository).is_empty(), "{:?}", names(&repository));
    }
}

#[test]
fn dynamic_program_gets_a_note() {
    let scratch = Scratch::new("repo");
    let dynamic = Path::new("/bin/sh");
    let run = install(scratch.path()).args(["--name", "shell", "--pkg-version", "1", "--json"]);
    let output = run.arg("--tool").arg(dynamic).run().expect_code(0);
    assert!(
        output
            .stderr_text()
            .contains("sh is dynamically linked and needs "),
        "{}",
        output.tell()
    );
    assert_eq!(output.json()["tools"][0]["linkage"], "dynamic");
    let run = install(scratch.path()).args(["--name", "own", "--pkg-version", "1", "--json"]);
    let output = run
        .arg("--tool")
        .arg(support::binary())
        .run()
        .expect_code(0);
    assert!(output.stderr.is_empty(), "{}", output.tell());
    assert_eq!(output.json()["tools"][0]["linkage"], "static");
}

#[test]
fn modes_follow_the_umask() {
    for (umask, directory, file, tool) in [
        ("022", 0o755, 0o644, 0o755),
        ("002", 0o775, 0o664, 0o775),
        ("077", 0o700, 0o600, 0o700),
    ] {
        let scratch = Scratch::new("repo");
        let script = format!("umask {umask}; exec \"$0\" rez install --repo \"$1\"");
        let run = Run::of("sh").args(["-c", &script]).arg(support::binary());
        run.arg(scratch.path()).run().expect_code(0);
        let family = scratch.path().join("c47");
        let version = family.join(env!("CARGO_PKG_VERSION"));
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&family), directory);
        assert_eq!(mode(&version), directory);
        assert_eq!(mode(&version.join("bin")), directory);
        assert_eq!(mode(&version.join("package.py")), file);
        assert_eq!(mode(&version.join("bin/c47")), tool);
    }
}

#[test]
fn one_of_two_concurrent_installs_succeeds() {
    let scratch = Scratch::new("repo");
    let tools = [say(&scratch, "one"), say(&scratch, "two")];
    for round in 0..20 {
        let repository = scratch.path().join(format!("packages{round}"));
        fs::create_dir(&repository).unwrap();
        let both = tools
            .each_ref()
            .map(|tool| install_say(&repository, "1.0", tool).spawn());
        let [one, two] = both.map(|child| child.wait());
        let (won, lost) = if one.code == 0 {
            (&one, &two)
        } else {
            (&two, &one)
        };
        assert_eq!(
            (won.code, lost.code),
            (0, 7),
            "{}\n{}",
            one.tell(),
            two.tell()
        );
        assert!(
            lost.stderr_text().contains("already exists"),
            "{}",
            lost.tell()
        );
        let winner = if one.code == 0 { "one" } else { "two" };
        let version = repository.join("say/1.0");
        assert!(
            fs::read_to_string(version.join("bin/say"))
                .unwrap()
                .contains(winner)
        );
        assert_eq!(names(&repository.join("say")), ["1.0"]);
    }
}

#[test]
fn concurrent_overwrites_do_not_mix_files() {
    let scratch = Scratch::new("repo");
    let repository = scratch.path().join("packages");
    fs::create_dir(&repository).unwrap();
    let words = ["one", "two"];
    let tools = words.map(|word| say(&scratch, word));
    install_say(&repository, "1.0", &tools[0])
        .run()
        .expect_code(0);
    for round in 0..20 {
        let overwrite = |at: usize| {
            let run = install_say(&repository, "1.0", &tools[at]);
            let run = run.args(["--overwrite", "--description", words[at]]);
            if round % 2 == 0 {
                run.spawn()
            } else {
                run.on_old_kernel().spawn()
            }
        };
        let both = [overwrite(0), overwrite(1)].map(|child| child.wait());
        for output in &both {
            let busy = output
                .stderr_text()
                .contains("another installer is overwriting");
            assert!(output.code == 0 || busy, "{}", output.tell());
        }
        assert!(both.iter().any(|output| output.code == 0));
        let version = repository.join("say/1.0");
        let package = fs::read_to_string(version.join("package.py")).unwrap();
        let tool = fs::read_to_string(version.join("bin/say")).unwrap();
        let word = words.into_iter().find(|word| tool.contains(word)).unwrap();
        assert!(
            package.contains(&format!("description = \"{word}\"")),
            "{tool}{package}"
        );
        assert_eq!(names(&repository.join("say")), ["1.0"]);
        assert_eq!(names(&version), ["bin", "package.py"]);
    }
}

#[test]
fn overwrite_removes_all_files_of_the_old_version() {
    for old_kernel in [false, true] {
        let scratch = Scratch::new("repo");
        let repository = scratch.path().join("packages");
        let old = repository.join("say/1.0");
        fs::create_dir_all(old.join("bin/data")).unwrap();
        fs::create_dir_all(old.join("python/lib")).unwrap();
        for file in ["package.py", "bin/other", "bin/data/x", "python/lib/y"] {
            fs::write(old.join(file), "").unwrap();
        }
        let run = install_say(&repository, "1.0", &say(&scratch, "new")).arg("--overwrite");
        let run = if old_kernel { run.on_old_kernel() } else { run };
        run.run().expect_code(0);
        assert_eq!(names(&repository.join("say")), ["1.0"]);
        assert_eq!(names(&old), ["bin", "package.py"]);
        assert_eq!(names(&old.join("bin")), ["say"]);
    }
}

/// Resolves and runs packages with the real Rez.
struct States {
    child: std::process::Child,
    answers: std::io::BufReader<std::process::ChildStdout>,
    _home: Scratch,
}

impl States {
    fn new() -> Option<States> {
        use std::process::{Command, Stdio};
        let home = Scratch::new("home");
        let mut child = Command::new(peers::python(&["rez"])?)
            .arg(source("tests/support/rez_states.py"))
            .arg("say")
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", "/usr/bin:/bin")
            .env("SHELL", "/bin/bash")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answers = std::io::BufReader::new(child.stdout.take().unwrap());
        Some(States {
            child,
            answers,
            _home: home,
        })
    }

    fn ask(&mut self, repository: &Path, request: &str) -> String {
        use std::io::{BufRead, Write};
        let mut stdin = self.child.stdin.as_ref().unwrap();
        writeln!(stdin, "{}\t{request}", repository.display()).unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }
}

impl Drop for States {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A repository with one version, for an install under strace.
struct Killing {
    strace: PathBuf,
    scratch: Scratch,
    old: PathBuf,
    new: PathBuf,
    version: &'static str,
    /// As on Linux 3.10, which does not have renameat2.
    old_kernel: bool,
}

impl Killing {
    fn new(version: &'static str, old_kernel: bool) -> Option<Killing> {
        let strace = peers::tool("strace")?;
        let scratch = Scratch::new("killed");
        let (old, new) = (say(&scratch, "old"), say(&scratch, "new"));
        Some(Killing {
            strace,
            scratch,
            old,
            new,
            version,
            old_kernel,
        })
    }

    /// Installs the new version under strace, over or next to an old one.
    fn run(&self, name: &str, tracer: &[&str]) -> (PathBuf, Output) {
        let repository = self.scratch.path().join(name);
        fs::create_dir(&repository).unwrap();
        install_say(&repository, "1.0", &self.old)
            .run()
            .expect_code(0);
        let run = Run::of(&self.strace)
            .arg("-qq")
            .args(tracer)
            .arg(support::binary());
        let run = run.args(["rez", "install", "--overwrite", "--name", "say"]);
        let run = run
            .args(["--pkg-version", self.version, "--repo"])
            .arg(&repository);
        let run = run.arg("--tool").arg(&self.new);
        let run = if self.old_kernel {
            run.on_old_kernel()
        } else {
            run
        };
        (repository, run.run())
    }

    /// Each system call of a complete run, with its count among the calls of its name.
    fn calls(&self) -> Vec<(String, usize)> {
        let trace = self.scratch.path().join("trace");
        let (_, output) = self.run("whole", &["-o", trace.to_str().unwrap()]);
        output.expect_code(0);
        let mut calls: Vec<(String, usize)> = Vec::new();
        for line in fs::read_to_string(trace).unwrap().lines() {
            let Some((name, _)) = line.split_once('(') else {
                continue;
            };
            let before = calls.iter().filter(|(other, _)| other == name).count();
            calls.push((name.to_owned(), before + 1));
        }
        assert!(calls.iter().any(|(name, _)| name == "rename"), "{calls:?}");
        // execve starts the program, exit_group cannot be interrupted, and madvise depends on timing
        // in the allocator.
        calls.retain(|(name, _)| !["execve", "exit_group", "madvise"].contains(&name.as_str()));
        calls
    }
}

/// The system calls that change or sync the repository. A sample always includes all of these.
const CHANGING: [&str; 13] = [
    "chmod",
    "copy_file_range",
    "fchmod",
    "fsync",
    "link",
    "mkdir",
    "rename",
    "renameat2",
    "rmdir",
    "sendfile",
    "unlink",
    "unlinkat",
    "write",
];

/// Kills an install at each of its system calls. Each time `is_right` must accept what Rez finds.
fn kill_everywhere(version: &'static str, old_kernel: bool, is_right: impl Fn(&str) -> bool) {
    let (Some(killing), Some(mut states)) = (Killing::new(version, old_kernel), States::new())
    else {
        return;
    };
    let calls = killing.calls().into_iter();
    let (mut calls, others): (Vec<_>, Vec<_>) =
        calls.partition(|(name, _)| CHANGING.contains(&name.as_str()));
    calls.extend(sample(others, 12));
    let mut ends = std::collections::BTreeSet::new();
    for (at, (name, count)) in calls.iter().enumerate() {
        let inject = format!("inject={name}:signal=SIGKILL:when={count}");
        let (repository, output) =
            killing.run(&format!("{at}"), &["-o", "/dev/null", "-e", &inject]);
        assert!(
            matches!(output.code, -9 | 137),
            "{name} {count}: {}",
            output.tell()
        );
        let answer = states.ask(&repository, "say");
        assert!(is_right(&answer), "killed at {name} {count}: {answer}");
        assert_eq!(
            states.ask(&repository, "say==1.0").get(..8),
            Some("say-1.0 ")
        );
        // Leftovers of the killed install do not disturb the next one.
        let again = install_say(&repository, version, &killing.new).arg("--overwrite");
        again.run().expect_code(0);
        assert_eq!(states.ask(&repository, "say"), format!("say-{version} new"));
        ends.insert(answer);
        let _ = fs::remove_dir_all(repository);
    }
    // Both the old and the new state were seen.
    assert_eq!(ends.len(), 2, "{ends:?}");
}

#[test]
fn install_killed_at_any_time_is_complete_or_has_no_effect() {
    kill_everywhere("2.0", false, |answer| {
        ["say-1.0 old", "say-2.0 new"].contains(&answer)
    });
}

#[test]
fn overwrite_killed_at_any_time_leaves_the_old_or_the_new_version() {
    kill_everywhere("1.0", false, |answer| {
        ["say-1.0 old", "say-1.0 new"].contains(&answer)
    });
}

#[test]
fn overwrite_is_safe_without_renameat2() {
    kill_everywhere("1.0", true, |answer| {
        ["say-1.0 old", "say-1.0 new"].contains(&answer)
    });
}

/// Overwrites a version repeatedly while Rez resolves it and runs its tool.
fn overwrite_beside_rez(old_kernel: bool, times: usize) {
    use std::sync::atomic::{AtomicBool, Ordering};
    let Some(mut states) = States::new() else {
        return;
    };
    let scratch = Scratch::new("repo");
    let repository = scratch.path().join("packages");
    fs::create_dir(&repository).unwrap();
    let tools = ["one", "two"].map(|word| say(&scratch, word));
    install_say(&repository, "1.0", &tools[0])
        .run()
        .expect_code(0);
    let (done, overwrites) = (
        AtomicBool::new(false),
        std::sync::atomic::AtomicUsize::new(0),
    );
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for tool in tools.iter().cycle() {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                let run = install_say(&repository, "1.0", tool).arg("--overwrite");
                let run = if old_kernel { run.on_old_kernel() } else { run };
                run.run().expect_code(0);
                overwrites.fetch_add(1, Ordering::Relaxed);
            }
        });
        let mut answers = Vec::new();
        while answers.len() < times || overwrites.load(Ordering::Relaxed) < 10 {
            answers.push(states.ask(&repository, "say"));
        }
        done.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        for answer in answers {
            assert!(
                ["say-1.0 one", "say-1.0 two"].contains(&answer.as_str()),
                "{answer}"
            );
        }
    });
}

#[test]
fn rez_never_fails_during_an_overwrite() {
    overwrite_beside_rez(false, 200);
}

#[test]
fn rez_never_fails_during_an_overwrite_without_renameat2() {
    overwrite_beside_rez(true, 200);
}

#[test]
fn signal_removes_unfinished_files() {
    let Some(killing) = Killing::new("2.0", false) else {
        return;
    };
    let inject = [
        "-o",
        "/dev/null",
        "-e",
        "inject=fsync:signal=SIGTERM:when=2",
    ];
    let (repository, output) = killing.run("terminated", &inject);
    output.expect_code(143);
    assert_eq!(names(&repository.join("say")), ["1.0"]);
}

#[test]
fn check_prints_each_fault_with_its_cure() {
    let scratch = Scratch::new("repo");
    let (outside, repository) = (say(&scratch, "x"), scratch.path().join("packages"));
    fs::create_dir(&repository).unwrap();
    install_say(&repository, "1.0", &outside)
        .run()
        .expect_code(0);
    let check = || c47().args(["rez", "check"]).arg(&repository).run();
    let clean = check().expect_code(0);
    assert_eq!(
        clean.stdout_text(),
        "1 package, 1 version: no faults found\n"
    );
    let say = repository.join("say");
    for directory in ["2.0", "3.0", ".1.0.c47-1-0.part", "5.0"] {
        fs::create_dir(say.join(directory)).unwrap();
    }
    let bin = say.join("1.0/bin");
    fs::create_dir(repository.join("my-tool")).unwrap();
    fs::create_dir(repository.join("empty")).unwrap();
    fs::write(say.join("3.0/package.py"), "").unwrap();
    fs::write(say.join("5.0/package.py"), "name = 'tell'\n").unwrap();
    fs::write(say.join(".building9"), "").unwrap();
    fs::write(say.join(".ignore8"), "").unwrap();
    symlink("nowhere", say.join("4.0")).unwrap();
    symlink("nowhere", bin.join("dead")).unwrap();
    symlink(&outside, bin.join("far")).unwrap();
    fs::write(bin.join("plain"), "").unwrap();
    fs::set_permissions(bin.join("say"), PermissionsExt::from_mode(0o700)).unwrap();
    fs::set_permissions(say.join("1.0/package.py"), PermissionsExt::from_mode(0o666)).unwrap();
    let output = check().expect_code(1);
    let text = output
        .stdout_text()
        .replace(repository.to_str().unwrap(), "REPO");
    for expected in [
        "REPO/empty: package without versions",
        "fix: rmdir REPO/empty",
        "REPO/my-tool: invalid package name",
        "REPO/say/.1.0.c47-1-0.part: leftover of an interrupted install",
        "rm -r REPO/say/.1.0.c47-1-0.part",
        "REPO/say/.building9: 9 is being installed, or its install was interrupted",
        "REPO/say/.ignore8: it hides 8, which does not exist",
        "REPO/say/1.0/bin/dead: dangling symlink to nowhere",
        "REPO/say/1.0/bin/far: absolute symlink to ",
        "REPO/say/1.0/bin/plain: tool is not executable",
        "chmod a+x REPO/say/1.0/bin/plain",
        "REPO/say/1.0/bin/say: mode 0700: not readable for all",
        "REPO/say/1.0/package.py: mode 0666: writable for all users",
        "chmod o-w REPO/say/1.0/package.py",
        "REPO/say/2.0: no package.py, which breaks every request for say",
        "touch REPO/say/.ignore2.0",
        "REPO/say/3.0/package.py: no package name",
        "REPO/say/4.0: dangling symlink to nowhere",
        "REPO/say/5.0/package.py: the package name is tell, but the directory is say",
        "2 packages, 4 versions: 14 faults found",
    ] {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
    let json = c47()
        .args(["rez", "check", "--json"])
        .arg(&repository)
        .run()
        .expect_code(1)
        .json();
    assert_eq!(json["findings"].as_array().unwrap().len(), 14);
}

#[test]
fn cure_of_a_check_repairs_the_repository_for_rez() {
    let Some(mut states) = States::new() else {
        return;
    };
    let scratch = Scratch::new("repo");
    let repository = scratch.path().join("packages");
    fs::create_dir(&repository).unwrap();
    install_say(&repository, "1.0", &say(&scratch, "fine"))
        .run()
        .expect_code(0);
    assert_eq!(states.ask(&repository, "say"), "say-1.0 fine");
    fs::create_dir(repository.join("say/2.0")).unwrap();
    let broken = states.ask(&repository, "say");
    assert!(broken.starts_with("failed"), "{broken}");
    let check = || {
        c47()
            .args(["rez", "check", "--json"])
            .arg(&repository)
            .run()
    };
    let found = check().expect_code(1).json();
    let cure = found["findings"][0]["cure"].as_str().unwrap().to_owned();
    let command = cure.split(" hides it").next().unwrap();
    Run::of("sh").args(["-c", command]).run().expect_code(0);
    assert_eq!(states.ask(&repository, "say"), "say-1.0 fine");
    check().expect_code(0);
}

#[test]
fn check_of_a_missing_repository_is_an_error() {
    let output = c47()
        .args(["rez", "check", "/no/such/place"])
        .run()
        .expect_code(7);
    assert!(
        output.stderr_text().contains("no such file"),
        "{}",
        output.tell()
    );
}

#[test]
fn cure_quotes_file_names() {
    let repository = Scratch::new("odd names");
    for name in [&b"a;touch pwned"[..], b"it's", b"x\xff\ny", b"my_tool"] {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(name);
        let version = repository.path().join("say/1.0/bin").join(name);
        fs::create_dir_all(version.parent().unwrap()).unwrap();
        fs::write(&version, "").unwrap();
    }
    fs::write(
        repository.path().join("say/1.0/package.py"),
        "name = 'say'\n",
    )
    .unwrap();
    let check = || {
        let run = c47()
            .args(["rez", "check", "--json"])
            .arg(repository.path());
        run.run()
    };
    let found = check().expect_code(1).json();
    let findings = found["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 4, "{found}");
    for finding in findings {
        let cure = finding["cure"].as_str().unwrap();
        assert!(cure.starts_with("chmod a+x "), "{cure}");
        Run::of("bash")
            .args(["-c", cure])
            .current_dir(repository.path())
            .run()
            .expect_code(0);
    }
    check().expect_code(0);
    assert_eq!(names(repository.path()), ["say"]);
}

#[test]
fn install_removes_leftovers_of_a_killed_install() {
    let scratch = Scratch::new("repo");
    let repository = scratch.path().join("packages");
    let staging = |writer: &str| {
        repository
            .join("say")
            .join(support::writer::name("1.0", writer))
    };
    let left = staging(&support::writer::dead());
    fs::create_dir_all(left.join("bin")).unwrap();
    fs::write(left.join("bin/say"), "").unwrap();
    // A running install, and one on another machine, whose lock is not visible here.
    let kept = [support::writer::alive(), support::writer::elsewhere()];
    for writer in &kept {
        fs::create_dir(staging(writer)).unwrap();
    }
    install_say(&repository, "1.0", &say(&scratch, "x"))
        .run()
        .expect_code(0);
    assert!(!left.exists() && kept.iter().all(|writer| staging(writer).exists()));
    assert_eq!(names(&repository.join("say")).len(), 3);
}

#[test]
fn overwrite_reports_an_old_version_that_cannot_be_removed() {
    if !support::can_be_two_users() {
        return;
    }
    let scratch = Scratch::new("repo");
    let repository = scratch.path().join("packages");
    fs::create_dir(&repository).unwrap();
    let tool = say(&scratch, "x");
    install_say(&repository, "1.0", &tool).run().expect_code(0);
    // The user nobody may rename the old version, but not remove the files of root in it.
    support::give_to_nobody(repository.join("say"));
    support::give_to_nobody(repository.join("say/1.0"));
    let again = install_say(&repository, "1.0", &tool).arg("--overwrite");
    let output = again.run_by_nobody().run().expect_code(0);
    let message = output.stderr_text();
    assert!(
        message.contains("the old version was not removed: cannot remove "),
        "{message}"
    );
}
