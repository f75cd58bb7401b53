//! `c47 echo`: see what a tool really sends.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use crate::echo::{Entry, Guard, Lifetime, Limits, Log, Secrets, Server, Settings};
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::jwt::key::KeySet;
use crate::jwt::verify::Audience;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format};
use crate::secret::Source;

/// Answer HTTP requests with a JSON picture of them.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "echo",
    help_triggers("-h", "--help"),
    example = "c47 echo --port 8080
c47 echo --jwt-key file:key.pem --count 1 --json"
)]
pub(super) struct Echo {
    /// port to listen on; default 0: any free one, printed
    #[argh(option, default = "0")]
    port: u16,

    /// address to listen on; default 127.0.0.1, which only this machine can reach
    #[argh(option, default = "Ipv4Addr::LOCALHOST.into()", from_str_fn(address))]
    bind: IpAddr,

    /// key that bearer tokens must verify with, else the answer is 401: a path, env:NAME,
    /// file:PATH, command:PROGRAM ARGS or prompt
    #[argh(option, from_str_fn(Source::parse_key))]
    jwt_key: Option<Source>,

    /// with --jwt-key: the audience that a token's aud must be or hold; may be repeated (default:
    /// the answer to a token that has an aud is 401, as 'jwt verify' judges it)
    #[argh(option)]
    aud: Vec<String>,

    /// with --jwt-key: accept any aud
    #[argh(switch)]
    any_aud: bool,

    /// end after so many answers; requests that are malformed do not count; default: never
    #[argh(option)]
    count: Option<u64>,

    /// status of the answers, 200 to 599; default 200
    #[argh(option, default = "200")]
    status: u16,

    /// show credentials in pictures and in the log; default: ***
    #[argh(switch)]
    show_secrets: bool,

    /// print where it listens, and each request with its status, as a JSON object a line
    #[argh(switch)]
    json: bool,
}

/// The kinds of its values, and its JSON.
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
                Field::number("status", "status of the response"),
                Field::string("reason", "why the request was refused").or_null(),
                Field::string("client", "address and port of the client"),
                Field::number("milliseconds", "time from request to response"),
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
        let format = Format::from_switch(self.json);
        let settings = Settings {
            status: self.status,
            lifetime: self.count.map_or(Lifetime::Endless, Lifetime::Answers),
            secrets: Secrets::from_switch(self.show_secrets),
            guard: self.guard()?,
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
        output::print(format, &Listening { listening })?;
        output::ensure_reader()?;
        server.run(log(format))?;
        Ok(Exit::Done)
    }

    fn guard(&self) -> Result<Guard, Error> {
        let audience = Audience::from_options(&self.aud, self.any_aud).map_err(Error::usage)?;
        let Some(source) = &self.jwt_key else {
            return match audience {
                Audience::Unnamed => Ok(Guard::Open),
                Audience::OneOf(_) | Audience::Any => Err(Error::usage(
                    "--aud and --any-aud are for tokens: --jwt-key is missing",
                )),
            };
        };
        let secret = source.read("key for bearer tokens")?;
        Ok(Guard::Bearer {
            keys: KeySet::parse(&secret)?,
            audience,
        })
    }
}

fn log(format: Format) -> Log {
    match format {
        Format::Text => Box::new(|entry: &Entry| {
            output::say(escape::one_line(&entry.to_string()));
            Ok(())
        }),
        Format::Json => Box::new(|entry: &Entry| {
            output::json_line(&entry.to_json_line())?;
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
        format!("'{text}' is no address: write 127.0.0.1, 0.0.0.0 or ::1; the port is --port's")
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
