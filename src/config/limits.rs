//! Settings of what clients may take of the HTTP server at once.

use std::time::Duration;

use super::whole;

/// Ceilings and time-outs of the HTTP server.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "HTTP server")]
pub struct LimitSettings {
    /// Open connections, 1 to 1000000; when there are more, the one that has waited longest for a request is closed
    #[arg(long = "http-connections", env = "HTTP_CONNECTIONS", hide_env_values = true, global = true, value_name = "N",
        default_value = "2048",
        value_parser = |text: &str| whole(text, "HTTP_CONNECTIONS", 1..=1_000_000, 2048).map(|n| n as usize))]
    pub connections: usize,

    /// Open connections of one address (an IPv6 network of 64 bits), 1 to 1000000; behind a proxy all are the proxy's
    #[arg(long = "http-connections-per-peer", env = "HTTP_CONNECTIONS_PER_PEER", hide_env_values = true, global = true,
        value_name = "N", default_value = "1024",
        value_parser = |text: &str| whole(text, "HTTP_CONNECTIONS_PER_PEER", 1..=1_000_000, 1024).map(|n| n as usize))]
    pub connections_per_peer: usize,

    /// Seconds in which a connection has to bring its next request's head, 1 to 3600
    #[arg(long = "http-keep-alive-seconds", env = "HTTP_KEEP_ALIVE_SECONDS", hide_env_values = true, global = true,
        value_name = "SECONDS", default_value = "75",
        value_parser = |text: &str| whole(text, "HTTP_KEEP_ALIVE_SECONDS", 1..=3_600, 75))]
    keep_alive_seconds: u64,

    /// Seconds for which a request's body may stop, or its response may go unread, 1 to 3600
    #[arg(long = "http-idle-seconds", env = "HTTP_IDLE_SECONDS", hide_env_values = true, global = true,
        value_name = "SECONDS", default_value = "30",
        value_parser = |text: &str| whole(text, "HTTP_IDLE_SECONDS", 1..=3_600, 30))]
    idle_seconds: u64,
}

impl LimitSettings {
    /// How long a connection may be open without a complete request head.
    pub fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.keep_alive_seconds)
    }

    /// How long a request's body may stop, or its response may go unread.
    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds)
    }
}
