//! The x86-64 levels of the psABI (x86-64-v1 to v4), and the level of this machine.

use std::fmt;
use std::fs;

/// A level. Each one includes the levels before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    V1,
    V2,
    V3,
    V4,
}

/// All levels, lowest first.
pub(crate) const LEVELS: [Level; 4] = [Level::V1, Level::V2, Level::V3, Level::V4];

impl Level {
    /// The full name of the level, as in the psABI and glibc.
    pub fn name(self) -> &'static str {
        match self {
            Level::V1 => "x86-64-v1",
            Level::V2 => "x86-64-v2",
            Level::V3 => "x86-64-v3",
            Level::V4 => "x86-64-v4",
        }
    }

    /// The name without the architecture: `v3`.
    pub fn short_name(self) -> &'static str {
        let name = self.name();
        name.strip_prefix("x86-64-").unwrap_or(name)
    }

    /// The short names of all levels.
    pub fn short_names() -> Vec<String> {
        LEVELS.map(|level| level.short_name().to_owned()).to_vec()
    }

    /// Parses `v3` or `x86-64-v3`.
    pub fn parse(text: &str) -> Option<Level> {
        LEVELS
            .into_iter()
            .find(|level| level.name() == text || level.short_name() == text)
    }

    /// Parses a level as [`Level::parse`] does.
    ///
    /// # Errors
    /// A message for a usage error that lists the levels.
    pub fn named(text: &str) -> Result<Level, String> {
        let names = || Level::short_names().join(", ");
        Level::parse(text).ok_or_else(|| format!("unknown level '{text}'; use {}", names()))
    }

    /// The level of this machine's CPU. A feature counts only if the kernel supports it too.
    pub fn of_this_machine() -> Level {
        #[cfg(target_arch = "x86_64")]
        {
            let v2 = is_x86_feature_detected!("sse3")
                && is_x86_feature_detected!("ssse3")
                && is_x86_feature_detected!("sse4.1")
                && is_x86_feature_detected!("sse4.2")
                && is_x86_feature_detected!("popcnt")
                && is_x86_feature_detected!("cmpxchg16b");
            let v3 = is_x86_feature_detected!("avx")
                && is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("f16c")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("movbe");
            let v4 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            match (v2, v3, v4) {
                (true, true, true) => return Level::V4,
                (true, true, false) => return Level::V3,
                (true, false, _) => return Level::V2,
                (false, ..) => {}
            }
        }
        Level::V1
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The vendor of the CPU. glibc has a *platform* (`haswell`) for Intel only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    Intel,
    Other,
}

impl Maker {
    /// From `/proc/cpuinfo`. `Other` if it cannot be read.
    pub fn of_this_machine() -> Maker {
        let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let intel = text
            .lines()
            .find(|line| line.starts_with("vendor_id"))
            .is_some_and(|line| line.ends_with("GenuineIntel"));
        if intel { Maker::Intel } else { Maker::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_parsed_by_short_and_full_name() {
        assert_eq!(Level::parse("v3"), Some(Level::V3));
        assert_eq!(Level::parse("x86-64-v4"), Some(Level::V4));
        for wrong in ["", "3", "v5", "x86-64", "V3"] {
            assert_eq!(Level::parse(wrong), None, "{wrong}");
        }
    }
}
