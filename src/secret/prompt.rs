//! `prompt`: a secret typed on the terminal, without echo. No crate is used, because Ctrl-C must
//! restore the echo.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use super::Secret;
use crate::interrupt::WithoutEcho;
use crate::io_error::reason;

const MAX_LINE: u64 = 64 << 10;

/// Whether nobody may be asked, even if there is a terminal.
static FORBIDDEN: AtomicBool = AtomicBool::new(false);

/// Lets every prompt of this process fail.
pub(crate) fn forbid() {
    FORBIDDEN.store(true, Ordering::Relaxed);
}

/// Prompts on the controlling terminal, even if stdin and stdout are redirected.
pub(super) fn ask(purpose: &str) -> Result<Secret, String> {
    if FORBIDDEN.load(Ordering::Relaxed) {
        return Err("this command asks nobody".to_owned());
    }
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(|_| "no terminal to prompt on".to_owned())?;
    let silent = WithoutEcho::new(terminal.as_fd()).map_err(|error| reason(&error))?;
    let _ = write!(&terminal, "{purpose}: ");
    let mut line = Zeroizing::new(Vec::with_capacity(4096));
    let read = BufReader::new((&terminal).take(MAX_LINE)).read_until(b'\n', &mut line);
    drop(silent);
    read.map_err(|error| reason(&error))?;
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    Ok(Secret(line))
}
