//! OpenEXR and OpenImageIO, which write and read images.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use super::{missing, tool};
use crate::support::{Effort, Output, Run, effort, source};

/// A Python with OpenEXR and OpenImageIO.
pub struct Images {
    python: PathBuf,
    modules: PathBuf,
}

/// OpenEXR and OpenImageIO.
#[track_caller]
pub fn images() -> Option<Images> {
    let modules = source("target/peers/images/python");
    if !modules.join("OpenImageIO").exists() && effort() != Effort::Quick {
        return missing("no OpenEXR and OpenImageIO; run scripts/peers");
    }
    Some(Images {
        python: tool("python3")?,
        modules,
    })
}

impl Images {
    /// Runs `images.py` with these arguments.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Output {
        Run::of(&self.python)
            .env("PYTHONPATH", &self.modules)
            .arg(source("tests/support/peers/images.py"))
            .args(arguments)
            .limit(Duration::from_secs(600))
            .run()
    }
}
