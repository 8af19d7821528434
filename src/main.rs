//! The binary. All code is in the library: code of futures is generated where they are run, and would be generated twice.

use std::process::ExitCode;

fn main() -> ExitCode {
    ingest::cli::main()
}
