//! What is built into the ld.so of a system: its default directories, `$LIB`, the subdirectories
//! for newer CPUs, and its cache. It is read from the interpreter's file, because distributions
//! differ and nothing is executed.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use memchr::memmem;
use object::elf;

use super::cache::{Abilities, Cache, MOST_CACHE_BYTES};
use super::parse::{Architecture, Class};
use super::reader::Source;
use super::root::Root;
use super::tokens::Tokens;
use crate::platform::cpu::Maker;
use crate::platform::{Level, Version};

/// Limit for the size of an ld.so.
const MOST_INTERPRETER_BYTES: u64 = 16 << 20;
/// Limit for the size of /etc/ld.so.preload and of musl's path file.
const MOST_PATH_FILE_BYTES: u64 = 1 << 20;

/// The CPU to assume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu {
    pub level: Level,
    pub maker: Maker,
}

impl Cpu {
    pub fn of_this_machine() -> Cpu {
        Cpu {
            level: Level::of_this_machine(),
            maker: Maker::of_this_machine(),
        }
    }
}

/// How a program's interpreter searches libraries.
#[derive(Debug)]
pub enum System {
    Glibc(Box<Glibc>),
    Musl(Musl),
}

/// glibc's ld.so.
#[derive(Debug)]
pub struct Glibc {
    /// The default directories, each with `/` at the end.
    pub directories: Vec<Vec<u8>>,
    /// `$LIB`.
    pub lib: String,
    /// `$PLATFORM`.
    pub platform: &'static str,
    /// The subdirectories tried in each directory, each with `/` at the end. The last one is the
    /// directory itself ("").
    pub subdirectories: Vec<String>,
    pub cache: Option<Cache>,
    pub abilities: Abilities,
    /// `/etc/ld.so.preload`.
    pub preload: OsString,
}

/// musl's ld.so, with a list of directories and no cache.
#[derive(Debug)]
pub struct Musl {
    pub directories: Vec<Vec<u8>>,
}

/// The usual interpreter for a library that does not name one.
pub(crate) fn usual_interpreter(architecture: Architecture) -> Option<&'static str> {
    let machine = elf::Machine(architecture.machine);
    Some(
        match (machine, architecture.class, architecture.big_endian) {
            (elf::EM_X86_64, Class::Bits64, _) => "/lib64/ld-linux-x86-64.so.2",
            (elf::EM_X86_64, Class::Bits32, _) => "/libx32/ld-linux-x32.so.2",
            (elf::EM_386, ..) => "/lib/ld-linux.so.2",
            (elf::EM_AARCH64, _, false) => "/lib/ld-linux-aarch64.so.1",
            (elf::EM_AARCH64, _, true) => "/lib/ld-linux-aarch64_be.so.1",
            (elf::EM_ARM, ..) => "/lib/ld-linux-armhf.so.3",
            (elf::EM_PPC64, _, false) => "/lib64/ld64.so.2",
            (elf::EM_PPC64, _, true) => "/lib64/ld64.so.1",
            (elf::EM_S390, Class::Bits64, _) => "/lib/ld64.so.1",
            (elf::EM_RISCV, Class::Bits64, _) => "/lib/ld-linux-riscv64-lp64d.so.1",
            _ => return None,
        },
    )
}

impl System {
    /// The values of the tokens in search paths.
    pub fn tokens<'a>(&'a self, origin: Option<&'a [u8]>) -> Tokens<'a> {
        match self {
            System::Glibc(glibc) => Tokens {
                origin,
                lib: glibc.lib.as_bytes(),
                platform: glibc.platform.as_bytes(),
            },
            System::Musl(_) => Tokens {
                origin,
                lib: b"$LIB",
                platform: b"$PLATFORM",
            },
        }
    }

    /// The rules of the interpreter at `path` inside `root` for objects of this architecture. The
    /// usual rules are assumed for a missing interpreter.
    pub fn of(root: &Root, path: &Path, architecture: Architecture, cpu: Cpu) -> System {
        let name = path.file_name().map(OsStr::as_bytes).unwrap_or_default();
        if let Some(arch) = name.strip_prefix(b"ld-musl-") {
            return System::Musl(Musl::read(root, arch));
        }
        let source = root
            .resolve(path)
            .ok()
            .and_then(|path| Source::open(&path).ok());
        let bytes = source
            .as_ref()
            .and_then(|source| source.bytes_up_to(0, MOST_INTERPRETER_BYTES).ok())
            .unwrap_or_default();
        System::Glibc(Box::new(Glibc::read(root, &bytes, architecture, cpu)))
    }
}

impl Musl {
    fn read(root: &Root, arch: &[u8]) -> Musl {
        let arch = arch.split(|&byte| byte == b'.').next().unwrap_or(arch);
        let path = [b"/etc/ld-musl-", arch, b".path"].concat();
        let list = read_small(
            root,
            Path::new(OsStr::from_bytes(&path)),
            MOST_PATH_FILE_BYTES,
        )
        .unwrap_or_else(|| b"/lib:/usr/local/lib:/usr/lib".to_vec());
        let directories = list.split(|&byte| byte == b':' || byte == b'\n');
        Musl {
            directories: directories
                .filter(|directory| !directory.is_empty())
                .map(|directory| [directory, b"/"].concat())
                .collect(),
        }
    }
}

