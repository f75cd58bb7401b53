//! Resource limits of this process, as `ulimit` shows them.

use nanoserde::SerJson;

use super::calls;

/// A limit; null is none.
#[derive(Clone, Debug, SerJson)]
#[nserde(serialize_none_as_null)]
pub struct Limit {
    /// `open_files`, `processes`; sizes end in `_bytes`.
    pub name: &'static str,
    pub soft: Option<u64>,
    pub hard: Option<u64>,
}

/// Those that stop renders.
pub fn read() -> Vec<Limit> {
    [
        ("open_files", libc::RLIMIT_NOFILE),
        ("processes", libc::RLIMIT_NPROC),
        ("stack_bytes", libc::RLIMIT_STACK),
        ("address_space_bytes", libc::RLIMIT_AS),
        ("locked_memory_bytes", libc::RLIMIT_MEMLOCK),
        ("file_size_bytes", libc::RLIMIT_FSIZE),
        ("core_bytes", libc::RLIMIT_CORE),
    ]
    .into_iter()
    .filter_map(|(name, resource)| {
        let (soft, hard) = calls::limit(resource)?;
        Some(Limit { name, soft, hard })
    })
    .collect()
}
