//! The options of a command: found by their names, with the value of each.

use argh::{CommandInfoWithArgs, FlagInfo, FlagInfoKind};

use super::foreign;
use crate::error::Error;
use crate::nearest::nearest;

/// An option of the command line.
pub(super) struct GivenOption<'a> {
    pub flag: &'static FlagInfo<'static>,
    /// `None` for a switch.
    pub value: Option<&'a str>,
}

/// Switches that may have a value, as in `--switch=value`, and the hidden options for it.
const WITH_VALUE: [(&str, &str); 1] = [("--idempotency-key", "--idempotency-header")];

/// The option at `word`. Its value may be the next of `words`.
pub(super) fn option<'a>(
    word: &'a str,
    words: &mut impl Iterator<Item = &'a str>,
    command: &CommandInfoWithArgs,
    path: &[String],
) -> Result<GivenOption<'a>, Error> {
    let (name, attached) = match word.split_once('=') {
        Some((name, value)) if name.starts_with("--") => (name, Some(value)),
        _ => (word, None),
    };
    let flag = find_flag(name, command, path)?;
    let value = match (&flag.kind, attached) {
        (FlagInfoKind::Switch, None) => None,
        (FlagInfoKind::Switch, Some(value)) => {
            if let Some((_, long)) = WITH_VALUE.iter().find(|(switch, _)| *switch == flag.long) {
                let flag = find_flag(long, command, path)?;
                return Ok(GivenOption {
                    flag,
                    value: Some(value),
                });
            }
            return Err(Error::usage(format!("{name} takes no value")));
        }
        (FlagInfoKind::Option { arg_name }, None) => {
            let wanted = || {
                let value = arg_name.to_uppercase();
                Error::usage(format!("{name} requires a value: {name} {value}"))
            };
            Some(words.next().ok_or_else(wanted)?)
        }
        (FlagInfoKind::Option { .. }, Some(value)) => Some(value),
    };
    Ok(GivenOption { flag, value })
}

/// The option with this name, such as `-H` or `--header`.
pub(super) fn known(
    name: &str,
    command: &CommandInfoWithArgs,
) -> Option<&'static FlagInfo<'static>> {
    let short = name.strip_prefix('-').filter(|name| !name.starts_with('-'));
    command.flags.iter().find(|flag| match short {
        Some(short) => flag.short.is_some_and(|c| short.chars().eq([c])),
        None => flag.long == name,
    })
}

fn find_flag(
    name: &str,
    command: &CommandInfoWithArgs,
    path: &[String],
) -> Result<&'static FlagInfo<'static>, Error> {
    if let Some(flag) = known(name, command) {
        return Ok(flag);
    }
    // The text after the letter of a short option may be its value, which may be a secret.
    let name = match name.char_indices().nth(2) {
        Some((end, _)) if !name.starts_with("--") => name.get(..end).unwrap_or(name),
        _ => name,
    };
    let hint = match known(name, command) {
        Some(_) => format!("put a space after a short option: {name} VALUE, or {name} -X"),
        None => hint_for(name, command, path),
    };
    Err(Error::usage_hint(format!("no such option: {name}"), hint))
}

/// The hint for an unknown option.
fn hint_for(name: &str, command: &CommandInfoWithArgs, path: &[String]) -> String {
    let first = path.first().map_or("", String::as_str);
    if let Some(replacement) = foreign::replacement(first, name) {
        return replacement.to_owned();
    }
    let visible = command.flags.iter().filter(|flag| !flag.hidden);
    let names = visible.map(|flag| flag.long.trim_start_matches('-'));
    match nearest(name.trim_start_matches('-'), names) {
        Some(meant) => format!("did you mean --{meant}?"),
        None => "-h lists the options; put an argument that starts with '-' after '--'".into(),
    }
}
