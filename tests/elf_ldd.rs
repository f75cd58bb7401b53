//! Compares `c47 elf ldd` with `ldd`: for the programs and libraries of this machine, and for files
//! that gcc builds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{self, Scratch, c47, sample};

/// Paths that are loaded, and names that are missing (as "! name").
type Libraries = BTreeSet<String>;

/// How many files of the machine a sample has.
const SAMPLE: usize = 300;

const INTERPRETERS: [&str; 2] = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux.so.2"];

/// The output of ldd. `None` if it prints "not a dynamic executable".
fn ldd(file: &Path, environment: &[(&str, &str)], directory: &Path) -> Option<Libraries> {
    let output = Command::new("ldd")
        .arg(file)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(environment.iter().copied())
        .current_dir(directory)
        .output()
        .expect("ldd");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    if text.contains("not a dynamic") || errors.contains("not a dynamic") {
        return None;
    }
    let mut libraries = Libraries::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("linux-vdso") || line.starts_with("linux-gate") {
            continue;
        }
        match line.split_once(" => ") {
            Some((name, "not found")) => {
                libraries.insert(format!("! {name}"));
            }
            Some((_, path)) => {
                libraries.extend(path.rsplit_once(" (0x").map(|(path, _)| path.into()))
            }
            None => libraries.extend(line.rsplit_once(" (0x").map(|(path, _)| path.into())),
        }
    }
    for interpreter in INTERPRETERS {
        libraries.remove(interpreter);
    }
    Some(libraries)
}

fn libraries_of(report: &serde_json::Value) -> Libraries {
    let mut libraries = Libraries::new();
    for library in report["libraries"].as_array().unwrap() {
        libraries.insert(library["path"].as_str().unwrap().to_owned());
    }
    for missing in report["missing"].as_array().unwrap() {
        libraries.insert(format!("! {}", missing["name"].as_str().unwrap()));
    }
    for interpreter in INTERPRETERS {
        libraries.remove(interpreter);
    }
    libraries
}

