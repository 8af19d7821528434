//! Determines who sends a request and from where, for limits and for the log.
//!
//! The address is that of the peer, unless the peer is a trusted proxy: then the proxy's header names the client.
//! Anything in the header to the left of the first address that is not one of our proxies is claimed by the client
//! itself, and ignored.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, HeaderName, header};
use ipnet::IpNet;

use crate::auth::{Means, Principal};
use crate::domain::ids::TokenId;

/// The reverse proxies in front of the server.
#[derive(Debug)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: HeaderName,
}

impl TrustedProxies {
    /// Trusts proxies in these networks, which name the client in this header.
    pub(crate) fn new(networks: Vec<IpNet>, header: HeaderName) -> TrustedProxies {
        TrustedProxies { networks, header }
    }

    /// Returns the address of the client whose request arrives from `peer`.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer.to_canonical();
        if !self.trusts(address) {
            return address;
        }
        let lines: Vec<&str> =
            headers.get_all(&self.header).iter().map(|value| value.to_str().unwrap_or_default()).collect();
        // Each proxy appends the address that connected to it, so the nearest hop is the last.
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            let Some(before) = self.node(hop) else { break };
            address = before.to_canonical();
            if !self.trusts(address) {
                break;
            }
        }
        address
    }

    /// Returns whether the address is that of a proxy.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Returns the address of one element, or `None` if it names none, such as `unknown`.
    fn node(&self, hop: &str) -> Option<IpAddr> {
        let node = match self.header == header::FORWARDED {
            true => hop.split(';').find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
            })?,
            false => hop.trim(),
        };
        let socket = || node.parse().map(|address: SocketAddr| address.ip());
        let bracketed = || node.trim_start_matches('[').trim_end_matches(']').parse();
        node.parse().or_else(|_| socket()).or_else(|_| bracketed()).ok()
    }
}

/// What is known about the sender of a request; shared by the handlers and the log.
#[derive(Debug, Clone)]
pub(crate) struct Client(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    address: IpAddr,
    sender: OnceLock<Sender>,
}

/// The identity that the credentials of a request prove.
#[derive(Debug, Clone)]
pub(crate) enum Sender {
    /// The sender is authenticated.
    Known {
        /// Whose data they see.
        owner: String,
        /// How they authenticated.
        means: &'static str,
        /// The id of their API token, if they used one.
        token_id: Option<TokenId>,
    },
    /// The credentials are invalid.
    Refused {
        /// What kind of credentials.
        means: &'static str,
        /// What is wrong with them.
        reason: &'static str,
    },
}

impl Client {
    /// Creates the client of a request, with its address.
    pub(crate) fn new(proxies: &TrustedProxies, extensions: &Extensions, headers: &HeaderMap) -> Client {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let address = proxies.client(peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), headers);
        Client(Arc::new(Parts { address, sender: OnceLock::new() }))
    }

    /// Returns the address of the client.
    pub(crate) fn address(&self) -> IpAddr {
        self.0.address
    }

    /// Returns the network that counts as one client: an IPv6 subscriber has at least 64 bits of addresses.
    pub(crate) fn network(&self) -> IpAddr {
        match self.0.address {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        }
    }

    /// Returns the identity that the credentials prove; `None` if there are none or they were not checked.
    pub(crate) fn sender(&self) -> Option<&Sender> {
        self.0.sender.get()
    }

    /// Records who the client is.
    pub(crate) fn is_known_as(&self, principal: &Principal) {
        let token_id = match principal.means {
            Means::ApiToken(id) => Some(id),
            Means::Local | Means::Bearer | Means::Session { .. } => None,
        };
        let (owner, means) = (principal.owner.0.clone(), principal.means.word());
        let _ = self.0.sender.set(Sender::Known { owner, means, token_id });
    }

    /// Records that the client's credentials are invalid.
    pub(crate) fn is_refused(&self, means: &'static str, reason: &'static str) {
        let _ = self.0.sender.set(Sender::Refused { means, reason });
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(header: &str, peer: &str, values: &[&str]) -> String {
        let networks = ["10.0.0.0/8", "2001:db8::/32", "127.0.0.1/32"];
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        let name: HeaderName = header.parse().unwrap();
        let value = |value: &&str| (name.clone(), HeaderValue::from_str(value).unwrap());
        let headers: HeaderMap = values.iter().map(value).fold(HeaderMap::new(), |mut all, (name, value)| {
            all.append(name, value);
            all
        });
        TrustedProxies::new(networks, name).client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_client_is_the_first_address_that_is_not_a_proxy() {
        let cases: [(&str, &[&str], &str); 12] = [
            // Only trusted proxies are believed.
            ("192.0.2.7", &["198.51.100.1"], "192.0.2.7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            // What the client itself sent is to the left of what the proxy appended.
            ("10.0.0.1", &["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["203.0.113.9, 198.51.100.1, 10.2.3.4,2001:db8::1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1:5555"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:470::1]:5555"], "2001:470::1"),
            ("10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            // An unreadable element ends the chain at the last known address.
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        ];
        for (peer, values, expected) in cases {
            assert_eq!(client("x-forwarded-for", peer, values), expected, "{peer} {values:?}");
        }
    }

    #[test]
    fn forwarded_is_read_as_in_rfc_7239() {
        let cases: [(&[&str], &str); 6] = [
            (&["for=198.51.100.1;proto=https;by=10.0.0.1"], "198.51.100.1"),
            (&["For=\"[2001:470::1]:4711\""], "2001:470::1"),
            (&["for=203.0.113.9, for=198.51.100.1"], "198.51.100.1"),
            (&["for=203.0.113.9", "proto=http; for = \"198.51.100.1:80\""], "198.51.100.1"),
            (&["for=_hidden"], "10.0.0.1"),
            (&["for=\"203.0.113.9, for=198.51.100.1"], "198.51.100.1"),
        ];
        for (values, expected) in cases {
            assert_eq!(client("forwarded", "10.0.0.1", values), expected, "{values:?}");
        }
    }
}
