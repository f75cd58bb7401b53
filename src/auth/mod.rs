//! Credentials: how a caller proves who it is, by `--auth` or by a profile. Tokens that a service
//! gives are obtained once, cached where nobody else can read them, and shared by all processes of a
//! user; a credential goes to its own service and nowhere else.

pub(crate) mod context;
mod device;
mod error;
mod exchange;
mod grants;
pub(crate) mod host;
mod issuer;
mod lease;
mod mint;
pub(crate) mod oauth;
pub(crate) mod plan;
pub(crate) mod presets;
/// What a scheme sends, described without its secret.
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

pub(crate) use context::{Context, Login, Places, Storage, Want};
pub(crate) use error::Error;
pub(crate) use exchange::{seconds_ahead, skew};
pub(crate) use issuer::Issuer;
pub(crate) use profile::Profile;
pub(crate) use stored::{LoggedOut, logout, status};
