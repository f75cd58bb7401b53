//! The man pages, checked with man, mandoc and groff.

use std::fs;
use std::path::{Path, PathBuf};

use c47::testing;

use crate::support::{Run, Scratch, c47, peers};

/// Writes all pages to a directory.
fn pages() -> (Scratch, Vec<PathBuf>) {
    let scratch = Scratch::new("man");
    let directory = scratch.path().join("not/yet/there");
    let output = c47()
        .args(["man", "--all"])
        .arg(&directory)
        .run()
        .expect_code(0);
    let pages: Vec<PathBuf> = output.stdout_text().lines().map(PathBuf::from).collect();
    assert_eq!(fs::read_dir(directory).unwrap().count(), pages.len());
    (scratch, pages)
}

/// A page on a wide terminal.
fn shown(groff: &Path, page: &[u8]) -> String {
    let run = Run::of(groff).args([
        "-man",
        "-Tutf8",
        "-P-cbou",
        "-rLL=500n",
        "-rHY=0",
        "-ww",
        "-z",
    ]);
    let warned = run.stdin(page).run().expect_code(0);
    assert!(warned.stderr.is_empty(), "{}", warned.tell());
    let run = Run::of(groff).args(["-man", "-Tutf8", "-P-cbou", "-rLL=500n", "-rHY=0"]);
    run.stdin(page)
        .run()
        .expect_code(0)
        .stdout_text()
        .to_owned()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_command_has_a_page() {
    let (_scratch, pages) = pages();
    let names: Vec<&str> = pages
        .iter()
        .map(|page| page.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names[0], "c47.1");
    assert!(names.contains(&"c47-rez-install.1"), "{names:?}");
    for command in c47()
        .arg("--list")
        .run()
        .expect_code(0)
        .stdout_text()
        .lines()
    {
        let page = format!("c47-{command}.1");
        assert!(names.contains(&page.as_str()), "no {page}");
        let printed = c47().args(["man", command]).run().expect_code(0);
        let at = names.iter().position(|&name| name == page).unwrap();
        assert_eq!(printed.stdout, fs::read(&pages[at]).unwrap());
    }
}

#[test]
fn mandoc_and_groff_accept_the_pages_without_warnings() {
    let (Some(mandoc), Some(groff)) = (peers::tool("mandoc"), peers::tool("groff")) else {
        return;
    };
    let (_scratch, pages) = pages();
    for page in pages {
        let lint = Run::of(&mandoc)
            .args(["-Tlint", "-Wwarning"])
            .arg(&page)
            .run();
        // Only a release has a date.
        let warnings = lint
            .stdout_text()
            .lines()
            .filter(|line| !line.contains("missing date"));
        assert_eq!(warnings.collect::<Vec<_>>(), [""; 0], "{}", page.display());
        shown(&groff, &fs::read(&page).unwrap());
    }
}

#[test]
fn page_has_the_text_of_c47_help() {
    let Some(groff) = peers::tool("groff") else {
        return;
    };
    for command in testing::whole().all() {
        let path = &command.path[1..];
        let page = c47().arg("man").args(path).run().expect_code(0);
        let page = words(&shown(&groff, &page.stdout));
        let help = c47().arg("help").args(path).run().expect_code(0);
        for line in help.stdout_text().lines() {
            for word in line.split_whitespace() {
                // Tables and lists are formatted differently.
                assert!(
                    word == "-" || page.contains(word),
                    "no {word:?} of {line:?} in {page}"
                );
            }
        }
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"] {
            assert!(page.contains(section), "no {section} in {page}");
        }
    }
}

#[test]
fn man_shows_a_page() {
    let Some(man) = peers::tool("man") else {
        return;
    };
    let page = c47().args(["man", "rez"]).run().expect_code(0);
    let run = Run::of(man)
        .args(["--local-file", "-"])
        .env("MANWIDTH", "80");
    let output = run.stdin(&page.stdout[..]).run().expect_code(0);
    let text = output.stdout_text();
    assert!(text.contains("C47-REZ(1)"), "{}", output.tell());
    assert!(text.contains("c47-rez-install(1)"), "{}", output.tell());
}

#[test]
fn unknown_command_has_no_page() {
    let output = c47().args(["man", "htpt"]).run().expect_code(127);
    assert!(
        output.stderr_text().contains("did you mean 'http'?"),
        "{}",
        output.tell()
    );
    c47()
        .args(["man", "rez", "nothing-like-any"])
        .run()
        .expect_code(127);
    c47()
        .args(["man", "rez", "--all", "x"])
        .run()
        .expect_code(2);
    c47().args(["man", "--json"]).run().expect_code(2);
    c47()
        .args(["man", "--all", "/dev/null/x"])
        .run()
        .expect_code(7);
}
