//! `c47 host`: the properties of this machine, and what may break programs on it.

mod check;
mod diff;
mod login;

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
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::Printer;
use crate::redact;
use crate::timestamp::Timestamp;

/// Show this machine's properties and what may break on it. The report has the system, glibc and
/// libstdc++ (read from their files), CPU, memory, GPU, limits, mounts, CA bundle, DNS, proxies,
/// clock and Rez context. Hazards are libraries that shadow those of the system, Python variables,
/// certificates, and a full TMPDIR. A value that cannot be determined is printed as unknown (null
/// in JSON) and is not an error. Use 'host check' for a yes or no.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "host",
    help_triggers("-h", "--help"),
    example = "c47 host --json",
    example = "c47 host check --target CY2024 --cpu v3 --free /tmp=10G"
)]
pub(super) struct Host {
    /// compare the clock with the Date header of this service
    #[argh(option)]
    url: Option<String>,

    /// print one JSON object
    #[argh(switch)]
    json: bool,

    /// apply a jq filter to the JSON. Implies --json. Each result is one line of compact JSON.
    #[argh(option, arg_name = "filter")]
    jq: Option<String>,

    /// print strings without quotes and escapes, with --jq
    #[argh(switch, short = 'r')]
    raw_output: bool,

    #[argh(subcommand)]
    command: Option<Command>,
}

/// The kinds of the values, and the JSON.
pub(super) const DETAILS: &[Details] = &[
    Details {
        command: "host",
        values: &[("--url", Kind::Word), ("--jq", Kind::Word)],
        json: &[JsonOutput {
            when: "",
            shape: Shape::Object,
            fields: &[
                Field::object("system", "the operating system"),
                Field::string("system.hostname", "host name").or_null(),
                Field::object("system.distribution", "the distribution").or_null(),
                Field::string("system.distribution.id", "as in os-release: rocky").or_null(),
                Field::string("system.distribution.version", "its version").or_null(),
                Field::string("system.distribution.name", "its full name"),
                Field::string(
                    "system.distribution.target",
                    "its name for elf glibc --target",
                )
                .or_null(),
                Field::string("system.kernel", "release of the kernel").or_null(),
                Field::string("system.machine", "processor: x86_64").or_null(),
                Field::number("system.uptime_s", "seconds since boot").or_null(),
                Field::object("libraries", "the C and C++ libraries"),
                Field::string("libraries.glibc", "version of glibc").or_null(),
                Field::string("libraries.libc_path", "path of libc.so.6").or_null(),
                Field::string("libraries.glibcxx", "newest GLIBCXX version").or_null(),
                Field::string("libraries.cxxabi", "newest CXXABI version").or_null(),
                Field::string("libraries.libstdcxx_path", "path of libstdc++.so.6").or_null(),
                Field::object("cpu", "the processor"),
                Field::string("cpu.model", "model name").or_null(),
                Field::string("cpu.level", "x86-64 level"),
                Field::number("cpu.cores", "physical cores").or_null(),
                Field::number("cpu.processors", "logical processors").or_null(),
                Field::number("cpu.usable", "processors this process may use").or_null(),
                Field::object("memory", "the memory"),
                Field::number("memory.total_bytes", "bytes of RAM").or_null(),
                Field::number("memory.available_bytes", "bytes available without swapping")
                    .or_null(),
                Field::number("memory.swap_total_bytes", "bytes of swap space").or_null(),
                Field::number("memory.swap_free_bytes", "bytes of free swap space").or_null(),
                Field::number(
                    "memory.limit_bytes",
                    "limit of the control group; null if there is none",
                )
                .or_null(),
                Field::object("gpu", "the graphics processors"),
                Field::string("gpu.nvidia_driver", "version of the NVIDIA driver").or_null(),
                Field::objects("gpu.devices", "the devices"),
                Field::string("gpu.devices[].name", "model, or vendor and device numbers"),
                Field::string("gpu.devices[].driver", "kernel driver").or_null(),
                Field::objects("limits", "the resource limits"),
                Field::string("limits[].name", "name of the limit"),
                Field::number("limits[].soft", "soft limit; null if unlimited").or_null(),
                Field::number("limits[].hard", "hard limit; null if unlimited").or_null(),
                Field::objects("mounts", "the file systems"),
                Field::string("mounts[].path", "mount point"),
                Field::string("mounts[].kind", "type: ext4, nfs4"),
                Field::string("mounts[].source", "device, or server and export"),
                Field::boolean("mounts[].read_only", "whether it is mounted read-only"),
                Field::strings("mounts[].options", "its options except ro and rw"),
                Field::strings("mounts[].used_for", "root, tmp, home, cwd, network"),
                Field::string(
                    "mounts[].state",
                    "ok, does not respond, not tried, or the error",
                ),
                Field::number("mounts[].total_bytes", "size").or_null(),
                Field::number("mounts[].available_bytes", "space free for a user").or_null(),
                Field::number("mounts[].total_inodes", "number of inodes").or_null(),
                Field::number("mounts[].available_inodes", "inodes free for a user").or_null(),
                Field::object(
                    "certificates",
                    "the CA bundle; null if its file system does not respond",
                )
                .or_null(),
                Field::string("certificates.bundle", "path of the bundle").or_null(),
                Field::number("certificates.roots", "how many certificates it has").or_null(),
                Field::string("certificates.why", "why it could not be read").or_null(),
                Field::objects("certificates.expired", "the expired ones"),
                Field::string("certificates.expired[].name", "name of the authority"),
                Field::string(
                    "certificates.expired[].not_after",
                    "when it expired, RFC 3339",
                ),
                Field::boolean("certificates.dst_root_x3", "whether it has DST Root CA X3")
                    .or_null(),
                Field::object("network", "the network"),
                Field::strings(
                    "network.dns_servers",
                    "addresses of the DNS servers; null if there is no resolv.conf",
                )
                .or_null(),
                Field::strings("network.search_domains", "search domains"),
                Field::objects("network.proxies", "proxy variables"),
                Field::string("network.proxies[].name", "name of the variable"),
                Field::string(
                    "network.proxies[].value",
                    "its value without user and password",
                ),
                Field::object("clock", "the clock"),
                Field::string("clock.now", "time in UTC, RFC 3339"),
                Field::string("clock.time_zone", "time zone").or_null(),
                Field::object(
                    "clock.compared",
                    "comparison with the service of --url; null without --url",
                )
                .or_null(),
                Field::string("clock.compared.url", "its URL without secrets"),
                Field::number(
                    "clock.compared.ahead_s",
                    "seconds the service is ahead of this machine",
                )
                .or_null(),
                Field::string("clock.compared.why", "why its time is unknown").or_null(),
                Field::object("rez", "the Rez context; null if there is none").or_null(),
                Field::strings("rez.resolve", "resolved packages"),
                Field::strings("rez.request", "requested packages"),
                Field::string("rez.version", "version of Rez").or_null(),
                Field::string("rez.file", "file of the context").or_null(),
                Field::objects("hazards", "what may break programs here"),
                Field::string("hazards[].name", "variable or part of the system"),
                Field::string("hazards[].detail", "what it breaks"),
            ],
        }],
    },
    check::DETAILS,
    diff::DETAILS,
];

