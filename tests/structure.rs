//! Rules that the compiler does not check: no circular imports, no environment, output and exit in
//! domain modules, short functions and files, `unsafe` in listed files only. A simple parser of the
//! sources is enough for these rules.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

#[path = "structure/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use source::{Source, functions, tokens};

const MAX_FUNCTION_LINES: usize = 70;
/// Unit tests are not counted.
const MAX_FILE_LINES: usize = 400;

/// Files and folders (with a slash at the end) that may read the environment, print and exit.
const EDGES: [&str; 4] = ["src/main.rs", "src/cli/", "src/output.rs", "src/secret/"];

/// May exit, but neither read the environment nor print.
const SIGNAL_HANDLER: &str = "src/interrupt.rs";

/// May abort, but neither read the environment nor print.
const UNWINDER: &str = "src/unwinder.rs";

/// Files with `unsafe` code, and the reason.
const UNSAFE_FILES: [&str; 9] = [
    "src/allocator.rs",         // the allocator
    "src/descriptor.rs",        // a descriptor known by its number
    "src/http/lookup.rs",       // getaddrinfo
    "src/interrupt.rs",         // signal handlers
    "src/interrupt/screen.rs",  // signal handlers
    "src/jq/builtins/local.rs", // localtime_r and mktime
    "src/jq/overflow.rs",       // a signal handler for the overflow of a filter's stack
    "src/process_limits.rs",    // a signal that is ignored, and what runs between fork and exec
    "src/unwinder.rs",          // C functions that would unwind the stack
];

/// Files that import each other, directly or through others. A parent that re-exports items of its
/// children is not counted.
fn circles(sources: &[Source]) -> Vec<String> {
    let modules: BTreeMap<Vec<String>, &Source> = sources
        .iter()
        .filter(|source| source.path != "src/main.rs" && source.path != "src/lib.rs")
        .map(|source| (source.module(), source))
        .collect();
    let imports: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> = modules
        .iter()
        .map(|(module, source)| (module, imports(module, source, &modules)))
        .collect();
    let reached = |from: &Vec<String>| {
        let mut reached: BTreeSet<&Vec<String>> = BTreeSet::new();
        let mut open: Vec<&Vec<String>> = imports[from].iter().copied().collect();
        while let Some(next) = open.pop() {
            if reached.insert(next) {
                open.extend(&imports[next]);
            }
        }
        reached
    };
    let reached: BTreeMap<_, _> = modules.keys().map(|from| (from, reached(from))).collect();
    let circle = |module: &Vec<String>| -> BTreeSet<&str> {
        let others = reached[module].iter();
        others
            .filter(|other| reached[**other].contains(module))
            .map(|other| modules[*other].path.as_str())
            .collect()
    };
    let circles: BTreeSet<BTreeSet<&str>> = modules.keys().map(circle).collect();
    circles
        .into_iter()
        .filter(|circle| !circle.is_empty())
        .map(|circle| {
            let files: Vec<&str> = circle.into_iter().collect();
            format!("{}: circular imports", files.join(", "))
        })
        .collect()
}

/// The modules in the paths of a module.
fn imports<'a>(
    module: &[String],
    source: &Source,
    modules: &'a BTreeMap<Vec<String>, &Source>,
) -> BTreeSet<&'a Vec<String>> {
    let mut imports = BTreeSet::new();
    for path in source.paths() {
        let supers = path.iter().take_while(|word| *word == "super").count();
        let base = match path[0].as_str() {
            "crate" => &module[..0],
            "self" => module,
            "super" => &module[..module.len().saturating_sub(supers)],
            _ => continue,
        };
        let inside = &path[supers.max(1)..];
        let full: Vec<String> = base.iter().chain(inside).cloned().collect();
        let owner = (1..=full.len())
            .rev()
            .find_map(|length| modules.get_key_value(&full[..length]));
        let Some((owner, _)) = owner.filter(|(owner, _)| owner.as_slice() != module) else {
            continue;
        };
        let names_parent = *owner == full && module.starts_with(owner);
        if !names_parent {
            imports.insert(owner);
        }
    }
    imports
}

