//! Shared code of the integration tests: the runner, the loopback server, and the peers.

mod child;
mod effort;
mod old_kernel;
mod port;
mod run;
mod scratch;
mod wait;

pub mod echo;
pub mod empty_root;
pub mod exr;
pub mod flaky;
pub mod peers;
pub mod protection;
pub mod server;
pub mod snapshot;
#[cfg(feature = "tui")]
pub mod tmux;
pub mod writer;
pub mod zip;

pub use child::Child;
pub use effort::{Effort, effort, evenly, sample};
pub use port::ClosedPort;
pub use run::{Output, Run};
pub use scratch::Scratch;
pub use wait::{Gate, wait_until};

use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};

/// A user without files, and the group with the same number.
pub const NOBODY: u32 = 65534;

/// Makes [`NOBODY`] the owner of a file or a symlink.
pub fn give_to_nobody(path: impl AsRef<Path>) {
    lchown(path, Some(NOBODY), Some(NOBODY)).expect("chown to nobody");
}

/// Whether the tests can act as two users: they run as root, and other users can access the binary and
/// the scratch directories. Otherwise the test is reported as skipped.
pub fn can_be_two_users() -> bool {
    let owner = std::fs::metadata("/proc/self").expect("/proc").uid();
    if owner != 0 {
        peers::skipped("only root can act as two users");
        return false;
    }
    let places = [binary(), Path::new(env!("CARGO_TARGET_TMPDIR"))];
    let closed = places
        .iter()
        .flat_map(|place| place.ancestors().skip(1))
        .find(|above| std::fs::metadata(above).expect("a directory").mode() & 0o001 == 0);
    if let Some(closed) = closed {
        let closed = closed.display();
        peers::skipped(&format!("other users cannot enter {closed}"));
    }
    closed.is_none()
}

/// The names in a directory, sorted.
pub fn entries(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The binary under test, in a clean environment and an empty directory of its own.
///
/// With `C47_TEST_KERNEL=3.10` in the environment of the tests it runs as on that kernel.
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
        Ok(other) => panic!("C47_TEST_KERNEL={other}: only 3.10 is supported"),
    }
}

/// The binary that cargo built for the tests.
pub fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_c47"))
}

/// A path in the source tree.
pub fn source(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}
