//! `c47 elf ldd` against `ldd` itself: the programs and libraries of this machine, and cases that
//! gcc builds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{self, Scratch, c47, sample};

/// Paths that are loaded, and names that are missing (as "! name").
type Answer = BTreeSet<String>;

/// How many of the machine's files a sample has.
const SAMPLE: usize = 300;

const INTERPRETERS: [&str; 2] = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux.so.2"];

/// What ldd says; `None` if it says that the file is no dynamic executable.
fn ldd(file: &Path, environment: &[(&str, &str)], directory: &Path) -> Option<Answer> {
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
    let mut answer = Answer::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("linux-vdso") || line.starts_with("linux-gate") {
            continue;
        }
        match line.split_once(" => ") {
            Some((name, "not found")) => {
                answer.insert(format!("! {name}"));
            }
            Some((_, path)) => answer.extend(path.rsplit_once(" (0x").map(|(path, _)| path.into())),
            None => answer.extend(line.rsplit_once(" (0x").map(|(path, _)| path.into())),
        }
    }
    for interpreter in INTERPRETERS {
        answer.remove(interpreter);
    }
    Some(answer)
}

fn answer_of(report: &serde_json::Value) -> Answer {
    let mut answer = Answer::new();
    for library in report["libraries"].as_array().unwrap() {
        answer.insert(library["path"].as_str().unwrap().to_owned());
    }
    for missing in report["missing"].as_array().unwrap() {
        answer.insert(format!("! {}", missing["name"].as_str().unwrap()));
    }
    for interpreter in INTERPRETERS {
        answer.remove(interpreter);
    }
    answer
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

/// Both must say the same; returns which rule found each library, by its name.
fn same(file: &Path, environment: &[(&str, &str)], directory: &Path) -> BTreeMap<String, String> {
    let report = &reports(&[file.to_str().unwrap()], environment, directory)[0];
    let theirs = ldd(file, environment, directory).expect("a dynamic object");
    assert_eq!(
        answer_of(report),
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

/// A compiler call in `directory`; false where there is no such compiler.
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

/// A library `libNAME.so` in `below`, whose function `NAME` returns `number`, needing others.
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

/// A program `name` that needs `libNAME.so` of `needs`, found in `at` when it is linked.
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
            // x86-64 or i386 (ld.so runs both here), program or library.
            let runs = head[4] == 2 && head[18] == 62
                || head[4] == 1 && head[18] == 3 && Path::new(INTERPRETERS[1]).exists();
            if read.is_ok() && head.starts_with(b"\x7fELF") && runs && [2, 3].contains(&head[16]) {
                files.push(entry.path());
            }
        }
    }
}

/// ldd's own limits: what it says is not what happens.
fn explained(theirs: Option<&Answer>, report: &serde_json::Value) -> Option<&'static str> {
    let missing = report["missing"].as_array().unwrap();
    let broken = missing
        .iter()
        .any(|one| one["why"].as_str().unwrap().contains("cannot be loaded"));
    if broken && theirs.is_some_and(BTreeSet::is_empty) {
        return Some("ld.so gives up at a file that is no library, and ldd with it");
    }
    None
}

#[test]
fn the_libraries_of_this_machine() {
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
        let nothing = |report: &serde_json::Value| answer_of(report).is_empty();
        let same = match (&theirs, report) {
            (Some(theirs), Some(report)) => *theirs == answer_of(report),
            // A static program; we say "statically linked" or that it is none.
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
fn search_paths_in_their_order() {
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
fn an_rpath_serves_the_loaded_too_and_a_runpath_does_not() {
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
        // A RUNPATH on the way switches the RPATHs above it off.
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
fn better_cpus_have_their_own_libraries() {
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
    // The directories before glibc 2.33, if this one still knows them.
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
    assert!(answer_of(&least[0]).contains(&format!("{}/liba.so", lib.display())));
}

#[test]
fn nodeflib_preload_and_names_with_a_slash() {
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
    // Without a SONAME the path itself becomes the name.
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
fn candidates_that_do_not_fit() {
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
    // ld.so gives up at what is no library at all.
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
        support::peers::skipped("32-bit libraries: gcc -m32 builds nothing here");
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
        text.contains("lacks V2 that") && text.contains("liba.so"),
        "{text}"
    );
    let theirs = Command::new("ldd")
        .arg(&program_file)
        .env("LD_LIBRARY_PATH", here.join("old"))
        .output()
        .unwrap();
    let said = [theirs.stdout, theirs.stderr].concat();
    assert!(String::from_utf8_lossy(&said).contains("`V2' not found"));
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

/// ldd asks ld.so about the link; the kernel starts what the link leads to.
#[test]
fn a_program_behind_a_link_has_its_own_origin() {
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
fn raised_rights_do_not_listen_to_the_environment() {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        support::peers::skipped("only root makes a set-user-ID program that others run");
        return;
    }
    // Others must be able to reach it.
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

/// Another root, with a cache in each format and libraries for better CPUs; ld.so says what is
/// right when it is run inside.
#[test]
fn another_root_and_its_cache() {
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
    // Links are followed inside the root: /opt/b is no directory of this machine.
    symlink("/opt/real", root.join("opt/b")).unwrap();
    fs::write(root.join("etc/ld.so.conf"), "/opt/a\n/opt/b\n").unwrap();
    let root_text = root.to_str().unwrap();
    let ask = |file: &str| {
        let report = reports(&["--root", root_text, file], &[], scratch.path()).remove(0);
        answer_of(&report)
    };
    for format in ["new", "compat"] {
        let made = ldconfig.map(|ldconfig| {
            Command::new(ldconfig)
                .args(["-r", root_text, "-X", "-c", format])
                .status()
        });
        if !made.is_some_and(|status| status.is_ok_and(|status| status.success())) {
            support::peers::skipped("ldconfig makes no cache in another root here");
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
        // ld.so itself misses them in a cache that begins with the old format.
        let better = ours.iter().any(|path| path.contains("glibc-hwcaps"));
        println!("{format}: better CPUs' libraries found: {better}");
        for path in &ours {
            assert!(
                text.contains(&format!(" => {path} (0x")),
                "{format}: {path} is not in\n{text}"
            );
        }
        // The same by its path on this machine.
        assert_eq!(ask(root.join("bin/program").to_str().unwrap()), ours);
    }
    let outside = c47()
        .args(["elf", "ldd", "--root", root_text, "/usr/bin/env"])
        .run();
    outside.expect_code(7);
}

#[test]
fn musl_programs_are_looked_at_as_musl_does() {
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
        support::peers::skipped("musl-gcc or musl's ld.so is not here");
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
fn why_finds_a_library_by_soname_family_file_name_and_beginning() {
    let scratch = Scratch::new("why");
    // As auditwheel renames a library: the hash is in the file's name and in the SONAME.
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
    // What fits best is meant: libc is not libc's neighbours too.
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
