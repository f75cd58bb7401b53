//! Ignore patterns, as in `.gitignore`.

/// Patterns. The last one that matches a path decides.
#[derive(Debug, Default)]
pub(super) struct Ignore(Vec<Pattern>);

#[derive(Debug)]
struct Pattern {
    /// `!`: what it matches is not ignored.
    is_negated: bool,
    /// A slash at the end: it matches directories only.
    is_for_directories: bool,
    segments: Vec<Segment>,
}

/// A part between slashes.
#[derive(Debug)]
enum Segment {
    /// `**`: any number of directories.
    Any,
    Glob(Vec<Token>),
}

#[derive(Debug)]
enum Token {
    /// `*`
    Star,
    /// `?`
    One,
    Character(char),
    /// `[a-z]`: ranges, and whether they are excluded.
    Class(Vec<(char, char)>, bool),
}

impl Ignore {
    pub(super) fn of(patterns: &[String]) -> Ignore {
        Ignore(
            patterns
                .iter()
                .filter_map(|text| Pattern::parse(text))
                .collect(),
        )
    }

    /// Whether a path below the root of the history is ignored, or is in an ignored directory.
    pub(super) fn ignores(&self, path: &str, is_directory: bool) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        let deciding = self.0.iter().rev();
        let mut deciding = deciding.filter(|pattern| pattern.matches(&parts, is_directory));
        deciding.next().is_some_and(|pattern| !pattern.is_negated)
    }
}

impl Pattern {
    /// `None` for an empty line and a comment.
    fn parse(text: &str) -> Option<Pattern> {
        let text = match text.ends_with("\\ ") {
            true => text,
            false => text.trim_end(),
        };
        if text.is_empty() || text.starts_with('#') || text == "/" {
            return None;
        }
        let (is_negated, text) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (is_for_directories, text) = match text.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let is_anchored = text.contains('/');
        let text = text.strip_prefix('/').unwrap_or(text);
        let mut segments = Vec::new();
        if !is_anchored {
            segments.push(Segment::Any);
        }
        segments.extend(text.split('/').map(|part| match part {
            "**" => Segment::Any,
            _ => Segment::Glob(tokens(part)),
        }));
        Some(Pattern {
            is_negated,
            is_for_directories,
            segments,
        })
    }

    /// Whether it matches the path or one of its directories.
    fn matches(&self, parts: &[&str], is_directory: bool) -> bool {
        // Whether the segments so far match the first n parts, for each n.
        let mut reached = vec![false; parts.len() + 1];
        if let Some(first) = reached.first_mut() {
            *first = true;
        }
        let last = self.segments.len().saturating_sub(1);
        for (at, segment) in self.segments.iter().enumerate() {
            let mut next = vec![false; reached.len()];
            let mut is_after = false;
            for (count, place) in next.iter_mut().enumerate() {
                let before = count.checked_sub(1).and_then(|one| reached.get(one));
                let before = before.copied().unwrap_or(false);
                *place = match segment {
                    // At the end it matches what is in a directory, but not the directory.
                    Segment::Any if at == last => is_after || before,
                    Segment::Any => is_after || reached.get(count).copied().unwrap_or(false),
                    Segment::Glob(tokens) => {
                        let part = count.checked_sub(1).and_then(|one| parts.get(one));
                        before && part.is_some_and(|part| is_match(tokens, part))
                    }
                };
                is_after = is_after || *place;
            }
            reached = next;
        }
        let is_full = |count: usize| count == parts.len();
        reached.iter().enumerate().any(|(count, is_reached)| {
            *is_reached && (!self.is_for_directories || is_directory || !is_full(count))
        })
    }
}

/// The tokens of a part.
fn tokens(part: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = part.chars();
    while let Some(c) = rest.next() {
        tokens.push(match c {
            '*' => Token::Star,
            '?' => Token::One,
            '\\' => Token::Character(rest.next().unwrap_or('\\')),
            '[' => match class(rest.as_str()) {
                Some((token, length)) => {
                    rest = rest.as_str().get(length..).unwrap_or_default().chars();
                    token
                }
                None => Token::Character('['),
            },
            _ => Token::Character(c),
        });
    }
    tokens
}

