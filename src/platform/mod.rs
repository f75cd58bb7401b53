//! Where software is to run: distributions, years of the VFX Reference Platform, CPU levels, and
//! what each offers to a binary.

pub(crate) mod cpu;
pub(crate) mod distribution;
mod target;
pub(crate) mod version;
pub(crate) mod vfx;

pub(crate) use cpu::Level;
pub(crate) use target::{Limit, Limits, Private, Target};
pub use version::Version;
pub(crate) use vfx::CxxAbi;
