//! Numbers of things in words: `1 package`, `2 packages`.

/// A number and its noun, in the plural where there is not exactly one.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        let texts = [0, 1, 2].map(|number| counted(number, "package"));
        assert_eq!(texts, ["0 packages", "1 package", "2 packages"]);
    }
}
