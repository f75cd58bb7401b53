//! The outline of a command, from argh's table.

use argh::{CommandInfoWithArgs, FlagInfo, FlagInfoKind, Optionality, PositionalInfo};

use super::details;
use crate::error::report;
use crate::outline::{Argument, Command, Flag, Times, Value};

/// The outline of the command `path`, from its table.
pub(super) fn outline(path: &[String], table: &CommandInfoWithArgs) -> Command {
    let below = table.commands.iter().map(|subcommand| {
        let path = [path, &[subcommand.name.to_owned()]].concat();
        outline(&path, &subcommand.command)
    });
    let owned = |texts: &[&str]| texts.iter().map(|text| filled(text, path)).collect();
    let words = path.get(1..).unwrap_or_default();
    let own_switches = if path.len() == 1 {
        own_switches()
    } else {
        Vec::new()
    };
    let json = details::of(words).map_or(&[][..], |details| details.json);
    Command {
        path: path.to_owned(),
        about: text(table.description),
        examples: owned(table.examples),
        options: table
            .flags
            .iter()
            .filter(|flag| !flag.hidden)
            .map(|info| flag(words, info))
            .chain(own_switches)
            .collect(),
        arguments: table
            .positionals
            .iter()
            .filter(|positional| !positional.hidden)
            .map(|info| argument(words, info))
            .collect(),
        json,
        failure: (!json.is_empty()).then_some(&report::JSON),
        manual: super::manual(words),
        layout: super::layout(words),
        commands: below.collect(),
    }
}

/// A description as it was written: argh doubles its braces.
fn text(description: &str) -> String {
    description.replace("{{", "{").replace("}}", "}")
}

/// An example may use argh's placeholder for the name of the command.
fn filled(text: &str, path: &[String]) -> String {
    text.replace("{command_name}", &path.join(" "))
}

/// The options of c47 itself, which are not in argh's table.
fn own_switches() -> Vec<Flag> {
    let switch = |long: &str, short, about: &str| Flag {
        long: long.to_owned(),
        short,
        about: about.to_owned(),
        times: Times::AtMostOnce,
        value: None,
    };
    vec![
        switch("--list", None, "print the names of the commands"),
        switch(
            "--version",
            Some('V'),
            "print the version. With --json after it, also the commit and the versions of the libraries",
        ),
    ]
}

fn flag(command: &[String], flag: &FlagInfo) -> Flag {
    let value = match flag.kind {
        FlagInfoKind::Switch => None,
        FlagInfoKind::Option { arg_name } => Some(Value {
            name: arg_name.to_owned(),
            kind: details::kind(command, flag.long),
        }),
    };
    Flag {
        long: flag.long.to_owned(),
        // argh's table has --help without its short name.
        short: flag.short.or((flag.long == "--help").then_some('h')),
        about: match flag.long {
            "--help" => "print the manual page; -h prints the common options".to_owned(),
            _ => text(flag.description),
        },
        times: times(&flag.optionality),
        value,
    }
}

fn argument(command: &[String], positional: &PositionalInfo) -> Argument {
    let value = Value {
        name: positional.name.to_owned(),
        kind: details::kind(command, positional.name),
    };
    Argument {
        about: text(positional.description),
        times: times(&positional.optionality),
        value,
    }
}

fn times(optionality: &Optionality) -> Times {
    match optionality {
        Optionality::Required => Times::Once,
        Optionality::Optional => Times::AtMostOnce,
        Optionality::Repeating | Optionality::Greedy => Times::Any,
    }
}
