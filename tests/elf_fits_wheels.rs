//! Compares `c47 elf fits` with the dynamic linker for visual-effects software from PyPI, which
//! scripts/peers-elf downloads: the system's Python opens every library in a process of its own.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{self, Effort, Scratch, c47, effort, sample};

/// How many files a sample has.
const SAMPLE: usize = 40;

/// Opens each file in its arguments with RTLD_NOW in a child process, and prints `ok` or the message.
/// The first line is the path of the module that Python itself loads for it.
const DRIVER: &str = r#"
import ctypes, _ctypes, os, sys
def attempt(path):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r)
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        try:
            ctypes.CDLL(path)
            os.write(w, b"ok")
        except OSError as error:
            os.write(w, str(error).encode())
        os._exit(0)
    os.close(w)
    data = b""
    while part := os.read(r, 4096):
        data += part
    os.close(r)
    os.waitpid(pid, 0)
    # A constructor that ends the process ran after everything was bound.
    return data.decode(errors="replace").replace("\n", " ") or "ok"
print(_ctypes.__file__)
for path in sys.stdin.read().splitlines():
    print(attempt(path))
"#;

/// The system's Python. `None` if there is none that can be used.
fn python() -> Option<PathBuf> {
    let path = fs::canonicalize("/usr/bin/python3").ok()?;
    let ctypes = Command::new(&path)
        .args(["-c", "import ctypes"])
        .output()
        .ok()?;
    ctypes.status.success().then_some(path)
}

/// The directories of the unpacked wheels.
fn wheels() -> Option<Vec<PathBuf>> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers");
    let complete = |name: &str| peers.join(name).join("complete").exists();
    if effort() == Effort::Quick || !complete("wheels") || !complete("wheels-fits") {
        return support::peers::missing("wheels not found: run scripts/peers-elf");
    }
    if python().is_none() {
        return support::peers::missing("/usr/bin/python3 with ctypes not found");
    }
    let site = |name: &str| fs::canonicalize(peers.join(name).join("site")).unwrap();
    Some(vec![site("wheels"), site("wheels-fits")])
}

/// The libraries below a directory, sorted.
fn libraries(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap().flatten() {
            let path = entry.path();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() && entry.file_name().to_string_lossy().contains(".so") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Asserts that the linker and c47 agree for all files. Returns how many fit, and how many do not.
fn compare(files: &[PathBuf]) -> (usize, usize) {
    let python = python().unwrap();
    let names: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let mut child = Command::new(&python)
        .args(["-c", DRIVER])
        .env_remove("LD_LIBRARY_PATH")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, names.join("\n").as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (ctypes, messages) = text.split_once('\n').unwrap();
    let messages: Vec<&str> = messages.lines().collect();
    assert_eq!(messages.len(), files.len());

    let run = c47()
        .args(["elf", "fits", "--json", "--library-path", "", "--in"])
        .arg(&python)
        .args(["--also", ctypes])
        .args(&names)
        .limit(std::time::Duration::from_secs(900))
        .run();
    assert!(run.code < 2, "{}", run.stderr_text());
    let lines = run.stdout_text().lines();
    let reports: BTreeMap<String, Value> = lines
        .map(|line| {
            let report: Value = serde_json::from_str(line).unwrap();
            (report["path"].as_str().unwrap().to_owned(), report)
        })
        .collect();
    let (mut fit, mut unfit) = (0, 0);
    for (name, message) in names.iter().zip(messages) {
        let report = &reports[*name];
        let expected = if message == "ok" {
            "fits"
        } else {
            "does not fit"
        };
        assert_eq!(report["verdict"], expected, "{name}: {message}\n{report}");
        if message == "ok" {
            fit += 1;
            continue;
        }
        unfit += 1;
        // The reason that the linker gives is among ours.
        let findings = report["findings"].as_array().unwrap().iter();
        let errors: Vec<&str> = findings
            .filter(|finding| finding["severity"] == "error")
            .flat_map(|finding| [&finding["library"], &finding["symbol"], &finding["version"]])
            .filter_map(Value::as_str)
            .collect();
        let named = errors.iter().any(|error| message.contains(error));
        assert!(named, "{name}: {message}\n{report}");
    }
    (fit, unfit)
}

#[test]
fn every_library_of_wheels_fits_in_python_as_dlopen_says() {
    let Some(sites) = wheels() else { return };
    let all: Vec<PathBuf> = sites.iter().flat_map(|site| libraries(site)).collect();
    assert!(all.len() >= 500, "{} files", all.len());
    let (fit, unfit) = compare(&sample(all, SAMPLE));
    println!("{fit} fit, {unfit} do not");
    assert!(fit > unfit);
}

/// Copies of a package, with symlinks for the files, in which some libraries are removed, or
/// replaced, or lack a symbol.
#[test]
fn altered_packages_are_judged_as_by_dlopen() {
    let Some(sites) = wheels() else { return };
    let scratch = Scratch::new("altered-wheels");
    for (package, part) in [("scipy", "libs"), ("openimageio", "lib"), ("numpy", "libs")] {
        let origin = sites[0].join(package);
        let all = libraries(&origin);
        let is_dependency = |path: &&PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy();
            path.parent().unwrap().to_string_lossy().contains(part) && name.starts_with("lib")
        };
        let dependencies: Vec<&PathBuf> = all.iter().filter(is_dependency).collect();
        assert!(!dependencies.is_empty(), "{package}");
        let opened = sample(all.clone(), 12);
        for (number, dependency) in dependencies.iter().take(3).enumerate() {
            let other = dependencies[(number + 1) % dependencies.len()];
            for change in ["removed", "swapped", "symbols"] {
                let copy = scratch.path().join(format!("{package}-{number}-{change}"));
                for file in &all {
                    let to = copy.join(file.strip_prefix(&origin).unwrap());
                    fs::create_dir_all(to.parent().unwrap()).unwrap();
                    if file != *dependency {
                        symlink(file, &to).unwrap();
                    } else if change == "swapped" {
                        fs::copy(other, &to).unwrap();
                    } else if change == "symbols" {
                        fs::write(&to, without_some_symbols(&fs::read(file).unwrap())).unwrap();
                    }
                }
                let files: Vec<PathBuf> = opened
                    .iter()
                    .map(|file| copy.join(file.strip_prefix(&origin).unwrap()))
                    .filter(|file| file.exists())
                    .collect();
                let (fit, unfit) = compare(&files);
                println!(
                    "{package} {change} {}: {fit} fit, {unfit} do not",
                    dependency.display()
                );
            }
        }
    }
}

/// A library in which every seventh defined dynamic symbol is undefined. A 64-bit file with section
/// headers.
fn without_some_symbols(bytes: &[u8]) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    let number = |at: usize, size: usize| {
        let mut value = [0; 8];
        value[..size].copy_from_slice(&bytes[at..at + size]);
        usize::try_from(u64::from_le_bytes(value)).unwrap()
    };
    let (headers, size, count) = (number(0x28, 8), number(0x3a, 2), number(0x3c, 2));
    for header in (0..count).map(|index| headers + index * size) {
        const DYNSYM: usize = 11;
        if number(header + 4, 4) != DYNSYM {
            continue;
        }
        let (start, length) = (number(header + 0x18, 8), number(header + 0x20, 8));
        for symbol in (start..start + length).step_by(24 * 7) {
            altered[symbol + 6..symbol + 16].fill(0);
        }
    }
    altered
}
