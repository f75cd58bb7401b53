//! For nushell: `extern` signatures, a module for `use`.

use std::fmt::Write;

use super::{Offer, below, offer, stage_words, summary};
use crate::outline::{Argument, Command, Flag, Kind, Times};

/// A signature for each command, and a completer for each choice.
pub(super) fn script(whole: &Command) -> String {
    let mut script = String::from(HEAD);
    for command in whole.all() {
        completers(&mut script, command);
        signature(&mut script, command);
    }
    script
}

/// The choices of this command's options and arguments, and the commands below it.
fn completers(script: &mut String, command: &Command) {
    if !command.commands.is_empty() {
        let names: Vec<String> = below(command).into_iter().map(str::to_owned).collect();
        let name = completer(command, "commands");
        let _ = writeln!(script, "def {name} [] {{ {} }}\n", list(&names));
    }
    let flags = command.options.iter().filter_map(|flag| {
        let kind = &flag.value.as_ref()?.kind;
        Some((flag_completer(command, flag), kind))
    });
    let arguments = command
        .arguments
        .iter()
        .map(|argument| (argument_completer(command, argument), &argument.value.kind));
    for (name, kind) in flags.chain(arguments) {
        match offer(kind) {
            Offer::Words(words) => {
                let _ = writeln!(script, "def {name} [] {{ {} }}\n", list(&words));
            }
            Offer::Staged(stages) => {
                let stages = stages.iter().map(|stage| {
                    let pattern = format!("^{}", stage.after.replace('*', "[^:]*"));
                    let words = stage_words(stage).into_iter().map(str::to_owned);
                    list(&[pattern].into_iter().chain(words).collect::<Vec<_>>())
                });
                let stages = stages.collect::<Vec<_>>().join(", ");
                let _ = writeln!(
                    script,
                    "def {name} [context: string] {{ nu-complete c47 staged $context [{stages}] }}\n"
                );
            }
            Offer::RequestWord(methods) => {
                let _ = writeln!(
                    script,
                    "def {name} [context: string] {{ nu-complete c47 request $context {} }}\n",
                    list(&methods)
                );
            }
            Offer::Nothing
            | Offer::Files
            | Offer::Directories
            | Offer::Profiles
            | Offer::Commands => {}
        }
    }
}

fn signature(script: &mut String, command: &Command) {
    let _ = writeln!(script, "# {}", summary(&command.about));
    let _ = writeln!(script, "export extern \"{}\" [", command.name());
    for argument in &command.arguments {
        let _ = writeln!(script, "    {}", positional(command, argument));
    }
    if !command.commands.is_empty() {
        let completer = completer(command, "commands");
        let _ = writeln!(script, "    ...command: string@{completer}");
    }
    for flag in &command.options {
        let _ = writeln!(script, "    {}", option(command, flag));
    }
    script.push_str("]\n\n");
}

fn positional(command: &Command, argument: &Argument) -> String {
    let name = identifier(&argument.value.name);
    let kind = shape(&argument.value.kind, argument_completer(command, argument));
    let about = summary(&argument.about);
    match argument.times {
        Times::Any => format!("...{name}: {kind} # {about}"),
        Times::AtMostOnce => format!("{name}?: {kind} # {about}"),
        Times::Once => format!("{name}: {kind} # {about}"),
    }
}

fn option(command: &Command, flag: &Flag) -> String {
    let short = flag
        .short
        .map_or(String::new(), |short| format!("(-{short})"));
    let value = flag.value.as_ref().map_or(String::new(), |value| {
        format!(": {}", shape(&value.kind, flag_completer(command, flag)))
    });
    format!("{}{short}{value} # {}", flag.long, summary(&flag.about))
}

/// The shape of a value; `completer` is that of a choice.
fn shape(kind: &Kind, completer: String) -> String {
    match offer(kind) {
        Offer::Nothing => "string@\"nu-complete c47 words\"".into(),
        Offer::Files => "path".into(),
        Offer::Directories => "directory".into(),
        Offer::Profiles => "string@\"nu-complete c47 profiles\"".into(),
        Offer::Commands => "string@\"nu-complete c47 commands\"".into(),
        Offer::Words(_) | Offer::Staged(_) | Offer::RequestWord(_) => format!("string@{completer}"),
    }
}

fn flag_completer(command: &Command, flag: &Flag) -> String {
    completer(command, &flag.long)
}

/// An argument may be named as an option is.
fn argument_completer(command: &Command, argument: &Argument) -> String {
    completer(
        command,
        &format!("argument {}", identifier(&argument.value.name)),
    )
}

/// The name of the completer of a choice.
fn completer(command: &Command, value: &str) -> String {
    let value = value.trim_start_matches('-');
    format!("\"nu-complete {} {value}\"", command.name())
}

/// A name that nushell takes for a parameter.
fn identifier(name: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().map(safe).collect();
    name.trim_matches('_').to_ascii_lowercase()
}

fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    format!("[{}]", words.join(", "))
}

const HEAD: &str = r#"# Completion of c47 for nushell; in config.nu: use c47-completions.nu *
# (A module may not have a command of its own name, so that it is not c47.nu.)

# The profiles, each as @name.
def "nu-complete c47 profiles" [] {
    try {
        ^c47 auth profiles | complete | get stdout | lines
        | each {|line| $line | split row ' ' | first | str trim --left --char '@' }
        | where {|name| $name != '' } | each {|name| $'@($name)' }
    } catch { [] }
}

# The word that is typed, without the name of the option whose value it is.
def "nu-complete c47 typed" [context: string] {
    $context | split row --regex '\s' | last | str replace --regex '^--[a-z0-9-]+=' ''
}

# The files that begin with a text, behind another.
def "nu-complete c47 files" [before: string, typed: string] {
    let pattern = $"($typed)*" | into glob
    try { ls $pattern | each {|file| if $file.type == dir { $'($before)($file.name)/' } else { $'($before)($file.name)' } } } catch { [] }
}

# Words that are completed only where they name a profile.
def "nu-complete c47 words" [context: string] {
    if ($context | split row ' ' | last | str starts-with '@') {
        nu-complete c47 profiles
    } else { [] }
}

# The words that may follow in a value. A stage is a regular expression of what is before them, and
# the words.
def "nu-complete c47 staged" [context: string, stages: list<list<string>>] {
    let typed = nu-complete c47 typed $context
    for stage in $stages {
        let rest = $typed | str replace --regex ($stage | first) ''
        if $rest == $typed and ($stage | first) != '^' { continue }
        let before = $typed | str substring 0..<(($typed | str length) - ($rest | str length))
        if ($rest | str starts-with 'file:') and 'file:' in $stage {
            return (nu-complete c47 files $'($before)file:' ($rest | str substring 5..))
        }
        let words = $stage | skip 1 | where {|word| $word != 'FILES' }
        if 'FILES' in $stage and ($words | where {|word| $word | str starts-with $rest } | is-empty) {
            return (nu-complete c47 files $before $rest)
        }
        return ($words | each {|word| $'($before)($word)' })
    }
    []
}

# A word of an HTTP request: a profile, a method where it is the first, a file after an @ within an
# item.
def "nu-complete c47 request" [context: string, methods: list<string>] {
    let typed = nu-complete c47 typed $context
    if ($typed | str starts-with '@') {
        nu-complete c47 profiles
    } else if '@' in $typed {
        let at = $typed | str index-of '@'
        nu-complete c47 files ($typed | str substring 0..$at) ($typed | str substring ($at + 1)..)
    } else if $context =~ '\bhttp\s+\S*$' {
        $methods
    } else { [] }
}

"#;
