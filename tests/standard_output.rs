//! Standard input and output that are closed or open in the wrong mode, and the files of `-o`.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use crate::support::server::{Response, Server};
use crate::support::{Output, Run, Scratch, binary, c47};

/// Runs of every command in `c47 --list` that print something.
const RUNS: &[&[&str]] = &[
    &["auth", "profiles"],
    &["auth", "profiles", "--json"],
    &["auth", "status", "--json"],
    &["auth", "token", "svc"],
    &["auth", "exec", "svc", "--", "true"],
    &["completions", "bash"],
    &["completions", "zsh"],
    &["completions", "fish"],
    &["completions", "nushell"],
    &["config", "check"],
    &["config", "show"],
    &["config", "show", "--json"],
    &["config", "init", "--output", "-"],
    &["config", "init", "--output", "new.toml"],
    &["echo", "--count", "1"],
    &["echo", "--count", "1", "--json"],
    &["elf", "glibc", "/proc/self/exe"],
    &["elf", "ldd", "/proc/self/exe"],
    &["elf", "dupes", "/proc/self/exe"],
    &["elf", "rpath", "/proc/self/exe"],
    &["elf", "info", "/proc/self/exe"],
    &["elf", "info", "/proc/self/exe", "--json"],
    &["elf", "diff", "/proc/self/exe", "/proc/self/exe"],
    &["elf", "diff", "/proc/self/exe", "/proc/self/exe", "--json"],
    &["explore", "URL", "--eval", "GET /"],
    &["explore", "URL", "--eval", "$name = GET /"],
    &["host"],
    &["host", "--json"],
    &["host", "check", "--glibc", "9.9"],
    &["host", "diff", "host.json", "host.json"],
    &["host", "diff", "host.json", "host.json", "--json"],
    &["http", "URL"],
    &["http", "URL", "--json"],
    &["http", "URL", "--headers"],
    &["http", "URL", "--print", "hb"],
    &["http", "URL", "--stream"],
    &["http", "URL", "--curl"],
    &["http", "URL", "--offline"],
    &["http", "URL", "-o", "-"],
    &["http", "URL", "-o", "body"],
    &["http", "URL", "-o", "/dev/stdout"],
    &["http", "URL", "--download"],
    &["http", "URLempty"],
    &["http", "GET", "URL{id}", "--batch", "list.csv", "--dry-run"],
    &["http", "GET", "URL{id}", "--batch", "list.csv"],
    &["journal", "show", "shots.journal"],
    &["jq", "-n", "1"],
    &["jwt", "keygen", "--alg", "ES256"],
    &["jwt", "keygen", "--alg", "ES256", "-o", "/dev/stdout"],
    &["jwt", "keygen", "--alg", "HS256", "-o", "new.key"],
    &[
        "jwt", "sign", "--alg", "HS256", "--key", "file:key", "--no-exp",
    ],
    &["jwt", "decode", TOKEN],
    &["jwt", "verify", TOKEN, "--key", "file:key"],
    &["jwt", "verify", TOKEN, "--key", "file:key", "--json"],
    &["jwt", "jwks", "public.pem"],
    &["links", "--dir", "."],
    &["links", "--dir", ".", "--json"],
    &["links", "--dir", ".", "--remove"],
    &["man"],
    &["man", "jwt"],
    &["man", "--all", "pages"],
    &["pick", "--filter", "a"],
    &["pick", "--filter", "a", "--json"],
    &["rez", "install", "--repo", "packages"],
    &["rez", "package"],
    &["rez", "package", "--stdout"],
    &["rez", "check", "repository"],
    &["selftest"],
    &["selftest", "--json"],
    &["seq", "check", "public.pem"],
    &["seq", "check", "public.pem", "--json"],
    &["seq", "ls", "--all"],
    &["seq", "ls", "--all", "--json"],
    &["seq", "ls", "--all", "--format", "{pattern}"],
    &["seq", "range", "1-10"],
    &["seq", "range", "1-10", "--chunk", "3"],
    &["seq", "range", "1-10", "--expand"],
    &["seq", "range", "1-10", "--count"],
    &["seq", "range", "1-10", "--json"],
    &["seq", "ls", "--all"],
    &["seq", "ls", "--all", "--json"],
    &["seq", "ls", "--all", "--format", "{pattern}"],
    &["seq", "mv", "key", "repository", "--dry-run"],
    &["seq", "cp", "key", "repository", "--json"],
    &["seq", "ln", "-s", "key", "repository"],
    &["seq", "sums", "/proc/self/exe"],
    &["seq", "sums", "/proc/self/exe", "--json"],
    &["seq", "sums", "--check", "key"],
    &["seq", "sums", "--mhl", "packages"],
    &["--list"],
    &["--version"],
    &["--version", "--json"],
    &["help"],
    &["help", "jwt", "sign"],
];

