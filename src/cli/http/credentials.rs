//! Selects the credentials of a call: those of `--auth`, the URL or the profile. Two of them are an
//! error.

use std::rc::Rc;

use super::Http;
use super::settings::{duration, key_password};
use crate::auth::aws::MAX_PRESIGNED;
use crate::auth::plan::TokenId;
use crate::auth::scheme::{
    self, HmacOptions, MintOptions, SchemeOptions, SharedScheme, SigningOptions,
};
use crate::auth::service::Service;
use crate::auth::{Context, Issuer, Profile};
use crate::cli::profile;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::page_settings::PageSettings;
use crate::http::url::{Url, UserInfo};
use crate::http::{Overlay, Settings};
use crate::jwt::claim::Claim;

/// The credentials, and the profile they come from, if any.
pub(super) struct Credentials {
    pub service: Service,
    pub scheme: SharedScheme,
    pub profile: Option<Profile>,
    from: Place,
}

/// Where the credentials come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Option,
    Url,
    /// A configuration or netrc file.
    File,
}

/// Reads the credentials, and removes the user and password from the URL.
///
/// # Errors
/// When credentials are given twice, `--auth` is invalid, or the scheme does not use an option.
pub(super) fn read(
    options: &Http,
    url: &mut Url,
    profile: Option<Profile>,
) -> Result<Credentials, Error> {
    let credentials = selected(options, url, profile)?;
    let Some((first_given, signing)) = signing_options(options)? else {
        return Ok(credentials);
    };
    match credentials.scheme.with_signing(&signing) {
        Some(scheme) => Ok(Credentials {
            scheme,
            ..credentials
        }),
        None => Err(Error::usage(format!(
            "{first_given} requires --auth aws, or a profile with auth = 'aws'"
        ))),
    }
}

fn selected(options: &Http, url: &mut Url, profile: Option<Profile>) -> Result<Credentials, Error> {
    let user_info = url.user_info.take();
    let scheme_options = SchemeOptions {
        mint: mint_options(options)?,
        hmac: hmac_options(options),
    };
    if let Some(text) = &options.auth {
        if profile.is_some() {
            return Err(Error::usage(
                "credentials given by both --auth and the profile; use one",
            ));
        }
        return from_auth_option(text, scheme_options, user_info, url);
    }
    if let Some(why) = scheme_options.unused() {
        return Err(Error::usage(why));
    }
    match (profile, user_info) {
        (Some(_), Some(_)) => Err(Error::usage(
            "credentials given by both the URL and the profile; use one",
        )),
        (Some(profile), None) => Ok(Credentials {
            service: profile.service.clone(),
            scheme: Rc::clone(&profile.scheme),
            profile: Some(profile),
            from: Place::File,
        }),
        (None, user_info) => Ok(Credentials {
            service: Service::at(url.clone(), None),
            scheme: user_info.map_or_else(scheme::none, scheme::from_user_info),
            profile: None,
            from: Place::Url,
        }),
    }
}

fn from_auth_option(
    text: &str,
    options: SchemeOptions,
    user_info: Option<UserInfo>,
    url: &Url,
) -> Result<Credentials, Error> {
    let scheme =
        scheme::from_option(text, options).map_err(|why| Error::usage(format!("--auth: {why}")))?;
    let service = Service::at(url.clone(), None);
    // A user in the URL selects the netrc entry.
    let picks_user = scheme.preview(&service).is_netrc();
    let (user, from) = match user_info {
        None => (None, Place::Option),
        Some(UserInfo {
            user,
            password: None,
        }) if picks_user => (Some(user), Place::Option),
        Some(_) => {
            return Err(Error::usage(
                "credentials given in both the URL and --auth; use one",
            ));
        }
    };
    Ok(Credentials {
        service: Service { user, ..service },
        scheme,
        profile: None,
        from: if picks_user { Place::File } else { from },
    })
}

/// The options of a signature and the first one that was given.
fn signing_options(options: &Http) -> Result<Option<(&'static str, SigningOptions)>, Error> {
    let given = [
        ("--presign", options.presign.is_some()),
        ("--region", options.region.is_some()),
        ("--service", options.service.is_some()),
    ];
    let Some((first_given, _)) = given.iter().find(|(_, is_given)| *is_given) else {
        return Ok(None);
    };
    let presign = duration("--presign", options.presign.as_deref())?;
    if presign.is_some_and(|valid| !(1..=MAX_PRESIGNED).contains(&valid.as_secs())) {
        return Err(Error::usage("--presign must be from 1s to 7d"));
    }
    let signing = SigningOptions {
        region: options.region.clone(),
        service: options.service.clone(),
        presign,
    };
    Ok(Some((first_given, signing)))
}

