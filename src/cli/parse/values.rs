//! Checks invalid values and missing options and arguments before argh does, which has other error
//! messages.

use argh::{CommandInfoWithArgs, Optionality, PositionalInfo};

use crate::error::Error;
use crate::nearest::nearest;
use crate::outline::{Accept, Kind, bounds};
use crate::quantity;
use crate::secret::Source;

/// The hint for errors that the help explains.
const SEE_HELP: &str = "-h shows the usage";

/// Checks the value of an option or argument.
///
/// # Errors
/// Contains the option and the valid values.
pub(super) fn ensure(name: &str, kind: Kind, value: &str) -> Result<(), Error> {
    check(kind, value).map_err(|refusal| {
        let hint = match refusal.nearest {
            Some(nearest) => format!("did you mean '{nearest}'?"),
            None => SEE_HELP.to_owned(),
        };
        Error::usage_hint(format!("{name}: {}", refusal.why), hint)
    })
}

/// Why a value is refused. It does not contain a value that may be a secret.
struct Refusal {
    why: String,
    nearest: Option<String>,
}

impl From<String> for Refusal {
    fn from(why: String) -> Refusal {
        Refusal { why, nearest: None }
    }
}

fn check(kind: Kind, value: &str) -> Result<(), Refusal> {
    match kind {
        Kind::Word
        | Kind::Range
        | Kind::File
        | Kind::Directory
        | Kind::Profile
        | Kind::Command
        | Kind::Staged(_)
        | Kind::RequestWord(_) => Ok(()),
        Kind::Form(check) => Ok(check(value)?),
        Kind::Source => Ok(Source::parse(value).map(drop)?),
        Kind::Key => Ok(Source::parse_key(value).map(drop)?),
        Kind::Duration => Ok(quantity::duration(value).map(drop)?),
        Kind::Size => Ok(quantity::size(value).map(drop)?),
        Kind::Integer { least, most } => integer(least, most, value),
        Kind::Choice { words, accept } => match accept {
            Accept::Anything => Ok(()),
            // The message of the check is better than the nearest word: 'HS512' for 'ES512'.
            Accept::Checked(check) => Ok(check(value)?),
            Accept::Listed => listed(&words(), value),
        },
    }
}

fn integer(least: u64, most: u64, value: &str) -> Result<(), Refusal> {
    match value.parse::<u64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(()),
        Ok(_) | Err(_) => {
            let bounds = bounds(least, most);
            Err(format!("the value must be a whole number, {bounds}").into())
        }
    }
}

fn listed(words: &[String], value: &str) -> Result<(), Refusal> {
    if words.iter().any(|word| word == value) {
        return Ok(());
    }
    Err(Refusal {
        why: format!("the value must be one of {}", words.join(", ")),
        nearest: nearest(value, words.iter().map(String::as_str)).map(str::to_owned),
    })
}

/// Each argument with its entry in the table. The last entry is used for all further arguments.
pub(super) fn named<'a, 'b>(
    arguments: &'b [&'a str],
    command: &'b CommandInfoWithArgs,
) -> impl Iterator<Item = (&'a str, &'b PositionalInfo<'b>)> {
    let infos = command.positionals.iter();
    let rest = command.positionals.last().into_iter().cycle();
    arguments.iter().copied().zip(infos.chain(rest))
}

/// Checks that all required options and arguments are given.
///
/// # Errors
/// Lists everything that is missing.
pub(super) fn ensure_complete(
    command: &CommandInfoWithArgs,
    given: &[&str],
    arguments: usize,
) -> Result<(), Error> {
    let required = |optionality: &Optionality| *optionality == Optionality::Required;
    let positionals = command
        .positionals
        .iter()
        .enumerate()
        .filter(|(at, info)| required(&info.optionality) && *at >= arguments)
        .map(|(_, info)| info.name);
    let options = command
        .flags
        .iter()
        .filter(|flag| required(&flag.optionality) && !given.contains(&flag.long))
        .map(|flag| flag.long);
    let (positionals, options): (Vec<&str>, Vec<&str>) = (positionals.collect(), options.collect());
    let what = match (positionals.as_slice(), options.as_slice()) {
        ([], []) => return Ok(()),
        ([_], []) => "an argument is missing",
        (_, []) => "arguments are missing",
        ([], [_]) => "an option is missing",
        ([], _) => "options are missing",
        (_, _) => "arguments and options are missing",
    };
    let names = [positionals, options].concat().join(", ");
    Err(Error::usage_hint(format!("{what}: {names}"), SEE_HELP))
}

