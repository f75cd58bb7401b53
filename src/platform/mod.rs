//! Where software is to run: distributions, years of the VFX Reference Platform, CPU levels, and
//! what each offers to a binary.

pub mod cpu;
pub mod distribution;
mod target;
pub mod version;
pub mod vfx;

pub use cpu::Level;
pub use target::{Limit, Limits, Private, Target};
pub use version::Version;
pub use vfx::CxxAbi;
