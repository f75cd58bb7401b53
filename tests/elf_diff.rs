//! Compares `c47 elf diff` with ld.so, which runs programs of the first build with the second, and
//! with nm and abidiff, which list symbols.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::peers::tool;
use crate::support::{Output, Scratch, c47, evenly, sample_of_many};

/// A build of `liblab.so.1`: its source, version script and options of gcc.
#[derive(Clone, Copy, Default)]
struct Build {
    source: &'static str,
    script: &'static str,
    options: &'static [&'static str],
}

const fn build(source: &'static str) -> Build {
    Build {
        source,
        script: "",
        options: &[],
    }
}

impl Build {
    const fn versions(self, script: &'static str) -> Build {
        Build { script, ..self }
    }

    const fn options(self, options: &'static [&'static str]) -> Build {
        Build { options, ..self }
    }
}

/// What ld.so does when a program of A finds B.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Runs,
    /// It runs, with a message.
    Warns,
    Fails,
}

/// Two builds, and a program that is linked with the first.
struct Pair {
    name: &'static str,
    a: Build,
    b: Build,
    program: &'static str,
    start: Start,
    can_replace: bool,
    /// What is expected in the report, such as `gone f@@V1`.
    found: &'static [&'static str],
}

const TWO: Build = build("int f(void) { return 1; } int g(void) { return 2; }");
const USES_G: &str = "int g(void); int main(void) { return g() != 2; }";
const VERSIONED: Build = TWO.versions("V1 { global: f; g; local: *; };");

