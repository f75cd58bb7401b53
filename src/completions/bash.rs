//! For bash, 4.2 (CentOS 7) and later, with or without the bash-completion package.

use std::fmt::Write;

use super::{Offer, below, offer, stage_words};
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
        Offer::Staged(stages) => {
            let stages = stages
                .iter()
                .map(|stage| format!("|{} {}", stage.after, stage_words(stage).join(" ")));
            format!("staged{}", stages.collect::<String>())
        }
        Offer::RequestWord(methods) => format!("request {}", methods.join(" ")),
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

# Offers the files or directories ($1) that begin with $2, behind $3.
_c47_files() {
    local action=-f line
    [[ $1 == directory ]] && action=-d
    [[ $3 == *@ ]] || compopt -o filenames 2>/dev/null
    while IFS= read -r line; do
        # readline takes a candidate for a directory only where it is nothing but a path, and
        # would escape the @.
        [[ -n $3 && -d $line ]] && line+=/
        [[ $3 == *@ ]] && printf -v line %q "$line"
        COMPREPLY+=("$3$line")
    done < <(compgen "$action" -- "$2")
    [[ -n $3 && ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
}

# Offers the profiles that begin with $1, behind $2. An address goes on behind @name.
_c47_offer_profiles() {
    local line
    [[ $1 == @* ]] && compopt -o nospace 2>/dev/null
    while IFS= read -r line; do
        [[ $1 == @* ]] || line=${line#@}
        [[ $line == "$1"* ]] && COMPREPLY+=("$2$line")
    done < <(_c47_profiles)
}

# Offers the words that may follow in a value, where $1 has the stages, $2 is typed and $3 is
# before it.
_c47_staged() {
    local IFS='|' stage after rest next
    local -a stages
    read -ra stages <<<"${1#staged|}"
    IFS=$' \t\n'
    for stage in "${stages[@]}"; do
        after=${stage%% *}
        # shellcheck disable=SC2295 # a pattern
        rest=${2#$after}
        [[ -z $after || $rest != "$2" ]] || continue
        after=$3${2%"$rest"}
        if [[ $rest == file:* && " $stage " == *' file: '* ]]; then
            _c47_files file "${rest#file:}" "${after}file:"
        else
            next=${stage#* }
            COMPREPLY=($(compgen -P "$after" -W "${next% FILES}" -- "$rest"))
            if [[ $stage == *' FILES' && ${#COMPREPLY[@]} == 0 ]]; then
                _c47_files file "$rest" "$after"
            fi
            [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:=] ]] && compopt -o nospace 2>/dev/null
        fi
        return 0
    done
}

# Offers what a value of the kind $1 may be, where $2 is typed of it and $3 is before it in the
# word. Candidates are whole words.
_c47_offer() {
    case $1 in
    file | directory) _c47_files "$1" "$2" "$3" ;;
    profile) _c47_offer_profiles "$2" "$3" ;;
    staged*) _c47_staged "$@" ;;
    request*)
        case $2 in
        ?*@*) _c47_files file "${2#*@}" "$3${2%%@*}@" ;;
        *) ((typed_arguments > 0)) || COMPREPLY=($(compgen -W "${1#request}" -- "$2")) ;;
        esac
        ;;
    choice*) COMPREPLY=($(compgen -P "$3" -W "${1#choice}" -- "$2")) ;;
    esac
}

_c47() {
    local line=${COMP_LINE:0:COMP_POINT} current='' index=1 path=c47 helping='' value='' IFS=$' \t\n'
    local commands options arguments last name only_arguments='' program typed_arguments=0
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
    _c47_count
    name=${words[last - 1]}
    if [[ -z $only_arguments && $current == --*=* ]]; then
        _c47_value "$path ${current%%=*}" && _c47_offer "$value" "${current#*=}" "${current%%=*}="
    elif [[ -z $only_arguments ]] && ((last > index)) && _c47_value "$path $name"; then
        _c47_offer "$value" "$current" ''
    elif [[ $current == @* ]]; then
        _c47_offer profile "$current" ''
    elif [[ -z $only_arguments && $current == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$current"))
    elif [[ $arguments == command ]]; then
        path=c47
        _c47_walk "$last" && COMPREPLY=($(compgen -W "$commands" -- "$current"))
    else
        _c47_offer "$arguments" "$current" ''
    fi
    _c47_trim "$current"
}

# Counts the arguments before the word that is typed, and sees whether -- ends the options.
_c47_count() {
    local word before=''
    for word in "${words[@]:index}"; do
        if [[ -n $only_arguments ]]; then
            ((typed_arguments += 1))
        elif [[ $word == -- ]]; then
            only_arguments=yes
        elif [[ $word != -* ]] && ! _c47_value "$path $before"; then
            ((typed_arguments += 1))
        fi
        before=$word
    done
}

# bash replaces only what follows the last character that parts words: what is before it must not
# be in a candidate. It counts an @ to what follows.
_c47_trim() {
    local rest=${1##*["$COMP_WORDBREAKS"]} before index
    before=${1%"$rest"}
    [[ $before == *@ && $COMP_WORDBREAKS == *@* ]] && before=${before%@}
    for index in "${!COMPREPLY[@]}"; do
        COMPREPLY[index]=${COMPREPLY[index]#"$before"}
    done
}
"#;
