//! Resource limits of this process, as `ulimit` shows them.

use nanoserde::SerJson;
use rustix::process::Resource;

use super::calls;

/// A limit; null is unlimited.
#[derive(Clone, Debug, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Limit {
    /// `open_files`, `processes`; sizes end in `_bytes`.
    pub name: &'static str,
    pub soft: Option<u64>,
    pub hard: Option<u64>,
}

/// The limits that affect renders.
pub(crate) fn read() -> Vec<Limit> {
    [
        ("open_files", Resource::Nofile),
        ("processes", Resource::Nproc),
        ("stack_bytes", Resource::Stack),
        ("address_space_bytes", Resource::As),
        ("locked_memory_bytes", Resource::Memlock),
        ("file_size_bytes", Resource::Fsize),
        ("core_bytes", Resource::Core),
    ]
    .into_iter()
    .map(|(name, resource)| {
        let (soft, hard) = calls::limit(resource);
        Limit { name, soft, hard }
    })
    .collect()
}

/// A name for people: `open files`, `stack`.
pub(crate) fn label(name: &str) -> String {
    name.trim_end_matches("_bytes").replace('_', " ")
}