const PAIRS: &[Pair] = &[
    Pair {
        name: "same",
        a: TWO,
        b: TWO,
        program: USES_G,
        start: Start::Runs,
        can_replace: true,
        found: &[],
    },
    Pair {
        name: "removed",
        a: TWO,
        b: build("int f(void) { return 1; } int h(void) { return 3; }"),
        program: USES_G,
        start: Start::Fails,
        can_replace: false,
        found: &["gone g", "added h"],
    },
    Pair {
        name: "hidden",
        a: TWO,
        b: build(
            "int f(void) { return 1; } __attribute__((visibility(\"hidden\"))) int g(void) { return 2; }",
        ),
        program: USES_G,
        start: Start::Fails,
        can_replace: false,
        found: &["gone g"],
    },
    Pair {
        name: "versions-added",
        a: TWO,
        b: VERSIONED,
        program: USES_G,
        start: Start::Runs,
        can_replace: true,
        found: &[
            "note version - V1",
            "note f version - V1",
            "note g version - V1",
        ],
    },
    Pair {
        // ld.so takes the symbols, but every program prints a message.
        name: "versions-removed",
        a: VERSIONED.options(&["uses-libc.c"]),
        b: TWO.options(&["uses-libc.c"]),
        program: USES_G,
        start: Start::Warns,
        can_replace: false,
        found: &[
            "added use",
            "break version V1 -",
            "note f version V1 -",
            "note g version V1 -",
        ],
    },
    Pair {
        name: "other-version",
        a: VERSIONED,
        b: TWO.versions("V1 { global: f; local: *; }; V2 { global: g; } V1;"),
        program: USES_G,
        start: Start::Fails,
        can_replace: false,
        found: &["gone g@@V1 (V2)", "added g@@V2", "note version - V2"],
    },
    Pair {
        name: "version-gone",
        a: TWO.versions("V1 { global: f; local: *; }; V2 { global: g; } V1;"),
        b: VERSIONED,
        program: USES_G,
        start: Start::Fails,
        can_replace: false,
        found: &["gone g@@V2 (V1)", "added g@@V1", "break version V2 -"],
    },
    Pair {
        name: "no-longer-default",
        a: VERSIONED,
        b: build(
            "int f(void) { return 1; }
            __asm__(\".symver old, g@V1\"); int old(void) { return 2; }
            __asm__(\".symver new, g@@V2\"); int new(void) { return 4; }",
        )
        .versions("V1 { global: f; g; local: *; }; V2 { global: g; } V1;"),
        program: USES_G,
        start: Start::Runs,
        can_replace: true,
        found: &[
            "added g@@V2",
            "note version - V2",
            "note g@@V1 default yes no",
        ],
    },
    Pair {
        // ld.so takes the first version for a reference without one, although it is hidden.
        name: "hidden-first-version",
        a: TWO,
        b: build(
            "int f(void) { return 1; }
            __asm__(\".symver old, g@V1\"); int old(void) { return 2; }
            __asm__(\".symver new, g@@V2\"); int new(void) { return 4; }",
        )
        .versions("V1 { global: f; g; local: *; }; V2 { global: g; } V1;"),
        program: USES_G,
        start: Start::Runs,
        can_replace: true,
        found: &[
            "added g@@V2",
            "note version - V1",
            "note version - V2",
            "note f version - V1",
            "note g version - V1",
        ],
    },
    Pair {
        name: "only-hidden-version",
        a: TWO,
        b: build(
            "int f(void) { return 1; }
            __asm__(\".symver old, g@V2\"); int old(void) { return 2; }",
        )
        .versions("V1 { global: f; local: *; }; V2 { global: g; } V1;"),
        program: USES_G,
        start: Start::Fails,
        can_replace: false,
        found: &[
            "gone g (V2)",
            "added g@V2",
            "note version - V1",
            "note version - V2",
            "note f version - V1",
        ],
    },
    Pair {
        name: "object-grew",
        a: build("int table[4] = {1, 2, 3, 4};"),
        b: build("int table[8] = {1, 2, 3, 4, 5, 6, 7, 8};"),
        program: "extern int table[4]; int main(void) { return table[0] != 1; }",
        start: Start::Warns,
        can_replace: false,
        found: &["break table size 16 32"],
    },
    Pair {
        name: "function-grew",
        a: build("int f(int x) { return 0; }"),
        b: build("int f(int x) { for (int i = 0; i < 9; i++) x = x * 3 ^ i; return x & 0; }"),
        program: "int f(int); int main(void) { return f(1); }",
        start: Start::Runs,
        can_replace: true,
        found: &[],
    },
    Pair {
        // The program still runs, but a class of its own would have a vtable that is too short.
        name: "vtable",
        a: build(
            "//c++
            struct Shape { virtual ~Shape(); virtual int area(); };
            Shape::~Shape() {} int Shape::area() { return 1; }",
        ),
        b: build(
            "//c++
            struct Shape { virtual ~Shape(); virtual int area(); virtual int volume(); };
            Shape::~Shape() {} int Shape::area() { return 1; } int Shape::volume() { return 2; }",
        ),
        program: "int main(void) { return 0; }",
        start: Start::Runs,
        can_replace: false,
        found: &["added _ZN5Shape6volumeEv", "break _ZTV5Shape size 40 48"],
    },
    Pair {
        name: "class-with-base",
        a: build(
            "//c++
            struct Shape { virtual int area(); }; int Shape::area() { return 1; }",
        ),
        b: build(
            "//c++
            struct Base { int x; };
            struct Shape : Base { virtual int area(); }; int Shape::area() { return 1; }",
        ),
        program: "int main(void) { return 0; }",
        start: Start::Runs,
        can_replace: false,
        found: &[
            "added _ZTI4Base",
            "added _ZTS4Base",
            "break _ZTI5Shape size 16 …",
            "needs _ZTVN10__cxxabiv1…",
        ],
    },
    Pair {
        // ld.so binds the function's address to data: the call crashes.
        name: "function-is-data",
        a: TWO,
        b: build("int f(void) { return 1; } int g = 2;"),
        program: USES_G,
        start: Start::Fails,
        can_replace: false,
        found: &["break g kind function object"],
    },
    Pair {
        name: "ifunc",
        a: TWO,
        b: build(
            "int f(void) { return 1; } static int best(void) { return 2; }
            static void *choose(void) { return best; }
            int g(void) __attribute__((ifunc(\"choose\")));",
        ),
        program: USES_G,
        start: Start::Runs,
        can_replace: true,
        found: &["note g kind function ifunc", "note os_abi System V GNU"],
    },
    Pair {
        name: "tls-is-data",
        a: build("__thread int counter = 0;"),
        b: build("int counter = 0;"),
        program: "extern __thread int counter; int main(void) { return counter; }",
        start: Start::Fails,
        can_replace: false,
        found: &["break counter kind tls object"],
    },
    Pair {
        name: "tls-grew",
        a: build("__thread int counter[1];"),
        b: build("__thread int counter[2];"),
        program: "extern __thread int counter[1]; int main(void) { return counter[0]; }",
        start: Start::Runs,
        can_replace: true,
        found: &["note counter size 4 8"],
    },
    Pair {
        name: "weak",
        a: TWO,
        b: build("int f(void) { return 1; } __attribute__((weak)) int g(void) { return 2; }"),
        program: USES_G,
        start: Start::Runs,
        can_replace: true,
        found: &["note g binding global weak"],
    },
    Pair {
        name: "untyped",
        a: TWO,
        b: build("int f(void) { return 1; } __asm__(\".globl g\\ng: mov $2, %eax\\nret\");"),
        program: USES_G,
        start: Start::Runs,
        can_replace: true,
        found: &["note g kind function untyped"],
    },
    Pair {
        name: "no-open",
        a: TWO,
        b: TWO.options(&["-Wl,-z,nodlopen,-z,nodelete"]),
        program: USES_G,
        start: Start::Runs,
        can_replace: false,
        found: &["break no_open no yes", "note no_delete no yes"],
    },
    Pair {
        name: "paths-and-needs",
        a: TWO.options(&["uses-libc.c", "-Wl,--disable-new-dtags,-rpath,/one"]),
        b: TWO.options(&[
            "uses-libc.c",
            "-Wl,--enable-new-dtags,-rpath,/two",
            "-Wl,--no-as-needed",
            "-lm",
            "-Wl,-Bsymbolic",
        ]),
        program: USES_G,
        start: Start::Runs,
        can_replace: true,
        found: &[
            "warning needed - libm.so.6",
            "note rpath /one -",
            "note runpath - /two",
            "note symbolic no yes",
        ],
    },
    Pair {
        name: "risks",
        a: build("__thread int t; int f(void) { return t; }").options(&["uses-libc.c"]),
        b: build(
            "__thread int t; int f(void) { return t; }
            int fcntl64(int, int, ...); int h(void) { return fcntl64(0, 0); }",
        )
        .options(&[
            "uses-libc.c",
            "-ftls-model=initial-exec",
            "-Wl,-z,execstack,-z,x86-64-v2",
        ]),
        program: "int f(void); int main(void) { return f(); }",
        start: Start::Runs,
        can_replace: true,
        found: &[
            "added h",
            "needs fcntl64@GLIBC_2.28",
            "warning glibc … 2.28 fcntl64",
            "warning executable_stack no yes",
            "warning static_tls no yes",
            "warning cpu … x86-64-v2",
            "note version_need - GLIBC_2.28 of libc.so.6",
            "note version_need GLIBC_2.3 of ld-linux-x86-64.so.2 -",
            "note needed ld-linux-x86-64.so.2 -",
        ],
    },
];

/// A directory with two builds and a program.
struct Lab {
    scratch: Scratch,
}

impl Lab {
    /// `None` without a compiler.
    fn new(name: &str) -> Option<Lab> {
        tool("gcc")?;
        tool("g++")?;
        let lab = Lab {
            scratch: Scratch::new(name),
        };
        lab.scratch.write(
            "uses-libc.c",
            "int puts(const char *); int use(void) { return puts(\"\"); }",
        );
        Some(lab)
    }

    #[track_caller]
    fn compile(&self, arguments: &[&str]) {
        let cxx = arguments.iter().any(|argument| argument.ends_with(".cc"));
        let output = Command::new(if cxx { "g++" } else { "gcc" })
            .args(["-w", "-O1", "-fno-builtin"])
            .args(arguments)
            .current_dir(self.scratch.path())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
    }

    /// Compiles a build to `<directory>/liblab.so.1`.
    #[track_caller]
    fn library(&self, directory: &str, build: Build) -> PathBuf {
        let extension = if build.source.contains("//c++") {
            "cc"
        } else {
            "c"
        };
        let source = format!("{directory}.{extension}");
        self.scratch.write(&source, build.source);
        fs::create_dir_all(self.scratch.path().join(directory)).unwrap();
        let output = format!("{directory}/liblab.so.1");
        let script = format!("{directory}.map");
        let with_script = format!("-Wl,--version-script,{script}");
        let mut arguments = vec!["-shared", "-fPIC", &source, "-o", &output];
        arguments.push("-Wl,-soname,liblab.so.1");
        if !build.script.is_empty() {
            self.scratch.write(&script, build.script);
            arguments.push(&with_script);
        }
        arguments.extend(build.options);
        self.compile(&arguments);
        self.scratch.path().join(output)
    }

    /// Starts a program of A with B.
    fn start(&self, source: &str, a: &Path, b: &Path) -> Start {
        self.scratch.write("main.c", source);
        let program = self.scratch.path().join("main");
        // Without PIE the program has a copy of data, as most programs of older compilers.
        let arguments = ["-fno-pie", "-no-pie", "main.c", "-o", "main"];
        self.compile(&[&arguments[..], &[a.to_str().unwrap()]].concat());
        let run = |directory: &Path| {
            Command::new(&program)
                .env("LD_LIBRARY_PATH", directory)
                .env("LD_BIND_NOW", "1")
                .output()
                .unwrap()
        };
        assert!(run(a.parent().unwrap()).status.success(), "{source}");
        let output = run(b.parent().unwrap());
        match (output.status.success(), output.stderr.is_empty()) {
            (true, true) => Start::Runs,
            (true, false) => Start::Warns,
            (false, _) => Start::Fails,
        }
    }
}

/// `c47 elf diff --json` of two files.
#[track_caller]
fn report(a: &Path, b: &Path) -> Value {
    let output = c47().args(["elf", "diff", "--json"]).arg(a).arg(b).run();
    assert!(output.code == 0 || output.code == 1, "{}", output.tell());
    let report = output.json();
    let verdict = match output.code {
        0 => "can replace",
        _ => "cannot replace",
    };
    assert_eq!(report["verdict"], verdict);
    report
}

fn text<'a>(row: &'a Value, member: &str) -> &'a str {
    row[member].as_str().unwrap_or("-")
}

fn rows<'a>(report: &'a Value, member: &str) -> &'a [Value] {
    report[member].as_array().unwrap()
}

/// A symbol with its version, as nm prints it.
fn versioned(row: &Value) -> String {
    let name = text(row, "name");
    match (&row["version"], row["default"].as_bool()) {
        (Value::Null, _) => name.to_owned(),
        (version, Some(false)) => format!("{name}@{}", version.as_str().unwrap()),
        (version, _) => format!("{name}@@{}", version.as_str().unwrap()),
    }
}

/// What a report says, each as a line.
fn lines(report: &Value) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for row in rows(report, "changes") {
        let words = ["severity", "property", "a", "b"].map(|member| text(row, member));
        let symbol = row["symbol"].as_str();
        let symbol = symbol.map(|symbol| format!(" {symbol}"));
        lines.insert(words.join(" ") + &symbol.unwrap_or_default());
    }
    for row in rows(report, "gone") {
        let instead = row["instead"].as_str();
        let instead = instead.map(|version| format!(" ({version})"));
        lines.insert(format!(
            "gone {}{}",
            versioned(row),
            instead.unwrap_or_default()
        ));
    }
    for row in rows(report, "added") {
        lines.insert(format!("added {}", versioned(row)));
    }
    for row in rows(report, "changed") {
        let name = match row["aspect"] == "version" {
            true => text(row, "name").to_owned(),
            false => versioned(row),
        };
        let words = ["aspect", "a", "b"].map(|member| text(row, member));
        lines.insert(format!(
            "{} {name} {}",
            text(row, "severity"),
            words.join(" ")
        ));
    }
    for row in rows(report, "needs_added") {
        let version = row["version"].as_str();
        let version = version.map(|version| format!("@{version}"));
        lines.insert(format!(
            "needs {}{}",
            text(row, "name"),
            version.unwrap_or_default()
        ));
    }
    lines
}

#[test]
fn verdicts_agree_with_the_dynamic_linker() {
    let Some(lab) = Lab::new("diff-pairs") else {
        return;
    };
    for pair in PAIRS {
        let name = pair.name;
        let a = lab.library(&format!("{name}-a"), pair.a);
        let b = lab.library(&format!("{name}-b"), pair.b);
        let report = report(&a, &b);
        let found = lines(&report);
        assert_eq!(
            report["verdict"] == "can replace",
            pair.can_replace,
            "{name}: {found:#?}"
        );
        assert_eq!(lab.start(pair.program, &a, &b), pair.start, "{name}");
        // What does not start cannot be replaced. More cannot than what ld.so notices.
        assert!(pair.start != Start::Fails || !pair.can_replace, "{name}");
        for wanted in pair.found {
            let is_wanted = |line: &String| crate::support::peers::is_line(wanted, line);
            assert!(
                found.iter().any(is_wanted),
                "{name}: no {wanted} in {found:#?}"
            );
        }
        for line in &found {
            let mut wanted = pair.found.iter();
            let is_wanted = wanted.any(|wanted| crate::support::peers::is_line(wanted, line));
            assert!(is_wanted, "{name}: {line} is not expected");
        }
        let counts = &report["counts"];
        for list in ["gone", "added", "needs_added"] {
            assert_eq!(counts[list], rows(&report, list).len(), "{name}: {list}");
        }
        assert_eq!(report["complete"], true);
    }
}

/// A library that dlopen refuses.
#[test]
fn no_open_is_refused_by_dlopen() {
    let Some(lab) = Lab::new("diff-no-open") else {
        return;
    };
    let b = lab.library("b", TWO.options(&["-Wl,-z,nodlopen"]));
    lab.scratch.write(
        "open.c",
        "#include <dlfcn.h>\nint main(int c, char **v) { return !dlopen(v[1], RTLD_NOW); }",
    );
    lab.compile(&["open.c", "-o", "open", "-ldl"]);
    let opened = Command::new(lab.scratch.path().join("open"))
        .arg(b)
        .status();
    assert_eq!(opened.unwrap().code(), Some(1));
}

#[test]
fn soname_and_machine_are_compared() {
    let Some(lab) = Lab::new("diff-names") else {
        return;
    };
    let a = lab.library("a", TWO);
    let other = lab.library("b", TWO.options(&["-Wl,-soname,liblab.so.2"]));
    let found = lines(&report(&a, &other));
    assert_eq!(
        found,
        BTreeSet::from(["break soname liblab.so.1 liblab.so.2".to_owned()])
    );
    // A program that needs the new name does not find the old one.
    lab.scratch.write("main.c", USES_G);
    lab.compile(&["main.c", "-o", "main", other.to_str().unwrap()]);
    let status = Command::new(lab.scratch.path().join("main"))
        .env("LD_LIBRARY_PATH", a.parent().unwrap())
        .output();
    assert!(!status.unwrap().status.success());
    // Without a SONAME in A, programs have the name of the file.
    lab.compile(&["-shared", "-fPIC", "a.c", "-o", "unnamed.so"]);
    let unnamed = lab.scratch.path().join("unnamed.so");
    let from_none = report(&unnamed, &a);
    assert_eq!(from_none["verdict"], "can replace");
    let to_none = lines(&report(&a, &unnamed));
    assert_eq!(
        to_none,
        BTreeSet::from(["break soname liblab.so.1 -".to_owned()])
    );

    let mut bytes = fs::read(&a).unwrap();
    bytes[18..20].copy_from_slice(&183_u16.to_le_bytes());
    let arm = lab.scratch.write("arm.so", &bytes);
    let found = lines(&report(&a, &arm));
    let machine = "break machine 64-bit x86-64, little endian 64-bit aarch64, little endian";
    assert_eq!(found, BTreeSet::from([machine.to_owned()]));

    lab.scratch.write("main.c", "int main(void) { return 0; }");
    lab.compile(&["-pie", "-fPIE", "main.c", "-o", "main"]);
    let found = lines(&report(&a, &lab.scratch.path().join("main")));
    assert!(found.contains("break type library program"), "{found:?}");
}

fn run(arguments: &[&str], directory: &Path) -> Output {
    let run = c47().args(["elf", "diff"]).args(arguments);
    run.current_dir(directory).run()
}

#[test]
fn long_lists_are_cut_without_all() {
    let Some(lab) = Lab::new("diff-long") else {
        return;
    };
    let functions = |numbers: std::ops::Range<u32>| -> String {
        numbers
            .map(|number| format!("int f{number:02}(void) {{ return {number}; }}\n"))
            .collect()
    };
    lab.scratch.write(
        "a.c",
        functions(0..40) + "int getpid(void); int f98(void) { return getpid(); }",
    );
    lab.scratch.write(
        "b.c",
        functions(30..60) + "int puts(const char *); int f98(void) { return puts(\"\"); }",
    );
    lab.compile(&["-shared", "-fPIC", "a.c", "-o", "a.so"]);
    lab.compile(&["-shared", "-fPIC", "b.c", "-o", "b.so"]);
    let short = run(&["a.so", "b.so"], lab.scratch.path()).expect_code(1);
    let short = short.stdout_text();
    let printed: Vec<&str> = short.lines().collect();
    assert_eq!(printed[0], "B cannot replace A: 30 symbols gone");
    assert_eq!(printed[1..3], ["  A: a.so", "  B: b.so"]);
    assert!(
        printed.contains(&"  20 more symbols are gone; --all lists them"),
        "{short}"
    );
    assert!(
        printed.contains(&"  note: 10 more new symbols; --all lists them"),
        "{short}"
    );
    let needs = "  note: needs 1 symbol that A does not need; --all lists them";
    assert!(printed.contains(&needs), "{short}");
    let all = run(&["a.so", "b.so", "--all"], lab.scratch.path()).expect_code(1);
    let all = all.stdout_text();
    assert!(!all.contains("more"), "{all}");
    for number in 0..30 {
        assert!(all.contains(&format!("  gone: f{number:02}\n")), "{all}");
        let new = format!("  note: new: f{:02}\n", number + 30);
        assert_eq!(all.contains(&new), number >= 10, "{all}");
    }
    assert!(all.contains("  note: needs puts@GLIBC_2.2.5\n"), "{all}");
}

#[test]
fn wrong_arguments_have_an_error_and_a_hint() {
    let Some(lab) = Lab::new("diff-arguments") else {
        return;
    };
    lab.library("a", TWO);
    lab.scratch.write("text.so", "no library");
    let root = lab.scratch.path();
    for (arguments, code, error, hint) in [
        (&["a/liblab.so.1"][..], 2, "two files", "elf diff A B"),
        (&["a", "a/liblab.so.1"], 7, "a: a directory", "name a file"),
        (&["a/liblab.so.1", "."], 7, ".: a directory", "name a file"),
        (&["a/liblab.so.1", "none.so"], 7, "none.so", ""),
        (&["text.so", "a/liblab.so.1"], 7, "not an ELF", ""),
    ] {
        let output = run(arguments, root).expect_code(code);
        let said = output.stderr_text();
        assert!(said.contains(error), "{}", output.tell());
        assert!(said.contains(hint), "{}", output.tell());
        assert_eq!(output.stdout_text(), "");
    }
}

#[test]
fn members_of_archives_are_compared() {
    let Some(lab) = Lab::new("diff-archives") else {
        return;
    };
    let Some(python) = crate::support::peers::python(&[]) else {
        return;
    };
    lab.library("a", TWO);
    lab.library("b", build("int f(void) { return 1; }"));
    lab.scratch.write("text", "no library");
    let zip = |arguments: &[&str]| {
        let mut zip = Command::new(&python);
        zip.args(["-m", "zipfile", "-c"]).args(arguments);
        let status = zip.current_dir(lab.scratch.path()).status();
        assert!(status.unwrap().success());
    };
    zip(&["one.whl", "a", "text"]);
    zip(&["two.whl", "a", "b", "text"]);
    let root = lab.scratch.path();
    let (file, member) = ("a/liblab.so.1", "one.whl!/a/liblab.so.1");
    for a in [file, member, "one.whl"] {
        let output = run(&[a, "two.whl!/a/liblab.so.1"], root).expect_code(0);
        assert!(
            output.stdout_text().contains("no differences"),
            "{}",
            output.tell()
        );
        let output = run(&[a, "two.whl!/b/liblab.so.1"], root).expect_code(1);
        assert!(
            output.stdout_text().contains("  gone: g\n"),
            "{}",
            output.tell()
        );
    }
    let output = run(&[file, "two.whl"], root).expect_code(7);
    let said = output.stderr_text();
    assert!(said.contains("several ELF files"), "{said}");
    assert!(said.contains("such as two.whl!/b/liblab.so.1"), "{said}");
    run(&[file, "one.whl!/none.so"], root).expect_code(7);
}

/// The libraries of this system, each once.
fn libraries() -> Vec<PathBuf> {
    let mut found = BTreeSet::new();
    for directory in [
        "/usr/lib/x86_64-linux-gnu",
        "/lib/x86_64-linux-gnu",
        "/usr/lib64",
    ] {
        for entry in fs::read_dir(directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            let is_library = path.to_string_lossy().contains(".so");
            let is_elf = || fs::read(&path).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF"));
            if is_library && path.is_file() && is_elf() {
                found.insert(fs::canonicalize(&path).unwrap());
            }
        }
    }
    found.into_iter().collect()
}

/// What nm prints of the dynamic symbols: names with versions, each with its default mark.
fn symbols_of_nm(path: &Path, which: &str) -> BTreeMap<String, String> {
    let output = Command::new("nm")
        .args(["-D", "--with-symbol-versions", which])
        .arg(path)
        .output()
        .unwrap();
    let listing = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut symbols = BTreeMap::new();
    let mut absolute = Vec::new();
    for line in listing.lines() {
        let mut words = line.split_whitespace().rev();
        let (name, kind) = (words.next().unwrap(), words.next().unwrap());
        if kind == "A" && !name.contains('@') {
            absolute.push(name.to_owned());
        }
        // A small letter is a local symbol, but for weak, unique and indirect ones.
        if kind
            .chars()
            .all(|kind| kind.is_ascii_uppercase() || "uvwi".contains(kind))
        {
            symbols.insert(name.replace("@@", "@"), name.to_owned());
        }
    }
    // Old linkers export a symbol for each version, and marks of their own.
    for name in absolute {
        symbols.remove(&name);
    }
    symbols.retain(|name, _| {
        let plain = name.split('@').next().unwrap();
        let of_linker = [
            "_init",
            "_fini",
            "_edata",
            "_end",
            "_etext",
            "__bss_start",
            "__data_start",
        ];
        which == "--undefined-only" || !of_linker.contains(&plain)
    });
    symbols
}

/// The names that only the first has.
fn only(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> BTreeSet<String> {
    let names = a.iter().filter(|(name, _)| !b.contains_key(*name));
    names.map(|(_, label)| label.clone()).collect()
}

/// The symbols of a report that only A or B has. nm takes a symbol whose version is new or gone for
/// another one, ld.so does not.
fn only_in(report: &Value, list: &str, member: &str) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = rows(report, list).iter().map(versioned).collect();
    for row in rows(report, "changed") {
        if row["aspect"] == "version" {
            let name = text(row, "name");
            names.insert(match &row[member] {
                Value::String(version) => format!("{name}@@{version}"),
                _ => name.to_owned(),
            });
        }
    }
    names
}

#[test]
fn library_does_not_differ_from_itself() {
    if tool("gcc").is_none() {
        return;
    }
    let all = libraries();
    assert!(all.len() > 20, "{}", all.len());
    for path in sample_of_many(all, 16) {
        let output = c47().args(["elf", "diff"]).arg(&path).arg(&path).run();
        let output = output.expect_code(0);
        let first = output.stdout_text();
        assert!(
            first.starts_with("B can replace A: no differences\n"),
            "{}",
            output.tell()
        );
    }
}

#[test]
fn symbols_agree_with_nm() {
    if tool("nm").is_none() {
        return;
    }
    let all = libraries();
    let pairs: Vec<(PathBuf, PathBuf)> = all
        .iter()
        .zip(all.iter().skip(1))
        .map(|(a, b)| (a.clone(), b.clone()))
        .collect();
    let mut compared = 0;
    for (a, b) in sample_of_many(pairs, 16) {
        let report = report(&a, &b);
        let of = |path: &Path| symbols_of_nm(path, "--defined-only");
        let (of_a, of_b) = (of(&a), of(&b));
        compared += of_a.len() + of_b.len();
        let what = format!("{} {}", a.display(), b.display());
        ensure_same(&only_in(&report, "gone", "a"), &only(&of_a, &of_b), &what);
        ensure_same(&only_in(&report, "added", "b"), &only(&of_b, &of_a), &what);
        let of = |path: &Path| symbols_of_nm(path, "--undefined-only");
        let (of_a, of_b) = (of(&a), of(&b));
        let needs = rows(&report, "needs_added").iter().map(|row| {
            let version = row["version"].as_str();
            let version = version.map(|version| format!("@{version}"));
            text(row, "name").to_owned() + &version.unwrap_or_default()
        });
        ensure_same(&needs.collect(), &only(&of_b, &of_a), &what);
        assert_eq!(
            report["counts"]["needs_gone"],
            only(&of_a, &of_b).len(),
            "{what}"
        );
    }
    assert!(compared > 10_000, "{compared}");
}

#[track_caller]
fn ensure_same(ours: &BTreeSet<String>, others: &BTreeSet<String>, what: &str) {
    let wrong: Vec<&String> = ours.symmetric_difference(others).take(20).collect();
    assert!(wrong.is_empty(), "{what}: {wrong:?}");
}

/// The symbols that abidiff says are removed (`[D]`) or added (`[A]`).
fn symbols_of_abidiff(a: &Path, b: &Path, mark: &str) -> BTreeSet<String> {
    let output = Command::new("abidiff").arg(a).arg(b).output().unwrap();
    let listing = String::from_utf8_lossy(&output.stdout).into_owned();
    let marked = listing.lines().filter_map(|line| {
        let rest = line.trim().strip_prefix(mark)?.trim();
        // A C++ name in the file is in braces after the demangled one.
        let name = rest.rsplit_once('{');
        Some(name.map_or(rest, |(_, name)| name.trim_end_matches('}')))
    });
    // Symbols at one address are on one line.
    let names = marked.flat_map(|line| line.split(", "));
    names
        .map(|name| name.trim_start_matches("aliases ").to_owned())
        .collect()
}

/// abidiff says less of a symbol that has another version in the other build, because it compares
/// names. It takes a function that is now data for two symbols.
#[test]
fn symbols_agree_with_abidiff() {
    if tool("abidiff").is_none() {
        return;
    }
    let Some(lab) = Lab::new("diff-abidiff") else {
        return;
    };
    let plain = |label: &String| label.split('@').next().unwrap().to_owned();
    let mut compared = 0;
    for pair in PAIRS {
        let name = pair.name;
        let a = lab.library(&format!("{name}-a"), pair.a);
        let b = lab.library(&format!("{name}-b"), pair.b);
        let report = report(&a, &b);
        let names = |list: &str| -> BTreeSet<String> {
            let names = rows(&report, list).iter().map(versioned);
            names.collect()
        };
        let (gone, added) = (names("gone"), names("added"));
        let of_version =
            |row: &&Value| ["version", "default", "kind"].contains(&text(row, "aspect"));
        let changed = rows(&report, "changed").iter().filter(of_version);
        let moved: BTreeSet<String> = changed.map(|row| text(row, "name").to_owned()).collect();
        let instead = rows(&report, "gone").iter();
        let instead = instead.filter(|row| !row["instead"].is_null());
        let moved = &moved | &instead.map(|row| text(row, "name").to_owned()).collect();
        let has_other_version = |label: &String| moved.contains(&plain(label));
        for (ours, mark) in [(&gone, "[D]"), (&added, "[A]")] {
            let ours: BTreeSet<String> = ours
                .iter()
                .filter(|label| !has_other_version(label))
                .cloned()
                .collect();
            let theirs: BTreeSet<String> = symbols_of_abidiff(&a, &b, mark)
                .into_iter()
                .filter(|label| !has_other_version(label))
                .collect();
            compared += theirs.len();
            ensure_same(&ours, &theirs, &format!("{name} {mark}"));
        }
    }
    assert!(compared > 5, "{compared}");
}

/// Libraries without debug information: abidiff then has the symbols only, as c47.
#[test]
fn symbols_of_real_libraries_agree_with_abidiff() {
    if tool("abidiff").is_none() {
        return;
    }
    let named = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let all: Vec<PathBuf> = libraries()
        .into_iter()
        .filter(|path| (2..5000).contains(&symbols_of_nm(path, "--defined-only").len()))
        // abidiff prints fewer symbols of a library with debug information.
        .filter(|path| !named(path).contains("debug"))
        .collect();
    let mut compared = 0;
    for pair in evenly(all, 16).chunks_exact(2) {
        let report = report(&pair[0], &pair[1]);
        let what = format!("{} {}", pair[0].display(), pair[1].display());
        for (list, mark) in [("gone", "[D]"), ("added", "[A]")] {
            let plain = |label: &String| label.split('@').next().unwrap().to_owned();
            let changed = rows(&report, "changed").iter();
            let instead = rows(&report, "gone").iter();
            let instead = instead.filter(|row| !row["instead"].is_null());
            let moved: BTreeSet<String> = changed
                .chain(instead)
                .map(|row| text(row, "name").to_owned())
                .collect();
            let ours = rows(&report, list).iter().map(versioned);
            let theirs = symbols_of_abidiff(&pair[0], &pair[1], mark);
            compared += theirs.len();
            let ours = ours.filter(|label| !moved.contains(&plain(label)));
            let theirs = theirs.into_iter();
            let theirs = theirs.filter(|label| !moved.contains(&plain(label)));
            ensure_same(&ours.collect(), &theirs.collect(), &what);
        }
    }
    assert!(compared > 1000, "{compared}");
}
