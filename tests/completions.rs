//! The completion scripts, loaded by real shells.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::support::{Run, Scratch, binary, c47, peers, source};

/// A directory with some files, the script of a shell, and a configuration with two profiles.
fn desk(shell: &str) -> Scratch {
    let desk = Scratch::new("desk");
    let script = c47().args(["completions", shell]).run().expect_code(0);
    desk.write("script", &script.stdout);
    desk.write("file1.txt", "");
    desk.write("with space.txt", "");
    desk.write("sub/inside", "");
    std::fs::create_dir(desk.path().join("bin")).unwrap();
    std::os::unix::fs::symlink(binary(), desk.path().join("bin/c47")).unwrap();
    desk.write(
        "profiles.toml",
        "[profile.kitsu]\nurl = \"https://kitsu.studio.lan/api\"\npreset = \"kitsu\"\n\
         user = \"bot\"\npassword = \"env:KITSU_PASSWORD\"\n\
         [profile.ayon]\nurl = \"https://ayon.studio.lan\"\nauth = \"none\"\n",
    );
    desk
}

fn at_desk(run: Run, desk: &Scratch) -> Run {
    let path = std::env::var("PATH").unwrap();
    let bin = desk.path().join("bin");
    run.env("PATH", format!("{}:{path}", bin.display()))
        .env("C47_CONFIG_PATH", desk.path().join("profiles.toml"))
        .current_dir(desk.path())
}

/// The result of pressing tab ("one") or inserting all candidates ("all") on each line.
fn typed(shell: &str, lines: &[(&str, &str)]) -> Option<Vec<String>> {
    peers::tool(shell)?;
    let python = peers::tool("python3")?;
    let desk = desk(shell);
    let lines: String = lines
        .iter()
        .map(|(how, line)| format!("{how}\t{line}\n"))
        .collect();
    let run = Run::of(python)
        .arg(source("tests/support/tab.py"))
        .args([shell, "./script"])
        .stdin(lines);
    let output = at_desk(run, &desk).run().expect_code(0);
    Some(output.stdout_text().lines().map(str::to_owned).collect())
}

/// The candidates for the last word of a line, from a shell with a command that prints them.
fn asked(shell: &str, line: &str) -> Option<BTreeSet<String>> {
    let desk = desk(shell);
    let answer = match shell {
        "fish" => {
            let fish = peers::tool("fish")?;
            let ask = "source script; complete -C $argv[1]";
            let run = Run::of(fish).args(["--no-config", "-c", ask, line]);
            at_desk(run, &desk).run().expect_code(0)
        }
        _ => {
            let nu = nu()?;
            std::fs::rename(
                desk.path().join("script"),
                desk.path().join("c47-completions.nu"),
            )
            .unwrap();
            let text = format!("use c47-completions.nu *\n{line}");
            desk.write("line.nu", &text);
            let run = Run::of(nu).args(["--no-config-file", "--ide-complete"]);
            let run = run.arg(text.len().to_string()).arg("line.nu");
            at_desk(run, &desk).run().expect_code(0)
        }
    };
    assert!(answer.stderr.is_empty(), "{}", answer.tell());
    if shell == "fish" {
        // A candidate, a tab, its description.
        let words = answer.stdout_text().lines();
        return Some(
            words
                .map(|line| line.split('\t').next().unwrap().into())
                .collect(),
        );
    }
    let json = answer.json();
    let words = json["completions"].as_array().unwrap().iter();
    Some(
        words
            .map(|word| word.as_str().unwrap().to_owned())
            .collect(),
    )
}

fn nu() -> Option<PathBuf> {
    let nu = source("target/peers/nu/node_modules/@nushell/linux-x64/bin/nu");
    nu.exists()
        .then_some(nu)
        .or_else(|| peers::missing("no nushell: run scripts/peers"))
}

/// The subcommands at a path, from the table of commands.
fn subcommands(path: &[&str]) -> BTreeSet<String> {
    let path: Vec<String> = path.iter().map(|&word| word.to_owned()).collect();
    let whole = c47::testing::whole();
    let below = &whole.find(&path).unwrap().commands;
    below
        .iter()
        .map(|command| command.word().to_owned())
        .collect()
}

/// The words that a shell appended to `line`.
fn words_after(made: &str, line: &str) -> BTreeSet<String> {
    let rest = made
        .strip_prefix(line)
        .unwrap_or_else(|| panic!("{made:?} of {line:?}"));
    rest.split_whitespace().map(str::to_owned).collect()
}

