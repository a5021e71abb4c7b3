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
        let installed = match next {
            Some(next) => self.install(&mut state, next, &leaving, Some(server)),
            None => ready(&state.description, server).into_iter().collect(),
        };
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
        for deferred in installed.into_iter().chain(cleared) {
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
    ///
    /// Whoever selects reads what is published and takes no lock. So the pool of `checked` is ready before the server can be
    /// selected, and a pool is closed, or cleared by the caller, when its server can no longer be.
    pub(super) fn install<'a>(
        &self,
        state: &mut State,
        next: TopologyDescription,
        leaving: &'a [Arc<Server>],
        checked: Option<&'a Arc<Server>>,
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
        let ready = checked.and_then(|checked| ready(&next, checked));
        let mut deferred: Vec<_> = ready.into_iter().collect();
        self.published.publish(Arc::new(View {
            snapshot: Snapshot::new(Arc::clone(&next), self.options.selection),
            servers: state.servers.clone(),
        }));
        for server in leaving {
            server.stop();
            deferred.push(server.pool().decide_close().1);
            state.record(|| TopologyEvent::ServerClosed(server.address().clone()));
        }
        if *previous != *next {
            let new = Arc::clone(&next);
            state.record(|| TopologyEvent::TopologyDescriptionChanged { previous, new });
        }
        state.description = next;
        deferred
    }
}

/// Makes the pool of `server` ready, if that can be used by what is known of it.
fn ready<'a>(
    description: &TopologyDescription,
    server: &'a Arc<Server>,
) -> Option<Deferred<'a, Wired>> {
    let known = description.servers.get(server.address())?;
    is_usable(description.topology_type, known.server_type).then(|| server.pool().decide_ready())
}

/// The servers that `next` does not have.
pub(super) fn leaving(state: &State, next: Option<&TopologyDescription>) -> Vec<Arc<Server>> {
    let Some(next) = next else { return Vec::new() };
    let servers = state.servers.iter();
    let leaving = servers.filter(|server| !next.servers.contains(server.address()));
    leaving.cloned().collect()
}
