//! The definition of a scheme: its syntax and its credentials.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::auth::aws::Environment;
use crate::auth::context::{Context, Issued, TokenRequirement};
use crate::auth::plan::{TokenId, TokenPlan};
use crate::auth::preview::Preview;
use crate::auth::service::Service;
use crate::config::key::Key;
use crate::config::read::Reader;
use crate::error::Error;
use crate::http::url::Url;
use crate::jwt::claim::Claim;
use crate::secret::Source;

/// An authentication scheme.
pub(crate) trait Scheme: fmt::Debug {
    /// Gets the credential for a request.
    ///
    /// # Errors
    /// If a secret cannot be read or a login is refused.
    fn issue(
        &self,
        service: &Service,
        want: &TokenRequirement,
        context: &Context,
    ) -> Result<Issued, Error>;

    /// Describes what it would send, without reading its source.
    fn preview(&self, service: &Service) -> Preview;

    /// How long its credential can be used.
    fn lifetime(&self) -> Lifetime {
        Lifetime::Lasting
    }

    /// The scheme with options for its signature; `None` if it does not use them.
    fn with_signing(&self, _: &SigningOptions) -> Option<SharedScheme> {
        None
    }

    /// How to request its token, if the token comes from a service.
    fn token_plan(&self) -> Option<&TokenPlan> {
        None
    }

    /// How its token is stored, if it is; decided without a request.
    fn stored(&self, service: &Service, _: &Environment) -> Option<(Service, TokenPlan)> {
        Some((service.clone(), self.token_plan()?.clone()))
    }
}

/// How long a credential can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// The same secret for every request.
    Lasting,
    /// Created for one request. Each attempt gets its own.
    OneRequest,
    /// Requested from the service and cached. A rejected one is replaced.
    Cached,
}

/// A scheme, shared by the profile and the issuer.
pub(crate) type SharedScheme = Rc<dyn Scheme>;

/// Reads a scheme from the keys and the URL of a profile.
pub(super) type FromProfile = fn(&Reader, &Url) -> Result<SharedScheme, Error>;

/// Reads the text after `NAME=` in `--auth`; `None` without `=`.
pub(super) type FromOption = fn(Option<&str>, &mut SchemeOptions) -> Result<SharedScheme, String>;

/// A row of the table of schemes.
pub(crate) struct Definition {
    /// Its name in `auth` and `--auth`.
    pub name: &'static str,
    /// Its syntax in `--auth`; `None` if only a profile can use it.
    pub option: Option<OptionForm>,
    /// The profile keys that it reads besides the common ones. They are in groups that schemes can
    /// share.
    pub keys: &'static [&'static [Key]],
    pub from_profile: FromProfile,
}

/// The syntax of a scheme in `--auth`.
pub(crate) struct OptionForm {
    /// For example `basic=USER:SOURCE`. A scheme may have several.
    pub syntax: &'static [&'static str],
    pub parse: FromOption,
}

/// The options that only some schemes use. A scheme takes its own.
#[derive(Debug, Default)]
pub(crate) struct SchemeOptions {
    pub mint: Option<MintOptions>,
    pub hmac: Option<HmacOptions>,
}

/// The options of an HMAC signature.
#[derive(Clone, Debug, Default)]
pub(crate) struct HmacOptions {
    /// What is signed.
    pub signed: Option<String>,
    /// The header with the signature, as `NAME: TEMPLATE`.
    pub header: Option<String>,
    pub timestamp_header: Option<String>,
    pub nonce_header: Option<String>,
    /// The first option given, for the error if the scheme does not use them.
    pub first_given: &'static str,
}

/// The options for a token that c47 signs. Only schemes that sign tokens use them.
#[derive(Clone, Debug, Default)]
pub(crate) struct MintOptions {
    pub claims: Vec<Claim>,
    pub ttl: Option<Duration>,
    pub kid: Option<String>,
    pub token_id: TokenId,
    /// The password of an encrypted key.
    pub key_password: Option<Source>,
    /// The first option given, for the error if the scheme does not use them. It is empty if other
    /// parts of the call use all of them.
    pub first_given: &'static str,
}

/// The options for a signature. Only the scheme `aws` uses them.
#[derive(Clone, Debug, Default)]
pub(crate) struct SigningOptions {
    pub region: Option<String>,
    pub service: Option<String>,
    /// The time for which a presigned URL is valid.
    pub presign: Option<Duration>,
}

/// Reads `NAME:SOURCE`. `what` is the placeholder for the name in messages.
///
/// # Errors
/// The message never contains `rest`, which may be a secret given by mistake.
pub(super) fn named_source(
    scheme: &str,
    what: &str,
    rest: Option<&str>,
) -> Result<(String, Source), String> {
    named(scheme, what, rest, Source::parse)
}

/// Reads `NAME:SOURCE` for a key: a source or the path of an existing file.
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
