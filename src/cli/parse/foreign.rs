//! Options of other tools, and what to use instead. A guess by spelling would mislead: `--pretty` is
//! close to `--retry`.

use crate::curl;

/// Options of other tools with the same replacement.
struct Row {
    names: &'static [&'static str],
    replacement: &'static str,
}

/// Options of curl, HTTPie, xh and wget.
const HTTP: &[Row] = &[
    Row {
        names: &["-X", "--request", "--method"],
        replacement: "write the method before the URL: c47 http POST URL",
    },
    Row {
        names: &["-H", "--header"],
        replacement: "write a header as an item: c47 http URL Name:value",
    },
    Row {
        names: &["-d", "--data", "--data-ascii", "--data-raw", "--post-data"],
        replacement: "use key=value items, or --body FILE (- is stdin); HTTPie's -d is --download",
    },
    Row {
        names: &[
            "--data-binary",
            "--post-file",
            "--body-file",
            "-T",
            "--upload-file",
        ],
        replacement: "use --body FILE (- is stdin)",
    },
    Row {
        names: &["--data-urlencode"],
        replacement: "use key=value items and --form, or key==value for the query",
    },
    Row {
        names: &["-G", "--get"],
        replacement: "use key==value items, which are added to the query",
    },
    Row {
        names: &["-u", "--user", "-a", "--http-user", "--http-password"],
        replacement: "use --auth basic=USER:SOURCE; SOURCE is env:NAME, file:PATH, command:PROGRAM or prompt",
    },
    Row {
        names: &["--oauth2-bearer", "--bearer", "-A", "--auth-type"],
        replacement: "use --auth bearer=SOURCE, basic=USER:SOURCE or digest=USER:SOURCE",
    },
    Row {
        names: &["--digest"],
        replacement: "use --auth digest=USER:SOURCE",
    },
    Row {
        names: &["--basic"],
        replacement: "use --auth basic=USER:SOURCE",
    },
    Row {
        names: &["-n", "--netrc", "--netrc-optional"],
        replacement: "use --auth netrc",
    },
    Row {
        names: &["--netrc-file"],
        replacement: "use --auth netrc, with the path of the file in the variable NETRC",
    },
    Row {
        names: &["--ignore-netrc"],
        replacement: "leave it out: a netrc file is read only with --auth netrc",
    },
    Row {
        names: &["--negotiate", "--ntlm", "--anyauth", "--aws-sigv4"],
        replacement: "not supported; c47 help http lists the schemes of --auth",
    },
    Row {
        names: &["-k", "--no-check-certificate"],
        replacement: "use --insecure, or --cacert FILE to trust the certificate of the server",
    },
    Row {
        names: &["--verify"],
        replacement: "use --insecure for --verify=no, --cacert FILE for --verify=FILE",
    },
    Row {
        names: &["-L", "--location", "-F", "--location-trusted"],
        replacement: "use --follow; curl's -F is a key=value or key@file item",
    },
    Row {
        names: &["--max-redirs"],
        replacement: "use --follow --max-redirects N",
    },
    Row {
        names: &["--form-string"],
        replacement: "use key=value and key@file items; a file makes the body a multipart form",
    },
    Row {
        names: &[
            "-s",
            "--silent",
            "-S",
            "--show-error",
            "--no-progress-meter",
        ],
        replacement: "leave it out: progress is shown on terminals only; --quiet turns it off",
    },
    Row {
        names: &["-i", "--include", "--all"],
        replacement: "use --print hb for response headers and body, or -v for all headers on stderr",
    },
    Row {
        names: &["-I", "--head"],
        replacement: "write the method before the URL: c47 http HEAD URL",
    },
    Row {
        names: &["--ignore-stdin"],
        replacement: "leave it out: stdin is read only if an option or item is -",
    },
    Row {
        names: &[
            "--check-status",
            "-f",
            "--fail",
            "--fail-with-body",
            "--fail-early",
        ],
        replacement: "leave it out: the exit code is 3, 4 or 5 for 3xx, 4xx, 5xx",
    },
    Row {
        names: &[
            "--pretty",
            "--style",
            "--format-options",
            "--sorted",
            "--unsorted",
        ],
        replacement: "leave it out: JSON is formatted and coloured on a terminal, and unchanged in a pipe",
    },
    Row {
        names: &["--meta", "-m", "--write-out", "-w"],
        replacement: "use --timing, or --json for status, headers and timing; curl's -m is --timeout",
    },
    Row {
        names: &["--max-time", "--read-timeout"],
        replacement: "use --timeout DURATION",
    },
    Row {
        names: &[
            "--session",
            "--session-read-only",
            "-b",
            "--cookie",
            "-c",
            "--cookie-jar",
            "-j",
            "--junk-session-cookies",
        ],
        replacement: "use --cookies FILE to keep cookies between calls, or the item Cookie:name=value to send one",
    },
    Row {
        names: &["-e", "--referer"],
        replacement: "write the header as an item: Referer:URL",
    },
    Row {
        names: &["--user-agent"],
        replacement: "write the header as an item: User-Agent:NAME",
    },
    Row {
        names: &[
            "-O",
            "--remote-name",
            "-J",
            "--remote-header-name",
            "--output-document",
        ],
        replacement: "use --download, with -o for another file or directory",
    },
    Row {
        names: &["-C", "--continue-at"],
        replacement: "use --download --continue",
    },
    Row {
        names: &["--range"],
        replacement: "write the header as an item: Range:bytes=0-99",
    },
    Row {
        names: &["--compressed"],
        replacement: "leave it out: compressed responses are always requested and decoded",
    },
    Row {
        names: &["-x"],
        replacement: "use --proxy URL; HTTPie's -x is --compress",
    },
    Row {
        names: &["-p"],
        replacement: "use --print LETTERS",
    },
    Row {
        names: &["-U", "--proxy-user"],
        replacement: "use --proxy-auth USER:SOURCE",
    },
    Row {
        names: &["--noproxy", "--no-proxy"],
        replacement: "set the variable NO_PROXY",
    },
    Row {
        names: &["--socks5", "--socks5-hostname"],
        replacement: "use --proxy socks5://HOST:PORT",
    },
    Row {
        names: &["-E"],
        replacement: "use --cert FILE",
    },
    Row {
        names: &["--cert-key"],
        replacement: "use --key FILE",
    },
    Row {
        names: &["--capath"],
        replacement: "use --cacert FILE, or set the variable SSL_CERT_DIR",
    },
    Row {
        names: &["--ssl", "--tlsv1.2", "--tlsv1.3", "--tlsv1"],
        replacement: "use --tls-min 1.2 or 1.3",
    },
    Row {
        names: &[
            "--http1.1",
            "--http1.0",
            "--http2",
            "--http3",
            "--http-version",
        ],
        replacement: "leave it out: c47 uses HTTP/1.1",
    },
    Row {
        names: &[
            "--retry-delay",
            "--retry-all-errors",
            "--retry-connrefused",
            "--tries",
        ],
        replacement: "use --retry N; the delay doubles after each attempt, and Retry-After is honoured",
    },
    Row {
        names: &["-D", "--dump-header"],
        replacement: "use --headers, or --print h",
    },
    Row {
        names: &["-N", "--no-buffer"],
        replacement: "use --stream",
    },
    Row {
        names: &["--max-filesize"],
        replacement: "use --max-body SIZE",
    },
    Row {
        names: &["--chunked"],
        replacement: "leave it out: a body is sent with its length if it is known",
    },
    Row {
        names: &[
            "--trace",
            "--trace-ascii",
            "--trace-time",
            "--debug",
            "--traceback",
        ],
        replacement: "use -v to show headers, --timing for the times",
    },
    Row {
        names: &["--json-data"],
        replacement: "use key=value and key:=json items",
    },
    Row {
        names: &["--default-scheme", "--https"],
        replacement: "write the scheme into the URL; without one it is https",
    },
    Row {
        names: &["--url"],
        replacement: "give the URL as an argument: c47 http URL",
    },
    Row {
        names: &["--connect-to"],
        replacement: "use --resolve HOST:PORT:ADDRESS",
    },
    Row {
        names: &["--tls-max"],
        replacement: "leave it out: the newest TLS version of both sides is used; --tls-min sets the oldest",
    },
];

