//! The end of a client's sessions.

use super::{ClientId, Engine};
use crate::session::end_sessions;
use ferropool_lane::Token;
use ferropool_pool::{Origin, Purpose, Request};
use ferropool_topology::{Criteria, ReadPreference, ReadPreferenceMode};
use ferropool_wire::op_msg::flags;
use std::sync::Arc;

/// Sessions that one `endSessions` command ends.
const BATCH: usize = 10_000;

static PRIMARY_PREFERRED: ReadPreference = ReadPreferenceMode::PrimaryPreferred.alone();

impl Engine {
    /// Ends the sessions of a client that closes, over a connection that nobody uses now. Those whose commands are under
    /// way end over the connections that they have.
    pub(super) fn end_sessions(&mut self, id: ClientId) {
        let Some(attached) = self.clients.get_mut(id as usize) else {
            return;
        };
        let left: Vec<_> = attached.sessions.drain().collect();
        for session in left {
            if let Some(server) = session.server {
                self.release_session(id, server);
            }
            self.unpin(session.transaction.pin);
        }
        let has_none = { self.clients.get(id as usize) }
            .is_none_or(|attached| attached.server_sessions.is_empty());
        if has_none {
            return;
        }
        let Ok(Some(server)) = self.select(id, &Criteria::read(&PRIMARY_PREFERRED)) else {
            return;
        };
        let request = Request {
            origin: Origin::NONE,
            ..Request::new(Purpose::Operation)
        };
        let taken = server.pool().try_check_out(&request, &mut self.effects);
        let Ok(Some(checked_out)) = taken else {
            return;
        };
        let Ok(token) = self.adopt(checked_out, id, Arc::clone(&server), None) else {
            return;
        };
        self.say_farewell(token);
        self.finish(token);
    }

    /// Ends the free sessions of a connection's client over it, if there are any. Nobody waits for a reply: what becomes of
    /// it is of no consequence.
    pub(super) fn say_farewell(&mut self, token: Token) {
        let Some(id) = self.held(token).map(|held| held.client) else {
            return;
        };
        let Some(attached) = self.clients.get_mut(id as usize) else {
            return;
        };
        let announced = { attached.subscription.commands }.then_some(Origin::NONE.0);
        let ended = attached.server_sessions.drain(BATCH);
        if ended.is_empty() {
            return;
        }
        let mut body = Vec::new();
        end_sessions(&ended, &mut body);
        if self.compose(id, "admin", &body).is_ok()
            && let Err(error) = self.write(token, flags::MORE_TO_COME, announced)
            && let Some(held) = self.held(token)
        {
            held.broken = Some(error);
        }
        if let Some(held) = self.held(token) {
            held.checked_out.connection.finish();
        }
    }
}
