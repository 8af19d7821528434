//! Settings of webhooks.

use ipnet::IpNet;

use super::access::{Networks, networks};

/// Where webhooks may be.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct WebhookSettings {
    /// Addresses or networks that webhooks may have though they are not public, separated by commas, such as 10.0.0.0/8
    /// [default: none]
    #[arg(long, env = "WEBHOOK_ALLOWED_NETWORKS", hide_env_values = true, global = true, value_name = "NETWORKS",
        value_parser = |text: &str| networks(text, "WEBHOOK_ALLOWED_NETWORKS"))]
    webhook_allowed_networks: Option<Networks>,
}

impl WebhookSettings {
    /// Returns the networks that are not public and allowed.
    pub(crate) fn allowed_networks(&self) -> &[IpNet] {
        self.webhook_allowed_networks.as_ref().map_or(&[], Networks::as_slice)
    }
}
