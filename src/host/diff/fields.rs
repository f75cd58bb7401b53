//! The fields of a report of `c47 host`: how much a difference matters, how values are compared, and
//! what they are called. The table is in the order in which differences are shown.

use super::severity::Severity;
use super::value::{Members, Value};
use crate::host::clock::TOLERANCE_S;
use crate::host::hazards::NEARLY_FULL_BYTES;

use Severity::{Critical, Major, Minor};

/// When different values are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Never.
    Exact,
    /// Always: it differs between any two machines or from one minute to the next.
    Varies,
    /// Numbers that differ by at most 2 %. The kernel and the firmware keep some memory for themselves.
    Near,
    /// Numbers of seconds that differ by less than the tolerance for clocks.
    Seconds,
    /// Free space, unless only one of them is nearly full.
    FreeBytes,
    /// Free inodes, unless only one of them has almost none.
    FreeInodes,
    /// The names of two local devices.
    Device,
    /// When the member `name` beside it differs, too.
    Named,
    /// A list of names with values after this separator. Its order does not matter.
    Pairs(char),
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// `mounts[].kind`, or with the key of an element: `limits[processes].soft`. The row of a list is
    /// also that of its elements.
    pub path: &'static str,
    pub label: &'static str,
    pub severity: Severity,
    pub rule: Rule,
    /// What null means.
    pub null: &'static str,
    /// The members that stand for an object.
    pub shown: &'static [&'static str],
}

const fn row(severity: Severity, path: &'static str, label: &'static str) -> Row {
    Row {
        path,
        label,
        severity,
        rule: Rule::Exact,
        null: "unknown",
        shown: &[],
    }
}

impl Row {
    const fn rule(self, rule: Rule) -> Row {
        Row { rule, ..self }
    }

    const fn null(self, null: &'static str) -> Row {
        Row { null, ..self }
    }

    const fn shown(self, shown: &'static [&'static str]) -> Row {
        Row { shown, ..self }
    }

    /// Whether these different values are expected. `around` has the objects of which they are
    /// members.
    pub(super) fn expects(&self, a: &Value, b: &Value, around: Option<[&Members; 2]>) -> bool {
        match self.rule {
            Rule::Exact | Rule::Pairs(_) => false,
            Rule::Varies => true,
            Rule::Near => match (whole(a), whole(b)) {
                (Some(a), Some(b)) => a.abs_diff(b) <= a.max(b) / 50,
                _ => false,
            },
            Rule::Seconds => match (seconds(a), seconds(b)) {
                (Some(a), Some(b)) => a.abs_diff(b) < TOLERANCE_S,
                _ => false,
            },
            Rule::FreeBytes => are_as_full([a, b], around, "total_bytes", NEARLY_FULL_BYTES),
            Rule::FreeInodes => are_as_full([a, b], around, "total_inodes", 1),
            Rule::Device => [a, b]
                .iter()
                .all(|it| it.as_text().is_some_and(|it| it.starts_with("/dev/"))),
            Rule::Named => around.is_some_and(|[a, b]| a.get("name") != b.get("name")),
        }
    }
}

fn whole(value: &Value) -> Option<u64> {
    value.number()?.parse().ok()
}

fn seconds(value: &Value) -> Option<i64> {
    value.number()?.parse().ok()
}

/// Whether both file systems are nearly full, or none is. `total` is the member with the size.
fn are_as_full(free: [&Value; 2], around: Option<[&Members; 2]>, total: &str, least: u64) -> bool {
    let is_full = |free: &Value, total: Option<&Value>| {
        let hundredth = total.and_then(whole).map_or(0, |total| total / 100);
        Some(whole(free)? < least.max(hundredth))
    };
    let [a, b] = free;
    let [of_a, of_b] = around.map_or([None; 2], |it| it.map(|it| it.get(total)));
    match (is_full(a, of_a), is_full(b, of_b)) {
        (Some(a), Some(b)) => a == b,
        // The state of the mount says why it is unknown.
        _ => true,
    }
}

/// The row of a field: of its path with the key of the last element, or else of its path.
pub(super) fn find(specific: &str, path: &str) -> Option<(usize, &'static Row)> {
    let of = |path: &str| ROWS.iter().enumerate().find(|(_, row)| row.path == path);
    of(specific).or_else(|| of(path))
}

/// The paths of all fields.
#[cfg(test)]
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.path)
}

const NONE: &str = "none";
const UNLIMITED: &str = "unlimited";

