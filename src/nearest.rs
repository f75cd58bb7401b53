//! The nearest of several words to one that was mistyped.

/// The candidate at the smallest distance, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let length = word.chars().count();
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|&(distance, candidate)| {
            distance <= 1.max(length.max(candidate.chars().count()) / 3)
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// The optimal string alignment distance: insertions, deletions, substitutions and swaps of
/// neighbours. The work grows with the product of the lengths, so long words are not compared.
fn distance(a: &str, b: &str) -> usize {
    const LONGEST: usize = 64;
    if a.chars().nth(LONGEST).is_some() || b.chars().nth(LONGEST).is_some() {
        return usize::MAX;
    }
    strsim::osa_distance(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_find_their_word() {
        let words = ["http", "jwt", "echo", "selftest"];
        for (typo, meant) in [
            ("htpt", "http"),
            ("jtw", "jwt"),
            ("ehco", "echo"),
            ("self-test", "selftest"),
        ] {
            assert_eq!(nearest(typo, words), Some(meant));
        }
        assert_eq!(nearest("render", words), None);
        assert_eq!(nearest("", words), None);
        assert_eq!(nearest(&"x".repeat(100_000), words), None);
    }

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("ab", "ba", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected);
        }
    }
}
