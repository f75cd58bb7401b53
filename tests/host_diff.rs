//! `c47 host diff` compares real reports of this machine under other conditions, and reports altered
//! at random, whose differences Python computes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::fuzz_smoke::Random;
use crate::support::{self, Effort, Output, Run, Scratch, c47, effort, peers};

/// Runs a script in a shell, in which `$c47` is the binary and `$at` a directory.
fn shell(scratch: &Scratch, script: &str) -> Output {
    Run::of("/bin/sh")
        .args(["-ec", script])
        .env("c47", support::binary())
        .env("at", scratch.path())
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .run()
}

/// The same as root in its own mount and UTS namespace. `None` if that is not possible.
fn in_namespace(scratch: &Scratch, script: &str) -> Option<Output> {
    peers::tool("unshare")?;
    let run = |script: &str| {
        let script = script.replace('\'', "'\\''");
        shell(scratch, &format!("exec unshare -rmu sh -ec '{script}'"))
    };
    if run("mount -t tmpfs none /mnt").code != 0 {
        return peers::missing("mount namespaces are not available here");
    }
    Some(run(script))
}

fn written(scratch: &Scratch, name: &str, report: &Output) -> PathBuf {
    scratch.write(name, report.stdout_text())
}

fn diff(scratch: &Scratch, arguments: &[&str]) -> Output {
    let run = c47().args(["host", "diff"]).args(arguments);
    run.current_dir(scratch.path()).run()
}

/// The severity and field of each difference.
fn fields(output: &Output) -> Vec<String> {
    let report = output.json();
    let all = report["differences"].as_array().unwrap().iter();
    all.map(|it| {
        let text = |name: &str| it[name].as_str().unwrap().to_owned();
        format!("{} {}", text("severity"), text("field"))
    })
    .collect()
}

/// The report of this machine, changed.
fn edited(scratch: &Scratch, name: &str, edit: impl Fn(&mut Value)) {
    let report = c47().args(["host", "--json"]).run().expect_code(0);
    let mut report = report.json();
    edit(&mut report);
    scratch.write(name, report.to_string());
}

#[test]
fn machine_is_like_itself() {
    let scratch = Scratch::new("host-diff");
    written(&scratch, "a.json", &shell(&scratch, "$c47 host --json"));
    written(&scratch, "b.json", &shell(&scratch, "$c47 host --json"));
    let output = diff(&scratch, &["a.json", "b.json"]).expect_code(0);
    assert!(
        output.stdout_text().starts_with("alike: "),
        "{}",
        output.tell()
    );
    assert_eq!(output.stdout_text().lines().count(), 1);
    let output = diff(&scratch, &["a.json", "b.json", "--json"]).expect_code(0);
    assert_eq!(output.json()["alike"], true);
    assert_eq!(fields(&output), [""; 0]);
    let script = "hostname node02; $c47 host --json";
    let Some(renamed) = in_namespace(&scratch, script) else {
        return;
    };
    written(&scratch, "c.json", &renamed.expect_code(0));
    let output = diff(&scratch, &["a.json", "c.json"]).expect_code(0);
    let text = output.stdout_text();
    assert!(text.ends_with(" (a.json) and node02 (c.json)\n"), "{text}");
    let output = diff(&scratch, &["a.json", "c.json", "--all", "--json"]).expect_code(0);
    let name = "expected system.hostname".to_owned();
    assert!(fields(&output).contains(&name), "{}", output.tell());
}

