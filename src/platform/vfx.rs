//! The VFX Reference Platform, year by year.
//!
//! Source: github.com/vfxplatform/vfxplatform, `_data/platforms`. The draft of 2027 is that of
//! 2026-06-03.

use super::version::Version;

/// The two C++ ABIs of libstdc++: `std::string` and `std::list` changed with GCC 5, and what was
/// built with one does not link with the other (`_GLIBCXX_USE_CXX11_ABI`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CxxAbi {
    Old,
    New,
}

/// Whether a year may still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Final,
    Draft,
}

/// A calendar year of the platform.
#[derive(Debug)]
pub struct Year {
    pub year: u16,
    pub glibc: Version,
    pub gcc: &'static str,
    pub cxx_abi: CxxAbi,
    pub python: &'static str,
    pub qt: &'static str,
    /// The C++ standard: 11, 14, 17, 20; 2015 named none.
    pub cxx_standard: Option<u8>,
    pub status: Status,
}

impl Year {
    /// `CY2024`.
    pub fn name(&self) -> String {
        format!("CY{}", self.year)
    }

    /// GLIBCXX and CXXABI of the enterprise distribution with this year's glibc. Its
    /// compilers (the developer toolsets) link what is newer statically, so that a build which
    /// keeps to the platform needs no more of libstdc++.so.6 than this.
    pub fn libstdcxx(&self) -> (Version, Version) {
        if self.glibc >= Version::two(2, 34) {
            (Version::three(3, 4, 29), Version::three(1, 3, 13))
        } else if self.glibc >= Version::two(2, 28) {
            (Version::three(3, 4, 25), Version::three(1, 3, 11))
        } else if self.glibc >= Version::two(2, 17) {
            (Version::three(3, 4, 19), Version::three(1, 3, 7))
        } else {
            (Version::three(3, 4, 13), Version::three(1, 3, 3))
        }
    }
}

/// All years, the oldest first.
pub const YEARS: &[Year] = &[
    old(2015, 12, "4.8.2", "2.7", "4.8", None),
    old(2016, 12, "4.8.2", "2.7", "5.6.1", Some(11)),
    old(2017, 12, "6.3.1", "2.7", "5.6.1", Some(11)),
    old(2018, 17, "6.3.1", "2.7", "5.6", Some(14)),
    old(2019, 17, "6.3.1", "2.7", "5.12", Some(14)),
    old(2020, 17, "6.3.1", "3.7", "5.12", Some(14)),
    old(2021, 17, "9.3.1", "3.7", "5.15", Some(17)),
    old(2022, 17, "9.3.1", "3.9", "5.15", Some(17)),
    new(2023, 28, "11.2.1", "3.10", "5.15", 17),
    new(2024, 28, "11.2.1", "3.11", "6.5", 17),
    new(2025, 28, "11.2.1", "3.11", "6.5", 17),
    new(2026, 28, "14.2", "3.13", "6.8", 20),
    Year {
        status: Status::Draft,
        ..new(2027, 34, "14.2", "3.13", "6.8", 20)
    },
];

/// The year of this number.
pub fn year(number: u16) -> Option<&'static Year> {
    YEARS.iter().find(|year| year.year == number)
}

const fn old(
    year: u16,
    glibc_minor: u32,
    gcc: &'static str,
    python: &'static str,
    qt: &'static str,
    cxx_standard: Option<u8>,
) -> Year {
    Year {
        year,
        glibc: Version::two(2, glibc_minor),
        gcc,
        cxx_abi: CxxAbi::Old,
        python,
        qt,
        cxx_standard,
        status: Status::Final,
    }
}

const fn new(
    year: u16,
    glibc_minor: u32,
    gcc: &'static str,
    python: &'static str,
    qt: &'static str,
    cxx_standard: u8,
) -> Year {
    Year {
        year,
        glibc: Version::two(2, glibc_minor),
        gcc,
        cxx_abi: CxxAbi::New,
        python,
        qt,
        cxx_standard: Some(cxx_standard),
        status: Status::Final,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_years_only_grow() {
        for pair in YEARS.windows(2) {
            assert!(pair[0].year + 1 == pair[1].year);
            assert!(pair[0].glibc <= pair[1].glibc);
            assert!(pair[0].libstdcxx() <= pair[1].libstdcxx());
        }
        assert_eq!(year(2023).unwrap().cxx_abi, CxxAbi::New);
        assert_eq!(year(2022).unwrap().cxx_abi, CxxAbi::Old);
        assert!(year(2014).is_none());
    }
}
