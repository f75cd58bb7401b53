//! microsocks, a SOCKS5 proxy with a user (`me`) and a password (`pass`).

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::process::Process;
use super::tool;

/// A running proxy, stopped when dropped.
pub struct Microsocks {
    pub port: u16,
    _process: Process,
}

/// Starts it on a free port.
#[track_caller]
pub fn microsocks() -> Option<Microsocks> {
    let program = tool("microsocks")?;
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("an address").port()
    };
    let mut command = Command::new(program);
    command.args([
        "-i",
        "127.0.0.1",
        "-u",
        "me",
        "-P",
        "pass",
        "-p",
        &port.to_string(),
    ]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut process = Process::start(command).expect("microsocks starts");
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            !process.has_ended() && Instant::now() < deadline,
            "microsocks does not respond"
        );
        thread::sleep(Duration::from_millis(20));
    }
    Some(Microsocks {
        port,
        _process: process,
    })
}