#[test]
fn changed_conditions_are_found() {
    let scratch = Scratch::new("host-diff");
    written(
        &scratch,
        "a.json",
        &shell(&scratch, "ulimit -Sn 256; $c47 host --json"),
    );
    for (conditions, expected) in [
        ("ulimit -Sn 200", &["major limits[open_files].soft"][..]),
        ("ulimit -Hn 256", &["major limits[open_files].hard"]),
        ("ulimit -Ss 4096", &["major limits[stack_bytes].soft"]),
        (
            "ulimit -Sv 4000000",
            &["major limits[address_space_bytes].soft"],
        ),
        (
            "ulimit -Sf 1000000",
            &["major limits[file_size_bytes].soft"],
        ),
        ("export TZ=Asia/Tokyo", &["major clock.time_zone"]),
        (
            "export PYTHONHOME=/opt/none",
            &["major hazards[PYTHONHOME]"],
        ),
        (
            "export LD_LIBRARY_PATH=:",
            &["major hazards[LD_LIBRARY_PATH]"],
        ),
        (
            "export no_proxy=localhost",
            &["major network.proxies[no_proxy]"],
        ),
        ("export REZ_USED_RESOLVE=maya-2024", &["major rez"]),
        (
            "export SSL_CERT_FILE=$at/none",
            &["major certificates.bundle", "major certificates.why"],
        ),
        ("export TMPDIR=$at/none", &["major hazards[TMPDIR]"]),
    ] {
        let report = shell(
            &scratch,
            &format!("ulimit -Sn 256; {conditions}; $c47 host --json"),
        );
        written(&scratch, "b.json", &report.expect_code(0));
        let output = diff(&scratch, &["a.json", "b.json", "--json"]).expect_code(1);
        let found = fields(&output);
        assert!(found.len() >= expected.len(), "{}", output.tell());
        assert_eq!(found[..expected.len()], *expected, "{conditions}");
        if expected.len() == 1 && !conditions.contains("TMPDIR") {
            assert_eq!(found.len(), 1, "{conditions}: {found:?}");
        }
    }
}

#[test]
fn fewer_processors_are_found() {
    let scratch = Scratch::new("host-diff");
    let report = written(&scratch, "a.json", &shell(&scratch, "$c47 host --json"));
    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    if peers::tool("taskset").is_none() {
        return;
    }
    let few = shell(&scratch, "taskset -c 0 $c47 host --json");
    if report["cpu"]["usable"] == 1 || few.code != 0 {
        return peers::skipped("one processor");
    }
    written(&scratch, "b.json", &few);
    let output = diff(&scratch, &["a.json", "b.json"]).expect_code(1);
    let text = output.stdout_text();
    assert!(text.starts_with("different: 1 major\n"), "{text}");
    assert!(text.contains("\n  usable processors  "), "{text}");
}

#[test]
fn versions_of_a_rez_package_are_found() {
    let scratch = Scratch::new("host-diff");
    for (file, resolve) in [
        ("a.json", "platform-linux python-3.10.1 maya-2024.2"),
        ("b.json", "platform-linux maya-2025 python-3.10.1 arnold-7"),
    ] {
        let run = c47()
            .args(["host", "--json"])
            .env("REZ_USED_RESOLVE", resolve);
        written(&scratch, file, &run.run());
    }
    let output = diff(&scratch, &["a.json", "b.json", "--json"]).expect_code(1);
    assert_eq!(
        fields(&output),
        ["major rez.resolve[arnold]", "major rez.resolve[maya]"]
    );
    let report = output.json();
    let [arnold, maya] = [0, 1].map(|at| &report["differences"][at]);
    assert_eq!(
        (&maya["a"], &maya["b"]),
        (&json!("maya-2024.2"), &json!("maya-2025"))
    );
    assert_eq!(
        (&arnold["a"], &arnold["only_in"]),
        (&Value::Null, &json!("b"))
    );
}

