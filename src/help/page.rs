//! The manual page of a command, made from the tables of the command line and from the command's
//! part of the manual.

use super::document::{Block, Page, Span, Text, plain, unstyled};
use super::markdown::{self, spans};
use crate::error::kind::ErrorKind;
use crate::exit;
use crate::outline::{
    Argument, Command, Flag, Group, Kind, Presence, Shape, Value, bounds, first_sentence,
};

/// The name of a command's page, without its section: `c47-jwt-sign`.
pub(crate) fn page_name(command: &Command) -> String {
    command.path.join("-")
}

/// The page of `command`; `whole` is c47 itself.
pub(crate) fn page(command: &Command, whole: &Command) -> Page {
    let manual = Manual::of(command);
    let mut blocks = Vec::new();
    section(&mut blocks, "Name");
    let name = page_name(command);
    blocks.push(Block::Paragraph(plain(format!(
        "{name} - {}",
        first_sentence(&command.about)
    ))));
    section(&mut blocks, "Synopsis");
    let mut synopsis = vec![Span::Literal(command.name())];
    synopsis.push(Span::Plain(format!(" {}", command.usage())));
    blocks.push(Block::Paragraph(synopsis));
    section(&mut blocks, "Description");
    // NAME has the first sentence.
    if manual.introduction.is_empty() {
        blocks.push(Block::Paragraph(spans(&command.about)));
    }
    blocks.extend(manual.introduction);
    subcommands(&mut blocks, command);
    if !command.arguments.is_empty() {
        section(&mut blocks, "Arguments");
        blocks.extend(command.arguments.iter().map(argument));
    }
    options(&mut blocks, command);
    blocks.extend(manual.sections);
    if !command.examples.is_empty() {
        section(&mut blocks, "Examples");
        let lines = |text: &String| text.lines().map(str::to_owned).collect();
        blocks.extend(command.examples.iter().map(lines).map(Block::Code));
    }
    json_output(&mut blocks, command);
    exit_status(&mut blocks);
    see_also(&mut blocks, command, whole);
    Page { name, blocks }
}

/// A command's part of the manual. `## c47 jwt sign` starts the part of a subcommand.
#[derive(Default)]
struct Manual {
    introduction: Vec<Block>,
    sections: Vec<Block>,
}

impl Manual {
    fn of(command: &Command) -> Manual {
        let mut manual = Manual::default();
        let own = command.name();
        let is_top = command.path.len() <= 2;
        // The command of the current part, and whether its first heading was found.
        let mut is_own = is_top;
        let mut in_introduction = true;
        for block in markdown::parse(command.manual) {
            match &block {
                Block::Heading(title) if title.starts_with("c47 ") => {
                    is_own = *title == own;
                    in_introduction = true;
                    continue;
                }
                Block::Heading(_) => {
                    is_own = is_top;
                    in_introduction = false;
                }
                Block::Subheading(_)
                | Block::Paragraph(_)
                | Block::Item(_)
                | Block::Entry { .. }
                | Block::Code(_)
                | Block::Table(_) => {}
            }
            match (is_own, in_introduction) {
                (true, true) => manual.introduction.push(block),
                (true, false) => manual.sections.push(block),
                (false, _) => {}
            }
        }
        manual
    }
}

fn section(blocks: &mut Vec<Block>, title: &str) {
    blocks.push(Block::Heading(title.to_owned()));
}

fn subcommands(blocks: &mut Vec<Block>, command: &Command) {
    if command.commands.is_empty() {
        return;
    }
    section(blocks, "Commands");
    for below in &command.commands {
        blocks.push(Block::Entry {
            term: vec![Span::Literal(below.word().to_owned())],
            about: vec![spans(&below.about)],
        });
    }
}

fn argument(argument: &Argument) -> Block {
    let mut about = vec![spans(&argument.about)];
    about.extend(allowed(Some(&argument.value)));
    Block::Entry {
        term: vec![Span::Placeholder(argument.value.shown())],
        about,
    }
}

fn options(blocks: &mut Vec<Block>, command: &Command) {
    section(blocks, "Options");
    let groups = command.grouped();
    let is_grouped = groups.len() > 1;
    for (Group { name, .. }, options) in groups {
        if is_grouped {
            blocks.push(Block::Subheading(name.to_owned()));
        }
        blocks.extend(options.into_iter().map(option));
    }
}

