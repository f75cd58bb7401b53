//! `c47 jwt verify`: checks a token; the result is one line and an exit code.

use std::fmt;
use std::time::Duration;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use super::{ensure_stdin_once, is_stdin, read_key_file, read_keys, read_token};
use crate::cli::environment;
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::http::request::Request;
use crate::http::url::Url;
use crate::http::{Caller, Follow, guard};
use crate::json::Text;
use crate::jwt::Algorithm;
use crate::jwt::key::KeySet;
use crate::jwt::verify::{Audience, Content, Policy, Rejected, Verified, verify};
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format, Printer};
use crate::quantity;
use crate::redact::Secrets;
use crate::secret::Source;
use crate::timestamp::Timestamp;

/// Verify a token's signature, times and claims. Exits 0 if it is valid, else 1 with the reason.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "verify",
    help_triggers("-h", "--help"),
    example = "c47 jwt verify --key key.pem.pub --aud shotgrid --token env:TOKEN"
)]
pub(super) struct Verify {
    /// token, or - for stdin
    #[argh(positional)]
    token: Option<String>,
    /// read the token from a source. It is env:NAME, file:PATH, command:PROGRAM ARGS or prompt.
    #[argh(
        option,
        long = "token",
        from_str_fn(Source::parse),
        arg_name = "source"
    )]
    source: Option<Source>,
    /// read the key from a path or source.
    #[argh(option, from_str_fn(Source::parse_key), arg_name = "source")]
    key: Option<Source>,
    /// decrypt the private key with a password from a source.
    #[argh(option, from_str_fn(Source::parse), arg_name = "source")]
    key_password: Option<Source>,
    /// read a JWK set from a path, source or URL. Use - for stdin.
    #[argh(option, arg_name = "file|url")]
    jwks: Option<String>,
    /// allow only this algorithm. May be repeated. The default is every algorithm that suits the key.
    #[argh(option, from_str_fn(Algorithm::parse))]
    alg: Vec<Algorithm>,
    /// require this audience (aud). May be repeated; one match is enough. Without --aud or
    /// --any-aud, a token that has an aud is invalid.
    #[argh(option)]
    aud: Vec<String>,
    /// accept any audience.
    #[argh(switch)]
    any_aud: bool,
    /// require this issuer (iss).
    #[argh(option)]
    iss: Option<String>,
    /// require this subject (sub).
    #[argh(option)]
    sub: Option<String>,
    /// require these claims, separated by commas.
    #[argh(option, arg_name = "names")]
    require: Option<String>,
    /// allow this much clock difference. The default is 0s.
    #[argh(
        option,
        from_str_fn(quantity::duration),
        default = "Duration::ZERO",
        arg_name = "duration"
    )]
    leeway: Duration,
    /// check exp and nbf at this time. Use 2026-11-23T16:00:00Z or seconds since 1970. The default
    /// is now.
    #[argh(option, from_str_fn(Timestamp::parse), arg_name = "time")]
    at: Option<Timestamp>,
    /// check only the signature, of any payload (JWS).
    #[argh(switch)]
    jws: bool,
    /// print the result as JSON. Includes the claims only if the signature is valid.
    #[argh(switch)]
    json: bool,

    /// apply a jq filter to the JSON. Implies --json. Each result is one line of compact JSON.
    #[argh(option, arg_name = "filter")]
    jq: Option<String>,

    /// print strings without quotes and escapes, with --jq
    #[argh(switch, short = 'r')]
    raw_output: bool,
}

/// The kinds of the option values, and the JSON output.
pub(super) const DETAILS: Details = Details {
    command: "jwt verify",
    values: &[
        ("token", Kind::Word),
        ("--token", Kind::Source),
        ("--key", Kind::Key),
        ("--key-password", Kind::Source),
        ("--jwks", Kind::File),
        (
            "--alg",
            Kind::checked_choice(Algorithm::names, |text| Algorithm::parse(text).map(drop)),
        ),
        ("--aud", Kind::Word),
        ("--iss", Kind::Word),
        ("--sub", Kind::Word),
        ("--require", Kind::Word),
        ("--leeway", Kind::Duration),
        ("--at", Kind::Form(|text| Timestamp::parse(text).map(drop))),
        ("--jq", Kind::Word),
    ],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::boolean("valid", "whether the token is valid"),
            Field::string("reason", "why it is invalid").or_null(),
            Field::string("alg", "algorithm").or_null(),
            Field::string("kid", "key ID").or_null(),
            Field::any("claims", "claims; null if the signature is invalid").or_null(),
            Field::string("hint", "the option that would accept it").or_null(),
        ],
    }],
};

