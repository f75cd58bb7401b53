//! `c47 host`: what this machine is and has, and what may break on it.

mod check;

use std::env;

use argh::{ArgsInfo, FromArgs};

use super::{environment, selftest};
use crate::elf::root::Root;
use crate::error::Error;
use crate::exit::Exit;
use crate::host::clock::{self, Compared};
use crate::host::{self, Environment, Surroundings};
use crate::http::request::Request;
use crate::http::url::Url;
use crate::http::{Caller, Settings};
use crate::outline::{Details, Field, JsonOutput, JsonType, Kind, Shape};
use crate::output::{self, Format};
use crate::redact;
use crate::timestamp::Timestamp;

/// Show what this machine is and has: system, glibc and libstdc++ (read from their files), CPU,
/// memory, GPU, limits, mounts, CA bundle, DNS, proxies, clock, Rez context; and what may break on
/// it: libraries that shadow the system's, Python's variables, certificates, a full TMPDIR. What
/// cannot be found out is unknown (null in JSON) and no error. 'host check' answers yes or no.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "host",
    help_triggers("-h", "--help"),
    example = "c47 host --json",
    example = "c47 host check --target CY2024 --cpu v3 --free /tmp=10G"
)]
pub struct Host {
    /// compare the clock with the Date of this service's answer (default: with none)
    #[argh(option)]
    url: Option<String>,

    /// print one JSON object
    #[argh(switch)]
    json: bool,

    #[argh(subcommand)]
    command: Option<Command>,
}

