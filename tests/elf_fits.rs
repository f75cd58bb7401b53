//! Compares `c47 elf fits` with the dynamic linker: gcc builds libraries, a program opens them with
//! `dlopen(RTLD_NOW)`, and both must agree.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{self, Scratch, c47};

/// A program that opens the libraries in its arguments, after `-g` with RTLD_GLOBAL.
const HOST: &str = r#"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
int in_program(void) { return 1; }
__thread int program_tls[2048];
int *use_tls(void) { return program_tls; }
int main(int argc, char **argv) {
    int mode = RTLD_NOW;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-g")) {
            mode |= RTLD_GLOBAL;
        } else if (!dlopen(argv[i], mode)) {
            printf("%s\n", dlerror());
            return 1;
        }
    }
    return 0;
}
"#;

/// A directory with sources and what is built from them.
struct Lab {
    scratch: Scratch,
}

/// What both say about a plug-in.
struct Outcome {
    report: Value,
    /// The message of the dynamic linker, empty if the plug-in was loaded.
    message: String,
}

impl Outcome {
    fn kinds(&self) -> BTreeSet<&str> {
        let findings = self.report["findings"].as_array().unwrap().iter();
        findings
            .map(|finding| finding["kind"].as_str().unwrap())
            .collect()
    }

    fn finding(&self, kind: &str) -> &Value {
        let findings = self.report["findings"].as_array().unwrap();
        let found = findings.iter().find(|finding| finding["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} in {}", self.report))
    }

    #[track_caller]
    fn fits(self) -> Outcome {
        assert_eq!(self.message, "", "{}", self.report);
        self
    }

    #[track_caller]
    fn does_not_fit(self, kind: &str) -> Outcome {
        assert_ne!(self.message, "", "{}", self.report);
        assert!(self.kinds().contains(kind), "{}", self.report);
        self
    }
}

impl Lab {
    /// `None` if there is no compiler.
    fn new(name: &str) -> Option<Lab> {
        if support::effort() == support::Effort::Quick || Command::new("gcc").output().is_err() {
            return support::peers::missing("gcc not found");
        }
        let lab = Lab {
            scratch: Scratch::new(name),
        };
        lab.scratch.write("host.c", HOST);
        Some(lab)
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.scratch.path().join(relative)
    }

    /// Runs gcc, or g++ for C++.
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

    /// Builds a program that opens plug-ins, with more options of gcc.
    #[track_caller]
    fn host(&self, name: &str, more: &[&str]) -> PathBuf {
        let mut arguments = vec!["host.c", "-o", name, "-Wl,--no-as-needed"];
        arguments.extend(more);
        arguments.push("-ldl");
        self.compile(&arguments);
        self.path(name)
    }

    /// Builds a library from a source text. Its SONAME is its file name.
    #[track_caller]
    fn library(&self, path: &str, source: &str, more: &[&str]) -> PathBuf {
        let base = path.rsplit('/').next().unwrap();
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        let extension = if source.contains("//c++") { "cc" } else { "c" };
        let file = format!("{}.{extension}", path.replace('/', "-"));
        self.scratch.write(&file, source);
        let soname = format!("-Wl,-soname,{base}");
        let mut arguments = vec!["-shared", "-fPIC", &file, "-o", path, &soname];
        arguments.extend(["-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined"]);
        arguments.extend(more);
        self.compile(&arguments);
        self.path(path)
    }

    /// Opens the libraries in a real process, and asks c47. Both must agree.
    #[track_caller]
    fn open(&self, host: &Path, also: &[&Path], plugin: &Path, more: &[&str]) -> Outcome {
        let global = more.contains(&"--global");
        let mut real = Command::new(host);
        real.args(global.then_some("-g")).args(also).arg(plugin);
        let mut ours = c47().args(["elf", "fits", "--json", "--in"]).arg(host);
        for path in also {
            ours = ours.arg("--also").arg(path);
        }
        if let Some(at) = more.iter().position(|option| *option == "--library-path") {
            real.env("LD_LIBRARY_PATH", more[at + 1]);
        } else {
            real.env_remove("LD_LIBRARY_PATH");
            ours = ours.args(["--library-path", ""]);
        }
        let real = real.output().unwrap();
        let message = String::from_utf8_lossy(&real.stdout).trim().to_owned();
        let ours = ours.args(more).arg(plugin).run();
        let report: Value = serde_json::from_str(ours.stdout_text()).unwrap_or_else(|error| {
            panic!("{error}: {}", ours.tell());
        });
        let expected = match real.status.code() {
            Some(0) => "fits",
            Some(1) => "does not fit",
            other => panic!("{other:?}"),
        };
        assert_eq!(report["verdict"], expected, "{message}\n{report}");
        assert_eq!(ours.code, i32::from(expected != "fits"), "{report}");
        if let Some(symbol) = message.split("undefined symbol: ").nth(1) {
            let symbol = symbol.split(',').next().unwrap();
            let findings = report["findings"].as_array().unwrap();
            let named = findings.iter().any(|finding| finding["symbol"] == symbol);
            assert!(named, "{message}\n{report}");
        }
        Outcome { report, message }
    }

