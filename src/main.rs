//! Parses the command line, runs it, and turns what it came to into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    quantlearn::cli::main()
}
