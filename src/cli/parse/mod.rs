//! Prepares the arguments for argh. It adds `--name=value`, `-` as an argument, options after
//! arguments, help for every command, and suggestions for mistyped words.

mod foreign;
mod option;
mod values;

pub(super) use values::unforeseen;

use std::ffi::OsString;
use std::path::Path;

use argh::{CommandInfoWithArgs, FlagInfo, FlagInfoKind, Optionality};

use super::details;
use crate::error::Error;
use crate::nearest::nearest;
use crate::outline::Kind;
use crate::output::Format;
use option::{GivenOption, known, option};

/// The request in a command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The help of the command at this path.
    Help(Vec<String>, Length),
    NoCommand,
    List,
    Version(Format),
    /// Run a command: its words, its options, `--` and its arguments, for argh.
    Run(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// `-h`: the options for daily use.
    Short,
    /// `--help` and `help`: the manual page.
    Whole,
}

/// A request, and how to report an error.
pub(super) struct Parsed {
    /// The name of the command in messages: `c47 jwt sign`.
    pub name: String,
    pub format: Format,
    pub request: Result<Request, Error>,
}

/// The arguments as text.
///
/// # Errors
/// Names the first that is not UTF-8.
pub(super) fn utf8_arguments(
    arguments: impl Iterator<Item = OsString>,
) -> Result<Vec<String>, Error> {
    arguments
        .enumerate()
        .map(|(at, argument)| match argument.into_string() {
            Ok(text) => Ok(text),
            // The name of the program matters only if it is that of a command.
            Err(_) if at == 0 => Ok("c47".into()),
            Err(raw) => Err(Error::usage(format!(
                "argument {at} is not UTF-8: '{}'",
                raw.display()
            ))),
        })
        .collect()
}

/// Parses the arguments, which start with the name of the program, by the table of commands.
pub(super) fn parse(arguments: &[String], table: &CommandInfoWithArgs) -> Parsed {
    let (program, arguments) = match arguments.split_first() {
        Some((program, rest)) => (program.as_str(), rest),
        None => ("c47", arguments),
    };
    let called_as = command_of(program, table);
    let words = called_as.into_iter();
    let words = super::jq::rewritten(words.chain(arguments.iter().map(String::as_str)));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut path: Vec<String> = Vec::new();
    let request = walk(&words, table, &mut path);
    let mut name = String::from("c47");
    for word in &path {
        name.push(' ');
        name.push_str(word);
    }
    let format = format_asked(&words, table, &path);
    Parsed {
        name,
        format,
        request,
    }
}

/// Whether the arguments have --json or --jq. Also if they are invalid: a program expects JSON.
fn format_asked(words: &[&str], table: &CommandInfoWithArgs, path: &[String]) -> Format {
    if path.is_empty() {
        let is_version = matches!(words.first(), Some(&("--version" | "-V")));
        let is_json = is_version && words.contains(&"--json");
        return if is_json { Format::Json } else { Format::Text };
    }
    let command = path.iter().try_fold(table, |level, word| {
        let below = level.commands.iter().find(|below| below.name == word)?;
        Some(&below.command)
    });
    let (Some(command), Some(words)) = (command, words.get(path.len()..)) else {
        return Format::Text;
    };
    if !command.flags.iter().any(|flag| flag.long == "--json") {
        return Format::Text;
    }
    // The filter of http is for responses, and not for a report.
    let is_report_filter = |word: &str| path != ["http"] && word == "--jq";
    let mut words = words.iter().take_while(|word| **word != "--");
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or(word);
        if *word == "--json" || is_report_filter(name) {
            return Format::Json;
        }
        let flag = known(word, command);
        if flag.is_some_and(|flag| matches!(flag.kind, FlagInfoKind::Option { .. })) {
            words.next(); // its value
        }
    }
    Format::Text
}

/// The command in the name of the program: `c47-jwt`, or a link named `jwt`.
fn command_of(program: &str, table: &CommandInfoWithArgs) -> Option<&'static str> {
    let base = Path::new(program).file_name()?.to_str()?;
    let name = base.strip_prefix("c47-").unwrap_or(base);
    table
        .commands
        .iter()
        .map(|command| command.name)
        .find(|&command| command == name)
}

