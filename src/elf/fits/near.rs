//! Similar symbols: the same name with another version, in a library out of reach, in another
//! versioned namespace, or with the other C++ ABI.

use std::collections::BTreeMap;
use std::path::PathBuf;

use memchr::memmem;

/// How a defined symbol differs from the undefined one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Difference {
    /// The library is not searched for the plug-in.
    OutOfReach,
    /// The same name with another symbol version.
    Version,
    /// The name of another release, such as another versioned namespace.
    Name,
    /// Strings of the other C++ ABI.
    CxxAbi,
}

impl Difference {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Difference::OutOfReach => "out_of_reach",
            Difference::Version => "version",
            Difference::Name => "name",
            Difference::CxxAbi => "cxx_abi",
        }
    }
}

/// A defined symbol that is similar to an undefined one.
#[derive(Clone, Debug)]
pub(crate) struct Near {
    pub name: String,
    pub version: Option<String>,
    pub library: PathBuf,
    pub difference: Difference,
}

/// Limit for the number of undefined names with one key for which similar names are found.
const MOST_ALIKE: usize = 100;

/// `std::string` in the new C++ ABI. In the old one it is `Ss`.
const NEW_STRING: &[u8] = b"NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE";

/// A name without what changes from release to release: versions in namespaces, the C++ ABI, and
/// back references, which depend on both.
pub(super) fn key(name: &[u8]) -> Vec<u8> {
    let Some(mut rest) = name.strip_prefix(b"_Z") else {
        return c_key(name);
    };
    let mut key = b"_Z".to_vec();
    while let Some((&first, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(NEW_STRING) {
            key.extend_from_slice(b"Ss");
            rest = after;
        } else if let Some(after) = rest.strip_prefix(b"B5cxx11") {
            rest = after;
        } else if first == b'S'
            && let Some(after) = after_back_reference(tail)
        {
            rest = after;
        } else if let Some((identifier, after)) = identifier(rest) {
            key.push(b'<');
            key.extend(without_versions(identifier));
            key.push(b'>');
            rest = after;
        } else {
            key.push(first);
            rest = tail;
        }
    }
    key
}

/// A name of C without a version at its end: `u_init_70`, `render_v2`.
fn c_key(name: &[u8]) -> Vec<u8> {
    let mut stem = name;
    while let Some(at) = memchr::memrchr(b'_', stem) {
        let version = stem.get(at + 1..).unwrap_or_default();
        let number = version.strip_prefix(b"v").unwrap_or(version);
        if at == 0 || number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
            break;
        }
        stem = stem.get(..at).unwrap_or_default();
    }
    stem.to_vec()
}

/// What follows `S_`, `S0_`, `SZZ_`, without the S.
fn after_back_reference(tail: &[u8]) -> Option<&[u8]> {
    let digit = |byte: &&u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    let digits = tail.iter().take_while(digit).count();
    tail.get(digits..)?.strip_prefix(b"_")
}

/// The identifier with a length before it, and the rest.
fn identifier(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, tail) = rest.split_at_checked(digits)?;
    let length: usize = std::str::from_utf8(number).ok()?.parse().ok()?;
    let (identifier, after) = tail.split_at_checked(length)?;
    let starts = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    identifier
        .first()
        .is_some_and(starts)
        .then_some((identifier, after))
}

/// An identifier without its versions: `pxrInternal` for `pxrInternal_v0_24`, and nothing for `v10_0`.
fn without_versions(identifier: &[u8]) -> Vec<u8> {
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let is_version =
        |part: &&[u8]| is_number(part) || part.strip_prefix(b"v").is_some_and(is_number);
    // The namespaces of oneTBB are d0, d1, r1.
    if let [b'd' | b'r', b'0'..=b'9'] = identifier {
        return Vec::new();
    }
    let parts = identifier.split(|&byte| byte == b'_');
    let kept: Vec<&[u8]> = parts.filter(|part| !is_version(part)).collect();
    kept.join(&b'_')
}

/// Whether two names differ in the C++ ABI.
fn differs_in_abi(one: &[u8], other: &[u8]) -> bool {
    let is_new = |name| memmem::find(name, b"cxx11").is_some();
    is_new(one) != is_new(other)
}

/// The names that are wanted, by their key.
#[derive(Debug, Default)]
pub(super) struct WantedNames {
    by_key: BTreeMap<Vec<u8>, Vec<usize>>,
    names: Vec<Vec<u8>>,
    found: Vec<Option<Near>>,
}

impl WantedNames {
    pub(super) fn of(names: impl IntoIterator<Item = Vec<u8>>) -> WantedNames {
        let mut wanted = WantedNames::default();
        for name in names {
            let number = wanted.names.len();
            let alike = wanted.by_key.entry(key(&name)).or_default();
            if alike.len() < MOST_ALIKE {
                alike.push(number);
            }
            wanted.names.push(name);
            wanted.found.push(None);
        }
        wanted
    }

    /// Compares a defined symbol. `near` makes the result from the difference.
    pub(super) fn offer(
        &mut self,
        name: &[u8],
        is_in_reach: bool,
        near: impl Fn(Difference) -> Near,
    ) {
        let Some(numbers) = self.by_key.get(&key(name)) else {
            return;
        };
        for &number in numbers {
            let Some(wanted) = self.names.get(number) else {
                continue;
            };
            let difference = if wanted == name && !is_in_reach {
                Difference::OutOfReach
            } else if wanted == name {
                Difference::Version
            } else if differs_in_abi(wanted, name) {
                Difference::CxxAbi
            } else {
                Difference::Name
            };
            if let Some(found) = self.found.get_mut(number) {
                let before = found.as_ref().map(|near| near.difference);
                if before.is_none_or(|before| difference < before) {
                    *found = Some(near(difference));
                }
            }
        }
    }

    /// The best match for each name, in order.
    pub(super) fn into_found(self) -> Vec<Option<Near>> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_two_releases_have_one_key() {
        for (one, other) in [
            (
                "_ZN30pxrInternal_v0_23__pxrReserved__7UsdPrim7GetNameEv",
                "_ZN30pxrInternal_v0_24__pxrReserved__7UsdPrim7GetNameEv",
            ),
            ("_ZN9Imath_3_15frandEPt", "_ZN9Imath_3_25frandEPt"),
            (
                "_ZN7openvdb5v10_04math3fooEv",
                "_ZN7openvdb5v11_04math3fooEv",
            ),
            ("_ZN3tbb6detail2d15arenaEv", "_ZN3tbb6detail2r15arenaEv"),
            (
                "_Z4loadRKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE",
                "_Z4loadRKSs",
            ),
            ("u_init_70", "u_init_72"),
        ] {
            let keys = (key(one.as_bytes()), key(other.as_bytes()));
            assert_eq!(keys.0, keys.1, "{one}");
        }
        for (one, other) in [
            ("_ZN3foo3barEv", "_ZN3foo3bazEv"),
            ("_ZN3foo3barEv", "_ZN3foo3barEi"),
            ("_ZN2a11bEv", "_ZN2a21bEv"),
            ("read", "pread"),
            ("_1", "_2"),
        ] {
            assert_ne!(key(one.as_bytes()), key(other.as_bytes()), "{one}");
        }
    }
}
