//! Settings of monitoring.

use std::net::SocketAddr;

/// Where metrics are served.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct MonitoringSettings {
    /// Address and port at which `worker` and `serve` answer /metrics (Prometheus), /livez and /readyz, such as
    /// 0.0.0.0:9090. It asks for no credentials, so only the monitoring system should reach it [default: none]
    #[arg(long, env = "METRICS_ADDRESS", hide_env_values = true, global = true, value_name = "ADDRESS",
        default_value = "", hide_default_value = true, value_parser = address)]
    metrics_address: MaybeAddress,
}

/// An address, if one is set.
#[derive(Debug, Clone, Copy)]
struct MaybeAddress(Option<SocketAddr>);

fn address(text: &str) -> Result<MaybeAddress, String> {
    match text.trim() {
        "" => Ok(MaybeAddress(None)),
        text => text.parse().map(|address| MaybeAddress(Some(address))).map_err(|_| {
            "METRICS_ADDRESS takes an address and a port such as 0.0.0.0:9090 or [::]:9090".to_owned()
        }),
    }
}

impl MonitoringSettings {
    /// Returns the address of the metrics; `None` means that they are not served.
    pub(crate) fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_port_and_may_be_missing() {
        assert_eq!(address("").unwrap().0, None);
        assert_eq!(address(" [::]:9090 ").unwrap().0, Some("[::]:9090".parse().unwrap()));
        assert!(address("9090").unwrap_err().contains("METRICS_ADDRESS"));
    }
}
