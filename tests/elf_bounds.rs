//! ELF files crafted to use much time or memory: many entries for one long name, names inside other
//! names, many headers for the same bytes. Every command finishes quickly with little memory.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Run, Scratch, binary, sample};

const DT_NEEDED: u64 = 1;
const DT_HASH: u64 = 4;
const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_RELA: u64 = 7;
const DT_RELASZ: u64 = 8;
const DT_STRSZ: u64 = 10;
const DT_SONAME: u64 = 14;
const DT_RUNPATH: u64 = 29;
const DT_VERNEED: u64 = 0x6fff_fffe;
const DT_VERNEEDNUM: u64 = 0x6fff_ffff;
const DT_VERSYM: u64 = 0x6fff_fff0;

/// A 64-bit library: headers, a dynamic section, and tables after it.
struct Crafted {
    /// Program headers in addition to PT_LOAD and PT_DYNAMIC: type, offset, size.
    segments: Vec<(u32, u64, u64)>,
    dynamic: Vec<(u64, u64)>,
    strings: Vec<u8>,
    /// Tables and the tags that point to them.
    tables: Vec<(u64, Vec<u8>)>,
    /// The number of section headers, all for one symbol table and its strings.
    symbol_tables: u16,
}

impl Crafted {
    fn new(strings: Vec<u8>) -> Crafted {
        Crafted {
            segments: Vec::new(),
            dynamic: Vec::new(),
            strings,
            tables: Vec::new(),
            symbol_tables: 0,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let headers = 2 + self.segments.len() as u64;
        let dynamic_at = 64 + headers * 56;
        let entries = (self.dynamic.len() + self.tables.len() + 3) as u64;
        let strings_at = dynamic_at + entries * 16;
        let mut at = (strings_at + self.strings.len() as u64).next_multiple_of(8);
        let mut dynamic = self.dynamic.clone();
        dynamic.push((DT_STRTAB, strings_at));
        dynamic.push((DT_STRSZ, self.strings.len() as u64));
        for (tag, table) in &self.tables {
            dynamic.push((*tag, at));
            at = (at + table.len() as u64).next_multiple_of(8);
        }
        dynamic.push((0, 0));
        let sections_at = at;
        let size = at + u64::from(self.symbol_tables) * 64;

        let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let half = |file: &mut Vec<u8>, value: u16| file.extend(value.to_le_bytes());
        let word = |file: &mut Vec<u8>, value: u32| file.extend(value.to_le_bytes());
        let wide = |file: &mut Vec<u8>, value: u64| file.extend(value.to_le_bytes());
        half(&mut file, 3); // ET_DYN
        half(&mut file, 62); // x86-64
        word(&mut file, 1);
        for value in [
            0,
            64,
            if self.symbol_tables > 0 {
                sections_at
            } else {
                0
            },
        ] {
            wide(&mut file, value);
        }
        word(&mut file, 0);
        for value in [64, 56, headers as u16, 64, self.symbol_tables, 0] {
            half(&mut file, value);
        }
        let load = (1, 0, size);
        let own = (2, dynamic_at, entries * 16);
        for &(kind, offset, length) in [load, own].iter().chain(&self.segments) {
            word(&mut file, kind);
            word(&mut file, 4);
            for value in [offset, offset, offset, length, length, 4] {
                wide(&mut file, value);
            }
        }
        for (tag, value) in dynamic {
            wide(&mut file, tag);
            wide(&mut file, value);
        }
        file.extend(&self.strings);
        for (_, table) in &self.tables {
            file.resize(file.len().next_multiple_of(8), 0);
            file.extend(table);
        }
        file.resize(sections_at as usize, 0);
        for number in 0..self.symbol_tables {
            word(&mut file, 0);
            word(&mut file, if number == 0 { 3 } else { 2 }); // SHT_STRTAB, SHT_SYMTAB
            wide(&mut file, 0);
            wide(&mut file, 0);
            wide(&mut file, strings_at);
            wide(&mut file, self.strings.len() as u64);
            word(&mut file, 0); // sh_link: the strings
            file.resize(file.len() + 20, 0);
        }
        file
    }
}

/// `count` values of a tag, with strings at a stride.
fn many(tag: u64, count: u64, stride: u64) -> Vec<(u64, u64)> {
    (0..count).map(|at| (tag, 1 + at * stride)).collect()
}

/// One string of `size` bytes, after the empty string.
fn one_string(piece: &str, size: usize) -> Vec<u8> {
    let mut strings = vec![0];
    strings.extend(piece.as_bytes().iter().cycle().take(size));
    strings.push(0);
    strings
}

/// Version needs: one library with `count` versions, all with one name and number.
fn version_needs(count: u16) -> Vec<u8> {
    let mut table = Vec::new();
    for value in [1, count] {
        table.extend(value.to_le_bytes());
    }
    for value in [1_u32, 16, 0] {
        table.extend(value.to_le_bytes());
    }
    for at in 0..count {
        table.extend(0_u32.to_le_bytes());
        table.extend([0, 0, 2, 0]); // flags, number
        table.extend(1_u32.to_le_bytes());
        let next: u32 = if at + 1 < count { 16 } else { 0 };
        table.extend(next.to_le_bytes());
    }
    table
}

/// `count` undefined symbols, all with names inside one string, and their versions.
fn symbols(crafted: &mut Crafted, count: u32) {
    let mut symbols = vec![0; 24];
    for at in 1..count {
        symbols.extend((1000 + at % 1000).to_le_bytes());
        symbols.extend([0x10, 0, 0, 0]);
        symbols.extend([0; 16]);
    }
    crafted.tables.push((DT_SYMTAB, symbols));
    let versions = [2, 0].repeat(count as usize);
    crafted.tables.push((DT_VERSYM, versions));
    let hash = [1, count, 0].map(u32::to_le_bytes).concat();
    crafted.tables.push((DT_HASH, hash));
}

pub fn crafted_files() -> Vec<(&'static str, Vec<u8>)> {
    let mut files = Vec::new();
    let mut add = |name, crafted: &Crafted| files.push((name, crafted.bytes()));

    let mut long_names = Crafted::new(one_string("x", 1 << 20));
    long_names.dynamic = many(DT_NEEDED, 2000, 1);
    add("2,000 needed names of 1 MB", &long_names);

    let mut names = Crafted::new(one_string("x", 4096));
    names.dynamic = many(DT_NEEDED, 9999, 0);
    add("9,999 needed names of 4 kB", &names);

    let mut distinct = vec![0];
    for number in 0..9000 {
        distinct.extend(format!("{}{number:05}.so\0", "x".repeat(800)).bytes());
    }
    let mut different = Crafted::new(distinct.clone());
    different.dynamic = many(DT_NEEDED, 9000, 809);
    add("9,000 different needed names", &different);

    let mut tokens = Crafted::new(one_string("$ORIGIN", 4090));
    tokens.dynamic = many(DT_NEEDED, 2000, 0);
    add("names of tokens", &tokens);

    let mut path = Crafted::new(Vec::new());
    path.strings.push(0);
    for number in 0..9000 {
        path.strings.extend(format!("lib{number:05}\0").bytes());
    }
    path.dynamic = many(DT_NEEDED, 9000, 9);
    let at = path.strings.len() as u64;
    for number in 0..9000 {
        let up = "./".repeat(number % 7);
        path.strings
            .extend(format!("/usr/{up}{}:", "../usr/".repeat(number % 11)).bytes());
    }
    path.strings.truncate(at as usize + (60 << 10));
    path.strings.push(0);
    path.dynamic.push((DT_RUNPATH, at));
    add("9,000 libraries in many directories", &path);

    let mut long_path = Crafted::new(one_string("a:", 8 << 20));
    long_path.dynamic = vec![(DT_RUNPATH, 1), (DT_NEEDED, 3)];
    add("a search path of 8 MB", &long_path);

    let mut soname = Crafted::new(one_string("lib-9e9f2e1c.so", 15 << 20));
    soname.dynamic = vec![(DT_SONAME, 1)];
    add("a SONAME of 15 MB", &soname);

    let mut abi = Crafted::new(one_string("_ZSsSs", 15 << 20));
    abi.strings[1] = b'x';
    add("one name full of C++ ABI marks", &abi);

    let mut versions = Crafted::new(one_string("GLIBC_2.17", 3000));
    versions
        .tables
        .push((DT_VERNEED, version_needs(u16::MAX / 4)));
    versions.dynamic = vec![(DT_VERNEEDNUM, 1), (DT_NEEDED, 1)];
    add("16,000 versions of long names", &versions);

    let mut bound =
        Crafted::new([&b"\0GLIBC_2.17\0"[..], &[b'x'; 988], &[b'x', 0].repeat(600)].concat());
    bound.tables.push((DT_VERNEED, version_needs(10_000)));
    bound.dynamic = vec![(DT_VERNEEDNUM, 1), (DT_NEEDED, 1)];
    symbols(&mut bound, 400_000);
    add("400,000 symbols of 10,000 versions", &bound);

    let mut overlapping = Crafted::new(one_string("_Zx", 4 << 20));
    overlapping.dynamic = vec![(DT_NEEDED, 1 << 20)];
    symbols(&mut overlapping, 400_000);
    add("400,000 symbols within one name", &overlapping);

    // Every symbol is used, has a name of up to 4 MB, and has the hash of all others.
    let mut used = Crafted::new(one_string("_Zx", 4 << 20));
    symbols(&mut used, 200_000);
    let relocations = (1..200_000_u64).flat_map(|symbol| [0, symbol << 32 | 1, 0]);
    let relocations: Vec<u8> = relocations.flat_map(u64::to_le_bytes).collect();
    used.dynamic = vec![(DT_RELASZ, relocations.len() as u64)];
    used.tables.push((DT_RELA, relocations));
    add("200,000 relocations to symbols within one name", &used);

    let mut sections = Crafted::new(one_string("x", 12 << 20));
    sections.symbol_tables = 60_000;
    add("60,000 symbol tables with 12 MB of names", &sections);

    let mut notes = Crafted::new(vec![0; 1 << 20]);
    notes.segments = vec![(4, 0, 1 << 20); 60_000];
    add("60,000 headers for one note", &notes);
    files
}

/// The program under test with 256 MB of address space and the words of a command.
fn limited(words: &[&str], file: &Path) -> Run {
    Run::of("/bin/sh")
        .args(["-c", "ulimit -v 262144 && exec \"$@\"", "sh"])
        .arg(binary())
        .arg("elf")
        .args(words)
        .arg(file)
}

#[test]
fn crafted_file_uses_little_time_and_memory() {
    let scratch = Scratch::new("crafted");
    let directory = scratch.path().join("tree");
    std::fs::create_dir(&directory).unwrap();
    let file = directory.join("crafted.so");
    // With optimization, every command takes less than 2 s.
    let most = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 });
    for (name, bytes) in sample(crafted_files(), 3) {
        assert!(bytes.len() <= 16 << 20, "{name}: {}", bytes.len());
        std::fs::write(&file, bytes).unwrap();
        for words in [
            &["info"][..],
            &["info", "--json"],
            &["glibc"],
            &["glibc", "--json"],
            &["ldd"],
            &["ldd", "--tree"],
            &["ldd", "--why", "x"],
            &["ldd", "--json"],
            &["rpath"],
            &["dupes"],
            &["fits", "--in", "/bin/sh"],
            &["fits", "--in", "/bin/sh", "--json"],
            &["diff", "/bin/sh"],
            &["diff", file.to_str().unwrap(), "--all"],
            &["diff", file.to_str().unwrap(), "--json"],
        ] {
            let on = if words[0] == "dupes" {
                &directory
            } else {
                &file
            };
            let started = Instant::now();
            let output = limited(words, on).run();
            let took = started.elapsed();
            // Either a result or an error line.
            assert!(
                [0, 1, 7].contains(&output.code),
                "{name}: {}",
                output.tell()
            );
            assert!(output.code != 7 || output.stderr_text().lines().count() <= 2);
            assert!(took < most, "{name}: {words:?} took {took:?}");
        }
    }
}

#[test]
fn names_longer_than_4096_bytes_are_rejected() {
    let scratch = Scratch::new("names");
    for (length, code) in [(4096, 0), (4097, 7)] {
        let mut crafted = Crafted::new(one_string("x", length));
        crafted.dynamic = vec![(DT_NEEDED, 1)];
        let file = scratch.write("crafted.so", crafted.bytes());
        let output = limited(&["info"], &file).run().expect_code(code);
        if code == 7 {
            let why = output.stderr_text();
            assert!(why.contains("a name longer than 4096 bytes"), "{why}");
        }
    }
}