impl Glibc {
    fn read(root: &Root, interpreter: &[u8], architecture: Architecture, cpu: Cpu) -> Glibc {
        let directories = built_in_directories(interpreter)
            .unwrap_or_else(|| usual_directories(root, architecture));
        let lib = directories.first().map_or("lib".into(), |first| {
            String::from_utf8_lossy(first).trim_matches('/').to_owned()
        });
        let cpu = Abilities {
            flags: cache_flags(architecture),
            hwcaps: hwcaps(interpreter, architecture, cpu.level),
            level: cpu.level,
            legacy: 0,
        }
        .with_legacy(interpreter, architecture, cpu.maker);
        let (abilities, legacy) = cpu;
        let subdirectories = subdirectories(&abilities.hwcaps, &legacy.names);
        let cache = read_small(root, Path::new("/etc/ld.so.cache"), MOST_CACHE_BYTES);
        Glibc {
            directories,
            lib,
            platform: legacy.platform,
            subdirectories,
            cache: cache.and_then(|bytes| Cache::parse(bytes).ok()),
            abilities,
            preload: read_small(root, Path::new("/etc/ld.so.preload"), MOST_PATH_FILE_BYTES)
                .map(OsString::from_vec)
                .unwrap_or_default(),
        }
    }
}

/// The subdirectories used before glibc-hwcaps (glibc 2.37 dropped them), and `$PLATFORM`.
struct Legacy {
    platform: &'static str,
    /// The most significant first. Every combination is tried.
    names: Vec<&'static str>,
}

impl Abilities {
    fn with_legacy(
        mut self,
        interpreter: &[u8],
        architecture: Architecture,
        maker: Maker,
    ) -> (Abilities, Legacy) {
        let knows = |name: &[u8]| memmem::find(interpreter, name).is_some();
        let on_intel = maker == Maker::Intel && knows(b"\0haswell\0");
        let machine = elf::Machine(architecture.machine);
        let mut legacy = match (machine, architecture.class) {
            (elf::EM_X86_64, Class::Bits64) => {
                // Bits in the cache: 0 is sse2, 1 x86_64, 2 avx512_1, and 48 and up are platforms.
                self.legacy = 0b11;
                let mut names = vec!["tls"];
                let platform = if on_intel && self.level >= Level::V3 {
                    self.legacy |= 1 << 50;
                    "haswell"
                } else {
                    "x86_64"
                };
                names.push(platform);
                if on_intel && self.level >= Level::V4 {
                    self.legacy |= 0b100;
                    names.push("avx512_1");
                }
                names.push("x86_64");
                Legacy { platform, names }
            }
            (elf::EM_386, _) => {
                self.legacy = 0xffff_ffff | 1 << 48 | 1 << 49;
                Legacy {
                    platform: "i686",
                    names: vec!["tls", "i686", "sse2"],
                }
            }
            (elf::EM_AARCH64, _) => Legacy {
                platform: "aarch64",
                names: vec!["tls"],
            },
            (elf::EM_ARM, _) => Legacy {
                platform: "v7l",
                names: vec!["tls", "v7l"],
            },
            _ => Legacy {
                platform: "",
                names: vec!["tls"],
            },
        };
        self.legacy |= 1 << 63; // tls
        // Since 2.33 ld.so contains its version.
        if release(interpreter).is_some_and(|release| release >= Version::two(2, 37)) {
            legacy.names.clear();
        }
        (self, legacy)
    }
}

/// The version in "stable release version 2.36", as ld.so and libc.so.6 print it.
pub(crate) fn release(bytes: &[u8]) -> Option<Version> {
    let start = b"release version ";
    let at = memmem::find(bytes, start)? + start.len();
    let text: String = bytes
        .get(at..)?
        .iter()
        .take(16)
        .map(|&byte| char::from(byte))
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    Version::parse(text.trim_end_matches('.'))
}

/// The default directories are stored in sequence in ld.so: `/lib64/`, NUL, `/usr/lib64/`, NUL.
fn built_in_directories(interpreter: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut best: Vec<Vec<u8>> = Vec::new();
    for at in memmem::find_iter(interpreter, b"\0/usr/lib") {
        // Find the first directory of the sequence, then read to the last.
        let mut start = at + 1;
        while let Some(before) = interpreter.get(..start.saturating_sub(1)) {
            let previous = memchr::memrchr(0, before).map_or(0, |nul| nul + 1);
            if !is_directory(before.get(previous..).unwrap_or_default()) {
                break;
            }
            start = previous;
        }
        let run: Vec<Vec<u8>> = interpreter
            .get(start..)
            .unwrap_or_default()
            .split(|&byte| byte == 0)
            .take_while(|name| is_directory(name))
            .map(<[u8]>::to_vec)
            .collect();
        if run.len() > best.len() {
            best = run;
        }
    }
    (!best.is_empty()).then_some(best)
}