/// A tmpfs at TMPDIR in both reports, mounted in another way in the second.
#[test]
fn mounts_that_differ_are_found() {
    let scratch = Scratch::new("host-diff");
    let mount = "mount -t tmpfs -o size=101m,mode=700 shots $at";
    let report = |script: String| {
        let script = format!("export TMPDIR=$at; {script}\n$c47 host --json");
        in_namespace(&scratch, &script)
    };
    let field = |name: &str| format!("critical mounts[{}]{name}", scratch.path().display());
    let Some(first) = report(mount.to_owned()) else {
        return;
    };
    for (script, expected) in [
        (
            format!("{mount}\nmount -o remount,ro $at"),
            field(".read_only"),
        ),
        (
            format!("{mount}\nhead -c 2m /dev/zero > $at/zeros"),
            field(".available_bytes"),
        ),
        (":".to_owned(), field("")),
        (
            format!("{mount}\nmount -o remount,noatime $at"),
            field(".options[noatime]").replace("critical", "major"),
        ),
        (
            mount.replace("101m", "140m"),
            field(".total_bytes").replace("critical", "minor"),
        ),
        (
            mount.replace("shots", "tools"),
            field(".source").replace("critical", "major"),
        ),
    ] {
        let second = report(script.clone()).unwrap().expect_code(0);
        written(&scratch, "a.json", &first);
        written(&scratch, "b.json", &second);
        let output = diff(&scratch, &["a.json", "b.json", "--json"]).expect_code(1);
        assert_eq!(fields(&output)[0], expected, "{script}");
    }
}

#[test]
fn machine_without_libraries_differs_in_them_first() {
    let Some(empty) = support::empty_root::run(["host", "--json"]) else {
        return;
    };
    let scratch = Scratch::new("host-diff");
    written(&scratch, "a.json", &shell(&scratch, "$c47 host --json"));
    written(&scratch, "b.json", &empty.expect_code(0));
    let output = diff(&scratch, &["a.json", "b.json", "--json"]).expect_code(1);
    let expected = ["glibc", "glibcxx", "cxxabi"].map(|it| format!("critical libraries.{it}"));
    assert_eq!(fields(&output)[..3], expected, "{}", output.tell());
}

#[test]
fn tolerances_hold() {
    let scratch = Scratch::new("host-diff");
    let base = |report: &mut Value| {
        report["memory"]["total_bytes"] = json!(64_u64 << 30);
        report["limits"][1]["soft"] = json!(100_000);
        report["mounts"][0]["source"] = json!("/dev/mapper/rl_node01-root");
        report["clock"]["compared"] = json!({"url": "https://a.lan/", "ahead_s": 0, "why": null});
    };
    type Edit = fn(&mut Value);
    let cases: [(Edit, &[&str]); 8] = [
        (
            |it| it["memory"]["total_bytes"] = json!(68_612_500_000_u64),
            &[],
        ),
        (
            |it| it["memory"]["total_bytes"] = json!(48_u64 << 30),
            &["major memory.total_bytes"],
        ),
        (|it| it["limits"][1]["soft"] = json!(99_000), &[]),
        (
            |it| it["limits"][1]["soft"] = json!(90_000),
            &["major limits[processes].soft"],
        ),
        (
            |it| it["mounts"][0]["source"] = json!("/dev/mapper/rl_node02-root"),
            &[],
        ),
        (
            |it| it["mounts"][0]["source"] = json!("filer:/root"),
            &["major mounts[/].source"],
        ),
        (|it| it["clock"]["compared"]["ahead_s"] = json!(-59), &[]),
        (
            |it| it["clock"]["compared"]["ahead_s"] = json!(60),
            &["major clock.compared.ahead_s"],
        ),
    ];
    edited(&scratch, "a.json", base);
    for (edit, expected) in cases {
        edited(&scratch, "b.json", |report| {
            base(report);
            edit(report);
        });
        let code = i32::from(!expected.is_empty());
        let output = diff(&scratch, &["a.json", "b.json", "--json"]).expect_code(code);
        assert_eq!(fields(&output), expected);
    }
}

