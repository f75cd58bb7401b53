//! `c47 elf` with wheels and other ZIP archives. The output equals that for the unpacked files, and
//! invalid archives give an error.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::zip::{Member, archive};
use crate::support::{self, Effort, Output, Scratch, c47, effort, sample};

fn elf(arguments: &[&str]) -> Output {
    c47().arg("elf").args(arguments).run()
}

fn gcc(directory: &Path, arguments: &[&str]) {
    let output = Command::new("gcc")
        .args(["-shared", "-fPIC"])
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("gcc");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{message}");
}

fn python(directory: &Path, arguments: &[&str]) -> bool {
    let python = Command::new("python3")
        .args(arguments)
        .current_dir(directory)
        .output();
    python.is_ok_and(|output| output.status.success())
}

/// A tree like that of a wheel: an extension that loads a renamed library next to its package, and
/// a second copy of that library.
fn package(scratch: &Scratch) -> PathBuf {
    let tree = scratch.path().join("tree");
    for directory in ["pkg/deep", "pkg.libs", "other"] {
        fs::create_dir_all(tree.join(directory)).unwrap();
    }
    scratch.write("foo.c", "int foo(void) { return 1; }\n");
    scratch.write(
        "ext.c",
        "int puts(const char *); int foo(void); int ext(void) { return foo() + puts(\"\"); }\n",
    );
    let hashed = "libfoo-091225fa.so.1";
    let soname = format!("-Wl,-soname,{hashed}");
    gcc(
        scratch.path(),
        &["-o", &format!("tree/pkg.libs/{hashed}"), &soname, "foo.c"],
    );
    gcc(
        scratch.path(),
        &[
            "-o",
            "tree/pkg/deep/ext.so",
            "ext.c",
            &format!("tree/pkg.libs/{hashed}"),
            "-Wl,-rpath,$ORIGIN/../../pkg.libs:$ORIGIN/nowhere",
        ],
    );
    fs::copy(
        tree.join("pkg.libs").join(hashed),
        tree.join("other").join(hashed),
    )
    .unwrap();
    fs::write(tree.join("pkg/__init__.py"), "x = 1\n").unwrap();
    fs::write(tree.join("pkg/notes.txt"), "\x7fEL").unwrap();
    fs::write(tree.join("pkg/empty"), "").unwrap();
    tree
}

/// Asserts that a command gives the same output and exit code for the archive and for the tree.
#[track_caller]
fn same(arguments: &[&str], wheel: &Path, inside: &[&str], tree: &Path) -> String {
    let in_wheel: Vec<String> = match inside {
        [] => vec![wheel.display().to_string()],
        names => names
            .iter()
            .map(|name| format!("{}!/{name}", wheel.display()))
            .collect(),
    };
    let in_tree: Vec<String> = match inside {
        [] => vec![tree.display().to_string()],
        names => names
            .iter()
            .map(|name| format!("{}/{name}", tree.display()))
            .collect(),
    };
    let run = |paths: &[String]| {
        let mut all: Vec<&str> = arguments.to_vec();
        all.extend(paths.iter().map(String::as_str));
        let output = elf(&all);
        (output.code, output.stdout_text().to_owned())
    };
    let (code, text) = run(&in_wheel);
    let (tree_code, tree_text) = run(&in_tree);
    assert_eq!(code, tree_code, "{arguments:?}");
    let text = text.replace(&format!("{}!/", wheel.display()), "@/");
    let expected = tree_text.replace(&format!("{}/", tree.display()), "@/");
    assert!(!text.is_empty(), "{arguments:?}");
    assert_eq!(text, expected, "{arguments:?}");
    text
}

