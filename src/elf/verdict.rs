//! Whether an object runs on a target, and if not, why.

use std::sync::LazyLock;

use super::demangle::Spelling;
use super::requirements::{Required, Requirements, Symbol, Unnumbered, is_part_of_glibc};
use super::versions::{Family, Wants};
use crate::platform::distribution::Kind;
use crate::platform::{CxxAbi, Level, Limit, Limits, Private, Target, Version};

/// Whether an object runs on a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Runs,
    /// The reasons why it does not run, each to be printed after the file name: "needs GLIBC_2.28
    /// (fcntl64, from libc.so.6); CentOS 7 has 2.17".
    InTheWay(Vec<String>),
}

/// Checks an object against the limits of a target. The reasons have symbols in this spelling.
pub fn evaluate(object: &Requirements, limits: &Limits, spelling: Spelling) -> Verdict {
    let describe = |obstacle: Obstacle| obstacle.describe(limits, spelling);
    let in_the_way: Vec<String> = obstacles(object, limits).map(describe).collect();
    if in_the_way.is_empty() {
        Verdict::Runs
    } else {
        Verdict::InTheWay(in_the_way)
    }
}

/// The oldest distribution and the first year of the targets, as text.
pub fn oldest(targets: &[Target]) -> Option<String> {
    // Prefers a distribution with long-term support.
    let distribution = targets
        .iter()
        .filter_map(|target| match target {
            Target::Distribution(row) => Some(row),
            Target::Year(_) | Target::Host | Target::Glibc(_) => None,
        })
        .min_by_key(|row| (row.kind != Kind::LongTerm, row.glibc, row.glibcxx));
    let year = targets.iter().find_map(|target| match target {
        Target::Year(year) => Some(year.name()),
        Target::Distribution(_) | Target::Host | Target::Glibc(_) => None,
    });
    match (distribution, year) {
        (Some(row), Some(year)) => Some(format!("{} (glibc {}), {year}", row.name, row.glibc)),
        (Some(row), None) => Some(format!("{} (glibc {}), no CY", row.name, row.glibc)),
        (None, Some(year)) => Some(format!("no known distribution, {year}")),
        (None, None) => None,
    }
}

/// Every known distribution and year on which all objects run.
pub fn runs_on(objects: &[Requirements]) -> Vec<Target> {
    static KNOWN: LazyLock<Vec<(Target, Limits)>> = LazyLock::new(|| {
        Target::known()
            .filter_map(|target| Some((target, target.limits()?)))
            .collect()
    });
    let all_run = |limits: &Limits| {
        objects
            .iter()
            .all(|object| obstacles(object, limits).next().is_none())
    };
    KNOWN
        .iter()
        .filter(|(_, limits)| all_run(limits))
        .map(|(target, _)| *target)
        .collect()
}

/// A reason why an object does not run.
enum Obstacle<'a> {
    TooHigh {
        required: &'a Required,
        highest: Version,
        limit: Limit,
    },
    Unnumbered {
        required: &'a Required,
        unnumbered: &'a Unnumbered,
    },
    Cpu {
        needed: Level,
        there: Level,
    },
    OtherAbi {
        wanted: CxxAbi,
        there: CxxAbi,
    },
}

