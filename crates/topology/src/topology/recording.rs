//! Which events a topology records, and when; their order is that of the lock.

use super::{State, Topology};
use crate::events::{Recorded, TopologyEvent};
use crate::server::Server;
use crate::topology_description::{ServerChange, TopologyDescription};
use std::sync::Arc;

impl State {
    /// Records an event of the topology, if anybody listens.
    pub(super) fn record(&mut self, event: impl FnOnce() -> TopologyEvent) {
        let pools = self.retired.iter().chain(&self.servers);
        self.events.push(pools, event);
    }

    /// Whether the server is part of an open topology.
    pub(super) fn has(&self, server: &Arc<Server>) -> bool {
        !self.closed && self.servers.iter().any(|known| Arc::ptr_eq(known, server))
    }
}

impl Topology {
    /// Gives the events of the topology and of its pools to `to`, which is called under their locks and must not come
    /// back. Servers that have left the topology are forgotten once all their connections are closed.
    pub fn drain_events(&self, to: impl FnMut(Recorded)) {
        let mut state = self.state.lock();
        let State {
            servers,
            retired,
            events,
            ..
        } = &mut *state;
        events.drain(retired.iter().chain(&*servers), to);
        retired.retain(|server| server.pool().stats().total() > 0);
    }

    /// Tells of the beginning. Says whether anybody listens.
    pub(super) fn open_loudly(&self, state: &mut State) -> bool {
        if !state.events.is_subscribed() || !self.has_topology() {
            return false;
        }
        let nothing = Arc::new(TopologyDescription::default());
        let unknown = TopologyDescription::initial(self.options.settings.clone());
        let (unknown, current) = (Arc::new(unknown), Arc::clone(&state.description));
        state.record(|| TopologyEvent::TopologyOpening);
        let changed =
            |previous, new| || TopologyEvent::TopologyDescriptionChanged { previous, new };
        state.record(changed(nothing, Arc::clone(&unknown)));
        for server in &unknown.servers {
            state.record(|| TopologyEvent::ServerOpening(server.address.clone()));
        }
        // A load balancer is what it is said to be.
        if *unknown != *current {
            Self::record_changed(state, &unknown, &current);
            state.record(changed(unknown, current));
        }
        true
    }

    pub(super) fn record_changed(
        state: &mut State,
        previous: &TopologyDescription,
        next: &TopologyDescription,
    ) {
        for change in next.changes_since(previous) {
            if let ServerChange::Changed { previous, new } = change {
                let (previous, new) = (Arc::clone(previous), Arc::clone(new));
                state.record(|| TopologyEvent::ServerDescriptionChanged { previous, new });
            }
        }
    }

    /// Says that there are events, without the lock.
    pub(super) fn announce(&self, is_heard: bool) {
        if is_heard {
            self.observer.events_recorded();
        }
    }
}
