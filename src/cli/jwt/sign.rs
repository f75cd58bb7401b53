//! `c47 jwt sign`: makes a token.

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

/// Make and sign a token, and print it.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "sign",
    help_triggers("-h", "--help"),
    example = "c47 jwt sign --alg HS256 --key env:SECRET --claim sub=farm --claim admin:=true --ttl 5m"
)]
pub(super) struct Sign {
    /// the algorithm: HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA
    #[argh(option, from_str_fn(Algorithm::parse))]
    alg: Algorithm,
    /// the private key or shared secret: a path, or its source
    #[argh(option, from_str_fn(Source::parse_key), arg_name = "source")]
    key: Source,
    /// the key's identifier in the header (default: that of the JWK); chooses from a JWK set
    #[argh(option)]
    kid: Option<String>,
    /// the type in the header (default: JWT; '' for none)
    #[argh(option, default = "String::from(\"JWT\")")]
    typ: String,
    /// a claim, name=text or name:=JSON; may be repeated
    #[argh(option, from_str_fn(Claim::parse))]
    claim: Vec<Claim>,
    /// a JSON object of claims from a file, - for stdin
    #[argh(option, arg_name = "file")]
    claims: Option<String>,
    /// one more header member, name=text or name:=JSON; may be repeated
    #[argh(option, from_str_fn(Claim::parse))]
    header: Vec<Claim>,
    /// how long the token is valid: 30s, 1m30s, 12h, 7d; a bare number is seconds
    #[argh(option, from_str_fn(quantity::duration), arg_name = "duration")]
    ttl: Option<Duration>,
    /// make a token that is valid for ever
    #[argh(switch)]
    no_exp: bool,
    /// how long from now the token becomes valid (nbf); 0s for now
    #[argh(option, from_str_fn(quantity::duration), arg_name = "duration")]
    nbf: Option<Duration>,
    /// give it a random identifier (jti)
    #[argh(switch)]
    jti: bool,
    /// sign with a shared secret that is too short for the algorithm
    #[argh(switch)]
    weak_key: bool,
}

/// The kinds of its values.
pub(super) const DETAILS: Details = Details {
    command: "jwt sign",
    values: &[
        (
            "--alg",
            Kind::checked_choice(Algorithm::names, |text| Algorithm::parse(text).map(drop)),
        ),
        ("--key", Kind::Key),
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
        ensure_stdin_once(&[claims_on_stdin, is_stdin(&self.key)])?;
        let claims = self.all_claims()?;
        self.ensure_end(&claims)?;
        let key = read_keys(&self.key)?
            .into_single(self.kid.as_deref())
            .map_err(|error| error.with_source(&self.key))?;
        let mut order = Mint::new(self.alg, &key, Timestamp::now());
        order.claims = claims;
        order.kid = self.kid;
        order.typ = self.typ;
        order.header = self.header;
        order.ttl = self.ttl;
        order.not_before = self.nbf;
        order.jti = self.jti;
        if self.weak_key {
            order.short_secret = ShortSecret::Allow;
        }
        let token = mint(&order)?;
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

    /// A token that never ends must be asked for.
    fn ensure_end(&self, claims: &[Claim]) -> Result<(), Error> {
        let given = claims.iter().any(|claim| claim.name == "exp");
        match (self.ttl, self.no_exp) {
            (Some(_), true) => Err(Error::usage("--ttl and --no-exp exclude each other")),
            (None, true) if given => Err(Error::usage(
                "--no-exp is given, but exp is among the claims",
            )),
            (None, false) if !given => Err(Error::usage_hint(
                "neither --ttl nor --no-exp is given",
                "--ttl 5m for a token valid for 5 minutes, --no-exp for one valid for ever",
            )),
            _ => Ok(()),
        }
    }
}

fn read_claims(path: &str) -> Result<Vec<Claim>, Error> {
    let bytes = read_file(path)?;
    let members = Text::from_bytes(bytes.expose())
        .and_then(|text| json::members(&text))
        .map_err(|why| Error::malformed(format!("the claims from {path}"), why))?;
    Ok(members
        .into_iter()
        .map(|(name, value)| Claim { name, value })
        .collect())
}
