//! Completes the value of `--auth` in stages: `jwt=`, then an algorithm, then a source.

use super::option_forms;
use crate::jwt::Algorithm;
use crate::outline::{Stage, owned};
use crate::secret::Source;

/// The stages of all forms of `--auth`, in the order of the table of schemes.
pub(crate) fn option_stages() -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    for form in option_forms() {
        let mut after = String::new();
        for part in form.split_inclusive(['=', ':']) {
            let name = part.trim_end_matches(['=', ':']);
            let separator = part.get(name.len()..).unwrap_or_default();
            let is_literal = !name.starts_with(|c: char| c.is_ascii_uppercase());
            let words = if is_literal {
                vec![name.to_owned()]
            } else {
                words_for(name)
            };
            for word in words {
                add(&mut stages, &after, word + separator);
            }
            after.push_str(if is_literal { name } else { "*" });
            after.push_str(separator);
        }
    }
    stages
}

/// The choices for a placeholder in a form; empty if any text is possible.
fn words_for(name: &str) -> Vec<String> {
    match name {
        "SOURCE" => owned(&Source::PREFIXES),
        "ALG" => Algorithm::names(),
        "HASH" => owned(&crate::hmac::names()),
        _ => Vec::new(),
    }
}

/// Whether a key follows.
fn is_key(after: &str) -> bool {
    after.ends_with("*:") && ["jwt=", "hmac="].iter().any(|name| after.starts_with(name))
}

/// Adds a word once, because several forms can share a prefix.
fn add(stages: &mut Vec<Stage>, after: &str, word: String) {
    match stages.iter_mut().find(|stage| stage.after == after) {
        Some(stage) if stage.words.contains(&word) => {}
        Some(stage) => stage.words.push(word),
        None => stages.push(Stage {
            after: after.to_owned(),
            words: vec![word],
            // A signing key may be a path; other secrets may not.
            files: is_key(after),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auth_is_completed_in_stages() {
        let stages = option_stages();
        let words = |after: &str| {
            let stage = stages.iter().find(|stage| stage.after == after);
            stage.map_or(Vec::new(), |stage| stage.words.clone())
        };
        let first = words("");
        for prefix in ["basic=", "bearer=", "jwt=", "netrc", "netrc="] {
            assert!(first.contains(&prefix.to_owned()), "{prefix}: {first:?}");
        }
        let sources = owned(&Source::PREFIXES);
        for after in ["bearer=", "basic=*:", "jwt=*:", "header=*:"] {
            assert_eq!(words(after), sources, "{after}");
        }
        assert!(words("jwt=").contains(&"HS256:".to_owned()));
        assert_eq!(words("netrc="), ["bearer"]);
        assert_eq!(words("basic="), [""; 0]);
    }
}
