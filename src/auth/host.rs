//! This machine and this user, as the system knows them.

use std::fs;

use crate::process::user_id;

/// The name /etc/passwd has for the effective user.
pub(crate) fn user_name() -> Option<String> {
    let passwd = fs::read_to_string("/etc/passwd").ok()?;
    let number = user_id().to_string();
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    })
}

/// The machine's name.
pub(crate) fn host_name() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .unwrap_or_else(|_| "unknown".to_owned())
}
