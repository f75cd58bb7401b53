//! `c47 jwt`: JSON Web Tokens and keys.

mod decode;
mod jwks;
mod keygen;
mod sign;
mod verify;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use argh::{ArgsInfo, FromArgs};
use zeroize::Zeroizing;

use crate::descriptor;
use crate::error::Error;
use crate::exit::Exit;
use crate::jwt;
use crate::jwt::key::{self, KeySet};
use crate::outline::{Details, Group, Layout};
use crate::output;
use crate::secret::{Secret, Source};

/// Sign, verify and decode JSON Web Tokens, and make keys.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "jwt",
    help_triggers("-h", "--help"),
    example = "c47 jwt keygen --alg ES256 -o key.pem\nc47 jwt sign --alg ES256 --key file:key.pem --claim sub=farm --ttl 5m"
)]
pub(super) struct Jwt {
    #[argh(subcommand)]
    command: Subcommand,
}

/// The details of the subcommands.
pub(super) const DETAILS: &[Details] = &[
    sign::DETAILS,
    decode::DETAILS,
    verify::DETAILS,
    keygen::DETAILS,
    jwks::DETAILS,
];

/// The options of the subcommands with many options, in groups.
pub(super) const LAYOUTS: &[Layout] = &[
    Layout {
        command: "jwt sign",
        usage: "",
        groups: &[
            Group {
                name: "Signing",
                daily: &["--alg", "--key", "--key-password", "--kid"],
                more: &["--weak-key"],
            },
            Group {
                name: "Claims",
                daily: &["--claim", "--claims", "--ttl", "--no-exp", "--nbf", "--jti"],
                more: &[],
            },
            Group {
                name: "Header",
                daily: &["--header", "--typ"],
                more: &[],
            },
        ],
    },
    Layout {
        command: "jwt verify",
        usage: "",
        groups: &[
            Group {
                name: "Token and keys",
                daily: &["--token", "--key", "--jwks", "--alg"],
                more: &["--key-password", "--jws"],
            },
            Group {
                name: "Claims",
                daily: &["--aud", "--any-aud", "--iss", "--sub", "--require"],
                more: &[],
            },
            Group {
                name: "Time",
                daily: &["--leeway", "--at"],
                more: &[],
            },
            Group {
                name: "Output",
                daily: &["--json", "--jq", "--raw-output"],
                more: &[],
            },
        ],
    },
];

#[derive(FromArgs, ArgsInfo)]
#[argh(subcommand)]
#[allow(clippy::large_enum_variant)] // only one value is created
enum Subcommand {
    Sign(sign::Sign),
    Decode(decode::Decode),
    Verify(verify::Verify),
    Keygen(keygen::Keygen),
    Jwks(jwks::Jwks),
}

impl Jwt {
    pub(super) fn run(self) -> Result<Exit, Error> {
        match self.command {
            Subcommand::Sign(options) => options.run(),
            Subcommand::Decode(options) => options.run(),
            Subcommand::Verify(options) => options.run(),
            Subcommand::Keygen(options) => options.run(),
            Subcommand::Jwks(options) => options.run(),
        }
    }
}

/// Reads the keys from a source. The password is read if the key is encrypted.
fn read_keys(source: &Source, password: Option<&Source>) -> Result<KeySet, Error> {
    let secret = unlocked(source.read("key")?, password, source)?;
    KeySet::parse(&secret).map_err(|error| error.with_source(source).into())
}

/// Decrypts a key, if it is encrypted and there is a password.
fn unlocked(
    key: Secret,
    password: Option<&Source>,
    source: impl fmt::Display,
) -> Result<Secret, Error> {
    match password {
        Some(password) if key::is_encrypted(&key) => {
            let password = password.read("Password of the key")?;
            key::unlock(&key, &password).map_err(|error| error.with_source(source).into())
        }
        Some(_) | None => Ok(key),
    }
}

/// Reads the token from the argument, stdin or its source.
fn read_token(argument: Option<&str>, source: Option<&Source>) -> Result<Secret, Error> {
    let pasted = match (argument, source) {
        (Some(_), Some(_)) => {
            return Err(Error::usage(
                "token given as an argument and with --token; use one",
            ));
        }
        (None, None) => {
            return Err(Error::usage_hint(
                "no token given",
                "pass it as an argument, - for stdin, or --token SOURCE",
            ));
        }
        (Some("-"), None) => read_stdin().map_err(|source| Error::System {
            action: "read standard input",
            source,
        })?,
        (Some(text), None) => {
            warn_of_argument();
            Secret::new(text.as_bytes().to_vec())
        }
        (None, Some(source)) => source.read("token")?,
    };
    Ok(Secret::new(jwt::bare(pasted.expose()).to_vec()))
}

/// Warns on a terminal only, so that the output of scripts does not change.
fn warn_of_argument() {
    if output::stderr_is_terminal() {
        output::say(
            "c47 jwt: warning: all users of this machine can see a token on the command line; use --token SOURCE or -",
        );
    }
}

/// Reads a key file, stdin for `-`, or a source.
fn read_key_file(text: &str) -> Result<Secret, Error> {
    match Source::parse(text) {
        Ok(source) => Ok(source.read("key")?),
        Err(_) => read_file(text),
    }
}

/// Reads a file; `-` is stdin.
fn read_file(path: &str) -> Result<Secret, Error> {
    let (path, bytes) = if path == "-" {
        let bytes = read_stdin();
        (Path::new("standard input"), bytes)
    } else {
        let path = Path::new(path);
        (path, File::open(path).and_then(read_bounded))
    };
    let bytes = bytes.map_err(Error::file("read", path))?;
    if bytes.expose().len() > jwt::MAX_BYTES {
        return Err(Error::malformed(
            path.display().to_string(),
            "it is larger than 1 MiB",
        ));
    }
    Ok(bytes)
}

fn read_stdin() -> io::Result<Secret> {
    descriptor::stdin().and_then(read_bounded)
}

/// Reads to the end, or until the limit is exceeded.
fn read_bounded(from: impl Read) -> io::Result<Secret> {
    let limit = jwt::MAX_BYTES + 1024;
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    from.take(limit as u64).read_to_end(&mut bytes)?;
    Ok(Secret::new(std::mem::take(&mut *bytes)))
}

/// Whether a source reads stdin.
fn is_stdin(source: &Source) -> bool {
    matches!(source, Source::File(path) if path == Path::new("-"))
}

/// Rejects stdin given twice: the second read would be empty.
fn ensure_stdin_once(uses: &[bool]) -> Result<(), Error> {
    if uses.iter().filter(|&&reads| reads).count() > 1 {
        return Err(Error::usage(
            "stdin given twice; only one argument can be read from stdin",
        ));
    }
    Ok(())
}
