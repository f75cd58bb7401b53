//! What the commands declare in addition to their options: the kinds of their values and their
//! JSON output.

use crate::outline::{Details, JsonOutput, Kind};
use crate::version;

/// The details of c47 itself, without a command.
const OWN: &[Details] = &[Details {
    command: "",
    values: &[],
    json: &[JsonOutput {
        when: "With --version --json",
        ..version::JSON
    }],
}];

/// The details of every command, in the order of the table of commands.
pub(super) fn all() -> impl Iterator<Item = &'static Details> {
    OWN.iter()
        .chain(super::LISTINGS.iter().flat_map(|listing| listing.details))
}

/// The details of the command at these words, without the name of the program.
pub(super) fn of(command: &[String]) -> Option<&'static Details> {
    let words = command.join(" ");
    all().find(|details| details.command == words)
}

/// The kind of the value of an option (`--alg`) or argument (`token`) of a command.
pub(super) fn kind(command: &[String], name: &str) -> Kind {
    let values = of(command).map_or(&[][..], |details| details.values);
    let found = values.iter().find(|(known, _)| *known == name);
    // A test checks that every value is in a table.
    found.map_or(Kind::Word, |(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::outline::{Accept, Command, Value};
    use crate::secret::Source;

    /// The words of a command as its details name it.
    fn words(command: &Command) -> String {
        command.path.get(1..).unwrap_or_default().join(" ")
    }

    /// Each value of a command: the name in its details, the value, its help.
    fn values(command: &Command) -> Vec<(&str, &Value, &str)> {
        let options = command.options.iter().filter_map(|option| {
            Some((
                option.long.as_str(),
                option.value.as_ref()?,
                option.about.as_str(),
            ))
        });
        let arguments = command.arguments.iter().map(|argument| {
            (
                argument.value.name.as_str(),
                &argument.value,
                argument.about.as_str(),
            )
        });
        options.chain(arguments).collect()
    }

    #[test]
    fn each_value_has_one_entry_and_each_entry_a_value() {
        let whole = super::super::whole();
        let taken: Vec<(String, &str)> = whole
            .all()
            .into_iter()
            .flat_map(|command| {
                let values = values(command).into_iter();
                values.map(|(name, ..)| (words(command), name))
            })
            .collect();
        let declared: Vec<(String, &str)> = all()
            .flat_map(|details| {
                let names = details.values.iter().map(|(name, _)| *name);
                names.map(|name| (details.command.to_owned(), name))
            })
            .collect();
        let unique: BTreeSet<_> = declared.iter().collect();
        assert_eq!(unique.len(), declared.len(), "duplicate entry");
        assert_eq!(unique, taken.iter().collect());
    }

    #[test]
    fn details_match_commands_and_json_options() {
        let whole = super::super::whole();
        for details in all() {
            let path: Vec<String> = details
                .command
                .split_whitespace()
                .map(str::to_owned)
                .collect();
            assert!(whole.find(&path).is_some(), "{}", details.command);
        }
        for command in whole.all() {
            let has_json = command.options.iter().any(|option| option.long == "--json");
            if command.path.len() > 1 {
                assert_eq!(has_json, !command.json.is_empty(), "{}", command.name());
            }
        }
    }

    /// Whether a text contains this word, not as a part of another.
    fn mentions(text: &str, word: &str) -> bool {
        let within = |c: char| c.is_alphanumeric() || "-_".contains(c);
        text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text
                .get(at + word.len()..)
                .and_then(|after| after.chars().next());
            let ends_open = word.ends_with([':', '=']);
            !before.is_some_and(within) && (ends_open || !after.is_some_and(within))
        })
    }

    #[test]
    fn help_that_lists_choices_lists_all_of_them() {
        let whole = super::super::whole();
        let mut lists = 0;
        for command in whole.all() {
            for (name, value, help) in values(command) {
                let all = match value.kind {
                    Kind::Choice {
                        words,
                        accept: Accept::Listed | Accept::Checked(_),
                    } => words(),
                    Kind::Staged(stages) => stages()[0].words.clone(),
                    Kind::Source | Kind::Key => Source::PREFIXES.map(str::to_owned).to_vec(),
                    // The help has examples only.
                    Kind::Choice {
                        accept: Accept::Anything,
                        ..
                    }
                    | Kind::Word
                    | Kind::RequestWord(_)
                    | Kind::Form(_)
                    | Kind::Range
                    | Kind::File
                    | Kind::Directory
                    | Kind::Profile
                    | Kind::Command
                    | Kind::Duration
                    | Kind::Size
                    | Kind::Integer { .. } => continue,
                };
                assert!(!all.is_empty());
                let left_out: Vec<&String> =
                    all.iter().filter(|word| !mentions(help, word)).collect();
                // A help text may name one word, as the default.
                if all.len() - left_out.len() > 1 {
                    lists += 1;
                    assert_eq!(left_out, [""; 0], "{} {name}: {help}", command.name());
                }
            }
        }
        assert!(lists > 5, "{lists}");
    }

    #[test]
    fn json_paths_are_unique_and_have_their_parents() {
        for details in all() {
            for output in details.json {
                let paths: BTreeSet<&str> = output.fields.iter().map(|field| field.path).collect();
                assert_eq!(paths.len(), output.fields.len(), "{}", details.command);
                for path in &paths {
                    if let Some((parent, _)) = path.rsplit_once('.') {
                        let parent = parent.strip_suffix("[]").unwrap_or(parent);
                        assert!(paths.contains(parent), "{}: {path}", details.command);
                    }
                }
            }
        }
    }
}
