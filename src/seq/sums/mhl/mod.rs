//! ASC MHL 2.0: a history of the checksums of a directory, in its folder `ascmhl`.

mod chain;
pub(crate) mod create;
mod history;
mod ignore;
mod manifest;
mod plan;
mod tree;
pub(crate) mod verify;
mod write;

/// The folder of a history.
pub(crate) const FOLDER: &str = "ascmhl";
/// The file with the checksums of all generations.
pub(crate) const CHAIN: &str = "ascmhl_chain.xml";

/// Whether a text is a manifest or a chain file. For tests.
pub(crate) fn is_readable(text: &str) -> bool {
    manifest::parse(text).is_ok() || chain::parse(text).is_ok()
}
