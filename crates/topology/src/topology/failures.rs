//! What failed operations and establishments change.

use super::Topology;
use super::change::{Change, leaving};
use crate::application_error::{ApplicationError, Consequences};
use crate::description::ServerDescription;
use crate::server::Server;
use crate::wired::Wired;
use ferropool_connection::Error;
use ferropool_pool::{Clears, Deferred, Permit};
use std::sync::Arc;

impl Topology {
    /// An operation failed, or its reply reports a change of the server's state.
    pub fn application_failed(&self, server: &Arc<Server>, failure: ApplicationError<'_>) {
        if !self.governs_pools() {
            return;
        }
        let state = self.state.lock();
        let Some(known) = state.description.servers.get(server.address()) else {
            return;
        };
        let generation = server.pool().generation_of(failure.service);
        let topology_type = state.description.topology_type;
        let consequences = failure.consequences(topology_type, known, generation);
        let Consequences {
            description,
            clears,
            requests_check,
            cancels_check,
        } = consequences;
        if description.is_none() && clears == Clears::Nothing {
            return;
        }
        let change = Change {
            description,
            clears,
            cause: Some(failure.error.clone()),
            interrupt_in_use: false,
        };
        self.change(state, server, change);
        if cancels_check {
            server.cancel_check();
        }
        if requests_check {
            server.request_check();
        }
    }

    /// An establishment failed.
    pub(crate) fn establishment_failed(
        &self,
        server: &Arc<Server>,
        permit: Permit<Wired>,
        error: Error,
    ) {
        let mut state = self.state.lock();
        let known = state.description.servers.get(server.address());
        let known = known.map_or_else(
            || Arc::new(ServerDescription::unknown(server.address().clone())),
            Arc::clone,
        );
        let generation = server.pool().generation_of(error.service());
        // A service's generation is found out by the hello: what is cleared before that is of another one.
        let began = match error.service() {
            Some(_) => generation,
            None => permit.generation(),
        };
        let failure = ApplicationError::of_establishment(&error, began);
        let Consequences {
            description,
            clears,
            requests_check,
            cancels_check,
        } = failure.consequences(state.description.topology_type, &known, generation);
        let description = description.filter(|_| self.governs_pools() && !state.closed);
        let changed = description.and_then(|description| state.description.updated(description));
        let is_changed = changed.is_some();
        let leaving = leaving(&state, changed.as_ref());
        let closing = changed.map(|next| self.install(&mut state, next, &leaving, None));
        let deferred = server.pool().decide_failure(permit, error, clears);
        let is_heard = is_changed && state.events.is_subscribed();
        drop(state);
        self.announce(is_heard);
        if cancels_check {
            server.cancel_check();
        }
        if requests_check {
            server.request_check();
        }
        deferred.carry_out();
        closing.into_iter().flatten().for_each(Deferred::carry_out);
        if is_changed {
            self.observer.changed();
        }
    }
}
