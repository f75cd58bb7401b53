//! Why a file could not be read as ELF.

use std::borrow::Cow;
use std::fmt;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use object::elf;

use crate::error::Error;
use crate::io_error::reason;
use crate::zip;

/// Why a file could not be read.
#[derive(Debug)]
pub enum Fault {
    /// The system call failed.
    Io(io::Error),
    /// A directory, a FIFO, a device or a socket. It is not opened.
    NotRegular(&'static str),
    /// A regular file that is not an ELF file, with its type.
    NotElf(Cow<'static, str>),
    /// An invalid ELF file, with the reason.
    Broken(String),
    /// An archive that is invalid or unsupported, with the reason.
    Archive(String),
}

impl From<zip::Error> for Fault {
    fn from(error: zip::Error) -> Fault {
        match error {
            zip::Error::Io(error) => Fault::Io(error),
            zip::Error::Malformed(why) => Fault::Archive(why),
        }
    }
}

impl Fault {
    /// The command's error for the file at `path`.
    pub fn at(self, path: &Path) -> Error {
        match self {
            Fault::Io(source) => Error::file("read", path)(source),
            fault @ (Fault::NotRegular(_)
            | Fault::NotElf(_)
            | Fault::Broken(_)
            | Fault::Archive(_)) => Error::malformed(path.display().to_string(), fault),
        }
    }

    pub(super) fn broken(why: impl Into<String>) -> Fault {
        Fault::Broken(why.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Io(error) => f.write_str(&reason(error)),
            Fault::NotRegular(kind) => write!(f, "not a regular file but {kind}"),
            Fault::NotElf(what) => write!(f, "not an ELF program or library but {what}"),
            Fault::Broken(why) => write!(f, "invalid ELF file: {why}"),
            Fault::Archive(why) => write!(f, "cannot read the ZIP archive: {why}"),
        }
    }
}

/// Accepts what begins like an ELF file.
pub(super) fn ensure_elf(head: &[u8]) -> Result<(), Fault> {
    if head.starts_with(&elf::ELFMAG) {
        return Ok(());
    }
    Err(Fault::NotElf(file_type(head)))
}

/// The type of a file that is not an ELF file.
fn file_type(head: &[u8]) -> Cow<'static, str> {
    if head.is_empty() {
        return "an empty file".into();
    }
    if head.starts_with(b"!<arch>\n") {
        return "a static archive (.a)".into();
    }
    if let Some(rest) = head.strip_prefix(b"#!") {
        let line = rest.split(|&byte| byte == b'\n').next().unwrap_or(rest);
        let shown: String = String::from_utf8_lossy(line)
            .trim()
            .chars()
            .take(80)
            .collect();
        return format!("a script (#!{shown})").into();
    }
    let text = b"/* GNU ld script";
    if head.starts_with(text) || head.starts_with(b"GROUP") || head.starts_with(b"INPUT") {
        return "a linker script".into();
    }
    let magics: [(&[u8], &str); 4] = [
        (b"\xcf\xfa\xed\xfe", "a macOS program or library (Mach-O)"),
        (b"\xca\xfe\xba\xbe", "a macOS program or library (Mach-O)"),
        (b"MZ", "a Windows program or library (PE)"),
        (b"PK\x03\x04", "a ZIP archive"),
    ];
    magics
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
        .map_or_else(
            || "a file of unknown type".into(),
            |(_, what)| (*what).into(),
        )
}

/// Accepts a regular file.
pub(super) fn ensure_regular(metadata: &Metadata) -> Result<(), Fault> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(());
    }
    Err(Fault::NotRegular(if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }))
}
