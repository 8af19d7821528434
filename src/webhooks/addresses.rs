//! Which addresses webhooks may have. Owners choose the URLs, and must not reach what only this machine and its network can
//! reach, such as the metadata service of a cloud.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Networks that are not public, after the special-purpose registries of RFC 6890.
const NOT_PUBLIC: [&str; 21] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "::/127",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

/// IPv6 networks whose addresses contain an IPv4 address, and the byte at which it begins.
const CONTAINING: [(&str, usize); 2] = [("64:ff9b::/96", 12), ("2002::/16", 2)];

/// Networks that are allowed though they are not public.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowedNetworks {
    allowed: Arc<[IpNet]>,
    not_public: Arc<[IpNet]>,
    containing: Arc<[(Ipv6Net, usize)]>,
}

/// An address that webhooks may not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a public address; an operator can allow its network in WEBHOOK_ALLOWED_NETWORKS")]
pub(crate) struct NotAllowed(pub IpAddr);

impl AllowedNetworks {
    /// Allows public addresses and those of `networks`.
    pub(crate) fn new(networks: &[IpNet]) -> AllowedNetworks {
        AllowedNetworks {
            allowed: networks.into(),
            not_public: NOT_PUBLIC.iter().filter_map(|network| network.parse().ok()).collect(),
            containing: CONTAINING
                .iter()
                .filter_map(|(network, at)| Some((network.parse().ok()?, *at)))
                .collect(),
        }
    }

    /// Fails if webhooks may not have this address.
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), NotAllowed> {
        let address = address.to_canonical();
        if self.allowed.iter().any(|network| network.contains(&address)) {
            return Ok(());
        }
        if self.not_public.iter().any(|network| network.contains(&address)) {
            return Err(NotAllowed(address));
        }
        match self.contained(address) {
            Some(inner) => self.check(inner.into()).map_err(|_| NotAllowed(address)),
            None => Ok(()),
        }
    }

    fn contained(&self, address: IpAddr) -> Option<Ipv4Addr> {
        let IpAddr::V6(address) = address else { return None };
        let (_, at) = self.containing.iter().find(|(network, _)| network.contains(&address))?;
        let bytes = address.octets().get(*at..at + 4)?.try_into().ok()?;
        Some(Ipv4Addr::from_octets(bytes))
    }
}

/// Resolves names with the system's resolver, to allowed addresses only. So a name cannot change its address between a check
/// and the connection.
pub(super) struct GuardedResolver(pub AllowedNetworks);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let mut refused = None;
            let allowed = found.into_iter().filter(|address| match networks.check(address.ip()) {
                Ok(()) => true,
                Err(error) => {
                    refused = Some(error);
                    false
                }
            });
            let allowed: Vec<SocketAddr> = allowed.collect();
            match refused {
                Some(error) if allowed.is_empty() => Err(error.into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_and_allowed_addresses_pass() {
        let networks = AllowedNetworks::new(&["10.1.0.0/16".parse().unwrap()]);
        assert_eq!(
            (networks.not_public.len(), networks.containing.len()),
            (NOT_PUBLIC.len(), CONTAINING.len())
        );
        for (address, is_allowed) in [
            ("93.184.215.14", true),
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("::ffff:169.254.169.254", false),
            ("64:ff9b::a9fe:a9fe", false),
            ("64:ff9b::5db8:d70e", true),
            ("2002:7f00:1::", false),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
            ("100.100.100.200", false),
            ("::1", false),
            ("::", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", true),
        ] {
            assert_eq!(networks.check(address.parse().unwrap()).is_ok(), is_allowed, "{address}");
        }
    }
}
