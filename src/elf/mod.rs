//! ELF files: what they need, what ld.so would load for them, and where they run. No file is
//! executed or loaded. Files are read in bounded parts.

pub(crate) mod archive;
pub(crate) mod cache;
pub(crate) mod cxx_abi;
pub(crate) mod demangle;
pub(crate) mod diff;
pub(crate) mod duplicates;
pub(crate) mod family;
mod fault;
pub(crate) mod fits;
pub(crate) mod host;
pub(crate) mod info;
pub(crate) mod inputs;
mod kept;
pub(crate) mod linkage;
mod names;
pub(crate) mod notes;
pub(crate) mod parse;
pub(crate) mod reader;
pub(crate) mod requirements;
pub(crate) mod root;
pub(crate) mod rpath;
pub(crate) mod search;
mod secure;
mod strings;
pub(crate) mod symbols;
pub(crate) mod system;
mod tokens;
pub mod tree;
pub mod verdict;
pub(crate) mod versions;
pub(crate) mod walk;
