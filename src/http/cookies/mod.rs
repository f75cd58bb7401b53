//! Cookies (RFC 6265, and the rules of its revision RFC 6265bis). A jar belongs to the calls of one
//! command. It can be kept in a file in the format of Netscape and curl.

mod accept;
/// A cookie in a jar.
mod cookie;
mod date;
mod domain;
/// The file of a jar.
pub(crate) mod file;
mod jar;
mod kept;
mod netscape;
mod parse;
mod suffix;

pub(crate) use cookie::Channel;
pub(crate) use kept::{Cookies, Saving};

#[cfg(test)]
mod tests;
