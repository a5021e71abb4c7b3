//! What a monitor tells its topology.

use super::change::Change;
use super::{State, Topology};
use crate::description::ServerDescription;
use crate::events::{Heartbeat, MonitorConnection, TopologyEvent};
use crate::server::Server;
use ferropool_connection::{Error, ErrorKind};
use ferropool_pool::Clears;
use std::sync::Arc;
use std::time::Instant;

impl Topology {
    /// A check begins.
    pub(crate) fn check_started(
        &self,
        server: &Arc<Server>,
        connection: MonitorConnection,
        awaited: bool,
    ) {
        let mut state = self.state.lock();
        if !state.events.is_subscribed() || !state.has(server) {
            return;
        }
        let address = server.address().clone();
        state.record(|| TopologyEvent::ServerHeartbeatStarted {
            address,
            connection,
            awaited,
        });
        drop(state);
        self.announce(true);
    }

    /// A check succeeded.
    pub(crate) fn checked(
        &self,
        server: &Arc<Server>,
        description: ServerDescription,
        heartbeat: Heartbeat,
        reply: &[u8],
    ) {
        let mut state = self.state.lock();
        let Heartbeat {
            connection,
            awaited,
            duration,
        } = heartbeat;
        if state.has(server) {
            state.record(|| TopologyEvent::ServerHeartbeatSucceeded {
                address: server.address().clone(),
                connection,
                awaited,
                duration,
                reply: reply.into(),
            });
        }
        let change = Change {
            description: Some(description),
            clears: Clears::Nothing,
            cause: None,
            interrupt_in_use: false,
        };
        self.change(state, server, change);
    }

    /// A check failed.
    pub(crate) fn check_failed(
        &self,
        server: &Arc<Server>,
        error: Error,
        interrupt_in_use: bool,
        heartbeat: Heartbeat,
    ) {
        let address = server.address().clone();
        let description = ServerDescription::check_failed(address, error.clone(), Instant::now());
        // Those for whom waiting gains nothing fail before the others are told to look again.
        if matches!(error.kind(), ErrorKind::Configuration) {
            self.observer.unusable(&error);
        }
        let mut state = self.state.lock();
        Self::record_failed(&mut state, server, &error, heartbeat);
        let change = Change {
            description: Some(description),
            clears: Clears::Pool,
            cause: Some(error),
            interrupt_in_use,
        };
        self.change(state, server, change);
    }

    /// A check was cancelled; what has become of the server was said before.
    pub(crate) fn check_cancelled(&self, server: &Arc<Server>, error: Error, heartbeat: Heartbeat) {
        let mut state = self.state.lock();
        Self::record_failed(&mut state, server, &error, heartbeat);
        let is_heard = state.events.is_subscribed();
        drop(state);
        self.announce(is_heard);
    }

    fn record_failed(state: &mut State, server: &Arc<Server>, error: &Error, heartbeat: Heartbeat) {
        let Heartbeat {
            connection,
            awaited,
            duration,
        } = heartbeat;
        if state.has(server) {
            state.record(|| TopologyEvent::ServerHeartbeatFailed {
                address: server.address().clone(),
                connection,
                awaited,
                duration,
                failure: error.clone(),
            });
        }
    }
}