/// The class after a `[`, and its length in bytes.
fn class(text: &str) -> Option<(Token, usize)> {
    let body = text.strip_prefix(['!', '^']);
    let (is_excluded, body) = (body.is_some(), body.unwrap_or(text));
    // A bracket at the beginning is a character of the class.
    let skipped = body.chars().next()?.len_utf8();
    let end = skipped + body.get(skipped..)?.find(']')?;
    let mut ranges = Vec::new();
    let mut rest = body.get(..end)?.chars();
    while let Some(first) = rest.next() {
        let mut after = rest.clone();
        match (after.next(), after.next()) {
            (Some('-'), Some(last)) => {
                ranges.push((first, last));
                rest = after;
            }
            (_, _) => ranges.push((first, first)),
        }
    }
    let length = text.len() - body.len() + end + 1;
    Some((Token::Class(ranges, is_excluded), length))
}

/// Whether the tokens match a whole part. After a failure only the last star is tried again, so the time
/// is at most the product of both lengths.
fn is_match(tokens: &[Token], part: &str) -> bool {
    let characters: Vec<char> = part.chars().collect();
    let (mut token, mut at) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = characters.get(at) {
        match tokens.get(token) {
            Some(Token::Star) => {
                star = Some((token, at));
                token += 1;
            }
            Some(one) if one.is(*c) => (token, at) = (token + 1, at + 1),
            _ => match &mut star {
                Some((star, from)) => {
                    *from += 1;
                    (token, at) = (*star + 1, *from);
                }
                None => return false,
            },
        }
    }
    let rest = tokens.get(token..).unwrap_or_default();
    rest.iter().all(|one| matches!(one, Token::Star))
}

impl Token {
    fn is(&self, c: char) -> bool {
        match self {
            Token::Star => false,
            Token::One => true,
            Token::Character(one) => *one == c,
            Token::Class(ranges, is_excluded) => {
                let is_in = ranges
                    .iter()
                    .any(|(first, last)| (*first..=*last).contains(&c));
                is_in != *is_excluded
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignores(patterns: &[&str], path: &str) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|&text| text.to_owned()).collect();
        let (path, is_directory) = match path.strip_suffix('/') {
            Some(path) => (path, true),
            None => (path, false),
        };
        Ignore::of(&patterns).ignores(path, is_directory)
    }

    #[test]
    fn patterns_match_as_with_git() {
        for (pattern, path, expected) in [
            (".DS_Store", ".DS_Store", true),
            (".DS_Store", "a/b/.DS_Store", true),
            ("ascmhl/", "ascmhl/", true),
            ("ascmhl/", "ascmhl", false),
            ("ascmhl/", "a/ascmhl/x", true),
            ("*.tmp", "a/x.tmp", true),
            ("*.tmp", "a/x.tmp2", false),
            ("/a", "a", true),
            ("/a", "b/a", false),
            ("a/b", "a/b/c", true),
            ("a/b", "x/a/b", false),
            ("**/b", "a/b", true),
            ("**/b", "b", true),
            ("a/**", "a/b", true),
            ("a/**", "a/", false),
            ("a/**/c", "a/c", true),
            ("a/**/c", "a/x/y/c", true),
            ("?.exr", "a.exr", true),
            ("[a-c].exr", "b.exr", true),
            ("[!a-c].exr", "b.exr", false),
            ("[]].exr", "].exr", true),
            ("[", "[", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("#a", "#a", false),
            ("", "a", false),
            ("a ", "a", true),
        ] {
            assert_eq!(ignores(&[pattern], path), expected, "{pattern} {path}");
        }
        assert!(!ignores(&["*.exr", "!keep.exr"], "keep.exr"));
        assert!(ignores(&["!keep.exr", "*.exr"], "keep.exr"));
    }

    #[test]
    fn many_stars_are_matched_in_time() {
        let pattern = format!("{}b", "*a".repeat(200));
        assert!(!ignores(&[&pattern], &"a".repeat(5000)));
        let deep = "**/a/".repeat(100) + "b";
        assert!(!ignores(&[&deep], &"a/".repeat(1000)));
    }
}
