//! `c47 echo`: an HTTP server that shows the requests it gets.

mod webhook;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use crate::echo::{Entry, Guard, Lifetime, Limits, Log, Secrets, Server, Settings};
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::interrupt;
use crate::jwt::key::KeySet;
use crate::jwt::verify::Audience;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Printer};
use crate::secret::Source;

/// Run an HTTP server that returns each request as JSON.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "echo",
    help_triggers("-h", "--help"),
    example = "c47 echo --port 8080
c47 echo --jwt-key file:key.pem --count 1 --json
c47 echo --verify github=env:SECRET --exec ./on-push"
)]
pub(super) struct Echo {
    /// listen on this port (default: a free port). The port is printed
    #[argh(option, default = "0")]
    port: u16,

    /// listen on this address (default: 127.0.0.1). Other machines cannot reach the default
    #[argh(option, default = "Ipv4Addr::LOCALHOST.into()", from_str_fn(address))]
    bind: IpAddr,

    /// require bearer tokens that verify with this key. Other requests get status 401. The key is a
    /// path, env:NAME, file:PATH, command:PROGRAM ARGS or prompt
    #[argh(option, from_str_fn(Source::parse_key))]
    jwt_key: Option<Source>,

    /// accept tokens for this audience, with --jwt-key. Can be repeated. Without it, tokens that
    /// have an aud claim get status 401, as 'c47 jwt verify' rejects them
    #[argh(option)]
    aud: Vec<String>,

    /// accept tokens for any audience, with --jwt-key
    #[argh(switch)]
    any_aud: bool,

    /// require an HMAC signature. The rule and its secret are github=SOURCE, slack=SOURCE,
    /// shotgrid=SOURCE, github-sha1=SOURCE, or for any header hmac-sha256:HEADER=SOURCE,
    /// hmac-sha1:HEADER=SOURCE, hmac-sha384:HEADER=SOURCE or hmac-sha512:HEADER=SOURCE. Other requests
    /// get status 401. Can be repeated: one of the rules must verify
    #[argh(option, arg_name = "rule=source")]
    verify: Vec<String>,

    /// what hmac-HASH:HEADER signs (default: {body}). It is a text with {method}, {path}, {query},
    /// {target}, {host}, {body}, {body_sha256}, {timestamp}, {nonce} and {header:NAME}
    #[argh(option, arg_name = "template")]
    verify_sign: Option<String>,

    /// how the signature is written in HEADER. It is a text with {hex}, {base64} or {base64url}, and
    /// optionally {timestamp} and {nonce}. The default is {hex}, HASH={hex} or {base64}
    #[argh(option, arg_name = "template")]
    verify_value: Option<String>,

    /// the header with the signed time. It is in seconds since 1970
    #[argh(option, arg_name = "header")]
    verify_timestamp: Option<String>,

    /// limit how old a signed time may be (default: 5m). One in the future is limited in the same way
    #[argh(option, arg_name = "duration")]
    tolerance: Option<String>,

    /// run a program for each accepted request. It gets the body on stdin and the rest in variables
    /// C47_REQUEST_…. If it does not exit with 0, the status is 500. No shell is used
    #[argh(option, arg_name = "program args")]
    exec: Option<String>,

    /// run up to N programs at a time (default: 4). The most is 32. Other requests wait
    #[argh(option, arg_name = "n")]
    exec_jobs: Option<usize>,

    /// kill a program after this time (default: 1m)
    #[argh(option, arg_name = "duration")]
    exec_timeout: Option<String>,

    /// exit after this many responses (default: never). Malformed requests do not count
    #[argh(option)]
    count: Option<u64>,

    /// respond with this status, 200 to 599 (default: 200)
    #[argh(option, default = "200")]
    status: u16,

    /// show credentials in responses and in the log. By default they are replaced by ***
    #[argh(switch)]
    show_secrets: bool,

    /// print the address and each request as JSON lines
    #[argh(switch)]
    json: bool,

    /// apply a jq filter to the JSON. Implies --json. Each result is one line of compact JSON.
    #[argh(option, arg_name = "filter")]
    jq: Option<String>,

    /// print strings without quotes and escapes, with --jq
    #[argh(switch, short = 'r')]
    raw_output: bool,
}

