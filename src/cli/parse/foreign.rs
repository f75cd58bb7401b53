//! Options that other tools have: what to write instead. The distance between words would mislead,
//! as from `--pretty` to `--retry`.

/// Options with one meaning elsewhere.
struct Row {
    names: &'static [&'static str],
    instead: &'static str,
}

/// The words of curl, HTTPie, xh and wget.
const HTTP: &[Row] = &[
    Row {
        names: &["-X", "--request", "--method"],
        instead: "write the method before the URL: c47 http POST URL",
    },
    Row {
        names: &["-H", "--header"],
        instead: "write a header as an item: c47 http URL Name:value",
    },
    Row {
        names: &["-d", "--data", "--data-ascii", "--data-raw", "--post-data"],
        instead: "write key=value items, or --body FILE (- is stdin); HTTPie's -d is --download",
    },
    Row {
        names: &[
            "--data-binary",
            "--post-file",
            "--body-file",
            "-T",
            "--upload-file",
        ],
        instead: "write --body FILE (- is stdin)",
    },
    Row {
        names: &["--data-urlencode"],
        instead: "write key=value items and --form, or key==value for the query",
    },
    Row {
        names: &["-G", "--get"],
        instead: "write key==value items: they go into the query",
    },
    Row {
        names: &["-u", "--user", "-a", "--http-user", "--http-password"],
        instead: "write --auth basic=USER:SOURCE, where SOURCE is env:NAME, file:PATH, command:PROGRAM or prompt",
    },
    Row {
        names: &["--oauth2-bearer", "--bearer", "-A", "--auth-type"],
        instead: "write --auth bearer=SOURCE, basic=USER:SOURCE or digest=USER:SOURCE",
    },
    Row {
        names: &["--digest"],
        instead: "write --auth digest=USER:SOURCE",
    },
    Row {
        names: &["--basic"],
        instead: "write --auth basic=USER:SOURCE",
    },
    Row {
        names: &["-n", "--netrc", "--netrc-optional"],
        instead: "write --auth netrc",
    },
    Row {
        names: &["--netrc-file"],
        instead: "write --auth netrc, and the file into the variable NETRC",
    },
    Row {
        names: &["--ignore-netrc"],
        instead: "leave it out: a netrc file is read only with --auth netrc",
    },
    Row {
        names: &["--negotiate", "--ntlm", "--anyauth", "--aws-sigv4"],
        instead: "there is no such authentication here; --auth lists what there is",
    },
    Row {
        names: &["-k", "--no-check-certificate"],
        instead: "write --insecure, or --cacert FILE to trust that server's certificate",
    },
    Row {
        names: &["--verify"],
        instead: "write --insecure for --verify=no, --cacert FILE for --verify=FILE",
    },
    Row {
        names: &["-L", "--location", "-F", "--location-trusted"],
        instead: "write --follow; curl's -F is a key=value or key@file item",
    },
    Row {
        names: &["--max-redirs"],
        instead: "write --follow --max-redirects N",
    },
    Row {
        names: &["--form-string"],
        instead: "write key=value and key@file items: a file makes the body a multipart form",
    },
    Row {
        names: &[
            "-s",
            "--silent",
            "-S",
            "--show-error",
            "--no-progress-meter",
        ],
        instead: "leave it out: only errors and results are printed; the progress line is on terminals only",
    },
    Row {
        names: &["-i", "--include", "--all"],
        instead: "write --print hb for the response's head and body, -v for both heads on stderr",
    },
    Row {
        names: &["-I", "--head"],
        instead: "write the method before the URL: c47 http HEAD URL",
    },
    Row {
        names: &["--ignore-stdin"],
        instead: "leave it out: stdin is read only where - names it",
    },
    Row {
        names: &[
            "--check-status",
            "-f",
            "--fail",
            "--fail-with-body",
            "--fail-early",
        ],
        instead: "leave it out: the exit code is 3, 4 or 5 for 3xx, 4xx, 5xx",
    },
    Row {
        names: &[
            "--pretty",
            "--style",
            "--format-options",
            "--sorted",
            "--unsorted",
        ],
        instead: "leave it out: JSON is laid out and coloured on a terminal, and passed on as it is in a pipe",
    },
    Row {
        names: &["--meta", "-m", "--write-out", "-w"],
        instead: "write --timing, or --json for status, headers and timing; curl's -m is --timeout",
    },
    Row {
        names: &["--max-time", "--read-timeout"],
        instead: "write --timeout DURATION",
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
        instead: "cookies are not kept between calls; send one as an item, Cookie:name=value, and a login by a profile",
    },
    Row {
        names: &["-e", "--referer"],
        instead: "write a header as an item: Referer:URL",
    },
    Row {
        names: &["--user-agent"],
        instead: "write a header as an item: User-Agent:NAME",
    },
    Row {
        names: &[
            "-O",
            "--remote-name",
            "-J",
            "--remote-header-name",
            "--output-document",
        ],
        instead: "write --download, with -o FILE or DIRECTORY to choose the place",
    },
    Row {
        names: &["-C", "--continue-at"],
        instead: "write --download --continue",
    },
    Row {
        names: &["-r", "--range"],
        instead: "write a header as an item: Range:bytes=0-99",
    },
    Row {
        names: &["--compressed"],
        instead: "leave it out: compressed responses are always asked for and decoded",
    },
    Row {
        names: &["-x"],
        instead: "write --proxy URL; HTTPie's -x is --compress",
    },
    Row {
        names: &["-p"],
        instead: "write --print LETTERS",
    },
    Row {
        names: &["-U", "--proxy-user"],
        instead: "write the user and password into the proxy's URL, and that into HTTPS_PROXY",
    },
    Row {
        names: &["--noproxy", "--no-proxy"],
        instead: "set the variable NO_PROXY",
    },
    Row {
        names: &["--socks5", "--socks5-hostname"],
        instead: "write --proxy socks5://HOST:PORT",
    },
    Row {
        names: &["-E"],
        instead: "write --cert FILE",
    },
    Row {
        names: &["--cert-key"],
        instead: "write --key FILE",
    },
    Row {
        names: &["--capath"],
        instead: "write --cacert FILE, or set the variable SSL_CERT_DIR",
    },
    Row {
        names: &["--ssl", "--tlsv1.2", "--tlsv1.3", "--tlsv1"],
        instead: "write --tls-min 1.2 or 1.3",
    },
    Row {
        names: &[
            "--http1.1",
            "--http1.0",
            "--http2",
            "--http3",
            "--http-version",
        ],
        instead: "leave it out: calls are made with HTTP/1.1",
    },
    Row {
        names: &[
            "--retry-delay",
            "--retry-all-errors",
            "--retry-connrefused",
            "--tries",
        ],
        instead: "write --retry N; the waits grow, and Retry-After counts",
    },
    Row {
        names: &["-D", "--dump-header"],
        instead: "write --headers, or --print h",
    },
    Row {
        names: &["-N", "--no-buffer"],
        instead: "write --stream",
    },
    Row {
        names: &["--max-filesize"],
        instead: "write --max-body SIZE",
    },
    Row {
        names: &["--chunked"],
        instead: "leave it out: a body is sent with its length where it is known",
    },
    Row {
        names: &[
            "--trace",
            "--trace-ascii",
            "--trace-time",
            "--debug",
            "--traceback",
        ],
        instead: "write -v for the heads, --timing for the times",
    },
    Row {
        names: &["--json-data"],
        instead: "write key=value and key:=json items",
    },
    Row {
        names: &["--default-scheme", "--https"],
        instead: "write the scheme into the URL; without one it is https",
    },
    Row {
        names: &["--url"],
        instead: "write the URL as an argument: c47 http URL",
    },
    Row {
        names: &["--connect-to"],
        instead: "write --resolve HOST:PORT:ADDRESS",
    },
    Row {
        names: &["--tls-max"],
        instead: "leave it out: the newest TLS version of both sides is used; --tls-min is the oldest",
    },
];

