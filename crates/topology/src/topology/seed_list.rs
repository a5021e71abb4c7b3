use super::Topology;
use crate::srv::{PollOptions, SeedListObserver, SrvError, SrvPoller};
use crate::topology_description::TopologyType;
use ferropool_connection::Address;
use ferropool_pool::Deferred;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Keeps the hosts of a topology as its SRV record has them.
struct SeedList(Weak<Topology>);

impl Topology {
    /// Asks for the hosts behind a `mongodb+srv` name again and again, beginning when those that were
    /// found have lived for `ttl`, until the topology is closed ("Polling SRV Records for mongos Discovery").
    pub fn poll(&self, options: PollOptions, hosts: Vec<Address>, ttl: Duration) {
        let observer = Arc::new(SeedList(Weak::clone(&self.this)));
        let poller = SrvPoller::start(options, hosts, ttl, observer, &self.runtime);
        let mut place = self.poller.lock();
        if !self.state.lock().closed {
            *place = Some(poller);
        }
    }

    /// The SRV record has these hosts now.
    fn hosts_changed(&self, hosts: &[Address]) {
        let mut state = self.state.lock();
        let next = state.description.with_hosts(hosts);
        let Some(next) = next.filter(|_| !state.closed) else {
            return;
        };
        let leaving = super::change::leaving(&state, Some(&next));
        let closing = self.install(&mut state, next, &leaving, None);
        let is_heard = state.events.is_subscribed();
        drop(state);
        self.announce(is_heard);
        closing.into_iter().for_each(Deferred::carry_out);
        self.observer.changed();
    }
}

impl SeedListObserver for SeedList {
    fn is_polled(&self) -> bool {
        self.0.upgrade().is_some_and(|topology| {
            let topology_type = topology.view().snapshot.description().topology_type;
            matches!(topology_type, TopologyType::Unknown | TopologyType::Sharded)
        })
    }

    fn hosts_changed(&self, hosts: &[Address]) {
        if let Some(topology) = self.0.upgrade() {
            topology.hosts_changed(hosts);
        }
    }

    // Nobody is to be disturbed: the hosts that are known may still be there.
    fn refused(&self, _error: &SrvError) {}
}