impl Verify {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        ensure_stdin_once(&[
            self.token.as_deref() == Some("-"),
            self.source.as_ref().is_some_and(is_stdin),
            self.key.as_ref().is_some_and(is_stdin),
            self.key_password.as_ref().is_some_and(is_stdin),
            self.jwks
                .as_deref()
                .is_some_and(|set| matches!(set, "-" | "file:-")),
        ])?;
        let policy = self.policy()?;
        // The token first: without one, no key is prompted for.
        let token = read_token(self.token.as_deref(), self.source.as_ref())?;
        let keys = self.keys()?;
        ensure_algorithm_suits(&policy.algorithms, &keys)?;
        let result = verify(token.expose(), &keys, &policy);
        let exit = if result.is_ok() { Exit::Done } else { Exit::No };
        let short = algorithm_of(&result).and_then(|algorithm| keys.short_secret(algorithm));
        let verdict = Verdict::from(result);
        printer.print(&verdict)?;
        if let (Format::Text, Some(hint)) = (printer.format(), &verdict.hint) {
            output::say(format_args!("hint: {}", escape::one_line(hint)));
        }
        if let Some(why) = short {
            output::say(format_args!("c47 jwt verify: warning: {why}"));
        }
        Ok(exit)
    }

    fn policy(&self) -> Result<Policy, Error> {
        let claims_asked = !self.aud.is_empty()
            || self.any_aud
            || self.iss.is_some()
            || self.sub.is_some()
            || self.require.is_some();
        if self.jws && claims_asked {
            return Err(Error::usage(
                "--jws cannot be used with --aud, --any-aud, --iss, --sub or --require",
            ));
        }
        if self.leeway.subsec_nanos() != 0 {
            return Err(Error::usage("--leeway: must be whole seconds"));
        }
        Ok(Policy {
            algorithms: self.alg.clone(),
            content: if self.jws {
                Content::Anything
            } else {
                Content::Claims
            },
            audience: Audience::from_options(&self.aud, self.any_aud).map_err(Error::usage)?,
            issuer: self.iss.clone(),
            subject: self.sub.clone(),
            required: required(self.require.as_deref())?,
            leeway_s: i64::try_from(self.leeway.as_secs()).unwrap_or(i64::MAX),
            now: self.at.unwrap_or_else(Timestamp::now),
        })
    }

    fn keys(&self) -> Result<KeySet, Error> {
        match (&self.key, self.jwks.as_deref()) {
            (Some(source), None) => read_keys(source, self.key_password.as_ref()),
            (None, Some(url)) if is_url(url) => fetch_jwks(url),
            (None, Some(path)) => KeySet::parse_json(read_key_file(path)?.expose())
                .map_err(|error| error.with_source(path).into()),
            (Some(_), Some(_)) => Err(Error::usage("--key cannot be used with --jwks")),
            (None, None) => Err(Error::usage_hint(
                "no key given",
                "use --key FILE or --jwks FILE",
            )),
        }
    }
}

/// Larger than the key set of any service.
const MAX_SET_BYTES: u64 = 1 << 20;
/// The time limit for downloading a key set.
const FETCH_TIMEOUT: Duration = Duration::from_secs(120);

/// Whether the set is an http or https URL. Schemes are case-insensitive (RFC 3986 §3.1).
fn is_url(set: &str) -> bool {
    let scheme = set
        .split_once("://")
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https"))
}

/// Downloads a JWK set.
fn fetch_jwks(url: &str) -> Result<KeySet, Error> {
    let url = Url::parse(url).map_err(Error::usage)?;
    if url.user_info.is_some() {
        return Err(Error::usage_hint(
            "--jwks: credentials in the URL are not supported",
            "download the set with 'c47 http --auth …' and give the file",
        ));
    }
    let mut request = Request::get(url);
    guard::ensure_authentic(&request)?;
    let mut settings = environment::settings();
    settings.limits.whole = Some(FETCH_TIMEOUT);
    settings.follow = Follow::UpTo(5);
    let mut answer = Caller::new(settings).call(&mut request)?;
    // After redirects, the request has the URL that the keys came from. Check that one too.
    guard::ensure_authentic(&request)?;
    let address = request.shown_url(Secrets::Hidden);
    match answer.head.status {
        200..=299 => KeySet::parse_published(&answer.body.read_all(MAX_SET_BYTES)?)
            .map_err(|error| error.with_source(address).into()),
        status => Err(Error::malformed(
            address,
            format!("the service returned {status}, not a JWK set"),
        )),
    }
}

fn required(names: Option<&str>) -> Result<Vec<String>, Error> {
    let Some(names) = names else {
        return Ok(Vec::new());
    };
    let names: Vec<String> = names
        .split(',')
        .map(|name| name.trim().to_owned())
        .collect();
    if names.iter().any(String::is_empty) {
        return Err(Error::usage(
            "--require: give claim names separated by commas",
        ));
    }
    Ok(names)
}

/// Rejects an --alg that suits no key: that is a usage error, not an invalid token.
fn ensure_algorithm_suits(algorithms: &[Algorithm], keys: &KeySet) -> Result<(), Error> {
    if algorithms.is_empty() || algorithms.iter().any(|&one| keys.suits(one)) {
        return Ok(());
    }
    let names: Vec<&str> = algorithms.iter().map(|one| one.name()).collect();
    let why = match keys.keys() {
        [key] => format!("does not suit the key, {}", key.describe()),
        several => format!("suits none of the {} keys in the set", several.len()),
    };
    Err(Error::usage(format!("--alg {}: {why}", names.join(","))))
}

/// The algorithm in the token's header, whether the token is valid or not.
fn algorithm_of(result: &Result<Verified, Rejected>) -> Option<Algorithm> {
    match result {
        Ok(verified) => Some(verified.algorithm),
        Err(rejected) => rejected.alg.as_deref().and_then(Algorithm::named),
    }
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Verdict {
    valid: bool,
    /// Why it is invalid.
    reason: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    /// null if the signature is invalid.
    claims: Option<Text>,
    /// The option that would accept it.
    hint: Option<String>,
}

impl From<Result<Verified, Rejected>> for Verdict {
    fn from(result: Result<Verified, Rejected>) -> Verdict {
        match result {
            Ok(verified) => Verdict {
                valid: true,
                reason: None,
                alg: Some(verified.algorithm.to_string()),
                kid: verified.kid,
                claims: verified.claims,
                hint: None,
            },
            Err(rejected) => Verdict {
                valid: false,
                hint: rejected.reason.hint(),
                reason: Some(rejected.to_string()),
                alg: rejected.alg,
                kid: rejected.kid,
                claims: rejected.claims,
            },
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            None => f.write_str("valid"),
            // The reason may contain text from the token.
            Some(reason) => write!(f, "not valid: {}", escape::one_line(reason)),
        }
    }
}
