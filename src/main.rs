//! The `tidegate` executable. It decides nothing: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::SUCCESS
}