/// Options of jwt-cli, step and the command of PyJWT.
const JWT: &[Row] = &[
    Row {
        names: &["-S", "--secret", "--signing-key", "--keyfile"],
        replacement: "use --key SOURCE",
    },
    Row {
        names: &["-A", "--algorithm"],
        replacement: "use --alg ALG",
    },
    Row {
        names: &["-P", "--payload"],
        replacement: "use --claim name=text or name:=JSON, or --claims FILE",
    },
    Row {
        names: &["-e", "--exp", "--expires-in", "--expiration"],
        replacement: "use --ttl DURATION",
    },
    Row {
        names: &["--audience"],
        replacement: "use --claim aud=NAME to sign, --aud NAME to verify",
    },
    Row {
        names: &["--issuer"],
        replacement: "use --claim iss=NAME to sign, --iss NAME to verify",
    },
    Row {
        names: &["--subject"],
        replacement: "use --claim sub=NAME to sign, --sub NAME to verify",
    },
];

/// Options of many tools, for every command.
const ANY: &[Row] = &[
    Row {
        names: &["-V", "--version"],
        replacement: "c47 --version prints the version",
    },
    Row {
        names: &["-j", "--format", "--output-format"],
        replacement: "use --json, in the commands that have it",
    },
    Row {
        names: &["--color", "--colour", "--no-color"],
        replacement: "leave it out: colour is for terminals only; NO_COLOR=1 turns it off",
    },
    Row {
        names: &["-y", "--yes", "--no-input"],
        replacement: "leave it out: c47 asks no questions, except for secrets with the source prompt",
    },
];

