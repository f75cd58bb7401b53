//! Target systems: distributions, years of the VFX Reference Platform and CPU levels, and the
//! library versions of each.

pub(crate) mod cpu;
pub(crate) mod distribution;
mod target;
pub(crate) mod version;
pub(crate) mod vfx;

pub(crate) use cpu::Level;
pub(crate) use target::{Limit, Limits, Private, Target};
pub use version::Version;
pub(crate) use vfx::CxxAbi;
