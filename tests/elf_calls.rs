//! The system calls of `c47 elf` for one file. A directory of an application has thousands of files
//! that are not ELF files, often on a file server, where each call waits for the network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{self, Run, Scratch, peers};

/// The names of the calls that c47 makes for each of `files`, in order. `None` without strace.
fn calls(scratch: &Scratch, words: &[&str], files: &[PathBuf]) -> Option<Vec<Vec<String>>> {
    let strace = peers::tool("strace")?;
    let mut all = Vec::new();
    for file in files {
        let log = scratch.path().join("log");
        Run::of(&strace)
            .args(["-f", "-o"])
            .arg(&log)
            .arg("-P")
            .arg(file)
            .arg(support::binary())
            .args(["elf"])
            .args(words)
            .current_dir(scratch.path())
            .run()
            .expect_code(0);
        let log = fs::read_to_string(log).unwrap();
        // "1234 openat(AT_FDCWD, …) = 3". The second half of a call that was interrupted by that of
        // another thread begins with "<...".
        let names = log.lines().filter_map(|line| {
            let (_, call) = line.split_once(char::is_whitespace)?;
            let (name, _) = call.trim_start().split_once('(')?;
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            name.chars().all(is_name).then(|| name.to_owned())
        });
        let mut names: Vec<String> = names.collect();
        // A build with debug assertions checks each descriptor before it closes it.
        if cfg!(debug_assertions) {
            let is_check = |at: usize| {
                names[at] == "fcntl" && names.get(at + 1).is_some_and(|next| next == "close")
            };
            names = (0..names.len())
                .filter(|&at| !is_check(at))
                .map(|at| names[at].clone())
                .collect();
        }
        all.push(names);
    }
    Some(all)
}

fn library(directory: &Path) -> PathBuf {
    let source = directory.join("a.c");
    fs::write(
        &source,
        "int puts(const char *); int f(void) { return puts(\"\"); }",
    )
    .unwrap();
    let path = directory.join("liba.so");
    let output = Command::new("gcc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&path, &source])
        .output()
        .expect("gcc");
    assert!(output.status.success(), "{output:?}");
    path
}

#[test]
fn file_of_a_directory_that_is_not_elf_is_opened_and_read_once() {
    let scratch = Scratch::new("calls-other");
    fs::create_dir(scratch.path().join("tree")).unwrap();
    let tree = scratch.path().join("tree");
    library(&tree);
    let files = [
        ("empty", ""),
        ("short", "ab"),
        ("text.py", "import this\n"),
        ("script", "#!/bin/sh\n"),
        ("large", &"x".repeat(100_000)),
    ];
    for (name, text) in files {
        fs::write(tree.join(name), text).unwrap();
    }
    for number in 0..20 {
        fs::write(tree.join(format!("more-{number}")), "more").unwrap();
    }
    let paths = files.map(|(name, _)| PathBuf::from("tree").join(name));
    for subcommand in ["glibc", "dupes"] {
        let Some(calls) = calls(&scratch, &[subcommand, "tree"], &paths) else {
            return;
        };
        for (path, calls) in paths.iter().zip(calls) {
            let is_open = ["open", "openat"].contains(&calls.first().map_or("", String::as_str));
            assert!(
                is_open && calls[1..] == ["pread64", "close"],
                "{subcommand} {path:?}: {calls:?}"
            );
        }
    }
}

#[test]
fn small_elf_file_is_read_with_few_calls() {
    let scratch = Scratch::new("calls-elf");
    fs::create_dir(scratch.path().join("tree")).unwrap();
    library(&scratch.path().join("tree"));
    let path = [PathBuf::from("tree/liba.so")];
    for (words, most) in [
        (["glibc", "tree"], 6),
        (["glibc", "tree/liba.so"], 7),
        (["ldd", "tree/liba.so"], 12),
        (["info", "tree/liba.so"], 14),
    ] {
        let Some(calls) = calls(&scratch, &words, &path) else {
            return;
        };
        let calls = &calls[0];
        let opens = calls.iter().filter(|name| name.starts_with("open"));
        assert!(opens.count() > 0, "{words:?}: {calls:?}");
        assert!(calls.len() <= most, "{words:?}: {calls:?}");
    }
}

/// The names of 20,000 symbols do not fit into one of the parts in which they are read.
#[test]
fn large_tables_of_symbols_and_names_are_read_completely() {
    let scratch = Scratch::new("large-tables");
    let mut source = String::from(".data\n");
    let cxx = "_ZN5large5tableE"; // 16 bytes
    for number in 0..20_000 {
        match number {
            1_000 => source.push_str(&format!(".quad {cxx}Ss\n")),
            10_000 => source.push_str(".quad fcntl64\n"),
            19_000 => source.push_str(&format!(".quad {cxx}NSt7__cxx1112basic_stringE\n")),
            _ => source.push_str(&format!(".quad undefined_symbol_number_{number}\n")),
        }
    }
    source.push_str(".section .note.GNU-stack,\"\",@progbits\n");
    scratch.write("large.s", source);
    for style in ["gnu", "sysv"] {
        let output = Command::new("gcc")
            .args(["-shared", "-o", "liblarge.so", "large.s"])
            .arg(format!("-Wl,--hash-style={style}"))
            .current_dir(scratch.path())
            .output()
            .expect("gcc");
        assert!(output.status.success(), "{output:?}");
        let output = support::c47()
            .args(["elf", "glibc", "--json", "liblarge.so"])
            .current_dir(scratch.path())
            .run()
            .expect_code(0);
        let found: serde_json::Value = serde_json::from_str(output.stdout_text()).unwrap();
        assert_eq!(found[0]["needs"]["GLIBC"], "2.28", "{style}: {found}");
        assert_eq!(found[0]["symbols"][0]["name"], "fcntl64", "{style}");
        assert_eq!(found[0]["symbols"][0]["version"], "GLIBC_2.28", "{style}");
        assert_eq!(found[0]["cxx11_abi"], "mixed", "{style}");
    }
}