fn reports(
    arguments: &[&str],
    environment: &[(&str, &str)],
    directory: &Path,
) -> Vec<serde_json::Value> {
    let mut run = c47()
        .args(["elf", "ldd", "--json"])
        .args(arguments)
        .current_dir(directory);
    for (name, value) in environment {
        run = run.env(name, value);
    }
    let output = run.run();
    assert!(
        output.code == 0 || output.code == 1,
        "{}",
        output.stderr_text()
    );
    let lines = output.stdout_text().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Asserts that both agree. Returns the rule that found each library, by name.
fn same(file: &Path, environment: &[(&str, &str)], directory: &Path) -> BTreeMap<String, String> {
    let report = &reports(&[file.to_str().unwrap()], environment, directory)[0];
    let theirs = ldd(file, environment, directory).expect("a dynamic object");
    assert_eq!(
        libraries_of(report),
        theirs,
        "{} {environment:?}\n{report}",
        file.display()
    );
    let libraries = report["libraries"].as_array().unwrap().iter();
    libraries
        .map(|one| {
            let name = one["name"].as_str().unwrap();
            (
                name.to_owned(),
                one["found_by"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

/// Runs a compiler in `directory`. False if there is no such compiler.
fn compile(compiler: &str, directory: &Path, arguments: &[&str]) -> bool {
    let output = Command::new(compiler)
        .args(arguments)
        .current_dir(directory)
        .output();
    match output {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            println!(
                "{compiler} {arguments:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            false
        }
        Err(_) => false,
    }
}

/// Builds `libNAME.so` in `below` with a function `NAME` that returns `number`.
fn library(scratch: &Scratch, below: &str, name: &str, number: u32, more: &[&str]) {
    let source = format!("int {name}(void) {{ return {number}; }}\n");
    scratch.write(&format!("{name}.c"), source);
    fs::create_dir_all(scratch.path().join(below)).unwrap();
    let output = format!("{below}/lib{name}.so");
    let soname = format!("-Wl,-soname,lib{name}.so");
    let source = format!("{name}.c");
    let mut arguments = vec!["-shared", "-fPIC", "-o", &output, &soname, &source];
    arguments.extend(more);
    assert!(
        compile("gcc", scratch.path(), &arguments),
        "gcc builds {output}"
    );
}

/// Builds a program `name` that needs the library `needs`, linked from the directory `at`.
fn program(scratch: &Scratch, name: &str, needs: &str, at: &str, more: &[&str]) -> PathBuf {
    let source = format!("int {needs}(void); int main(void) {{ return {needs}(); }}\n");
    scratch.write("main.c", source);
    let (at, needs) = (format!("-L{at}"), format!("-l{needs}"));
    let mut arguments = vec!["-o", name, "main.c", &at, &needs];
    arguments.extend(more);
    assert!(
        compile("gcc", scratch.path(), &arguments),
        "gcc builds {name}"
    );
    scratch.path().join(name)
}

fn elf_files(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            elf_files(&entry.path(), files);
        } else if kind.is_file() {
            let mut head = [0; 20];
            let file = fs::File::open(entry.path());
            let read = file.and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head));
            // A program or library for x86-64 or i386, which ldd supports here.
            let runs = head[4] == 2 && head[18] == 62
                || head[4] == 1 && head[18] == 3 && Path::new(INTERPRETERS[1]).exists();
            if read.is_ok() && head.starts_with(b"\x7fELF") && runs && [2, 3].contains(&head[16]) {
                files.push(entry.path());
            }
        }
    }
}

/// Known differences, where ldd is wrong or fails.
fn explained(theirs: Option<&Libraries>, report: &serde_json::Value) -> Option<&'static str> {
    let missing = report["missing"].as_array().unwrap();
    let broken = missing
        .iter()
        .any(|one| one["why"].as_str().unwrap().contains("cannot be loaded"));
    if broken && theirs.is_some_and(BTreeSet::is_empty) {
        return Some("ld.so fails at a file that is not a library, and so does ldd");
    }
    None
}

#[test]
fn ldd_agrees_for_the_files_of_this_machine() {
    let mut files = Vec::new();
    for directory in [
        "/usr/bin",
        "/usr/sbin",
        "/usr/lib",
        "/usr/lib32",
        "/usr/libexec",
        "/opt",
    ] {
        elf_files(Path::new(directory), &mut files);
    }
    files.sort();
    files.retain(|file| file.to_str().is_some() && file.extension().is_none_or(|e| e != "debug"));
    let files = sample(files, SAMPLE);
    let mut ours = BTreeMap::new();
    for some in files.chunks(500) {
        let names: Vec<&str> = some.iter().map(|file| file.to_str().unwrap()).collect();
        for report in reports(&names, &[], Path::new("/")) {
            ours.insert(PathBuf::from(report["path"].as_str().unwrap()), report);
        }
    }
    let next = AtomicUsize::new(0);
    let ask = || {
        let mut theirs = Vec::new();
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            theirs.push((file, ldd(file, &[], Path::new("/"))));
        }
        theirs
    };
    let theirs: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let (mut agree, mut explanations, mut differ) = (0, 0, Vec::new());
    for (file, theirs) in theirs {
        let report = ours.get(file);
        let nothing = |report: &serde_json::Value| libraries_of(report).is_empty();
        let same = match (&theirs, report) {
            (Some(theirs), Some(report)) => *theirs == libraries_of(report),
            // A static program, for which c47 prints "statically linked" or an error.
            (None, report) => report.is_none_or(nothing),
            (Some(_), None) => false,
        };
        match report.and_then(|report| explained(theirs.as_ref(), report)) {
            _ if same => agree += 1,
            Some(why) => {
                println!("explained: {}: {why}", file.display());
                explanations += 1;
            }
            None => differ.push(format!(
                "{}\n  ldd {theirs:?}\n  c47 {report:?}",
                file.display()
            )),
        }
    }
    println!(
        "elf ldd agrees with ldd on {agree} of {} files, {explanations} explained",
        files.len()
    );
    assert!(
        differ.is_empty(),
        "{} differ:\n{}",
        differ.len(),
        differ.join("\n")
    );
}