#[derive(FromArgs, ArgsInfo)]
#[argh(subcommand)]
enum Command {
    Check(check::Check),
    Diff(diff::Diff),
}

impl Host {
    pub(super) fn run(self) -> Result<Exit, Error> {
        match self.command {
            Some(Command::Check(options)) => return options.run(),
            Some(Command::Diff(options)) => return options.run(),
            None => {}
        }
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let compared = match &self.url {
            Some(url) => Some(compare(&parsed(url)?)),
            None => None,
        };
        let report = host::report(&surroundings(), compared);
        printer.print(&report)?;
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
    let response = request_status(url).and_then(|(_, ahead)| ahead);
    let (ahead_s, why) = match response {
        Ok(ahead) => (Some(ahead), None),
        Err(why) => (None, Some(why)),
    };
    Compared {
        url: redact::url(&url.to_string()),
        ahead_s,
        why,
    }
}

/// The status of a service's response, and how far its clock is ahead of this machine's.
fn request_status(url: &Url) -> Result<(u16, Result<i64, String>), String> {
    let mut settings: Settings = environment::settings();
    settings.limits.idle = settings.limits.idle.min(TIME_LIMIT);
    settings.limits.whole = Some(TIME_LIMIT);
    let mut request = Request::get(url.clone());
    let response = Caller::new(settings)
        .call(&mut request)
        .map_err(|error| redact::url(&error.to_string()))?;
    let head = response.head;
    // Compared before the body is read, which takes time.
    Ok((
        head.status,
        clock::ahead_s(head.header("date"), Timestamp::now()),
    ))
}

/// The time limit for the service.
const TIME_LIMIT: std::time::Duration = std::time::Duration::from_secs(20);