/// The kinds of its values and its JSON output.
pub(super) const DETAILS: Details = Details {
    command: "echo",
    values: &[
        (
            "--port",
            Kind::Integer {
                least: 0,
                most: u16::MAX as u64,
            },
        ),
        ("--bind", Kind::Form(|text| address(text).map(drop))),
        ("--jwt-key", Kind::Key),
        ("--aud", Kind::Word),
        ("--verify", Kind::Staged(webhook::stages)),
        ("--verify-sign", Kind::Word),
        ("--verify-value", Kind::Word),
        ("--verify-timestamp", Kind::Word),
        ("--tolerance", Kind::Duration),
        ("--exec", Kind::Word),
        (
            "--exec-jobs",
            Kind::Integer {
                least: 1,
                most: webhook::MAX_JOBS as u64,
            },
        ),
        ("--exec-timeout", Kind::Duration),
        (
            "--count",
            Kind::Integer {
                least: 1,
                most: u64::MAX,
            },
        ),
        (
            "--status",
            Kind::Integer {
                least: 200,
                most: 599,
            },
        ),
        ("--jq", Kind::Word),
    ],
    json: &[
        JsonOutput {
            when: "With --json, the first line",
            shape: Shape::Lines,
            fields: &[Field::string("listening", "the base URL")],
        },
        JsonOutput {
            when: "With --json, each further line",
            shape: Shape::Lines,
            fields: &[
                Field::string("method", "method of the request").or_null(),
                Field::string("target", "target of the request line, as sent").or_null(),
                Field::string("path", "path of the target, not decoded").or_null(),
                Field::objects("query", "members of the query, decoded, in order"),
                Field::string("query[].name", "name"),
                Field::string("query[].value", "value"),
                Field::string("version", "HTTP version").or_null(),
                Field::objects("headers", "headers, in order"),
                Field::string("headers[].name", "name"),
                Field::string("headers[].value", "value"),
                Field::any("body", "the JSON of the body, or its text as a string").or_null(),
                Field::string("body_base64", "a body that is neither JSON nor text").or_null(),
                Field::any("claims", "claims of the verified token").or_null(),
                Field::string("verified", "rule of --verify that the signature satisfies")
                    .or_null(),
                Field::number("status", "status of the response"),
                Field::string("reason", "why the request was refused").or_null(),
                Field::string("client", "address and port of the client"),
                Field::number("milliseconds", "time from request to response"),
                Field::number("exit_code", "exit code of the program of --exec").or_null(),
                Field::string("stdout", "what the program printed, at most 64 KiB").or_null(),
                Field::string("stderr", "what it printed on stderr, at most 64 KiB").or_null(),
            ],
        },
    ],
};

#[derive(SerJson)]
struct Listening {
    listening: String,
}

impl std::fmt::Display for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "listening on {}", self.listening)
    }
}

impl Echo {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let settings = Settings {
            status: self.status,
            lifetime: self.count.map_or(Lifetime::Endless, Lifetime::Responses),
            secrets: Secrets::from_switch(self.show_secrets),
            guard: self.guard()?,
            signatures: webhook::signatures(&self)?,
            exec: webhook::exec(&self)?,
            limits: Limits::default(),
        };
        let server = Server::bind(SocketAddr::new(self.bind, self.port), settings)?;
        if !is_loopback(self.bind) {
            output::say(format_args!(
                "c47 echo: warning: other machines can reach {}",
                server.address()
            ));
        }
        let listening = format!("http://{}", server.address());
        printer.print(&Listening { listening })?;
        output::ensure_reader()?;
        let result = server.run(log(printer));
        interrupt::kill_programs();
        result?;
        Ok(Exit::Done)
    }

    fn guard(&self) -> Result<Guard, Error> {
        let audience = Audience::from_options(&self.aud, self.any_aud).map_err(Error::usage)?;
        let Some(source) = &self.jwt_key else {
            return match audience {
                Audience::Unnamed => Ok(Guard::Open),
                Audience::OneOf(_) | Audience::Any => {
                    Err(Error::usage("--aud and --any-aud require --jwt-key"))
                }
            };
        };
        let secret = source.read("key for bearer tokens")?;
        Ok(Guard::Bearer {
            keys: KeySet::parse(&secret)?,
            audience,
        })
    }
}

fn log(printer: Printer) -> Log {
    match printer {
        Printer::Text => Box::new(|entry: &Entry| {
            output::say(escape::one_line(&entry.to_string()));
            Ok(())
        }),
        Printer::Json => Box::new(|entry: &Entry| {
            output::json_line(&entry.to_json_line())?;
            output::ensure_reader()
        }),
        // A request that the filter was not written for does not end the service.
        Printer::Filtered(filter, strings) => Box::new(move |entry: &Entry| {
            match output::results(&filter, &entry.to_json_line()) {
                Ok(outputs) => output::print_results(&outputs, strings)?,
                Err(error) => output::complain("c47 echo", &error),
            }
            output::ensure_reader()
        }),
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

fn address(text: &str) -> Result<IpAddr, String> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    match bare {
        Some(bare) => bare.parse().map(|address: Ipv6Addr| address.into()).ok(),
        None if text == "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
        None => text.parse().ok(),
    }
    .ok_or_else(|| {
        format!(
            "'{text}' is not an IP address; use 127.0.0.1, 0.0.0.0 or ::1, and --port for the port"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        assert_eq!(address("::1"), Ok(Ipv6Addr::LOCALHOST.into()));
        assert_eq!(address("[::1]"), Ok(Ipv6Addr::LOCALHOST.into()));
        assert!(address("127.0.0.1:80").is_err() && address("host").is_err());
        assert!(is_loopback("::ffff:127.0.0.1".parse().unwrap()));
    }
}
