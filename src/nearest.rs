//! What a word that is not known was meant to be.

/// The candidate that was meant, where there is little doubt: one that is mistyped or swapped by a
/// letter or two, or the only one that the word abbreviates. A wrong guess is worse than none.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let close = candidates
        .iter()
        .map(|&candidate| (distance(word, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= allowed(word, candidate))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate);
    if close.is_some() {
        return close;
    }
    let with = |is_meant: fn(&str, &str) -> bool| -> Vec<&'a str> {
        let meant = candidates.iter().copied().filter(|it| is_meant(word, it));
        meant.collect()
    };
    // Of several words with one beginning none is likelier than the others.
    match (with(begins).as_slice(), with(abbreviates).as_slice()) {
        ([only], _) | ([], [only]) => Some(only),
        _ => None,
    }
}

/// How many letters may be wrong: the shorter a word, the more words are near it, and its first
/// letter is rarely one of them.
fn allowed(word: &str, candidate: &str) -> usize {
    let longest = word.chars().count().max(candidate.chars().count());
    let begins_alike = word.chars().next() == candidate.chars().next();
    match longest {
        0..=2 => 0,
        6.. if begins_alike => 2,
        _ => 1,
    }
}

/// Whether it is the beginning of a candidate: `conn` of `connect-timeout`.
fn begins(word: &str, candidate: &str) -> bool {
    word.len() >= 3 && candidate.starts_with(word)
}

/// Whether it is a candidate with letters left out: `chk` for `check`.
fn abbreviates(word: &str, candidate: &str) -> bool {
    let mut left = candidate.chars();
    let first = left.clone().next();
    word.len() >= 3
        && word.len() * 2 >= candidate.len()
        && word.chars().next() == first
        && word.chars().all(|letter| left.any(|other| other == letter))
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
            ("selfetsts", "selftest"),
        ] {
            assert_eq!(nearest(typo, words), Some(meant));
        }
        assert_eq!(nearest("render", words), None);
        assert_eq!(nearest("", words), None);
        assert_eq!(nearest(&"x".repeat(100_000), words), None);
    }

    #[test]
    fn an_abbreviation_finds_the_only_word_it_stands_for() {
        let words = ["check", "connect-timeout", "timeout", "timing", "output"];
        for (word, meant) in [
            ("chk", Some("check")),
            ("conn", Some("connect-timeout")),
            ("tim", None),
            ("timeo", Some("timeout")),
            ("otpt", Some("output")),
            ("ck", None),
            ("kch", None),
        ] {
            assert_eq!(nearest(word, words), meant, "{word}");
        }
    }

    #[test]
    fn a_word_that_is_only_alike_is_not_suggested() {
        for (word, other) in [
            ("pretty", "retry"),
            ("user", "key"),
            ("data", "at"),
            ("raw", "at"),
            ("form", "from-x"),
            ("t", "at"),
            ("session", "version"),
        ] {
            assert_eq!(nearest(word, [other]), None, "{word}");
        }
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
