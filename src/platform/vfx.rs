//! The VFX Reference Platform, year by year.
//!
//! Source: github.com/vfxplatform/vfxplatform, `_data/platforms`. 2027 is the draft of 2026-06-03.

use super::version::Version;

/// The two C++ ABIs of libstdc++. `std::string` and `std::list` changed in GCC 5, and code built
/// with one ABI does not link with the other (`_GLIBCXX_USE_CXX11_ABI`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CxxAbi {
    Old,
    New,
}

/// A calendar year of the platform.
#[derive(Debug)]
pub struct Year {
    pub year: u16,
    pub glibc: Version,
    pub cxx_abi: CxxAbi,
}

impl Year {
    /// `CY2024`.
    pub fn name(&self) -> String {
        format!("CY{}", self.year)
    }

    /// GLIBCXX and CXXABI of the enterprise distribution with this year's glibc. Its compilers (the
    /// developer toolsets) link newer symbols statically, so a build that follows the platform
    /// needs no newer libstdc++.so.6.
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

/// All years, oldest first.
pub(crate) const YEARS: &[Year] = &[
    row(2015, 12, CxxAbi::Old),
    row(2016, 12, CxxAbi::Old),
    row(2017, 12, CxxAbi::Old),
    row(2018, 17, CxxAbi::Old),
    row(2019, 17, CxxAbi::Old),
    row(2020, 17, CxxAbi::Old),
    row(2021, 17, CxxAbi::Old),
    row(2022, 17, CxxAbi::Old),
    row(2023, 28, CxxAbi::New),
    row(2024, 28, CxxAbi::New),
    row(2025, 28, CxxAbi::New),
    row(2026, 28, CxxAbi::New),
    row(2027, 34, CxxAbi::New), // a draft
];

/// The year with this number.
pub(crate) fn year(number: u16) -> Option<&'static Year> {
    YEARS.iter().find(|year| year.year == number)
}

const fn row(year: u16, glibc_minor: u32, cxx_abi: CxxAbi) -> Year {
    Year {
        year,
        glibc: Version::two(2, glibc_minor),
        cxx_abi,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_never_decrease_from_year_to_year() {
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
