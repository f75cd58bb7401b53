//! Processes and their identity. A leaf: every module may use it.

use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// The effective user id, which the kernel uses for files.
pub(crate) fn user_id() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The boot id of the kernel; `None` if it is unknown.
pub(crate) fn kernel() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().to_owned())
}

/// The namespace of process ids: `pid:[4026531836]`.
pub(crate) fn namespace() -> Option<String> {
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(space.display().to_string())
}

/// The space in which process ids are unique: the boot of the machine and the namespace. `None` if it
/// is unknown.
pub(crate) fn space() -> Option<String> {
    Some(format!("{} {}", kernel()?, namespace()?))
}

/// The start time of a process in clock ticks since boot (field 22 of stat in proc(5)). `None` if the
/// process does not exist or is a zombie.
pub(crate) fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field, the name of the program, may contain spaces and parentheses.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// Whether the process with this id and start time has ended. A process whose start cannot be read, as
/// with `hidepid`, is alive as long as its id is in use.
pub(crate) fn is_dead(pid: u32, start: u64) -> bool {
    match fs::symlink_metadata(format!("/proc/{pid}")) {
        // A reused id has another start time.
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
    fn only_living_processes_have_a_start_time() {
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