fn option(option: &Flag) -> Block {
    let mut term: Text = Vec::new();
    for (at, name) in option.names().into_iter().enumerate() {
        if at > 0 {
            term.push(Span::Plain(", ".into()));
        }
        term.push(Span::Literal(name));
    }
    if let Some(value) = &option.value {
        term.push(Span::Plain(" ".into()));
        term.push(Span::Placeholder(value.shown()));
    }
    let mut about = vec![spans(&option.about)];
    about.extend(allowed(option.value.as_ref()));
    Block::Entry { term, about }
}

/// The words of a choice, which the help may not list, or the bounds of a number.
fn allowed(value: Option<&Value>) -> Option<Text> {
    let text = match value?.kind {
        Kind::Choice { words, .. } => format!("Values: {}.", words().join(", ")),
        Kind::Integer { least, most } => format!("A whole number, {}.", bounds(least, most)),
        Kind::Word
        | Kind::Form(_)
        | Kind::Range
        | Kind::File
        | Kind::Directory
        | Kind::Profile
        | Kind::Command
        | Kind::Source
        | Kind::Key
        | Kind::Duration
        | Kind::Size
        | Kind::Staged(_)
        | Kind::RequestWord(_) => return None,
    };
    Some(plain(text))
}

/// The exit codes are the same for every command.
fn exit_status(blocks: &mut Vec<Block>) {
    section(blocks, "Exit status");
    blocks.extend(exit::TABLE.iter().map(|row| Block::Entry {
        term: vec![Span::Literal(row.codes())],
        about: vec![plain(row.meaning)],
    }));
}

/// The members of the JSON that a command prints with `--json`.
fn json_output(blocks: &mut Vec<Block>, command: &Command) {
    if command.json.is_empty() {
        return;
    }
    section(blocks, "JSON output");
    for output in command.json.iter().chain(command.failure) {
        let with = if output.when.is_empty() {
            "With --json"
        } else {
            output.when
        };
        let what = match output.shape {
            Shape::Object => "an object",
            Shape::Array => "an array of objects, each",
            Shape::Lines => "one object a line, each",
        };
        blocks.push(Block::Paragraph(plain(format!(
            "{with}: {what} with these members."
        ))));
        blocks.extend(output.fields.iter().map(|field| {
            let null = match field.presence {
                Presence::Always => "",
                Presence::Nullable => " or null",
            };
            Block::Entry {
                term: vec![Span::Literal(field.path.to_owned())],
                about: vec![plain(format!(
                    "{}{null}: {}",
                    field.json_type.name(),
                    field.about
                ))],
            }
        }));
    }
    kinds_of_failures(blocks);
}

/// The kinds of errors are the same for every command.
fn kinds_of_failures(blocks: &mut Vec<Block>) {
    blocks.push(Block::Paragraph(plain("The kinds of errors:")));
    blocks.extend(ErrorKind::ALL.map(|kind| Block::Entry {
        term: vec![Span::Literal(kind.word().to_owned())],
        about: vec![plain(kind.meaning())],
    }));
}

/// The parent command, the subcommands, or the commands beside it.
fn see_also(blocks: &mut Vec<Block>, command: &Command, whole: &Command) {
    let above = command.path.get(1..command.path.len().saturating_sub(1));
    let above = above.and_then(|words| whole.find(words));
    let near = above.filter(|_| command.path.len() > 1);
    let mut others: Vec<&Command> = command.commands.iter().collect();
    if others.is_empty() {
        others.extend(near.into_iter().flat_map(|above| above.commands.iter()));
    }
    let others = others
        .into_iter()
        .filter(|other| other.path != command.path);
    let pages = near.into_iter().chain(others).map(page_name);
    let mut text: Text = Vec::new();
    for name in pages {
        if !text.is_empty() {
            text.push(Span::Plain(", ".into()));
        }
        text.push(Span::Strong(name));
        text.push(Span::Plain("(1)".into()));
    }
    if !unstyled(&text).is_empty() {
        section(blocks, "See also");
        blocks.push(Block::Paragraph(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_is_listed_with_its_meaning() {
        let whole = crate::cli::whole();
        let page = page(&whole, &whole);
        let listed: Vec<(String, String)> = page
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::Entry { term, about } => Some((unstyled(term), unstyled(about.first()?))),
                _ => None,
            })
            .collect();
        for kind in ErrorKind::ALL {
            let row = (kind.word().to_owned(), kind.meaning().to_owned());
            assert!(listed.contains(&row), "{row:?}");
        }
    }
}