#[test]
fn nodes_with_the_same_difference_are_grouped() {
    let scratch = Scratch::new("host-diff");
    let files: Vec<String> = (1..=6)
        .map(|number| format!("node0{number}.json"))
        .collect();
    for (at, file) in files.iter().enumerate() {
        edited(&scratch, file, |report| {
            report["system"]["hostname"] = json!(file.trim_end_matches(".json"));
            if [2, 4].contains(&at) {
                report["libraries"]["glibc"] = json!("2.17");
            }
            if at == 4 {
                report["limits"][0]["soft"] = json!(1024);
            }
            if at > 0 {
                report["network"]["search_domains"] = json!(["render.lan"]);
            }
        });
    }
    // A pattern of the shell matches the reference, too.
    let mut arguments = vec!["node01.json"];
    arguments.extend(files.iter().map(String::as_str));
    let output = diff(&scratch, &arguments).expect_code(1);
    let lines: Vec<String> = output
        .stdout_text()
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(lines[0], "different: 5 of 5 nodes; 1 critical, 2 major");
    assert_eq!(lines[1], "A: node01 (node01.json)");
    assert_eq!(lines[3], "critical A B nodes");
    assert!(lines[4].starts_with("glibc 2."), "{lines:?}");
    assert!(lines[4].ends_with(" 2.17 node03, node05"), "{lines:?}");
    assert!(lines[7].ends_with(" 1024 node05"), "{lines:?}");
    assert_eq!(lines[8], "search domain render.lan missing render.lan all");
    arguments.push("--json");
    let report = diff(&scratch, &arguments).expect_code(1).json();
    assert_eq!(report["nodes"].as_array().unwrap().len(), 5);
    assert_eq!(
        report["differences"][0]["nodes"],
        json!(["node03.json", "node05.json"])
    );
    assert_eq!(report["nodes"][1]["hostname"], "node03");
}

#[test]
fn report_of_another_version_is_alike_and_says_what_is_missing() {
    let scratch = Scratch::new("host-diff");
    edited(&scratch, "a.json", |report| {
        let mount = report["mounts"][0].clone();
        let mut other = mount.clone();
        other["path"] = json!("/other");
        report["mounts"] = json!([mount, other]);
    });
    let text = fs::read(scratch.path().join("a.json")).unwrap();
    let mut older: Value = serde_json::from_slice(&text).unwrap();
    older.as_object_mut().unwrap().remove("rez");
    for at in [0, 1] {
        older["mounts"][at]
            .as_object_mut()
            .unwrap()
            .remove("options");
    }
    scratch.write("b.json", older.to_string());
    let output = diff(&scratch, &["a.json", "b.json"]).expect_code(0);
    let text = output.stdout_text();
    assert!(text.starts_with("alike: "), "{text}");
    assert!(
        text.contains("\nmissing: the field is in one report only"),
        "{text}"
    );
    assert!(
        text.contains("\n  mounts[].options in 2 elements  "),
        "{text}"
    );
    // Null is a value.
    older["rez"] = json!({"resolve": ["maya-2024"]});
    scratch.write("b.json", older.to_string());
    let output = diff(&scratch, &["a.json", "b.json", "--json"]).expect_code(1);
    let report = output.json();
    assert_eq!(report["differences"][0]["field"], "rez");
    assert_eq!(report["differences"][0]["only_in"], Value::Null);
    assert_eq!(report["differences"][1]["only_in"], "a");
}

#[test]
fn values_cannot_control_the_terminal() {
    let scratch = Scratch::new("host-diff");
    let hostile = "\u{1b}[2J\r\n\u{9b}31m\u{202e}";
    edited(&scratch, "a.json", |report| {
        report["system"]["hostname"] = json!(hostile);
        report["libraries"]["glibc"] = json!(hostile);
        report[hostile] = json!({hostile: hostile.repeat(500)});
        report["mounts"][0]["path"] = json!(hostile);
    });
    edited(&scratch, "b.json", |report| {
        report[hostile] = json!({hostile: 1})
    });
    for words in [["a.json", "b.json", "--all"], ["b.json", "a.json", "--all"]] {
        let output = diff(&scratch, &words).expect_code(1);
        let text = output.stdout_text();
        let is_control = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!text.contains(is_control), "{text:?}");
        assert!(text.contains("\\u{1b}[2J"), "{text}");
    }
}