/// All fields, the most important first.
pub(super) const ROWS: &[Row] = &[
    // What decides whether a program starts.
    row(Critical, "system", "system"),
    row(Critical, "system.machine", "architecture"),
    row(Critical, "libraries", "libraries"),
    row(Critical, "libraries.glibc", "glibc"),
    row(Critical, "libraries.glibcxx", "GLIBCXX"),
    row(Critical, "libraries.cxxabi", "CXXABI"),
    row(Critical, "cpu", "CPU"),
    row(Critical, "cpu.level", "CPU level"),
    row(Major, "system.kernel", "kernel"),
    row(Major, "system.distribution", "distribution").shown(&["name"]),
    row(Major, "system.distribution.name", "distribution"),
    row(Major, "system.distribution.id", "distribution id").rule(Rule::Named),
    row(Major, "system.distribution.version", "distribution version").rule(Rule::Named),
    row(Minor, "system.distribution.target", "distribution target").rule(Rule::Named),
    row(Major, "cpu.usable", "usable processors"),
    row(Major, "cpu.processors", "processors"),
    row(Major, "cpu.cores", "cores"),
    row(Minor, "cpu.model", "CPU model"),
    row(Critical, "gpu", "GPU"),
    row(Critical, "gpu.nvidia_driver", "NVIDIA driver").null(NONE),
    row(Critical, "gpu.devices", "GPU").shown(&["driver"]),
    row(Critical, "gpu.devices[].name", "name"),
    row(Critical, "gpu.devices[].driver", "driver"),
    row(Major, "memory", "memory"),
    row(Major, "memory.total_bytes", "memory").rule(Rule::Near),
    row(Major, "memory.limit_bytes", "memory limit").null(NONE),
    row(Minor, "memory.swap_total_bytes", "swap").rule(Rule::Near),
    row(Minor, "memory.available_bytes", "available memory").rule(Rule::Varies),
    row(Minor, "memory.swap_free_bytes", "free swap").rule(Rule::Varies),
    row(Major, "limits", "limit").shown(&["soft"]),
    row(Major, "limits[].name", "name"),
    // The kernel derives its default from the memory.
    row(Major, "limits[processes].soft", "soft")
        .rule(Rule::Near)
        .null(UNLIMITED),
    row(Major, "limits[processes].hard", "hard")
        .rule(Rule::Near)
        .null(UNLIMITED),
    row(Major, "limits[].soft", "soft").null(UNLIMITED),
    row(Major, "limits[].hard", "hard").null(UNLIMITED),
    row(Major, "clock", "clock"),
    row(Major, "clock.time_zone", "time zone"),
    row(Minor, "clock.compared", "service clock")
        .null("not compared")
        .shown(&["url"]),
    row(
        Major,
        "clock.compared.ahead_s",
        "seconds the service is ahead",
    )
    .rule(Rule::Seconds),
    row(Major, "clock.compared.why", "time of the service").null("known"),
    row(Minor, "clock.compared.url", "service of --url"),
    row(Minor, "clock.now", "time").rule(Rule::Varies),
    row(Critical, "mounts", "mount").shown(&["kind", "source"]),
    row(Critical, "mounts[].path", "path"),
    row(Critical, "mounts[].state", "state"),
    row(Critical, "mounts[].read_only", "read-only"),
    row(Critical, "mounts[].available_bytes", "free space").rule(Rule::FreeBytes),
    row(Critical, "mounts[].available_inodes", "free inodes").rule(Rule::FreeInodes),
    row(Major, "mounts[].source", "source").rule(Rule::Device),
    row(Major, "mounts[].kind", "type"),
    row(Major, "mounts[].options", "option").rule(Rule::Pairs('=')),
    // Of one client or container, or derived from the memory.
    row(Minor, "mounts[].options[clientaddr]", "option").rule(Rule::Varies),
    row(Minor, "mounts[].options[lowerdir]", "option").rule(Rule::Varies),
    row(Minor, "mounts[].options[upperdir]", "option").rule(Rule::Varies),
    row(Minor, "mounts[].options[workdir]", "option").rule(Rule::Varies),
    row(Minor, "mounts[].options[size]", "option").rule(Rule::Varies),
    row(Minor, "mounts[].options[nr_inodes]", "option").rule(Rule::Varies),
    row(Minor, "mounts[].used_for", "use"),
    row(Minor, "mounts[].total_bytes", "size").rule(Rule::Near),
    // Some file systems create inodes on demand.
    row(Minor, "mounts[].total_inodes", "inodes").rule(Rule::Varies),
    row(Major, "certificates", "CA bundle").shown(&["bundle"]),
    row(Major, "certificates.bundle", "CA bundle").null(NONE),
    row(Major, "certificates.why", "CA bundle").null("readable"),
    row(Major, "certificates.dst_root_x3", "DST Root CA X3"),
    row(Minor, "certificates.roots", "number of CA certificates"),
    row(Minor, "certificates.expired", "expired CA certificate").shown(&["not_after"]),
    row(Minor, "certificates.expired[].name", "name"),
    row(Minor, "certificates.expired[].not_after", "end"),
    row(Major, "hazards", "hazard").shown(&["detail"]),
    row(Major, "hazards[].name", "name"),
    row(Major, "hazards[].detail", "detail"),
    row(Minor, "libraries.libc_path", "path of libc"),
    row(Minor, "libraries.libstdcxx_path", "path of libstdc++"),
    row(Major, "network", "network"),
    row(Major, "network.dns_servers", "DNS server"),
    row(Major, "network.search_domains", "search domain"),
    row(Major, "network.proxies", "proxy").shown(&["value"]),
    row(Major, "network.proxies[].name", "name"),
    row(Major, "network.proxies[].value", "value"),
    row(Major, "rez", "Rez context")
        .null(NONE)
        .shown(&["resolve"]),
    row(Major, "rez.resolve", "Rez package").rule(Rule::Pairs('-')),
    row(Minor, "rez.request", "Rez request").rule(Rule::Pairs('-')),
    row(Minor, "rez.version", "Rez"),
    row(Minor, "rez.file", "Rez context file").rule(Rule::Varies),
    row(Minor, "system.hostname", "host name").rule(Rule::Varies),
    row(Minor, "system.uptime_s", "uptime in seconds").rule(Rule::Varies),
];
