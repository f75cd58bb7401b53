//! Processes, as the system knows them. A leaf: every module may use it.

use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// The effective user's number: the caller, as the kernel sees them for files.
pub(crate) fn user_id() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// This start of this machine's kernel; `None` where that cannot be told.
pub(crate) fn kernel() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().to_owned())
}

/// The namespace in which process numbers count: `pid:[4026531836]`.
pub(crate) fn namespace() -> Option<String> {
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(space.display().to_string())
}

/// What makes a process number mean the same process: the machine, since it was started, and the
/// namespace its numbers count in. `None` where that cannot be told.
pub(crate) fn space() -> Option<String> {
    Some(format!("{} {}", kernel()?, namespace()?))
}

/// A living process's start, in clock ticks since boot: field 22 of proc(5)'s stat. `None` when
/// there is no such process, or it is a zombie that waits for its parent.
pub(crate) fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field, the program's name, may hold spaces and parentheses.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// Whether the process with this number and start has ended. One that cannot be looked at, as
/// where `hidepid` hides processes that hold a secret, is alive while its number is taken.
pub(crate) fn is_dead(pid: u32, start: u64) -> bool {
    match fs::symlink_metadata(format!("/proc/{pid}")) {
        // A number used again has another start.
        Ok(_) => start_of(pid) != Some(start),
        Err(_) => {
            let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
            number.is_none_or(|pid| test_kill_process(pid) == Err(Errno::SRCH))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_a_start_and_a_dead_one_has_none() {
        let own = start_of(std::process::id());
        assert!(own.is_some() && own == start_of(std::process::id()));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        while start_of(pid).is_some() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert_eq!(start_of(pid), None);
        assert!(is_dead(pid, 1) && is_dead(std::process::id(), 1));
        assert!(!is_dead(std::process::id(), own.unwrap()));
    }
}