#[test]
fn wheel_gives_the_same_output_as_unpacked() {
    let scratch = Scratch::new("wheel");
    let tree = package(&scratch);
    let wheel = scratch.path().join("pkg-1.0-cp311-cp311-linux_x86_64.whl");
    let name = wheel.to_str().unwrap();
    if !python(
        &tree,
        &["-m", "zipfile", "-c", name, "pkg", "pkg.libs", "other"],
    ) {
        let _: Option<()> = support::peers::missing("python3 not found");
        return;
    }
    let text = same(&["glibc", "--json"], &wheel, &[], &tree);
    assert!(
        text.contains("@/pkg/deep/ext.so") && text.contains("@/other/libfoo"),
        "{text}"
    );
    same(&["glibc"], &wheel, &[], &tree);
    same(&["glibc", "--target", "centos7"], &wheel, &[], &tree);
    same(&["dupes"], &wheel, &[], &tree);
    let text = same(&["dupes", "--json"], &wheel, &[], &tree);
    assert!(text.contains("\"builds\":1,"), "{text}");
    // In the order of a walk, which compares paths by component.
    let files = [
        "other/libfoo-091225fa.so.1",
        "pkg/deep/ext.so",
        "pkg.libs/libfoo-091225fa.so.1",
    ];
    let environment = ["--library-path", "", "--preload", ""];
    let ldd = [&["ldd", "--json"][..], &environment].concat();
    for command in [
        &["info", "--json"][..],
        &["info"],
        &["rpath", "--json"],
        &ldd,
    ] {
        let of_members = same(command, &wheel, &files, &tree);
        // The archive means all of its members.
        let of_all = c47().arg("elf").args(command).arg(&wheel).run();
        let of_all = of_all.stdout_text().replace(&format!("{name}!/"), "@/");
        assert_eq!(of_members, of_all, "{command:?}");
    }
    // With --root, by the path inside the root and below it. A member that does not exist.
    let root = scratch.path().to_str().unwrap();
    let below = format!("{name}!/pkg/deep/ext.so");
    for file in [
        "/pkg-1.0-cp311-cp311-linux_x86_64.whl!/pkg/deep/ext.so",
        &below,
    ] {
        let output = elf(&["rpath", "--root", root, file]).expect_code(0);
        let text = output.stdout_text();
        let expected = "=> /pkg-1.0-cp311-cp311-linux_x86_64.whl!/pkg/deep/../../pkg.libs (libfoo-091225fa.so.1)";
        assert!(text.contains(expected), "{text}");
    }
    let output = elf(&["info", &format!("{name}!/pkg/nothing.so")]).expect_code(7);
    let message = output.stderr_text();
    assert!(
        message.ends_with("whl!/pkg/nothing.so: no such file or directory\n"),
        "{message}"
    );
    let output = elf(&["info", &format!("{name}!/pkg/__init__.py")]).expect_code(7);
    assert!(
        output
            .stderr_text()
            .contains("not an ELF program or library")
    );
    let why = [&["ldd", "--why", "libfoo"][..], &environment].concat();
    let text = same(&why, &wheel, &["pkg/deep/ext.so"], &tree);
    assert!(
        text.contains("@/pkg/deep/../../pkg.libs/libfoo-091225fa.so.1 (runpath)"),
        "{text}"
    );
}

#[test]
fn real_wheels_give_the_same_output_as_unpacked() {
    let wheels = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/wheels");
    // Reports have the path with symlinks resolved.
    let wheels = fs::canonicalize(&wheels).unwrap_or(wheels);
    if !wheels.join("complete").exists() || effort() == Effort::Quick {
        let _: Option<()> = support::peers::missing("wheels not found: run scripts/peers-elf");
        return;
    }
    let mut all: Vec<PathBuf> = fs::read_dir(&wheels)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .collect();
    assert!(all.len() >= 4);
    // Only the small ones, because a debug build unpacks the large ones slowly.
    all.sort_by_key(|path| fs::metadata(path).map_or(0, |metadata| metadata.len()));
    for wheel in sample(all, 2) {
        let name = wheel.file_name().unwrap().to_string_lossy().into_owned();
        let tree = wheels.join("site").join(name.split('-').next().unwrap());
        same(&["glibc", "--json"], &wheel, &[], &tree);
        same(&["glibc", "--target", "rocky8"], &wheel, &[], &tree);
        let dupes = ["dupes", "--json", "--library-path", ""];
        same(&dupes, &wheel, &[], &tree);
    }
}

