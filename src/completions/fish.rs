//! For fish, 3.1 and later.

use std::fmt::Write;

use super::{Offer, offer, stage_words, summary, words};
use crate::outline::{Command, Flag};

/// A `complete` line for each command and option, true where the words before lead to it.
pub(super) fn script(whole: &Command) -> String {
    let mut script = String::from(
        "# Completion of c47 for fish: put this into a directory of $fish_complete_path as c47.fish.\n\n",
    );
    script.push_str("# The words that lead to a command.\nset -g __c47_commands");
    for command in whole.all() {
        if !words(command).is_empty() {
            let _ = write!(script, " {}", quoted(&words(command)));
        }
    }
    script.push('\n');
    script.push_str(ENGINE);
    for command in whole.all() {
        commands_of(&mut script, command);
        for flag in &command.options {
            option(&mut script, command, flag);
        }
        if let Some(argument) = command.arguments.last() {
            let at = condition("__c47_at", command);
            if let Some(what) = offered(offer(&argument.value.kind)) {
                let _ = writeln!(script, "complete -c c47 -n {at} {what}");
            }
        }
    }
    for command in &whole.commands {
        let word = command.word();
        let _ = writeln!(script, "complete -c c47-{word} --wraps 'c47 {word}'");
    }
    script
}

fn commands_of(script: &mut String, command: &Command) {
    for below in &command.commands {
        let word = below.word();
        let about = quoted(&summary(&below.about));
        let at = condition("__c47_under", command);
        let _ = writeln!(script, "complete -c c47 -n {at} -a {word} -d {about}");
    }
    if !command.commands.is_empty() {
        let at = condition("__c47_at", command);
        let _ = writeln!(
            script,
            "complete -c c47 -n {at} -a help -d 'Tell about a command'"
        );
    }
}

fn option(script: &mut String, command: &Command, flag: &Flag) {
    let at = condition("__c47_at", command);
    let long = flag.long.trim_start_matches('-');
    let _ = write!(script, "complete -c c47 -n {at} -l {long}");
    if let Some(short) = flag.short {
        let _ = write!(script, " -s {short}");
    }
    if let Some(value) = &flag.value {
        let what = offered(offer(&value.kind)).unwrap_or_else(|| "-f".into());
        let _ = write!(script, " -r {what}");
    }
    let _ = writeln!(script, " -d {}", quoted(&summary(&flag.about)));
}

/// What `complete` is told to offer.
fn offered(offer: Offer) -> Option<String> {
    match offer {
        Offer::Nothing => None,
        Offer::Files => Some("-F".into()),
        Offer::Directories => {
            Some("-f -a '(__fish_complete_directories (commandline -ct))'".into())
        }
        Offer::Profiles => Some("-f -a '(__c47_profiles)'".into()),
        Offer::Commands => Some("-f -a '(__c47_next)'".into()),
        Offer::Words(words) => Some(format!("-f -a {}", quoted(&words.join(" ")))),
        Offer::Staged(stages) => {
            let stages = stages.iter().map(|stage| {
                let words = stage_words(stage).join(" ");
                let stage = format!("^{} {words}", stage.after.replace('*', "[^:]*"));
                format!(" {}", quoted(&stage))
            });
            let call = format!("(__c47_staged{})", stages.collect::<String>());
            Some(format!("-f -a {}", quoted(&call)))
        }
        Offer::RequestWord(methods) => {
            Some(format!("-f -a '(__c47_request {})'", methods.join(" ")))
        }
    }
}

/// A condition: the words before are those of this command.
fn condition(test: &str, command: &Command) -> String {
    quoted(&format!("{test} {}", quoted(&words(command))))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

const ENGINE: &str = r#"
# Prints the words that lead to the command typed so far, without the program, `help` among them;
# a question mark where they lead nowhere.
function __c47_path
    set -l tokens (commandline -opc)
    set -l found
    set -l at ''
    for token in $tokens[2..-1]
        if contains -- (string trim -- "$at $token") $__c47_commands
            set at (string trim -- "$at $token")
            set -a found $token
        else if test -n "$at"; and not string match -q -- "$at *" $__c47_commands
            # A command without subcommands: these are its own words.
            break
        else if test "$token" = help
            set -a found help
        else
            echo '?'
            return
        end
    end
    string join -- ' ' $found
end

# The command typed so far is the one at these words.
function __c47_at
    test (__c47_path | string collect; or echo) = "$argv[1]"
end

# So it is, perhaps after help.
function __c47_under
    test (string match -v help -- (__c47_path | string split -n ' ') | string join ' ' | string collect; or echo) = "$argv[1]"
end

# The profiles, each as @name and what is given: a slash, since an address goes on there.
function __c47_profiles
    set -l program (commandline -opc)[1]
    string match -qr '(^|/)c47$' -- $program; or set program c47
    string match -q '~*' -- $program; and set program c47
    for line in (command $program auth profiles 2>/dev/null </dev/null)
        set -l name (string match -r '^@?([A-Za-z0-9._-]+)' -- $line)[2]
        test -n "$name"; and echo @$name$argv[1]
    end
end

# The words that may follow those after the command at hand.
function __c47_next
    set -l before (string join -- ' ' (string match -v -- '-*' (commandline -opc)[3..-1]))
    for command in $__c47_commands
        set -l words (string split ' ' -- $command)
        if test (string join -- ' ' $words[1..-2] | string collect; or echo) = "$before"
            echo $words[-1]
        end
    end
end

# The files that begin with $argv[2], behind $argv[1].
function __c47_files
    for file in $argv[2]*
        test -d $file; and set file $file/
        string join -- '' $argv[1] $file
    end
end

# The words that may follow in a value. Each argument is a stage: a regular expression of what is
# before them, and the words. fish puts no space after a word that ends in a colon or an equals sign.
function __c47_staged
    set -l typed (commandline -ct | string collect)
    set -l option (string match -r -- '^--[a-z0-9-]+=' $typed)
    set typed (string replace -r -- '^--[a-z0-9-]+=' '' $typed | string collect)
    for stage in $argv
        set -l words (string split ' ' -- $stage)
        set -l before (string match -r -- $words[1] $typed | string collect; or true)
        if test "$words[1]" != '^'; and test -z "$before"
            continue
        end
        set -l rest (string replace -r -- $words[1] '' $typed | string collect)
        if contains file: $words; and string match -q 'file:*' -- $rest
            __c47_files "$option$before"file: (string replace file: '' -- $rest | string collect)
        else
            set -l next (string match -v FILES -- $words[2..-1])
            if contains FILES $words; and not string match -q -- "$rest*" $next
                __c47_files "$option$before" $rest
            else
                string join \n -- "$option$before"$next
            end
        end
        return
    end
end

# A word of an HTTP request: a method where it is the first, a file after an @ within an item.
function __c47_request
    set -l typed (commandline -ct | string collect)
    if string match -qr '^[^@]+@' -- $typed
        set -l parts (string split -m 1 @ -- $typed)
        __c47_files $parts[1]@ $parts[2]
        return
    end
    set -l words (commandline -opc)
    set -l first (math 2 + (count (string split -n ' ' -- (__c47_path))))
    if test (count $words) -lt $first; or not string match -qr '^[^-]' -- $words[$first..-1]
        string join \n -- $argv
    end
end

complete -c c47 -f
complete -c c47 -n 'string match -q "@*" -- (commandline -ct)' -f -a '(__c47_profiles /)'
"#;
