//! Memory, and the limit of the control group.

use nanoserde::SerJson;

use super::files;
use crate::elf::root::Root;

/// In bytes; null if unknown.
#[derive(Clone, Debug, Default, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Memory {
    pub total_bytes: Option<u64>,
    /// Available without swapping.
    pub available_bytes: Option<u64>,
    pub swap_total_bytes: Option<u64>,
    pub swap_free_bytes: Option<u64>,
    /// The limit of the control group; null if there is none.
    pub limit_bytes: Option<u64>,
}

/// Limit for the nesting of control groups.
const MOST_GROUPS: usize = 64;

/// Reads the memory below `root`.
pub(crate) fn read(root: &Root) -> Memory {
    let text = files::read(root, "/proc/meminfo").unwrap_or_default();
    let bytes = |name: &str| {
        let kibibytes: u64 = files::field(&text, name)?
            .strip_suffix("kB")?
            .trim()
            .parse()
            .ok()?;
        kibibytes.checked_mul(1024)
    };
    let total_bytes = bytes("MemTotal");
    Memory {
        total_bytes,
        // Kernels before 3.14 do not have it, but that of CentOS 7 does.
        available_bytes: bytes("MemAvailable").or_else(|| bytes("MemFree")),
        swap_total_bytes: bytes("SwapTotal"),
        swap_free_bytes: bytes("SwapFree"),
        // Control groups version 1 state "no limit" as a number larger than all memory.
        limit_bytes: group_limit(root).filter(|&limit| total_bytes.is_none_or(|all| limit < all)),
    }
}

/// The lowest limit of the control group of this process and of its parents.
fn group_limit(root: &Root) -> Option<u64> {
    let groups = files::read(root, "/proc/self/cgroup")?;
    let mut least: Option<u64> = None;
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (_, kinds, path) = (parts.next(), parts.next()?, parts.next()?);
        let (top, file) = match kinds {
            "" => ("/sys/fs/cgroup", "memory.max"),
            kinds if kinds.split(',').any(|kind| kind == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let mut path = path.trim_end_matches('/');
        for _ in 0..MOST_GROUPS {
            let limit = files::line(root, &format!("{top}{path}/{file}"));
            if let Some(limit) = limit.and_then(|limit| limit.parse().ok()) {
                least = Some(least.map_or(limit, |least| least.min(limit)));
            }
            let Some((above, _)) = path.rsplit_once('/') else {
                break;
            };
            path = above;
        }
    }
    least
}
