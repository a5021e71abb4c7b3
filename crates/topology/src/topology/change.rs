//! How the description changes, with the servers that are in it and their pools.

use super::{State, Topology, View, is_usable};
use crate::description::ServerDescription;
use crate::events::TopologyEvent;
use crate::selection::Snapshot;
use crate::server::Server;
use crate::topology_description::{ServerChange, TopologyDescription};
use crate::wired::Wired;
use ferropool_connection::{Address, Error};
use ferropool_pool::{Clears, Deferred};
use parking_lot::MutexGuard;
use std::sync::Arc;

/// What has become known of a server, and what that means for its pool.
pub(super) struct Change {
    pub(super) description: Option<ServerDescription>,
    pub(super) clears: Clears,
    pub(super) cause: Option<Error>,
    pub(super) interrupt_in_use: bool,
}

impl Topology {
    /// Installs what has become known of a server, and clears or readies its pool with it.
    pub(super) fn change(
        &self,
        mut state: MutexGuard<'_, State>,
        server: &Arc<Server>,
        change: Change,
    ) {
        let Change {
            description,
            clears,
            cause,
            interrupt_in_use,
        } = change;
        if !state.has(server) {
            return;
        }
        let next = description.and_then(|description| state.description.updated(description));
        let previous = Arc::clone(&state.description);
        let leaving = leaving(&state, next.as_ref());
        let closing = next.map(|next| self.install(&mut state, next, &leaving));
        // The creation of its pool is recorded before anybody is told of what its pool records.
        let opened = { &state.description }
            .changes_since(&previous)
            .any(|change| matches!(change, ServerChange::Opened(_)));
        let recorded = opened && state.subscribed;
        let checks: Vec<Address> = { &state.description }
            .changes_since(&previous)
            .filter(ServerChange::requests_check)
            .filter_map(|change| match change {
                ServerChange::Changed { new, .. } => Some(new.address.clone()),
                ServerChange::Opened(_) | ServerChange::Closed(_) => None,
            })
            .collect();
        let usable = state.description.servers.get(server.address());
        let ready = usable
            .filter(|known| is_usable(state.description.topology_type, known.server_type))
            .map(|_| server.pool().decide_ready());
        let scope = match clears {
            Clears::Nothing => None,
            Clears::Pool => Some(None),
            Clears::Service(service) => Some(Some(service)),
        };
        let cleared =
            scope.map(|service| server.pool().decide_clear(cause, interrupt_in_use, service));
        let checked: Vec<Arc<Server>> = { &state.servers }
            .iter()
            .filter(|server| checks.contains(server.address()))
            .cloned()
            .collect();
        let is_heard = state.events.is_subscribed();
        drop(state);
        self.announce(is_heard);
        let closing = closing.into_iter().flatten();
        for deferred in closing.chain(ready).chain(cleared) {
            deferred.carry_out();
        }
        checked.iter().for_each(|server| server.request_check());
        if recorded {
            self.observer.events_recorded();
        }
        self.observer.changed();
    }

    /// Replaces the description, with the servers that it has, and closes the pools of `leaving`, which it
    /// no longer has; gives what remains to be done of that.
    pub(super) fn install<'a>(
        &self,
        state: &mut State,
        next: TopologyDescription,
        leaving: &'a [Arc<Server>],
    ) -> Vec<Deferred<'a, Wired>> {
        let (previous, next) = (Arc::clone(&state.description), Arc::new(next));
        Self::record_changed(state, &previous, &next);
        for change in next.changes_since(&previous) {
            if let ServerChange::Opened(server) = change {
                // Before its pool is there, and tells of that.
                state.record(|| TopologyEvent::ServerOpening(server.address.clone()));
            }
        }
        let known = std::mem::take(&mut state.servers);
        for description in &next.servers {
            let mut known = known.iter();
            let server = match known.find(|server| *server.address() == description.address) {
                Some(server) => Arc::clone(server),
                None => self.open(state, &description.address),
            };
            state.servers.push(server);
        }
        state.retired.extend(leaving.iter().cloned());
        let mut closing = Vec::new();
        for server in leaving {
            server.stop();
            closing.push(server.pool().decide_close().1);
            state.record(|| TopologyEvent::ServerClosed(server.address().clone()));
        }
        if *previous != *next {
            let new = Arc::clone(&next);
            state.record(|| TopologyEvent::TopologyDescriptionChanged { previous, new });
        }
        state.description = next;
        self.published.publish(Arc::new(View {
            snapshot: Snapshot::new(Arc::clone(&state.description), self.options.selection),
            servers: state.servers.clone(),
        }));
        closing
    }
}

/// The servers that `next` does not have.
pub(super) fn leaving(state: &State, next: Option<&TopologyDescription>) -> Vec<Arc<Server>> {
    let Some(next) = next else { return Vec::new() };
    let servers = state.servers.iter();
    let leaving = servers.filter(|server| !next.servers.contains(server.address()));
    leaving.cloned().collect()
}
