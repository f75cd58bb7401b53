//! Which of the two C++ ABIs of libstdc++ the symbol names of an object use.
//!
//! Names of the new ABI contain `__cxx11` or the tag `B5cxx11`. In the old ABI `std::string` is
//! the substitution `Ss` (Itanium C++ ABI, 5.1.10).

use memchr::{memchr, memmem, memrchr};

/// The ABI found in a set of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbiUse {
    /// No name shows an ABI: C, or C++ that passes no string or list.
    Neither,
    Old,
    New,
    Mixed,
}

impl AbiUse {
    /// Combines which ABIs were seen.
    pub fn from_seen(old: bool, new: bool) -> AbiUse {
        match (old, new) {
            (false, false) => AbiUse::Neither,
            (true, false) => AbiUse::Old,
            (false, true) => AbiUse::New,
            (true, true) => AbiUse::Mixed,
        }
    }

    pub fn has_old(self) -> bool {
        matches!(self, AbiUse::Old | AbiUse::Mixed)
    }

    pub fn has_new(self) -> bool {
        matches!(self, AbiUse::New | AbiUse::Mixed)
    }

    /// `old`, `new` or `mixed`. `None` if no name shows an ABI.
    pub fn name(self) -> Option<&'static str> {
        match self {
            AbiUse::Neither => None,
            AbiUse::Old => Some("old"),
            AbiUse::New => Some("new"),
            AbiUse::Mixed => Some("mixed"),
        }
    }
}

/// The ABI of a whole string table of NUL-terminated names.
pub(crate) fn of_names(table: &[u8]) -> AbiUse {
    let new = any_name(table, b"cxx11", is_new_abi);
    let old = any_name(table, b"Ss", is_old_abi);
    AbiUse::from_seen(old, new)
}

/// Whether `matches` is true for any name that contains `text`. Each name is tested once, even if it
/// contains the text often, because a table may be a single name.
fn any_name(table: &[u8], text: &[u8], matches: impl Fn(&[u8]) -> bool) -> bool {
    let finder = memmem::Finder::new(text);
    let mut start = 0;
    while let Some(found) = table.get(start..).and_then(|rest| finder.find(rest)) {
        let at = start + found;
        let name = name_around(table.get(start..).unwrap_or_default(), found);
        if matches(name) {
            return true;
        }
        let end = table.get(at..).and_then(|rest| memchr(0, rest));
        start = at + end.unwrap_or(table.len() - at) + 1;
    }
    false
}

/// Whether a symbol name uses the new ABI.
pub(crate) fn is_new_abi(name: &[u8]) -> bool {
    name.starts_with(b"_Z")
        && (memmem::find(name, b"__cxx11").is_some() || memmem::find(name, b"B5cxx11").is_some())
}

/// Whether a symbol name uses the `std::string` of the old ABI.
pub(crate) fn is_old_abi(name: &[u8]) -> bool {
    let Some(mut rest) = name.strip_prefix(b"_Z") else {
        return false;
    };
    while let Some((&first, tail)) = rest.split_first() {
        rest = match first {
            b'S' if tail.first() == Some(&b's') => return true,
            // S_, S0_, T_, T0_ are back references; Sa, St and so on are substitutions.
            b'S' | b'T' => after_reference(tail),
            // Li42E is a number as a template argument.
            b'L' if tail.first().is_some_and(u8::is_ascii_lowercase) => after_literal(tail),
            b'A' if tail.first().is_some_and(u8::is_ascii_digit) => after_digits(tail),
            // 3foo is a name of three letters, which is skipped.
            b'0'..=b'9' => after_source_name(rest),
            _ => tail,
        };
    }
    false
}

fn after_reference(tail: &[u8]) -> &[u8] {
    let digits = tail
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        .count();
    match tail.get(digits) {
        Some(b'_') => tail.get(digits + 1..).unwrap_or(&[]),
        _ => tail.get(1..).unwrap_or(&[]),
    }
}

fn after_literal(tail: &[u8]) -> &[u8] {
    let rest = tail.get(1..).unwrap_or(&[]);
    after_digits(rest.strip_prefix(b"n").unwrap_or(rest))
}

fn after_digits(rest: &[u8]) -> &[u8] {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    rest.get(digits..).unwrap_or(&[])
}

fn after_source_name(rest: &[u8]) -> &[u8] {
    let tail = after_digits(rest);
    let digits = rest.get(..rest.len() - tail.len()).unwrap_or(&[]);
    let length = digits.iter().fold(0_usize, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(usize::from(digit - b'0'))
    });
    tail.get(length..).unwrap_or(&[])
}

fn name_around(table: &[u8], at: usize) -> &[u8] {
    let before = table.get(..at).unwrap_or(&[]);
    let start = memrchr(0, before).map_or(0, |nul| nul + 1);
    let rest = table.get(start..).unwrap_or(&[]);
    rest.get(..memchr(0, rest).unwrap_or(rest.len()))
        .unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_abi_strings_are_recognized() {
        for name in [
            "_ZNSs4_Rep20_S_empty_rep_storageE",
            "_ZNSsC1EPKcRKSaIcE",
            "_ZN4OIIO10ImageInput4openERKSs",
            "_Z1fILi42ESsEvT0_",
        ] {
            assert!(is_old_abi(name.as_bytes()), "{name}");
        }
        for name in [
            "_ZN3FooSsX",
            "_Z9processSsv",
            "SsSs",
            "_ZN8ClassSs1aEv",
            "_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_appendEPKcm",
            "_ZNSaIcED1Ev",
            "_Z1fA10_Sa",
            "_Z99999999999999999999999Ss",
            "_Z",
            "",
        ] {
            let expected = name == "_ZN3FooSsX";
            assert_eq!(is_old_abi(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn abi_of_a_string_table_is_recognized() {
        assert_eq!(of_names(b"\0printf\0cxx11\0"), AbiUse::Neither);
        assert_eq!(of_names(b"\0_ZNSsC1Ev\0"), AbiUse::Old);
        assert_eq!(of_names(b"\0_Z1fB5cxx11v\0"), AbiUse::New);
        assert_eq!(
            of_names(b"_ZNKSs4sizeEv\0_ZNSt7__cxx1112basic_stringE"),
            AbiUse::Mixed
        );
    }
}
