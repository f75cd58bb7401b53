//! The processor.

use std::collections::BTreeSet;

use nanoserde::SerJson;

use super::files;
use crate::elf::root::Root;
use crate::platform::Level;

/// Model, level and counts.
#[derive(Clone, Debug, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Cpu {
    pub model: Option<String>,
    /// `x86-64-v3`.
    pub level: String,
    /// Physical cores.
    pub cores: Option<u64>,
    /// Logical processors: two per core with hyper-threading.
    pub processors: Option<u64>,
    /// Processors this process may use, by its affinity and control group.
    pub usable: Option<u64>,
}

/// The level and the usable processors are those of this machine. The rest is read below `root`.
pub(crate) fn read(root: &Root) -> Cpu {
    let text = files::read(root, "/proc/cpuinfo").unwrap_or_default();
    let (mut processors, mut package) = (0, "");
    let mut cores = BTreeSet::new();
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        match name.trim() {
            "processor" => processors += 1,
            "physical id" => package = value.trim(),
            "core id" => {
                cores.insert((package, value.trim()));
            }
            _ => {}
        }
    }
    let counted = |count: u64| Some(count).filter(|&count| count > 0);
    Cpu {
        model: files::field(&text, "model name").map(str::to_owned),
        level: Level::of_this_machine().name().into(),
        cores: counted(cores.len() as u64),
        processors: counted(processors),
        usable: std::thread::available_parallelism()
            .ok()
            .map(|count| count.get() as u64),
    }
}
