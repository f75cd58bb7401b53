//! `c47 http`: make one HTTP call, or a batch of them.

mod batch;
mod build;
mod chart;
mod content;
mod cookies;
mod credentials;
mod download;
mod format;
mod from_curl;
mod graphql;
mod help;
mod items;
mod jq;
mod offline;
mod options;
mod page_writer;
mod paging;
mod pasted;
mod plan;
mod polling;
mod presign;
mod print;
mod print_command;
mod report;
mod reporter;
mod run;
mod settings;
mod show;
mod sink;
mod sourced;
mod status;
mod target;
mod to_curl;

pub(super) use build::profile_headers;
pub(super) use help::{DETAILS, LAYOUTS};
pub(super) use options::Http;
