//! The short help (`-h`) and the manual pages (`c47 help`, `c47 man`). Both are made from the tables
//! of the command line and from `src/cli/<command>/manual.md`.

mod document;
mod markdown;
mod page;
mod roff;
mod short;
mod terminal;

pub(crate) use page::{page, page_name};
pub(crate) use roff::{Edition, render as as_roff};
pub(crate) use short::{overview, short};
pub(crate) use terminal::render as as_text;
