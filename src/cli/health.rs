//! `health`: asks the service of this machine or container how it is. An image that has nothing but this program can check
//! itself with it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::Status;
use crate::config::{Settings, SettingsError};

/// How long an answer may take. `/readyz` waits five seconds for the database.
const PATIENCE: Duration = Duration::from_secs(6);

/// Asks `/livez` or, if `ready`, `/readyz` at `METRICS_ADDRESS`. Fails unless the answer is 200.
pub(crate) async fn run(settings: &Settings, ready: bool) -> anyhow::Result<Status> {
    let Some(address) = settings.monitoring.metrics_address() else {
        let words = "set METRICS_ADDRESS, at which `worker` and `serve` say how they are, to the same value as for them";
        return Err(SettingsError::Together(words.to_owned()).into());
    };
    let path = if ready { "readyz" } else { "livez" };
    let url = format!("http://{}/{path}", from_here(address));
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let answer = client.get(&url).send().await;
    let answer = answer.with_context(|| format!("no `worker` or `serve` answers {url} (METRICS_ADDRESS)"))?;
    let (status, text) = (answer.status(), answer.text().await?);
    if status != reqwest::StatusCode::OK {
        bail!("{url}: {status}: {}", text.trim());
    }
    Ok(Status::Done)
}

/// Returns the address at which this machine reaches a service that listens on `address`.
pub(super) fn from_here(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_on_all_addresses_is_reached_on_the_loopback_address() {
        let cases =
            [("0.0.0.0:9090", "127.0.0.1:9090"), ("[::]:9090", "[::1]:9090"), ("10.0.0.7:80", "10.0.0.7:80")];
        for (listens, reached) in cases {
            assert_eq!(from_here(listens.parse().unwrap()).to_string(), reached);
        }
    }
}
