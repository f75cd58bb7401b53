//! The commands as man pages and completions need them: names, options, and what a value may be.

/// A command, or c47 itself, with all below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Its words, the program's name first: `["c47", "jwt", "sign"]`.
    pub path: Vec<String>,
    pub about: String,
    pub examples: Vec<String>,
    pub notes: Vec<String>,
    pub options: Vec<Flag>,
    pub arguments: Vec<Argument>,
    /// Its subcommands; a command that has some takes no arguments of its own.
    pub commands: Vec<Command>,
}

/// An option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// With its dashes: `--output`.
    pub long: String,
    /// Without its dash.
    pub short: Option<char>,
    pub about: String,
    pub times: Times,
    /// What it takes; a switch takes nothing.
    pub value: Option<Value>,
}

/// An argument that is no option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    pub about: String,
    pub times: Times,
    pub value: Value,
}

/// How often an option or an argument is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    Once,
    AtMostOnce,
    Any,
}

/// A value: its name in the help, and what it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    pub name: String,
    pub kind: Kind,
}

/// What a value may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anything: a URL, a number, a name.
    Word,
    File,
    Directory,
    /// The name of a profile.
    Profile,
    /// The words of one of our own commands.
    Command,
    /// Where a secret is: `env:NAME` and so on.
    Source,
    /// One of these.
    Choice(Vec<String>),
}

impl Value {
    /// What a value may be, from its name and its line in the help. These are the conventions:
    /// a name of words between bars (`text|json`), or `one of a, b, c` or `: a, b or c` in the
    /// line, is a choice;
    /// a name that ends in `file`, `path` or `dir` is what it says; `env:NAME` and `file:PATH` in
    /// the line tell the source of a secret.
    pub fn new(name: &str, about: &str) -> Value {
        let word = name.to_ascii_lowercase();
        let ends = |ends: &[&str]| ends.iter().any(|end| word.ends_with(end));
        let kind = if let Some(choices) = choices(&word, about) {
            Kind::Choice(choices)
        } else if word == "profile" {
            Kind::Profile
        } else if word == "c47-command" {
            Kind::Command
        } else if word == "source" || tells_source(about) && !word.contains('=') {
            Kind::Source
        } else if ends(&["dir", "directory", "repo", "root"]) {
            Kind::Directory
        } else if ends(&[
            "file", "files", "file|url", "path", "paths", "binary", "tool", "cert", "key",
        ]) {
            Kind::File
        } else {
            Kind::Word
        };
        Value {
            name: name.to_owned(),
            kind,
        }
    }
}

fn tells_source(about: &str) -> bool {
    about.contains("env:NAME") && about.contains("file:PATH")
}

/// The words between bars, those of a list after "one of", or of one after a colon that ends in
/// "or".
fn choices(name: &str, about: &str) -> Option<Vec<String>> {
    // Between bars may also stand kinds: `file|url`.
    const KINDS: [&str; 5] = ["file", "path", "dir", "url", "source"];
    if name.contains('|') {
        let words: Vec<&str> = name.split('|').collect();
        let are_words = words
            .iter()
            .all(|word| is_word(word) && !KINDS.contains(word));
        return are_words.then(|| words.into_iter().map(str::to_owned).collect());
    }
    let list = match (about.split_once("one of "), about.split_once(": ")) {
        (Some((_, list)), _) => list,
        (None, Some((_, list))) if list.contains(" or ") => list,
        _ => return None,
    };
    let end = list.find([';', '(', ':']).unwrap_or(list.len());
    let list = list.get(..end)?;
    let end = list.find(". ").unwrap_or(list.len());
    let list = list.get(..end)?.replace(" and ", ",").replace(" or ", ",");
    let words: Vec<String> = list
        .split(',')
        .map(|word| word.trim().trim_end_matches('.').to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    // A sentence that happens to say "one of them" is no list.
    (words.len() > 1 && words.iter().all(|word| is_word(word))).then_some(words)
}

fn is_word(word: &str) -> bool {
    !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_alphanumeric() || "-_.+".contains(c))
}

