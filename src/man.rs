//! Man pages, in man(7)'s macros, from the same tables as the help.

use std::fmt::Write;

use crate::error::kind::ErrorKind;
use crate::exit;
use crate::outline::{
    Argument, Command, Flag, Kind, Presence, Shape, Times, Value, bounds, first_sentence,
};

/// What stands in a page's head and foot beside the name.
pub(crate) struct Edition {
    pub version: String,
    /// `2026-11-23`, or empty.
    pub date: &'static str,
}

/// The name of a command's page, without its section: `c47-jwt-sign`.
pub(crate) fn page_name(command: &Command) -> String {
    command.path.join("-")
}

/// The page of `command`; `whole` is c47 itself.
pub(crate) fn page(command: &Command, whole: &Command, edition: &Edition) -> String {
    let mut page = String::new();
    let name = page_name(command);
    line(
        &mut page,
        &format!(
            ".TH {} 1 \"{}\" \"c47 {}\" \"c47 manual\"",
            escaped(&name.to_uppercase()),
            edition.date,
            edition.version
        ),
    );
    section(&mut page, "NAME");
    line(
        &mut page,
        &format!(
            "{} \\- {}",
            escaped(&name),
            escaped(&first_sentence(&command.about))
        ),
    );
    synopsis(&mut page, command);
    section(&mut page, "DESCRIPTION");
    paragraphs(&mut page, &command.about);
    if !command.commands.is_empty() {
        section(&mut page, "COMMANDS");
        for below in &command.commands {
            tagged(&mut page, &bold(below.word()), &below.about);
        }
    }
    if !command.arguments.is_empty() {
        section(&mut page, "ARGUMENTS");
        for argument in &command.arguments {
            tagged(&mut page, &italic(&argument.value.name), &argument.about);
            allowed(&mut page, Some(&argument.value));
        }
    }
    section(&mut page, "OPTIONS");
    for option in &command.options {
        let names: Vec<String> = option.names().iter().map(|name| bold(name)).collect();
        let value = option.value.as_ref();
        let value = value.map_or(String::new(), |value| format!(" {}", italic(&value.name)));
        tagged(
            &mut page,
            &format!("{}{value}", names.join(", ")),
            &option.about,
        );
        allowed(&mut page, option.value.as_ref());
    }
    literal(&mut page, "EXAMPLES", &command.examples);
    literal(&mut page, "NOTES", &command.notes);
    json_output(&mut page, command);
    exit_status(&mut page);
    see_also(&mut page, command, whole);
    page
}

fn synopsis(page: &mut String, command: &Command) {
    section(page, "SYNOPSIS");
    let mut text = bold(&command.name());
    for option in &command.options {
        text.push(' ');
        text.push_str(&option_in_synopsis(option));
    }
    for argument in &command.arguments {
        text.push(' ');
        text.push_str(&argument_in_synopsis(argument));
    }
    if !command.commands.is_empty() {
        let _ = write!(text, " {} ...", italic("command"));
    }
    line(page, &text);
}

fn option_in_synopsis(option: &Flag) -> String {
    let name = bold(&option.long);
    let text = match &option.value {
        Some(value) => format!("{name} {}", italic(&value.name)),
        None => name,
    };
    repeated(&text, option.times)
}

fn argument_in_synopsis(argument: &Argument) -> String {
    repeated(&italic(&argument.value.name), argument.times)
}

fn repeated(text: &str, times: Times) -> String {
    match times {
        Times::Once => text.to_owned(),
        Times::AtMostOnce => format!("[{text}]"),
        Times::Any => format!("[{text} ...]"),
    }
}

/// The words of a choice, which its help may leave out, and the bounds of a number.
fn allowed(page: &mut String, value: Option<&Value>) {
    let kind = value.map(|value| value.kind);
    let text = if let Some(Kind::Choice { words, .. }) = kind {
        format!("Values: {}.", words().join(", "))
    } else if let Some(Kind::Integer { least, most }) = kind {
        format!("A whole number, {}.", bounds(least, most))
    } else {
        return;
    };
    line(page, ".br");
    paragraphs(page, &text);
}

