//! botocore, moto's STS, and s3s-fs: an S3 server that verifies signatures.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::process::Process;
use super::{missing, tool};
use crate::support::{Effort, Run, effort, source};

/// The keys of [`S3`].
pub const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
pub const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// A python with botocore and moto.
#[track_caller]
pub fn python_with_botocore() -> Option<(PathBuf, PathBuf)> {
    let modules = source("target/peers/aws/python");
    if !modules.join("botocore").exists() && effort() != Effort::Quick {
        return missing("botocore not found; run scripts/peers");
    }
    Some((tool("python3")?, modules))
}

/// Runs a script of tests/support/peers with botocore.
#[track_caller]
pub fn with_botocore(script: &str, input: String) -> Option<String> {
    let (python, modules) = python_with_botocore()?;
    let output = Run::of(python)
        .env("PYTHONPATH", modules)
        .arg(source("tests/support/peers").join(script))
        .stdin(input)
        .run()
        .expect_code(0);
    Some(output.stdout_text().to_owned())
}

/// A running moto server.
pub struct Moto {
    pub url: String,
    _process: Process,
}

#[track_caller]
pub fn moto() -> Option<Moto> {
    const SERVE: &str = "
from werkzeug.serving import make_server
from moto.server import DomainDispatcherApplication, create_backend_app
server = make_server('127.0.0.1', 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.port, flush=True)
server.serve_forever()
";
    let (python, modules) = python_with_botocore()?;
    let mut command = Command::new(python);
    command.env("PYTHONPATH", modules);
    command.args(["-c", SERVE]).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = Process::start(command).expect("python starts");
    let mut line = String::new();
    let read = BufReader::new(process.stdout()).read_line(&mut line);
    read.expect("the port of moto");
    let port: u16 = line.trim().parse().expect("the port of moto");
    Some(Moto {
        url: format!("http://127.0.0.1:{port}"),
        _process: process,
    })
}

/// A running s3s-fs.
pub struct S3 {
    port: u16,
    _process: Process,
}

impl S3 {
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// Serves a directory, in which each directory is a bucket.
#[track_caller]
pub fn s3(root: &Path) -> Option<S3> {
    let program = source("target/peers/s3s/bin/s3s-fs");
    if effort() == Effort::Quick {
        return missing("C47_TEST_QUICK is set");
    }
    if !program.exists() {
        return missing("s3s-fs not found; run scripts/peers");
    }
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("an address").port()
    };
    let mut command = Command::new(program);
    command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
    command.args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY]);
    command.arg(root).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = Process::start(command).expect("s3s-fs starts");
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            !process.has_ended() && Instant::now() < deadline,
            "s3s-fs does not respond"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(S3 {
        port,
        _process: process,
    })
}
