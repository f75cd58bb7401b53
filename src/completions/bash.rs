//! For bash, 4.2 (CentOS 7) and later, with or without the bash-completion package.

use std::fmt::Write;

use super::{Offer, below, offer};
use crate::outline::{Command, Kind};

/// Two tables, then what walks them.
pub(super) fn script(whole: &Command) -> String {
    let mut script = String::from(
        "# Completion of c47 for bash: source this, or put it where bash-completion looks.\n\n",
    );
    script.push_str(
        "# What may follow a command: its commands, its options, and what its arguments are.\n\
         _c47_table() {\n    commands='' options='' arguments=word\n    case $1 in\n",
    );
    for command in whole.all() {
        table_of(&mut script, command);
    }
    script.push_str("    *) return 1 ;;\n    esac\n}\n\n");
    script.push_str(
        "# What an option of a command takes; fails where it takes nothing.\n\
         _c47_value() {\n    case $1 in\n",
    );
    for command in whole.all() {
        values_of(&mut script, command);
    }
    script.push_str("    *) return 1 ;;\n    esac\n}\n\n");
    script.push_str(ENGINE);
    script.push_str("\ncomplete -F _c47 c47");
    for command in &whole.commands {
        let _ = write!(script, " c47-{}", command.word());
    }
    script.push('\n');
    script
}

fn table_of(script: &mut String, command: &Command) {
    let options: Vec<String> = command
        .options
        .iter()
        .flat_map(|flag| flag.names())
        .collect();
    let _ = write!(script, "    '{}')", command.name());
    if !command.commands.is_empty() {
        let _ = write!(script, " commands='{}'", below(command).join(" "));
    }
    let _ = write!(script, " options='{}'", options.join(" "));
    // Only the last can stand for many; which of several is meant is not counted out.
    if let Some(argument) = command.arguments.last() {
        let _ = write!(script, " arguments='{}'", kind(&argument.value.kind));
    }
    script.push_str(" ;;\n");
}

fn values_of(script: &mut String, command: &Command) {
    for flag in &command.options {
        let Some(value) = &flag.value else { continue };
        let patterns: Vec<String> = flag
            .names()
            .iter()
            .map(|name| format!("'{} {name}'", command.name()))
            .collect();
        let kind = kind(&value.kind);
        let _ = writeln!(script, "    {}) value='{kind}' ;;", patterns.join(" | "));
    }
}

fn kind(kind: &Kind) -> String {
    match offer(kind) {
        Offer::Nothing => "word".into(),
        Offer::Files => "file".into(),
        Offer::Directories => "directory".into(),
        Offer::Profiles => "profile".into(),
        Offer::Commands => "command".into(),
        Offer::Words(words) => format!("choice {}", words.join(" ")),
        Offer::Prefixes(words) => format!("prefix {}", words.join(" ")),
    }
}

const ENGINE: &str = r#"
# The profiles, each as @name; none where c47 does not know of any.
_c47_profiles() {
    local program=${words[0]} name rest
    case ${program##*/} in
    c47) case $program in '~'*) program=c47 ;; esac ;;
    *) program=c47 ;;
    esac
    while read -r name rest; do
        case $name in
        *[!A-Za-z0-9@._-]* | '') ;;
        *) printf '@%s\n' "${name#@}" ;;
        esac
    done < <("$program" auth profiles 2>/dev/null </dev/null)
}

# Follows the words from $index on, which name commands, and stops at the first that does not.
_c47_walk() {
    local end=$1
    while _c47_table "$path" && [[ -n $commands ]] && ((index < end)); do
        case " $commands help " in
        *" ${words[index]} "*) ;;
        *) return 1 ;;
        esac
        if [[ ${words[index]} == help ]]; then
            helping=yes
        else
            path+=" ${words[index]}"
        fi
        ((index += 1))
    done
    return 0
}

# Offers what a value of the kind $1 may be, where $2 is typed so far.
_c47_offer() {
    local typed=$2 line
    case $1 in
    file | directory)
        compopt -o filenames 2>/dev/null
        local action=-f
        [[ $1 == directory ]] && action=-d
        while IFS= read -r line; do
            COMPREPLY+=("$line")
        done < <(compgen "$action" -- "$typed")
        ;;
    profile)
        while IFS= read -r line; do
            case $typed in '@'*) ;; *) line=${line#@} ;; esac
            [[ $line == "$typed"* ]] && COMPREPLY+=("$line")
        done < <(_c47_profiles)
        ;;
    prefix*)
        case "$1 /$typed" in
        *' file: '*/file:*) _c47_offer file "${typed#file:}" ;;
        */*[:=]*) ;;
        *)
            compopt -o nospace 2>/dev/null
            COMPREPLY+=($(compgen -W "${1#prefix}" -- "$typed"))
            ;;
        esac
        ;;
    choice*) COMPREPLY+=($(compgen -W "${1#choice}" -- "$typed")) ;;
    esac
}

_c47() {
    local line=${COMP_LINE:0:COMP_POINT} current='' index=1 path=c47 helping='' value='' IFS=$' \t\n'
    local commands options arguments last name only_arguments='' program
    local -a words
    COMPREPLY=()
    read -ra words <<<"$line"
    # What is being typed is the last word, unless a blank ends it.
    if [[ $line != *[[:space:]] && ${#words[@]} -gt 1 ]]; then
        current=${words[${#words[@]} - 1]}
        unset "words[${#words[@]} - 1]"
    fi
    last=${#words[@]}
    program=${words[0]##*/}
    case $program in
    c47-*) _c47_table "c47 ${program#c47-}" && path="c47 ${program#c47-}" ;;
    esac
    _c47_walk "$last" || return 0
    if [[ -n $commands ]]; then
        case $current in
        -*) [[ -n $helping ]] || COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
        *)
            [[ -n $helping ]] || commands+=' help'
            COMPREPLY=($(compgen -W "$commands" -- "$current"))
            ;;
        esac
        return 0
    fi
    [[ -z $helping ]] || return 0
    for name in "${words[@]:index}"; do
        [[ $name == -- ]] && only_arguments=yes
    done
    name=${words[last - 1]}
    if [[ -z $only_arguments && $current == --*=* ]]; then
        _c47_value "$path ${current%%=*}" && _c47_offer "$value" "${current#*=}"
        # What stands before the value is part of the word unless = parts words.
        if [[ $COMP_WORDBREAKS != *=* ]]; then
            COMPREPLY=("${COMPREPLY[@]/#/${current%%=*}=}")
        fi
    elif [[ -z $only_arguments ]] && ((last > index)) && _c47_value "$path $name"; then
        _c47_offer "$value" "$current"
    elif [[ $current == @* ]]; then
        _c47_offer profile "$current"
    elif [[ -z $only_arguments && $current == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$current"))
    elif [[ $arguments == command ]]; then
        path=c47
        _c47_walk "$last" && COMPREPLY=($(compgen -W "$commands" -- "$current"))
    else
        _c47_offer "$arguments" "$current"
    fi
    _c47_trim "$current"
}

# bash takes what follows a colon for a word of its own, and replaces that alone.
_c47_trim() {
    local typed=${1#--*=} before index
    if [[ $typed == *:* && $COMP_WORDBREAKS == *:* ]]; then
        before=${typed%"${typed##*:}"}
        for index in "${!COMPREPLY[@]}"; do
            COMPREPLY[index]=${COMPREPLY[index]#"$before"}
        done
    fi
}
"#;
