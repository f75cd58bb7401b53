//! The versions of the C and C++ libraries, read from their files.

use nanoserde::SerJson;

use crate::elf::host::{self, X86_64};
use crate::elf::root::Root;
use crate::platform::Version;

use super::background;

/// Versions and paths; null if there is no such library.
#[derive(Clone, Debug, Default, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Libraries {
    pub glibc: Option<String>,
    pub libc_path: Option<String>,
    pub glibcxx: Option<String>,
    pub cxxabi: Option<String>,
    pub libstdcxx_path: Option<String>,
}

/// The libraries that ld.so finds without an LD_LIBRARY_PATH.
pub(crate) fn read(root: &Root) -> Libraries {
    let root = root.clone();
    let found = background::start_long(move || host::libraries(&root, X86_64));
    let found = found.wait().unwrap_or_default();
    let text = |version: Option<Version>| version.map(|version| version.to_string());
    let path = |path: Option<std::path::PathBuf>| path.map(|path| path.display().to_string());
    Libraries {
        glibc: text(found.glibc),
        libc_path: path(found.libc),
        glibcxx: text(found.glibcxx),
        cxxabi: text(found.cxxabi),
        libstdcxx_path: path(found.libstdcxx),
    }
}