#[test]
fn search_paths_are_used_in_order() {
    let scratch = Scratch::new("order");
    for (place, number) in [("one", 1), ("two", 2), ("three", 3)] {
        library(&scratch, place, "a", number, &[]);
    }
    let at = |place: &str| scratch.path().join(place).to_str().unwrap().to_owned();
    let (one, two) = (at("one"), at("two"));
    let here = scratch.path();
    let with = |flags: &[&str]| program(&scratch, "program", "a", "one", flags);
    let rule =
        |file: &Path, environment: &[(&str, &str)]| same(file, environment, here).remove("liba.so");

    let plain = with(&[]);
    assert_eq!(rule(&plain, &[]), None);
    assert_eq!(
        rule(&plain, &[("LD_LIBRARY_PATH", &two)]).unwrap(),
        "ld_library_path"
    );
    let both = format!("/nowhere:{two}//:{one};{one}");
    assert_eq!(
        rule(&plain, &[("LD_LIBRARY_PATH", &both)]).unwrap(),
        "ld_library_path"
    );
    rule(&plain, &[("LD_LIBRARY_PATH", "one")]).unwrap();
    same(&plain, &[("LD_LIBRARY_PATH", ":/x")], Path::new(&one));
    same(&plain, &[("LD_LIBRARY_PATH", "$ORIGIN/three")], here);

    let runpath = with(&["-Wl,-rpath,$ORIGIN/one", "-Wl,--enable-new-dtags"]);
    assert_eq!(rule(&runpath, &[]).unwrap(), "runpath");
    assert_eq!(
        rule(&runpath, &[("LD_LIBRARY_PATH", &two)]).unwrap(),
        "ld_library_path"
    );
    let rpath = with(&["-Wl,-rpath,${ORIGIN}/./one//", "-Wl,--disable-new-dtags"]);
    assert_eq!(rule(&rpath, &[]).unwrap(), "rpath");
    assert_eq!(rule(&rpath, &[("LD_LIBRARY_PATH", &two)]).unwrap(), "rpath");
    for flags in [
        "-Wl,-rpath,:/x",
        "-Wl,-rpath,$ORIGIN/$PLATFORM:$ORIGIN/three",
        "-Wl,-rpath,$ORIGINAL/one:$ORIGIN/two",
    ] {
        same(&with(&[flags]), &[], Path::new(&one));
    }
    for lib in ["lib64", "lib/x86_64-linux-gnu", "lib"] {
        library(&scratch, &format!("x/{lib}"), "a", 4, &[]);
    }
    assert_eq!(
        rule(&with(&["-Wl,-rpath,$ORIGIN/x/$LIB"]), &[]).unwrap(),
        "runpath"
    );
}

#[test]
fn rpath_is_inherited_but_runpath_is_not() {
    for tags in ["-Wl,--disable-new-dtags", "-Wl,--enable-new-dtags"] {
        let scratch = Scratch::new("chain");
        let here = scratch.path();
        library(&scratch, "deep", "b", 2, &[]);
        library(
            &scratch,
            "lib",
            "a",
            1,
            &["-Ldeep", "-Wl,--no-as-needed", "-lb"],
        );
        let flags = [
            "-Wl,-rpath,$ORIGIN/lib:$ORIGIN/deep",
            "-Wl,-rpath-link,deep",
            tags,
        ];
        let program = program(&scratch, "program", "a", "lib", &flags);
        let rules = same(&program, &[], here);
        let expected = if tags.contains("disable") {
            Some("rpath")
        } else {
            None
        };
        assert_eq!(rules.get("libb.so").map(String::as_str), expected);
        // A RUNPATH in the chain disables the RPATHs above it.
        library(
            &scratch,
            "lib",
            "a",
            1,
            &[
                "-Ldeep",
                "-Wl,--no-as-needed",
                "-lb",
                "-Wl,-rpath,/nowhere",
                "-Wl,--enable-new-dtags",
            ],
        );
        assert!(!same(&program, &[], here).contains_key("libb.so"));
    }
}

