//! The commands as man pages and completions need them: names, options, and what a value may be.

mod layout;

pub(crate) use layout::{CommandGroup, Group, Layout};

/// A command, or c47 itself, with all below it.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// Its words, the program's name first: `["c47", "jwt", "sign"]`.
    pub path: Vec<String>,
    pub about: String,
    pub examples: Vec<String>,
    pub options: Vec<Flag>,
    pub arguments: Vec<Argument>,
    /// What it prints with `--json`.
    pub json: &'static [JsonOutput],
    /// What it prints with `--json` when it fails.
    pub failure: Option<&'static JsonOutput>,
    /// Its page's text in Markdown; that of the command right below c47.
    pub manual: &'static str,
    /// How its help is laid out; without one all options are in one group.
    pub(crate) layout: Option<&'static Layout>,
    /// Its subcommands; a command that has some takes no arguments of its own.
    pub commands: Vec<Command>,
}

/// An option.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub struct Value {
    pub name: String,
    pub kind: Kind,
}

/// What a value may be: what completions offer for it, and what is accepted.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Anything: a URL, a name.
    Word,
    /// A word of a form of its own: a time, an address, `PATH=SIZE`.
    Form(Check),
    File,
    Directory,
    /// The name of a profile.
    Profile,
    /// The words of one of our own commands.
    Command,
    /// Where a secret is: `env:NAME` and so on.
    Source,
    /// Where a key is: a source, or the path of a file that exists.
    Key,
    /// `30s`, `15m`.
    Duration,
    /// `10k`, `5M`.
    Size,
    /// A whole number within these bounds.
    Integer {
        least: u64,
        most: u64,
    },
    /// One of these words.
    Choice {
        words: Words,
        accept: Accept,
    },
    /// Parts one after the other: `bearer=` and a secret source.
    Staged(fn() -> Vec<Stage>),
    /// A word of an HTTP request: one of these methods, a URL, `@profile/path`, or an item such as
    /// `key=value` or `file@path`.
    RequestWord(Words),
}

/// What may come next in a value that is written in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The parts before, where `*` is what only the user knows: `basic=*:`.
    pub after: String,
    /// What the next part begins with, or is. One that ends in `=` or `:` is continued.
    pub words: Vec<String>,
    /// Whether it may also be the path of a file.
    pub files: bool,
}

/// The words of a choice, from the code that reads the value.
pub(crate) type Words = fn() -> Vec<String>;

/// Reads a value as the command does.
///
/// # Errors
/// Says what the value must be.
pub(crate) type Check = fn(&str) -> Result<(), String>;

/// What a choice accepts.
#[derive(Clone, Copy, Debug)]
pub enum Accept {
    /// Its words and nothing else.
    Listed,
    /// What this check lets through: its words, and perhaps other spellings of them.
    Checked(Check),
    /// Anything: the command itself reads the value, and the words are the common ones.
    Anything,
}

impl Kind {
    /// One of `words` and nothing else.
    pub const fn choice(words: Words) -> Kind {
        Kind::Choice {
            words,
            accept: Accept::Listed,
        }
    }

    /// One of `words`, as `check` reads it.
    pub const fn checked_choice(words: Words, check: Check) -> Kind {
        Kind::Choice {
            words,
            accept: Accept::Checked(check),
        }
    }
}

/// The bounds of a number in words: `from 0 to 65535`, `1 or more`.
pub(crate) fn bounds(least: u64, most: u64) -> String {
    if most == u64::MAX {
        format!("{least} or more")
    } else {
        format!("from {least} to {most}")
    }
}

/// Words of a choice as [`Words`] returns them.
pub(crate) fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// What a command declares beside its options: the kinds of their values, and its JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Details {
    /// Its words, without the program's name: `jwt sign`.
    pub command: &'static str,
    /// Each option (`--alg`) and argument (`token`) that takes a value.
    pub values: &'static [(&'static str, Kind)],
    /// What it prints with `--json`.
    pub json: &'static [JsonOutput],
}

/// What a command prints as JSON.
#[derive(Clone, Copy, Debug)]
pub struct JsonOutput {
    /// When it is this and not another: `with --why`; empty where there is only one.
    pub when: &'static str,
    pub shape: Shape,
    pub fields: &'static [Field],
}

/// What stands around the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Object,
    /// An array of objects.
    Array,
    /// One object a line.
    Lines,
}

/// A member of a command's JSON.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// `checks[].name`, from the object on.
    pub path: &'static str,
    pub json_type: JsonType,
    pub presence: Presence,
    pub about: &'static str,
}

/// The type of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonType {
    String,
    Number,
    Boolean,
    /// Its members are fields of their own.
    Object,
    /// Of strings.
    Strings,
    /// Of objects, whose members are fields of their own.
    Objects,
    /// Of arrays of strings.
    Lists,
    /// Any JSON, of which nothing more is promised.
    Any,
}

/// Whether a member has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Always,
    /// It is null where there is no value.
    Nullable,
}

/// A constructor for each type, so that a table has a line for each member.
impl Field {
    const fn new(path: &'static str, json_type: JsonType, about: &'static str) -> Field {
        Field {
            path,
            json_type,
            presence: Presence::Always,
            about,
        }
    }

    pub const fn string(path: &'static str, about: &'static str) -> Field {
        Field::new(path, JsonType::String, about)
    }

    pub const fn number(path: &'static str, about: &'static str) -> Field {
        Field::new(path, JsonType::Number, about)
    }

    pub const fn boolean(path: &'static str, about: &'static str) -> Field {
        Field::new(path, JsonType::Boolean, about)
    }

    pub const fn object(path: &'static str, about: &'static str) -> Field {
        Field::new(path, JsonType::Object, about)
    }

    pub const fn strings(path: &'static str, about: &'static str) -> Field {
        Field::new(path, JsonType::Strings, about)
    }

    pub const fn objects(path: &'static str, about: &'static str) -> Field {
        Field::new(path, JsonType::Objects, about)
    }

    pub const fn lists(path: &'static str, about: &'static str) -> Field {
        Field::new(path, JsonType::Lists, about)
    }

    pub const fn any(path: &'static str, about: &'static str) -> Field {
        Field::new(path, JsonType::Any, about)
    }

    /// The same member, which may be null.
    pub const fn or_null(self) -> Field {
        Field {
            presence: Presence::Nullable,
            ..self
        }
    }
}

impl JsonType {
    /// Its name in the manual.
    pub fn name(self) -> &'static str {
        match self {
            JsonType::String => "string",
            JsonType::Number => "number",
            JsonType::Boolean => "boolean",
            JsonType::Object => "object",
            JsonType::Strings => "array of strings",
            JsonType::Objects => "array of objects",
            JsonType::Lists => "array of arrays of strings",
            JsonType::Any => "any JSON",
        }
    }
}

/// A text up to the end of its first sentence, without the full stop; that of "e.g. 30s" ends none.
pub(crate) fn first_sentence(text: &str) -> String {
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

impl Value {
    /// Its name as help shows it: `FILE`.
    pub(crate) fn shown(&self) -> String {
        self.name.to_uppercase()
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

    #[test]
    fn the_first_sentence() {
        assert_eq!(first_sentence("Do it. Then more."), "Do it");
        assert_eq!(first_sentence("Do it,\nnow."), "Do it, now");
        assert_eq!(first_sentence("a time, e.g. 30s"), "a time, e.g. 30s");
    }
}