/// The words of jwt-cli, step and PyJWT's own command.
const JWT: &[Row] = &[
    Row {
        names: &["-S", "--secret", "--signing-key", "--keyfile"],
        instead: "write --key SOURCE",
    },
    Row {
        names: &["-A", "--algorithm"],
        instead: "write --alg ALG",
    },
    Row {
        names: &["-P", "--payload"],
        instead: "write --claim name=text or name:=JSON, or --claims FILE",
    },
    Row {
        names: &["-e", "--exp", "--expires-in", "--expiration"],
        instead: "write --ttl DURATION",
    },
    Row {
        names: &["--audience"],
        instead: "write --claim aud=NAME to sign, --aud NAME to verify",
    },
    Row {
        names: &["--issuer"],
        instead: "write --claim iss=NAME to sign, --iss NAME to verify",
    },
    Row {
        names: &["--subject"],
        instead: "write --claim sub=NAME to sign, --sub NAME to verify",
    },
];

/// For every command.
const ANY: &[Row] = &[
    Row {
        names: &["-V", "--version"],
        instead: "c47 --version prints the version",
    },
    Row {
        names: &["-j", "--format", "--output-format"],
        instead: "--json prints JSON, in the commands that have it",
    },
    Row {
        names: &["--color", "--colour", "--no-color"],
        instead: "colour is on terminals only; NO_COLOR=1 turns it off",
    },
    Row {
        names: &["-y", "--yes", "--no-input"],
        instead: "leave it out: nothing is asked, but for secrets whose source is prompt",
    },
];

