//! OpenID Connect: the metadata of an issuer, a login in a browser, and the check of ID tokens.

mod callback;
pub(super) mod discovery;
pub(super) mod id_token;
pub(super) mod login;
mod loopback;
mod pkce;
