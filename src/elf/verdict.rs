//! Whether what an object requires is there, and what is in the way.

use std::sync::LazyLock;

use super::demangle::Spelling;
use super::requirements::{Odd, Required, Requirements, Symbol, is_part_of_glibc};
use super::versions::{Family, Wants};
use crate::platform::distribution::Kind;
use crate::platform::{CxxAbi, Level, Limit, Limits, Private, Target, Version};

/// What a target says to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Runs,
    /// Each thing in the way, as half a sentence after the file's name: "needs GLIBC_2.28
    /// (fcntl64, from libc.so.6); CentOS 7 has 2.17".
    InTheWay(Vec<String>),
}

/// Judges an object against a place; what is in the way has its symbols in this spelling.
pub fn judge(object: &Requirements, limits: &Limits, spelling: Spelling) -> Verdict {
    let say = |obstacle: Obstacle| obstacle.say(limits, spelling);
    let in_the_way: Vec<String> = obstacles(object, limits).map(say).collect();
    if in_the_way.is_empty() {
        Verdict::Runs
    } else {
        Verdict::InTheWay(in_the_way)
    }
}

/// The oldest distribution and the first year of those that would do, for people.
pub fn oldest(targets: &[Target]) -> Option<String> {
    // One that is kept for years, if there is one.
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
        (None, Some(year)) => Some(format!("no distribution known here, {year}")),
        (None, None) => None,
    }
}

/// Every distribution and year of the tables on which all these would run.
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

/// A thing in the way.
enum Obstacle<'a> {
    TooHigh {
        required: &'a Required,
        highest: Version,
        limit: Limit,
    },
    Odd {
        required: &'a Required,
        odd: &'a Odd,
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
    let odd = object.required.iter().flat_map(move |required| {
        let each = required.odd.iter();
        each.filter(move |odd| odd.wants == Wants::Unknown || !own)
            .map(move |odd| Obstacle::Odd { required, odd })
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
    versions.chain(odd).chain(cpu).chain(abi)
}

impl Obstacle<'_> {
    fn say(&self, limits: &Limits, spelling: Spelling) -> String {
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
                let why = because(
                    &required.symbols,
                    &required.label,
                    &required.library,
                    spelling,
                );
                let has = match limit {
                    Limit::AtMost(most) => most.to_string(),
                    Limit::Absent | Limit::Unknown => format!("no {}", required.library),
                };
                format!(
                    "needs {}_{highest} {why}; {place} has {has}",
                    required.family
                )
            }
            Obstacle::Odd { required, odd } => {
                let why = because(&odd.symbols, &odd.label, &required.library, spelling);
                let but = match odd.wants {
                    Wants::Private => "it runs only with the very glibc it was built with",
                    Wants::AtLeast(_) | Wants::Unknown => "a version that is not known here",
                };
                format!("needs {} {why}: {but}", odd.label)
            }
            Obstacle::Cpu { needed, there } => {
                format!("needs an {needed} CPU; that of {place} is {there}")
            }
            Obstacle::OtherAbi { wanted, there } => format!(
                "wants functions of the {} C++ ABI from other libraries; those of {place} are built with the {} one",
                abi(*wanted),
                abi(*there)
            ),
        }
    }
}

/// `(fcntl64, from libc.so.6)`: the first symbols, and how many more there are.
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
    fn reasons() {
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