/// Finds the command in the table, then parses its options and arguments.
fn walk(
    words: &[&str],
    table: &CommandInfoWithArgs,
    path: &mut Vec<String>,
) -> Result<Request, Error> {
    let mut level = table;
    let mut rest = words;
    while !level.commands.is_empty() {
        let Some((&word, tail)) = rest.split_first() else {
            return if can_run_alone(level) {
                leaf(rest, level, path)
            } else if path.is_empty() {
                Ok(Request::NoCommand)
            } else {
                Err(missing_subcommand(level))
            };
        };
        match word {
            "-h" => return Ok(Request::Help(path.clone(), Length::Short)),
            "--help" => return Ok(Request::Help(path.clone(), Length::Whole)),
            "help" => return help_of(tail, level, path),
            "--version" | "-V" if path.is_empty() => return version(tail),
            "--list" if path.is_empty() => return Ok(Request::List),
            _ if word.starts_with('-') && can_run_alone(level) => return leaf(rest, level, path),
            _ if word.starts_with('-') => return Err(misplaced_option(word, path)),
            _ => {}
        }
        level = subcommand(level, word, path)?;
        path.push(level.name.to_owned());
        rest = tail;
    }
    leaf(rest, level, path)
}

/// Whether a command can run without a subcommand: it has options of its own.
fn can_run_alone(level: &CommandInfoWithArgs) -> bool {
    let help = |flag: &FlagInfo| matches!(flag.long, "help" | "--help");
    level.flags.iter().any(|flag| !help(flag))
}

fn subcommand<'a>(
    level: &'a CommandInfoWithArgs,
    word: &str,
    path: &[String],
) -> Result<&'a CommandInfoWithArgs, Error> {
    let found = level.commands.iter().find(|command| command.name == word);
    found
        .map(|found| &found.command)
        .ok_or_else(|| Error::NoSuchCommand {
            name: word.to_owned(),
            nearest: suggestion(level, word, path),
            within: path.to_owned(),
        })
}

/// The command to suggest: the equivalent of another tool's command, the nearest by spelling, or a
/// subcommand of another command.
fn suggestion(level: &CommandInfoWithArgs, word: &str, path: &[String]) -> Option<String> {
    let is_top = path.is_empty();
    if is_top && let Some(ours) = foreign::command_replacement(word) {
        return Some(format!("c47 {ours}"));
    }
    let names = level.commands.iter().map(|command| command.name);
    if let Some(near) = nearest(word, names) {
        return Some(near.to_owned());
    }
    let above = level.commands.iter().find(|above| {
        let mut below = above.command.commands.iter();
        is_top && below.any(|below| below.name == word)
    })?;
    Some(format!("c47 {} {word}", above.name))
}

fn help_of(
    words: &[&str],
    level: &CommandInfoWithArgs,
    path: &mut Vec<String>,
) -> Result<Request, Error> {
    let mut level = level;
    for word in words.iter().take_while(|word| !word.starts_with('-')) {
        if level.commands.is_empty() {
            break;
        }
        level = subcommand(level, word, path)?;
        path.push(level.name.to_owned());
    }
    Ok(Request::Help(path.clone(), Length::Whole))
}

fn version(rest: &[&str]) -> Result<Request, Error> {
    match rest {
        [] => Ok(Request::Version(Format::Text)),
        ["--json"] => Ok(Request::Version(Format::Json)),
        ["--json", other, ..] | [other, ..] => Err(Error::usage(format!(
            "unexpected argument after --version: '{other}'"
        ))),
    }
}

fn missing_subcommand(level: &CommandInfoWithArgs) -> Error {
    let names: Vec<&str> = level.commands.iter().map(|command| command.name).collect();
    Error::usage_hint(
        "a subcommand is missing",
        format!("use one of {}", names.join(", ")),
    )
}

fn misplaced_option(option: &str, path: &[String]) -> Error {
    let name = option.split('=').next().unwrap_or(option);
    let hint = match path {
        [] => "put options after the command",
        [..] => "put options after the subcommand",
    };
    Error::usage_hint(format!("no such option: {name}"), hint)
}

