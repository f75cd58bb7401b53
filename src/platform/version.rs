//! Dotted version numbers, compared as numbers: 2.9 is less than 2.28.

use std::fmt;

/// A version of one to four numbers: `2.17`, `3.4.19`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    numbers: [u32; 4],
    /// How many numbers are printed.
    count: u8,
}

impl Version {
    /// A version of two numbers, for a table.
    pub const fn two(major: u32, minor: u32) -> Version {
        Version {
            numbers: [major, minor, 0, 0],
            count: 2,
        }
    }

    /// A version of three numbers, for a table.
    pub const fn three(major: u32, minor: u32, patch: u32) -> Version {
        Version {
            numbers: [major, minor, patch, 0],
            count: 3,
        }
    }

    /// Parses `2`, `2.17`, `3.4.19` or `1.2.3.4`. Signs and spaces are not accepted.
    pub fn parse(text: &str) -> Option<Version> {
        let mut version = Version {
            numbers: [0; 4],
            count: 0,
        };
        for part in text.split('.') {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let place = version.numbers.get_mut(usize::from(version.count))?;
            *place = part.parse().ok()?;
            version.count += 1;
        }
        Some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, number) in self.numbers.iter().take(self.count.into()).enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            write!(f, "{number}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_number_by_number() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("2.9") < version("2.28"));
        assert!(version("2.2.5") < version("2.3"));
        assert!(version("3.4") < version("3.4.1"));
        assert_eq!(version("2.17"), Version::two(2, 17));
        assert_eq!(version("3.4.19").to_string(), "3.4.19");
        assert_eq!(version("2.0").to_string(), "2.0");
    }

    #[test]
    fn invalid_versions_are_rejected() {
        for wrong in [
            "",
            ".",
            "2.",
            "+2.1",
            "2.x",
            "1.2.3.4.5",
            "99999999999",
            "2 .1",
        ] {
            assert_eq!(Version::parse(wrong), None, "{wrong}");
        }
    }
}