/// The error if argh refuses arguments that passed these checks, which is a bug. The message of argh
/// is not shown, because it may contain a secret.
pub(crate) fn unforeseen() -> Error {
    Error::usage_hint("the options cannot be parsed", SEE_HELP)
}

#[cfg(test)]
mod tests {
    use argh::{ArgsInfo, FromArgs};

    use super::*;
    use crate::cli::parse::{Request, parse};
    use crate::cli::{C47, details};

    const JUNK: [&str; 29] = [
        "",
        " ",
        "x",
        "-",
        "--",
        "-1",
        "+1",
        "0",
        "00",
        "1.5",
        "199",
        "600",
        "65536",
        "4294967296",
        "18446744073709551616",
        "99999999999999999999999999",
        "NaN",
        "a=b",
        "=",
        ":",
        "env:",
        "9s",
        "1y",
        "v9",
        "HS257",
        "\u{e9}\u{1f980}",
        "help",
        "--help",
        "\u{661}",
    ];

    /// The words of each command.
    fn commands(table: &CommandInfoWithArgs, path: &[String]) -> Vec<Vec<String>> {
        let mut all = vec![path.to_vec()];
        for below in &table.commands {
            let path = [path, &[below.name.to_owned()]].concat();
            all.extend(commands(&below.command, &path));
        }
        all
    }