/// Parses the options and arguments of a command. For argh the options are first, then `--`, then the
/// arguments, so that `-` and everything after `--` are arguments.
fn leaf(words: &[&str], command: &CommandInfoWithArgs, path: &[String]) -> Result<Request, Error> {
    if words == ["help"] {
        return Ok(Request::Help(path.to_owned(), Length::Whole));
    }
    let mut options: Vec<String> = Vec::new();
    let mut arguments: Vec<&str> = Vec::new();
    let mut given: Vec<GivenOption> = Vec::new();
    let has_ranges = takes_ranges(command, path);
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match word {
            "--" => arguments.extend(words.by_ref()),
            _ if has_ranges && is_negative(word) => arguments.push(word),
            "-h" => return Ok(Request::Help(path.to_owned(), Length::Short)),
            "--help" => return Ok(Request::Help(path.to_owned(), Length::Whole)),
            "-" => arguments.push(word),
            _ if word.starts_with('-') => {
                let option = option(word, &mut words, command, path)?;
                ensure_once(option.flag, &given)?;
                options.push(option.flag.long.to_owned());
                options.extend(option.value.map(str::to_owned));
                given.push(option);
            }
            _ => arguments.push(word),
        }
    }
    ensure_no_surplus(&arguments, command)?;
    for option in &given {
        if let Some(value) = option.value {
            values::ensure(
                option.flag.long,
                details::kind(path, option.flag.long),
                value,
            )?;
        }
    }
    for (argument, info) in values::named(&arguments, command) {
        values::ensure(info.name, details::kind(path, info.name), argument)?;
    }
    let given: Vec<&str> = given.iter().map(|option| option.flag.long).collect();
    values::ensure_complete(command, &given, arguments.len())?;
    let mut all = path.to_owned();
    all.append(&mut options);
    all.push("--".to_owned());
    all.extend(arguments.into_iter().map(str::to_owned));
    Ok(Request::Run(all))
}

/// Whether an argument of a command is a range of frames.
fn takes_ranges(command: &CommandInfoWithArgs, path: &[String]) -> bool {
    let kind = |info: &argh::PositionalInfo| details::kind(path, info.name);
    let mut positionals = command.positionals.iter();
    positionals.any(|info| matches!(kind(info), Kind::Range))
}

/// Whether a word begins with a negative number.
fn is_negative(word: &str) -> bool {
    let digits = word.strip_prefix('-');
    digits.is_some_and(|digits| digits.starts_with(|first: char| first.is_ascii_digit()))
}

fn ensure_once(flag: &FlagInfo, given: &[GivenOption]) -> Result<(), Error> {
    let is_again = given.iter().any(|before| before.flag.long == flag.long);
    if is_again && flag.optionality != Optionality::Repeating {
        return Err(Error::usage(format!("{} is given twice", flag.long)));
    }
    Ok(())
}