#[test]
fn hwcaps_directories_are_searched() {
    let scratch = Scratch::new("hwcaps");
    library(&scratch, "lib", "a", 1, &[]);
    for level in ["x86-64-v2", "x86-64-v3", "x86-64-v4"] {
        library(&scratch, &format!("lib/glibc-hwcaps/{level}"), "a", 2, &[]);
    }
    let program_file = program(&scratch, "program", "a", "lib", &["-Wl,-rpath,$ORIGIN/lib"]);
    let rules = same(&program_file, &[], scratch.path());
    println!("liba.so by {}", rules["liba.so"]);
    let lib = scratch.path().join("lib");
    let plain = program(&scratch, "plain", "a", "lib", &[]);
    same(
        &plain,
        &[("LD_LIBRARY_PATH", lib.to_str().unwrap())],
        scratch.path(),
    );
    // The directories used before glibc 2.33, if this glibc still supports them.
    library(&scratch, "old/tls/x86_64", "a", 3, &[]);
    library(&scratch, "old/tls", "a", 4, &[]);
    let old = scratch.path().join("old");
    same(
        &plain,
        &[("LD_LIBRARY_PATH", old.to_str().unwrap())],
        scratch.path(),
    );
    let least = reports(
        &["--cpu", "v1", program_file.to_str().unwrap()],
        &[],
        scratch.path(),
    );
    assert!(libraries_of(&least[0]).contains(&format!("{}/liba.so", lib.display())));
}

#[test]
fn nodeflib_preload_and_paths_as_names_are_supported() {
    let scratch = Scratch::new("various");
    let here = scratch.path();
    library(&scratch, "lib", "a", 1, &[]);
    library(&scratch, "lib", "p", 9, &[]);
    let lib = here.join("lib");
    let flags = ["-Wl,-z,nodefaultlib", "-Wl,-rpath,$ORIGIN/lib"];
    same(
        &program(&scratch, "nodeflib", "a", "lib", &flags),
        &[],
        here,
    );
    let program_file = program(&scratch, "program", "a", "lib", &["-Wl,-rpath,$ORIGIN/lib"]);
    let preload = format!("{}/libp.so libnone.so", lib.display());
    let rules = same(&program_file, &[("LD_PRELOAD", &preload)], here);
    let rule = rules
        .iter()
        .find(|(name, _)| name.ends_with("libp.so"))
        .unwrap()
        .1;
    assert_eq!(rule, "preload");
    same(&program_file, &[("LD_PRELOAD", "libp.so:libp.so")], here);
    // Without a SONAME the path becomes the name.
    assert!(compile(
        "gcc",
        here,
        &["-shared", "-fPIC", "-o", "lib/libs.so", "a.c"]
    ));
    scratch.write("main.c", "int a(void); int main(void) { return a(); }");
    assert!(compile(
        "gcc",
        here,
        &["-o", "slash", "main.c", "lib/libs.so"]
    ));
    assert_eq!(same(&here.join("slash"), &[], here)["lib/libs.so"], "path");
    same(&here.join("slash"), &[], Path::new("/"));
}

#[test]
fn unsuitable_candidates_are_skipped_or_reported() {
    let scratch = Scratch::new("unfit");
    let here = scratch.path();
    library(&scratch, "good", "a", 1, &[]);
    let program_file = program(
        &scratch,
        "program",
        "a",
        "good",
        &["-Wl,-rpath,$ORIGIN/good"],
    );
    let mut other = fs::read(here.join("good/liba.so")).unwrap();
    other[18] = 183; // aarch64
    scratch.write("other/liba.so", &other);
    let path = here.join("other");
    let rules = same(
        &program_file,
        &[("LD_LIBRARY_PATH", path.to_str().unwrap())],
        here,
    );
    assert_eq!(rules["liba.so"], "runpath");
    let alone = program(&scratch, "alone", "a", "good", &[]);
    let output = c47()
        .args(["elf", "ldd", "--library-path"])
        .args([path.as_os_str(), alone.as_os_str()])
        .run()
        .expect_code(1);
    assert!(
        output.stdout_text().contains("is for another architecture"),
        "{}",
        output.stdout_text()
    );
    // ld.so fails at a file that is not a library.
    scratch.write(
        "text/liba.so",
        "not a library, but long enough to have a header, if it were one",
    );
    let path = here.join("text");
    let output = c47()
        .args(["elf", "ldd", "--library-path"])
        .args([path.as_os_str(), alone.as_os_str()])
        .run()
        .expect_code(1);
    assert!(
        output.stdout_text().contains("cannot be loaded"),
        "{}",
        output.stdout_text()
    );
    if compile(
        "gcc",
        here,
        &["-m32", "-shared", "-fPIC", "-o", "liba.so", "a.c"],
    ) {
        fs::create_dir_all(here.join("narrow")).unwrap();
        fs::rename(here.join("liba.so"), here.join("narrow/liba.so")).unwrap();
        let path = here.join("narrow");
        same(
            &program_file,
            &[("LD_LIBRARY_PATH", path.to_str().unwrap())],
            here,
        );
        scratch.write("main.c", "int a(void); int main(void) { return a(); }");
        let flags = [
            "-m32",
            "-o",
            "narrow/program",
            "main.c",
            "-Lnarrow",
            "-la",
            "-Wl,-rpath,$ORIGIN/$LIB:$ORIGIN",
        ];
        assert!(compile("gcc", here, &flags));
        same(&here.join("narrow/program"), &[], here);
    } else {
        support::peers::skipped("32-bit libraries: gcc -m32 does not work here");
    }
}

