//! What a scheme is: how it is written, and what it sends.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::auth::context::{Context, Issued, Want};
use crate::auth::plan::{TokenId, TokenPlan};
use crate::auth::preview::Preview;
use crate::auth::service::Service;
use crate::config::key::Key;
use crate::config::read::Reader;
use crate::error::Error;
use crate::http::url::Url;
use crate::jwt::claim::Claim;
use crate::secret::Source;

/// How a caller proves who it is to a service.
pub(crate) trait Scheme: fmt::Debug {
    /// Gets what a call carries.
    ///
    /// # Errors
    /// When a secret cannot be read, or a login is refused.
    fn issue(&self, service: &Service, want: &Want, context: &Context) -> Result<Issued, Error>;

    /// What it would send, without asking any source.
    fn preview(&self, service: &Service) -> Preview;

    /// How long what it sends serves.
    fn lifetime(&self) -> Lifetime {
        Lifetime::Lasting
    }

    /// How its token is obtained, where a service gives it.
    fn token_plan(&self) -> Option<&TokenPlan> {
        None
    }
}

/// How long a credential serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// The same secret for every request.
    Lasting,
    /// Made for one request: each attempt gets its own.
    OneRequest,
    /// Obtained from the service and cached: one that the service rejects is replaced.
    Cached,
}

/// A scheme, shared by the profile and whoever issues its credentials.
pub(crate) type SharedScheme = Rc<dyn Scheme>;

/// Reads a scheme from a profile's keys; the URL is the profile's.
pub(super) type FromProfile = fn(&Reader, &Url) -> Result<SharedScheme, Error>;

/// Reads what follows `NAME=` in `--auth`; `None` where there is no `=`.
pub(super) type FromOption =
    fn(Option<&str>, &mut Option<MintOptions>) -> Result<SharedScheme, String>;

/// A row of the table of schemes.
pub(crate) struct Definition {
    /// Its name, as a profile's `auth` and `--auth` write it.
    pub name: &'static str,
    /// How `--auth` writes it; `None` where only a profile can describe it.
    pub option: Option<OptionForm>,
    /// The keys of a profile that it reads, beside those that every profile has; in groups, since
    /// schemes share some.
    pub keys: &'static [&'static [Key]],
    pub from_profile: FromProfile,
}

/// How `--auth` writes a scheme.
pub(crate) struct OptionForm {
    /// `basic=USER:SOURCE`; a scheme may have several.
    pub syntax: &'static [&'static str],
    pub parse: FromOption,
}

/// The options of a token that is minted for a call. A scheme that mints takes them.
#[derive(Clone, Debug, Default)]
pub(crate) struct MintOptions {
    pub claims: Vec<Claim>,
    pub ttl: Option<Duration>,
    pub kid: Option<String>,
    pub token_id: TokenId,
    /// The first of the options that was given, for the message when no scheme takes them.
    pub first_given: &'static str,
}

/// Reads `NAME:SOURCE`, where `what` is how the help calls the name.
///
/// # Errors
/// Never repeats `rest`: it may hold the secret itself, given by mistake.
pub(super) fn named_source(
    scheme: &str,
    what: &str,
    rest: Option<&str>,
) -> Result<(String, Source), String> {
    named(scheme, what, rest, Source::parse)
}

/// Reads `NAME:SOURCE`, where the source is that of a key or the path of a file that exists.
///
/// # Errors
/// As [`named_source`].
pub(super) fn named_key(
    scheme: &str,
    what: &str,
    rest: Option<&str>,
) -> Result<(String, Source), String> {
    named(scheme, what, rest, Source::parse_key)
}

fn named(
    scheme: &str,
    what: &str,
    rest: Option<&str>,
    parse: fn(&str) -> Result<Source, String>,
) -> Result<(String, Source), String> {
    let form = || format!("write {scheme}={what}:SOURCE");
    let (name, source) = rest
        .and_then(|rest| rest.split_once(':'))
        .ok_or_else(form)?;
    if name.is_empty() {
        return Err(form());
    }
    Ok((name.to_owned(), parse(source)?))
}
