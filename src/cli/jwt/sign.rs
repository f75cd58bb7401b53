//! `c47 jwt sign`: signs a token.

use std::time::Duration;

use argh::{ArgsInfo, FromArgs};

use super::{ensure_stdin_once, is_stdin, read_file, read_keys};
use crate::error::Error;
use crate::exit::Exit;
use crate::json::{self, Text};
use crate::jwt::claim::Claim;
use crate::jwt::{Algorithm, Mint, ShortSecret, mint};
use crate::outline::{Details, Kind};
use crate::output;
use crate::quantity;
use crate::secret::Source;
use crate::timestamp::Timestamp;

/// Sign a token and print it.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "sign",
    help_triggers("-h", "--help"),
    example = "c47 jwt sign --alg HS256 --key env:SECRET --claim sub=farm --ttl 5m\nc47 jwt sign --alg ES256 --key key.pem --claim admin:=true --ttl 12h"
)]
pub(super) struct Sign {
    /// sign with this algorithm. It is HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384,
    /// PS512, ES256, ES384 or EdDSA.
    #[argh(option, from_str_fn(Algorithm::parse))]
    alg: Algorithm,
    /// read the private key or secret from a path or source.
    #[argh(option, from_str_fn(Source::parse_key), arg_name = "source")]
    key: Source,
    /// decrypt the private key with a password from a source.
    #[argh(option, from_str_fn(Source::parse), arg_name = "source")]
    key_password: Option<Source>,
    /// set the key ID in the header. The default is the kid of the JWK. Selects the key in a JWK set.
    #[argh(option)]
    kid: Option<String>,
    /// set the type in the header. The default is JWT. An empty value omits it.
    #[argh(option, default = "String::from(\"JWT\")")]
    typ: String,
    /// add a claim, NAME=TEXT or NAME:=JSON. May be repeated.
    #[argh(option, from_str_fn(Claim::parse))]
    claim: Vec<Claim>,
    /// read claims from a JSON file. Use - for stdin.
    #[argh(option, arg_name = "file")]
    claims: Option<String>,
    /// add a header member, NAME=TEXT or NAME:=JSON. May be repeated.
    #[argh(option, from_str_fn(Claim::parse))]
    header: Vec<Claim>,
    /// set how long the token is valid. Examples: 30s, 1m30s, 12h, 7d. A bare number is seconds.
    #[argh(option, from_str_fn(quantity::duration), arg_name = "duration")]
    ttl: Option<Duration>,
    /// make a token that never expires.
    #[argh(switch)]
    no_exp: bool,
    /// make the token valid after this time (nbf). It counts from now; 0s is now.
    #[argh(option, from_str_fn(quantity::duration), arg_name = "duration")]
    nbf: Option<Duration>,
    /// add a random token ID (jti).
    #[argh(switch)]
    jti: bool,
    /// allow a secret that is too short for the algorithm.
    #[argh(switch)]
    weak_key: bool,
}

/// The kinds of the option values.
pub(super) const DETAILS: Details = Details {
    command: "jwt sign",
    values: &[
        (
            "--alg",
            Kind::checked_choice(Algorithm::names, |text| Algorithm::parse(text).map(drop)),
        ),
        ("--key", Kind::Key),
        ("--key-password", Kind::Source),
        ("--kid", Kind::Word),
        ("--typ", Kind::Word),
        ("--claim", Kind::Form(|text| Claim::parse(text).map(drop))),
        ("--claims", Kind::File),
        ("--header", Kind::Form(|text| Claim::parse(text).map(drop))),
        ("--ttl", Kind::Duration),
        ("--nbf", Kind::Duration),
    ],
    json: &[],
};

impl Sign {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let claims_on_stdin = self.claims.as_deref() == Some("-");
        ensure_stdin_once(&[
            claims_on_stdin,
            is_stdin(&self.key),
            self.key_password.as_ref().is_some_and(is_stdin),
        ])?;
        let claims = self.all_claims()?;
        self.ensure_end(&claims)?;
        let key = read_keys(&self.key, self.key_password.as_ref())?
            .into_single(self.kid.as_deref())
            .map_err(|error| error.with_source(&self.key))?;
        let mut request = Mint::new(self.alg, &key, Timestamp::now());
        request.claims = claims;
        request.kid = self.kid;
        request.typ = self.typ;
        request.header = self.header;
        request.ttl = self.ttl;
        request.not_before = self.nbf;
        request.jti = self.jti;
        if self.weak_key {
            request.short_secret = ShortSecret::Allow;
        }
        let token = mint(&request)?;
        if let Some(why) = key.short_secret(self.alg) {
            output::say(format_args!("c47 jwt sign: warning: {why}"));
        }
        output::bytes(token.expose())?;
        output::bytes(b"\n")?;
        Ok(Exit::Done)
    }

    fn all_claims(&self) -> Result<Vec<Claim>, Error> {
        let mut claims = match &self.claims {
            Some(path) => read_claims(path)?,
            None => Vec::new(),
        };
        claims.extend_from_slice(&self.claim);
        Ok(claims)
    }

    /// Requires --no-exp for a token that never expires.
    fn ensure_end(&self, claims: &[Claim]) -> Result<(), Error> {
        let given = claims.iter().any(|claim| claim.name == "exp");
        match (self.ttl, self.no_exp) {
            (Some(_), true) => Err(Error::usage("--ttl cannot be used with --no-exp")),
            (None, true) if given => {
                Err(Error::usage("--no-exp cannot be used with the claim exp"))
            }
            (None, false) if !given => Err(Error::usage_hint(
                "no expiry given",
                "use --ttl 5m for a token valid for 5 minutes, or --no-exp for one that never expires",
            )),
            _ => Ok(()),
        }
    }
}

fn read_claims(path: &str) -> Result<Vec<Claim>, Error> {
    let bytes = read_file(path)?;
    let members = Text::from_bytes(bytes.expose())
        .and_then(|text| json::members(&text))
        .map_err(|why| Error::malformed(format!("the claims in {path}"), why))?;
    Ok(members
        .into_iter()
        .map(|(name, value)| Claim { name, value })
        .collect())
}