#[test]
fn versions_are_checked_against_the_library_found() {
    let scratch = Scratch::new("versions");
    let here = scratch.path();
    scratch.write("new.map", "V1 { global: *; };\nV2 { global: a; } V1;\n");
    scratch.write("old.map", "V1 { global: *; };\n");
    library(&scratch, "new", "a", 1, &["-Wl,--version-script,new.map"]);
    library(&scratch, "old", "a", 1, &["-Wl,--version-script,old.map"]);
    let program_file = program(&scratch, "program", "a", "new", &[]);
    let ask = |place: &str| {
        let path = here.join(place);
        c47()
            .args(["elf", "ldd", "--library-path"])
            .args([path.as_os_str(), program_file.as_os_str()])
            .run()
    };
    ask("new").expect_code(0);
    let output = ask("old").expect_code(1);
    let text = output.stdout_text();
    assert!(
        text.contains("version V2 not found (required by") && text.contains("liba.so"),
        "{text}"
    );
    let theirs = Command::new("ldd")
        .arg(&program_file)
        .env("LD_LIBRARY_PATH", here.join("old"))
        .output()
        .unwrap();
    let message = [theirs.stdout, theirs.stderr].concat();
    assert!(String::from_utf8_lossy(&message).contains("`V2' not found"));
    let chain = c47()
        .args(["elf", "ldd", "--library-path"])
        .args([
            here.join("new").as_os_str(),
            "--why".as_ref(),
            "liba".as_ref(),
            program_file.as_os_str(),
        ])
        .run()
        .expect_code(0);
    assert!(
        chain.stdout_text().contains(" -> "),
        "{}",
        chain.stdout_text()
    );
    c47()
        .args([
            "elf",
            "ldd",
            "--why",
            "libnone",
            program_file.to_str().unwrap(),
        ])
        .run()
        .expect_code(1);
}

/// ldd passes the symlink to ld.so, but the kernel resolves it.
#[test]
fn origin_of_a_program_is_resolved_from_its_symlink() {
    let scratch = Scratch::new("link");
    let here = scratch.path();
    library(&scratch, "app/lib", "a", 42, &[]);
    fs::create_dir_all(here.join("app/bin")).unwrap();
    program(
        &scratch,
        "app/bin/program",
        "a",
        "app/lib",
        &["-Wl,-rpath,$ORIGIN/../lib"],
    );
    let link = here.join("program");
    symlink("app/bin/program", &link).unwrap();
    assert_eq!(Command::new(&link).status().unwrap().code(), Some(42));
    let report = &reports(&[link.to_str().unwrap()], &[], here)[0];
    assert!(report["missing"].as_array().unwrap().is_empty(), "{report}");
    assert!(ldd(&link, &[], here).unwrap().contains("! liba.so"));
}

