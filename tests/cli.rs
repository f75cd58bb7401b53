//! Behaviour of all commands. The commands come from `--list`, their subcommands and options from
//! the table.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::time::Duration;

use c47::testing;

use crate::support::server::{Response, Server};
use crate::support::{Output, Run, Scratch, c47, peers, snapshot};

/// Commands that run until they get a signal.
const SERVICES: [&str; 1] = ["echo"];

fn commands() -> Vec<String> {
    let list = c47().arg("--list").run().expect_code(0);
    assert!(list.stderr.is_empty(), "{}", list.tell());
    list.stdout_text().lines().map(str::to_owned).collect()
}

/// A command from the table, with the output of `-h`.
struct Command {
    /// Its words, such as `["jwt", "sign"]`; empty for c47 itself.
    path: Vec<String>,
    help: String,
    table: testing::Command,
}

impl Command {
    fn name(&self) -> String {
        self.table.name()
    }

    fn run(&self) -> Run {
        c47().args(&self.path)
    }

    /// Whether it can run without a subcommand: it has options of its own.
    fn can_run_alone(&self) -> bool {
        self.table
            .options
            .iter()
            .any(|option| option.long != "--help")
    }

    fn subcommands(&self) -> Vec<&str> {
        self.table
            .commands
            .iter()
            .map(testing::Command::word)
            .collect()
    }

    /// The names of the options, each with whether it takes a value.
    fn options(&self) -> Vec<(&str, bool)> {
        let options = self.table.options.iter();
        options
            .map(|option| (option.long.as_str(), option.value.is_some()))
            .collect()
    }
}

/// Every command and subcommand, c47 itself first.
fn tree() -> Vec<Command> {
    let with_help = |table: &testing::Command| {
        let path = table.path[1..].to_vec();
        let output = c47().args(&path).arg("-h").run().expect_code(0);
        let help = output.stdout_text().to_owned();
        let table = table.clone();
        Command { path, help, table }
    };
    testing::whole().all().into_iter().map(with_help).collect()
}

/// The commands without subcommands.
fn leaves() -> Vec<Command> {
    let mut all = tree();
    all.retain(|command| command.subcommands().is_empty());
    all
}

/// Checks that stderr is one line with the command and the error, and at most one hint, without the
/// output of Rust's error handling.
#[track_caller]
fn expect_error(output: Output, code: i32, who: &str) -> Output {
    let output = output.expect_code(code);
    let text = output.stderr_text();
    let lines: Vec<&str> = text.lines().collect();
    let well_formed = match lines.as_slice() {
        [what] => what.starts_with(&format!("{who}: ")),
        [what, hint] => what.starts_with(&format!("{who}: ")) && hint.starts_with("hint: "),
        _ => false,
    };
    assert!(well_formed && text.ends_with('\n'), "{}", output.tell());
    for inside in [
        "Os {",
        "os error",
        "panicked",
        "src/",
        "Err(",
        "RUST_BACKTRACE",
    ] {
        assert!(!text.contains(inside), "{inside:?} in\n{}", output.tell());
    }
    assert!(output.stdout.is_empty(), "{}", output.tell());
    output
}

#[test]
fn command_list_matches_its_snapshot() {
    snapshot::check_output("list", &c47().arg("--list").run());
}

#[test]
fn list_and_overview_name_each_command() {
    let commands = commands();
    assert!(!commands.is_empty());
    let top = tree().swap_remove(0);
    assert_eq!(top.subcommands(), commands);
    for name in commands {
        let rows = top.help.lines().filter(|line| {
            let words = line.strip_prefix("  ").unwrap_or_default();
            words.split(' ').next() == Some(&name)
        });
        assert_eq!(rows.count(), 1, "{name}: {}", top.help);
    }
}

#[test]
fn version_is_printed_as_text_and_json() {
    let version = env!("CARGO_PKG_VERSION");
    let text = c47().arg("--version").run().expect_code(0);
    assert_eq!(text.stdout_text(), format!("c47 {version}\n"));
    let json = c47().args(["--version", "--json"]).run().expect_code(0);
    assert_eq!(json.json()["version"], version);
    assert!(json.stdout_text().ends_with("}\n"));
    let wrong = c47().args(["--version", "extra"]).run();
    expect_error(wrong, 2, "c47");
}