/// The kinds of the values, and the JSON.
pub const DETAILS: &[Details] = &[
    Details {
        command: "host",
        values: &[("--url", Kind::Word)],
        json: &[JsonOutput {
            when: "",
            shape: Shape::Object,
            fields: &[
                Field::new("system", JsonType::Object, "the operating system"),
                Field::new("system.hostname", JsonType::String, "host name").or_null(),
                Field::new("system.distribution", JsonType::Object, "the distribution").or_null(),
                Field::new(
                    "system.distribution.id",
                    JsonType::String,
                    "as in os-release: rocky",
                )
                .or_null(),
                Field::new(
                    "system.distribution.version",
                    JsonType::String,
                    "its version",
                )
                .or_null(),
                Field::new(
                    "system.distribution.name",
                    JsonType::String,
                    "its full name",
                ),
                Field::new(
                    "system.distribution.target",
                    JsonType::String,
                    "what elf glibc --target calls it",
                )
                .or_null(),
                Field::new("system.kernel", JsonType::String, "release of the kernel").or_null(),
                Field::new("system.machine", JsonType::String, "processor: x86_64").or_null(),
                Field::new("system.uptime_s", JsonType::Number, "seconds since boot").or_null(),
                Field::new("libraries", JsonType::Object, "the C and C++ libraries"),
                Field::new("libraries.glibc", JsonType::String, "version of glibc").or_null(),
                Field::new("libraries.libc_path", JsonType::String, "path of libc.so.6").or_null(),
                Field::new(
                    "libraries.glibcxx",
                    JsonType::String,
                    "newest GLIBCXX version",
                )
                .or_null(),
                Field::new(
                    "libraries.cxxabi",
                    JsonType::String,
                    "newest CXXABI version",
                )
                .or_null(),
                Field::new(
                    "libraries.libstdcxx_path",
                    JsonType::String,
                    "path of libstdc++.so.6",
                )
                .or_null(),
                Field::new("cpu", JsonType::Object, "the processor"),
                Field::new("cpu.model", JsonType::String, "model name").or_null(),
                Field::new("cpu.level", JsonType::String, "x86-64 level"),
                Field::new("cpu.cores", JsonType::Number, "physical cores").or_null(),
                Field::new("cpu.processors", JsonType::Number, "logical processors").or_null(),
                Field::new(
                    "cpu.usable",
                    JsonType::Number,
                    "processors this process may use",
                )
                .or_null(),
                Field::new("memory", JsonType::Object, "the memory"),
                Field::new("memory.total_bytes", JsonType::Number, "bytes of RAM").or_null(),
                Field::new(
                    "memory.available_bytes",
                    JsonType::Number,
                    "bytes available without swapping",
                )
                .or_null(),
                Field::new(
                    "memory.swap_total_bytes",
                    JsonType::Number,
                    "bytes of swap space",
                )
                .or_null(),
                Field::new(
                    "memory.swap_free_bytes",
                    JsonType::Number,
                    "bytes of free swap space",
                )
                .or_null(),
                Field::new(
                    "memory.limit_bytes",
                    JsonType::Number,
                    "limit of the control group; null where there is none",
                )
                .or_null(),
                Field::new("gpu", JsonType::Object, "the graphics processors"),
                Field::new(
                    "gpu.nvidia_driver",
                    JsonType::String,
                    "version of the NVIDIA driver",
                )
                .or_null(),
                Field::new("gpu.devices", JsonType::Objects, "the devices"),
                Field::new(
                    "gpu.devices[].name",
                    JsonType::String,
                    "model, or vendor and device numbers",
                ),
                Field::new("gpu.devices[].driver", JsonType::String, "kernel driver").or_null(),
                Field::new("limits", JsonType::Objects, "the resource limits"),
                Field::new("limits[].name", JsonType::String, "name of the limit"),
                Field::new(
                    "limits[].soft",
                    JsonType::Number,
                    "soft limit; null where unlimited",
                )
                .or_null(),
                Field::new(
                    "limits[].hard",
                    JsonType::Number,
                    "hard limit; null where unlimited",
                )
                .or_null(),
                Field::new("mounts", JsonType::Objects, "the file systems"),
                Field::new("mounts[].path", JsonType::String, "mount point"),
                Field::new("mounts[].kind", JsonType::String, "type: ext4, nfs4"),
                Field::new(
                    "mounts[].source",
                    JsonType::String,
                    "device, or server and export",
                ),
                Field::new(
                    "mounts[].read_only",
                    JsonType::Boolean,
                    "whether it is mounted read-only",
                ),
                Field::new(
                    "mounts[].used_for",
                    JsonType::Strings,
                    "root, tmp, home, cwd, network",
                ),
                Field::new(
                    "mounts[].state",
                    JsonType::String,
                    "ok, does not answer, not tried, or why it was refused",
                ),
                Field::new("mounts[].total_bytes", JsonType::Number, "size").or_null(),
                Field::new(
                    "mounts[].available_bytes",
                    JsonType::Number,
                    "space left for a user",
                )
                .or_null(),
                Field::new(
                    "mounts[].total_inodes",
                    JsonType::Number,
                    "number of inodes",
                )
                .or_null(),
                Field::new(
                    "mounts[].available_inodes",
                    JsonType::Number,
                    "inodes left for a user",
                )
                .or_null(),
                Field::new(
                    "certificates",
                    JsonType::Object,
                    "the CA bundle; null where its file system does not answer",
                )
                .or_null(),
                Field::new(
                    "certificates.bundle",
                    JsonType::String,
                    "path of the bundle",
                )
                .or_null(),
                Field::new(
                    "certificates.roots",
                    JsonType::Number,
                    "how many certificates it has",
                )
                .or_null(),
                Field::new(
                    "certificates.why",
                    JsonType::String,
                    "why it could not be read",
                )
                .or_null(),
                Field::new(
                    "certificates.expired",
                    JsonType::Objects,
                    "the expired ones",
                ),
                Field::new(
                    "certificates.expired[].name",
                    JsonType::String,
                    "name of the authority",
                ),
                Field::new(
                    "certificates.expired[].not_after",
                    JsonType::String,
                    "when it expired, RFC 3339",
                ),
                Field::new(
                    "certificates.dst_root_x3",
                    JsonType::Boolean,
                    "whether DST Root CA X3 is among them",
                )
                .or_null(),
                Field::new("network", JsonType::Object, "the network"),
                Field::new(
                    "network.dns_servers",
                    JsonType::Strings,
                    "addresses of the DNS servers; null without resolv.conf",
                )
                .or_null(),
                Field::new(
                    "network.search_domains",
                    JsonType::Strings,
                    "search domains",
                ),
                Field::new("network.proxies", JsonType::Objects, "proxy variables"),
                Field::new(
                    "network.proxies[].name",
                    JsonType::String,
                    "name of the variable",
                ),
                Field::new(
                    "network.proxies[].value",
                    JsonType::String,
                    "its value without user and password",
                ),
                Field::new("clock", JsonType::Object, "the clock"),
                Field::new("clock.now", JsonType::String, "time in UTC, RFC 3339"),
                Field::new("clock.time_zone", JsonType::String, "time zone").or_null(),
                Field::new(
                    "clock.compared",
                    JsonType::Object,
                    "comparison with the service of --url; null without it",
                )
                .or_null(),
                Field::new(
                    "clock.compared.url",
                    JsonType::String,
                    "its address without secrets",
                ),
                Field::new(
                    "clock.compared.ahead_s",
                    JsonType::Number,
                    "seconds the service is ahead of this machine",
                )
                .or_null(),
                Field::new(
                    "clock.compared.why",
                    JsonType::String,
                    "why its time is unknown",
                )
                .or_null(),
                Field::new(
                    "rez",
                    JsonType::Object,
                    "the Rez context; null outside of one",
                )
                .or_null(),
                Field::new("rez.resolve", JsonType::Strings, "resolved packages"),
                Field::new("rez.request", JsonType::Strings, "requested packages"),
                Field::new("rez.version", JsonType::String, "version of Rez").or_null(),
                Field::new("rez.file", JsonType::String, "file of the context").or_null(),
                Field::new("hazards", JsonType::Objects, "what may break programs here"),
                Field::new(
                    "hazards[].name",
                    JsonType::String,
                    "variable or part of the system",
                ),
                Field::new("hazards[].detail", JsonType::String, "what it does"),
            ],
        }],
    },
    check::DETAILS,
];