#[test]
fn setuid_program_ignores_the_environment() {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        support::peers::skipped("only root can make a set-user-ID program for other users");
        return;
    }
    // Other users must be able to read it.
    let directory = std::env::temp_dir().join(format!("c47-setuid-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
    let scratch = Scratch::new("setuid");
    library(&scratch, "own", "a", 1, &[]);
    library(&scratch, "env", "a", 2, &[]);
    for place in ["own", "env"] {
        fs::create_dir_all(directory.join(place)).unwrap();
        fs::copy(
            scratch.path().join(place).join("liba.so"),
            directory.join(place).join("liba.so"),
        )
        .unwrap();
    }
    let own = format!("-Wl,-rpath,{}/own", directory.display());
    let built = program(&scratch, "program", "a", "own", &[&own]);
    let file = directory.join("program");
    fs::copy(built, &file).unwrap();
    let environment = directory.join("env");
    let run = || {
        let status = Command::new(&file)
            .env("LD_LIBRARY_PATH", &environment)
            .uid(65534)
            .status();
        status.unwrap().code().unwrap()
    };
    let ask = || {
        let path = ("LD_LIBRARY_PATH", environment.to_str().unwrap());
        let report = &reports(&[file.to_str().unwrap()], &[path], &directory)[0];
        report["libraries"][0]["path"].as_str().unwrap().to_owned()
    };
    assert_eq!(run(), 2);
    assert!(ask().ends_with("/env/liba.so"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o4755)).unwrap();
    assert_eq!(run(), 1);
    assert!(ask().ends_with("/own/liba.so"));
    fs::remove_dir_all(directory).unwrap();
}

/// Another root with a cache in each format and libraries for newer CPUs, compared with ld.so in a
/// chroot.
#[test]
fn root_option_uses_the_cache_of_that_root() {
    let ldconfig = ["/sbin/ldconfig", "/usr/sbin/ldconfig"]
        .into_iter()
        .find(|path| Path::new(path).exists());
    let scratch = Scratch::new("root");
    let root = scratch.path().join("root");
    library(&scratch, "root/opt/a", "a", 1, &[]);
    library(&scratch, "root/opt/a/glibc-hwcaps/x86-64-v2", "a", 2, &[]);
    library(&scratch, "root/opt/real", "b", 1, &[]);
    fs::create_dir_all(root.join("bin")).unwrap();
    let flags = ["-Lroot/opt/real", "-Wl,--no-as-needed", "-lb"];
    program(&scratch, "root/bin/program", "a", "root/opt/a", &flags);
    let interpreter = root.join("lib64/ld-linux-x86-64.so.2");
    fs::create_dir_all(interpreter.parent().unwrap()).unwrap();
    fs::copy(INTERPRETERS[0], interpreter).unwrap();
    let libc = ldd(Path::new("/bin/sh"), &[], Path::new("/")).unwrap();
    let libc = libc
        .iter()
        .find(|path| path.ends_with("/libc.so.6"))
        .expect("glibc")
        .clone();
    let inside = root.join(libc.trim_start_matches('/'));
    fs::create_dir_all(inside.parent().unwrap()).unwrap();
    fs::copy(&libc, &inside).unwrap();
    fs::create_dir_all(root.join("etc")).unwrap();
    // Symlinks are followed inside the root. /opt/b does not exist on this machine.
    symlink("/opt/real", root.join("opt/b")).unwrap();
    fs::write(root.join("etc/ld.so.conf"), "/opt/a\n/opt/b\n").unwrap();
    let root_text = root.to_str().unwrap();
    let ask = |file: &str| {
        let report = reports(&["--root", root_text, file], &[], scratch.path()).remove(0);
        libraries_of(&report)
    };
    for format in ["new", "compat"] {
        let made = ldconfig.map(|ldconfig| {
            Command::new(ldconfig)
                .args(["-r", root_text, "-X", "-c", format])
                .status()
        });
        if !made.is_some_and(|status| status.is_ok_and(|status| status.success())) {
            support::peers::skipped("ldconfig cannot make a cache in another root here");
            return;
        }
        let theirs = Command::new("chroot")
            .args([
                root_text,
                "/lib64/ld-linux-x86-64.so.2",
                "--list",
                "/bin/program",
            ])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&theirs.stdout).into_owned();
        let ours = ask("/bin/program");
        assert_eq!(ours.len(), 3, "{ours:?}");
        // ld.so does not find them in a cache that starts with the old format.
        let better = ours.iter().any(|path| path.contains("glibc-hwcaps"));
        println!("{format}: libraries for newer CPUs found: {better}");
        for path in &ours {
            assert!(
                text.contains(&format!(" => {path} (0x")),
                "{format}: {path} is not in\n{text}"
            );
        }
        // The same file by its path on this machine.
        assert_eq!(ask(root.join("bin/program").to_str().unwrap()), ours);
    }
    let outside = c47()
        .args(["elf", "ldd", "--root", root_text, "/usr/bin/env"])
        .run();
    outside.expect_code(7);
}

