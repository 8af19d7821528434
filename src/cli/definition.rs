//! The command line as clap has it: parsing, help without the configuration, completions, and manual pages.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use clap::error::ErrorKind;
use clap::{Command, CommandFactory, FromArgMatches};
use clap_complete::Shell;

use super::Status;
use super::commands::Cli;
use super::output::stdout;
use crate::config::{self, Dotenv, SettingsError};

/// The command whose help lists the configuration.
const CONFIG: &str = "config";
/// Settings that every command's help lists.
const SHOWN: &[&str] = &["owner", "data_dir"];
/// The flag that prints results as JSON, and the commands that refuse it.
const JSON: &str = "json";
const WITHOUT_RESULT: &[&str] = &["worker", "serve", "migrate", "export", "completions", "manual", "health"];
/// What the help of the other commands says about the configuration.
const AFTER: &str = "Every setting is also a flag of every command: `ingest help config` lists them.";

impl Cli {
    /// Parses the command line, and exits with the usage if that fails. Returns an error if it contains a secret. `dotenv`:
    /// the `.env` that was loaded into the environment.
    pub(crate) fn parse_checked(dotenv: Option<&Dotenv>) -> Result<Cli, SettingsError> {
        let command = command();
        let matches = command.clone().get_matches();
        config::refuse_secret_flags(&matches)?;
        let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        if let Some(why) = cli.command.why_not_json().filter(|_| cli.json) {
            command.clone().error(ErrorKind::ArgumentConflict, why).exit();
        }
        cli.listed = config::settings(&command, &matches, dotenv);
        Ok(cli)
    }
}

/// Returns the command line. The settings are flags of every command, and hidden in the help of all but one.
pub(super) fn command() -> Command {
    let mut command = Cli::command();
    command.build();
    without_settings(command)
}

fn without_settings(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let shown = |name: &str| name == CONFIG || name == "help";
    let names = names.iter().filter(|name| !shown(name));
    let command = names.fold(command, |command, name| command.mut_subcommand(name, without_settings));
    let has_result = !WITHOUT_RESULT.contains(&command.get_name());
    let is_hidden = |arg: &clap::Arg| {
        let is_shown = SHOWN.contains(&arg.get_id().as_str()) || has_result && arg.get_id() == JSON;
        arg.is_global_set() && !is_shown
    };
    let command = command.mut_args(|arg| match is_hidden(&arg) {
        true => arg.hide(true),
        false => arg,
    });
    command.after_help(AFTER)
}

/// Prints the completions for a shell.
pub(super) fn print_completions(shell: Shell) -> anyhow::Result<Status> {
    // The generator panics if it cannot write.
    let mut completions = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ingest", &mut completions);
    stdout().write_all(&completions)?;
    Ok(Status::Done)
}

/// Writes a manual page for each command into a folder, which is created if it is missing.
pub(super) fn write_manual(folder: &Path) -> anyhow::Result<Status> {
    let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command(), folder));
    written.with_context(|| folder.display().to_string())?;
    eprintln!("wrote the manual pages to {}; the first is ingest.1", folder.display());
    Ok(Status::Done)
}