/// A token with an invalid signature.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stdout {
    /// A pipe with a reader.
    Pipe,
    /// `>&-`
    Closed,
    /// `1</dev/null`
    ReadOnly,
}

fn run(words: &[&str], url: &str, stdout: Stdout) -> Output {
    let scratch = Scratch::new("stdout");
    scratch.write("key", "0123456789abcdef0123456789abcdef");
    scratch.write("public.pem", PUBLIC_KEY);
    scratch.write("list.csv", "id\n1\n");
    scratch.write("packages/readme", "");
    scratch.write("host.json", r#"{"system":{},"libraries":{}}"#);
    scratch.write("repository/tool/1.0/package.py", "name = 'other'\n");
    let profile = format!("[profile.svc]\nurl = '{url}'\nauth = 'bearer'\ntoken = 'env:T'\n");
    let config = scratch.write("config.toml", profile);
    let script = match stdout {
        Stdout::Pipe => "exec \"$@\"",
        Stdout::Closed => "exec \"$@\" >&-",
        Stdout::ReadOnly => "exec \"$@\" 1</dev/null",
    };
    let is_service = words[0] == "echo" && words[1] == "--count";
    let words = words.iter().map(|word| match word.strip_prefix("URL") {
        Some(path) => format!("{url}{path}"),
        None => (*word).to_owned(),
    });
    let mut child = Run::of("sh")
        .args(["-c", script, "sh"])
        .arg(binary())
        .args(words)
        .env("C47_CONFIG_PATH", config)
        .env("T", "token")
        .current_dir(scratch.path())
        .stdin("a\n")
        .spawn();
    if stdout == Stdout::Pipe && is_service {
        child.stdout_line(); // it listens
        child.signal(libc::SIGTERM);
    }
    child.wait()
}

#[test]
fn closed_or_read_only_stdout_is_an_error_in_every_command() {
    let server = Server::start(|request| match request.target.as_str() {
        "/empty" => Response::new("204 No Content", "", ""),
        _ => Response::json("{\"a\":1}"),
    });
    let url = server.url("/");
    let list = c47().arg("--list").run().expect_code(0);
    for command in list.stdout_text().lines() {
        let is_listed = RUNS.iter().any(|words| words[0] == command);
        assert!(is_listed, "no run of {command} is listed here");
    }
    let helps = list
        .stdout_text()
        .lines()
        .map(|command| vec![command, "-h"]);
    let mut printed = 0;
    for words in RUNS.iter().map(|words| words.to_vec()).chain(helps) {
        let seen = run(&words, &url, Stdout::Pipe);
        for stdout in [Stdout::Closed, Stdout::ReadOnly] {
            let output = run(&words, &url, stdout);
            let tell = || format!("{words:?} {stdout:?}: {}", output.tell());
            if seen.stdout.is_empty() {
                assert_eq!(output.code, seen.code, "{}", tell());
                continue;
            }
            printed += 1;
            assert_eq!(output.code, 7, "{}", tell());
            let text = output.stderr_text();
            let said = text.lines().filter(|line| line.contains("cannot write"));
            assert_eq!(said.count(), 1, "{}", tell());
        }
    }
    assert!(printed > 100, "{printed}");
}

/// `<&-` and `<&1` with a pipe are not empty input.
#[test]
fn closed_or_write_only_stdin_is_an_error_if_it_is_read() {
    let scratch = Scratch::new("stdin");
    scratch.write("key", "0123456789abcdef0123456789abcdef");
    let server = Server::start(|_| Response::ok("")).may_be_idle();
    let url = server.url("/");
    let runs: [(&[&str], i32); 10] = [
        (&["http", &url, "--body", "-"], 7),
        (&["http", &url, "a=@-"], 7),
        (&["http", &url, "a@-"], 7),
        (&["http", &url, "--auth", "bearer=file:-"], 9),
        (&["jwt", "decode", "-"], 7),
        (&["jwt", "verify", "-", "--key", "file:key"], 7),
        (&["jwt", "verify", TOKEN, "--key", "file:-"], 9),
        (
            &[
                "jwt", "sign", "--alg", "HS256", "--key", "file:key", "--no-exp", "--claims", "-",
            ],
            7,
        ),
        (&["jwt", "jwks", "-"], 7),
        (&["--list"], 0),
    ];
    for (words, code) in runs {
        for redirect in ["<&-", "0>/dev/null"] {
            let output = Run::of("sh")
                .args(["-c", &format!("exec \"$@\" {redirect}"), "sh"])
                .arg(binary())
                .args(words)
                .current_dir(scratch.path())
                .run()
                .expect_code(code);
            let is_said = output.stderr_text().contains("not open for reading");
            assert_eq!(is_said, code != 0, "{}", output.tell());
        }
    }
    assert!(server.requests().is_empty());
}

/// Like the log of a job: other programs write to it before and after.
#[test]
fn output_to_a_descriptor_appends_to_a_log() {
    let scratch = Scratch::new("log");
    let server = Server::start(|_| Response::ok("output\n"));
    symlink("/dev/stdout", scratch.path().join("link")).unwrap();
    symlink("/proc/self/fd", scratch.path().join("fds")).unwrap();
    let url = server.url("/");
    let commands = [
        vec!["http", &url, "-o"],
        vec!["jwt", "keygen", "--alg", "HS256", "-o"],
        vec!["jwt", "keygen", "--alg", "ES256", "-o"],
        vec!["jwt", "keygen", "--alg", "ES256", "--overwrite", "-o"],
        vec!["config", "init", "--output"],
    ];
    let places = [
        "/dev/stdout",
        "/dev/fd/1",
        "/proc/self/fd/1",
        "/proc/thread-self/fd/1",
        "/dev/fd/3",
        "/proc/self/fd/3",
        "/proc/$$/fd/3",
        "link",
        "fds/1",
    ];
    for command in commands {
        for place in places {
            for redirect in [">>", ">"] {
                // The file position of another process cannot be shared.
                if redirect == ">" && place.contains("$$") {
                    continue;
                }
                let log = scratch.write("job.log", "before\n");
                let inode = fs::metadata(&log).unwrap().ino();
                let script = format!(
                    "exec {redirect}job.log 3>&1; echo begin; \"$@\" \"{place}\" || exit 1; echo end"
                );
                Run::of("sh")
                    .args(["-c", &script, "sh"])
                    .arg(binary())
                    .args(&command)
                    .current_dir(scratch.path())
                    .run()
                    .expect_code(0);
                let text = fs::read_to_string(&log).unwrap();
                let tell = || format!("{command:?} {place} {redirect}: {text}");
                assert_eq!(fs::metadata(&log).unwrap().ino(), inode, "{}", tell());
                let before = if redirect == ">>" { "before\n" } else { "" };
                let inner = text.strip_prefix(&format!("{before}begin\n"));
                let inner = inner.and_then(|text| text.strip_suffix("\nend\n"));
                assert!(inner.is_some_and(|text| text.len() > 4), "{}", tell());
            }
        }
    }
}

#[test]
fn output_to_a_device_is_written_to_it() {
    let server = Server::start(|_| Response::ok("output\n"));
    let url = server.url("/");
    for command in [
        vec!["http", &url, "-o"],
        vec!["jwt", "keygen", "--alg", "ES256", "-o"],
        vec!["config", "init", "--output"],
    ] {
        for (device, code) in [("/dev/null", 0), ("/dev/full", 7)] {
            c47().args(&command).arg(device).run().expect_code(code);
            let found = fs::symlink_metadata(device).unwrap();
            assert!(!found.is_file(), "{device}");
        }
    }
}

#[test]
fn download_to_a_descriptor_is_refused_before_the_request() {
    let scratch = Scratch::new("descriptor");
    let log = scratch.write("job.log", "before\n");
    for options in [&[][..], &["--overwrite"], &["--continue"]] {
        let output = c47()
            .args(["http", ":9/x", "--download", "-o", "/dev/stdout"])
            .args(options)
            .stdout_to(File::options().append(true).open(&log).unwrap())
            .run()
            .expect_code(2);
        assert!(output.stderr_text().contains("omit --download"));
        assert_eq!(fs::read_to_string(&log).unwrap(), "before\n");
    }
}

/// `-o` of commands that write directories cannot be a descriptor.
#[test]
fn descriptor_as_a_directory_is_an_error() {
    for words in [
        &["man", "--all", "/dev/stdout"][..],
        &["links", "--dir", "/dev/stdout"],
        &["rez", "install", "--repo", "/dev/stdout"],
    ] {
        let output = c47().args(words).run();
        assert!(matches!(output.code, 2 | 7), "{}", output.tell());
    }
    assert!(Path::new("/dev/stdout").is_symlink());
}