fn obstacles<'a>(
    object: &'a Requirements,
    limits: &'a Limits,
) -> impl Iterator<Item = Obstacle<'a>> {
    let own =
        limits.private == Private::Own || object.soname.as_ref().is_some_and(is_part_of_glibc);
    let versions = object.required.iter().filter_map(|required| {
        let limit = match required.family {
            Family::Glibc => limits.glibc,
            Family::Glibcxx => limits.glibcxx,
            Family::Cxxabi => limits.cxxabi,
        };
        let highest = required.highest?;
        let too_high = match limit {
            Limit::AtMost(most) => highest > most,
            Limit::Absent => true,
            Limit::Unknown => false,
        };
        too_high.then_some(Obstacle::TooHigh {
            required,
            highest,
            limit,
        })
    });
    let unnumbered = object.required.iter().flat_map(move |required| {
        let each = required.unnumbered.iter();
        each.filter(move |unnumbered| unnumbered.wants == Wants::Unknown || !own)
            .map(move |unnumbered| Obstacle::Unnumbered {
                required,
                unnumbered,
            })
    });
    let cpu = match (object.isa, limits.cpu) {
        (Some(needed), Some(there)) if needed > there => Some(Obstacle::Cpu { needed, there }),
        _ => None,
    };
    let abi = limits.cxx_abi.and_then(|there| {
        let (wanted, clash) = match there {
            CxxAbi::Old => (CxxAbi::New, object.wanted_abi.has_new()),
            CxxAbi::New => (CxxAbi::Old, object.wanted_abi.has_old()),
        };
        clash.then_some(Obstacle::OtherAbi { wanted, there })
    });
    versions.chain(unnumbered).chain(cpu).chain(abi)
}

impl Obstacle<'_> {
    fn describe(&self, limits: &Limits, spelling: Spelling) -> String {
        let place = &limits.name;
        let abi = |abi: CxxAbi| match abi {
            CxxAbi::Old => "old",
            CxxAbi::New => "new",
        };
        match self {
            Obstacle::TooHigh {
                required,
                highest,
                limit,
            } => {
                let why = why(required, spelling);
                let has = match limit {
                    Limit::AtMost(most) => most.to_string(),
                    Limit::Absent | Limit::Unknown => format!("no {}", required.library),
                };
                format!(
                    "needs {}_{highest} {why}; {place} has {has}",
                    required.family
                )
            }
            Obstacle::Unnumbered {
                required,
                unnumbered,
            } => {
                let why = because(
                    &unnumbered.symbols,
                    &unnumbered.label,
                    &required.library,
                    spelling,
                );
                let but = match unnumbered.wants {
                    Wants::Private => "it runs only with the exact glibc it was built with",
                    Wants::AtLeast(_) | Wants::Unknown => "unknown version",
                };
                format!("needs {} {why}: {but}", unnumbered.label)
            }
            Obstacle::Cpu { needed, there } => {
                format!("needs an {needed} CPU; {place} has {there}")
            }
            Obstacle::OtherAbi { wanted, there } => format!(
                "needs functions of the {} C++ ABI from other libraries; {place} uses the {} ABI",
                abi(*wanted),
                abi(*there)
            ),
        }
    }
}

/// Why an object needs the highest version of a family.
pub(crate) fn why(required: &Required, spelling: Spelling) -> String {
    let Required {
        symbols,
        label,
        library,
        ..
    } = required;
    because(symbols, label, library, spelling)
}

/// The first symbols and how many more there are: `(fcntl64, from libc.so.6)`.
pub fn because(symbols: &[Symbol], label: &str, library: &str, spelling: Spelling) -> String {
    let name = |symbol: &Symbol| spelling.of(&symbol.name).into_owned();
    match symbols {
        [] => format!("({label}, from {library})"),
        [one] => format!("({}, from {})", name(one), one.library),
        [one, two] => format!("({}, {}, from {})", name(one), name(two), one.library),
        [one, two, rest @ ..] => format!(
            "({}, {} and {} more, from {})",
            name(one),
            name(two),
            rest.len(),
            one.library
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_names_two_symbols_and_counts_the_rest() {
        let symbol = |name: &str| Symbol {
            name: name.into(),
            version: "GLIBC_2.28".into(),
            library: "libc.so.6".into(),
        };
        let three = [symbol("fcntl64"), symbol("b"), symbol("c")];
        let why = |symbols| because(symbols, "GLIBC_2.28", "libc.so.6", Spelling::Demangled);
        assert_eq!(why(&three[..1]), "(fcntl64, from libc.so.6)");
        assert_eq!(why(&three), "(fcntl64, b and 1 more, from libc.so.6)");
        assert_eq!(why(&[]), "(GLIBC_2.28, from libc.so.6)");
    }
}
