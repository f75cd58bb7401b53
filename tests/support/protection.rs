//! The kernel's own protection against what other users plant: `fs.protected_*`.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use super::peers;

const NAMES: [&str; 4] = ["symlinks", "hardlinks", "regular", "fifos"];

/// What the kernel does about another user's link in a shared directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    Permits,
    Protects,
}

fn path(name: &str) -> PathBuf {
    format!("/proc/sys/fs/protected_{name}").into()
}

/// The machine's settings, put back when dropped.
struct Settings {
    found: Vec<(PathBuf, String)>,
    /// Other test runs on this machine wait for it.
    _lock: File,
}

impl Settings {
    /// `None` where they cannot be set.
    fn take() -> Option<Settings> {
        let lock = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open("/run/c47-tests-protected.lock")
            .ok()?;
        lock.lock().ok()?;
        let mut found = Vec::new();
        for name in NAMES {
            // Older kernels have fewer of them.
            if let Ok(value) = fs::read_to_string(path(name)) {
                fs::write(path(name), &value).ok()?;
                found.push((path(name), value));
            }
        }
        (!found.is_empty()).then_some(Settings { found, _lock: lock })
    }

    fn set(&self, value: &str) {
        for (path, _) in &self.found {
            fs::write(path, value).unwrap();
        }
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        for (path, value) in &self.found {
            let _ = fs::write(path, value);
        }
    }
}

/// Runs `test` without the kernel's protection and with it, and tells it which; where that cannot be
/// set, as it is, and says so.
pub fn under_each_protection(test: impl Fn(Kernel)) {
    match Settings::take() {
        Some(settings) => {
            for (value, kernel) in [("0", Kernel::Permits), ("1", Kernel::Protects)] {
                settings.set(value);
                test(kernel);
            }
        }
        None => {
            let found: Vec<String> = NAMES
                .iter()
                .filter_map(|name| {
                    let value = fs::read_to_string(path(name)).ok()?;
                    Some(format!("{name}={}", value.trim()))
                })
                .collect();
            peers::skipped(&format!(
                "fs.protected_* cannot be set here; tested only with {}",
                found.join(" ")
            ));
            let links = fs::read_to_string(path("symlinks"));
            test(match links.is_ok_and(|value| value.trim() != "0") {
                true => Kernel::Protects,
                false => Kernel::Permits,
            });
        }
    }
}