/// For the options of curl that have no row.
const CURL: &str = "an option of curl: paste the whole command after --from-curl";

/// What to use instead of an option of another tool, for the top-level command `command`.
pub(super) fn replacement(command: &str, name: &str) -> Option<&'static str> {
    let own: &[Row] = match command {
        "http" => HTTP,
        "jwt" => JWT,
        _ => &[],
    };
    let mut rows = own.iter().chain(ANY);
    match rows.find(|row| row.names.contains(&name)) {
        Some(row) => Some(row.replacement),
        None => (command == "http" && curl::is_option(name)).then_some(CURL),
    }
}

/// Commands of other tools, and those of c47.
const COMMANDS: [(&str, &str); 11] = [
    ("curl", "http"),
    ("wget", "http"),
    ("request", "http"),
    ("get", "http"),
    ("post", "http"),
    ("put", "http"),
    ("delete", "http"),
    ("version", "--version"),
    ("doctor", "selftest"),
    ("completion", "completions"),
    ("login", "auth login"),
];

/// What to use instead of a command of another tool.
pub(super) fn command_replacement(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let found = COMMANDS.iter().find(|(theirs, _)| *theirs == word);
    found.map(|(_, ours)| *ours)
}

#[cfg(test)]
mod tests {
    use argh::ArgsInfo;

    use super::*;
    use crate::cli::C47;

    /// The options of a command and of its subcommands.
    fn options(command: &argh::CommandInfoWithArgs, all: &mut Vec<String>) {
        for flag in command.flags {
            all.push(flag.long.to_owned());
            all.extend(flag.short.map(|short| format!("-{short}")));
        }
        for below in &command.commands {
            options(&below.command, all);
        }
    }

    fn of(name: &str) -> Vec<String> {
        let table = C47::get_args_info();
        let command = table.commands.iter().find(|it| it.name == name).unwrap();
        let mut all = Vec::new();
        options(&command.command, &mut all);
        all
    }

    #[test]
    fn names_are_unique_and_not_options_of_c47() {
        for (command, rows) in [("http", HTTP), ("jwt", JWT)] {
            let own = of(command);
            let mut names: Vec<&str> = rows.iter().flat_map(|row| row.names).copied().collect();
            for name in &names {
                assert!(!own.contains(&(*name).to_owned()), "{command} has {name}");
            }
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{command}: duplicate name");
        }
    }

    #[test]
    fn replacements_exist() {
        let known = |name: &str, own: &[String]| {
            let is_theirs = |rows: &[Row]| rows.iter().any(|row| row.names.contains(&name));
            own.iter().any(|it| it == name) || is_theirs(HTTP) || name == "--version"
        };
        for (command, rows) in [("http", HTTP), ("jwt", JWT), ("http", ANY)] {
            let own = of(command);
            for row in rows {
                let ends = |c: char| c.is_whitespace() || ",;:=".contains(c);
                let words = row.replacement.split(ends);
                for name in words.filter(|word| word.starts_with("--")) {
                    assert!(known(name, &own), "{command}: {name}");
                }
            }
        }
        let table = C47::get_args_info();
        for (_, ours) in COMMANDS {
            let first = ours.split(' ').next().unwrap();
            let is_command = table.commands.iter().any(|it| it.name == first);
            assert!(is_command || first == "--version", "{ours}");
        }
    }

    #[test]
    fn hints_are_short() {
        for row in [HTTP, JWT, ANY].into_iter().flatten() {
            assert!(row.replacement.len() <= 110, "{}", row.replacement);
        }
    }
}
