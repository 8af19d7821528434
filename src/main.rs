//! The binary: calls the command line.

use std::process::ExitCode;

use ingest::cli::{self, Cli, Status};
use ingest::config;

fn main() -> ExitCode {
    // Loads `.env` into the environment before any thread is started.
    let dotenv = match config::load_dotenv() {
        Ok(dotenv) => dotenv,
        Err(error) => {
            eprintln!("ingest: {error}");
            return ExitCode::from(2);
        }
    };
    if let Some(dotenv) = &dotenv {
        eprintln!("ingest: {dotenv}");
    }
    let parsed = match Cli::parse_checked(dotenv.as_ref()) {
        Ok(parsed) => parsed,
        Err(error) => {
            eprintln!("ingest: {error}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("ingest: the runtime cannot start: {error}");
            return Status::Failed.into();
        }
    };
    match runtime.block_on(cli::run(parsed)) {
        Ok(status) => status.into(),
        Err(error) => cli::report_error(&error),
    }
}
