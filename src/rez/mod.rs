//! Builds Rez packages of executables, installs them atomically, and checks repositories for
//! faults. The rules are those of rez 3.4.0.

pub(crate) mod check;
pub(crate) mod deep;
mod error;
mod install;
mod package;
mod payload;
mod python;
mod requirement;
mod staging;
mod version;

pub(crate) use error::Error;
pub(crate) use install::{Existing, InstallRequest, install};
pub(crate) use package::{Package, ensure_name, ensure_tool_name, ensure_version};
pub(crate) use payload::{Linkage, Tool, linkage};
