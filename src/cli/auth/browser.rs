//! Opens a page in a browser on this machine.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use crate::auth::context::OpenPage;
use crate::cli::environment;
use crate::process_limits;

/// Variables that applications such as Maya and Houdini set for their own libraries. A browser of the
/// system does not start with them.
const FOREIGN: [&str; 10] = [
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "PYTHONHOME",
    "PYTHONPATH",
    "QT_PLUGIN_PATH",
    "QT_QPA_PLATFORM_PLUGIN_PATH",
    "GTK_PATH",
    "GIO_MODULE_DIR",
    "GDK_PIXBUF_MODULE_FILE",
    "LIBGL_DRIVERS_PATH",
];

/// The way to open a page, if there is a display.
pub(super) fn opener() -> Option<OpenPage<'static>> {
    match environment::has_display() {
        true => Some(&open),
        false => None,
    }
}

/// Starts `xdg-open`, which finds the browser of the desktop.
fn open(url: &str) -> io::Result<Child> {
    let mut command = Command::new("xdg-open");
    command.arg(url);
    for name in FOREIGN {
        command.env_remove(name);
    }
    // Ctrl-C ends c47 and not a browser that this starts.
    command.process_group(0);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    process_limits::restore_limits_for(&mut command).spawn()
}
