//! Credentials from `--auth` or a profile. A token from a service is requested once, cached in
//! private files, and shared by all processes of a user. A credential is sent only to its own service.

/// AWS: signatures, and the sources of its keys.
pub(crate) mod aws;
pub(crate) mod context;
mod cookie_file;
mod device;
mod error;
mod exchange;
mod grants;
/// Programs that make credentials.
mod helper;
#[cfg(feature = "tui")]
mod history_file;
pub(crate) mod host;
mod issuer;
mod lease;
mod login_call;
mod mint;
pub(crate) mod oauth;
mod oidc;
pub(crate) mod plan;
pub(crate) mod presets;
/// Describes what a scheme sends, without its secret.
pub(crate) mod preview;
mod profile;
mod records;
mod refusal;
/// The table of schemes.
pub(crate) mod scheme;
pub(crate) mod secret_ref;
pub(crate) mod service;
mod store;
mod stored;
pub(crate) mod template;
mod token_store;
mod tokens;
mod values;

pub(crate) use context::{Context, Login, Person, Places, Storage, TokenRequirement};
pub(crate) use cookie_file::{cookie_file, delete_cookies, ensure_cookie_directory};
pub(crate) use error::Error;
#[cfg(feature = "tui")]
pub(crate) use history_file::history_file;

pub(crate) use issuer::Issuer;
pub(crate) use login_call::{seconds_ahead, skew};
pub(crate) use profile::Profile;
pub(crate) use stored::{LoggedOut, is_unshared, logout, status};
