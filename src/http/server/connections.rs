//! Tracks open connections, their peers, and which of them are idle.
//!
//! At a ceiling the connection that has been idle for longest makes room for a new one, so clients that only
//! connect, or send request heads slowly, do not keep others out. A connection with a request in progress is never
//! closed for that.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// All open connections.
pub(crate) struct Connections {
    total: usize,
    per_peer: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: usize,
    of_peer: HashMap<IpAddr, usize>,
    /// Idle connections, in the order in which they became idle.
    idle: BTreeMap<u64, Idle>,
    next: u64,
}

struct Idle {
    peer: IpAddr,
    evicted: CancellationToken,
}

impl State {
    fn add(&mut self, peer: IpAddr) {
        self.open += 1;
        *self.of_peer.entry(peer).or_default() += 1;
    }

    fn remove(&mut self, peer: IpAddr) {
        self.open -= 1;
        let left = self.of_peer.get_mut(&peer).map_or(0, |count| {
            *count -= 1;
            *count
        });
        if left == 0 {
            self.of_peer.remove(&peer);
        }
    }

    fn wait(&mut self, peer: IpAddr, evicted: CancellationToken) -> u64 {
        self.next += 1;
        self.idle.insert(self.next, Idle { peer, evicted });
        self.next
    }

    /// Closes the connection that has been idle for longest: any, or one of `peer`. Returns `false` if none is
    /// idle.
    fn evict(&mut self, peer: Option<IpAddr>) -> bool {
        let is_meant = |idle: &Idle| peer.is_none_or(|peer| idle.peer == peer);
        let oldest = self.idle.iter().find(|(_, idle)| is_meant(idle)).map(|(number, _)| *number);
        let Some(idle) = oldest.and_then(|number| self.idle.remove(&number)) else { return false };
        self.remove(idle.peer);
        idle.evicted.cancel();
        true
    }
}

impl Connections {
    /// Creates an empty set of connections with a total ceiling and one per peer.
    pub(crate) fn new(total: usize, per_peer: usize) -> Arc<Connections> {
        Arc::new(Connections { total, per_peer, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No panic can leave the state half-changed, so a poisoned lock is safe to use.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a new connection, which waits for its first request. Returns `None` if a ceiling is reached and
    /// every connection has a request in progress. A proxy has no ceiling of its own.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr, is_proxy: bool) -> Option<Arc<Connection>> {
        let peer = network(address);
        let mut state = self.state();
        let of_peer = state.of_peer.get(&peer).copied().unwrap_or_default();
        if of_peer >= self.per_peer && !is_proxy && !state.evict(Some(peer)) {
            return None;
        }
        if state.open >= self.total && !state.evict(None) {
            return None;
        }
        state.add(peer);
        let evicted = CancellationToken::new();
        let waiting = Mutex::new(Some(state.wait(peer, evicted.clone())));
        Some(Arc::new(Connection { connections: Arc::clone(self), peer, evicted, waiting }))
    }

    /// Closes the connection that has been idle for longest, if any is idle.
    pub(crate) fn evict_oldest(&self) {
        self.state().evict(None);
    }
}

/// An open connection; counted until it is dropped or evicted.
pub(crate) struct Connection {
    connections: Arc<Connections>,
    peer: IpAddr,
    evicted: CancellationToken,
    /// Its number among idle connections. Only changed under the lock of `connections`.
    waiting: Mutex<Option<u64>>,
}

impl Connection {
    /// Waits until the connection must make room for another.
    pub(crate) async fn evicted(&self) {
        self.evicted.cancelled().await;
    }

    /// Returns whether a request is in progress.
    pub(crate) fn is_busy(&self) -> bool {
        self.waiting().is_none()
    }

    /// Marks the connection as busy until the value is dropped. Returns `None` if it was evicted.
    pub(crate) fn busy(self: &Arc<Self>) -> Option<Busy> {
        let mut state = self.connections.state();
        if self.evicted.is_cancelled() {
            return None;
        }
        if let Some(number) = self.waiting().take() {
            state.idle.remove(&number);
        }
        Some(Busy(Arc::clone(self)))
    }

    fn waiting(&self) -> MutexGuard<'_, Option<u64>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut state = self.connections.state();
        if !self.evicted.is_cancelled() {
            state.remove(self.peer);
        }
        if let Some(number) = self.waiting().take() {
            state.idle.remove(&number);
        }
    }
}

/// A request in progress, until its response has been sent.
pub(crate) struct Busy(Arc<Connection>);

impl Drop for Busy {
    fn drop(&mut self) {
        let Connection { connections, peer, evicted, waiting: _ } = &*self.0;
        let mut state = connections.state();
        let number = state.wait(*peer, evicted.clone());
        *self.0.waiting() = Some(number);
    }
}

/// Returns the network of one client: an IPv4 address, or the 64-bit IPv6 prefix that a provider assigns to one
/// subscriber.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const BOB: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn open(connections: &Connections) -> usize {
        connections.state().open
    }

    #[test]
    fn the_connection_idle_for_longest_makes_room() {
        let connections = Connections::new(2, 2);
        let first = connections.admit(ANN, false).unwrap();
        let second = connections.admit(BOB, false).unwrap();
        let third = connections.admit(BOB, false).unwrap();
        assert!(first.evicted.is_cancelled() && first.busy().is_none());
        assert!(!second.evicted.is_cancelled() && !third.evicted.is_cancelled());
        drop(first);
        assert_eq!(open(&connections), 2);
        drop((second, third));
        let state = connections.state();
        assert!(state.open == 0 && state.of_peer.is_empty() && state.idle.is_empty());
    }

    #[test]
    fn a_peer_at_its_ceiling_keeps_out_only_itself() {
        let connections = Connections::new(10, 1);
        let anns = connections.admit(ANN, false).unwrap();
        let request = anns.busy().unwrap();
        assert!(connections.admit(ANN, false).is_none() && connections.admit(ANN, true).is_some());
        let bobs = connections.admit(BOB, false).unwrap();
        drop(request);
        assert!(connections.admit(ANN, false).is_some());
        assert!(anns.evicted.is_cancelled() && !bobs.evicted.is_cancelled());
    }

    #[test]
    fn a_connection_with_a_request_is_never_evicted() {
        let connections = Connections::new(1, 1);
        let connection = connections.admit(ANN, false).unwrap();
        let request = connection.busy().unwrap();
        assert!(connection.is_busy() && connections.admit(BOB, false).is_none());
        connections.evict_oldest();
        assert!(!connection.evicted.is_cancelled());
        drop(request);
        assert!(!connection.is_busy() && connections.admit(BOB, false).is_some());
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_peer() {
        let parse = |text: &str| network(text.parse().unwrap());
        assert_eq!(parse("2001:db8::1"), parse("2001:db8::ffff:1"));
        assert_ne!(parse("2001:db8::1"), parse("2001:db8:0:1::1"));
        assert_eq!(parse("::ffff:192.0.2.1"), ANN);
    }
}