#[test]
fn invalid_files_are_refused() {
    let scratch = Scratch::new("host-diff");
    edited(&scratch, "a.json", |_| {});
    fs::create_dir(scratch.path().join("directory")).unwrap();
    let large = format!(
        "{{\"system\":{{}},\"libraries\":{{}},\"x\":\"{}\"}}",
        "x".repeat(5 << 20)
    );
    let deep = format!("{{\"system\":{}{}}}", "[".repeat(100), "]".repeat(100));
    for (bytes, why) in [
        (&b""[..], "it is empty"),
        (b"\n", "it is empty"),
        (
            b"host  vm\n",
            "invalid JSON: expected value at line 1 column 1",
        ),
        (b"{\"system\":{}", "invalid JSON: EOF"),
        (
            b"{\"system\":{},\"libraries\":{}} {}",
            "invalid JSON: trailing",
        ),
        (b"[]", "it is not a report of c47 host"),
        (b"{\"error\":{}}", "it is not a report of c47 host"),
        (
            b"{\"system\":1,\"libraries\":{}}",
            "it is not a report of c47 host",
        ),
        (
            b"{\"system\":{\"\xff\":1}}",
            "invalid JSON: it is not UTF-8",
        ),
        (b"{\"system\":{\"a\":1,\"a\":2}}", "duplicate member 'a'"),
        (deep.as_bytes(), "nested more than 16 deep"),
        ("[".repeat(1 << 20).as_bytes(), "invalid JSON"),
        (large.as_bytes(), "it is larger than 4 MiB"),
    ] {
        scratch.write("b.json", bytes);
        for words in [["a.json", "b.json"], ["b.json", "a.json"]] {
            let output = diff(&scratch, &words).expect_code(7);
            let said = output.stderr_text();
            let start = "c47 host diff: b.json: ";
            assert!(said.starts_with(start) && said.contains(why), "{said}");
            assert!(said.contains("\nhint: "), "{said}");
            assert_eq!(output.stdout_text(), "");
        }
    }
    for (words, code, why) in [
        (&["a.json", "none.json"][..], 7, "cannot read none.json"),
        (&["a.json", "directory"], 7, "directory: is a directory"),
        (&["a.json", "-"], 7, "standard input: it is empty"),
        (&["-", "-"], 2, "only one of the reports"),
        (&["a.json"], 2, "no report to compare with"),
        (&[], 2, "reference"),
    ] {
        let output = diff(&scratch, words).expect_code(code);
        assert!(output.stderr_text().contains(why), "{}", output.tell());
    }
    let bytes = fs::read(scratch.path().join("a.json")).unwrap();
    for words in [
        ["host", "diff", "-", "a.json"],
        ["host", "diff", "a.json", "-"],
    ] {
        let run = c47().args(words).stdin(bytes.clone());
        run.current_dir(scratch.path()).run().expect_code(0);
    }
}

/// The path of each value would be 2 KiB long.
#[test]
fn long_paths_are_bounded() {
    let scratch = Scratch::new("host-diff");
    let write = |file: &str, first: usize| {
        let numbers: Vec<String> = (first..first + 9_000).map(|it| it.to_string()).collect();
        let open = format!("{{\"{}\":", "k".repeat(200)).repeat(10);
        let (numbers, close) = (numbers.join(","), "}".repeat(10));
        let report =
            format!("{{\"system\":{{}},\"libraries\":{{}},\"x\":{open}[{numbers}]{close}}}");
        scratch.write(file, report);
    };
    write("a.json", 0);
    write("b.json", 9_000);
    let output = diff(&scratch, &["a.json", "b.json"]).expect_code(1);
    let text = output.stdout_text();
    assert!(text.starts_with("different: 18000 unrated\n"));
    assert!(text.len() < 18_000 * 600, "{}", text.len());
}