/// A text up to the end of its first sentence, without the full stop; that of "e.g. 30s" ends none.
pub fn first_sentence(text: &str) -> String {
    let mut stops = text.match_indices(". ").map(|(at, _)| at);
    let ends = |at: &usize| {
        let next = text.get(at + 2..).and_then(|rest| rest.chars().next());
        next.is_some_and(char::is_uppercase)
    };
    let end = stops.find(ends).unwrap_or(text.len());
    let sentence = text.get(..end).unwrap_or(text);
    sentence.trim().trim_end_matches('.').replace('\n', " ")
}

impl Command {
    /// Its words on one line: `c47 jwt sign`.
    pub fn name(&self) -> String {
        self.path.join(" ")
    }

    /// Its last word.
    pub fn word(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The command at these words below this one.
    pub fn find<'a>(&'a self, words: &[String]) -> Option<&'a Command> {
        match words.split_first() {
            None => Some(self),
            Some((word, rest)) => self
                .commands
                .iter()
                .find(|command| command.word() == word)?
                .find(rest),
        }
    }

    /// Itself and all below it, each before those below it.
    pub fn all(&self) -> Vec<&Command> {
        let below = self.commands.iter().flat_map(Command::all);
        [self].into_iter().chain(below).collect()
    }
}

impl Flag {
    /// Its names: `-o`, `--output`.
    pub fn names(&self) -> Vec<String> {
        let short = self.short.map(|short| format!("-{short}"));
        short.into_iter().chain([self.long.clone()]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, about: &str) -> Kind {
        Value::new(name, about).kind
    }

    fn choice(words: &[&str]) -> Kind {
        Kind::Choice(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn choices_stand_between_bars_or_after_one_of() {
        assert_eq!(kind("text|json", ""), choice(&["text", "json"]));
        let about = "which one of bash, zsh and fish";
        assert_eq!(kind("shell", about), choice(&["bash", "zsh", "fish"]));
        let about = "algorithm, one of HS256, ES256, x86-64-v2; default HS256";
        assert_eq!(kind("alg", about), choice(&["HS256", "ES256", "x86-64-v2"]));
        let about = "the algorithm: HS256, RS256 or EdDSA";
        assert_eq!(kind("alg", about), choice(&["HS256", "RS256", "EdDSA"]));
        let about = "one of v1, v2 (default: v1)";
        assert_eq!(kind("level", about), choice(&["v1", "v2"]));
        let about = "one of a, b. More of it";
        assert_eq!(kind("level", about), choice(&["a", "b"]));
    }

    #[test]
    fn the_first_sentence() {
        assert_eq!(first_sentence("Do it. Then more."), "Do it");
        assert_eq!(first_sentence("Do it,\nnow."), "Do it, now");
        assert_eq!(first_sentence("a time, e.g. 30s"), "a time, e.g. 30s");
    }

    #[test]
    fn one_of_them_is_no_list() {
        for about in [
            "how long it is valid: 30s, 15m, 12h, 7d",
            "credentials: bearer=SOURCE or basic=USER:SOURCE",
            "if one of them fails",
            "one of",
            "one of many",
            "",
            "one of (a, b)",
        ] {
            assert_eq!(kind("n", about), Kind::Word, "{about}");
        }
    }

    #[test]
    fn names_tell_files_and_directories() {
        assert_eq!(kind("file", ""), Kind::File);
        assert_eq!(kind("out-file", ""), Kind::File);
        assert_eq!(kind("file|url", ""), Kind::File);
        assert_eq!(kind("source", ""), Kind::Source);
        assert_eq!(kind("dir", ""), Kind::Directory);
        assert_eq!(kind("profile", ""), Kind::Profile);
        assert_eq!(kind("c47-command", ""), Kind::Command);
        let about = "key: env:NAME, file:PATH, command:PROGRAM ARGS or prompt";
        assert_eq!(kind("jwt-key", about), Kind::Source);
        assert_eq!(kind("n", "how many"), Kind::Word);
    }
}