/// What to write instead of another tool's option; `command` is the first of the command's words.
pub(super) fn instead(command: &str, name: &str) -> Option<&'static str> {
    let own: &[Row] = match command {
        "http" => HTTP,
        "jwt" => JWT,
        _ => &[],
    };
    let mut rows = own.iter().chain(ANY);
    let row = rows.find(|row| row.names.contains(&name))?;
    Some(row.instead)
}

/// Words of other tools in a command's place, and the words of ours.
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

/// What to write instead of another tool's command.
pub(super) fn command_instead(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let found = COMMANDS.iter().find(|(theirs, _)| *theirs == word);
    found.map(|(_, ours)| *ours)
}

#[cfg(test)]
mod tests {
    use argh::ArgsInfo;

    use super::*;
    use crate::cli::C47;

    /// The options of a command and of all below it.
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
    fn no_row_stands_for_an_option_of_ours_and_each_name_stands_once() {
        for (command, rows) in [("http", HTTP), ("jwt", JWT)] {
            let own = of(command);
            let mut names: Vec<&str> = rows.iter().flat_map(|row| row.names).copied().collect();
            for name in &names {
                assert!(!own.contains(&(*name).to_owned()), "{command} has {name}");
            }
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{command}: a name stands twice");
        }
    }

    #[test]
    fn what_a_row_says_to_write_exists() {
        let known = |name: &str, own: &[String]| {
            let is_theirs = |rows: &[Row]| rows.iter().any(|row| row.names.contains(&name));
            own.iter().any(|it| it == name) || is_theirs(HTTP) || name == "--version"
        };
        for (command, rows) in [("http", HTTP), ("jwt", JWT), ("http", ANY)] {
            let own = of(command);
            for row in rows {
                let ends = |c: char| c.is_whitespace() || ",;:=".contains(c);
                let words = row.instead.split(ends);
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
    fn every_line_is_short() {
        for row in [HTTP, JWT, ANY].into_iter().flatten() {
            assert!(row.instead.len() <= 110, "{}", row.instead);
        }
    }
}
