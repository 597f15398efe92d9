//! The `tidegate` executable. It decides nothing: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    tidegate::cli::main(std::env::args_os())
}
