//! Credentials: how a caller proves who it is, by `--auth` or by a profile. Tokens that a service
//! gives are obtained once, cached where nobody else can read them, and shared by all processes of a
//! user; a credential goes to its own service and nowhere else.

pub mod context;
mod device;
mod error;
mod exchange;
pub mod host;
mod issuer;
mod lease;
mod mint;
pub mod oauth;
pub mod plan;
pub mod presets;
/// What a scheme sends, described without its secret.
pub mod preview;
mod profile;
mod records;
/// The table of schemes.
pub mod scheme;
pub mod secret_ref;
pub mod service;
mod store;
mod stored;
pub mod template;
mod tokens;
mod values;

pub use context::{Context, Login, Want};
pub use error::Error;
pub use exchange::{seconds_ahead, skew};
pub use issuer::Issuer;
pub use profile::Profile;
pub use stored::{LoggedOut, logout, status};
