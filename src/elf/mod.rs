//! ELF files: what they need, what ld.so would load for them, and where they run. Nothing is
//! executed or loaded; files are read in bounded parts.

pub mod cache;
pub mod cxx_abi;
pub mod duplicates;
pub mod family;
pub mod host;
pub mod info;
pub mod linkage;
pub mod notes;
pub mod parse;
pub mod reader;
pub mod requirements;
pub mod root;
pub mod rpath;
pub mod search;
mod secure;
mod strings;
pub mod symbols;
pub mod system;
mod tokens;
pub mod tree;
pub mod verdict;
pub mod versions;
pub mod walk;
