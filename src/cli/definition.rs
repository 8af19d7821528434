//! The command line as clap has it: help without the configuration, completions, and manual pages.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use clap::{Command, CommandFactory};
use clap_complete::Shell;

use super::Status;
use super::commands::Cli;
use super::output::stdout;

/// The command whose help lists the configuration.
pub(super) const CONFIG: &str = "config";
/// Settings that every command's help lists.
const SHOWN: &[&str] = &["owner", "data_dir"];
/// What the help of the other commands says about the configuration.
const AFTER: &str = "Every setting is also a flag of every command: `ingest help config` lists them.";

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
    let is_hidden = |arg: &clap::Arg| arg.is_global_set() && !SHOWN.contains(&arg.get_id().as_str());
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
