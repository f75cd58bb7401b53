//! Demangles C++ names: `_ZNSt6thread6_StateD2Ev` is `std::thread::_State::~_State()`.

use std::borrow::Cow;
use std::fmt;

use cpp_demangle::{BorrowedSymbol, DemangleOptions, ParseOptions};

/// A longer name stays mangled. Names in libstdc++ have at most a few hundred bytes.
const MOST_MANGLED_BYTES: usize = 4096;
/// A name whose demangled form is longer stays mangled. Back references can make it very long.
const MOST_BYTES: usize = 8192;
/// Limit for the nesting of a name. It bounds the stack that the crate uses.
const MOST_DEPTH: u32 = 96;

/// How C++ names are written in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// As they are in the file, and as `nm` and the linker print them.
    Mangled,
    Demangled,
}

impl Spelling {
    pub(crate) fn of(self, name: &str) -> Cow<'_, str> {
        match self {
            Spelling::Mangled => Cow::Borrowed(name),
            Spelling::Demangled => demangled(name).map_or(Cow::Borrowed(name), Cow::Owned),
        }
    }
}

/// The demangled C++ name. `None` for any other name, for a name that is too long, and for a name
/// that the crate is known to demangle wrongly.
pub fn demangled(name: &str) -> Option<String> {
    if !name.starts_with("_Z") || name.len() > MOST_MANGLED_BYTES || is_template_constructor(name) {
        return None;
    }
    let options = ParseOptions::default().recursion_limit(MOST_DEPTH);
    let (symbol, rest) = BorrowedSymbol::with_tail_and_options(name.as_bytes(), &options).ok()?;
    if !rest.is_empty() {
        return None;
    }
    let mut out = Bounded(String::new());
    let options = DemangleOptions::new().recursion_limit(MOST_DEPTH);
    symbol.structured_demangle(&mut out, &options).ok()?;
    as_binutils_writes(out.0)
}

/// Names of constructor templates. The crate takes their first argument for a return type.
fn is_template_constructor(name: &str) -> bool {
    ["C1I", "C2I", "C3I"].iter().any(|part| name.contains(part))
}

/// The crate's text in the wording of GNU binutils. `None` if a reference is in the wrong place.
fn as_binutils_writes(text: String) -> Option<String> {
    for (open, words) in [("{vtable(", "vtable for "), ("{vtt(", "VTT for ")] {
        let inner = text.strip_prefix(open);
        if let Some(inner) = inner.and_then(|rest| rest.strip_suffix(")}")) {
            return Some(format!("{words}{inner}"));
        }
    }
    let is_right = !text.starts_with('{') && !text.contains("&::");
    is_right.then(|| without_empty_packs(text))
}

/// The crate writes the comma before an empty pack of template arguments: `Foo<int, >`.
fn without_empty_packs(mut text: String) -> String {
    while text.contains(", >") {
        text = text.replace(", >", ">");
    }
    text
}

/// A text of at most [`MOST_BYTES`].
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > MOST_BYTES {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cxx_names_are_demangled() {
        for (name, expected) in [
            (
                "_ZNSt6thread6_StateD2Ev",
                Some("std::thread::_State::~_State()"),
            ),
            (
                "_ZdlPvSt11align_val_t",
                Some("operator delete(void*, std::align_val_t)"),
            ),
            ("_ZTISt9exception", Some("typeinfo for std::exception")),
            ("_ZTVSt9exception", Some("vtable for std::exception")),
            ("_ZTTSo", Some("VTT for std::ostream")),
            ("_ZN3FooIiJEE3barEv", Some("Foo<int>::bar()")),
            ("_ZNSsC1IPcEET_S1_RKSaIcE", None),
            ("fcntl64", None),
            ("", None),
            ("_Z", None),
            ("_Zé", None),
            ("_ZNSt6thread6_StateD2Evx x", None),
        ] {
            assert_eq!(demangled(name).as_deref(), expected, "{name}");
        }
        assert_eq!(Spelling::Demangled.of("fcntl64"), "fcntl64");
        assert_eq!(Spelling::Mangled.of("_ZdlPv"), "_ZdlPv");
    }

    #[test]
    fn long_and_nested_names_stay_mangled() {
        let doubling = format!("_Z1f{}", "S_".repeat(2000));
        let pairs: String = (0..36)
            .map(|n| {
                format!(
                    "St4pairIS{0}_S{0}_E",
                    char::from_digit(n, 36).unwrap().to_ascii_uppercase()
                )
            })
            .collect();
        for name in [
            format!("_Z{}", "N1a".repeat(1300)),
            format!("_Z1f{}i", "P".repeat(4000)),
            format!("_Z1f{}", "F".repeat(3000)),
            format!("_Z5000{}v", "a".repeat(5000)),
            format!("_Z1fSt4pairIiiE{pairs}"),
            doubling,
        ] {
            let length = demangled(&name).map_or(0, |text| text.len());
            assert!(length <= MOST_BYTES, "{length}");
        }
    }
}
