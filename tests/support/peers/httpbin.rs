//! httpbin: an HTTP service with paths for redirects, authentication, gzip and more.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::process::Process;
use super::{missing, python};

/// A werkzeug server with keep-alive that prints its port and ends with the tests.
const SERVE: &str = "
from werkzeug.serving import WSGIRequestHandler, make_server
WSGIRequestHandler.protocol_version = 'HTTP/1.1'
from httpbin import app
server = make_server('127.0.0.1', 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
";

/// A running httpbin, one for all tests of a file.
pub struct Httpbin {
    port: u16,
    _process: Process,
}

impl Httpbin {
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:PORT` and this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// The running httpbin, started by the first call.
pub fn httpbin() -> Option<&'static Httpbin> {
    static HTTPBIN: OnceLock<Option<Httpbin>> = OnceLock::new();
    let python = python(&["httpbin", "werkzeug"])?;
    let running = HTTPBIN.get_or_init(|| {
        let mut command = Command::new(python);
        command.args(["-c", SERVE]).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::start(command).ok()?;
        let mut line = String::new();
        BufReader::new(process.stdout()).read_line(&mut line).ok()?;
        let port = line.trim().parse().ok()?;
        Some(Httpbin {
            port,
            _process: process,
        })
    });
    running
        .as_ref()
        .or_else(|| missing("httpbin does not start"))
}