#[test]
fn wheels_in_a_directory_are_read() {
    let scratch = Scratch::new("wheelhouse");
    let tree = package(&scratch);
    let library = fs::read(tree.join("pkg.libs/libfoo-091225fa.so.1")).unwrap();
    let one = archive(&[
        Member::deflated("a/libfoo.so", &library),
        Member::stored("a/b.py", b"x"),
    ]);
    let two = archive(&[Member::stored("a/libfoo.so", &library)]);
    scratch.write("house/one.whl", &one);
    scratch.write("house/two.ZIP", &two);
    // Data of another program is not opened.
    scratch.write("house/data.npz", &two);
    let house = scratch.path().join("house");
    let output = elf(&["dupes", "--json", house.to_str().unwrap()]).expect_code(0);
    let report: serde_json::Value = serde_json::from_str(output.stdout_text()).unwrap();
    assert_eq!(report["objects"], 2);
    assert_eq!(report["duplicates"][0]["builds"], 1, "{report}");
    let applications: Vec<&str> = report["duplicates"][0]["copies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|copy| copy["application"].as_str().unwrap())
        .collect();
    assert_eq!(applications, ["one.whl", "two.ZIP"]);
    elf(&["glibc", house.join("data.npz").to_str().unwrap()]).expect_code(0);
    let empty = scratch.write("empty.zip", archive(&[Member::stored("a.txt", b"text")]));
    for command in ["glibc", "info", "ldd", "rpath", "dupes"] {
        let output = elf(&[command, empty.to_str().unwrap()]).expect_code(1);
        let message = output.stderr_text();
        assert!(
            message.contains("no program or library (ELF) found"),
            "{message}"
        );
        assert_eq!(output.stdout_text(), "");
    }
}

#[test]
fn symlinks_in_an_archive_are_followed_inside_it() {
    let scratch = Scratch::new("links");
    let tree = package(&scratch);
    let read = |name: &str| fs::read(tree.join(name)).unwrap();
    let link = |name: &str, target: &str| Member {
        attributes: 0o120_777 << 16,
        ..Member::stored(name, target.as_bytes())
    };
    let library = read("pkg.libs/libfoo-091225fa.so.1");
    let extension = Member::deflated("pkg/deep/ext.so", &read("pkg/deep/ext.so"));
    let target = |to: &str| {
        let members = [
            extension.clone(),
            Member::deflated("real/libfoo.so.1.0", &library),
            link("pkg.libs/libfoo-091225fa.so.1", to),
            link("pkg.libs/loop", "loop"),
        ];
        scratch.write("a.zip", archive(&members))
    };
    for (to, found) in [
        ("../real/libfoo.so.1.0", true),
        ("../../real/libfoo.so.1.0", false),
        ("/real/libfoo.so.1.0", false),
        ("loop", false),
        ("", false),
    ] {
        let file = format!("{}!/pkg/deep/ext.so", target(to).display());
        let output = elf(&["ldd", "--library-path", "", &file]);
        let expected = if found { 0 } else { 1 };
        assert_eq!(output.code, expected, "{to}: {}", output.stdout_text());
    }
}

#[test]
fn invalid_archives_give_a_clear_error() {
    let scratch = Scratch::new("wrong");
    let tree = package(&scratch);
    let library = fs::read(tree.join("pkg.libs/libfoo-091225fa.so.1")).unwrap();
    let good = Member::deflated("a/lib.so", &library);
    let stored = Member::stored("a/lib.so", &library);
    let named = |name: &str| Member {
        name: name.into(),
        ..good.clone()
    };
    let whole = archive(std::slice::from_ref(&good));
    let zeros = vec![0; 100 << 20];
    let mut bomb = Member::deflated("a/bomb.so", &zeros);
    bomb.size = u32::try_from(zeros.len()).unwrap();
    let large = vec![0x90; 40 << 20];
    let bombs: Vec<Member> = ["a", "b", "c"]
        .map(|name| Member::deflated(name, &large))
        .to_vec();
    let mut spanned = whole.clone();
    let end = spanned.len() - 22;
    spanned[end + 4] = 1;
    let mut wide = whole.clone();
    wide[end + 16..end + 20].copy_from_slice(&[0xff; 4]);
    let twice = [good.clone(), good.clone()];
    let shared = [
        good.clone(),
        Member {
            header_at: Some(0),
            ..named("a/b.so")
        },
    ];
    let cases: Vec<(&str, Vec<u8>)> = vec![
        (
            "no directory at the end",
            whole[..whole.len() - 30].to_vec(),
        ),
        ("no directory at the end", whole[..whole.len() - 1].to_vec()),
        ("the directory is truncated", {
            let mut bytes = whole.clone();
            bytes[end + 12..end + 16].copy_from_slice(&7_u32.to_le_bytes());
            bytes
        }),
        ("multi-part archives are unsupported", spanned),
        ("the directory is truncated", wide),
        (
            "is encrypted",
            archive(&[Member {
                flags: 1,
                ..good.clone()
            }]),
        ),
        (
            "uses unsupported compression method bzip2",
            archive(&[Member {
                method: 12,
                ..good.clone()
            }]),
        ),
        (
            "uses unsupported compression method 77",
            archive(&[Member {
                method: 77,
                ..good.clone()
            }]),
        ),
        (
            "has a path outside the archive",
            archive(&[named("../lib.so")]),
        ),
        (
            "has a path outside the archive",
            archive(&[named("a/../../lib.so")]),
        ),
        (
            "has a path that is not relative",
            archive(&[named("/etc/lib.so")]),
        ),
        (
            "has a path that is not relative",
            archive(&[named("a//lib.so")]),
        ),
        ("has a NUL byte in its name", archive(&[named("a\0.so")])),
        ("has no name", archive(&[named("")])),
        (
            "has a name longer than 4096",
            archive(&[named(&"a".repeat(5000))]),
        ),
        ("is listed twice", archive(&twice)),
        ("overlaps the next member", archive(&shared)),
        (
            "overlaps the next member",
            archive(&[Member {
                header_at: Some(1 << 30),
                ..good.clone()
            }]),
        ),
        ("has a compression ratio higher than 200", archive(&[bomb])),
        ("the compression ratio is higher than 200", archive(&bombs)),
        (
            "is stored with two different sizes",
            archive(&[Member {
                size: 5,
                ..stored.clone()
            }]),
        ),
        (
            "is corrupt",
            archive(&[Member {
                crc32: 5,
                ..stored.clone()
            }]),
        ),
        (
            "is corrupt",
            archive(&[Member {
                crc32: 5,
                ..good.clone()
            }]),
        ),
        (
            "is corrupt",
            archive(&[Member {
                size: good.size - 1,
                ..good.clone()
            }]),
        ),
        (
            "is corrupt",
            archive(&[Member {
                size: good.size + 1,
                ..good.clone()
            }]),
        ),
        (
            "is not at the offset in the directory",
            archive(&[Member {
                other_name: Some("b/lib.so".into()),
                ..good.clone()
            }]),
        ),
    ];
    for (number, (expected, bytes)) in cases.iter().enumerate() {
        let file = scratch.write(&format!("{number}.whl"), bytes);
        for command in ["glibc", "info", "ldd", "rpath"] {
            let output = elf(&[command, file.to_str().unwrap()]).expect_code(7);
            let message = output.stderr_text();
            assert!(
                message.contains(expected),
                "{number} {command} {expected}: {message}"
            );
            assert_eq!(message.lines().count(), 1, "{message}");
        }
    }
}

#[test]
fn large_and_streamed_archives_of_python_are_read() {
    let scratch = Scratch::new("python");
    package(&scratch);
    let script = r#"
import io, zipfile
data = open("tree/pkg/deep/ext.so", "rb").read()
class Pipe(io.RawIOBase):
    # What cannot seek is written with data descriptors.
    def __init__(self, file): self.file = file
    def writable(self): return True
    def write(self, b): return self.file.write(b)
with open("streamed.zip", "wb") as out:
    with zipfile.ZipFile(Pipe(out), "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a/ext.so", data)
with zipfile.ZipFile("zip64.zip", "w", zipfile.ZIP_DEFLATED) as z:
    with z.open("a/ext.so", "w", force_zip64=True) as member: member.write(data)
with zipfile.ZipFile("many.zip", "w") as z:
    for i in range(70000): z.writestr("d/%05d" % i, b"")
    z.writestr("a/ext.so", data)
with zipfile.ZipFile("comment.zip", "w") as z:
    z.writestr("a/ext.so", data); z.comment = b"PK\x05\x06" * 9
"#;
    if !python(scratch.path(), &["-c", script]) {
        let _: Option<()> = support::peers::missing("python3 not found");
        return;
    }
    let expected = elf(&[
        "glibc",
        "--json",
        scratch
            .path()
            .join("tree/pkg/deep/ext.so")
            .to_str()
            .unwrap(),
    ]);
    let expected: serde_json::Value = serde_json::from_str(expected.stdout_text()).unwrap();
    for name in ["streamed.zip", "zip64.zip", "many.zip", "comment.zip"] {
        let file = scratch.path().join(name);
        let output = elf(&["glibc", "--json", file.to_str().unwrap()]).expect_code(0);
        let report: serde_json::Value = serde_json::from_str(output.stdout_text()).unwrap();
        assert_eq!(report.as_array().unwrap().len(), 1, "{name}");
        assert_eq!(report[0]["needs"], expected[0]["needs"], "{name}");
    }
}

#[test]
fn cxx_names_are_demangled_in_text_but_not_in_json() {
    let scratch = Scratch::new("names");
    scratch.write(
        "t.cc",
        "#include <thread>\nvoid f() { std::thread([] {}).join(); }\n",
    );
    gcc(
        scratch.path(),
        &["-x", "c++", "-o", "t.so", "t.cc", "-lstdc++"],
    );
    let file = scratch.path().join("t.so");
    let file = file.to_str().unwrap();
    let plain = "(std::thread::_M_start_thread(";
    let text = |arguments: &[&str]| {
        let output = elf(&[arguments, &[file]].concat());
        output.stdout_text().to_owned()
    };
    assert!(text(&["glibc"]).contains(plain), "{}", text(&["glibc"]));
    let refused = text(&["glibc", "--target", "centos7"]);
    assert!(refused.contains(plain), "{refused}");
    for arguments in [
        &["glibc", "--no-demangle"][..],
        &["glibc", "--no-demangle", "--target", "centos7"],
    ] {
        let text = text(arguments);
        assert!(
            text.contains("_ZNSt6thread") && !text.contains("std::thread"),
            "{text}"
        );
    }
    let json = text(&["glibc", "--json", "--target", "centos7"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let symbols = report[0]["symbols"].as_array().unwrap();
    let state = symbols
        .iter()
        .find(|symbol| symbol["name"] == "_ZNSt6thread6_StateD2Ev")
        .unwrap_or_else(|| panic!("{json}"));
    assert_eq!(state["demangled"], "std::thread::_State::~_State()");
    let in_the_way = report[0]["verdict"]["in_the_way"].to_string();
    assert!(in_the_way.contains("_ZNSt6thread"), "{in_the_way}");
}

#[test]
fn demangled_names_agree_with_cxxfilt() {
    // Each name once: those of libstdc++ and apt, and in the full run those of the whole machine.
    let files = match effort() {
        Effort::Full => "/usr/lib/x86_64-linux-gnu/*.so.* /usr/lib64/*.so.* /usr/bin/*",
        Effort::Quick | Effort::Usual => {
            "/usr/lib/x86_64-linux-gnu/libstdc++.so.6 /usr/lib/x86_64-linux-gnu/libapt-*.so.* /usr/lib64/libstdc++.so.6"
        }
    };
    let script = format!("nm -D {files} 2>/dev/null | grep -o '\\b_Z[A-Za-z0-9_.]*' | sort -u");
    let names = Command::new("sh").args(["-c", &script]).output().unwrap();
    let names = String::from_utf8(names.stdout).unwrap();
    let path = Scratch::new("filt");
    let file = path.write("names", &names);
    let theirs = Command::new("c++filt")
        .stdin(fs::File::open(file).unwrap())
        .output();
    let Ok(theirs) = theirs else {
        let _: Option<()> = support::peers::missing("c++filt not found");
        return;
    };
    let theirs = String::from_utf8(theirs.stdout).unwrap();
    let (mut same, mut mangled, mut other) = (0, 0, Vec::new());
    // Differences in spaces, in abbreviations of the standard library, and in the types of numbers
    // in templates are ignored.
    let plain = |text: &str| {
        let mut text = text.replace(' ', "");
        for (long, short) in [
            (
                "basic_string<char,std::char_traits<char>,std::allocator<char>>",
                "string",
            ),
            ("basic_istream<char,std::char_traits<char>>", "istream"),
            ("basic_ostream<char,std::char_traits<char>>", "ostream"),
            ("basic_iostream<char,std::char_traits<char>>", "iostream"),
        ] {
            text = text.replace(&format!("std::{long}"), &format!("std::{short}"));
        }
        for name in ["istream", "ostream", "iostream", "string"] {
            text = text.replace(&format!("::basic_{name}("), &format!("::{name}("));
            text = text.replace(&format!("::~basic_{name}("), &format!("::~{name}("));
        }
        text = text.replace("decltype(nullptr)", "std::nullptr_t");
        // A cast in a template argument, such as (Kind)1.
        for kind in ["(unsignedint)", "(unsignedlong)", "(long)"] {
            text = text.replace(kind, "");
        }
        let mut plain = String::new();
        for c in text.chars() {
            let follows_number = plain.ends_with(|c: char| c.is_ascii_digit());
            if !(matches!(c, 'u' | 'l') && follows_number) {
                plain.push(c);
            }
        }
        plain
    };
    for (name, theirs) in names.lines().zip(theirs.lines()) {
        match c47::testing::demangled(name) {
            None => mangled += 1,
            Some(ours) if plain(&ours) == plain(theirs) => same += 1,
            Some(ours) => other.push(format!("{name}\n  {ours}\n  {theirs}")),
        }
    }
    println!(
        "{same} names agree, {mangled} stay mangled, {} differ",
        other.len()
    );
    for one in other.iter().take(40) {
        println!("{one}");
    }
    assert!(same > 3000, "{same}");
    // A few names may stay mangled, but none may be wrong.
    assert!(mangled * 20 <= same, "{mangled}");
    // The others differ in spelling: the type of a guard variable, parentheses around the address
    // of a function, its parameters in a template argument. The whole machine has more of them.
    let per_mille = match effort() {
        Effort::Full => 15,
        Effort::Quick | Effort::Usual => 5,
    };
    assert!(
        other.len() * 1000 <= same * per_mille,
        "{mangled} mangled, {} differ",
        other.len()
    );
}