#[derive(FromArgs, ArgsInfo)]
#[argh(subcommand)]
enum Command {
    Check(check::Check),
}

impl Host {
    pub fn run(self) -> Result<Exit, Error> {
        if let Some(Command::Check(options)) = self.command {
            return options.run();
        }
        let compared = match &self.url {
            Some(url) => Some(compare(&parsed(url)?)),
            None => None,
        };
        let report = host::report(&surroundings(), compared);
        output::print(Format::from_switch(self.json), &report)?;
        Ok(Exit::Done)
    }
}

fn surroundings() -> Surroundings {
    Surroundings {
        root: Root::Host,
        environment: Environment(env::vars_os().collect()),
        directory: env::current_dir().ok(),
        now: Timestamp::now(),
        built: selftest::built(),
    }
}

fn parsed(url: &str) -> Result<Url, Error> {
    Url::parse(url).map_err(|why| Error::usage(format!("--url {}: {why}", redact::url(url))))
}

fn compare(url: &Url) -> Compared {
    let answer = ask(url).and_then(|(_, ahead)| ahead);
    let (ahead_s, why) = match answer {
        Ok(ahead) => (Some(ahead), None),
        Err(why) => (None, Some(why)),
    };
    Compared {
        url: redact::url(&url.to_string()),
        ahead_s,
        why,
    }
}

/// The status of a service's answer, and how far its clock is ahead of this machine's.
fn ask(url: &Url) -> Result<(u16, Result<i64, String>), String> {
    let mut settings: Settings = environment::settings();
    settings.limits.idle = settings.limits.idle.min(PATIENCE);
    settings.limits.whole = Some(PATIENCE);
    let mut request = Request::get(url.clone());
    let answer = Caller::new(settings)
        .call(&mut request)
        .map_err(|error| redact::url(&error.to_string()))?;
    let head = answer.head;
    // At once: what comes of the body takes time.
    Ok((
        head.status,
        clock::ahead_s(head.header("date"), Timestamp::now()),
    ))
}

/// A node that waits longer for a service is not well.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