/// Code that only edge modules may have.
fn edges_crossed(source: &Source) -> Vec<String> {
    const PRINTING: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];
    // Pure functions of `std::env`.
    const PURE: [&str; 3] = ["split_paths", "join_paths", "consts"];
    let mut found = Vec::new();
    let tokens = tokens(&source.tested);
    for pair in tokens.windows(2) {
        if pair[1] == "!" && PRINTING.contains(&pair[0]) {
            found.push(format!("it prints ({}!)", pair[0]));
        }
    }
    for path in source.paths() {
        for pair in path.windows(2) {
            match (pair[0].as_str(), pair[1].as_str()) {
                ("env", name) if !PURE.contains(&name) => {
                    found.push(format!("it reads the environment (env::{name})"));
                }
                ("io", name @ ("stdout" | "stderr")) => {
                    found.push(format!("it prints (io::{name})"));
                }
                ("libc", "_exit") if source.path == SIGNAL_HANDLER => {}
                ("process", "abort") if source.path == UNWINDER => {}
                ("process", name @ ("exit" | "abort")) | ("libc", name @ ("exit" | "_exit")) => {
                    found.push(format!("it ends the process ({name})"));
                }
                _ => {}
            }
        }
    }
    let path = &source.path;
    found.iter().map(|why| format!("{path}: {why}")).collect()
}

fn is_at_the_edge(path: &str) -> bool {
    EDGES
        .iter()
        .any(|edge| path == *edge || edge.ends_with('/') && path.starts_with(edge))
}

fn too_long(source: &Source) -> Vec<String> {
    let path = &source.path;
    let mut found: Vec<String> = functions(&source.tested)
        .into_iter()
        .filter(|(_, lines)| *lines > MAX_FUNCTION_LINES)
        .map(|(name, lines)| {
            format!("{path}: {name} has {lines} lines, the maximum is {MAX_FUNCTION_LINES}")
        })
        .collect();
    if source.lines > MAX_FILE_LINES {
        found.push(format!(
            "{path}: {} lines without tests, the maximum is {MAX_FILE_LINES}",
            source.lines
        ));
    }
    found
}

fn has_unsafe(source: &Source) -> bool {
    tokens(&source.code).contains(&"unsafe")
}

/// All sources, without files that are tests only.
fn sources() -> Vec<Source> {
    fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&project.join("src"), &mut files);
    files.sort();
    let is_tests = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem == "tests");
    let sources: Vec<Source> = files
        .iter()
        .filter(|path| !is_tests(path))
        .map(|path| {
            let shown = path.strip_prefix(project).unwrap().to_string_lossy();
            Source::new(&shown, &fs::read_to_string(path).unwrap())
        })
        .collect();
    assert!(sources.len() > 100, "sources not found");
    sources
}

