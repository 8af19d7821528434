//! Settings of what receives the changes of jobs.

use ipnet::IpNet;

use super::access::{Networks, networks};
use crate::domain::topic::TopicArn;

/// What receives the changes of jobs.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct WebhookSettings {
    /// Addresses or networks that webhooks may have though they are not public, separated by commas, such as 10.0.0.0/8
    /// [default: none]
    #[arg(long, env = "WEBHOOK_ALLOWED_NETWORKS", hide_env_values = true, global = true, value_name = "NETWORKS",
        value_parser = |text: &str| networks(text, "WEBHOOK_ALLOWED_NETWORKS"))]
    webhook_allowed_networks: Option<Networks>,

    /// ARN of an SNS topic to which workers publish the changes of the jobs of all owners [default: none]
    #[arg(long, env = "EVENTS_TOPIC_ARN", hide_env_values = true, global = true, value_name = "ARN",
        value_parser = topic)]
    events_topic_arn: Option<Topic>,
}

/// A topic; `None` for an empty value, which counts as none.
type Topic = Option<TopicArn>;

fn topic(text: &str) -> Result<Topic, String> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|error| format!("EVENTS_TOPIC_ARN {error}")),
    }
}

impl WebhookSettings {
    /// Returns the networks that are not public and allowed.
    pub(crate) fn allowed_networks(&self) -> &[IpNet] {
        self.webhook_allowed_networks.as_ref().map_or(&[], Networks::as_slice)
    }

    /// Returns the topic to which workers publish.
    pub(crate) fn topic(&self) -> Option<&TopicArn> {
        self.events_topic_arn.as_ref()?.as_ref()
    }
}
