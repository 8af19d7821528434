//! `config`: the settings with their values and origins.

use super::Status;
use super::output::{Format, print};
use crate::config::Setting;

/// Prints all settings.
pub(super) fn show(settings: &[Setting], format: Format) -> anyhow::Result<Status> {
    print(format, settings, &["setting", "value", "from"], |setting| {
        let Setting { name, value, origin } = setting;
        vec![name.clone(), value.clone().unwrap_or_default(), origin.words().to_owned()]
    })?;
    Ok(Status::Done)
}