/// The exit codes are the same for every command.
fn exit_status(page: &mut String) {
    section(page, "EXIT STATUS");
    for row in exit::TABLE {
        tagged(page, &bold(&row.codes()), row.meaning);
    }
}

/// The members of what a command prints with `--json`.
fn json_output(page: &mut String, command: &Command) {
    if command.json.is_empty() {
        return;
    }
    section(page, "JSON OUTPUT");
    for (at, output) in command.json.iter().chain(command.failure).enumerate() {
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
        if at > 0 {
            line(page, ".PP");
        }
        paragraphs(page, &format!("{with}: {what} with these members."));
        for field in output.fields {
            let null = match field.presence {
                Presence::Always => "",
                Presence::Nullable => " or null",
            };
            let about = format!("{}{null}: {}", field.json_type.name(), field.about);
            tagged(page, &bold(field.path), &about);
        }
    }
    line(page, ".PP");
    paragraphs(page, "The kinds of failures:");
    for kind in ErrorKind::ALL {
        tagged(page, &bold(kind.word()), kind.meaning());
    }
}

/// The command above, those below, or those beside.
fn see_also(page: &mut String, command: &Command, whole: &Command) {
    let above = command.path.get(1..command.path.len().saturating_sub(1));
    let above = above.and_then(|words| whole.find(words));
    let near = above.filter(|_| command.path.len() > 1);
    let mut names: Vec<String> = near.map(page_name).into_iter().collect();
    let mut others: Vec<&Command> = command.commands.iter().collect();
    if others.is_empty() {
        others.extend(near.into_iter().flat_map(|above| above.commands.iter()));
    }
    names.extend(
        others
            .into_iter()
            .filter(|other| other.path != command.path)
            .map(page_name),
    );
    if names.is_empty() {
        return;
    }
    section(page, "SEE ALSO");
    let last = names.len() - 1;
    for (at, name) in names.iter().enumerate() {
        let comma = if at == last { "" } else { "," };
        line(page, &format!(".BR {} (1){comma}", escaped(name)));
    }
}

fn section(page: &mut String, title: &str) {
    line(page, &format!(".SH {title}"));
}

/// Text that stands as it is written, each after the other.
fn literal(page: &mut String, title: &str, texts: &[String]) {
    if texts.is_empty() {
        return;
    }
    section(page, title);
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            line(page, ".PP");
        }
        line(page, ".nf");
        for text in text.lines() {
            line(page, &text_line(text));
        }
        line(page, ".fi");
    }
}

/// An indented paragraph with a tag.
fn tagged(page: &mut String, tag: &str, text: &str) {
    line(page, ".TP");
    line(page, tag);
    paragraphs(
        page,
        if text.is_empty() {
            "(nothing to say)"
        } else {
            text
        },
    );
}

fn paragraphs(page: &mut String, text: &str) {
    for text in text.lines().filter(|text| !text.trim().is_empty()) {
        // One sentence a line, as man(7) wants it, gives the right space after each.
        for sentence in text.split_inclusive(". ") {
            line(page, &text_line(sentence.trim()));
        }
    }
}

fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}

fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", escaped(text))
}

fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", escaped(text))
}

/// A line of text: what begins with a dot or a quote would be a request.
fn text_line(text: &str) -> String {
    let escaped = escaped(text);
    if escaped.starts_with(['.', '\'']) {
        format!("\\&{escaped}")
    } else {
        escaped
    }
}

/// Every character as itself: roff reads `\`, and prints `-`, `'`, `` ` ``, `^` and `~` as others.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            '"' => out.push_str("\\(dq"),
            c if c.is_ascii() => out.push(c),
            c => {
                let _ = write!(out, "\\[u{:04X}]", u32::from(c));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_as_a_request_or_an_escape() {
        assert_eq!(text_line(".sh 'x' \\n"), "\\&.sh \\(aqx\\(aq \\en");
        assert_eq!(text_line("a--b …"), "a\\-\\-b \\[u2026]");
    }
}
