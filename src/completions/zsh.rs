//! For zsh: a `#compdef` file for a directory of `$fpath`, which may also be sourced.

use std::fmt::Write;

use super::{Offer, below, offer, stage_words, summary};
use crate::outline::{Command, Flag, Kind, Times};

/// A function that follows the command words, and the specifications of each command for
/// `_arguments`.
pub(super) fn script(whole: &Command) -> String {
    let links: Vec<String> = whole
        .commands
        .iter()
        .map(|command| format!(" c47-{}", command.word()))
        .collect();
    let links = links.concat();
    let mut script = format!(
        "#compdef c47{links}\n\
         # Completion of c47 for zsh: put this into a directory of $fpath as _c47, or source it.\n\n"
    );
    script.push_str(
        "# What may follow a command: its commands, and its options and arguments.\n\
         _c47_table() {\n    below=() specs=()\n    case $1 in\n",
    );
    for command in whole.all() {
        table_of(&mut script, command);
    }
    script.push_str("    *) return 1 ;;\n    esac\n}\n\n");
    script.push_str(ENGINE);
    let _ = writeln!(script, "    compdef _c47 c47{links}\nfi");
    script
}

fn table_of(script: &mut String, command: &Command) {
    let _ = writeln!(script, "    {})", quoted(&command.name()));
    if !command.commands.is_empty() {
        script.push_str("        below=(\n");
        for name in below(command) {
            let about = command
                .find(&[name.to_owned()])
                .map_or("", |below| &below.about);
            let described = format!("{name}:{}", summary(about));
            let _ = writeln!(script, "            {}", quoted(&described));
        }
        script.push_str("        )\n");
    }
    script.push_str("        specs=(\n");
    for flag in &command.options {
        for spec in option_specs(flag) {
            let _ = writeln!(script, "            {}", quoted(&spec));
        }
    }
    for (at, argument) in command.arguments.iter().enumerate() {
        let place = match argument.times {
            Times::Any => "*".to_owned(),
            Times::Once | Times::AtMostOnce => (at + 1).to_string(),
        };
        let optional = if argument.times == Times::AtMostOnce {
            "::"
        } else {
            ":"
        };
        let name = message(&argument.value.name);
        let spec = format!("{place}{optional}{name}:{}", action(&argument.value.kind));
        let _ = writeln!(script, "            {}", quoted(&spec));
    }
    script.push_str("        )\n        ;;\n");
}

/// A specification for each of its names.
fn option_specs(flag: &Flag) -> Vec<String> {
    let names = flag.names();
    let about = message(&summary(&flag.about));
    let spec = |name: &String| {
        let (many, excluded) = match flag.times {
            Times::Any => ("*", String::new()),
            Times::Once | Times::AtMostOnce => ("", format!("({})", names.join(" "))),
        };
        match &flag.value {
            None => format!("{excluded}{many}{name}[{about}]"),
            Some(value) => {
                let equals = if name.starts_with("--") { "=" } else { "" };
                let value_name = message(&value.name);
                let action = action(&value.kind);
                format!("{excluded}{many}{name}{equals}[{about}]:{value_name}:{action}")
            }
        }
    };
    names.iter().map(spec).collect()
}

fn action(kind: &Kind) -> String {
    match offer(kind) {
        Offer::Nothing => "_c47_nothing".into(),
        Offer::Files => "_files".into(),
        Offer::Directories => "_files -/".into(),
        Offer::Profiles => "_c47_profiles".into(),
        Offer::Commands => "_c47_command".into(),
        Offer::Words(words) => format!("({})", words.join(" ")),
        // The blank in front keeps _arguments from adding arguments of its own.
        Offer::Staged(stages) => {
            let stages = stages.iter().map(|stage| {
                let words = stage_words(stage).join(" ");
                format!(" {}", quoted(&format!("{} {words}", stage.after)))
            });
            format!(" _c47_staged{}", message(&stages.collect::<String>()))
        }
        Offer::RequestWord(methods) => format!(" _c47_request {}", methods.join(" ")),
    }
}

/// Text for a message within a specification, where brackets and colons mean something.
fn message(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '[' | ']' | ':' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

const ENGINE: &str = r#"
# The profiles: as @name where an @ is typed.
_c47_profiles() {
    local program=c47 line
    local -a names
    [[ ${_c47_program:t} == c47 ]] && program=${_c47_program/#\~/$HOME}
    for line in ${(f)"$($program auth profiles 2>/dev/null </dev/null)"}; do
        names+=(${${line%%[[:space:]]*}#@})
    done
    # An address goes on behind @name.
    if [[ $PREFIX == @* ]]; then
        compadd -S '' -- @${^names}
    else
        compadd -- $names
    fi
}

# The words of one of c47's commands.
_c47_command() {
    local -a below specs
    local at=c47 word
    for word in ${words[2,CURRENT-1]}; do
        [[ $word == -* ]] || at+=" $word"
    done
    _c47_table "$at" && ((${#below})) && _describe -t commands command below
}

# What only the user knows. Without any action _arguments would offer no options either.
_c47_nothing() {
    return 1
}

# The words that may follow in a value. Each argument is a stage: a pattern of what is before them,
# and the words.
_c47_staged() {
    local stage after word
    local -a next ends
    for stage; do
        after=${stage%% *}
        next=(${=stage#* })
        [[ -z $after ]] || compset -P 1 "${~after}" || continue
        if [[ $PREFIX == file:* ]] && ((${next[(I)file:]})); then
            compset -P 1 'file:'
            _files
        else
            if ((${next[(I)FILES]})); then
                next=(${next:#FILES})
                ends=(${(M)next:#${PREFIX}*})
                if ((!${#ends})); then
                    _files
                    return
                fi
            fi
            ends=(${next:#*[:=]})
            ((${#ends})) && compadd -- $ends
            next=(${(M)next:#*[:=]})
            ((${#next})) && compadd -S '' -- $next
        fi
        return
    done
}

# A word of an HTTP request: a method where it is the first, a file after an @ within an item.
_c47_request() {
    if compset -P 1 '?*@'; then
        _files
    elif ((${#line} <= 1)); then
        compadd -- "$@"
    fi
}

_c47() {
    local at=c47 helping='' _c47_program=${words[1]} word
    local -a below specs
    integer index=2
    if [[ ${_c47_program:t} == c47-* ]] && _c47_table "c47 ${${_c47_program:t}#c47-}"; then
        at="c47 ${${_c47_program:t}#c47-}"
    fi
    while _c47_table "$at" && ((${#below} && index < CURRENT)); do
        word=${words[index]}
        if [[ $word == help ]]; then
            helping=yes
        elif ((${below[(I)${(b)word}:*]})); then
            at+=" $word"
        else
            return 1
        fi
        ((index += 1))
    done
    if ((${#below})); then
        if [[ $PREFIX == -* ]]; then
            [[ -n $helping ]] || _arguments $specs
        else
            [[ -n $helping ]] || below+=('help:tell about a command')
            _describe -t commands command below
        fi
        return
    fi
    [[ -z $helping ]] || return 1
    # The command with its words is one word to _arguments.
    words=("$at" "${(@)words[index,-1]}")
    ((CURRENT -= index - 2))
    if [[ $PREFIX == @* ]]; then
        _c47_profiles
    else
        _arguments -S : $specs
    fi
}

# As a file of $fpath this is run by the first completion; sourced, it is registered here.
if [[ ${funcstack[1]} == _c47 ]]; then
    _c47 "$@"
else
"#;
