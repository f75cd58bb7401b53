//! Queries, with the syntax of fzf: `word 'exact ^prefix suffix$ !not a | b`, and `\ ` for a space in a
//! word. Case matters where a word has an upper-case letter, accents where it has one.

use super::chars;

/// Whether words are fuzzy or exact when nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// Their characters may be apart. A quote makes a word exact.
    Fuzzy,
    /// A quote makes a word fuzzy.
    Exact,
}

/// How a term matches an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its characters in this order, perhaps apart.
    Fuzzy,
    /// As it is, anywhere.
    Exact,
    /// At the beginning, after white space.
    Prefix,
    /// At the end, before white space.
    Suffix,
    /// The whole item, without white space at its ends.
    Whole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Sensitive,
    Ignored,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accents {
    Distinguished,
    Ignored,
}

/// Whether an item matches if the term is found, or if it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sense {
    Wanted,
    Excluded,
}

/// One word of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub kind: Kind,
    pub sense: Sense,
    pub case: Case,
    pub accents: Accents,
    /// In lower case if case is ignored. Never empty.
    pub chars: Vec<char>,
}

/// A query: an item matches if one term of each group does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pub groups: Vec<Vec<Term>>,
}

impl Query {
    /// Parses a query. Every text is one.
    pub(crate) fn parse(text: &str, words: Words) -> Query {
        let mut groups: Vec<Vec<Term>> = Vec::new();
        let mut after = After::Term;
        for word in split(text) {
            let has_group = groups.last().is_some_and(|group| !group.is_empty());
            if word == "|" && has_group && after == After::Term {
                after = After::Bar;
                continue;
            }
            match (Term::parse(&word, words), groups.last_mut()) {
                (Some(term), Some(group)) if after == After::Bar => group.push(term),
                (Some(term), _) => groups.push(vec![term]),
                // An empty word does not separate alternatives.
                (None, _) => continue,
            }
            after = After::Term;
        }
        Query { groups }
    }

    /// Whether every item matches.
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Whether matches have a score: a query that only excludes items leaves their order.
    pub(crate) fn is_ranked(&self) -> bool {
        let mut terms = self.groups.iter().flatten();
        terms.any(|term| term.sense == Sense::Wanted)
    }
}

/// What the last word was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Term,
    Bar,
}

/// The words of a query, with escaped spaces as spaces.
fn split(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, words.last_mut()) {
            (' ', _) => words.push(String::new()),
            ('\\', Some(word)) if chars.peek() == Some(&' ') => {
                chars.next();
                word.push(' ');
            }
            (c, Some(word)) => word.push(c),
            (_, None) => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

impl Term {
    /// Parses a word; `None` if nothing is left of it, as of `!`.
    fn parse(word: &str, words: Words) -> Option<Term> {
        let lower: String = word.chars().map(chars::lower).collect();
        let case = match lower == word {
            true => Case::Ignored,
            false => Case::Sensitive,
        };
        let accents = match lower.chars().all(|c| chars::base(c) == c) {
            true => Accents::Ignored,
            false => Accents::Distinguished,
        };
        let (sense, rest) = match word.strip_prefix('!') {
            Some(rest) => (Sense::Excluded, rest),
            None => (Sense::Wanted, word),
        };
        let (has_end, rest) = match rest.strip_suffix('$') {
            Some(before) if !before.is_empty() || sense == Sense::Excluded => (true, before),
            Some(_) | None => (false, rest),
        };
        let (kind, rest) = match (rest.strip_prefix('\''), rest.strip_prefix('^')) {
            (Some(rest), _) if words == Words::Fuzzy && sense == Sense::Wanted => {
                (Kind::Exact, rest)
            }
            (Some(rest), _) => (Kind::Fuzzy, rest),
            (None, Some(rest)) if has_end => (Kind::Whole, rest),
            (None, Some(rest)) => (Kind::Prefix, rest),
            (None, None) if has_end => (Kind::Suffix, rest),
            (None, None) if words == Words::Fuzzy && sense == Sense::Wanted => (Kind::Fuzzy, rest),
            (None, None) => (Kind::Exact, rest),
        };
        let mut chars: Vec<char> = match case {
            Case::Ignored => rest.chars().map(chars::lower).collect(),
            Case::Sensitive => rest.chars().collect(),
        };
        // U+0130 has an accent, but its lower-case letter has none.
        if accents == Accents::Ignored {
            chars.iter_mut().for_each(|c| *c = chars::base(*c));
        }
        let term = Term {
            kind,
            sense,
            case,
            accents,
            chars,
        };
        (!term.chars.is_empty()).then_some(term)
    }
}

#[cfg(test)]
mod tests;