    /// Asserts that every symbol that the dynamic linker binds for `plugin`, and what it brings, is
    /// bound to the same library by c47. Returns the number of symbols.
    #[track_caller]
    fn bindings_agree(&self, host: &Path, plugin: &Path, more: &[&str]) -> usize {
        let global = more.contains(&"--global");
        let log = self.path("bindings");
        let output = Command::new(host)
            .args(global.then_some("-g"))
            .arg(plugin)
            .env("LD_DEBUG", "bindings")
            .env("LD_DEBUG_OUTPUT", &log)
            .output()
            .unwrap();
        assert!(output.status.success());
        let mut compared = 0;
        for file in support::entries(self.scratch.path()) {
            if !file.starts_with("bindings.") {
                continue;
            }
            let text = fs::read_to_string(self.path(&file)).unwrap();
            fs::remove_file(self.path(&file)).unwrap();
            for line in text.lines() {
                let Some((from, to, symbol)) = binding(line) else {
                    continue;
                };
                if Path::new(from) != plugin && !from.contains("/brought/") {
                    continue;
                }
                let to = if to == "[0]" || to.is_empty() {
                    host.to_str().unwrap()
                } else {
                    to
                };
                let why = c47()
                    .args(["elf", "fits", "--json", "--why", symbol, "--in"])
                    .arg(host)
                    .args(more)
                    .arg(plugin)
                    .run()
                    .expect_code(0)
                    .json();
                let mut searches = why["searches"].as_array().unwrap().iter();
                let search = searches.find(|search| search["object"] == from);
                let search = search.unwrap_or_else(|| panic!("{from} {symbol}: {why}"));
                let ours = search["bound_to"].as_str().unwrap();
                let real = |path: &str| fs::canonicalize(path).unwrap();
                assert_eq!(real(ours), real(to), "{line}\n{why}");
                compared += 1;
            }
        }
        compared
    }
}

/// The object, the provider and the symbol in `binding file A [0] to B [0]: normal symbol `f' [V]`.
fn binding(line: &str) -> Option<(&str, &str, &str)> {
    let (_, rest) = line.split_once("binding file ")?;
    let (from, rest) = rest.split_once(" [0] to ")?;
    let (to, rest) = rest.split_once(" [0]: ")?;
    let symbol = rest.split_once('`')?.1.split_once('\'')?.0;
    Some((from, to, symbol))
}