#[test]
fn short_help_fits_the_screen() {
    for command in tree() {
        let (name, help) = (command.name(), &command.help);
        let usage = format!("Usage: {name} ");
        assert!(help.starts_with(&usage), "{name}: {help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
        let most = if command.path.is_empty() { 24 } else { 48 };
        assert!(help.lines().count() <= most, "{name}: {help}");
    }
}

#[test]
fn options_describe_templates_as_they_are_written() {
    let lines = |words: &[&str]| {
        let output = c47().args(words).run().expect_code(0);
        output
            .stdout_text()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let help = lines(&["echo", "-h"]);
    assert!(help.contains("(default: {body})"), "{help}");
    let page = lines(&["help", "http"]);
    assert!(page.contains("METHOD URL ITEM… with {field}"), "{page}");
    assert!(!page.contains("{{body}}"), "{page}");
}

#[test]
fn short_help_has_one_line_for_each_option_and_an_example() {
    for command in tree().iter().filter(|command| !command.path.is_empty()) {
        let (name, help) = (command.name(), &command.help);
        let (before, examples) = help.split_once("\nExamples:\n").unwrap();
        assert!(examples.starts_with(&format!("  {name}")), "{help}");
        let lines: Vec<&str> = before.lines().skip(3).collect();
        for line in lines.iter().filter(|line| !line.is_empty()) {
            let is_title = line.ends_with(':') && !line.starts_with(' ');
            let is_row = line.starts_with("  ") && !line.starts_with("   ");
            assert!(is_title || is_row, "{name}: {line}");
        }
    }
}

#[test]
fn manual_is_the_same_however_asked_for_and_names_each_option() {
    for command in tree() {
        let words = command.path.iter().map(String::as_str);
        let ways: [Vec<&str>; 3] = [
            words.clone().chain(["--help"]).collect(),
            words.clone().chain(["help"]).collect(),
            ["help"].into_iter().chain(words).collect(),
        ];
        let pages = ways.map(|way| c47().args(way).run().expect_code(0));
        for page in &pages {
            assert_eq!(page.stdout_text(), pages[0].stdout_text());
            assert!(page.stderr.is_empty(), "{}", page.tell());
        }
        let page = pages[0].stdout_text();
        assert!(page.starts_with("NAME\n"), "{page}");
        for (option, _) in command.options() {
            assert!(page.contains(&format!(" {option}")), "{option}: {page}");
        }
    }
}

#[test]
fn help_wins_over_earlier_arguments() {
    for command in leaves() {
        let output = command.run().args(["some", "words", "-h"]).run();
        assert_eq!(output.expect_code(0).stdout_text(), command.help);
    }
}

#[test]
fn without_a_command_the_help_goes_to_stderr() {
    let output = c47().run().expect_code(2);
    assert!(output.stdout.is_empty());
    assert!(output.stderr_text().starts_with("Usage: c47"));
}

#[test]
fn missing_subcommand_lists_the_subcommands() {
    for command in tree() {
        let is_group = !command.subcommands().is_empty() && !command.can_run_alone();
        if !command.path.is_empty() && is_group {
            let output = expect_error(command.run().run(), 2, &command.name());
            for name in command.subcommands() {
                assert!(output.stderr_text().contains(name), "{}", output.tell());
            }
        }
    }
}

#[test]
fn mistyped_command_gets_a_suggestion() {
    for command in tree() {
        for name in command.subcommands() {
            let output = command.run().arg(format!("{name}x")).run();
            let output = expect_error(output, 127, &command.name());
            assert!(
                output.stderr_text().contains("hint: did you mean '"),
                "{}",
                output.tell()
            );
        }
        if !command.subcommands().is_empty() {
            let output = command.run().arg("nothing-like-any").run();
            expect_error(output, 127, &command.name());
        }
    }
}

#[test]
fn option_of_another_tool_names_the_replacement() {
    for (option, replacement) in [
        ("-X", "c47 http POST URL"),
        ("-XPOST", "c47 http POST URL"),
        ("-H", "c47 http URL Name:value"),
        ("--header", "c47 http URL Name:value"),
        ("-d", "key=value items, or --body FILE"),
        ("--data", "key=value items, or --body FILE"),
        ("-u", "--auth basic=USER:SOURCE"),
        ("-k", "--insecure"),
        ("-L", "--follow"),
        ("-s", "leave it out"),
        ("-i", "--print hb"),
        ("-I", "c47 http HEAD URL"),
        ("-F", "--follow; curl's -F is a key=value or key@file item"),
        ("--pretty", "leave it out: JSON is formatted"),
        ("--ignore-stdin", "leave it out: stdin is read only if"),
        ("--check-status", "leave it out: the exit code"),
        ("--session", "--cookies FILE to keep cookies"),
        ("--interface", "paste the whole command after --from-curl"),
        ("--no-alpn", "paste the whole command after --from-curl"),
        ("-K", "paste the whole command after --from-curl"),
    ] {
        let output = c47().args(["http", "a.lan", option, "x"]).run();
        let output = expect_error(output, 2, "c47 http");
        assert!(
            output.stderr_text().contains(replacement),
            "{}",
            output.tell()
        );
    }
    let output = c47().args(["http", "a.lan", "-ume:hunter2"]).run();
    let output = expect_error(output, 2, "c47 http");
    assert!(
        !output.stderr_text().contains("hunter2"),
        "{}",
        output.tell()
    );
    let output = c47().args(["http", "a.lan", "-obody"]).run();
    let output = expect_error(output, 2, "c47 http");
    assert!(
        output.stderr_text().contains("-o VALUE"),
        "{}",
        output.tell()
    );
}

#[test]
fn no_option_of_curl_gets_a_spelling_suggestion() {
    let Some(curl) = peers::tool("curl") else {
        return;
    };
    let help = Run::of(curl).args(["--help", "all"]).run().expect_code(0);
    let words = help
        .stdout_text()
        .lines()
        .flat_map(|line| line.split([' ', ',']).take(6));
    let mut tried = 0;
    for option in words.filter(|word| word.len() > 1 && word.starts_with('-')) {
        // Some are options of c47 too, with the same meaning.
        let output = c47()
            .args(["http", "a.lan", option, "1s", "--offline"])
            .run();
        assert!(
            !output.stderr_text().contains("did you mean"),
            "{}",
            output.tell()
        );
        tried += 1;
    }
    assert!(tried > 200, "{tried}");
}

#[test]
fn command_of_another_tool_names_the_replacement() {
    for (words, hint) in [
        (&["host", "chk"][..], "did you mean 'check'?"),
        (&["host", "xyzzy"], "'c47 host -h' lists its subcommands"),
        (&["jwt", "xyzzy"], "'c47 jwt -h' lists its subcommands"),
        (&["xyzzy"], "'c47 --list' lists the commands"),
        (&["curl"], "did you mean 'c47 http'?"),
        (&["GET"], "did you mean 'c47 http'?"),
        (&["ldd"], "did you mean 'c47 elf ldd'?"),
        (&["verify"], "did you mean 'c47 jwt verify'?"),
        (&["login"], "did you mean 'c47 auth login'?"),
    ] {
        let output = c47().args(words).run().expect_code(127);
        assert!(
            output.stderr_text().ends_with(&format!("hint: {hint}\n")),
            "{}",
            output.tell()
        );
    }
}

#[test]
fn mistyped_option_gets_a_suggestion() {
    for command in leaves() {
        for (option, _) in command.options() {
            let typo = format!("{option}x");
            let output = command.run().arg(&typo).run();
            let output = expect_error(output, 2, &command.name());
            let text = output.stderr_text();
            assert!(
                text.contains(&typo) && text.contains("hint: did you mean --"),
                "{}",
                output.tell()
            );
        }
        let output = command.run().arg("--nothing-like-any").run();
        expect_error(output, 2, &command.name());
        let output = command.run().arg("-~").run();
        expect_error(output, 2, &command.name());
    }
}

#[test]
fn options_take_their_value_after_a_space_or_an_equals_sign() {
    let mut tried = 0;
    for command in leaves() {
        let repeats = |option: &str| {
            let mut options = command.table.options.iter();
            options.any(|found| found.long == option && found.times == testing::Times::Any)
        };
        for (option, takes_value) in command.options() {
            let name = command.name();
            if option == "--idempotency-key" {
                continue; // its value is optional
            }
            if !takes_value {
                let output = command.run().arg(format!("{option}=yes")).run();
                let output = expect_error(output, 2, &name);
                assert!(output.stderr_text().contains("takes no value"));
                continue;
            }
            // --jq implies --json, except in http: its error is also on stdout.
            let text_of = |mut output: Output| {
                if option == "--jq" && command.path != ["http"] {
                    assert_eq!(output.json()["error"]["exit"], 2);
                    output.stdout.clear();
                }
                expect_error(output, 2, &name)
            };
            let output = text_of(command.run().arg(option).run());
            assert!(
                output.stderr_text().contains("requires a value"),
                "{}",
                output.tell()
            );
            if repeats(option) {
                continue;
            }
            // Both forms are parsed if c47 finds the option twice.
            let twice = command
                .run()
                .arg(format!("{option}=-x=y"))
                .args([option, "--z"]);
            let output = text_of(twice.run());
            assert!(
                output
                    .stderr_text()
                    .contains(&format!("{option} is given twice")),
                "{}",
                output.tell()
            );
            tried += 1;
        }
    }
    // Only with selftest alone there would be no such option.
    assert!(tried > 0 || commands().len() == 1);
}

#[test]
fn options_before_the_command_are_refused() {
    for option in ["--json", "-v", "--nothing"] {
        let output = c47().args([option, "selftest"]).run();
        expect_error(output, 2, "c47");
    }
}

#[test]
fn called_by_the_name_of_a_command_it_runs_that_command() {
    let bin = Scratch::new("bin");
    for command in tree().into_iter().filter(|command| command.path.len() == 1) {
        for name in [command.path[0].clone(), format!("c47-{}", command.path[0])] {
            let link = bin.path().join(name);
            symlink(crate::support::binary(), &link).unwrap();
            let output = c47().program(&link).arg("-h").run().expect_code(0);
            assert_eq!(output.stdout_text(), command.help);
            let wrong = c47().program(&link).arg("--nothing-like-any").run();
            expect_error(wrong, 2, &command.name());
        }
    }
}

#[test]
fn called_by_another_name_it_is_c47() {
    let bin = Scratch::new("bin");
    for name in [
        "c47-1.2.3",
        "anything",
        "c47-",
        "C47",
        "c47-nothing",
        "c47.new",
    ] {
        let link = bin.path().join(name);
        symlink(crate::support::binary(), &link).unwrap();
        let output = c47().program(&link).arg("--version").run().expect_code(0);
        assert!(output.stdout_text().starts_with("c47 "));
    }
    for name in [&b""[..], b"/", b"caf\xe9", b"c47-\xff", b".."] {
        let output = c47().called(OsStr::from_bytes(name)).arg("--version").run();
        assert!(output.expect_code(0).stdout_text().starts_with("c47 "));
    }
}

#[test]
fn arguments_that_are_not_utf8_are_refused() {
    let raw = OsStr::from_bytes(b"caf\xe9");
    for command in tree() {
        let output = expect_error(command.run().arg(raw).run(), 2, "c47");
        assert!(
            output.stderr_text().contains("is not UTF-8"),
            "{}",
            output.tell()
        );
        expect_error(
            command.run().args(["--output".as_ref(), raw]).run(),
            2,
            "c47",
        );
        expect_error(command.run().args(["--".as_ref(), raw]).run(), 2, "c47");
    }
}

#[test]
fn arguments_cannot_forge_a_line_or_move_the_cursor() {
    for command in tree() {
        let output = command
            .run()
            .arg("--a\nhint: all is well\x1b[2J\u{202e}")
            .run();
        let output = expect_error(output, 2, &command.name());
        assert!(!output.stderr.contains(&0x1b), "{}", output.tell());
        assert!(
            !output.stderr_text().contains('\u{202e}'),
            "{}",
            output.tell()
        );
    }
}

#[test]
fn closed_pipe_is_not_an_error() {
    let ways = [
        &["--list"][..],
        &["--version"],
        &["--version", "--json"],
        &["help"],
    ];
    let runs = ways.map(|way| c47().args(way)).into_iter();
    for run in runs.chain(tree().iter().map(|command| command.run().arg("-h"))) {
        let output = run.stdout_closed().run().expect_code(0);
        assert!(output.stderr.is_empty(), "{}", output.tell());
    }
}

#[test]
fn full_disk_is_reported() {
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for way in [
        &["--list"][..],
        &["--version"],
        &["--version", "--json"],
        &["help"],
    ] {
        let output = c47().args(way).stdout_to(full()).run();
        let output = expect_error(output, 7, "c47");
        assert!(
            output.stderr_text().contains("no space left"),
            "{}",
            output.tell()
        );
        assert_eq!(output.stderr_text().lines().count(), 1);
    }
    for command in leaves() {
        let output = command.run().arg("-h").stdout_to(full()).run();
        expect_error(output, 7, &command.name());
    }
}

#[test]
fn stdin_is_not_read_unless_asked_for() {
    let mut runs = vec![
        c47().arg("--list"),
        c47().arg("--version"),
        c47().arg("help"),
        c47(),
    ];
    for command in leaves() {
        if !SERVICES.contains(&command.path[0].as_str()) {
            runs.push(command.run());
            if command.options().contains(&("--json", false)) {
                runs.push(command.run().arg("--json"));
            }
        }
    }
    for run in runs {
        // A read would block forever, and the runner would fail the test.
        let output = run.silent_stdin().limit(Duration::from_secs(20)).run();
        assert!(matches!(output.code, 0..=2), "{}", output.tell());
    }
}

#[test]
fn missing_arguments_are_reported() {
    for command in leaves() {
        if SERVICES.contains(&command.path[0].as_str()) {
            continue;
        }
        let output = command.run().run();
        if output.code == 2 {
            expect_error(output, 2, &command.name());
        }
    }
}

#[test]
fn signals_end_it_with_130_and_143() {
    for service in SERVICES
        .iter()
        .filter(|s| commands().contains(&(**s).to_owned()))
    {
        for (signal, code) in [(libc::SIGINT, 130), (libc::SIGTERM, 143)] {
            let mut child = c47().arg(service).spawn();
            // It listens, so its signal handlers are installed.
            child.stdout_line();
            child.signal(signal);
            let output = child.wait().expect_code(code);
            assert!(!output.stderr_text().contains("panicked"));
        }
    }
}

/// `jwt verify BAD | true` must not exit with 0.
#[test]
fn exit_code_is_kept_when_the_pipe_is_closed() {
    let server = Server::start(|_| Response::new("500 Broken", "", "x".repeat(300_000)));
    let url = server.url("/");
    let scratch = Scratch::new("verdicts");
    scratch.write("repository/tool/1.0/package.py", "name = 'other'\n");
    let repository = scratch.path().join("repository");
    let repository = repository.to_str().unwrap();
    let key = scratch.write("key", "0123456789abcdef0123456789abcdef");
    let key = format!("file:{}", key.display());
    let bad = "eyJhbGciOiJIUzI1NiJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (words, code) in [
        (&["http", &url][..], 5),
        (&["http", &url, "--json"], 5),
        (&["http", &url, "--headers"], 5),
        (&["http", &url, "--stream"], 5),
        (&["http", &url, "--print", "hb"], 5),
        (&["jwt", "verify", bad, "--key", &key], 1),
        (&["jwt", "verify", bad, "--key", &key, "--json"], 1),
        (&["host", "check", "--glibc", "9.9"], 1),
        (&["rez", "check", repository], 1),
        (&["elf", "glibc", "--target", "2.2", "/proc/self/exe"], 0),
        (&["--list"], 0),
    ] {
        let seen = c47().args(words).run().code;
        let output = c47().args(words).stdout_closed().run();
        assert_eq!(output.code, seen, "{words:?}: {}", output.tell());
        assert_eq!(output.code, code, "{words:?}: {}", output.tell());
    }
}