#[test]
fn altered_bytes_cause_no_panic() {
    let scratch = Scratch::new("host-diff");
    edited(&scratch, "a.json", |_| {});
    let bytes = fs::read(scratch.path().join("a.json")).unwrap();
    let mut random = Random(47);
    let rounds = match effort() {
        Effort::Full => 2_000,
        Effort::Quick | Effort::Usual => 100,
    };
    for _ in 0..rounds {
        let mut altered = bytes.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(altered.len());
            altered[at] = b"\"\\{}[],:0eu\x1b\xff-n"[random.below(15)];
        }
        scratch.write("b.json", &altered);
        let output = diff(&scratch, &["a.json", "b.json"]);
        assert!([0, 1, 7].contains(&output.code), "{}", output.tell());
    }
}

/// Whether one path is that of a part of the other. Elements with the same key are counted.
fn is_related(ours: &str, theirs: &str) -> bool {
    ours.starts_with(theirs)
        || theirs
            .strip_prefix(ours)
            .is_some_and(|rest| rest.starts_with(['.', '[']))
        // A member that several elements do not have.
        || ours.split_once("[]").is_some_and(|(list, member)| {
            theirs.starts_with(list) && theirs.ends_with(member)
        })
}

/// Every difference that Python finds is reported, and is only hidden if it is expected; nothing else
/// is reported.
#[test]
fn altered_reports_differ_as_python_says() {
    let Some(python) = peers::tool("python3") else {
        return;
    };
    let scratch = Scratch::new("host-diff");
    edited(&scratch, "real.json", |_| {});
    let count = match effort() {
        Effort::Full => "5000",
        Effort::Quick | Effort::Usual => "400",
    };
    let oracle = Run::of(python)
        .arg(support::source("tests/support/report_mutations.py"))
        .args(["real.json", ".", count])
        .current_dir(scratch.path())
        .run()
        .expect_code(0);
    let expected: BTreeMap<String, Vec<(String, Option<bool>)>> =
        serde_json::from_str(oracle.stdout_text()).unwrap();
    let found = |all: &[&str]| {
        let files = expected
            .keys()
            .map(String::as_str)
            .filter(|file| *file != "base.json");
        let arguments: Vec<&str> = ["base.json"]
            .into_iter()
            .chain(files)
            .chain(all.iter().copied())
            .collect();
        let report = diff(&scratch, &arguments).expect_code(1).json();
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for difference in report["differences"].as_array().unwrap() {
            for file in difference["nodes"].as_array().unwrap() {
                let fields = found.entry(file.as_str().unwrap().to_owned()).or_default();
                fields.insert(difference["field"].as_str().unwrap().to_owned());
            }
        }
        found
    };
    let (all, unexpected) = (found(&["--all", "--json"]), found(&["--json"]));
    let none = BTreeSet::new();
    let (mut checked, mut hidden) = (0, 0);
    for (file, differences) in &expected {
        let of =
            |found: &BTreeMap<String, BTreeSet<String>>| found.get(file).unwrap_or(&none).clone();
        let (all, unexpected) = (of(&all), of(&unexpected));
        for (path, is_expected) in differences {
            let has = |found: &BTreeSet<String>| found.iter().any(|it| is_related(it, path));
            assert!(has(&all), "{file}: {path} is not in {all:?}");
            match is_expected {
                Some(true) => hidden += usize::from(!has(&unexpected)),
                Some(false) => assert!(has(&unexpected), "{file}: {path} is hidden"),
                None => {}
            }
            checked += 1;
        }
        for field in &all {
            let is_true = differences.iter().any(|(path, _)| is_related(field, path));
            assert!(is_true, "{file}: {field} is not in {differences:?}");
        }
    }
    assert!(checked > 300 && hidden > 10, "{checked} {hidden}");
}
