//! Simulated machines with a root directory and an environment.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A root directory that is removed at the end of the test.
struct Machine {
    path: PathBuf,
    environment: Environment,
}

impl Machine {
    fn new() -> Machine {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("c47-host-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Machine {
            path,
            environment: Environment::default(),
        }
    }

    fn with(self, file: &str, text: &str) -> Machine {
        let path = self.path.join(file.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn env(mut self, name: &str, value: &str) -> Machine {
        self.environment.0.insert(name.into(), value.into());
        self
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            root: Root::under(&self.path).unwrap(),
            environment: self.environment.clone(),
            directory: Some("/shots/s010".into()),
            now: Timestamp(1_795_000_000),
            built: Timestamp(1_776_297_600),
        }
    }

    fn report(&self) -> Report {
        report(&self.surroundings(), None)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn details<'a>(report: &'a Report, name: &str) -> Vec<&'a str> {
    let all = report.hazards.iter();
    all.filter(|hazard| hazard.name == name)
        .map(|hazard| hazard.detail.as_str())
        .collect()
}

#[test]
fn empty_machine_has_only_unknown_values() {
    let report = Machine::new().report();
    assert_eq!(report.system.distribution, None);
    assert_eq!(report.libraries.glibc, None);
    assert_eq!(report.cpu.model, None);
    assert_eq!(report.memory.total_bytes, None);
    assert!(report.mounts.is_empty() && report.gpu.devices.is_empty());
    assert_eq!(report.certificates.as_ref().unwrap().bundle, None);
    assert_eq!(report.network.dns_servers, None);
    assert_eq!(report.clock.time_zone, None);
    assert_eq!(report.rez, None);
    assert!(details(&report, "TMPDIR")[0].contains("/tmp does not exist"));
    assert!(report.to_string().contains("distribution  unknown\n"));
    let json = report.serialize_json();
    assert!(json.contains(r#""distribution":null"#), "{json}");
}

#[test]
fn centos_7_is_reported() {
    let machine = Machine::new()
        .with(
            "/etc/os-release",
            "NAME=\"CentOS Linux\"\nVERSION=\"7 (Core)\"\nID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"7\"\nPRETTY_NAME=\"CentOS Linux 7 (Core)\"\n",
        )
        .with("/etc/redhat-release", "CentOS Linux release 7.9.2009 (Core)\n")
        .with("/proc/sys/kernel/osrelease", "3.10.0-1160.el7.x86_64\n")
        .with("/proc/uptime", "864000.47 1.0\n")
        .with("/proc/self/mountinfo", "20 1 8:1 / / rw - xfs /dev/sda1 rw\n21 20 0:40 / /shots rw - nfs filer:/shots rw\n")
        .with("/shots/s010/scene.ma", "")
        .with("/tmp/x", "")
        .with("/proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023\nGCC version:  gcc version 4.8.5\n")
        .with("/proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA RTX A6000\nIRQ:   \t\t 47\n")
        .with("/sys/class/drm/card0/device/vendor", "0x10de\n")
        .with("/sys/class/drm/card0/device/uevent", "DRIVER=nvidia\nPCI_ID=10DE:2230\n")
        .with("/sys/class/drm/card1/device/vendor", "0x1a03\n")
        .with("/sys/class/drm/card1/device/device", "0x2000\n")
        .with("/sys/class/drm/card1/device/uevent", "DRIVER=ast\n")
        .with("/sys/class/drm/card1-VGA-1/status", "connected\n");
    let report = machine.report();
    let distribution = report.system.distribution.clone().unwrap();
    assert_eq!(distribution.name, "CentOS Linux release 7.9.2009 (Core)");
    assert_eq!(distribution.version.as_deref(), Some("7"));
    assert_eq!(distribution.target.as_deref(), Some("centos7"));
    assert_eq!(report.system.uptime_s, Some(864_000));
    assert_eq!(report.gpu.nvidia_driver.as_deref(), Some("535.129.03"));
    let names: Vec<&str> = report
        .gpu
        .devices
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names, ["NVIDIA RTX A6000", "ASPEED 0x2000"]);
    let cwd = mounts::used_for(&report.mounts, "cwd").unwrap();
    assert_eq!((cwd.path.as_str(), cwd.kind.as_str()), ("/shots", "nfs"));
    assert_eq!(cwd.used_for, ["cwd", "network"]);
    assert_eq!(cwd.state, mounts::State::Responds);
    assert_eq!(details(&report, "kernel").len(), 2);
    assert!(
        details(&report, "TMPDIR").is_empty(),
        "{:?}",
        report.hazards
    );
}

#[test]
fn distributions_map_to_targets() {
    for (id, version, target) in [
        ("rocky", "9.4", Some("rocky9")),
        ("ubuntu", "22.04", Some("ubuntu22.04")),
        ("amzn", "2023", Some("amazon2023")),
        ("opensuse-leap", "15.6", Some("leap15.6")),
        ("arch", "", None),
    ] {
        let text = format!("ID={id}\nVERSION_ID='{version}'\n");
        let machine = Machine::new().with("/usr/lib/os-release", &text);
        fs::create_dir_all(machine.path.join("etc")).unwrap();
        symlink("../usr/lib/os-release", machine.path.join("etc/os-release")).unwrap();
        let found = system::read(&machine.surroundings().root)
            .distribution
            .unwrap();
        assert_eq!(found.target.as_deref(), target, "{id}");
    }
    let machine = Machine::new().with("/etc/redhat-release", "CentOS release 6.10 (Final)\n");
    let found = system::read(&machine.surroundings().root)
        .distribution
        .unwrap();
    assert_eq!(found.id.as_deref(), Some("centos"));
    assert_eq!(found.version.as_deref(), Some("6.10"));
}

#[test]
fn memory_limit_of_a_control_group_is_reported() {
    let machine = Machine::new()
        .with(
            "/proc/meminfo",
            "MemTotal:  1000 kB\nMemFree: 400 kB\nSwapTotal: 0 kB\n",
        )
        .with(
            "/proc/self/cgroup",
            "4:cpu,memory:/farm/job\n0::/slice/job\n",
        )
        .with(
            "/sys/fs/cgroup/memory/farm/memory.limit_in_bytes",
            "9223372036854771712\n",
        )
        .with("/sys/fs/cgroup/slice/memory.max", "512000\n")
        .with("/sys/fs/cgroup/slice/job/memory.max", "max\n");
    let memory = memory::read(&machine.surroundings().root);
    assert_eq!(memory.total_bytes, Some(1_024_000));
    assert_eq!(memory.available_bytes, Some(409_600));
    assert_eq!(memory.swap_free_bytes, None);
    assert_eq!(memory.limit_bytes, Some(512_000));
}

#[test]
fn dns_and_proxies_are_reported_without_passwords() {
    let machine = Machine::new()
        .with(
            "/etc/resolv.conf",
            "# by hand\nsearch lan studio.lan\nnameserver 10.0.0.1\nnameserver fd00::1\n",
        )
        .env("https_proxy", "http://user:hunter2@proxy:3128")
        .env("HTTP_PROXY", "user:hunter2@proxy:3128")
        .env("no_proxy", ".lan,10.0.0.0/8");
    let report = machine.report();
    assert_eq!(
        report.network.dns_servers.as_deref().unwrap(),
        ["10.0.0.1", "fd00::1"]
    );
    assert_eq!(report.network.search_domains, ["lan", "studio.lan"]);
    let shown = format!("{report}{}", report.serialize_json());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("proxy:3128") && shown.contains(".lan,10.0.0.0/8"));
}

#[test]
fn rez_context_is_reported() {
    let machine = Machine::new()
        .env("REZ_USED_RESOLVE", "platform-linux maya-2024.2")
        .env("REZ_USED_REQUEST", "maya-2024");
    let rez = machine.report().rez.unwrap();
    assert_eq!(rez.resolve, ["platform-linux", "maya-2024.2"]);
    assert_eq!(rez.request, ["maya-2024"]);
}

#[test]
fn variables_with_missing_paths_are_hazards() {
    let machine = Machine::new()
        .with("/opt/python/lib/x", "")
        .with("/tmp/x", "")
        .env("PYTHONHOME", "/opt/gone")
        .env("PYTHONPATH", "/opt/python/lib:/opt/lost")
        .env("SSL_CERT_FILE", "/opt/gone.pem")
        .env("REQUESTS_CA_BUNDLE", "/opt/python")
        .env("LD_PRELOAD", "/opt/gone.so libtcmalloc.so")
        .env("TMPDIR", "/tmp");
    let report = machine.report();
    assert!(details(&report, "PYTHONHOME")[0].contains("Python does not start"));
    let path = details(&report, "PYTHONPATH")[0];
    assert!(
        path.contains("2 other directories") && path.contains("/opt/lost"),
        "{path}"
    );
    assert!(details(&report, "SSL_CERT_FILE")[0].contains("/opt/gone.pem"));
    assert!(details(&report, "REQUESTS_CA_BUNDLE").is_empty());
    assert_eq!(details(&report, "LD_PRELOAD").len(), 2);
    assert!(details(&report, "TMPDIR").is_empty());
    let machine = machine.env("TMPDIR", "/tmp/x");
    assert!(details(&machine.report(), "TMPDIR")[0].contains("not a directory"));
}

#[test]
fn clock_before_the_build_is_a_hazard() {
    let machine = Machine::new().env("TZ", "Europe/Berlin");
    let mut surroundings = machine.surroundings();
    surroundings.now = Timestamp(0);
    let report = report(&surroundings, None);
    assert!(details(&report, "clock")[0].contains("1970-01-01"));
    assert_eq!(report.clock.time_zone.as_deref(), Some("Europe/Berlin"));
}

#[test]
fn time_zone_is_read_from_the_localtime_symlink() {
    let machine = Machine::new().with("/etc/timezone", "Etc/UTC\n");
    let zone = |machine: &Machine| machine.report().clock.time_zone;
    assert_eq!(zone(&machine).as_deref(), Some("Etc/UTC"));
    symlink(
        "/usr/share/zoneinfo/Europe/Berlin",
        machine.path.join("etc/localtime"),
    )
    .unwrap();
    assert_eq!(zone(&machine).as_deref(), Some("Europe/Berlin"));
}

#[test]
fn invalid_and_unreadable_files_are_ignored() {
    let machine = Machine::new().with("/proc/cpuinfo", "model name\nprocessor\n: :\n\u{0}");
    let fifo = machine.path.join("proc/meminfo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    fs::create_dir_all(machine.path.join("etc/os-release")).unwrap();
    fs::create_dir_all(machine.path.join("etc/resolv.conf")).unwrap();
    let unreadable = machine.path.join("proc/uptime");
    fs::write(&unreadable, "1").unwrap();
    fs::set_permissions(&unreadable, fs::Permissions::from_mode(0o0)).unwrap();
    let report = machine.report();
    assert_eq!(report.memory.total_bytes, None);
    assert_eq!(report.system.distribution, None);
    assert_eq!(report.network.dns_servers, None);
    assert_eq!(report.cpu.model, None);
}

#[test]
fn checks_pass_and_fail() {
    use super::check::*;
    use crate::platform::{Level, Target, Version};
    let libraries = libraries::Libraries {
        glibc: Some("2.28".into()),
        glibcxx: Some("3.4.25".into()),
        cxxabi: Some("1.3.11".into()),
        ..Default::default()
    };
    assert!(glibc(&libraries, Version::two(2, 28)).ok);
    assert!(!glibc(&libraries, Version::two(2, 29)).ok);
    assert!(!glibc(&Default::default(), Version::two(2, 5)).ok);
    let target = |name: &str, level| target(&libraries, level, Target::parse(name).unwrap());
    assert!(target("CY2024", Level::V1).ok);
    assert!(target("rocky8", Level::V1).ok);
    assert!(!target("CY2027", Level::V4).ok);
    assert!(target("2.17", Level::V1).ok && target("host", Level::V1).ok);
    let check = target("rocky9", Level::V1);
    assert!(
        check.detail.contains("found glibc 2.28, required 2.34"),
        "{check:?}"
    );
    assert!(check.detail.contains("required x86-64-v2"), "{check:?}");
    assert!(cpu(Level::V3, Level::V2).ok && !cpu(Level::V1, Level::V2).ok);
    assert!(service("u", Ok((500, Ok(59)))).ok);
    assert!(!service("u", Ok((200, Ok(-60)))).ok);
    assert!(service("u", Ok((200, Err("no Date".into())))).ok);
    assert!(!service("u", Ok((407, Ok(0)))).ok);
    assert!(!service("u", Err("x".into())).ok);
    let free_at = |path: &str, amount| {
        free(&FreeRequirement {
            path: Path::new(path).into(),
            amount,
        })
    };
    assert!(free_at("/", Amount::Bytes(0)).ok);
    assert!(!free_at("/", Amount::Bytes(u64::MAX)).ok);
    assert!(!free_at("/nonexistent", Amount::Bytes(0)).ok);
}