#[test]
fn undefined_symbols_are_those_of_dlopen() {
    let Some(lab) = Lab::new("fits-undefined") else {
        return;
    };
    let closed = lab.host("closed", &[]);
    let open = lab.host("open", &["-rdynamic"]);
    let call = lab.library(
        "call.so",
        "int in_program(void); int f(void) { return in_program(); }",
        &[],
    );
    let data = lab.library(
        "data.so",
        "int in_program(void); void *p = in_program;",
        &[],
    );
    let weak = lab.library(
        "weak.so",
        "int absent(void) __attribute__((weak)); int f(void) { return absent ? absent() : 0; }",
        &[],
    );
    for plugin in [&call, &data] {
        lab.open(&open, &[], plugin, &[]).fits();
        let outcome = lab
            .open(&closed, &[], plugin, &[])
            .does_not_fit("undefined_symbol");
        let finding = outcome.finding("undefined_symbol");
        assert_eq!(finding["symbol"], "in_program");
        assert_eq!(finding["only_called"], plugin == &call);
    }
    lab.open(&closed, &[], &weak, &[]).fits();
    for style in ["gnu", "sysv", "both"] {
        let style = format!("-Wl,--hash-style={style}");
        let provider = "int offered(void) { return 1; }
            __attribute__((visibility(\"protected\"))) int guarded(void) { return 2; }
            __attribute__((visibility(\"hidden\"))) int hidden(void) { return 3; }
            static int chosen(void) { return 4; } static void *choose(void) { return chosen; }
            int indirect(void) __attribute__((ifunc(\"choose\")));
            int use(void) { return hidden(); }";
        lab.library("lib/libprovider.so", provider, &[&style]);
        let paths = ["-Llib", "-lprovider", "-Wl,-rpath,$ORIGIN/lib"];
        for (name, fits) in [
            ("offered", true),
            ("guarded", true),
            ("indirect", true),
            ("hidden", false),
            ("no_such", false),
        ] {
            for source in ["int f(void) { return NAME(); }", "void *p = NAME;"] {
                let source = format!("int NAME(void); {source}").replace("NAME", name);
                let plugin = lab.library("user.so", &source, &paths);
                let outcome = lab.open(&closed, &[], &plugin, &[]);
                assert_eq!(outcome.message.is_empty(), fits, "{name} {style}");
            }
        }
    }
}

#[test]
fn libraries_of_the_host_are_visible_as_for_dlopen() {
    let Some(lab) = Lab::new("fits-visible") else {
        return;
    };
    let plain = lab.host("plain", &[]);
    let other = lab.library("lib/libother.so", "int other(void) { return 1; }", &[]);
    let linked = lab.host("linked", &["-Llib", "-lother", "-Wl,-rpath,$ORIGIN/lib"]);
    let source = "int other(void); int f(void) { return other(); }";
    let alone = lab.library("alone.so", source, &[]);
    let needing = lab.library("needing.so", source, &["-Llib", "-lother"]);
    lab.open(&plain, &[], &alone, &[])
        .does_not_fit("undefined_symbol");
    lab.open(&linked, &[], &alone, &[]).fits();
    // Opened by the host, it is local: only a plug-in that needs it sees it.
    let outcome = lab
        .open(&plain, &[&other], &alone, &[])
        .does_not_fit("undefined_symbol");
    let near = &outcome.finding("undefined_symbol")["near"];
    assert_eq!(near["difference"], "out_of_reach", "{near}");
    lab.open(&plain, &[&other], &alone, &["--global"]).fits();
    lab.open(&plain, &[&other], &needing, &[]).fits();
    lab.open(&plain, &[], &needing, &[])
        .does_not_fit("missing_library");
    let directory = lab.path("lib");
    let directory = directory.to_str().unwrap();
    lab.open(&plain, &[], &needing, &["--library-path", directory])
        .fits();
    // A file that is loaded is not loaded again.
    let again = lab.open(&linked, &[], &other, &[]).fits();
    assert_eq!(again.report["already_loaded"], true);
}

#[test]
fn search_paths_of_the_host_are_used_as_by_dlopen() {
    let Some(lab) = Lab::new("fits-paths") else {
        return;
    };
    lab.library("lib/libdeep.so", "int deep(void) { return 1; }", &[]);
    lab.library(
        "mid/libmid.so",
        "int deep(void); int mid(void) { return deep(); }",
        &["-Llib", "-ldeep"],
    );
    let rpath = lab.host("rpath", &["-Wl,--disable-new-dtags,-rpath,$ORIGIN/lib"]);
    let runpath = lab.host("runpath", &["-Wl,--enable-new-dtags,-rpath,$ORIGIN/lib"]);
    let source = "int deep(void); int mid(void); int f(void) { return mid() + deep(); }";
    let deep = "int deep(void); int f(void) { return deep(); }";
    for (host, name, options, fits) in [
        (&rpath, "a.so", &["-Llib", "-ldeep"][..], true),
        (&runpath, "b.so", &["-Llib", "-ldeep"], false),
        // RUNPATH of the plug-in turns the program's RPATH off, for the plug-in only.
        (
            &rpath,
            "c.so",
            &["-Llib", "-ldeep", "-Wl,--enable-new-dtags,-rpath,/nowhere"],
            false,
        ),
        (
            &rpath,
            "d.so",
            &["-Llib", "-ldeep", "-Wl,--disable-new-dtags,-rpath,/nowhere"],
            true,
        ),
    ] {
        let plugin = lab.library(name, deep, options);
        let outcome = lab.open(host, &[], &plugin, &[]);
        assert_eq!(
            outcome.message.is_empty(),
            fits,
            "{name}: {}",
            outcome.message
        );
    }
    for (host, name, dtags, fits) in [
        // RPATH of the plug-in counts for what it brings, RUNPATH does not.
        (&runpath, "e.so", "--disable-new-dtags", true),
        (&runpath, "f.so", "--enable-new-dtags", false),
        (&rpath, "g.so", "--enable-new-dtags", true),
    ] {
        let rpath = format!("-Wl,{dtags},-rpath,$ORIGIN/mid:$ORIGIN/lib");
        let plugin = lab.library(
            name,
            source,
            &["-Lmid", "-lmid", "-Wl,-rpath-link,lib", &rpath],
        );
        let outcome = lab.open(host, &[], &plugin, &[]);
        assert_eq!(
            outcome.message.is_empty(),
            fits,
            "{name}: {}",
            outcome.message
        );
    }
}

#[test]
fn symbol_versions_match_as_for_dlopen() {
    let Some(lab) = Lab::new("fits-versions") else {
        return;
    };
    let host = lab.host("host", &[]);
    lab.scratch.write("v1.map", "V1 { global: f; local: *; };");
    lab.scratch.write("v2.map", "V2 { global: f; local: *; };");
    lab.scratch.write(
        "both.map",
        "V1 { global: f; local: *; }; V2 { global: f; } V1;",
    );
    lab.scratch
        .write("moved.map", "V1 { global: g; local: *; };");
    lab.scratch.write(
        "three.map",
        "V1 { local: *; }; V2 { global: f; } V1; V3 { global: f; } V2;",
    );
    let f = "int f(void) { return 1; } int g(void) { return 2; }";
    let two = "int f1(void) { return 1; } int f2(void) { return 2; }
        __asm__(\".symver f1,f@V1\"); __asm__(\".symver f2,f@@V2\");";
    let old = "int f1(void) { return 1; } __asm__(\".symver f1,f@V1\");";
    let hidden = "int f1(void) { return 1; } int f2(void) { return 2; }
        __asm__(\".symver f1,f@V2\"); __asm__(\".symver f2,f@V3\");";
    let one_hidden = "int f1(void) { return 1; } __asm__(\".symver f1,f@V3\");";
    let default_third = "int f1(void) { return 1; } __asm__(\".symver f1,f@@V3\");";
    let user = "int f(void); int use(void) { return f(); }";
    let link = ["-Llib", "-lv", "-Wl,-rpath,$ORIGIN/lib"];
    let build = |source: &str, script: Option<&str>| {
        let option = script.map(|script| format!("-Wl,--version-script={script}.map"));
        let options: Vec<&str> = option.iter().map(String::as_str).collect();
        lab.library("lib/libv.so", source, &options)
    };
    build(f, Some("v1"));
    let wants_v1 = lab.library("wants_v1.so", user, &link);
    build(two, Some("both"));
    let wants_v2 = lab.library("wants_v2.so", user, &link);
    build(f, None);
    let wants_any = lab.library("wants_any.so", user, &link);
    for (source, script, expected) in [
        (f, Some("v1"), [true, false, true]),
        (f, Some("v2"), [false, true, true]),
        (two, Some("both"), [true, true, true]),
        (f, None, [true, true, true]),
        (old, Some("v1"), [true, false, true]),
        // The version is there, but the symbol is not.
        (f, Some("moved"), [false, false, false]),
        (hidden, Some("three"), [false, true, false]),
        (one_hidden, Some("three"), [false, false, false]),
        (default_third, Some("three"), [false, false, true]),
    ] {
        build(source, script);
        for (plugin, fits) in [&wants_v1, &wants_v2, &wants_any].into_iter().zip(expected) {
            let outcome = lab.open(&host, &[], plugin, &[]);
            let message = &outcome.message;
            assert_eq!(
                message.is_empty(),
                fits,
                "{script:?} {}: {message}",
                plugin.display()
            );
            let missing = message.contains("version `");
            assert_eq!(
                outcome.kinds().contains("missing_version"),
                missing,
                "{message}"
            );
        }
    }
}

#[test]
fn library_that_the_host_has_loaded_wins_by_soname() {
    let Some(lab) = Lab::new("fits-soname") else {
        return;
    };
    lab.scratch.write("old.map", "V1 { global: f; local: *; };");
    lab.scratch.write(
        "new.map",
        "V1 { global: f; local: *; }; V2 { global: g; } V1;",
    );
    let source = "int f(void) { return 1; } int g(void) { return 2; }";
    lab.library("old/libdep.so.1", source, &["-Wl,--version-script=old.map"]);
    lab.library("new/libdep.so.1", source, &["-Wl,--version-script=new.map"]);
    let with_old = lab.host("with_old", &["old/libdep.so.1", "-Wl,-rpath,$ORIGIN/old"]);
    let without = lab.host("without", &[]);
    let user = "int g(void); int use(void) { return g(); }";
    let plugin = lab.library(
        "plugin.so",
        user,
        &["new/libdep.so.1", "-Wl,-rpath,$ORIGIN/new"],
    );
    lab.open(&without, &[], &plugin, &[]).fits();
    let outcome = lab
        .open(&with_old, &[], &plugin, &[])
        .does_not_fit("missing_version");
    let finding = outcome.finding("missing_version");
    assert_eq!(finding["version"], "V2");
    let old = lab.path("old/libdep.so.1");
    assert_eq!(finding["library"], old.to_str().unwrap());
    let message = finding["message"].as_str().unwrap();
    assert!(
        message.contains("the application has loaded it"),
        "{message}"
    );
    // The same library, opened before by the host.
    lab.open(&without, &[&old], &plugin, &[])
        .does_not_fit("missing_version");
}

#[test]
fn flags_that_dlopen_refuses_are_found() {
    let Some(lab) = Lab::new("fits-flags") else {
        return;
    };
    let host = lab.host("host", &[]);
    let plain = "int f(void) { return 1; }";
    let closed = lab.library("lib/libclosed.so", plain, &["-Wl,-z,nodlopen"]);
    lab.open(&host, &[], &closed, &[]).does_not_fit("no_open");
    let link = ["-Llib", "-lclosed", "-Wl,-rpath,$ORIGIN/lib"];
    let needing = lab.library(
        "needing.so",
        "int f(void); int g(void) { return f(); }",
        &link,
    );
    lab.open(&host, &[], &needing, &[]).does_not_fit("no_open");
    let linked = lab.host("linked", &link);
    lab.open(&linked, &[], &needing, &[]).fits();
    for options in [&["-pie", "-fPIE"][..], &["-no-pie"]] {
        let program = lab.host("program", options);
        lab.open(&host, &[], &program, &[]).does_not_fit("program");
    }
    let stack = lab.library("stack.so", plain, &["-Wl,-z,execstack"]);
    let text = lab.library(
        "text.so",
        "__asm__(\".text\\n.globl t\\nt: .quad puts\\n\"); int f(void) { return 1; }",
        &["-Wl,-z,notext"],
    );
    for (plugin, kind) in [(&stack, "executable_stack"), (&text, "text_relocations")] {
        let outcome = lab.open(&host, &[], plugin, &[]);
        assert_eq!(outcome.kinds(), BTreeSet::from([kind]));
        c47()
            .args(["elf", "fits", "--strict", "--in"])
            .arg(&host)
            .arg(plugin)
            .run()
            .expect_code(1);
    }
    // A level that the machine may not have.
    let v4 = lab.library("v4.so", plain, &["-Wl,-z,x86-64-v4"]);
    lab.open(&host, &[], &v4, &[]);
    let low = c47()
        .args(["elf", "fits", "--cpu", "v2", "--in"])
        .arg(&host)
        .arg(&v4)
        .run();
    let low = low.expect_code(1);
    assert!(
        low.stdout_text().contains("needs an x86-64-v4 CPU"),
        "{}",
        low.stdout_text()
    );
    let mut bytes = fs::read(&closed).unwrap();
    bytes[18] = 183; // AArch64
    let foreign = lab.scratch.write("foreign.so", bytes);
    lab.open(&host, &[], &foreign, &[])
        .does_not_fit("architecture");
}

#[test]
fn static_tls_is_limited_as_by_dlopen() {
    let Some(lab) = Lab::new("fits-tls") else {
        return;
    };
    let host = lab.host("host", &["-rdynamic"]);
    let model = "-ftls-model=initial-exec";
    let own = |bytes: usize| {
        let source = format!(
            "__thread char block[{bytes}]; char *f(void) {{ return block; }}
            static __thread int mine; int g(void) {{ return mine++; }}"
        );
        lab.library(&format!("tls{bytes}.so"), &source, &[model])
    };
    let near_the_limit = (1640..1780).step_by(4);
    for bytes in [16, 512, 1400]
        .into_iter()
        .chain(near_the_limit)
        .chain([4096, 100_000])
    {
        let outcome = lab.open(&host, &[], &own(bytes), &[]);
        let kinds = outcome.kinds();
        assert_eq!(
            kinds,
            BTreeSet::from(["static_tls"]),
            "{bytes}: {}",
            outcome.report
        );
        let refused = outcome.message.contains("static TLS block");
        assert_eq!(
            outcome.finding("static_tls")["severity"] == "error",
            refused
        );
    }
    // The program's own TLS has its place, whatever its size.
    let source = "extern __thread int program_tls[2048]; int *f(void) { return program_tls; }";
    let outcome = lab
        .open(&host, &[], &lab.library("uses.so", source, &[model]), &[])
        .fits();
    assert_eq!(outcome.kinds(), BTreeSet::new());
    // A dynamic model needs no place.
    let dynamic = "__thread char block[100000]; char *f(void) { return block; }";
    let outcome = lab
        .open(&host, &[], &lab.library("dynamic.so", dynamic, &[]), &[])
        .fits();
    assert_eq!(outcome.kinds(), BTreeSet::new());
    // The definition of another library that is brought.
    lab.library("lib/libdefines.so", dynamic, &[]);
    let link = ["-Llib", "-ldefines", "-Wl,-rpath,$ORIGIN/lib", model];
    let user = "extern __thread char block[100000]; char *g(void) { return block; }";
    let user = lab.library("user.so", user, &link);
    lab.open(&host, &[], &user, &[]).does_not_fit("static_tls");
}

#[test]
fn symbols_are_bound_to_the_libraries_that_ld_so_chooses() {
    let Some(lab) = Lab::new("fits-bindings") else {
        return;
    };
    let shared = "int shared(void) { return 1; } int only_host(void) { return 1; }";
    lab.library("lib/libhosts.so", shared, &[]);
    let host = lab.host(
        "host",
        &["-rdynamic", "-Llib", "-lhosts", "-Wl,-rpath,$ORIGIN/lib"],
    );
    let brought = "int shared(void) { return 2; } int theirs(void) { return shared(); }
        __attribute__((weak)) int loose(void) { return 3; }";
    lab.library("brought/libbrought.so", brought, &[]);
    let own = "int shared(void) { return 4; } int theirs(void); int in_program(void);
        int only_host(void); int loose(void); int twice(void) { return 5; }
        __attribute__((visibility(\"protected\"))) int guarded(void) { return 6; }
        void *table[] = { shared, theirs, in_program, only_host, loose, twice, guarded };
        int f(void) { return shared() + theirs() + in_program() + only_host() + loose()
            + twice() + guarded(); }";
    let link = ["-Lbrought", "-lbrought", "-Wl,-rpath,$ORIGIN/brought"];
    for (name, more) in [("normal.so", &[][..]), ("symbolic.so", &["-Wl,-Bsymbolic"])] {
        let options: Vec<&str> = link.iter().chain(more).copied().collect();
        let plugin = lab.library(name, own, &options);
        let outcome = lab.open(&host, &[], &plugin, &[]).fits();
        let interposed = outcome.finding("interposed");
        assert_eq!(interposed["symbol"], "shared", "{interposed}");
        for mode in [&[][..], &["--global"]] {
            let compared = lab.bindings_agree(&host, &plugin, mode);
            assert!(compared >= 5, "{compared}");
        }
    }
}

#[test]
fn libraries_of_one_family_are_reported_with_the_copy_that_wins() {
    let Some(lab) = Lab::new("fits-family") else {
        return;
    };
    let source = "int run(void) { return 1; } int other(void) { return 2; }";
    lab.library("lib/libtbb.so.2", source, &[]);
    lab.library("brought/libtbb-0123abcd.so.12", source, &[]);
    let host = lab.host("host", &["lib/libtbb.so.2", "-Wl,-rpath,$ORIGIN/lib"]);
    let user = "int run(void); int use(void) { return run(); }";
    let link = [
        "brought/libtbb-0123abcd.so.12",
        "-Wl,-rpath,$ORIGIN/brought",
    ];
    let plugin = lab.library("plugin.so", user, &link);
    let outcome = lab.open(&host, &[], &plugin, &[]).fits();
    let family = &outcome.finding("family")["family"];
    assert_eq!(family["name"], "libtbb");
    assert_eq!(family["shared_symbols"], 2);
    let versions: Vec<&str> = family["libraries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|library| library["version"].as_str().unwrap())
        .collect();
    assert_eq!(versions, ["2", "12"]);
    let bound = &family["bound"][0];
    assert_eq!(bound["object"], plugin.to_str().unwrap());
    assert_eq!(
        bound["provider"],
        lab.path("lib/libtbb.so.2").to_str().unwrap()
    );
    assert_eq!(bound["needs_instead"], "libtbb-0123abcd.so.12");
    assert!(lab.bindings_agree(&host, &plugin, &[]) >= 1);
}

#[test]
fn similar_symbols_of_other_releases_are_named() {
    let Some(lab) = Lab::new("fits-near") else {
        return;
    };
    let host = lab.host("host", &[]);
    let usd = |version: &str| {
        format!(
            "//c++\n#include <string>\nnamespace pxrInternal_v0_{version} {{ struct Prim {{
            int Name(int); void Set(const std::string &); }};
            int Prim::Name(int n) {{ return n; }} void Prim::Set(const std::string &) {{}} }}"
        )
    };
    let user =
        "//c++\n#include <string>\nnamespace pxrInternal_v0_23 { struct Prim { int Name(int);
        void Set(const std::string &); }; }
        int f(pxrInternal_v0_23::Prim &p) { p.Set(\"x\"); return p.Name(1); }";
    let link = ["-Llib", "-lusd", "-Wl,-rpath,$ORIGIN/lib"];
    lab.library("lib/libusd.so", &usd("23"), &[]);
    let plugin = lab.library("plugin.so", user, &link);
    lab.open(&host, &[], &plugin, &[]).fits();
    lab.library("lib/libusd.so", &usd("24"), &[]);
    let outcome = lab
        .open(&host, &[], &plugin, &[])
        .does_not_fit("undefined_symbol");
    let findings = outcome.report["findings"].as_array().unwrap();
    let undefined: Vec<&Value> = findings
        .iter()
        .filter(|finding| finding["kind"] == "undefined_symbol")
        .collect();
    assert_eq!(undefined.len(), 2, "{}", outcome.report);
    for finding in undefined {
        let near = &finding["near"];
        assert_eq!(near["difference"], "name");
        assert_eq!(near["library"], lab.path("lib/libusd.so").to_str().unwrap());
        let demangled = near["demangled"].as_str().unwrap();
        assert!(
            demangled.starts_with("pxrInternal_v0_24::Prim::"),
            "{demangled}"
        );
    }
    // The same release, built with the old C++ ABI.
    lab.library("lib/libusd.so", &usd("23"), &["-D_GLIBCXX_USE_CXX11_ABI=0"]);
    let outcome = lab
        .open(&host, &[], &plugin, &[])
        .does_not_fit("undefined_symbol");
    let near = &outcome.finding("undefined_symbol")["near"];
    assert_eq!(near["difference"], "cxx_abi", "{}", outcome.report);
}

#[test]
fn circles_and_long_chains_end() {
    let Some(lab) = Lab::new("fits-circles") else {
        return;
    };
    let host = lab.host("host", &[]);
    lab.library("lib/libb.so", "int b(void) { return 1; }", &[]);
    lab.library(
        "lib/liba.so",
        "int b(void); int a(void) { return b(); }",
        &["-Llib", "-lb"],
    );
    let b = "int a(void); int b(void) { return 1; } int c(void) { return a(); }";
    let link = ["-Llib", "-la", "-Wl,-rpath,$ORIGIN"];
    lab.library("lib/libb.so", b, &link);
    let plugin = lab.library(
        "plugin.so",
        "int a(void); int f(void) { return a(); }",
        &["-Llib", "-la", "-Wl,--disable-new-dtags,-rpath,$ORIGIN/lib"],
    );
    let outcome = lab.open(&host, &[], &plugin, &[]).fits();
    let circle = outcome.finding("circle");
    assert_eq!(circle["severity"], "note");
    assert_eq!(circle["objects"].as_array().unwrap().len(), 2);
    let tree = c47()
        .args(["elf", "fits", "--tree", "--in"])
        .arg(&host)
        .arg(&plugin)
        .run();
    let tree = tree.expect_code(0);
    assert!(
        tree.stdout_text().contains("libb.so"),
        "{}",
        tree.stdout_text()
    );
    assert!(
        tree.stdout_text().contains("(host)"),
        "{}",
        tree.stdout_text()
    );
}

#[test]
fn incomplete_host_makes_the_verdict_unknown() {
    let Some(lab) = Lab::new("fits-incomplete") else {
        return;
    };
    let gone = lab.library("lib/libgone.so", "int gone(void) { return 1; }", &[]);
    let host = lab.host("host", &["-Llib", "-lgone", "-Wl,-rpath,$ORIGIN/lib"]);
    let user = lab.library(
        "user.so",
        "int gone(void); int f(void) { return gone(); }",
        &[],
    );
    let plain = lab.library("plain.so", "int f(void) { return 1; }", &[]);
    lab.open(&host, &[], &user, &[]).fits();
    fs::remove_file(gone).unwrap();
    let run = |plugin: &Path| {
        c47()
            .args(["elf", "fits", "--in"])
            .arg(&host)
            .arg(plugin)
            .run()
    };
    let unknown = run(&user).expect_code(7);
    assert!(
        unknown.stdout_text().contains("libgone.so"),
        "{}",
        unknown.stdout_text()
    );
    assert!(
        unknown.stdout_text().contains("not known"),
        "{}",
        unknown.stdout_text()
    );
    run(&plain).expect_code(0);
    let script = lab.scratch.write("maya", "#!/bin/sh\nexec maya.bin\n");
    let run = c47()
        .args(["elf", "fits", "--in"])
        .arg(&script)
        .arg(&plain)
        .run();
    let refused = run.expect_code(7);
    assert!(
        refused.stderr_text().contains("a script (#!/bin/sh)"),
        "{}",
        refused.stderr_text()
    );
}

#[test]
fn directory_and_memory_map_serve_as_hosts() {
    let Some(lab) = Lab::new("fits-hosts") else {
        return;
    };
    lab.library("lib/libone.so", "int one(void) { return 1; }", &[]);
    lab.library(
        "lib/libtwo.so",
        "int one(void); int two(void) { return one(); }",
        &["-Llib", "-lone"],
    );
    let user = lab.library(
        "user.so",
        "int two(void); int f(void) { return two(); }",
        &[],
    );
    let lost = lab.library(
        "lost.so",
        "int three(void); int f(void) { return three(); }",
        &[],
    );
    let fits = |host: &str, plugin: &Path, more: &[&str]| {
        let run = c47()
            .args(["elf", "fits", "--in", host])
            .args(more)
            .arg(plugin)
            .run();
        assert!(run.code < 2, "{}", run.tell());
        run.code == 0
    };
    let directory = lab.path("lib");
    let directory = directory.to_str().unwrap();
    assert!(fits(directory, &user, &[]));
    assert!(!fits(directory, &lost, &[]));
    // A running process: this test, which has not loaded the libraries.
    assert!(!fits("/proc/self/maps", &user, &[]));
    // The map of a process that opened them.
    let host = lab.host("host", &[]);
    let line = |address: u32, path: &Path| {
        format!(
            "{address:x}000-{address:x}800 r-xp 00000000 08:01 7  {}\n",
            path.display()
        )
    };
    let libc = fs::canonicalize("/lib/x86_64-linux-gnu/libc.so.6");
    let mut map = line(1, &host) + &line(9, &lab.path("lib/libone.so"));
    map += &line(8, &lab.path("lib/libtwo.so"));
    map += "7000-7800 rw-p 00000000 00:00 0  [heap]\n";
    if let Ok(libc) = libc {
        map += &line(10, &libc);
    }
    let map = lab.scratch.write("map", map);
    let map = map.to_str().unwrap();
    assert!(!fits(map, &user, &[]));
    assert!(fits(map, &user, &["--global"]));
    assert!(!fits(map, &lost, &["--global"]));
}