fn ensure_no_surplus(arguments: &[&str], command: &CommandInfoWithArgs) -> Result<(), Error> {
    let endless = command.positionals.iter().any(|positional| {
        matches!(
            positional.optionality,
            Optionality::Repeating | Optionality::Greedy
        )
    });
    match arguments.get(command.positionals.len()) {
        Some(word) if command.commands.iter().any(|known| known.name == *word) => {
            Err(Error::usage_hint(
                format!("options before the subcommand '{word}'"),
                "put options after the subcommand",
            ))
        }
        Some(surplus) if !endless => Err(Error::usage(format!("unexpected argument: '{surplus}'"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[FlagInfo] = &[
        FlagInfo {
            kind: FlagInfoKind::Option { arg_name: "file" },
            optionality: Optionality::Optional,
            long: "--output",
            short: Some('o'),
            description: "",
            hidden: false,
        },
        FlagInfo {
            kind: FlagInfoKind::Option { arg_name: "claim" },
            optionality: Optionality::Repeating,
            long: "--claim",
            short: None,
            description: "",
            hidden: false,
        },
        FlagInfo {
            kind: FlagInfoKind::Switch,
            optionality: Optionality::Optional,
            long: "--json",
            short: None,
            description: "",
            hidden: false,
        },
    ];

    fn table() -> CommandInfoWithArgs {
        const ONE: &[argh::PositionalInfo] = &[argh::PositionalInfo {
            name: "token",
            description: "",
            optionality: Optionality::Optional,
            hidden: false,
        }];
        let sub = |name, command| argh::SubCommandInfo { name, command };
        let leaf = |name| CommandInfoWithArgs {
            name,
            flags: FLAGS,
            positionals: ONE,
            ..Default::default()
        };
        let jwt = CommandInfoWithArgs {
            name: "jwt",
            commands: vec![sub("sign", leaf("sign")), sub("verify", leaf("verify"))],
            ..Default::default()
        };
        CommandInfoWithArgs {
            name: "c47",
            commands: vec![sub("jwt", jwt), sub("echo", leaf("echo"))],
            ..Default::default()
        }
    }

    fn ask(line: &str) -> Result<Request, String> {
        let words: Vec<String> = line
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        parse(&words, &table()).request.map_err(|error| {
            format!(
                "{} {error} ({})",
                error.exit().code(),
                error.hint().unwrap_or_default()
            )
        })
    }

    fn run(line: &str) -> String {
        match ask(line) {
            Ok(Request::Run(words)) => words.join(" "),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn options_come_first_and_arguments_last() {
        assert_eq!(run("c47 echo -"), "echo -- -");
        assert_eq!(
            run("c47 echo x --json --output=a=b"),
            "echo --json --output a=b -- x"
        );
        assert_eq!(run("c47 echo -o - x"), "echo --output - -- x");
        assert_eq!(
            run("c47 echo --json -- --output"),
            "echo --json -- --output"
        );
        assert_eq!(
            run("c47 echo --claim a=1 --claim=b:=2"),
            "echo --claim a=1 --claim b:=2 --"
        );
        assert_eq!(run("c47 jwt sign -- help"), "jwt sign -- help");
        assert_eq!(run("c47 echo --output= x"), "echo --output  -- x");
    }

    #[test]
    fn help_works_for_every_command() {
        let help = |path: &[&str], length| {
            let path = path.iter().map(|&word| word.to_owned()).collect();
            Ok(Request::Help(path, length))
        };
        let (short, whole) = (Length::Short, Length::Whole);
        assert_eq!(ask("c47 -h"), help(&[], short));
        assert_eq!(ask("c47 --help"), help(&[], whole));
        assert_eq!(ask("c47 help"), help(&[], whole));
        assert_eq!(ask("c47 help jwt sign"), help(&["jwt", "sign"], whole));
        assert_eq!(ask("c47 jwt help"), help(&["jwt"], whole));
        assert_eq!(ask("c47 jwt -h"), help(&["jwt"], short));
        assert_eq!(ask("c47 jwt help verify"), help(&["jwt", "verify"], whole));
        assert_eq!(ask("c47 jwt sign help"), help(&["jwt", "sign"], whole));
        let signing = &["jwt", "sign"];
        assert_eq!(ask("c47 jwt sign --json x -h"), help(signing, short));
        assert_eq!(ask("c47 jwt sign --json x --help"), help(signing, whole));
    }

    #[test]
    fn options_without_a_command_are_parsed() {
        assert_eq!(ask("c47"), Ok(Request::NoCommand));
        assert_eq!(ask("c47 --list"), Ok(Request::List));
        assert_eq!(ask("c47 --version"), Ok(Request::Version(Format::Text)));
        assert_eq!(
            ask("c47 --version --json"),
            Ok(Request::Version(Format::Json))
        );
        assert_eq!(
            ask("c47 jwt").unwrap_err(),
            "2 a subcommand is missing (use one of sign, verify)"
        );
    }

    #[test]
    fn mistyped_words_get_a_suggestion() {
        assert_eq!(
            ask("c47 ehco").unwrap_err(),
            "127 no such command: 'ehco' (did you mean 'echo'?)"
        );
        assert_eq!(
            ask("c47 jwt sing").unwrap_err(),
            "127 no such command: 'sing' (did you mean 'sign'?)"
        );
        assert_eq!(
            ask("c47 echo --jsn").unwrap_err(),
            "2 no such option: --jsn (did you mean --json?)"
        );
        assert_eq!(
            ask("c47 echo --ouptut=x").unwrap_err(),
            "2 no such option: --ouptut (did you mean --output?)"
        );
        assert!(
            ask("c47 --json echo")
                .unwrap_err()
                .contains("after the command")
        );
    }

    #[test]
    fn invalid_options_are_refused() {
        assert_eq!(
            ask("c47 echo --json=yes").unwrap_err(),
            "2 --json takes no value ()"
        );
        assert_eq!(
            ask("c47 echo -o").unwrap_err(),
            "2 -o requires a value: -o FILE ()"
        );
        assert_eq!(
            ask("c47 echo --json --json").unwrap_err(),
            "2 --json is given twice ()"
        );
        assert_eq!(
            ask("c47 echo -o a --output b").unwrap_err(),
            "2 --output is given twice ()"
        );
        assert_eq!(
            ask("c47 echo a b").unwrap_err(),
            "2 unexpected argument: 'b' ()"
        );
    }

    #[test]
    fn name_of_the_program_is_a_command() {
        assert_eq!(run("/usr/bin/c47-echo x"), "echo -- x");
        assert_eq!(run("./echo x"), "echo -- x");
        assert_eq!(run("jwt sign"), "jwt sign --");
        assert_eq!(run("c47-1.2.3 echo"), "echo --");
        assert_eq!(run("anything echo"), "echo --");
        assert_eq!(ask("c47-nothing"), Ok(Request::NoCommand));
    }

    #[test]
    fn arguments_that_are_not_utf8_are_refused() {
        use std::os::unix::ffi::OsStringExt;
        let raw = OsString::from_vec(b"caf\xe9".to_vec());
        assert!(utf8_arguments(["c47".into(), raw.clone()].into_iter()).is_err());
        assert_eq!(utf8_arguments([raw].into_iter()).unwrap(), ["c47"]);
    }
}
