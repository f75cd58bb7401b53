//! Names of unfinished files, as c47 makes them: they say which process writes them.

use std::fs;

/// A kernel that no machine runs.
pub const OTHER_KERNEL: &str = "00000000deadbeef";

/// As the names tell this machine.
pub fn own_kernel() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let digits = boot.chars().filter(char::is_ascii_hexdigit);
    digits.take(16).collect()
}

fn namespace() -> String {
    let link = fs::read_link("/proc/self/ns/pid").unwrap();
    let link = link.display().to_string();
    link.chars().filter(char::is_ascii_digit).collect()
}

/// A process of this machine that has ended: its number is used by another one now.
pub fn dead() -> String {
    let pid = std::process::id();
    format!("{}-{}-{pid}-1", own_kernel(), namespace())
}

/// This process.
pub fn alive() -> String {
    let pid = std::process::id();
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let behind_name = stat.rsplit_once(") ").unwrap().1;
    let start = behind_name.split(' ').nth(19).unwrap();
    format!("{}-{}-{pid}-{start}", own_kernel(), namespace())
}

/// A process of another machine.
pub fn elsewhere() -> String {
    format!("{OTHER_KERNEL}-4026531836-1-1")
}

/// The name of what will become `stem`.
pub fn name(stem: &str, writer: &str) -> String {
    format!(".{stem}.c47-{writer}-0.part")
}
