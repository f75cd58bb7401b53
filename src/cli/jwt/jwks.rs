//! `c47 jwt jwks`: prints public keys as a JWK set, which a service publishes for verifiers.

use argh::{ArgsInfo, FromArgs};

use super::{read_key_file, unlocked};
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::json::{self, Text};
use crate::jwt;
use crate::jwt::key::KeySet;
use crate::outline::{Details, Kind};
use crate::output;
use crate::secret::Source;

/// Print a JWK set of public keys. The kid of each is its thumbprint (RFC 7638).
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "jwks",
    help_triggers("-h", "--help"),
    example = "c47 jwt jwks key.pem old.pem > jwks.json"
)]
pub(super) struct Jwks {
    /// key files or sources; - for stdin
    #[argh(positional, arg_name = "file")]
    files: Vec<String>,
    /// decrypt private keys with a password from a source.
    #[argh(option, from_str_fn(Source::parse), arg_name = "source")]
    key_password: Option<Source>,
}

/// The kinds of the option values.
pub(super) const DETAILS: Details = Details {
    command: "jwt jwks",
    values: &[("file", Kind::File), ("--key-password", Kind::Source)],
    json: &[],
};

impl Jwks {
    pub(super) fn run(self) -> Result<Exit, Error> {
        if self.files.is_empty() {
            return Err(Error::usage("missing argument FILE: a file with a key"));
        }
        let mut keys: Vec<Text> = Vec::new();
        for file in &self.files {
            for key in public_keys(file, self.key_password.as_ref())? {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        let set = Text::object([("keys", &Text::array(&keys))]);
        output::line(json::layout(&set, output::stdout_colour()))?;
        Ok(Exit::Done)
    }
}

fn public_keys(file: &str, password: Option<&Source>) -> Result<Vec<Text>, Error> {
    let secret = unlocked(read_key_file(file)?, password, file)?;
    let set = KeySet::parse(&secret).map_err(|error| error.with_source(file))?;
    for why in set.unusable() {
        output::say(format_args!(
            "c47 jwt jwks: warning: skipped a key in {file}: {}",
            escape::one_line(why)
        ));
    }
    set.keys()
        .iter()
        .map(|key| {
            // Only a shared secret has no public key.
            key.public_jwk().ok_or_else(|| {
                Error::from(jwt::Error::WrongKey {
                    why: format!("{file} is a shared secret, which has no public key"),
                    hint: None,
                })
            })
        })
        .collect()
}
