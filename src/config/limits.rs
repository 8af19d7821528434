//! Settings that limit what clients may use of the HTTP server at a time.

use std::time::Duration;

use super::values::whole;

/// Ceilings and time-outs of the HTTP server.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "HTTP server")]
pub(crate) struct LimitSettings {
    /// Maximum number of open connections, 1 to 1000000; beyond it, the connection idle for longest is closed
    #[arg(long = "http-connections", env = "HTTP_CONNECTIONS", hide_env_values = true, global = true, value_name = "N",
        default_value = "2048",
        value_parser = |text: &str| whole(text, "HTTP_CONNECTIONS", 1..=1_000_000, 2048).map(|n| n as usize))]
    pub connections: usize,

    /// Maximum number of open connections per client address (IPv6: per /64 network), except trusted proxies,
    /// 1 to 1000000
    #[arg(long = "http-connections-per-peer", env = "HTTP_CONNECTIONS_PER_PEER", hide_env_values = true, global = true,
        value_name = "N", default_value = "1024",
        value_parser = |text: &str| whole(text, "HTTP_CONNECTIONS_PER_PEER", 1..=1_000_000, 1024).map(|n| n as usize))]
    pub connections_per_peer: usize,

    /// Seconds that a connection may wait for its next request's head, 1 to 3600
    #[arg(long = "http-keep-alive-seconds", env = "HTTP_KEEP_ALIVE_SECONDS", hide_env_values = true, global = true,
        value_name = "SECONDS", default_value = "75",
        value_parser = |text: &str| whole(text, "HTTP_KEEP_ALIVE_SECONDS", 1..=3_600, 75))]
    keep_alive_seconds: u64,

    /// Seconds without progress after which an upload or an unread response is cut off, 1 to 3600
    #[arg(long = "http-idle-seconds", env = "HTTP_IDLE_SECONDS", hide_env_values = true, global = true,
        value_name = "SECONDS", default_value = "30",
        value_parser = |text: &str| whole(text, "HTTP_IDLE_SECONDS", 1..=3_600, 30))]
    idle_seconds: u64,

    /// Maximum number of concurrent requests, per user and in total: two numbers with a comma
    #[arg(long = "requests-at-once", env = "REQUESTS_AT_ONCE", hide_env_values = true, global = true,
        value_name = "N,ALL", default_value = "32,256", value_parser = |text: &str| pair(text, "REQUESTS_AT_ONCE", (32, 256)))]
    pub requests_at_once: PerUserAndAll,

    /// Maximum number of concurrent file uploads, per user and in total
    #[arg(long = "uploads-at-once", env = "UPLOADS_AT_ONCE", hide_env_values = true, global = true,
        value_name = "N,ALL", default_value = "3,6", value_parser = |text: &str| pair(text, "UPLOADS_AT_ONCE", (3, 6)))]
    pub uploads_at_once: PerUserAndAll,

    /// Maximum number of concurrent uploads of corrections, per user and in total
    #[arg(long = "corrections-at-once", env = "CORRECTIONS_AT_ONCE", hide_env_values = true, global = true,
        value_name = "N,ALL", default_value = "2,4", value_parser = |text: &str| pair(text, "CORRECTIONS_AT_ONCE", (2, 4)))]
    pub corrections_at_once: PerUserAndAll,

    /// Maximum number of concurrent downloads, per user and in total
    #[arg(long = "downloads-at-once", env = "DOWNLOADS_AT_ONCE", hide_env_values = true, global = true,
        value_name = "N,ALL", default_value = "4,32", value_parser = |text: &str| pair(text, "DOWNLOADS_AT_ONCE", (4, 32)))]
    pub downloads_at_once: PerUserAndAll,

    /// Maximum number of concurrent event streams, per user and in total; each open page that shows progress uses one
    #[arg(long = "event-streams-at-once", env = "EVENT_STREAMS_AT_ONCE", hide_env_values = true, global = true,
        value_name = "N,ALL", default_value = "16,512", value_parser = |text: &str| pair(text, "EVENT_STREAMS_AT_ONCE", (16, 512)))]
    pub event_streams_at_once: PerUserAndAll,
}

/// The limits of concurrent uses: per user, and in total.
pub(crate) type PerUserAndAll = (usize, usize);

fn pair(text: &str, name: &str, when_empty: PerUserAndAll) -> Result<PerUserAndAll, String> {
    if text.trim().is_empty() {
        return Ok(when_empty);
    }
    let number =
        |text: &str| text.trim().parse::<usize>().ok().filter(|number| (1..=100_000).contains(number));
    let numbers = text.split_once(',').and_then(|(one, all)| Some((number(one)?, number(all)?)));
    numbers.filter(|(one, all)| one <= all).ok_or_else(|| {
        format!(
            "{name} takes two whole numbers from 1 to 100000, of one user and of all, such as {},{}",
            when_empty.0, when_empty.1
        )
    })
}

impl LimitSettings {
    /// Returns how long a connection may be open without a complete request head.
    pub(crate) fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.keep_alive_seconds)
    }

    /// Returns how long a request's body may pause, or its response remain unread.
    pub(crate) fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds)
    }
}
