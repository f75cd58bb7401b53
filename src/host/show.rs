//! The text report: one line per value, hazards last.

use std::fmt;
use std::time::Duration;

use super::mounts::{Mount, State};
use super::{Report, clock, limits};
use crate::escape::one_line;
use crate::quantity::{count, format_duration, format_size};

const UNKNOWN: &str = "unknown";

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Lines(f);
        self.show_system(&mut lines)?;
        self.show_hardware(&mut lines)?;
        for mount in &self.mounts {
            lines.line("mount", mount_text(mount))?;
        }
        self.show_network(&mut lines)?;
        if let Some(rez) = &self.rez {
            lines.line("rez", rez.resolve.join(" "))?;
        }
        for hazard in &self.hazards {
            lines.line("HAZARD", format!("{}: {}", hazard.name, hazard.detail))?;
        }
        Ok(())
    }
}

struct Lines<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Lines<'_, '_> {
    fn line(&mut self, name: &str, value: impl AsRef<str>) -> fmt::Result {
        writeln!(self.0, "{name:<13} {}", one_line(value.as_ref()))
    }
}

fn or_unknown(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or(UNKNOWN)
}

fn size_or_unknown(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| UNKNOWN.into(), format_size)
}

impl Report {
    fn show_system(&self, lines: &mut Lines) -> fmt::Result {
        let system = &self.system;
        lines.line("host", or_unknown(&system.hostname))?;
        let distribution = system.distribution.as_ref();
        lines.line(
            "distribution",
            distribution.map_or(UNKNOWN, |distribution| &distribution.name),
        )?;
        let up = system
            .uptime_s
            .map(|seconds| format!(", up {}", format_duration(Duration::from_secs(seconds))));
        lines.line(
            "kernel",
            format!("{}{}", or_unknown(&system.kernel), up.unwrap_or_default()),
        )?;
        let libraries = &self.libraries;
        lines.line(
            "glibc",
            version_text(&libraries.glibc, &libraries.libc_path, ""),
        )?;
        let cxxabi = libraries.cxxabi.as_ref();
        let cxxabi = cxxabi.map_or_else(String::new, |version| format!(", CXXABI {version}"));
        lines.line(
            "GLIBCXX",
            version_text(&libraries.glibcxx, &libraries.libstdcxx_path, &cxxabi),
        )
    }

    fn show_hardware(&self, lines: &mut Lines) -> fmt::Result {
        let cpu = &self.cpu;
        let many = |number: Option<u64>, one: &str| match number {
            Some(number) => count(number, one),
            None => format!("? {one}s"),
        };
        lines.line(
            "cpu",
            format!(
                "{}, {}, {}, {}, {} usable",
                or_unknown(&cpu.model),
                cpu.level,
                many(cpu.cores, "core"),
                many(cpu.processors, "processor"),
                cpu.usable.map_or("?".into(), |usable| usable.to_string())
            ),
        )?;
        let memory = &self.memory;
        let mut text = format!(
            "{} of {} available, swap {} of {} free",
            size_or_unknown(memory.available_bytes),
            size_or_unknown(memory.total_bytes),
            size_or_unknown(memory.swap_free_bytes),
            size_or_unknown(memory.swap_total_bytes)
        );
        if let Some(limit) = memory.limit_bytes {
            text.push_str(&format!(", limited to {}", format_size(limit)));
        }
        lines.line("memory", text)?;
        for device in &self.gpu.devices {
            let driver = or_unknown(&device.driver);
            lines.line("gpu", format!("{}, driver {driver}", device.name))?;
        }
        match &self.gpu.nvidia_driver {
            Some(version) => lines.line("nvidia driver", version)?,
            None if self.gpu.devices.is_empty() => lines.line("gpu", "none found")?,
            None => {}
        }
        let limits = self.limits.iter().map(|limit| {
            let shown = |value: Option<u64>| match value {
                None => "unlimited".into(),
                Some(bytes) if limit.name.ends_with("_bytes") => format_size(bytes),
                Some(count) => count.to_string(),
            };
            let name = limits::label(limit.name);
            let (soft, hard) = (shown(limit.soft), shown(limit.hard));
            match soft == hard {
                true => format!("{name} {soft}"),
                false => format!("{name} {soft} (hard {hard})"),
            }
        });
        lines.line("limits", limits.collect::<Vec<_>>().join(", "))
    }

    fn show_network(&self, lines: &mut Lines) -> fmt::Result {
        lines.line("certificates", self.certificates_text())?;
        let network = &self.network;
        let servers = match &network.dns_servers {
            None => UNKNOWN.into(),
            Some(servers) if servers.is_empty() => "none".into(),
            Some(servers) => servers.join(", "),
        };
        let search = match network.search_domains.is_empty() {
            true => String::new(),
            false => format!("; search {}", network.search_domains.join(" ")),
        };
        lines.line("dns", format!("{servers}{search}"))?;
        for proxy in &network.proxies {
            lines.line("proxy", format!("{}={}", proxy.name, proxy.value))?;
        }
        let zone = or_unknown(&self.clock.time_zone);
        lines.line("clock", format!("{}, time zone {zone}", self.clock.now))?;
        if let Some(compared) = &self.clock.compared {
            let text = match (compared.ahead_s, &compared.why) {
                (Some(ahead), _) => clock::clock_difference(ahead),
                (None, Some(why)) => why.clone(),
                (None, None) => UNKNOWN.into(),
            };
            lines.line("service clock", format!("{}: {text}", compared.url))?;
        }
        Ok(())
    }

    fn certificates_text(&self) -> String {
        let Some(certificates) = &self.certificates else {
            return UNKNOWN.into();
        };
        let Some(bundle) = &certificates.bundle else {
            return "no CA bundle found".into();
        };
        let Some(roots) = certificates.roots else {
            return format!("cannot read {bundle}");
        };
        let x3 = match certificates.dst_root_x3 {
            Some(true) => ", includes DST Root CA X3",
            _ => "",
        };
        let expired = &certificates.expired;
        let names: Vec<&str> = expired.iter().take(5).map(|it| it.name.as_str()).collect();
        let names = match names.is_empty() {
            true => String::new(),
            false => format!(" ({})", names.join(", ")),
        };
        let roots = count(roots, "root");
        format!("{roots} in {bundle}, {} expired{names}{x3}", expired.len())
    }
}

fn version_text(version: &Option<String>, path: &Option<String>, more: &str) -> String {
    match (version, path) {
        (Some(version), Some(path)) => format!("{version}{more} ({path})"),
        _ => UNKNOWN.into(),
    }
}

fn mount_text(mount: &Mount) -> String {
    let Mount { path, kind, .. } = mount;
    let left = match (&mount.state, mount.available_bytes, mount.total_bytes) {
        (State::Responds, Some(left), Some(all)) => {
            format!("{} of {} free", format_size(left), format_size(all))
        }
        (state, ..) => state.text().to_owned(),
    };
    let inodes = match (mount.available_inodes, mount.total_inodes) {
        (Some(left), Some(all)) => format!(", {left} of {}", count(all, "inode")),
        _ => String::new(),
    };
    let read_only = if mount.read_only { ", read-only" } else { "" };
    let why = mount.used_for.join(", ");
    format!(
        "{path} ({why}): {kind} {}, {left}{inodes}{read_only}",
        mount.source
    )
}
