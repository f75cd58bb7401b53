//! Shows a long text with the user's pager.

use std::io::Write;
use std::process::{Command, Stdio};

use super::environment;
use crate::error::Error;
use crate::output;
use crate::process_limits;

/// Prints a text, with $PAGER if it is set and stdout is a terminal.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn show(text: &str) -> Result<(), Error> {
    let pager = environment::pager().filter(|_| output::stdout_is_terminal());
    match pager {
        Some(pager) if paged(&pager, text) => Ok(()),
        Some(_) | None => output::bytes(text.as_bytes()),
    }
}

/// Runs the pager until the user quits it; false if it did not start. A shell runs $PAGER, which may
/// have arguments, as for git and man.
fn paged(pager: &str, text: &str) -> bool {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(pager).stdin(Stdio::piped());
    if environment::less_options().is_none() {
        // As git does: quit if the text fits on one screen, and keep colour.
        command.env("LESS", "FRX");
    }
    let Ok(mut child) = process_limits::restore_limits_for(&mut command).spawn() else {
        return false;
    };
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(text.as_bytes()); // the user may quit early
    }
    // 127: the shell did not find the pager.
    child.wait().is_ok_and(|status| status.code() != Some(127))
}