    fn find<'a>(table: &'a CommandInfoWithArgs, path: &[String]) -> &'a CommandInfoWithArgs {
        path.iter().fold(table, |table, word| {
            let below = table.commands.iter().find(|below| below.name == word);
            &below.unwrap().command
        })
    }

    /// A valid value of the kind.
    fn good(kind: Kind) -> String {
        match kind {
            Kind::Source | Kind::Key => "env:X".into(),
            Kind::Duration => "1s".into(),
            Kind::Size => "1k".into(),
            Kind::Integer { least, .. } => least.to_string(),
            Kind::Choice { words, .. } | Kind::RequestWord(words) => words()[0].clone(),
            Kind::Staged(stages) => stages()[0].words[0].clone(),
            Kind::Form(_) => panic!("add an example of a required value with its own format"),
            Kind::Word
            | Kind::Range
            | Kind::File
            | Kind::Directory
            | Kind::Profile
            | Kind::Command => "a".into(),
        }
    }

    fn refuses_something(kind: Kind) -> bool {
        match kind {
            Kind::Word
            | Kind::Range
            | Kind::File
            | Kind::Directory
            | Kind::Profile
            | Kind::Command
            | Kind::Staged(_)
            | Kind::RequestWord(_)
            | Kind::Choice {
                accept: Accept::Anything,
                ..
            } => false,
            Kind::Form(_)
            | Kind::Source
            | Kind::Key
            | Kind::Duration
            | Kind::Size
            | Kind::Integer { .. }
            | Kind::Choice {
                accept: Accept::Listed | Accept::Checked(_),
                ..
            } => true,
        }
    }

    /// A call with all required options and arguments, and this value of `name`.
    fn call(
        path: &[String],
        command: &CommandInfoWithArgs,
        name: &str,
        value: &str,
    ) -> Vec<String> {
        let mut words = [&["c47".to_owned()], path].concat();
        let mut arguments = Vec::new();
        for flag in command.flags {
            if flag.long == name {
                words.push(format!("{name}={value}"));
            } else if flag.optionality == Optionality::Required {
                words.extend([flag.long.to_owned(), good(details::kind(path, flag.long))]);
            }
        }
        for info in command.positionals {
            if info.name == name {
                arguments.push(value.to_owned());
            } else if info.optionality == Optionality::Required {
                arguments.push(good(details::kind(path, info.name)));
            }
        }
        words.push("--".into());
        words.extend(arguments);
        words
    }

    #[test]
    fn argh_accepts_every_value_that_passes_the_checks() {
        let table = C47::get_args_info();
        let mut refused = 0;
        for path in commands(&table, &[]) {
            let command = find(&table, &path);
            let entries = details::of(&path).map_or(&[][..], |details| details.values);
            for &(name, kind) in entries {
                let mut refused_here = 0;
                for value in JUNK {
                    let words = call(&path, command, name, value);
                    match parse(&words, &table).request {
                        Ok(Request::Run(words)) => {
                            let words: Vec<&str> = words.iter().map(String::as_str).collect();
                            if let Err(exit) = C47::from_args(&["c47"], &words) {
                                panic!("{path:?} {name} {value:?}: {}", exit.output);
                            }
                        }
                        Ok(other) => panic!("{path:?} {name} {value:?}: {other:?}"),
                        Err(error) => {
                            refused_here += 1;
                            let text = error.to_string();
                            assert!(text.starts_with(&format!("{name}: ")), "{path:?}: {text}");
                            for foreign in ["number too large", "invalid digit", "cannot parse"] {
                                assert!(!text.contains(foreign), "{path:?}: {text}");
                            }
                        }
                    }
                }
                assert_eq!(refused_here > 0, refuses_something(kind), "{path:?} {name}");
                refused += refused_here;
            }
        }
        assert!(refused > 300, "{refused}");
    }

    #[test]
    fn missing_options_are_found_before_argh_finds_them() {
        let table = C47::get_args_info();
        let mut missed = 0;
        for path in commands(&table, &[]) {
            let words = [&["c47".to_owned()], path.as_slice()].concat();
            let command = find(&table, &path);
            let is_group = !command.commands.is_empty();
            match parse(&words, &table).request {
                Ok(Request::Run(words)) => {
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    assert!(C47::from_args(&["c47"], &words).is_ok(), "{path:?}");
                }
                Ok(_) => assert!(path.is_empty()),
                Err(error) if !is_group => {
                    missed += 1;
                    assert!(error.to_string().contains("missing: "), "{path:?}: {error}");
                }
                Err(_) => {}
            }
        }
        assert!(missed > 5, "{missed}");
    }

    fn refusal(kind: Kind, value: &str) -> String {
        let error = ensure("--x", kind, value).unwrap_err();
        format!("{error} ({})", error.hint().unwrap())
    }

    #[test]
    fn integers_outside_the_bounds_are_refused() {
        let status = Kind::Integer {
            least: 200,
            most: 599,
        };
        for wrong in ["199", "600", "-1", "", "99999999999999999999999999"] {
            let expected =
                "--x: the value must be a whole number, from 200 to 599 (-h shows the usage)";
            assert_eq!(refusal(status, wrong), expected);
        }
        for right in ["200", "599"] {
            assert!(ensure("--x", status, right).is_ok());
        }
        let count = Kind::Integer {
            least: 1,
            most: u64::MAX,
        };
        assert!(refusal(count, "0").contains("a whole number, 1 or more"));
        assert!(ensure("--x", count, "18446744073709551615").is_ok());
    }

    #[test]
    fn choice_lists_its_words_and_suggests_the_nearest() {
        let kind = Kind::choice(|| vec!["alpha".to_owned(), "beta".to_owned()]);
        let expected = "--x: the value must be one of alpha, beta (did you mean 'alpha'?)";
        assert_eq!(refusal(kind, "alhpa"), expected);
        assert!(refusal(kind, "s3cret").ends_with("one of alpha, beta (-h shows the usage)"));
    }

    #[test]
    fn custom_check_gets_no_suggestion() {
        let kind = Kind::checked_choice(
            || vec!["HS512".to_owned()],
            |_| Err("take ES384".to_owned()),
        );
        assert_eq!(
            refusal(kind, "ES512"),
            "--x: take ES384 (-h shows the usage)"
        );
    }

    #[test]
    fn secret_source_is_not_in_the_message() {
        assert!(!refusal(Kind::Source, "s3cret").contains("s3cret"));
    }

    #[test]
    fn missing_names_are_listed() {
        let table = C47::get_args_info();
        let why = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            parse(&words, &table).request.unwrap_err().to_string()
        };
        assert_eq!(
            why(&["c47", "jwt", "sign"]),
            "options are missing: --alg, --key"
        );
        assert_eq!(
            why(&["c47", "jwt", "keygen"]),
            "an option is missing: --alg"
        );
        assert_eq!(
            why(&["c47", "completions"]),
            "an argument is missing: shell"
        );
    }
}
