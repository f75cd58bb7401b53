//! nginx, with the server blocks of a test.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::process::Process;
use super::tool;
use crate::support::Scratch;

/// A running nginx; stopped when dropped.
pub struct Nginx {
    ports: Vec<u16>,
    directory: Scratch,
    _process: Process,
}

impl Nginx {
    /// The port for `@port0@` (or `@port1@` …) in the configuration.
    pub fn port(&self, number: usize) -> u16 {
        self.ports[number]
    }

    /// The directory for `@dir@` in the configuration.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The access log, one line a request.
    pub fn access_log(&self) -> String {
        fs::read_to_string(self.directory().join("access.log")).unwrap_or_default()
    }
}

/// Starts nginx with these server blocks (the inside of `http { }`). In them `@port0@`, `@port1@`
/// … become free ports, `@dir@` a scratch directory.
#[track_caller]
pub fn nginx(servers: &str) -> Option<Nginx> {
    let program = tool("nginx")?;
    // Another process may take a free port before nginx listens.
    for _ in 0..5 {
        let directory = Scratch::new("nginx");
        let ports = free_ports(servers);
        configure(&directory, servers, &ports);
        let mut command = Command::new(&program);
        command.arg("-p").arg(directory.path());
        command.args(["-c", "nginx.conf", "-e", "error.log"]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::null());
        let mut process = Process::start(command).expect("nginx starts");
        if responds(&mut process, &ports) {
            return Some(Nginx {
                ports,
                directory,
                _process: process,
            });
        }
        let log = fs::read_to_string(directory.path().join("error.log")).unwrap_or_default();
        assert!(
            log.contains("Address already in use"),
            "nginx does not start: {log}"
        );
    }
    panic!("nginx finds no free port");
}

fn free_ports(servers: &str) -> Vec<u16> {
    let count = (0..)
        .take_while(|n| servers.contains(&format!("@port{n}@")))
        .count();
    // All are bound at the same time, so that they differ.
    let held: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"))
        .collect();
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    held.iter().map(port).collect()
}

fn configure(directory: &Scratch, servers: &str, ports: &[u16]) {
    let mut servers = servers.replace("@dir@", directory.path().to_str().expect("a UTF-8 path"));
    for (number, port) in ports.iter().enumerate() {
        servers = servers.replace(&format!("@port{number}@"), &port.to_string());
    }
    // A single process, so that no worker is left when it is killed.
    let conf = format!(
        "daemon off; master_process off; pid nginx.pid; error_log error.log;\n\
         events {{ }}\n\
         http {{\n\
         access_log access.log; client_body_temp_path body; proxy_temp_path proxy;\n\
         fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n\
         default_type application/octet-stream;\n\
         {servers}\n}}\n"
    );
    directory.write("nginx.conf", conf);
}

fn responds(process: &mut Process, ports: &[u16]) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !process.has_ended() && Instant::now() < deadline {
        let mut ports = ports.iter();
        if ports.all(|&port| TcpStream::connect(("127.0.0.1", port)).is_ok()) {
            return true;
        }
        thread::sleep(Duration::from_millis(10));
    }
    false
}
