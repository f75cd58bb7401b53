//! A profile's credentials: had once, kept where nobody else reads, shared by all processes of a
//! user, sent to their own service and nowhere else.

pub mod device;
mod error;
mod exchange;
pub mod host;
mod issue;
mod kept;
mod lease;
mod mint;
pub mod oauth;
pub mod plan;
mod profile;
mod store;
pub mod template;
mod tokens;
mod values;

pub use error::Error;
pub use exchange::{ensure_not_in_plaintext, seconds_ahead, skew};
pub use issue::{Issued, LoggedOut, Status, is_renewable, issue, logout, status};
pub use profile::Profile;
pub use tokens::{Surroundings, Want};
