//! The `c47` program. See README.md.

mod allocator;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;

fn main() -> ExitCode {
    c47::cli::install_panic_hook();
    c47::cli::main(std::env::args_os()).into()
}
