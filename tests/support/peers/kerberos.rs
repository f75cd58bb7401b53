//! A Kerberos realm: the KDC of MIT, and Apache with mod_auth_gssapi, which wants a ticket.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::process::Process;
use super::{missing, tool};
use crate::support::{NOBODY, Run, Scratch, can_be_two_users, give_to_nobody};

const GSSAPI: &str = "/usr/lib/apache2/modules/mod_auth_gssapi.so";
/// The Python of the distribution, which has the module gssapi.
const PYTHON: &str = "/usr/bin/python3";

/// A running realm; stopped when dropped.
pub struct Kerberos {
    pub directory: Scratch,
    /// The port of Apache.
    pub port: u16,
    pub python: &'static Path,
    programs: [PathBuf; 3],
    _processes: [Process; 2],
}

impl Kerberos {
    /// Runs a program with the realm's configuration, and tickets in `tickets`.
    pub fn with_realm(&self, run: Run) -> Run {
        let path = |name: &str| self.directory.path().join(name);
        run.env("KRB5_CONFIG", path("krb5.conf"))
            .env("KRB5CCNAME", format!("FILE:{}", path("tickets").display()))
    }

    /// Gets a ticket for the user `lena`.
    pub fn log_in(&self) {
        let run = self.with_realm(Run::of(&self.programs[2]).arg("lena"));
        run.stdin("hunter2\n").run().expect_code(0);
    }
}

/// Starts a KDC and Apache on free ports.
#[track_caller]
pub fn kerberos() -> Option<Kerberos> {
    let (kdc, apache) = (tool("krb5kdc")?, tool("apache2")?);
    let programs = [tool("kdb5_util")?, tool("kadmin.local")?, tool("kinit")?];
    let has_module = Command::new(PYTHON).args(["-c", "import gssapi"]).output();
    if !Path::new(GSSAPI).exists() || !has_module.is_ok_and(|found| found.status.success()) {
        return missing("mod_auth_gssapi or python3-gssapi not found; run scripts/peers");
    }
    if !can_be_two_users() {
        return None;
    }
    let directory = Scratch::new("kerberos");
    let held: Vec<TcpListener> = (0..2)
        .map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"))
        .collect();
    let ports: Vec<u16> = held
        .iter()
        .map(|listener| listener.local_addr().unwrap().port())
        .collect();
    configure(&directory, ports[0], ports[1]);
    create_realm(&directory, &programs);
    drop(held);
    let start = |command: &mut Command| {
        let mut quiet = Command::new(command.get_program());
        quiet
            .args(command.get_args())
            .env("KRB5_CONFIG", directory.path().join("krb5.conf"))
            .env("KRB5_KDC_PROFILE", directory.path().join("kdc.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Process::start(quiet).expect("it starts")
    };
    let config = directory.path().join("apache.conf");
    // One process each, so that nothing is left when they are killed.
    let mut processes = [
        start(Command::new(kdc).arg("-n")),
        start(Command::new(apache).arg("-f").arg(config).arg("-X")),
    ];
    let deadline = Instant::now() + Duration::from_secs(20);
    for (process, port) in processes.iter_mut().zip(&ports) {
        while TcpStream::connect(("127.0.0.1", *port)).is_err() {
            let log = fs::read_to_string(directory.path().join("error.log"));
            assert!(
                !process.has_ended() && Instant::now() < deadline,
                "the realm does not respond: {log:?}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
    Some(Kerberos {
        directory,
        port: ports[1],
        python: Path::new(PYTHON),
        programs,
        _processes: processes,
    })
}

fn configure(directory: &Scratch, kdc: u16, apache: u16) {
    let home = directory.path().display();
    directory.write(
        "krb5.conf",
        format!(
            "[libdefaults]\ndefault_realm = STUDIO.LAN\ndns_lookup_realm = false\ndns_lookup_kdc = false\n\
             dns_canonicalize_hostname = false\nrdns = false\nudp_preference_limit = 1\n\
             [realms]\nSTUDIO.LAN = {{\nkdc = 127.0.0.1:{kdc}\n}}\n[domain_realm]\nlocalhost = STUDIO.LAN\n\
             [logging]\nkdc = FILE:{home}/kdc.log\n"
        ),
    );
    directory.write(
        "kdc.conf",
        format!(
            "[realms]\nSTUDIO.LAN = {{\ndatabase_name = {home}/principal\nkey_stash_file = {home}/stash\n\
             kdc_listen = 127.0.0.1:{kdc}\nkdc_tcp_listen = 127.0.0.1:{kdc}\n}}\n"
        ),
    );
    let modules: String = [
        "mpm_event",
        "authn_core",
        "authz_core",
        "authz_user",
        "auth_gssapi",
    ]
    .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
    .concat();
    directory.write(
        "apache.conf",
        format!(
            "ServerRoot {home}\nServerName localhost\nPidFile {home}/apache.pid\nListen 127.0.0.1:{apache}\n\
             {modules}ErrorLog {home}/error.log\nDocumentRoot {home}/www\nUser #{NOBODY}\nGroup #{NOBODY}\n\
             <Directory {home}/www>\nAuthType GSSAPI\nAuthName kerberos\n\
             GssapiCredStore keytab:{home}/keytab\nRequire user lena@STUDIO.LAN\n</Directory>\n"
        ),
    );
    directory.write("www/jobs", "{\"jobs\": 47}\n");
}

/// Creates the realm with the user `lena` and the service `HTTP/localhost`.
fn create_realm(directory: &Scratch, programs: &[PathBuf; 3]) {
    let path = |name: &str| directory.path().join(name);
    let run = |program: &Path, words: &[&str]| {
        Run::of(program)
            .args(words)
            .env("KRB5_CONFIG", path("krb5.conf"))
            .env("KRB5_KDC_PROFILE", path("kdc.conf"))
            .run()
            .expect_code(0)
    };
    run(
        &programs[0],
        &["create", "-s", "-P", "master", "-r", "STUDIO.LAN"],
    );
    let keytab = path("keytab");
    let ktadd = format!("ktadd -k {} HTTP/localhost", keytab.display());
    for query in [
        "addprinc -pw hunter2 lena",
        "addprinc -randkey HTTP/localhost",
        &ktadd,
    ] {
        run(&programs[1], &["-q", query]);
    }
    give_to_nobody(&keytab);
}
