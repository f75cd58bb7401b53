//! Signatures and credentials of AWS: Signature Version 4, and the sources of credentials in the order
//! of the AWS CLI.

mod answer;
mod call;
mod chain;
mod container;
mod endpoint;
mod environment;
mod ini;
mod keys;
mod metadata;
mod obtain;
pub(crate) mod origin;
mod process;
mod profiles;
pub(crate) mod queue_role;
mod signature;
mod signer;
mod sso;
mod sts;

pub(crate) use chain::{Resolved, region, resolve};
pub(crate) use endpoint::of_host;
pub(crate) use environment::Environment;
/// For the tests with altered input.
pub(crate) use ini::parse as parse_ini;
pub(crate) use keys::Keys;
pub(crate) use obtain::obtain;
pub(crate) use signature::{MAX_PRESIGNED, Mode, Scope};
pub(crate) use signer::{KeySource, Signer};
pub(crate) use sts::has_keys as has_sts_keys;
