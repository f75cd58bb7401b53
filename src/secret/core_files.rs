//! No core file while a secret is in memory: it would hold the secret, readable for years.
#![allow(unsafe_code)] // setrlimit(2)

use std::sync::Once;

/// Once a process, and cheap after that.
pub fn forbid() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Only the limit that can be raised again: it is handed down to programs run later.
        // SAFETY: both calls are given a valid structure.
        unsafe {
            let mut limit: libc::rlimit = std::mem::zeroed();
            if libc::getrlimit(libc::RLIMIT_CORE, &mut limit) == 0 {
                limit.rlim_cur = 0;
                libc::setrlimit(libc::RLIMIT_CORE, &limit);
            }
        }
    });
}
