//! The commands for help, man pages and completions: names, options, and the kinds of values.

mod layout;

pub(crate) use layout::{CommandGroup, Group, Layout};

/// A command, or c47 itself, with its subcommands.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// Its words, with the name of the program: `["c47", "jwt", "sign"]`.
    pub path: Vec<String>,
    pub about: String,
    pub examples: Vec<String>,
    pub options: Vec<Flag>,
    pub arguments: Vec<Argument>,
    /// Its output with `--json`.
    pub json: &'static [JsonOutput],
    /// Its output with `--json` when it fails.
    pub failure: Option<&'static JsonOutput>,
    /// Its manual in Markdown; for subcommands that of the top-level command.
    pub manual: &'static str,
    /// The layout of its help; without one all options are in one group.
    pub(crate) layout: Option<&'static Layout>,
    /// Its subcommands. A command with subcommands takes no arguments.
    pub commands: Vec<Command>,
}

/// An option.
#[derive(Clone, Debug)]
pub struct Flag {
    /// With dashes: `--output`.
    pub long: String,
    /// Without the dash.
    pub short: Option<char>,
    pub about: String,
    pub times: Times,
    /// Its value; `None` for a switch.
    pub value: Option<Value>,
}

/// A positional argument.
#[derive(Clone, Debug)]
pub struct Argument {
    pub about: String,
    pub times: Times,
    pub value: Value,
}

/// How often an option or an argument can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    Once,
    AtMostOnce,
    Any,
}

/// A value: its name in the help, and its kind.
#[derive(Clone, Debug)]
pub struct Value {
    pub name: String,
    pub kind: Kind,
}

/// The kind of a value: which values are accepted, and what completions offer.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Anything: a URL, a name.
    Word,
    /// A word with its own format: a time, an address, `PATH=SIZE`.
    Form(Check),
    /// A range of frames. As an argument it may begin with a minus sign and a digit.
    Range,
    File,
    Directory,
    /// The name of a profile.
    Profile,
    /// The words of a command of c47.
    Command,
    /// The source of a secret, such as `env:NAME`.
    Source,
    /// The source of a key, or the path of an existing file.
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
    /// A value in parts: `bearer=` and the source of a secret.
    Staged(fn() -> Vec<Stage>),
    /// A word of an HTTP request: one of these methods, a URL, `@profile/path`, or an item such as
    /// `key=value` or `file@path`.
    RequestWord(Words),
}

/// The possible next part of a value in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The parts before, where `*` is any text: `basic=*:`.
    pub after: String,
    /// The words that the next part can be. A word that ends with `=` or `:` is continued.
    pub words: Vec<String>,
    /// Whether the next part can also be the path of a file.
    pub files: bool,
}

/// The words of a choice, from the code that parses the value.
pub(crate) type Words = fn() -> Vec<String>;

/// Checks a value as the command does.
///
/// # Errors
/// A message with the valid values.
pub(crate) type Check = fn(&str) -> Result<(), String>;

/// Which values a choice accepts.
#[derive(Clone, Copy, Debug)]
pub enum Accept {
    /// Only its words.
    Listed,
    /// Values that pass this check: its words, and possibly other spellings.
    Checked(Check),
    /// Anything: the words are common values, and the command checks the value itself.
    Anything,
}

impl Kind {
    /// Only one of `words`.
    pub const fn choice(words: Words) -> Kind {
        Kind::Choice {
            words,
            accept: Accept::Listed,
        }
    }

    /// One of `words`, as accepted by `check`.
    pub const fn checked_choice(words: Words, check: Check) -> Kind {
        Kind::Choice {
            words,
            accept: Accept::Checked(check),
        }
    }
}

/// The bounds of a number as text: `from 0 to 65535`, `1 or more`.
pub(crate) fn bounds(least: u64, most: u64) -> String {
    if most == u64::MAX {
        format!("{least} or more")
    } else {
        format!("from {least} to {most}")
    }
}

/// Words of a choice in the type of [`Words`].
pub(crate) fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// What a command declares in addition to its options: the kinds of their values, and its JSON output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Details {
    /// Its words without the name of the program: `jwt sign`.
    pub command: &'static str,
    /// Each option (`--alg`) and argument (`token`) that takes a value.
    pub values: &'static [(&'static str, Kind)],
    /// Its output with `--json`.
    pub json: &'static [JsonOutput],
}

/// A JSON output of a command.
#[derive(Clone, Copy, Debug)]
pub struct JsonOutput {
    /// When the command prints it, such as `with --why`; empty if it has only one.
    pub when: &'static str,
    pub shape: Shape,
    pub fields: &'static [Field],
}

/// The structure around the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Object,
    /// An array of objects.
    Array,
    /// One object a line.
    Lines,
}

/// A member of a JSON output.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The path in the object, such as `checks[].name`.
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
    /// An object. Its members are separate fields.
    Object,
    /// An array of strings.
    Strings,
    /// An array of numbers.
    Numbers,
    /// An array of objects. Their members are separate fields.
    Objects,
    /// An array of arrays of strings.
    Lists,
    /// Any JSON, without further promises.
    Any,
}

/// Whether a member can be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Always,
    /// It is null without a value.
    Nullable,
}

/// Constructors for each type, so that tables have one line for each member.
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

    pub const fn numbers(path: &'static str, about: &'static str) -> Field {
        Field::new(path, JsonType::Numbers, about)
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

    /// The same member, nullable.
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
            JsonType::Numbers => "array of numbers",
            JsonType::Objects => "array of objects",
            JsonType::Lists => "array of arrays of strings",
            JsonType::Any => "any JSON",
        }
    }
}

/// The first sentence of a text, without the full stop. A full stop as in "e.g. 30s" does not end it.
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
    /// Its words: `c47 jwt sign`.
    pub fn name(&self) -> String {
        self.path.join(" ")
    }

    /// Its last word.
    pub fn word(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The subcommand at these words.
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

    /// The command and all its subcommands, each before its own subcommands.
    pub fn all(&self) -> Vec<&Command> {
        let below = self.commands.iter().flat_map(Command::all);
        [self].into_iter().chain(below).collect()
    }
}

impl Value {
    /// Its name in the help: `FILE`.
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
    fn first_sentence_ends_before_a_capital_letter() {
        assert_eq!(first_sentence("Do it. Then more."), "Do it");
        assert_eq!(first_sentence("Do it,\nnow."), "Do it, now");
        assert_eq!(first_sentence("a time, e.g. 30s"), "a time, e.g. 30s");
    }
}
