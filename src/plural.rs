//! A number and what it counts, in words.

use std::fmt::Display;

/// `1 object`, `2 objects`, `0 objects`.
pub(crate) fn counted(
    number: impl Display + PartialEq + From<u8>,
    one: &str,
    many: &str,
) -> String {
    let what = if number == 1.into() { one } else { many };
    format!("{number} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_everything_else_plural() {
        assert_eq!(counted(1_usize, "copy", "copies"), "1 copy");
        assert_eq!(counted(0_u64, "copy", "copies"), "0 copies");
        assert_eq!(counted(21_u64, "copy", "copies"), "21 copies");
    }
}
