//! `c47 elf` with programs, libraries, and files that are not ELF files.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{self, Output, Scratch, c47};

const SUBCOMMANDS: [&str; 4] = ["glibc", "ldd", "rpath", "info"];

fn elf(subcommand: &str, arguments: &[&str]) -> Output {
    c47().args(["elf", subcommand]).args(arguments).run()
}

fn gcc(directory: &Path, arguments: &[&str]) {
    let output = Command::new("gcc")
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("gcc");
    assert!(
        output.status.success(),
        "gcc {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(output.stdout_text()).unwrap()
}

/// A library that needs fcntl64 of glibc 2.28 and no more.
fn needs_2_28(scratch: &Scratch) -> PathBuf {
    scratch.write(
        "new.c",
        "int fcntl64(int, int, ...); int f(void) { return fcntl64(0, 0); }",
    );
    gcc(
        scratch.path(),
        &["-shared", "-fPIC", "-o", "libnew.so", "new.c"],
    );
    scratch.path().join("libnew.so")
}

/// A library that needs 2.2.5 only.
fn needs_little(scratch: &Scratch) -> PathBuf {
    scratch.write(
        "old.c",
        "int puts(const char *); int g(void) { return puts(\"\"); }",
    );
    gcc(
        scratch.path(),
        &["-shared", "-fPIC", "-o", "libold.so", "old.c"],
    );
    scratch.path().join("libold.so")
}

#[test]
fn verdict_names_the_symbol_that_needs_a_newer_glibc() {
    let scratch = Scratch::new("verdict");
    let library = needs_2_28(&scratch);
    let path = library.to_str().unwrap();
    let output = elf("glibc", &["--target", "centos7", path]).expect_code(1);
    let expected =
        format!("{path} needs GLIBC_2.28 (fcntl64, from libc.so.6); CentOS 7 has 2.17\n");
    assert_eq!(output.stdout_text(), expected);
    for target in ["2.17", "CY2022", "amazon2", "ubuntu18.04"] {
        elf("glibc", &["--target", target, path]).expect_code(1);
    }
    for target in [
        "rocky8", "Alma 9", "debian12", "CY2023", "2.28", "host", "leap15.6",
    ] {
        elf("glibc", &["--target", target, path]).expect_code(0);
    }
    let output = elf("glibc", &["--json", "--target", "centos7", path]).expect_code(1);
    let report = &json(&output)[0];
    assert_eq!(report["needs"]["GLIBC"], "2.28");
    assert_eq!(report["needs"]["GLIBCXX"], serde_json::Value::Null);
    let symbol = &report["symbols"][0];
    assert_eq!(symbol["name"], "fcntl64");
    assert_eq!(symbol["version"], "GLIBC_2.28");
    assert_eq!(symbol["library"], "libc.so.6");
    assert_eq!(report["verdict"]["runs"], false);
    assert_eq!(report["runs_on"][0], "rocky8");
    let output = elf("glibc", &[path]).expect_code(0);
    assert!(
        output
            .stdout_text()
            .contains("Rocky Linux 8 (glibc 2.28), CY2023"),
        "{}",
        output.stdout_text()
    );
}

#[test]
fn directory_gets_one_verdict() {
    let scratch = Scratch::new("directory");
    needs_2_28(&scratch);
    needs_little(&scratch);
    scratch.write("deep/script.sh", "#!/bin/sh\n");
    scratch.write("empty", "");
    symlink("..", scratch.path().join("deep/loop")).unwrap();
    make_fifo(&scratch.path().join("fifo"));
    let directory = scratch.path().to_str().unwrap();
    let output = elf("glibc", &["--target", "centos7", directory]).expect_code(1);
    assert!(
        output
            .stdout_text()
            .ends_with("1 of 2 does not run on CentOS 7\n"),
        "{}",
        output.stdout_text()
    );
    assert_eq!(output.stderr_text(), "");
    elf("glibc", &["--target", "rocky8", directory]).expect_code(0);
    // An invalid library makes the verdict uncertain.
    let bytes = fs::read(scratch.path().join("libold.so")).unwrap();
    scratch.write("broken.so", &bytes[..700]);
    let output = elf("glibc", &["--target", "rocky8", directory]).expect_code(7);
    assert!(
        output.stderr_text().contains("broken.so: invalid ELF file"),
        "{}",
        output.stderr_text()
    );
}

#[test]
fn cxx_abi_is_checked_against_the_target() {
    let scratch = Scratch::new("abi");
    let source = "#include <string>\nstd::string other(const std::string &);\nstd::string f(const std::string &s) { return other(s) + s; }\n";
    scratch.write("f.cc", source);
    for (abi, expected) in [("0", "old"), ("1", "new")] {
        let flag = format!("-D_GLIBCXX_USE_CXX11_ABI={abi}");
        let output = Command::new("g++")
            .args(["-shared", "-fPIC", &flag, "-o", "libf.so", "f.cc"])
            .current_dir(scratch.path())
            .output();
        if !output.is_ok_and(|output| output.status.success()) {
            support::peers::skipped("g++ not found");
            return;
        }
        let path = scratch.path().join("libf.so");
        let output = elf("glibc", &["--json", path.to_str().unwrap()]).expect_code(0);
        assert_eq!(json(&output)[0]["cxx11_abi"], expected);
        let (same, other) = if abi == "0" {
            ("CY2022", "CY2024")
        } else {
            ("CY2024", "CY2022")
        };
        elf("glibc", &["--target", same, path.to_str().unwrap()]).expect_code(0);
        let output = elf("glibc", &["--target", other, path.to_str().unwrap()]).expect_code(1);
        assert!(
            output
                .stdout_text()
                .contains(&format!("of the {expected} C++ ABI")),
            "{}",
            output.stdout_text()
        );
    }
}

#[test]
fn isa_level_is_read_from_the_property_note() {
    let scratch = Scratch::new("isa");
    scratch.write("f.c", "int f(void) { return 1; }");
    let flags = ["-shared", "-fPIC", "-nostdlib", "-o", "libf.so", "f.c"];
    gcc(
        scratch.path(),
        &[&flags[..], &["-Wl,-z,x86-64-v3"]].concat(),
    );
    let path = scratch.path().join("libf.so");
    let path = path.to_str().unwrap();
    let output = elf("glibc", &["--json", "--target", "centos7", path]).expect_code(0);
    let report = &json(&output)[0];
    assert_eq!(report["isa"], "x86-64-v3");
    assert!(
        report["verdict"]["notes"][0]
            .as_str()
            .unwrap()
            .contains("x86-64-v3"),
        "{report}"
    );
}

#[test]
fn files_that_are_not_elf_get_an_error_line() {
    let scratch = Scratch::new("others");
    let here = scratch.path();
    let script = scratch.write("script", "#!/bin/sh -e\necho\n");
    let empty = scratch.write("empty", "");
    let text = scratch.write("text", "hello");
    let short = scratch.write("short", "\x7fELF");
    let fifo = here.join("fifo");
    make_fifo(&fifo);
    symlink("loop", here.join("loop")).unwrap();
    let cases = [
        (script, "but a script (#!/bin/sh -e)"),
        (empty, "but an empty file"),
        (text, "not an ELF program or library"),
        (short, "invalid ELF file"),
        (fifo, "but a FIFO"),
        (here.join("loop"), "link loop"),
        (here.join("nothing"), "no such file"),
        (here.to_owned(), "but a directory"),
        ("/dev/null".into(), "but a device"),
    ];
    for subcommand in SUBCOMMANDS {
        for (path, expected) in &cases {
            if subcommand == "glibc" && path == here {
                continue;
            }
            let output = elf(subcommand, &[path.to_str().unwrap()]).expect_code(7);
            let text = output.stderr_text();
            assert!(
                text.to_lowercase().contains(&expected.to_lowercase()),
                "{subcommand}: {text}"
            );
            assert_eq!(text.lines().count(), 1, "{text}");
            assert_eq!(output.stdout_text(), "");
        }
    }
}

#[test]
fn unreadable_file_is_an_error() {
    let scratch = Scratch::new("unreadable");
    let library = needs_little(&scratch);
    fs::set_permissions(&library, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&library).is_ok() {
        support::peers::skipped("root reads everything");
        return;
    }
    let output = elf("info", &[library.to_str().unwrap()]).expect_code(7);
    assert!(
        output.stderr_text().contains("permission denied"),
        "{}",
        output.stderr_text()
    );
}

#[test]
fn static_program_needs_no_libraries() {
    let scratch = Scratch::new("static");
    scratch.write("main.c", "int main(void) { return 0; }");
    for flags in [["-static", "-no-pie"], ["-static-pie", "-fPIE"]] {
        gcc(
            scratch.path(),
            &[&flags[..], &["-o", "main", "main.c"]].concat(),
        );
        let path = scratch.path().join("main");
        let path = path.to_str().unwrap();
        let output = elf("ldd", &[path]).expect_code(0);
        assert_eq!(output.stdout_text(), "\tstatically linked\n");
        let output = elf("glibc", &[path]).expect_code(0);
        assert!(
            output
                .stdout_text()
                .contains("statically linked, needs no libraries"),
            "{}",
            output.stdout_text()
        );
        elf("glibc", &["--target", "centos7", path]).expect_code(0);
        let output = elf("info", &["--json", path]).expect_code(0);
        assert_eq!(json(&output)["static"], true);
    }
}

#[test]
fn other_architectures_are_read() {
    let scratch = Scratch::new("machines");
    let library = needs_little(&scratch);
    let bytes = fs::read(&library).unwrap();
    let mut aarch64 = bytes.clone();
    aarch64[18] = 183;
    let path = scratch.write("libaarch64.so", &aarch64);
    let path = path.to_str().unwrap();
    let output = elf("info", &[path]).expect_code(0);
    assert!(
        output
            .stdout_text()
            .contains("64-bit aarch64, little endian")
    );
    let output = elf("glibc", &["--target", "host", path]).expect_code(1);
    assert!(
        output.stdout_text().contains("is built for aarch64"),
        "{}",
        output.stdout_text()
    );
    elf("glibc", &["--target", "centos7", path]).expect_code(0);
    // Only a big-endian header: s390x.
    let mut big = vec![0_u8; 64];
    big[..7].copy_from_slice(b"\x7fELF\x02\x02\x01");
    big[17] = 2;
    big[19] = 22;
    let path = scratch.write("s390x", &big);
    let output = elf("info", &[path.to_str().unwrap()]).expect_code(0);
    assert!(
        output.stdout_text().contains("64-bit s390, big endian"),
        "{}",
        output.stdout_text()
    );
    elf("ldd", &[path.to_str().unwrap()]).expect_code(0);
    scratch.write("main.c", "int main(void) { return 0; }");
    let narrow = Command::new("gcc")
        .args(["-m32", "-o", "narrow", "main.c"])
        .current_dir(scratch.path())
        .output();
    if narrow.is_ok_and(|output| output.status.success()) {
        let path = scratch.path().join("narrow");
        let output = elf("info", &[path.to_str().unwrap()]).expect_code(0);
        assert!(
            output.stdout_text().contains("32-bit i386"),
            "{}",
            output.stdout_text()
        );
        elf("glibc", &["--target", "host", path.to_str().unwrap()]).expect_code(0);
    } else {
        support::peers::skipped("gcc -m32 does not work here");
    }
}

#[test]
fn info_agrees_with_readelf() {
    let scratch = Scratch::new("info");
    scratch.write(
        "main.c",
        "#include <stdio.h>\nint main(void) { char b[99]; return scanf(\"%98s\", b); }",
    );
    type Expected<'a> = &'a [(&'a str, serde_json::Value)];
    let cases: [(&[&str], Expected); 4] = [
        (
            &[
                "-pie",
                "-fPIE",
                "-fstack-protector-strong",
                "-Wl,-z,relro,-z,now",
            ],
            &[
                ("pie", true.into()),
                ("relro", "full".into()),
                ("nx", true.into()),
                ("stack_canary", true.into()),
                ("stripped", false.into()),
            ],
        ),
        (
            &["-no-pie", "-fno-stack-protector", "-Wl,-z,norelro"],
            &[
                ("pie", false.into()),
                ("relro", "none".into()),
                ("stack_canary", false.into()),
            ],
        ),
        (
            &["-Wl,-z,relro,-z,lazy", "-s"],
            &[("relro", "partial".into()), ("stripped", true.into())],
        ),
        (
            &["-Wl,-z,execstack", "-g"],
            &[("nx", false.into()), ("debug_info", true.into())],
        ),
    ];
    for (flags, expected) in cases {
        gcc(
            scratch.path(),
            &[flags, &["-Wl,--build-id=sha1", "-o", "main", "main.c"]].concat(),
        );
        let path = scratch.path().join("main");
        let output = elf("info", &["--json", path.to_str().unwrap()]).expect_code(0);
        let report = json(&output);
        for (name, value) in expected {
            assert_eq!(&report[*name], value, "{flags:?} {name}: {report}");
        }
        let notes = Command::new("readelf")
            .arg("-n")
            .arg(&path)
            .output()
            .unwrap();
        let notes = String::from_utf8_lossy(&notes.stdout).into_owned();
        assert!(
            notes.contains(report["build_id"].as_str().unwrap()),
            "{notes}"
        );
    }
}

#[test]
fn rpath_shows_dead_entries() {
    let scratch = Scratch::new("rpath");
    let here = scratch.path();
    scratch.write("a.c", "int a(void) { return 1; }");
    scratch.write("b.c", "int a(void); int b(void) { return a(); }");
    fs::create_dir_all(here.join("lib")).unwrap();
    fs::create_dir_all(here.join("bare")).unwrap();
    gcc(here, &["-shared", "-fPIC", "-o", "lib/liba.so", "a.c"]);
    gcc(
        here,
        &[
            "-shared",
            "-fPIC",
            "-o",
            "libb.so",
            "b.c",
            "-Llib",
            "-la",
            "-Wl,-rpath,$ORIGIN/lib:$ORIGIN/bare:/nowhere/at/all",
        ],
    );
    let path = here.join("libb.so");
    let output = elf("rpath", &["--json", path.to_str().unwrap()]).expect_code(0);
    let report = json(&output);
    assert_eq!(report["kind"], "runpath");
    let entries = report["entries"].as_array().unwrap();
    let dead: Vec<_> = entries
        .iter()
        .map(|entry| entry["dead"].as_bool().unwrap())
        .collect();
    assert_eq!(dead, [false, false, true]);
    assert_eq!(entries[0]["libraries"][0], "liba.so");
    assert_eq!(
        entries[0]["resolves_to"],
        here.join("lib").to_str().unwrap()
    );
}

#[test]
fn dupes_finds_copies_and_conflicts() {
    let scratch = Scratch::new("dupes");
    let here = scratch.path();
    for (name, number) in [("x", 1), ("y", 2)] {
        scratch.write(
            &format!("{name}.c"),
            format!("int {name}(void) {{ return {number}; }}"),
        );
    }
    for application in ["nuke", "houdini", "maya"] {
        fs::create_dir_all(here.join("apps").join(application)).unwrap();
    }
    gcc(
        here,
        &[
            "-shared",
            "-fPIC",
            "-Wl,-soname,libtbb.so.2",
            "-o",
            "apps/nuke/libtbb.so.2",
            "x.c",
        ],
    );
    fs::copy(
        here.join("apps/nuke/libtbb.so.2"),
        here.join("apps/houdini/libtbb.so.2"),
    )
    .unwrap();
    gcc(
        here,
        &[
            "-shared",
            "-fPIC",
            "-Wl,-soname,libtbb.so.2",
            "-o",
            "apps/maya/libtbb.so.2",
            "y.c",
        ],
    );
    gcc(
        here,
        &[
            "-shared",
            "-fPIC",
            "-Wl,-soname,libtbb-0123abcd.so.12",
            "-o",
            "apps/maya/libtbb-0123abcd.so.12",
            "x.c",
        ],
    );
    scratch.write(
        "plugin.c",
        "int x(void); int y(void); int p(void) { return x() + y(); }",
    );
    gcc(
        here,
        &[
            "-shared",
            "-fPIC",
            "-o",
            "apps/maya/plugin.so",
            "plugin.c",
            "apps/maya/libtbb.so.2",
            "apps/maya/libtbb-0123abcd.so.12",
            "-Wl,-rpath,$ORIGIN",
        ],
    );
    let apps = here.join("apps");
    let output = c47()
        .args(["elf", "dupes", "--json", apps.to_str().unwrap()])
        .run()
        .expect_code(0);
    let report = json(&output);
    let duplicate = &report["duplicates"][0];
    assert_eq!(duplicate["family"], "libtbb");
    assert_eq!(duplicate["soname"], serde_json::Value::Null);
    assert_eq!(duplicate["versions"], 2);
    assert_eq!(duplicate["builds"], 3);
    let copies = duplicate["copies"].as_array().unwrap();
    let of = |application: &str| {
        copies
            .iter()
            .find(|copy| copy["application"] == application && copy["soname"] == "libtbb.so.2")
            .unwrap()
    };
    assert_eq!(of("nuke")["release"], of("maya")["release"]);
    assert_eq!(of("nuke")["build"], of("houdini")["build"]);
    assert_ne!(of("nuke")["build"], of("maya")["build"]);
    assert_eq!(report["bytes_wasted"], of("nuke")["size"]);
    let meeting = &report["meetings"][0];
    assert_eq!(meeting["family"], "libtbb");
    assert_eq!(meeting["libraries"].as_array().unwrap().len(), 2);
    assert!(
        meeting["objects"][0]
            .as_str()
            .unwrap()
            .ends_with("plugin.so")
    );
    let output = c47()
        .args(["elf", "dupes", apps.to_str().unwrap()])
        .run()
        .expect_code(0);
    assert!(
        output
            .stdout_text()
            .contains("one process would load several versions of libtbb")
    );
}

#[test]
fn dupes_groups_the_versions_of_a_library_in_several_applications() {
    let scratch = Scratch::new("families");
    let here = scratch.path();
    for number in 1..=3 {
        let text = format!("int x(void) {{ return {number}; }}");
        scratch.write(&format!("{number}.c"), text);
    }
    for (file, source) in [
        ("blender/libtbb.so.12", 1),
        ("usd/libtbb-091225fa.so.12.12", 2),
        ("blender/libOpenImageIO.so.3.0", 1),
        ("oiio/libOpenImageIO.so.3.2.2", 2),
        ("blender/libImath-3_1.so.29", 1),
        ("usd/libImath-3_2.so.30", 2),
        ("blender/libsame.so.1", 3),
        ("usd/libsame.so.1", 3),
    ] {
        let path = here.join("apps").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let soname = format!("-Wl,-soname,{}", path.file_name().unwrap().display());
        let path = path.to_str().unwrap().to_owned();
        let source = format!("{source}.c");
        gcc(here, &["-shared", "-fPIC", &soname, "-o", &path, &source]);
    }
    let apps = here.join("apps");
    let dupes = |more: &[&str]| {
        let run = c47().args(["elf", "dupes"]).args(more).arg(&apps);
        run.run()
    };
    let report = json(&dupes(&["--json"]).expect_code(0));
    let groups = report["duplicates"].as_array().unwrap();
    let found = |family: &str| {
        let group = groups.iter().find(|group| group["family"] == family);
        let group = group.unwrap_or_else(|| panic!("{family}: {report}"));
        let number = |name: &str| group[name].as_u64().unwrap();
        (number("versions"), number("builds"))
    };
    // 12 may be 12.12, but the files differ.
    assert_eq!(found("libtbb"), (1, 2));
    assert_eq!(found("libOpenImageIO"), (2, 2));
    assert_eq!(found("libImath"), (2, 2));
    assert_eq!(found("libsame"), (1, 1));
    let text = dupes(&[]).expect_code(0);
    let text = text.stdout_text();
    assert!(text.contains("libImath: 2 copies, 2 versions, "), "{text}");
    assert!(
        text.contains("libtbb: 2 copies, all different builds, "),
        "{text}"
    );
    assert!(
        text.contains("libsame.so.1: 2 copies, all identical, "),
        "{text}"
    );
    dupes(&["--fail-on", "version"]).expect_code(1);
    dupes(&["--fail-on", "build", "--summary"]).expect_code(1);
    dupes(&["--fail-on", "size"]).expect_code(2);
    for gone in ["oiio", "usd/libImath-3_2.so.30"] {
        let gone = apps.join(gone);
        if gone.is_dir() {
            fs::remove_dir_all(gone).unwrap();
        } else {
            fs::remove_file(gone).unwrap();
        }
    }
    dupes(&["--fail-on", "version"]).expect_code(0);
    dupes(&["--fail-on", "build"]).expect_code(1);
    fs::remove_file(apps.join("usd/libtbb-091225fa.so.12.12")).unwrap();
    dupes(&["--fail-on", "build"]).expect_code(0);
}

#[test]
fn usage_errors_exit_with_2() {
    for arguments in [
        &["elf", "glibc"][..],
        &["elf", "ldd"],
        &["elf", "dupes"],
        &["elf", "rpath"],
        &["elf", "info"],
        &["elf"],
        &["elf", "ldd", "--cpu", "v9", "/bin/sh"],
        &["elf", "ldd", "--tree", "--why", "libc", "/bin/sh"],
        &["elf", "glibc", "--target", "cent0s7", "/bin/sh"],
    ] {
        let output = c47().args(arguments).run().expect_code(2);
        assert_eq!(output.stdout_text(), "");
    }
    let output = elf("ldd", &["--tree", "--json", "/bin/sh"]).expect_code(2);
    assert_eq!(output.json()["error"]["kind"], "usage");
    let output = elf("glibc", &["--target", "cent0s7", "/bin/sh"]);
    assert!(
        output.stderr_text().contains("did you mean 'centos7'?"),
        "{}",
        output.stderr_text()
    );
    c47()
        .args(["elf", "dupes", "/nowhere"])
        .run()
        .expect_code(7);
    c47()
        .args(["elf", "ldd", "--root", "/nowhere", "/bin/sh"])
        .run()
        .expect_code(7);
}

fn make_fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn directory_without_elf_files_is_an_error() {
    let scratch = Scratch::new("nothing");
    let empty = scratch.path().to_str().unwrap();
    for arguments in [
        &["glibc", "--target", "rocky8"][..],
        &["glibc", "--target", "rocky8", "--json"],
        &["glibc"],
        &["glibc", "--summary"],
        &["dupes"],
        &["dupes", "--json"],
    ] {
        let output = c47()
            .arg("elf")
            .args(arguments)
            .arg(empty)
            .run()
            .expect_code(1);
        match arguments.contains(&"--json") {
            true => assert_eq!(output.json()["error"]["kind"], "nothing"),
            false => assert_eq!(output.stdout_text(), "", "{arguments:?}"),
        }
        let expected = format!(
            "c47 elf {}: {empty}: no program or library (ELF) found\n",
            arguments[0]
        );
        assert_eq!(output.stderr_text(), expected, "{arguments:?}");
    }
}

#[test]
fn targets_have_aliases_and_unknown_target_suggests_the_closest() {
    let scratch = Scratch::new("targets");
    let file = needs_2_28(&scratch);
    let file = file.to_str().unwrap();
    for (target, code) in [
        ("el7", 1),
        ("el8", 0),
        ("el9", 0),
        ("el10", 0),
        ("centos8", 0),
        ("manylinux2014", 1),
        ("manylinux_2_17_x86_64", 1),
        ("manylinux_2_28", 0),
        ("manylinux_2_34", 0),
        ("fedora-28", 1),
        ("fedora-44", 0),
        ("scout", 1),
        ("soldier", 0),
        ("steamrt", 0),
    ] {
        elf("glibc", &["--target", target, file]).expect_code(code);
    }
    for (target, nearest) in [
        ("CY2030", "the closest known target is CY2027"),
        ("fedora-60", "the closest known target is fedora45"),
        ("el6", "the closest known target is el7"),
        ("snipper", "did you mean 'sniper'?"),
    ] {
        for command in [&["elf", "glibc", file][..], &["host", "check"]] {
            let output = c47()
                .args(command)
                .args(["--target", target])
                .run()
                .expect_code(2);
            let message = output.stderr_text();
            assert!(message.contains(nearest), "{command:?}: {message}");
        }
    }
}

#[test]
fn summary_has_only_totals_and_verdict() {
    let scratch = Scratch::new("summary");
    needs_2_28(&scratch);
    needs_little(&scratch);
    fs::copy(
        scratch.path().join("libold.so"),
        scratch.path().join("copy.so"),
    )
    .unwrap();
    let directory = scratch.path().to_str().unwrap();
    let whole = elf("glibc", &[directory]).expect_code(0);
    let summary = elf("glibc", &["--summary", directory]).expect_code(0);
    // The end of the whole report, after the blank line.
    let (_, end) = whole.stdout_text().split_once("\n\n").unwrap();
    assert_eq!(summary.stdout_text(), end);
    let judged = elf("glibc", &["--summary", "--target", "centos7", directory]).expect_code(1);
    let lines: Vec<&str> = judged.stdout_text().lines().collect();
    assert_eq!(lines.last(), Some(&"1 of 3 does not run on CentOS 7"));
    assert!(lines[0].starts_with("highest GLIBC_2.28: "), "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
    let report = json(&elf(
        "glibc",
        &["--summary", "--json", "--target", "centos7", directory],
    ));
    assert_eq!(report["objects"], 3);
    assert_eq!(report["needs"]["GLIBC"], "2.28");
    assert_eq!(report["verdict"]["refused"], 1);
    assert_eq!(report["verdict"]["runs"], false);

    let files = ["libold.so", "copy.so"].map(|name| format!("{directory}/{name}"));
    let info = elf("info", &["--summary", &files[0], &files[1]]).expect_code(0);
    let text = info.stdout_text();
    assert!(
        text.starts_with("2 objects\n  architecture  2 64-bit x86-64\n"),
        "{text}"
    );
    assert!(
        text.contains("  type          2 shared library\n"),
        "{text}"
    );
    let report = json(&elf("info", &["--summary", "--json", &files[0]]));
    assert_eq!(report["types"][0]["objects"], 1);

    let text = elf("dupes", &["--summary", directory]).expect_code(0);
    let text = text.stdout_text();
    let whole = elf("dupes", &[directory]).expect_code(0);
    let kept: Vec<&str> = whole
        .stdout_text()
        .lines()
        .filter(|line| !line.starts_with("  "))
        .collect();
    assert_eq!(text.lines().collect::<Vec<_>>(), kept);
}