fn check_typing(shell: &str) {
    let cases = [
        ("c47 selft", "c47 selftest "),
        ("c47 rez inst", "c47 rez install "),
        ("c47 help rez inst", "c47 help rez install "),
        ("c47-rez inst", "c47-rez install "),
        ("c47 http --allow-pl", "c47 http --allow-plaintext "),
        ("c47 http x --js", "c47 http x --json "),
        ("c47 completions z", "c47 completions zsh "),
        ("c47 jwt sign --alg Ed", "c47 jwt sign --alg EdDSA "),
        ("c47 http --output fi", "c47 http --output file1.txt "),
        ("c47 http --output=fi", "c47 http --output=file1.txt "),
        ("c47 http -o fi", "c47 http -o file1.txt "),
        (
            "c47 http --output wi",
            "c47 http --output with\\ space.txt ",
        ),
        ("c47 rez check s", "c47 rez check sub/"),
        ("c47 echo --jwt-key f", "c47 echo --jwt-key file:"),
        ("c47 echo --jwt-key e", "c47 echo --jwt-key env:"),
        (
            "c47 jwt sign --key wi",
            "c47 jwt sign --key with\\ space.txt ",
        ),
        ("c47 jwt sign --key sub/", "c47 jwt sign --key sub/inside "),
        (
            "c47 echo --jwt-key file:fi",
            "c47 echo --jwt-key file:file1.txt ",
        ),
        ("c47 http @k", "c47 http @kitsu"),
        ("c47 http GET @a", "c47 http GET @ayon"),
        ("c47 http --profile ay", "c47 http --profile ayon "),
        ("c47 auth token ki", "c47 auth token kitsu "),
        ("c47 http DEL", "c47 http DELETE "),
        ("c47 http -v DEL", "c47 http -v DELETE "),
        ("c47 http --timeout 3 DEL", "c47 http --timeout 3 DELETE "),
        // Only the first word is a method.
        ("c47 http x DEL", "c47 http x DEL"),
        ("c47 http x doc@fi", "c47 http x doc@file1.txt "),
        ("c47 http x doc@su", "c47 http x doc@sub/"),
        ("c47 http x doc@wi", "c47 http x doc@with\\ space.txt "),
        ("c47 http x doc@sub/", "c47 http x doc@sub/inside "),
        ("c47 http x text=@fi", "c47 http x text=@file1.txt "),
        ("c47 http x data:=@fi", "c47 http x data:=@file1.txt "),
        ("c47 http x q==@fi", "c47 http x q==@file1.txt "),
        ("c47 http x X-Text:@fi", "c47 http x X-Text:@file1.txt "),
        (
            "c47 http x --auth bearer=file:fi",
            "c47 http x --auth bearer=file:file1.txt ",
        ),
        (
            "c47 http x --auth=bearer=file:fi",
            "c47 http x --auth=bearer=file:file1.txt ",
        ),
        (
            "c47 http x --auth bearer=file:su",
            "c47 http x --auth bearer=file:sub/",
        ),
        (
            "c47 http x --auth bearer=e",
            "c47 http x --auth bearer=env:",
        ),
        (
            "c47 http x --auth basic=me:fil",
            "c47 http x --auth basic=me:file:",
        ),
        (
            "c47 http x --auth basic=me:file:fi",
            "c47 http x --auth basic=me:file:file1.txt ",
        ),
        ("c47 http x --auth jwt=Ed", "c47 http x --auth jwt=EdDSA:"),
        (
            "c47 http x --auth jwt=ES256:fi",
            "c47 http x --auth jwt=ES256:file:",
        ),
        (
            "c47 http x --auth jwt=ES256:file:sub/",
            "c47 http x --auth jwt=ES256:file:sub/inside ",
        ),
        ("c47 man rez inst", "c47 man rez install "),
        ("c47 http x --auth bea", "c47 http x --auth bearer="),
        ("c47 http x --auth=bea", "c47 http x --auth=bearer="),
        ("c47 http x --auth bearer=", "c47 http x --auth bearer="),
        ("c47 http x --profile ki", "c47 http x --profile kitsu "),
        (
            "c47 elf glibc --target sni",
            "c47 elf glibc --target sniper ",
        ),
        ("c47 jwt keygen --format j", "c47 jwt keygen --format jwk "),
        // An unknown command has no subcommands.
        ("c47 nothing rez ins", "c47 nothing rez ins"),
        ("c47 rez htt", "c47 rez htt"),
    ];
    let mut lines: Vec<_> = cases.iter().map(|(line, _)| ("one", *line)).collect();
    lines.extend([
        ("all", "c47 "),
        ("all", "c47 rez "),
        ("all", "c47 rez check -"),
    ]);
    let Some(made) = typed(shell, &lines) else {
        return;
    };
    assert_eq!(made.len(), lines.len(), "{shell}: {made:?}");
    let (ones, alls) = made.split_at(cases.len());
    for ((line, expected), made) in cases.iter().zip(ones) {
        assert_eq!(made, expected, "{shell}: {line}");
    }
    for (path, made) in [&[][..], &["rez"]].into_iter().zip(alls) {
        let line = format!("{} ", [&["c47"], path].concat().join(" "));
        let mut expected = subcommands(path);
        expected.insert("help".into());
        assert_eq!(words_after(made, &line), expected, "{shell}");
    }
    let expected = [
        "--deep",
        "--help",
        "--jq",
        "--json",
        "--raw-output",
        "--with",
        "-h",
        "-r",
    ];
    let expected = expected.map(str::to_owned);
    assert_eq!(words_after(&alls[2], "c47 rez check "), expected.into());
}

