//! Rez packages of executables: made, installed in one step, and repositories checked for what
//! breaks them. The facts are those of rez 3.4.0.

pub mod check;
mod error;
mod install;
mod package;
mod payload;
mod staging;

pub use error::Error;
pub use install::{Existing, Order, install};
pub use package::{Package, ensure_name, ensure_tool_name, ensure_version};
pub use payload::{Linkage, Tool, linkage};
