//! The integration tests: one binary, with a module for each command or topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that fails panics
#![allow(clippy::indexing_slicing, clippy::print_stdout, clippy::print_stderr)]
#![allow(unreachable_pub)] // nothing calls into a test binary: all of it is private

mod support;

mod artifact;
mod auth;
mod auth_farm;
mod auth_lasting;
mod auth_presets;
mod aws;
mod aws_keys;
mod batch;
mod batch_faults;
mod batch_journal;
mod cli;
mod completions;
mod config;
mod dependencies;
mod documentation;
mod echo;
mod echo_hostile;
mod echo_webhooks;
mod elf;
mod elf_altered;
mod elf_archive;
mod elf_bounds;
mod elf_calls;
mod elf_diff;
mod elf_fits;
mod elf_fits_wheels;
mod elf_ldd;
mod elf_wheels;
mod explore;
#[cfg(all(feature = "jq", feature = "tui"))]
mod explore_screen;
mod files;
mod files_shared;
mod fuzz_smoke;
mod harness;
mod host;
mod host_diff;
mod http;
mod http_auth;
mod http_cookies;
mod http_cookies_curl;
mod http_download;
mod http_from_curl;
mod http_graphql;
mod http_helper;
mod http_hmac;
mod http_hostile;
mod http_items;
#[cfg(feature = "jq")]
#[cfg(feature = "jq")]
mod http_jq;
mod http_network;
#[cfg(feature = "jq")]
mod http_pages;
#[cfg(feature = "jq")]
#[cfg(feature = "jq")]
mod http_poll;
mod http_pool;
mod http_redirect;
mod http_retry;
mod http_seeing;
mod http_status;
mod http_tls;
mod http_upload;
mod journal;
#[cfg(feature = "jq")]
mod jq;
#[cfg(feature = "jq")]
mod json_filter;
mod json_output;
mod jwt;
mod key_sources;
mod links;
mod man;
mod memory;
mod no_home;
mod oidc;
mod oidc_hostile;
mod package;
#[cfg(feature = "tui")]
mod pick;
#[cfg(feature = "tui")]
mod pick_tmux;
mod quantities;
mod rez;
mod rez_check;
mod scarcity;
mod schemes;
mod security;
mod selftest;
mod seq_check;
mod seq_check_images;
mod seq_ls;
mod seq_mv;
mod seq_range;
mod seq_sums;
mod seq_sums_mhl;
mod standard_output;
mod structure;
mod terminal;
mod version;
#[cfg(not(feature = "jq"))]
mod without_features;
