//! Truncated and altered ELF files: each gives a result or an error quickly, and never a panic.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use c47::testing::Cpu;
use c47::testing::Info;
use c47::testing::Requirements;
use c47::testing::Root;
use c47::testing::{LibraryCache, SearchSettings as Settings};
use c47::testing::{can_replace, plugin_findings, tree, verdict};

use crate::support::{Scratch, sample};

/// How many offsets of the file a sample has.
const SAMPLE: usize = 400;

fn small_library() -> &'static [u8] {
    static LIBRARY: OnceLock<Vec<u8>> = OnceLock::new();
    LIBRARY.get_or_init(|| compiled(&Scratch::new("small")))
}

/// A small library with symbol versions, needs, notes and a search path.
fn compiled(scratch: &Scratch) -> Vec<u8> {
    scratch.write("f.c", "int puts(const char *);\nint fcntl64(int, int, ...);\nint f(void) { return puts(\"\") + fcntl64(0, 0); }\n");
    scratch.write("f.map", "V1 { global: f; };\n");
    let flags = [
        "-shared",
        "-fPIC",
        "-O1",
        "-s",
        "-nostartfiles",
        "-o",
        "libf.so",
        "f.c",
    ];
    let output = Command::new("gcc")
        .args(flags)
        .args(["-Wl,-z,noseparate-code,-z,max-page-size=64,-z,norelro,--build-id=sha1"])
        .args(["-Wl,--version-script,f.map,-soname,libf.so,-rpath,$ORIGIN/lib"])
        .current_dir(scratch.path())
        .output()
        .expect("gcc");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::read(scratch.path().join("libf.so")).unwrap()
}

/// Checks one of eight files as a plug-in, and as a library that is opened before another: each reads
/// the libraries of a program.
fn look_as_plugin(path: &Path) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    match COUNT.fetch_add(1, Ordering::Relaxed) % 16 {
        0 => drop(plugin_findings(path, &[])),
        8 => drop(plugin_findings(Path::new("/bin/true"), &[path.to_owned()])),
        _ => {}
    }
}

fn look(path: &Path, bytes: &[u8]) {
    // Not fs::write, because ext4 waits for the disk when a file is truncated and rewritten.
    let file = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path);
    let mut file = file.unwrap();
    file.write_all(bytes).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
    let began = Instant::now();
    if let Ok(object) = Requirements::of_file(path, &mut Vec::new()) {
        verdict::runs_on(&[object]);
    }
    let _ = Info::of_file(path);
    let mut shelves = LibraryCache::new(Settings {
        root: Root::Host,
        library_path: "/nowhere".into(),
        preload: "".into(),
        cpu: Cpu::of_this_machine(),
    });
    let _ = tree::resolve(&mut shelves, path);
    look_as_plugin(path);
    let original = path.with_file_name("original.so");
    let _ = can_replace(path, path);
    let _ = can_replace(&original, path);
    let _ = can_replace(path, &original);
    // It takes milliseconds. The limit only detects a hang.
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn every_truncation_is_handled() {
    let scratch = Scratch::new("cut");
    let bytes = small_library();
    scratch.write("original.so", bytes);
    let path = scratch.path().join("altered.so");
    for end in sample((0..bytes.len()).collect(), SAMPLE) {
        look(&path, &bytes[..end]);
    }
}

#[test]
fn every_altered_byte_is_handled() {
    let scratch = Scratch::new("altered");
    let bytes = small_library();
    scratch.write("original.so", bytes);
    let path = scratch.path().join("altered.so");
    for at in sample((0..bytes.len()).collect(), SAMPLE) {
        let mut altered = bytes.to_vec();
        for value in [bytes[at] ^ 1, !bytes[at], 0xff] {
            altered[at] = value;
            look(&path, &altered);
        }
    }
}

/// Sets several words of the tables to values that overflow sums, with a seeded generator.
#[test]
fn many_altered_words_are_handled() {
    let scratch = Scratch::new("random");
    let bytes = small_library();
    scratch.write("original.so", bytes);
    let path = scratch.path().join("altered.so");
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let chosen: Vec<usize> = sample((0..4000).collect(), 2 * SAMPLE);
    for round in 0..4000 {
        let mut altered = bytes.to_vec();
        for _ in 0..=next() % 8 {
            let at = (next() as usize % (bytes.len() - 8)) & !3;
            let extremes = [
                0,
                1,
                u64::MAX,
                u64::MAX >> 1,
                1 << 63,
                1 << 31,
                0xffff_ffff,
                bytes.len() as u64,
            ];
            let value = match next() % 3 {
                0 => next(),
                _ => extremes[next() as usize % extremes.len()],
            };
            let width = if next() % 2 == 0 { 4 } else { 8 };
            altered[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
        }
        if chosen.binary_search(&round).is_ok() {
            look(&path, &altered);
        }
    }
}