fn is_directory(name: &[u8]) -> bool {
    (name.starts_with(b"/lib") || name.starts_with(b"/usr/lib"))
        && name.ends_with(b"/")
        && name.len() <= 64
        && name.iter().all(u8::is_ascii_graphic)
}

fn usual_directories(root: &Root, architecture: Architecture) -> Vec<Vec<u8>> {
    let triplet = match elf::Machine(architecture.machine) {
        elf::EM_X86_64 => Some("x86_64-linux-gnu"),
        elf::EM_AARCH64 => Some("aarch64-linux-gnu"),
        elf::EM_386 => Some("i386-linux-gnu"),
        _ => None,
    };
    let multiarch = triplet.filter(|triplet| {
        let path = format!("/usr/lib/{triplet}");
        root.resolve(Path::new(&path))
            .is_ok_and(|path| path.is_dir())
    });
    let names = match (multiarch, architecture.class) {
        (Some(triplet), _) => vec![
            format!("/lib/{triplet}/"),
            format!("/usr/lib/{triplet}/"),
            "/lib/".into(),
            "/usr/lib/".into(),
        ],
        (None, Class::Bits64) => vec!["/lib64/".into(), "/usr/lib64/".into()],
        (None, Class::Bits32) => vec!["/lib/".into(), "/usr/lib/".into()],
    };
    names.into_iter().map(String::into_bytes).collect()
}

/// The names in glibc-hwcaps that this CPU supports, best first. Present are none before glibc 2.33.
fn hwcaps(interpreter: &[u8], architecture: Architecture, level: Level) -> Vec<&'static str> {
    let x86_64 = architecture.machine == elf::EM_X86_64.0;
    if !x86_64 || memmem::find(interpreter, b"glibc-hwcaps").is_none() {
        return Vec::new();
    }
    [Level::V4, Level::V3, Level::V2]
        .into_iter()
        .filter(|&known| known <= level)
        .map(Level::name)
        .collect()
}

fn subdirectories(hwcaps: &[&str], legacy: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = hwcaps
        .iter()
        .map(|name| format!("glibc-hwcaps/{name}/"))
        .collect();
    // All combinations, from all names to none, in the order of a binary number counting down.
    for chosen in (0..1_u32 << legacy.len()).rev() {
        let mut path = String::new();
        for (place, name) in legacy.iter().rev().enumerate().rev() {
            if chosen & (1 << place) != 0 {
                path.push_str(name);
                path.push('/');
            }
        }
        if !all.contains(&path) {
            all.push(path);
        }
    }
    all
}

/// The flags of the architecture's entries in the cache (`_DL_CACHE_DEFAULT_ID` in glibc).
fn cache_flags(architecture: Architecture) -> u32 {
    let required = match (elf::Machine(architecture.machine), architecture.class) {
        (elf::EM_X86_64, Class::Bits64) => 0x0300,
        (elf::EM_X86_64, Class::Bits32) => 0x0800,
        (elf::EM_AARCH64, _) => 0x0a00,
        (elf::EM_ARM, _) => 0x0900,
        (elf::EM_PPC64, _) => 0x0500,
        (elf::EM_S390, Class::Bits64) => 0x0400,
        (elf::EM_SPARCV9, _) => 0x0100,
        (elf::EM_IA_64, _) => 0x0200,
        (elf::EM_RISCV, _) => 0x1000,
        _ => 0,
    };
    required | 3
}

fn read_small(root: &Root, path: &Path, most_bytes: u64) -> Option<Vec<u8>> {
    let path = root.resolve(path).ok()?;
    if fs::metadata(&path).ok()?.len() > most_bytes {
        return None;
    }
    let source = Source::open(&path).ok()?;
    let bytes = source.bytes_up_to(0, most_bytes).ok()?;
    Some(bytes.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_directories_are_read_from_an_interpreter() {
        let debian =
            b"x\0/etc\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0\0y";
        let found = built_in_directories(debian).unwrap();
        assert_eq!(found.len(), 4);
        assert_eq!(found[0], b"/lib/x86_64-linux-gnu/");
        let found = built_in_directories(b"\0/lib64/\0/usr/lib64/\0").unwrap();
        assert_eq!(found, [b"/lib64/".to_vec(), b"/usr/lib64/".to_vec()]);
        assert!(built_in_directories(b"\0/usr/lib/locale\0").is_none());
    }

    #[test]
    fn subdirectory_combinations_are_in_the_order_of_glibc() {
        assert_eq!(
            subdirectories(&["x86-64-v3"], &["tls", "x86_64"]),
            [
                "glibc-hwcaps/x86-64-v3/",
                "tls/x86_64/",
                "tls/",
                "x86_64/",
                ""
            ]
        );
        assert_eq!(subdirectories(&[], &[]), [""]);
    }

    #[test]
    fn release_is_read_from_a_libc() {
        let text = b"ld.so (Debian GLIBC 2.36-9) stable release version 2.36.\n";
        assert_eq!(release(text), Version::parse("2.36"));
        assert_eq!(release(b"nothing"), None);
    }
}