#[test]
fn musl_programs_are_resolved_as_by_musl() {
    let scratch = Scratch::new("musl");
    let here = scratch.path();
    scratch.write("a.c", "int a(void) { return 1; }");
    scratch.write("main.c", "int a(void); int main(void) { return a(); }");
    fs::create_dir_all(here.join("lib")).unwrap();
    let interpreter = "/lib/ld-musl-x86_64.so.1";
    let built = compile(
        "musl-gcc",
        here,
        &["-shared", "-fPIC", "-o", "lib/liba.so", "a.c"],
    ) && compile(
        "musl-gcc",
        here,
        &[
            "-o",
            "program",
            "main.c",
            "-Llib",
            "-la",
            "-Wl,-rpath,$ORIGIN/lib",
        ],
    );
    if !built || !Path::new(interpreter).exists() {
        support::peers::skipped("musl-gcc or the ld.so of musl not found");
        return;
    }
    let output = Command::new(interpreter)
        .args(["--list", "program"])
        .current_dir(here)
        .output()
        .unwrap();
    let theirs = String::from_utf8_lossy(&output.stdout).into_owned();
    let report = &reports(&["program"], &[], here)[0];
    assert!(report["missing"].as_array().unwrap().is_empty(), "{report}");
    let path = fs::canonicalize(here.join("lib/liba.so")).unwrap();
    assert!(theirs.contains("liba.so"), "{theirs}");
    assert_eq!(
        report["libraries"][0]["path"].as_str().map(PathBuf::from),
        Some(path)
    );
}

#[test]
fn why_finds_a_library_by_soname_family_file_name_and_prefix() {
    let scratch = Scratch::new("why");
    // auditwheel adds the hash to the file name and to the SONAME.
    library(&scratch, "lib", "tbb", 12, &[]);
    let hashed = "libtbb-091225fa.so.12.12";
    assert!(compile(
        "gcc",
        scratch.path(),
        &[
            "-shared",
            "-fPIC",
            "-o",
            &format!("lib/{hashed}"),
            &format!("-Wl,-soname,{hashed}"),
            "tbb.c",
        ],
    ));
    fs::remove_file(scratch.path().join("lib/libtbb.so")).unwrap();
    symlink(hashed, scratch.path().join("lib/libtbb.so")).unwrap();
    let program = program(
        &scratch,
        "program",
        "tbb",
        "lib",
        &["-Wl,-rpath,$ORIGIN/lib"],
    );
    let chain = format!(
        "{0}/program -> {0}/lib/{hashed} (runpath)\n",
        scratch.path().display()
    );
    for wanted in [
        "libtbb",
        "libtb",
        "libtbb.so",
        "libtbb.so.12",
        "libtbb.so.12.12",
        "libtbb-091225fa",
        hashed,
    ] {
        let output = c47()
            .args(["elf", "ldd", "--library-path", "", "--why", wanted])
            .arg(&program)
            .run()
            .expect_code(0);
        assert_eq!(output.stdout_text(), chain, "{wanted}");
    }
    // Only the best matches are shown.
    let output = c47()
        .args(["elf", "ldd", "--why", "libt", "--library-path", ""])
        .arg(&program)
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), chain);
    for wanted in ["tbb", "libfoo", ""] {
        c47()
            .args(["elf", "ldd", "--why", wanted])
            .arg(&program)
            .run()
            .expect_code(1);
    }
}
