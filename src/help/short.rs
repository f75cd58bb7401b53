//! The short help, which `-h` prints: the options for daily use, one line each.

use std::fmt::Write;

use super::terminal::heading;
use crate::colour::Colour;
use crate::outline::{Command, CommandGroup, Flag, first_sentence};

/// The widest name of an option, with its value, that has its text on the same line.
const MAX_NAME_WIDTH: usize = 28;

/// The short help of a command with arguments or subcommands.
pub(crate) fn short(command: &Command, colour: Colour) -> String {
    let mut out = usage(command, colour);
    let _ = writeln!(out, "\n{}", sentence(&command.about));
    if !command.commands.is_empty() {
        list(&mut out, "Commands", &rows(&command.commands), colour);
    }
    let groups = command.grouped();
    let are_few = groups.len() == 1;
    for (group, options) in groups {
        // The last line of the help names --help.
        let daily = options
            .into_iter()
            .filter(|option| option.long != "--help" && group.is_daily(&option.long));
        let rows: Vec<(String, String)> = daily.map(option_row).collect();
        let title = if are_few { "Options" } else { group.name };
        list(&mut out, title, &rows, colour);
    }
    if !command.examples.is_empty() {
        let _ = writeln!(out, "\n{}", heading("Examples:", colour));
        for line in command.examples.iter().flat_map(|example| example.lines()) {
            let _ = writeln!(out, "  {line}");
        }
    }
    let more = match command.leaves_options_out() {
        true => "all options and the manual page",
        false => "the manual page",
    };
    let _ = writeln!(out, "\n'{}' prints {more}.", help_command(command));
    out
}

/// What `c47` without arguments prints: the commands in groups.
pub(crate) fn overview(whole: &Command, groups: &[CommandGroup], colour: Colour) -> String {
    let mut out = usage(whole, colour);
    let _ = writeln!(
        out,
        "{}\n'c47 COMMAND -h' prints the options of a command, 'c47 help COMMAND' its manual.",
        sentence(&whole.about)
    );
    for group in groups {
        let of_group = group.commands.iter().filter_map(|name| {
            whole
                .commands
                .iter()
                .find(|command| command.word() == *name)
        });
        let commands: Vec<Command> = of_group.cloned().collect();
        list(&mut out, group.name, &rows(&commands), colour);
    }
    out
}

fn usage(command: &Command, colour: Colour) -> String {
    let usage = heading("Usage:", colour);
    format!("{usage} {} {}\n", command.name(), command.usage())
}

/// `c47 help jwt sign`
fn help_command(command: &Command) -> String {
    let words = command.path.get(1..).unwrap_or_default();
    let words: Vec<&str> = ["c47", "help"]
        .into_iter()
        .chain(words.iter().map(String::as_str))
        .collect();
    words.join(" ")
}

fn sentence(about: &str) -> String {
    format!("{}.", first_sentence(about))
}

fn rows(commands: &[Command]) -> Vec<(String, String)> {
    let row = |command: &Command| (command.word().to_owned(), first_sentence(&command.about));
    commands.iter().map(row).collect()
}

fn option_row(option: &Flag) -> (String, String) {
    let mut name = option.names().join(", ");
    if let Some(value) = &option.value {
        let _ = write!(name, " {}", value.shown());
    }
    (name, first_sentence(&option.about))
}

/// A title and rows of two columns.
fn list(out: &mut String, title: &str, rows: &[(String, String)], colour: Colour) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", heading(&format!("{title}:"), colour));
    let widths = rows.iter().map(|(name, _)| name.chars().count());
    let column = widths
        .filter(|width| *width <= MAX_NAME_WIDTH)
        .max()
        .unwrap_or(0);
    for (name, about) in rows {
        let width = name.chars().count();
        let shown = colour.styled(name, "36");
        if width <= column {
            let gap = column - width + 2;
            let _ = writeln!(out, "  {shown}{:gap$}{about}", "");
        } else {
            let indent = column + 4;
            let _ = writeln!(out, "  {shown}\n{:indent$}{about}", "");
        }
    }
}
