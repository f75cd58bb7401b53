//! What the integration tests share: the runner, the loopback server, the peers they talk to.

mod child;
mod effort;
mod old_kernel;
mod port;
mod run;
mod scratch;
mod wait;

pub mod echo;
pub mod empty_root;
pub mod peers;
pub mod server;
pub mod snapshot;

pub use child::Child;
pub use effort::{Effort, effort, evenly, sample};
pub use port::ClosedPort;
pub use run::{Output, Run};
pub use scratch::Scratch;
pub use wait::{Gate, wait_until};

use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};

/// A user who owns nothing, and a group with the same number.
pub const NOBODY: u32 = 65534;

/// Gives a file, or a link itself, to [`NOBODY`].
pub fn give_to_nobody(path: impl AsRef<Path>) {
    lchown(path, Some(NOBODY), Some(NOBODY)).expect("a file given to nobody");
}

/// Whether the tests run as root, who can act as other users; without it the test says that it is
/// skipped.
pub fn is_root() -> bool {
    let owner = std::fs::metadata("/proc/self").expect("/proc").uid();
    if owner != 0 {
        peers::skipped("only root can act as two users");
    }
    owner == 0
}

/// The binary under test, in a clean environment and an empty directory of its own.
///
/// With `C47_TEST_KERNEL=3.10` in the tests' environment it runs as on that kernel.
pub fn c47() -> Run {
    let run = Run::of(binary());
    if all_on_old_kernel() {
        run.on_old_kernel()
    } else {
        run
    }
}

/// Whether every run of c47 is as on Linux 3.10.
pub fn all_on_old_kernel() -> bool {
    match std::env::var("C47_TEST_KERNEL").as_deref() {
        Err(_) | Ok("") => false,
        Ok("3.10") => true,
        Ok(other) => panic!("C47_TEST_KERNEL={other}: only 3.10 is known"),
    }
}

/// The binary that cargo built for this test.
pub fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_c47"))
}

/// A path in the source tree.
pub fn source(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}
