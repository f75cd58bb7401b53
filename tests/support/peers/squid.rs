//! squid with a typical configuration: CONNECT to TLS ports only, with user name and password.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::process::Process;
use super::tool;
use crate::support::Scratch;

/// A running squid; stopped when dropped.
pub struct Squid {
    pub port: u16,
    directory: Scratch,
    /// Stopped before its shared memory is removed.
    process: Option<Process>,
}

impl Drop for Squid {
    fn drop(&mut self) {
        self.process = None;
        let mine = format!("c47test{}-", self.port);
        for file in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
            if file.file_name().to_string_lossy().starts_with(&mine) {
                let _ = fs::remove_file(file.path());
            }
        }
    }
}

/// The user and password that squid accepts.
pub const USER: &str = "wrangler";
pub const PASSWORD: &str = "p@ss:word";

impl Squid {
    /// The access log, one line a request.
    pub fn access_log(&self) -> String {
        fs::read_to_string(self.directory.path().join("access.log")).unwrap_or_default()
    }
}

/// Starts squid, which allows CONNECT only to `tls_port`.
#[track_caller]
pub fn squid(tls_port: u16) -> Option<Squid> {
    let program = tool("squid")?;
    let openssl = tool("openssl")?;
    // As root, squid changes to another user, who may not have access to the source tree.
    let directory = Scratch::below(&std::env::temp_dir(), "squid");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).expect("a mode");
    let hash = Command::new(openssl)
        .args(["passwd", "-apr1", PASSWORD])
        .output()
        .expect("openssl runs");
    let hash = String::from_utf8(hash.stdout).expect("a hash");
    directory.write("users", format!("{USER}:{}\n", hash.trim()));
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("an address").port()
    };
    directory.write(
        "squid.conf",
        configuration(directory.path(), port, tls_port),
    );
    let mut command = Command::new(program);
    // The name of its shared memory.
    let service = format!("c47test{}", port);
    command.args(["-N", "-n", &service, "-f"]);
    command.arg(directory.path().join("squid.conf"));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut process = Process::start(command).expect("squid starts");
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let is_up = !process.has_ended() && Instant::now() < deadline;
        let log = || fs::read_to_string(directory.path().join("cache.log")).unwrap_or_default();
        assert!(is_up, "squid does not respond: {}", log());
        thread::sleep(Duration::from_millis(50));
    }
    Some(Squid {
        port,
        directory,
        process: Some(process),
    })
}

fn configuration(directory: &Path, port: u16, tls_port: u16) -> String {
    let here = directory.display();
    // A line that starts with white space continues the previous one.
    let indented = format!(
        "http_port 127.0.0.1:{port}
        pid_filename {here}/squid.pid
        access_log stdio:{here}/access.log
        cache_log {here}/cache.log
        cache deny all
        coredump_dir {here}
        cache_effective_user proxy
        shutdown_lifetime 0 seconds
        auth_param basic program /usr/lib/squid/basic_ncsa_auth {here}/users
        auth_param basic children 1 startup=1
        acl known proxy_auth REQUIRED
        acl tls port {tls_port}
        acl CONNECT method CONNECT
        http_access deny CONNECT !tls
        http_access allow known
        http_access deny all\n"
    );
    indented
        .lines()
        .map(|line| format!("{}\n", line.trim()))
        .collect()
}