#[test]
fn imports_have_no_circles() {
    let found = circles(&sources());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn only_edge_modules_use_environment_output_and_exit() {
    let sources = sources();
    let inside = sources
        .iter()
        .filter(|source| !is_at_the_edge(&source.path));
    let found: Vec<String> = inside.flat_map(edges_crossed).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn functions_and_files_are_short() {
    let found: Vec<String> = sources().iter().flat_map(too_long).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Hash tables panic without random numbers, as in an empty root on Linux 3.10, and thread::spawn
/// panics if no thread can be started.
#[test]
fn no_code_panics_without_random_numbers_or_threads() {
    for source in sources() {
        let tokens = tokens(&source.tested);
        for word in ["HashMap", "HashSet"] {
            assert!(!tokens.contains(&word), "{}: {word}", source.path);
        }
        for call in tokens.windows(4) {
            assert!(call != ["thread", ":", ":", "spawn"], "{}", source.path);
        }
        for call in tokens.windows(3) {
            assert!(call != ["scope", ".", "spawn"], "{}", source.path);
        }
    }
}

#[test]
fn unsafe_code_is_in_listed_files_only() {
    let sources = sources();
    let found: Vec<&str> = sources
        .iter()
        .filter(|source| has_unsafe(source))
        .map(|source| source.path.as_str())
        .collect();
    for path in &found {
        assert!(
            UNSAFE_FILES.contains(path),
            "{path}: unsafe code, but the file is not in the list"
        );
    }
    for path in UNSAFE_FILES {
        assert!(
            found.contains(&path),
            "{path}: no unsafe code; remove it from the list"
        );
    }
}

#[test]
fn circles_are_found_in_all_forms_of_imports() {
    let found = |one: &str, other: &str, third: &str| {
        circles(&[
            Source::new("src/a/mod.rs", "pub use x::X;"),
            Source::new("src/a/x.rs", one),
            Source::new("src/b.rs", other),
            Source::new("src/a/y.rs", third),
        ])
    };
    let expected = ["src/a/x.rs, src/b.rs: circular imports"];
    assert_eq!(
        found("use crate::b::B;", "use crate::a::x::X;", ""),
        expected
    );
    assert_eq!(
        found(
            "fn f() { super::super::b::g() }",
            "use crate::{c, a::{x::{X}}};",
            ""
        ),
        expected
    );
    let three = "src/a/x.rs, src/a/y.rs, src/b.rs: circular imports";
    assert_eq!(
        found("use super::y::Y as Z;", "use crate::a::x;", "use crate::b;"),
        [three]
    );
    // Items of a parent are imports, its name alone is not. Tests and comments do not count.
    let none: [&str; 0] = [];
    assert_eq!(found("use crate::b::B;", "use crate::a::X;", ""), none);
    assert_eq!(
        found(
            "use crate::b::B;",
            "// crate::a::x\n#[cfg(test)]\nmod tests { use crate::a::x::X; }",
            "const A: &str = \"crate::b\";"
        ),
        none
    );
}

#[test]
fn use_of_environment_output_and_exit_is_found() {
    let crossed = |text: &str| edges_crossed(&Source::new("src/a.rs", text)).len();
    for text in [
        "fn f() { std::env::var(\"A\"); }",
        "use std::env;\nfn f() { env::args_os(); }",
        "use std::{fs, env::{current_dir}};",
        "use std::env as e;",
        "use std::io::{self, stderr};",
        "fn f() { io::stdout().lock(); }",
        "fn f() { println!(\"{}\", 1); }",
        "fn f() { std::process::exit(1); }",
        "fn f() { unsafe { libc::_exit(1) } }",
    ] {
        assert_eq!(crossed(text), 1, "{text}");
    }
    for text in [
        "use std::env;\nfn f(p: &OsStr) { env::split_paths(p); }",
        "// println!(\"x\")\nconst A: &str = r#\"env::var(\"A\")\"#;",
        "#[cfg(test)]\nmod tests { fn f() { std::env::temp_dir(); } }",
        "fn f(text: &str) { writeln!(out, \"{text}\"); io::stdin(); }",
    ] {
        assert_eq!(crossed(text), 0, "{text}");
    }
    assert!(is_at_the_edge("src/cli/http/mod.rs") && is_at_the_edge("src/output.rs"));
    assert!(!is_at_the_edge("src/client.rs") && !is_at_the_edge("src/output.rs.rs"));
}

#[test]
fn long_functions_and_files_are_found() {
    let long = |lines: usize| format!("fn f<'a>(c: [u8; 2]) {{\n{}}}\n", "g('{');\n".repeat(lines));
    let found = |text: &str| too_long(&Source::new("src/a.rs", text));
    assert_eq!(found(&long(68)).len(), 0);
    assert_eq!(
        found(&long(69)),
        ["src/a.rs: f has 71 lines, the maximum is 70"]
    );
    assert_eq!(found(&"// x\n".repeat(400)).len(), 0);
    assert_eq!(
        found(&"// x\n".repeat(401)),
        ["src/a.rs: 401 lines without tests, the maximum is 400"]
    );
    let tests = format!("#[cfg(test)]\nmod tests {{\nuse a::b;\n{}}}\n", long(400));
    assert_eq!(found(&format!("{}{tests}", "// x\n".repeat(400))).len(), 0);
}

#[test]
fn unsafe_code_is_found() {
    let unsafe_in = |text: &str| has_unsafe(&Source::new("src/a.rs", text));
    assert!(unsafe_in("fn f() { unsafe { g() } }"));
    assert!(!unsafe_in(
        "#![deny(unsafe_code)]\n// unsafe\nconst A: &str = \"unsafe\";"
    ));
}
