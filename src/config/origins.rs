//! The settings with their values and where these come from, for people.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use super::Dotenv;
use super::secret;

/// Where the value of a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// A flag of the command line.
    Flag,
    /// The environment.
    Environment,
    /// The file `.env`.
    Dotenv,
    /// Nobody has set it.
    Default,
}

impl Origin {
    /// Returns the origin in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Origin::Flag => "flag",
            Origin::Environment => "environment",
            Origin::Dotenv => ".env",
            Origin::Default => "default",
        }
    }
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Setting {
    /// Its variable.
    pub name: String,
    /// Its value, `***` for a secret; `None` if it is not set and its default is not a fixed value.
    pub value: Option<String>,
    /// Where the value comes from.
    pub origin: Origin,
}

/// Returns all settings, in the order of their help.
pub(crate) fn settings(command: &Command, matches: &ArgMatches, dotenv: Option<&Dotenv>) -> Vec<Setting> {
    let setting = |arg: &clap::Arg| {
        let name = arg.get_env()?.to_str()?.to_owned();
        let id = arg.get_id().as_str();
        let given = matches.get_raw(id).map(|values| {
            let values: Vec<String> = values.map(|value| value.to_string_lossy().into_owned()).collect();
            values.join(",")
        });
        // An empty value counts as unset.
        let given = given.filter(|value| !value.is_empty());
        let origin = match matches.value_source(id).filter(|_| given.is_some()) {
            Some(ValueSource::CommandLine) => Origin::Flag,
            Some(ValueSource::EnvVariable) if dotenv.is_some_and(|dotenv| dotenv.sets(&name)) => {
                Origin::Dotenv
            }
            Some(ValueSource::EnvVariable) => Origin::Environment,
            Some(_) | None => Origin::Default,
        };
        let value = given.map(|value| if secret::is_secret(id) { "***".to_owned() } else { value });
        Some(Setting { name, value, origin })
    };
    command.get_arguments().filter_map(setting).collect()
}