/// The options of a minted token, if one was given.
fn mint_options(options: &Http) -> Result<Option<MintOptions>, Error> {
    let given = [
        ("--claim", !options.claim.is_empty()),
        ("--ttl", options.ttl.is_some()),
        ("--kid", options.kid.is_some()),
        ("--jti", options.jti),
        // It is also for the key of a client certificate.
        (
            "--key-password",
            options.key_password.is_some() && options.cert.is_none(),
        ),
    ];
    let first_given = given.iter().find(|(_, is_given)| *is_given);
    if first_given.is_none() && (options.key_password.is_none() || options.auth.is_none()) {
        return Ok(None);
    }
    let claims: Result<Vec<Claim>, String> = options
        .claim
        .iter()
        .map(|text| Claim::parse(text))
        .collect();
    Ok(Some(MintOptions {
        claims: claims.map_err(|why| Error::usage(format!("--claim: {why}")))?,
        ttl: duration("--ttl", options.ttl.as_deref())?,
        kid: options.kid.clone(),
        token_id: match options.jti {
            true => TokenId::Random,
            false => TokenId::None,
        },
        key_password: key_password(options)?,
        first_given: first_given.map_or("", |(name, _)| name),
    }))
}

/// The options of an HMAC signature, if one was given.
fn hmac_options(options: &Http) -> Option<HmacOptions> {
    let given = [
        ("--hmac-sign", &options.hmac_sign),
        ("--hmac-header", &options.hmac_header),
        ("--hmac-timestamp", &options.hmac_timestamp),
        ("--hmac-nonce", &options.hmac_nonce),
    ];
    let (first_given, _) = given.iter().find(|(_, value)| value.is_some())?;
    Some(HmacOptions {
        signed: options.hmac_sign.clone(),
        header: options.hmac_header.clone(),
        timestamp_header: options.hmac_timestamp.clone(),
        nonce_header: options.hmac_nonce.clone(),
        first_given,
    })
}

impl Credentials {
    /// Applies an Authorization item of the user. It replaces credentials from a file, so that the
    /// header is never sent twice.
    ///
    /// # Errors
    /// When the command line gives both.
    pub(super) fn with_authorization_item(self) -> Result<Credentials, Error> {
        if !self.scheme.preview(&self.service).is_authorization() {
            return Ok(self);
        }
        match self.from {
            Place::File => Ok(Credentials {
                scheme: scheme::none(),
                ..self
            }),
            Place::Option | Place::Url => Err(Error::usage(
                "Authorization given both as an item and by --auth or the URL; use one",
            )),
        }
    }

    /// Whether an Authorization item replaces these credentials; otherwise it is an error.
    pub(super) fn yield_to_items(&self) -> bool {
        self.from == Place::File
    }

    /// The settings of the profile.
    pub(super) fn overlay(&self) -> Overlay {
        let overlay = self.profile.as_ref().map(|profile| profile.overlay.clone());
        overlay.unwrap_or_default()
    }

    /// Where the pages of the profile's service are.
    pub(super) fn pages(&self) -> PageSettings {
        let pages = self.profile.as_ref().map(|profile| profile.pages.clone());
        pages.unwrap_or_default()
    }

    /// The issuer of the credentials.
    ///
    /// # Errors
    /// When a token needs the cache and there is no directory for it.
    pub(super) fn issuer(
        &self,
        settings: Settings,
        deadline: Deadline,
    ) -> Result<Issuer<'static>, Error> {
        let context = match &self.profile {
            Some(of) => profile::context(of, settings),
            None => profile::context_for(self.scheme.lifetime(), settings),
        };
        let context = Context {
            deadline,
            ..context
        };
        let scheme = Rc::clone(&self.scheme);
        Ok(match &self.profile {
            Some(of) => Issuer::of(of, context).with_scheme(scheme),
            None => Issuer::new(self.service.clone(), scheme, context),
        })
    }
}
