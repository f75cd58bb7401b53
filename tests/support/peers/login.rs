//! A Flask application with a login: a session cookie, a CSRF token and a redirect.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::process::Process;
use super::{missing, python};
use crate::support::source;

/// The running application.
pub struct Login {
    port: u16,
    _process: Process,
}

impl Login {
    /// `http://127.0.0.1:PORT` and this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// Starts the application.
pub fn login() -> Option<Login> {
    let mut command = Command::new(python(&["flask", "werkzeug"])?);
    command.arg(source("tests/support/peers/login.py"));
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.stderr(Stdio::null());
    let mut process = Process::start(command).ok()?;
    let mut line = String::new();
    BufReader::new(process.stdout()).read_line(&mut line).ok()?;
    let Ok(port) = line.trim().parse() else {
        return missing("the Flask application does not start");
    };
    Some(Login {
        port,
        _process: process,
    })
}
