//! The documents: the output of each example is compared, targets of links exist, README is short.
//!
//! An example is a block of ```` ```console ````: a line `$ command`, continued after a backslash, and
//! its output, in which `…` matches any text, and on its own line any lines. Each document is one
//! shell session in its own home directory (`peers::studio`). Other blocks are not run: the
//! configuration, which the session uses, and a few blocks of ```` ```text ````.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::peers::{self, Example, are_lines, is_line};
use crate::support::source;

/// The maximum size of README in bytes.
const README_SIZE: u64 = 12 * 1024;
/// Blocks that cannot be run: a release build, the output of another machine, and the job scripts of four
/// farms. scripts/test-farm runs that of Slurm.
const TEXT_BLOCKS: usize = 6;

/// The pages of the manual.
fn manual() -> Vec<PathBuf> {
    let pages = fs::read_dir(source("src/cli")).unwrap();
    let pages = pages.map(|entry| entry.unwrap().path().join("manual.md"));
    let mut pages: Vec<PathBuf> = pages.filter(|page| page.exists()).collect();
    pages.sort();
    pages.insert(0, source("src/cli/manual.md"));
    assert_eq!(pages.len(), 17);
    pages
}

/// README and the manual.
pub fn documents() -> Vec<PathBuf> {
    let mut documents = manual();
    documents.insert(0, source("README.md"));
    documents
}

/// A fenced block: its language and its lines.
struct Block {
    language: String,
    line: usize,
    lines: Vec<String>,
}

fn blocks(document: &Path) -> Vec<Block> {
    let text = fs::read_to_string(document).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block {
                    language: language.to_owned(),
                    line: at + 1,
                    lines: Vec::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.lines.push(line.to_owned()),
            (None, None) => assert!(
                !line.starts_with("    "),
                "{}:{}: an indented block is not run",
                document.display(),
                at + 1
            ),
        }
    }
    blocks
}

/// The commands of a block with their output. A command continues after a backslash and up to the end
/// of a here-document.
fn examples(block: &Block) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut lines = block.lines.iter();
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("$ ") else {
            let example = examples.last_mut().expect("a block starts with a command");
            example.lines.push(line.clone());
            continue;
        };
        let mut command = command.to_owned();
        let word = command
            .split_once("<<'")
            .and_then(|(_, rest)| rest.split_once('\''));
        let word = word.map(|(word, _)| word.to_owned());
        let mut last = line;
        while word.is_some() && word.as_ref() != Some(last)
            || word.is_none() && last.ends_with('\\')
        {
            last = lines.next().expect("the rest of a command");
            command.push('\n');
            command.push_str(last);
        }
        let lines = Vec::new();
        examples.push(Example { command, lines });
    }
    examples
}

/// Runs the examples of a document, and returns their number and those with another output.
fn run(document: &Path) -> Option<(usize, Vec<String>)> {
    let configuration: Vec<String> = blocks(&source("src/cli/config/manual.md"))
        .into_iter()
        .filter(|block| block.language == "toml")
        .flat_map(|block| block.lines)
        .collect();
    let of_blocks = |block: &Block| match block.language.as_str() {
        "console" => examples(block),
        "toml" | "text" => Vec::new(),
        other => panic!("{}: a block of {other:?}", document.display()),
    };
    let examples: Vec<Example> = blocks(document).iter().flat_map(of_blocks).collect();
    if examples.is_empty() {
        return Some((0, Vec::new()));
    }
    let studio = peers::studio(&configuration.join("\n"))?;
    let printed = studio.run(&examples);
    let differing: Vec<(&Example, Vec<String>)> = examples
        .iter()
        .zip(printed)
        .filter(|(example, printed)| !are_lines(&example.lines, printed))
        .collect();
    if std::env::var("UPDATE_SNAPSHOTS").is_ok_and(|value| value == "1") {
        update(document, &differing);
    }
    let differs = differing.iter().map(|(example, printed)| {
        let (document, command) = (document.display(), &example.command);
        let (lines, printed) = (example.lines.join("\n"), printed.join("\n"));
        format!("{document}: $ {command}\n--- documented\n{lines}\n--- printed\n{printed}\n")
    });
    Some((examples.len(), differs.collect()))
}

/// Updates the output in the document, except where it contains `…`.
fn update(document: &Path, differing: &[(&Example, Vec<String>)]) {
    let mut text = fs::read_to_string(document).unwrap();
    let block = |command: &str, lines: &[String]| {
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        format!("$ {command}\n{lines}")
    };
    for (example, printed) in differing {
        let Example { command, lines } = example;
        if !lines.iter().any(|line| line.contains('…')) {
            text = text.replacen(&block(command, lines), &block(command, printed), 1);
        }
    }
    fs::write(document, text).unwrap();
}

#[test]
fn examples_of_the_readme_print_the_documented_output() {
    let Some((count, differs)) = run(&source("README.md")) else {
        return;
    };
    assert!(differs.is_empty(), "{}", differs.join("\n"));
    assert!(count >= 12, "{count} examples");
}

#[test]
fn examples_of_the_manual_print_the_documented_output() {
    let mut all = 0;
    let mut differing = Vec::new();
    for page in manual() {
        let Some((count, differs)) = run(&page) else {
            return;
        };
        all += count;
        differing.extend(differs);
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(all >= 100, "{all} examples");
}

#[test]
fn number_of_blocks_that_are_not_run_is_limited() {
    let blocks: Vec<Block> = documents()
        .into_iter()
        .flat_map(|document| blocks(&document))
        .collect();
    let text = blocks.iter().filter(|block| block.language == "text");
    assert_eq!(text.count(), TEXT_BLOCKS);
    for block in blocks {
        let Block { language, line, .. } = block;
        assert!(
            ["console", "toml", "text"].contains(&language.as_str()),
            "a block of {language:?} in line {line}"
        );
    }
}

#[test]
fn readme_is_short() {
    let size = fs::metadata(source("README.md")).unwrap().len();
    assert!(size <= README_SIZE, "README.md has {size} bytes");
}

/// The anchor of a heading: `## The map` has `the-map`.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn targets_of_links_exist() {
    let names = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
    ];
    let documents = names.into_iter().map(source).chain(manual());
    let mut links = 0;
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1) {
            let (target, _) = link.split_once(')').unwrap();
            if target.starts_with("https://") {
                continue;
            }
            links += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = match path {
                "" => document.clone(),
                path => document.parent().unwrap().join(path),
            };
            let shown = document.display();
            assert!(file.exists(), "{shown}: {target} does not exist");
            if !anchor.is_empty() {
                let anchors = anchors(&fs::read_to_string(&file).unwrap());
                let found = anchors.iter().any(|one| one == anchor);
                assert!(found, "{shown}: {target} has no such heading");
            }
        }
    }
    assert!(links >= 10, "{links} links");
}

#[test]
fn ellipsis_matches_any_text_and_lines() {
    for (document, printed, same) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("a…", "ab", true),
        ("…b", "ab", true),
        ("a…c…e", "abcde", true),
        ("a…c…e", "abde", false),
        ("…aa", "a", false),
        ("", "", true),
    ] {
        assert_eq!(is_line(document, printed), same, "{document} {printed}");
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (document, printed, same) in [
        ("a\n…\nd", "a\nb\nc\nd", true),
        ("a\n…\nd", "a\nd", true),
        ("a\n…", "a", true),
        ("a\n…\nd", "a\nb", false),
        ("", "a", false),
        ("a\n…\nb\nc", "a\nb\nb\nc", true),
    ] {
        assert_eq!(
            are_lines(&lines(document), &lines(printed)),
            same,
            "{document}"
        );
    }
}