#[test]
fn bash_completes() {
    check_typing("bash");
}

#[test]
fn zsh_completes() {
    check_typing("zsh");
}

/// Checks lines, each with its expected candidates.
fn check_asking(shell: &str, own: &[(&str, &[&str])]) {
    let lines = [
        ("c47 selft", &["selftest"][..]),
        ("c47 http --allow-pl", &["--allow-plaintext"]),
        ("c47 completions ", &["bash", "fish", "nushell", "zsh"]),
        ("c47 http --output fi", &["file1.txt"]),
        (
            "c47 echo --jwt-key ",
            &["command:", "env:", "file:", "prompt"],
        ),
        ("c47 jwt sign --alg Ed", &["EdDSA"]),
        ("c47 http x --auth b", &["basic=", "bearer="]),
        ("c47 elf glibc --target cen", &["centos7", "centos8"]),
        ("c47 jwt keygen --format ", &["jwk", "pem"]),
        ("c47 http DEL", &["DELETE"]),
        ("c47 http x DEL", &[]),
        ("c47 http x doc@fi", &["doc@file1.txt"]),
        ("c47 http x doc@su", &["doc@sub/"]),
        ("c47 http x text=@fi", &["text=@file1.txt"]),
        ("c47 http x data:=@sub/", &["data:=@sub/inside"]),
        ("c47 http x X-Text:@fi", &["X-Text:@file1.txt"]),
        (
            "c47 http x --auth bearer=",
            &[
                "bearer=command:",
                "bearer=env:",
                "bearer=file:",
                "bearer=prompt",
            ],
        ),
        (
            "c47 http x --auth bearer=file:fi",
            &["bearer=file:file1.txt"],
        ),
        ("c47 http x --auth basic=me:f", &["basic=me:file:"]),
        ("c47 http x --auth jwt=Ed", &["jwt=EdDSA:"]),
        (
            "c47 http x --auth jwt=ES256:file:sub/",
            &["jwt=ES256:file:sub/inside"],
        ),
        ("c47 echo --jwt-key file:fi", &["file:file1.txt"]),
        ("c47 jwt sign --key sub/", &["sub/inside"]),
        ("c47 nothing rez ins", &[]),
    ];
    for (line, expected) in lines.iter().chain(own) {
        let Some(mut candidates) = asked(shell, line) else {
            return;
        };
        // nushell also offers the whole command.
        candidates.retain(|candidate| !candidate.starts_with("c47 "));
        let expected: BTreeSet<String> = expected.iter().map(|&word| word.to_owned()).collect();
        assert_eq!(candidates, expected, "{shell}: {line}");
    }
    for path in [&[][..], &["rez"]] {
        let line = format!("{} ", [&["c47"], path].concat().join(" "));
        let Some(mut candidates) = asked(shell, &line) else {
            return;
        };
        candidates.retain(|candidate| !candidate.starts_with("c47 ") && candidate != "help");
        assert_eq!(candidates, subcommands(path), "{shell}");
    }
}

#[test]
fn fish_completes() {
    let own: [(&str, &[&str]); 9] = [
        // With a slash fish adds no space, so that the user can type the path.
        ("c47 http @", &["@ayon/", "@kitsu/"]),
        ("c47 http GET @a", &["@ayon/"]),
        (
            "c47 http x --auth=bearer=file:fi",
            &["--auth=bearer=file:file1.txt"],
        ),
        ("c47-rez inst", &["install"]),
        ("c47 help rez inst", &["install"]),
        ("c47 man rez inst", &["install"]),
        ("c47 http --output=fi", &["--output=file1.txt"]),
        ("c47 rez check s", &["sub/"]),
        ("c47 rez htt", &[]),
    ];
    check_asking("fish", &own);
}

#[test]
fn nushell_completes() {
    let own: [(&str, &[&str]); 3] = [
        ("c47 man r", &["rez"]),
        ("c47 http @", &["@ayon", "@kitsu"]),
        ("c47 http GET @a", &["@ayon"]),
    ];
    check_asking("nushell", &own);
}

#[test]
fn unsupported_shell_names_the_supported_ones() {
    let output = c47().args(["completions", "tcsh"]).run().expect_code(2);
    let text = output.stderr_text();
    assert!(text.contains("one of bash, zsh, fish, nushell"), "{text}");
}
